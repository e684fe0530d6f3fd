"""The hooks of acorn-sandbox."""

from __future__ import annotations

from collections.abc import Iterator

from acorn_engine.plugins import Command, hookimpl


@hookimpl
def acorn_commands() -> Iterator[Command]:
    """Add the verbs ``sandbox`` and ``demo``."""
    from acorn_sandbox.command import sandbox
    from acorn_sandbox.demo.running import demo

    yield Command("sandbox", sandbox, "Run a stateful Selling Partner API on this machine.")
    yield Command("demo", demo, "Show everything on a catalogue of 2,000 products and seven sites.")
