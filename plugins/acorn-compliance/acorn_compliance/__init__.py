"""VAT, GPSR and EPR data for Acorn: dated packs, gate, injection."""
