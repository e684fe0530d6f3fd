"""Acorn: an exact, explainable rules engine for one catalogue in many marketplaces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from acorn_engine.engine import Engine
    from acorn_engine.problems import AcornError, Problem

__all__ = ["AcornError", "Engine", "Problem", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "Engine":
        from acorn_engine.engine import Engine

        return Engine
    if name in {"AcornError", "Problem"}:
        from acorn_engine import problems

        return getattr(problems, name)
    raise AttributeError(f"module 'acorn_engine' has no attribute {name!r}")
