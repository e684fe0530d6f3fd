"""Calling other people's code so that whatever it does stays with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, is_dataclass, replace
from itertools import islice
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

HOOK_SECONDS: Final = 60.0
"""How long one hook of one plugin may take before it counts as hanging."""


MOST_RECORDS: Final = 10_000
"""So many records one hook may yield; a plugin that yields for ever must not fill the memory."""
LONGEST_CAUSE: Final = 500


class HookHangsError(Exception):
    """A hook that did not come back in time."""


def describe(error: BaseException) -> str:
    """Return an error as one line of printable text: its type and message, never empty, never long."""
    name = type(error).__name__
    try:
        text = " ".join(str(error).split())
    except Exception:  # noqa: BLE001  # a message may fail as well
        return name
    text = "".join(letter for letter in text if letter.isprintable())
    text = text if len(text) <= LONGEST_CAUSE else f"{text[:LONGEST_CAUSE]}…"
    return f"{name}: {text}" if text else name


def call_in_time(function: Callable[[], Result], seconds: float = HOOK_SECONDS) -> Result:
    """Call ``function`` and return what it returns; raise what it raises.

    Raises ``HookHangsError`` after ``seconds``. The call runs in a thread that lives only as long
    as the call: a hanging call cannot be ended, but it holds nothing up.
    """
    outcome: list[Result] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            outcome.append(function())
        except BaseException as error:  # noqa: BLE001  # sys.exit in a plugin must not end the engine
            failure.append(error)

    thread = threading.Thread(target=run, name="acorn-hook", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise HookHangsError(f"no answer within {seconds:g} seconds")
    if failure:
        error = failure[0]
        if isinstance(error, Exception):
            raise error
        raise RuntimeError(describe(error)) from error
    return outcome[0]


def drain(result: Any) -> list[Any]:
    """Return what a hook yielded or returned as a list; ``None`` is nothing.

    Raises ``TypeError`` for text; a single record counts as a list of one. Raises ``ValueError``
    for more records than anybody can mean.
    """
    if result is None:
        return []
    if isinstance(result, (str, bytes)):
        raise TypeError(f"the hook returned text ({result!r:.40}), not records")
    if not isinstance(result, Iterable):
        return [result]
    records = list(islice(result, MOST_RECORDS + 1))
    if len(records) > MOST_RECORDS:
        raise ValueError(f"the hook yielded more than {MOST_RECORDS} records")
    return records


def handed(value: Any) -> Any:
    """Return a value as one plugin is given it: a copy of its own wherever it could be changed in place."""
    import polars as pl
    from pydantic import BaseModel

    if isinstance(value, pl.DataFrame):
        return value.clone()
    if isinstance(value, BaseModel):
        return value.model_copy(deep=True)
    if isinstance(value, Mapping):
        return {key: handed(part) for key, part in value.items()}
    if isinstance(value, list):
        return [handed(part) for part in value]
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{part.name: handed(getattr(value, part.name)) for part in fields(value) if part.init})
    return value
