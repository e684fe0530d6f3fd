"""Partitions on a Dask cluster: a task is sent names of files and writes files, never rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.engine.tasks import Project, Work, run
from acorn_engine.plugins.host import HANDED_IN
from acorn_engine.problems import AcornError, PluginError, Problem, ProjectError

if TYPE_CHECKING:
    from acorn_engine.engine.context import Context
    from acorn_engine.engine.partitions import Partition
    from acorn_engine.engine.pieces import StoredPiece

LOCAL_WORKERS: Final = 2
TRIES: Final = 3
"""So often a partition may lose its worker before the plan is given up."""
CONNECT_SECONDS: Final = 5
WORKER_SECONDS: Final = 30
"""How long to wait for the first worker: one that is just starting needs some seconds."""


class DaskRunner:
    """Runs every partition as one task of a Dask cluster. What a lost worker had begun is done again."""

    def __init__(self, context: Context) -> None:
        handed_in = [info.name for info in context.host.plugins.values() if info.on and info.origin == HANDED_IN]
        if handed_in:
            raise PluginError(
                Problem(
                    code="plugins-not-installed",
                    message=f"plugins that were handed in cannot travel to workers: {', '.join(handed_in)}. "
                    "Nothing was planned.",
                    hint='install them as packages on every machine, or set [run] engine = "local"',
                )
            )
        self._context = context

    def run(
        self, partitions: Mapping[int, Partition], work: Work
    ) -> Iterator[tuple[int, dict[str, StoredPiece | AcornError]]]:
        """Yield each partition's number and its pieces by site, as they are done.

        Raises ``ProjectError`` where there is no cluster, and what a task raises.
        """
        from distributed import as_completed

        project = Project.of(self._context, work.sites)
        with _client(self._context.project.run.cluster) as client:
            futures = {
                client.submit(run, project, partition, number, work, pure=False, retries=TRIES): number
                for number, partition in partitions.items()
            }
            try:
                for future in as_completed(list(futures)):
                    yield futures[future], _result(future)
                    future.release()
            finally:
                client.cancel(list(futures), force=True)


def _result(future: Any) -> dict[str, StoredPiece | AcornError]:
    from distributed.scheduler import KilledWorker

    try:
        found: dict[str, StoredPiece | AcornError] = future.result()
    except KilledWorker as error:
        raise AcornError(
            Problem(
                code="workers-lost",
                message=f"{TRIES} workers were lost while they evaluated one part of the catalogue. Nothing was planned.",
                hint="look at the workers' logs; with too little memory, set [run] partition_offers lower",
            )
        ) from error
    return found


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise ProjectError(
            Problem(
                code="no-dask",
                message='[run] engine = "dask" needs the package distributed, which is not installed. Nothing was planned.',
                hint="pip install 'acorn-engine[dask]', on every machine",
            )
        ) from None
    if address == "local":
        with (
            LocalCluster(
                n_workers=LOCAL_WORKERS, threads_per_worker=1, dashboard_address=None, processes=True
            ) as cluster,
            Client(cluster) as client,
        ):
            yield client
        return
    try:
        client = Client(address, timeout=CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise ProjectError(
            Problem(
                code="no-cluster",
                message=f"the Dask scheduler at {address} does not answer: {error}. Nothing was planned.",
                hint="start it (dask scheduler), or correct [run] cluster",
            )
        ) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WORKER_SECONDS)
        except TimeoutError as error:
            raise ProjectError(
                Problem(
                    code="no-workers",
                    message=f"the Dask scheduler at {address} has no workers. Nothing was planned.",
                    hint=f"start some: dask worker {address} --nworkers 2 --nthreads 1",
                )
            ) from error
        yield client
