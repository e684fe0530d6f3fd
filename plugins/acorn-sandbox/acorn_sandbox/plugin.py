"""The hooks of acorn-sandbox."""

from __future__ import annotations

from collections.abc import Iterator

from acorn_engine.plugins import Command, hookimpl


@hookimpl
def acorn_commands() -> Iterator[Command]:
    """Add the verb ``sandbox``."""
    from acorn_sandbox.command import sandbox

    yield Command("sandbox", sandbox, "Run a stateful Selling Partner API on this machine.")
