"""The keys of the encrypted store, and what they seal: Fernet, with several keys so that they can be rotated.

Fernet does not bind a text to a place, so what is sealed names its own: a row that was copied to
another project, account or name does not open there. Plain secrets are held as ``SecretStr``, which shows
nothing, and no error is raised where one stands bare: a traceback with local variables shows none either.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from pydantic import SecretStr

from acorn_engine.problems import Problem, ProjectError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.fernet import Fernet, MultiFernet

KEYS: Final = "ACORN_SECRET_KEYS"
"""The environment variable of the keys: newest first, with commas between them."""
KEYS_FILE: Final = "ACORN_SECRET_KEYS_FILE"
"""The environment variable that names a file of keys: newest first, one a line or with commas."""

UNTOUCHED: Final = "No secret was read or stored."

Flaw = Literal["unreadable", "misplaced"]
State = Literal["newest", "older", Flaw]
"""Which key opens a secret, or why none does."""
_FLAWS: Final[dict[Flaw, tuple[str, str]]] = {
    "unreadable": (
        "none of the keys opens it",
        f"put the key that it was stored with back into {KEYS}, behind the others, or store the secret again",
    ),
    "misplaced": (
        "it was stored for another project, account or name, and its row was copied here",
        "store the account's own secret with 'acorn secrets set'",
    ),
}


class Place(NamedTuple):
    """Where a secret belongs."""

    project: str
    account: str
    name: str


class SecretKeys:
    """Keys, newest first: the newest seals, every one opens."""

    def __init__(self, keys: Sequence[SecretStr]) -> None:
        """Take Fernet keys. Raises ``ProjectError`` that says which of them is none, never what it is."""
        made = [_fernet(key) for key in keys]
        bad = [str(number) for number, fernet in enumerate(made, 1) if fernet is None]
        if bad:
            message = f"key {', '.join(bad)} of {len(made)} is no key: 32 bytes in base64, 44 signs, are needed."
            hint = "'acorn secrets new-key' makes one"
            raise ProjectError(Problem("secret-keys", f"{message} {UNTOUCHED}", hint=hint))
        usable = [fernet for fernet in made if fernet is not None]
        self._newest, self._keys = _together(usable[:1]), _together(usable)

    def seal(self, place: Place, value: SecretStr) -> str:
        """Return a secret encrypted with the newest key, bound to its place."""
        return self._keys.encrypt(_sealed(place, value)).decode("ascii")

    def open(self, place: Place, body: str) -> SecretStr:
        """Return a secret. Raises ``ProjectError`` where no key opens it, or where it belongs elsewhere."""
        found = self.tried(place, body)
        if isinstance(found, SecretStr):
            return found
        cause, hint = _FLAWS[found]
        raise ProjectError(
            Problem(
                "secret-unreadable" if found == "unreadable" else "secret-misplaced",
                f"the stored {place.name} of account '{place.account}' cannot be used: {cause}.",
                hint=hint,
                params={"account": place.account, "name": place.name},
            )
        )

    def tried(self, place: Place, body: str) -> SecretStr | Flaw:
        """Return a secret, or why it cannot be had."""
        return _opened(self._keys, place, body)

    def state(self, place: Place, body: str) -> State:
        """Return which key opens a secret, or why none does."""
        if isinstance(_opened(self._newest, place, body), SecretStr):
            return "newest"
        found = self.tried(place, body)
        return "older" if isinstance(found, SecretStr) else found

    def renewed(self, place: Place, body: str) -> str | Flaw:
        """Return a secret's body encrypted with the newest key, or why it cannot be."""
        found = self.tried(place, body)
        return self.seal(place, found) if isinstance(found, SecretStr) else found


def _opened(keys: MultiFernet, place: Place, body: str) -> SecretStr | Flaw:
    from cryptography.fernet import InvalidToken

    try:
        found: Any = json.loads(keys.decrypt(body.encode()))
        owner = Place(found["project"], found["account"], found["name"])
        return SecretStr(found["value"]) if owner == place else "misplaced"
    except (InvalidToken, ValueError, KeyError, TypeError):
        return "unreadable"


def new_key() -> str:
    """Return a new key, as text for ``ACORN_SECRET_KEYS``."""
    from cryptography.fernet import Fernet

    return Fernet.generate_key().decode("ascii")


def secret_keys() -> SecretKeys:
    """Return the keys of this process's environment.

    Raises ``ProjectError`` where there are none, where they are named twice, or where one is no key.
    """
    direct, file = bool(os.environ.get(KEYS, "").strip()), os.environ.get(KEYS_FILE, "").strip()
    if direct and file:
        message = f"both {KEYS} and {KEYS_FILE} are set, and only one of them can be meant."
        raise ProjectError(Problem("secret-keys", f"{message} {UNTOUCHED}", hint="unset one of the two"))
    found = _keys_of_file(Path(file)) if file else _split(SecretStr(os.environ.get(KEYS, "")))
    if not found:
        where = f"the file that {KEYS_FILE} names has no key in it" if file else f"{KEYS} and {KEYS_FILE} are not set"
        raise ProjectError(
            Problem(
                "no-secret-keys",
                f"the encrypted store needs a key, and {where}. {UNTOUCHED}",
                hint="'acorn secrets new-key' makes one; keep it apart from the database",
            )
        )
    return SecretKeys(found)


def named_keys() -> list[SecretStr]:
    """Return the keys that can be had from the environment, good or not, so that they can be looked for elsewhere."""
    found = _split(SecretStr(os.environ.get(KEYS, "")))
    named = os.environ.get(KEYS_FILE, "").strip()
    try:
        return [*found, *(_keys_of_file(Path(named)) if named else ())]
    except ProjectError:
        return found


def open_to_others() -> Path | None:
    """Return the file of keys where other users of this computer can read it."""
    named = os.environ.get(KEYS_FILE, "").strip()
    try:
        mode = Path(named).stat().st_mode if named else 0
    except OSError:
        return None
    return Path(named) if mode & (stat.S_IRGRP | stat.S_IROTH) else None


def _keys_of_file(path: Path) -> list[SecretStr]:
    cause = None
    try:
        return _split(SecretStr(path.read_text(encoding="utf-8-sig")))
    except OSError as error:
        cause = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        cause = "it is not text"
    message = f"the file of keys {path}, which {KEYS_FILE} names, cannot be read: {cause}."
    raise ProjectError(Problem("secret-keys", f"{message} {UNTOUCHED}", hint="see that Acorn's user may read it"))


def _split(text: SecretStr) -> list[SecretStr]:
    return [SecretStr(word) for word in text.get_secret_value().replace(",", " ").split()]


def _fernet(key: SecretStr) -> Fernet | None:
    from cryptography.fernet import Fernet

    try:
        return Fernet(key.get_secret_value())
    except ValueError:
        return None


def _together(keys: list[Fernet]) -> MultiFernet:
    from cryptography.fernet import MultiFernet

    return MultiFernet(keys)


def _sealed(place: Place, value: SecretStr) -> bytes:
    return json.dumps({**place._asdict(), "value": value.get_secret_value()}).encode()
