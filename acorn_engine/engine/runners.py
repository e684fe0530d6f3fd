"""Where partitions are evaluated: one after the other here, or on the workers of a cluster."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

from acorn_engine.engine.memory import FileMemory
from acorn_engine.engine.tasks import Work, draft_partition

if TYPE_CHECKING:
    from pathlib import Path

    from acorn_engine.engine.context import Context
    from acorn_engine.engine.partitions import Partition
    from acorn_engine.engine.pieces import StoredPiece
    from acorn_engine.problems import AcornError


class Runner(Protocol):
    """Runs the tasks of partitions."""

    def run(
        self, partitions: Mapping[int, Partition], work: Work
    ) -> Iterator[tuple[int, dict[str, StoredPiece | AcornError]]]:
        """Yield each partition's number and its pieces (or what went wrong) by site, in any order; ``partitions`` by number."""
        ...


class LocalRunner:
    """Runs partitions one after the other: Polars uses every core for each."""

    def __init__(self, context: Context, folder: Path) -> None:
        self._context, self._memory = context, FileMemory(folder)

    def run(
        self, partitions: Mapping[int, Partition], work: Work
    ) -> Iterator[tuple[int, dict[str, StoredPiece | AcornError]]]:
        """Yield each partition's number and its pieces by site, in order."""
        for number, partition in partitions.items():
            yield number, draft_partition(self._context, partition, number, work, self._memory)


def runner_of(context: Context, folder: Path) -> Runner:
    """Return the runner that the project names in ``[run]``."""
    if context.project.run.engine == "local":
        return LocalRunner(context, folder)
    from acorn_engine.engine.dask_runner import DaskRunner

    return DaskRunner(context)
