"""The hooks of acorn-sandbox."""

from __future__ import annotations
