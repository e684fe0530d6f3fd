"""The hooks of acorn-stock."""

from __future__ import annotations
