"""Explanations: why an offer gets what it gets, and why something did not change."""

from acorn_engine.explain.model import Explanation
from acorn_engine.explain.offer import explain_offer

__all__ = ["Explanation", "explain_offer"]
