"""How fast Acorn is, against what is possible and against what there is: ``make bench``."""
