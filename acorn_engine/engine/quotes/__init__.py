"""Quotes in microseconds: what one quote found out in columns serves the next of its kind."""

from acorn_engine.engine.quotes.quotes import Quotes

__all__ = ["Quotes"]
