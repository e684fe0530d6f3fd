"""Dated, sourced exchange rates and price endings for Acorn."""
