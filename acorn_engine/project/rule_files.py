"""Finding the rule files of a site's chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from acorn_engine.problems import Place, Problem, ProjectError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

RULES_FOLDER: Final = "rules"
_ENDINGS: Final = (".yaml", ".yml")
LARGEST_FILE: Final = 5_000_000
"""Bytes of one rule file at most; longer ones are refused unread."""


def chain_files(
    chain: Sequence[str],
    root: Path,
    site: str,
    texts: Mapping[str, str] | None = None,
    names: Sequence[str] | None = None,
) -> list[tuple[str, str]]:
    """Return (name, text) of the rule files of a chain, in the order they run.

    An entry is a folder or a file below ``rules/``; a folder's files run in the order of their
    names. With ``texts`` the files come from memory: ``{"eu/base.yaml": "…"}``. ``names`` are those
    of all files (``rule_names``), where they are known already. Raises
    ``ProjectError`` for entries that are not there, hold nothing, or come twice.
    """
    found: list[tuple[str, str]] = []
    problems: list[Problem] = []
    names = rule_names(root, texts) if names is None else names
    for entry in chain:
        members = [name for name in names if _belongs(name, entry.strip("/"))]
        if not members:
            folders = {name.rsplit("/", 1)[0] for name in names if "/" in name} | set(names)
            problems.append(
                Problem(
                    code="no-rules",
                    message=f"the chain of {site} names '{entry}', which holds no rule file.",
                    place=Place("acorn.toml", field=f"sites.{site}") if texts is None else None,
                    hint=did_you_mean(entry, folders) or f"it is looked for in the folder {RULES_FOLDER}/",
                )
            )
        for name in members:
            shown = name if texts is not None else f"{RULES_FOLDER}/{name}"
            if any(shown == other for other, _ in found):
                problems.append(Problem(code="rules-twice", message=f"the chain of {site} runs {shown} twice."))
                continue
            found.append(
                (shown, texts[name] if texts is not None else _read(root / RULES_FOLDER / name, shown, problems))
            )
    if problems:
        raise ProjectError(problems)
    return found


def rule_names(root: Path, texts: Mapping[str, str] | None = None) -> list[str]:
    """Return the names of all rule files of a project, or of those in memory, sorted."""
    if texts is not None:
        return sorted(texts)
    folder = root / RULES_FOLDER
    if not folder.is_dir():
        return []
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in _ENDINGS and path.is_file()
    )


def _belongs(name: str, entry: str) -> bool:
    return name == entry or name in {entry + ending for ending in _ENDINGS} or name.startswith(entry + "/")


def _read(path: Path, shown: str, problems: list[Problem]) -> str:
    try:
        if path.stat().st_size > LARGEST_FILE:
            problems.append(
                Problem(
                    code="rules-too-large",
                    message=f"{shown} is larger than {LARGEST_FILE // 1_000_000} MB; it was not read.",
                )
            )
            return ""
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        problems.append(
            Problem(
                code="rules-encoding",
                message=f"{shown} is not UTF-8 (byte {error.start + 1}).",
                hint="save it as UTF-8 in your editor",
                place=Place(shown),
            )
        )
    except OSError as error:
        problems.append(Problem(code="rules-unreadable", message=f"{shown} cannot be read: {error.strerror}."))
    return ""
