"""The engine: the only place where the stages are wired together."""

from typing import TYPE_CHECKING

from acorn_engine.late import late_names

if TYPE_CHECKING:
    from acorn_engine.engine.engine import Engine

__all__ = ["Engine"]

__getattr__ = late_names(__name__, {"Engine": "engine"})
