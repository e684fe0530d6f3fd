"""Whether rule files on disk are still those that were read, without reading them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from acorn_engine.clock import system_now
from acorn_engine.project.rule_files import RULES_FOLDER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

SETTLED: Final = timedelta(seconds=2)
"""A file that changed less than this before it was read may change again within one tick of its clock."""


@dataclass(frozen=True, slots=True)
class RuleStamp:
    """What the file system said of rule files and of all their folders when they were read."""

    paths: tuple[str, ...]
    stats: tuple[tuple[int, int, int], ...]
    settled: bool

    @classmethod
    def take(cls, root: Path, files: Iterable[str]) -> RuleStamp:
        """Take the stamp of ``files`` (paths below ``root``) before they are read."""
        folder = root / RULES_FOLDER
        folders = [str(folder), *(str(path) for path in folder.rglob("*") if path.is_dir())]
        paths = (*folders, *(str(root / name) for name in files))
        found = tuple(_stat(path) for path in paths)
        newest = max((changed for changed, _, _ in found), default=0)
        quiet = datetime.fromtimestamp(newest / 1e9, UTC) + SETTLED < system_now()
        return cls(paths, found, quiet)

    def holds(self) -> bool:
        """Say whether nothing has changed for certain; files that had just changed have to be read again."""
        return self.settled and tuple(_stat(path) for path in self.paths) == self.stats


def _stat(path: str) -> tuple[int, int, int]:
    try:
        found = os.stat(path)  # noqa: PTH116 - a path object for each file and quote takes longer than the call
    except OSError:
        return (-1, -1, -1)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
