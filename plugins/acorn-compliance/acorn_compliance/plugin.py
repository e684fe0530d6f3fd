"""The hooks of acorn-compliance."""

from __future__ import annotations
