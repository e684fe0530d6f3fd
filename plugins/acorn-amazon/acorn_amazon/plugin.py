"""The hooks of acorn-amazon."""

from __future__ import annotations
