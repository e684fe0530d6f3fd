"""The command line: ``acorn``."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from typing import Final

_COLLECT_AFTER: Final = 100_000
"""New objects after which garbage is looked for: a command makes few cycles, and most of what it makes stays."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words in (["--version"], ["-V"]):
        from acorn_engine import __version__

        sys.stdout.write(f"acorn {__version__}\n")
        return 0
    from acorn_engine.cli.app import run

    return run(words)


def script() -> None:
    """Run as the console script, in a process of its own."""
    gc.set_threshold(_COLLECT_AFTER)
    code = main()
    gc.freeze()  # what is left goes with the process; there is no need to look through it once more
    raise SystemExit(code)
