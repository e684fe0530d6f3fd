"""The encrypted store: secrets of accounts in the project's own database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from acorn_engine.problems import Problem, ProjectError, did_you_mean
from acorn_engine.project.secret_keys import Place, State, secret_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from acorn_engine.store import Store
    from acorn_engine.store.secrets import SecretInfo

NAMES: Final = ("client_id", "client_secret", "refresh_token")
"""The secrets of an account."""
LONGEST: Final = 8_192
"""Signs in one secret: far more than any marketplace gives out."""


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a rotation did: secrets encrypted anew, and those (account, name) that no key opens."""

    renewed: int
    failed: tuple[tuple[str, str], ...] = ()


class SecretStore:
    """The stored secrets of one project. Thread-safe.

    Values go in as text or ``SecretStr`` and come out as ``SecretStr``. Every method may raise ``StoreError``,
    and ``ProjectError`` where the keys are missing or wrong; neither shows a secret.
    """

    def __init__(self, store: Callable[[], Store], known: Callable[[str], object]) -> None:
        """Take what opens the database, and what raises for an account that the project does not have."""
        self._store, self._known = store, known

    def set(
        self,
        account: str,
        values: Mapping[str, str | SecretStr],
        *,
        by: str,
        issued: Mapping[str, datetime] | None = None,
    ) -> tuple[str, ...]:
        """Keep some of an account's secrets by name (``NAMES``), in place of what there was; return their names.

        ``issued`` says when the marketplace gave one out; default: now.
        """
        from acorn_engine.store.secrets import save_secret

        values = _hidden(values)
        self._known(account)
        _require_usable(values)
        keys, store, dates = secret_keys(), self._store(), dict(issued or {})
        names = tuple(name for name in NAMES if name in values)
        with store.write() as tx:
            _require_past(dates, tx.now)
            for name in names:
                body = keys.seal(Place(store.project, account, name), values[name])
                save_secret(tx, account, name, body, dates.get(name, tx.now))
            told = {name: dates.get(name, tx.now).isoformat() for name in names}
            tx.record(by, "secrets_set", account, after={"names": list(names), "issued_at": told})
        return names

    def load(self, account: str) -> dict[str, SecretStr]:
        """Return an account's secrets by name; none where none are stored, and then no key is needed."""
        from acorn_engine.store.secrets import read_secrets

        store = self._store()
        with store.read() as connection:
            rows = read_secrets(connection, store.project, account)
        if not rows:
            return {}
        keys = secret_keys()
        return {row.info.name: keys.open(Place(store.project, account, row.info.name), row.body) for row in rows}

    def list(self, account: str | None = None) -> list[SecretInfo]:
        """Return which secrets are stored, of all accounts or one, with their dates. Needs no key."""
        from acorn_engine.store.secrets import list_secrets

        store = self._store()
        with store.read() as connection:
            return list_secrets(connection, store.project, account)

    def states(self) -> dict[tuple[str, str], State]:
        """Return which key each secret (account, name) opens with, or why none does; no value is kept."""
        from acorn_engine.store.secrets import read_secrets

        store = self._store()
        with store.read() as connection:
            rows = read_secrets(connection, store.project)
        keys = secret_keys()
        return {
            (row.info.account, row.info.name): keys.state(
                Place(store.project, row.info.account, row.info.name), row.body
            )
            for row in rows
        }

    def rotate(self, *, by: str) -> Rotation:
        """Encrypt every secret of the project anew with the newest key; what no key opens stays as it is."""
        from acorn_engine.store.secrets import lock_secrets, replace_body

        keys, store = secret_keys(), self._store()
        failed = []
        with store.write() as tx:
            rows = lock_secrets(tx)
            for row in rows:
                place = Place(store.project, row.info.account, row.info.name)
                body = keys.renewed(place, row.body)
                if body in {"unreadable", "misplaced"}:
                    failed.append((place.account, place.name))
                else:
                    replace_body(tx, place.account, place.name, body)
            if len(rows) > len(failed):
                tx.record(by, "secrets_rotated", None, after={"renewed": len(rows) - len(failed), "failed": failed})
        return Rotation(len(rows) - len(failed), tuple(failed))

    def remove(self, account: str, *, by: str) -> tuple[str, ...]:
        """Remove an account's secrets, also of one that is not in the project any more; return their names."""
        from acorn_engine.store.secrets import remove_secrets

        with self._store().write() as tx:
            names = tuple(remove_secrets(tx, account))
            if names:
                tx.record(by, "secrets_removed", account, before={"names": list(names)})
        return names


def _hidden(values: Mapping[str, str | SecretStr]) -> dict[str, SecretStr]:
    return {
        name: value if isinstance(value, SecretStr) else SecretStr(str(value).strip()) for name, value in values.items()
    }


def _require_usable(values: Mapping[str, SecretStr]) -> None:
    problems = []
    for name, value in values.items():
        if name not in NAMES:
            hint = did_you_mean(name, NAMES) or f"there are {', '.join(NAMES)}"
            problems.append(Problem("secret-name", f"there is no secret called '{name}'.", hint=hint))
        elif flaw := _flaw(value):
            problems.append(Problem("secret-value", f"the {name} that was given {flaw}.", hint="copy it once more"))
    if not values:
        problems.append(Problem("secret-value", "no secret was given.", hint=f"give {', '.join(NAMES)}"))
    if problems:
        last = problems[-1]
        problems[-1] = Problem(last.code, f"{last.message} Nothing was stored.", hint=last.hint)
        raise ProjectError(problems)


def _flaw(value: SecretStr) -> str | None:
    text = value.get_secret_value()
    if not text.strip():
        return "is empty"
    if len(text) > LONGEST:
        return f"has more than {LONGEST} signs"
    return (
        None if text.isascii() and text.isprintable() and " " not in text else "has blanks or unprintable signs in it"
    )


def _require_past(issued: Mapping[str, datetime], now: datetime) -> None:
    for name, moment in issued.items():
        if moment > now:
            message = f"the date given for {name}, {moment:%Y-%m-%d}, is in the future. Nothing was stored."
            raise ProjectError(Problem("secret-date", message, hint="give the day on which it was issued"))
