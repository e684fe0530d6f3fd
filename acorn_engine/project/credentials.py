"""Secrets of accounts, from the environment or the embedding program."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final, TypeAlias

from acorn_engine.marketplace import Account, Credentials
from acorn_engine.problems import AcornError, Problem, ProjectError

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
    try:
        answer = source(account)
        values = answer if isinstance(answer, Credentials) else dict(answer or {})
    except AcornError:
        raise
    except Exception as error:  # noqa: BLE001
        # Its text and its frames may hold a secret, so neither goes on.
        raise ProjectError(
            Problem(
                code="no-credentials",
                message=f"account '{account.name}' has no credentials: the credentials callable failed"
                f" ({type(error).__name__}). Nothing was sent or read.",
                hint="it is given the account and returns client_id, client_secret and refresh_token",
            )
        ) from None
    return values if isinstance(values, Credentials) else _complete(account, values, environment=False)


def _complete(account: Account, values: Mapping[str, object], *, environment: bool) -> Credentials:
    texts = {part: value for part in _PARTS if isinstance(value := values.get(part), str) and value.strip()}
    absent = [part for part in _PARTS if part not in texts]
    if absent:
        names = ", ".join(variable(account.name, part) if environment else part for part in absent)
        raise ProjectError(
            Problem(
                code="no-credentials",
                message=f"account '{account.name}' has no {names}. Nothing was sent or read.",
                hint="set these environment variables" if environment else "let the credentials callable return them",
            )
        )
    return Credentials(*(texts[part] for part in _PARTS))
