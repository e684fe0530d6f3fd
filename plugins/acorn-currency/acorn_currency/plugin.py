"""The hooks of acorn-currency."""

from __future__ import annotations
