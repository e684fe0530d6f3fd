"""Batches: many questions in one call, each with an answer and a status of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_amazon import exact_json
from acorn_amazon.answers import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from acorn_amazon.client import Client

PATIENCE: Final = 600.0
"""Longest wait for the quota of a bulk reading, in seconds; one call takes its turn every 2 to 180 seconds."""

FAULTS: Final = {"id": pl.String, "status": pl.Int64, "code": pl.String, "message": pl.String}
"""Columns of what a batch could not answer: the id asked for, its HTTP status (null where Amazon left it
out), Amazon's code and words."""

_LEFT_OUT: Final = "Amazon's answer leaves it out; ask again"
_THROTTLED: Final = 429
_SERVER: Final = 500


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one question of a batch has no answer."""

    id: str
    status: int | None
    code: str
    message: str

    @property
    def passing(self) -> bool:
        """Whether the same question may be answered later."""
        return self.status is None or self.status == _THROTTLED or self.status >= _SERVER


def fault_frame(faults: Iterable[Fault]) -> pl.DataFrame:
    """Return faults as a frame with the columns of ``FAULTS``."""
    rows = [(one.id, one.status, one.code, one.message) for one in faults]
    return pl.DataFrame(rows, schema=FAULTS, orient="row")


def cut(ids: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Yield distinct ids, ``size`` at a time, in order."""
    distinct = list(dict.fromkeys(ids))
    for start in range(0, len(distinct), size):
        yield distinct[start : start + size]


def fault_of(id: str, status: int | None, errors: Sequence[Part], client: Client) -> Fault:  # noqa: A002 - the column's name
    """Return the fault that a list of Amazon's errors tells, without secrets."""
    told = next(iter(errors), None)
    code = (told and told.optional_text("code")) or "unknown"
    message = (told and told.optional_text("message")) or "Amazon gave no reason"
    return Fault(id, status, client.cleaner.clean(code), client.cleaner.clean(message))


def status_of(response: Part) -> int:
    """Return the HTTP status of one answer in a batch."""
    return response.part("status").whole("statusCode")


def ask(
    client: Client,
    operation: str,
    ids: Sequence[str],
    size: int,
    request: Callable[[str], Mapping[str, object]],
    read: Callable[[Part], tuple[str | None, Fault | None]],
) -> list[Fault]:
    """Ask about every id, ``size`` at a time, and return what had no answer.

    ``request`` makes the question about one id. ``read`` takes one answer in, and returns its id
    and, where it is a refusal, the fault. Questions that were refused for the moment only (429 or
    5xx inside the batch, or left out) are asked again, as often as the client tries any call.
    """
    faults: dict[str, Fault] = {}
    waiting: Sequence[str] = list(dict.fromkeys(ids))
    patient = client.patient(PATIENCE)
    for _ in range(client.settings.attempts):
        for asked in cut(waiting, size):
            left = dict.fromkeys(asked)
            body = exact_json.dumps({"requests": [request(one) for one in asked]})
            answer = Part(operation, patient.call(operation, body=body))
            for response in answer.parts("responses"):
                found, fault = read(response)
                if found not in left:
                    continue
                del left[found]
                faults.pop(found, None)
                if fault is not None:
                    faults[found] = fault
            faults |= {one: Fault(one, None, "left_out", _LEFT_OUT) for one in left}
        waiting = [one for one, fault in faults.items() if fault.passing]
        if not waiting:
            break
    return list(faults.values())
