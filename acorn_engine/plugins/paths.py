"""Paths in the project file, which are relative to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo


def _resolve(value: Any, info: ValidationInfo) -> Any:
    if not isinstance(value, (str, Path)):
        return value
    root = (info.context or {}).get("root")
    return Path(root) / value if root is not None else Path(value)


ProjectPath = Annotated[Path, BeforeValidator(_resolve)]
"""A path in a plugin's settings: relative ones start at the folder of the project file."""
