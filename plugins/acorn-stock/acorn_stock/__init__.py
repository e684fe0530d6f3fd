"""Stock reserves, caps and thresholds for Acorn."""
