"""Work in threads of the caller's: results in order, and never more of them than were asked for ahead."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future, ThreadPoolExecutor

Result = TypeVar("Result")


def worked(tasks: Iterable[Callable[[], Result]], threads: ThreadPoolExecutor | None, ahead: int) -> Iterator[Result]:
    """Yield what the tasks return, in their order.

    With ``threads`` as many as ``ahead`` are begun before their results are asked for; without, each
    is done when it is. What a task raises is raised in its place, and nothing goes on afterwards.
    """
    if threads is None:
        for task in tasks:
            yield task()
        return
    begun: deque[Future[Result]] = deque()
    try:
        for task in tasks:
            begun.append(threads.submit(task))
            if len(begun) > ahead:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        # What still runs uses files and connections of the caller's, who may now close them.
        for future in begun:
            if not future.cancel():
                future.exception()
