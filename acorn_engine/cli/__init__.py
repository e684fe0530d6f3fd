"""The command line: ``acorn``."""

from __future__ import annotations

import sys
from collections.abc import Sequence


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
    """Run as the console script."""
    raise SystemExit(main())
