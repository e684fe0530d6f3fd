"""Secrets of accounts, from the environment or the embedding program."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from acorn_engine.marketplace import Account, Credentials
from acorn_engine.problems import Problem, ProjectError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CredentialsSource: TypeAlias = "Callable[[Account], Credentials | Mapping[str, str] | None]"

_PARTS: Final = ("client_id", "client_secret", "refresh_token")


def variable(account: str, part: str) -> str:
    """Return the environment variable of one secret: ``ACORN_EU_CLIENT_ID``."""
    return f"ACORN_{re.sub('[^A-Za-z0-9]', '_', account).upper()}_{part.upper()}"


def from_environment(account: Account) -> Credentials:
    """Return an account's secrets from the environment.

    Raises ``ProjectError`` that names the variables that are not set, never their values.
    """
    values = {part: os.environ.get(variable(account.name, part), "") for part in _PARTS}
    return _complete(account, values, environment=True)


def resolve(account: Account, source: CredentialsSource | None) -> Credentials:
    """Return an account's secrets from a program's callable, or from the environment."""
    if source is None:
        return from_environment(account)
    answer = source(account)
    if isinstance(answer, Credentials):
        return answer
    return _complete(account, dict(answer or {}), environment=False)


def _complete(account: Account, values: Mapping[str, str], *, environment: bool) -> Credentials:
    absent = [part for part in _PARTS if not values.get(part)]
    if absent:
        names = ", ".join(variable(account.name, part) if environment else part for part in absent)
        raise ProjectError(
            Problem(
                code="no-credentials",
                message=f"account '{account.name}' has no {names}. Nothing was sent or read.",
                hint="set these environment variables" if environment else "let the credentials callable return them",
            )
        )
    return Credentials(*(values[part] for part in _PARTS))
