"""Rule files as they were read, so that a file which stands in several chains is read once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from acorn_engine.ruleset.shape import read_file
from acorn_engine.ruleset.tree import Report, Source
from acorn_engine.ruleset.yaml_source import read_tree

if TYPE_CHECKING:
    from acorn_engine.ruleset.drafts import FileDraft


@dataclass(slots=True)
class Readings:
    """Reads rule files; what was read of a file, and what is wrong with it, is kept with its text."""

    _known: dict[tuple[str, str], tuple[FileDraft | None, Report]] = field(default_factory=dict)

    def read(self, name: str, text: str, report: Report) -> FileDraft | None:
        """Return a file's draft; ``None``, with problems in ``report``, where it cannot be read at all."""
        known = self._known.get((name, text))
        if known is None:
            known = self._known[name, text] = _read(name, text)
        report.take(known[1])
        return known[0]


def _read(name: str, text: str) -> tuple[FileDraft | None, Report]:
    report = Report()
    source = Source.of(name, text)
    root = read_tree(source, report)
    return (None if root is None else read_file(source, root, report)), report
