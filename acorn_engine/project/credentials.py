"""Secrets of accounts: from the embedding program, else the environment, else the encrypted store."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from pydantic import SecretStr

from acorn_engine.marketplace import Account, Credentials
from acorn_engine.problems import AcornError, Problem, ProjectError
from acorn_engine.project.secret_keys import UNTOUCHED
from acorn_engine.project.secret_store import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from acorn_engine.project.secret_store import SecretStore

CredentialsSource: TypeAlias = "Callable[[Account], Credentials | Mapping[str, str] | None]"
Origin = Literal["program", "environment", "store"]
_HINTS: Final[dict[Origin, str]] = {
    "program": "let the credentials callable return them",
    "environment": "set these environment variables",
    "store": "store them with 'acorn secrets set'",
}


@dataclass(frozen=True, slots=True)
class Found:
    """An account's secrets and where they came from; ``unused`` are secrets stored too, but not used."""

    credentials: Credentials
    origin: Origin
    unused: tuple[str, ...] = ()


def variable(account: str, part: str) -> str:
    """Return the environment variable of one secret: ``ACORN_EU_CLIENT_ID``."""
    return f"ACORN_{re.sub('[^A-Za-z0-9]', '_', account).upper()}_{part.upper()}"


def from_environment(account: str) -> dict[str, SecretStr]:
    """Return those of an account's secrets that the environment has, by name."""
    return _usable({part: os.environ.get(variable(account, part)) for part in NAMES})


def find(
    account: Account, source: CredentialsSource | None, stored: SecretStore | None = None, *, thorough: bool = False
) -> Found:
    """Return an account's secrets from a program's callable, else the environment, else the encrypted store.

    The store is not looked at where the environment has them all, but to tell so (``thorough``).
    All of one account's come from one place: an old secret here and a new one there would be refused
    together, with nobody knowing why. Raises ``ProjectError`` that names what is missing, never a value.
    """
    if source is not None:
        given = _asked(account, source)
        if isinstance(given, Credentials):
            return Found(given, "program")
        if isinstance(given, str):
            raise ProjectError(
                Problem(
                    code="no-credentials",
                    message=f"account '{account.name}' has no credentials: the credentials callable failed"
                    f" ({given}). Nothing was sent or read.",
                    hint="it is given the account and returns client_id, client_secret and refresh_token",
                )
            )
        return Found(_complete(account, given, "program", _HINTS["program"]), "program")
    here = from_environment(account.name)
    if here:
        kept = _names(account, stored) if thorough or len(here) < len(NAMES) else ()
        return Found(_complete(account, here, "environment", _beside(kept)), "environment", kept)
    there = _loaded(account, stored)
    if there:
        return Found(_complete(account, there, "store", _HINTS["store"]), "store")
    nothing = f"{_HINTS['environment']}, or store the secrets with 'acorn secrets set {account.name}'"
    return Found(_complete(account, {}, "environment", nothing), "environment")


def _asked(account: Account, source: CredentialsSource) -> Credentials | dict[str, SecretStr] | str:
    """Return what a program's callable gives, or the kind of its failure.

    A failure's text and frames may hold a secret, so neither goes on.
    """
    try:
        answer = source(account)
        return answer if isinstance(answer, Credentials) else _usable(dict(answer or {}))
    except AcornError:
        raise
    except Exception as error:  # noqa: BLE001
        return type(error).__name__


def _usable(values: Mapping[str, object]) -> dict[str, SecretStr]:
    return {part: SecretStr(value) for part in NAMES if isinstance(value := values.get(part), str) and value.strip()}


def _names(account: Account, stored: SecretStore | None) -> tuple[str, ...]:
    """Return which secrets are stored although the environment has some; the database need not be there for it."""
    try:
        return tuple(info.name for info in stored.list(account.name)) if stored is not None else ()
    except AcornError:
        return ()


def _beside(kept: tuple[str, ...]) -> str:
    if not kept:
        return _HINTS["environment"]
    return (
        f"{_HINTS['environment']}, or unset the account's others: the encrypted store has its {', '.join(kept)}, "
        "but all of an account's secrets come from one place"
    )


def _loaded(account: Account, stored: SecretStore | None) -> dict[str, SecretStr]:
    if stored is None:
        return {}
    refused: ProjectError
    try:
        return stored.load(account.name)
    except ProjectError as error:
        refused = error
    first = refused.problems[0]
    raise ProjectError(
        Problem(
            code="no-credentials",
            message=f"account '{account.name}' has no credentials: {_without_effect(first.message)} Nothing was sent or read.",
            hint=first.hint,
            params={**first.params, "cause": first.code},
        )
    )


def _without_effect(message: str) -> str:
    return message.removesuffix(f" {UNTOUCHED}")


def _complete(account: Account, have: Mapping[str, SecretStr], origin: Origin, hint: str) -> Credentials:
    absent = [part for part in NAMES if part not in have]
    if absent:
        names = ", ".join(variable(account.name, part) if origin == "environment" else part for part in absent)
        where = " in the encrypted store" if origin == "store" else ""
        message = f"account '{account.name}' has no {names}{where}. Nothing was sent or read."
        raise ProjectError(Problem(code="no-credentials", message=message, hint=hint))
    return Credentials(*(have[part].get_secret_value() for part in NAMES))
