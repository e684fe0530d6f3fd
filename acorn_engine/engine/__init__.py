"""The engine: the only place where the stages are wired together."""

from acorn_engine.engine.engine import Engine

__all__ = ["Engine"]
