"""Text and settings without what is nobody else's business: secrets that somebody put where none belong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

HIDDEN: Final = "…"
_WORDS: Final = r"secret|token|passw|passphrase|credential|api[_-]?key|private[_-]?key|client[_-]?id"
_NAMED: Final = re.compile(_WORDS, re.IGNORECASE)
_DATED: Final = re.compile(r"_(issued|at)$", re.IGNORECASE)
_PAIR: Final = re.compile(
    rf"""([\w."'-]*(?:{_WORDS})[\w."'-]*\s*+=\s*+)(?!\d{{4}}-\d{{2}}-\d{{2}})("[^"]*"?|'[^']*'?|[^,}}]+)""",
    re.IGNORECASE,
)
_USER_INFORMATION: Final = re.compile(r"(://)[^/@\s\"']*@")
_QUERY: Final = re.compile(r"(://[^\s?\"']*)\?[^\s\"']*")
_CATALOGUE_KEYS: Final = frozenset({"source", "path", "encoding", "format", "delimiter", "sheet", "header", "rename"})
_CORE: Final = ("project", "sites", "accounts", "guards", "run", "plugins")


def is_secret_name(name: str) -> bool:
    """Say whether a key's name says that a secret stands behind it."""
    return bool(_NAMED.search(name)) and not _DATED.search(name)


def without_secrets(line: str) -> str:
    """Return a line of a project file without the values of secrets, and without users and passwords of addresses."""
    return _USER_INFORMATION.sub(rf"\1{HIDDEN}@", _PAIR.sub(rf'\1"{HIDDEN}"', line))


def shown_settings(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a project file's data as it may be handed to somebody else.

    Of the engine's own sections, keys and values stay, but for secrets and for users, passwords and parameters of
    addresses. Of ``[catalog]`` the sources' form stays (which, where, how encoded), of plugins' sections the
    keys alone: only the plugin knows what its values tell.
    """
    shown: dict[str, Any] = {name: _shown(data[name]) for name in _CORE if name in data}
    catalogue = data.get("catalog")
    if isinstance(catalogue, Mapping):
        shown["catalog"] = {name: _source(name, section) for name, section in catalogue.items()}
    rest = [name for name in data if name not in {*_CORE, "catalog"}]
    return shown | {name: _keys(data[name]) for name in rest}


def _shown(value: Any, name: str = "") -> Any:
    if isinstance(value, Mapping):
        return {str(key): _shown(entry, str(key)) for key, entry in value.items()}
    if is_secret_name(name):
        return HIDDEN
    if isinstance(value, str):
        return _QUERY.sub(rf"\1?{HIDDEN}", _USER_INFORMATION.sub(rf"\1{HIDDEN}@", value))
    if isinstance(value, Sequence):
        return [_shown(entry, name) for entry in value]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)


def _source(name: str, section: Any) -> Any:
    if name == "columns":
        return _shown(section)
    if not isinstance(section, Mapping):
        return HIDDEN
    return {key: _shown(value) if key in _CATALOGUE_KEYS else HIDDEN for key, value in section.items()}


def _keys(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict.fromkeys(map(str, value), HIDDEN)
    return HIDDEN
