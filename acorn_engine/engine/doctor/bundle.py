"""A file for whoever helps: enough to see what is wrong, nothing that is nobody else's business.

In it: findings, versions, calendars, the project file's settings, the newest events. Not in it: secrets, prices, costs,
quantities, SKUs, rows of the catalogue, rule files, and what a marketplace said of an offer. What
could carry such things is left out by naming what may be in, not what may not.
"""

from __future__ import annotations

import io
import json
import os
import re
import zipfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import SecretStr

from acorn_engine.engine.engine import Engine
from acorn_engine.problems import AcornError, Problem
from acorn_engine.project.credentials import from_environment
from acorn_engine.project.loading import read_document
from acorn_engine.project.redaction import shown_settings, without_secrets
from acorn_engine.project.secret_keys import named_keys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from acorn_engine.engine.doctor.model import Diagnosis, Finding

NEWEST_EVENTS: Final = 200
SHORTEST: Final = 8
"""Signs below which a text is no secret that a marketplace gives out, but may be any word."""
_EVENT_KEYS: Final = (
    "part", "account", "site", "wave", "number", "state", "mode", "code", "attempts", "parts",
)  # fmt: skip
_WORDY: Final = frozenset({"rules", "status"})
"""Checks whose words may quote a row, a rule or an offer: of these, codes and places only."""
_SCALARS: Final = (str, int, bool, type(None))
_README: Final = """\
Made by 'acorn doctor --bundle'.

doctor.json    findings, versions, calendars; of catalogue, rules and plans only codes and places
project.json   the project file's settings; users, passwords, secrets and the values of plugins' sections are left out
events.jsonl   the newest events: what happened when, with accounts, sites, plans and states

Not in it: secrets, keys, prices, costs, quantities, SKUs, the catalogue, rule files, texts of a marketplace about an
offer. Names are in it: of the project, its accounts, sites, files and plugins, and the sellers' ids.
"""


def write_bundle(path: Path, project: Path, diagnosis: Diagnosis) -> None:
    """Write the file. Raises ``AcornError`` where it is there already, or where a known secret would be in it."""
    members = {
        "README.txt": _README,
        "doctor.json": _text(_diagnosis(diagnosis)),
        "project.json": _text(_settings(project)),
        "events.jsonl": "".join(_text(event, indent=None) for event in _events(project)),
    }
    _require_clean(members, project)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        message = f"{path} is there already. No bundle was written."
        raise AcornError(Problem("bundle-exists", message, hint="name another file")) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(packed.getvalue())


def _diagnosis(diagnosis: Diagnosis) -> dict[str, Any]:
    return diagnosis.to_dict() | {"findings": [_finding(finding) for finding in diagnosis.findings]}


def _finding(finding: Finding) -> dict[str, Any]:
    shown = finding.to_dict()
    if finding.check in _WORDY and finding.level != "ok":
        return shown | {"message": None, "hint": None, "params": {}}
    return shown | {"message": without_secrets(finding.message), "hint": without_secrets(finding.hint or "") or None}


def _settings(project: Path) -> dict[str, Any]:
    try:
        return shown_settings(read_document(project).data)
    except AcornError as error:
        return {"unreadable": [problem.code for problem in error.problems]}


def _events(project: Path) -> Iterator[dict[str, Any]]:
    """Yield the newest events with those parts of their data that name no offer and no value."""
    from acorn_engine.engine.context import Context
    from acorn_engine.engine.doctor.project import newest_events, usable_store

    try:
        context = Context.open(project)
    except AcornError:
        return
    with Engine(context):
        store, _ = usable_store(context)
        for event in newest_events(store, NEWEST_EVENTS) if store is not None else ():
            told = event.to_dict()
            yield told | {"data": _allowed(told["data"])}


def _allowed(data: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: data[name] for name in _EVENT_KEYS if isinstance(data.get(name), _SCALARS) and name in data}
    counts = data.get("outcomes")
    if isinstance(counts, dict):
        kept["outcomes"] = {str(name): count for name, count in counts.items() if isinstance(count, int)}
    return kept


def _text(document: Any, indent: int | None = 2) -> str:
    return json.dumps(document, ensure_ascii=False, indent=indent, default=str) + "\n"


def _require_clean(members: Mapping[str, str], project: Path) -> None:
    """Raise where a secret that this process can know of is in the bundle all the same."""
    bare = [secret.get_secret_value() for secret in _secrets(project)]
    found = sorted(name for name, text in members.items() if _holds_one(text, bare))
    if found:
        message = f"a secret of this project would have been in {', '.join(found)}. No bundle was written."
        hint = "look for a secret where none belongs: in a name, a path or an address of acorn.toml"
        raise AcornError(Problem("bundle-secret", message, hint=hint))


def _holds_one(text: str, bare: Sequence[str]) -> bool:
    return any(
        form in text for secret in bare if len(secret) >= SHORTEST for form in {secret, json.dumps(secret)[1:-1]}
    )


def _secrets(project: Path) -> list[SecretStr]:
    """Return every secret that this process can know of: of all accounts, the keys, the database's password."""
    from acorn_engine.engine.context import Context
    from acorn_engine.engine.doctor.project import usable_store

    found = named_keys()
    try:
        context = Context.open(project)
    except AcornError:
        return found
    with Engine(context):
        found += [SecretStr(part) for part in re.findall(r"://[^/@\s]*:([^/@\s]*)@", context.project.database)]
        store, _ = usable_store(context)
        for account in context.project.accounts.values():
            found += from_environment(account.name).values()
            with suppress(AcornError):
                found += context.secrets.load(account.name).values() if store is not None else ()
    return found
