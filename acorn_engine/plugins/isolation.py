"""Calling other people's code so that whatever it does stays with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

Result = TypeVar("Result")

HOOK_SECONDS: Final = 60.0
"""How long one hook of one plugin may take before it counts as hanging."""


class HookHangsError(Exception):
    """A hook that did not come back in time."""


def describe(error: BaseException) -> str:
    """Return an error as one line: its type and text, never empty."""
    text = " ".join(str(error).split())
    name = type(error).__name__
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

    Raises ``TypeError`` for text and for anything that cannot be iterated, unless it is a single
    record: that counts as a list of one.
    """
    if result is None:
        return []
    if isinstance(result, (str, bytes)):
        raise TypeError(f"the hook returned text ({result!r:.40}), not records")
    if isinstance(result, Iterable):
        return list(result)
    return [result]
