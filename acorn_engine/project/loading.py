"""Reading and checking the project file: all problems at once, each where it stands."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ValidationError

from acorn_engine.marketplace import Account
from acorn_engine.problems import Place, Problem, ProjectError, did_you_mean
from acorn_engine.project.model import (
    AccountSection,
    CatalogSection,
    PluginsSection,
    Project,
    ProjectSection,
    RunSection,
)
from acorn_engine.project.positions import key_positions
from acorn_engine.project.redaction import is_secret_name, without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.sites import Site

_TYPOGRAPHIC: Final = "“”„‘’，＝：；「」"
_KEEP_SECRETS: Final = "secrets never stand in this file: set them in the environment, or with 'acorn secrets set'"
CORE_SECTIONS: Final = ("project", "sites", "catalog", "accounts", "guards", "run", "plugins")


class Document:
    """A project file as data, with the places of its keys."""

    def __init__(self, data: Mapping[str, Any], root: Path, source: Path | None = None, text: str = "") -> None:
        self.data, self.root, self.source = data, root, source
        self._lines = text.splitlines()
        self._positions = key_positions(text)

    def place(self, path: tuple[str, ...]) -> Place:
        """Return where a key stands, or the nearest key around it."""
        name = self.source.name if self.source else "settings"
        for length in range(len(path), 0, -1):
            position = self._positions.get(path[:length])
            if position:
                line, column = position
                return Place(name, line, column, text=without_secrets(self._lines[line - 1]))
        return Place(name, field=".".join(path) or None)

    def problem(
        self, path: tuple[str, ...], message: str, *, code: str = "project", hint: str | None = None
    ) -> Problem:
        """Return a problem at a key."""
        return Problem(code=code, message=message, place=self.place(path), hint=hint)


def read_document(path: Path) -> Document:
    """Read a project file. Raises ``ProjectError`` when it is absent or not TOML."""
    if path.is_dir() or (path.suffix != ".toml" and not path.exists()):
        path = path / "acorn.toml"
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        raise ProjectError(
            Problem(
                code="no-project",
                message=f"there is no project file {path.name} in {path.parent.absolute()}.",
                hint="run 'acorn init' to make one, or name the folder with --project",
            )
        ) from None
    except OSError as error:
        raise ProjectError(
            Problem(code="no-project", message=f"{path.name} cannot be read: {error.strerror}.")
        ) from None
    try:
        text = raw.decode("utf-8-sig")
        data = tomllib.loads(text)
    except UnicodeDecodeError:
        raise ProjectError(
            Problem(
                code="project-encoding", message=f"{path.name} is not UTF-8.", hint="save it as UTF-8 in your editor"
            )
        ) from None
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"^(.*) \(at line (\d+), column (\d+)\)$", str(error))
        lines = text.splitlines()
        place = Place(path.name)
        words = str(error)
        if found:
            number = int(found[2])
            line = without_secrets(lines[number - 1]) if number <= len(lines) else None
            place = Place(path.name, number, int(found[3]), text=line)
            words = found[1]
        raise ProjectError(
            Problem(
                code="project-syntax",
                message=f"this is not TOML: {words}.",
                place=place,
                hint=_toml_hint(words, place.text or ""),
            )
        ) from None
    return Document(data, path.parent.resolve(), path, text)


def _toml_hint(words: str, line: str) -> str:
    """Return which key to press for the usual slips in a project file."""
    if any(mark in line for mark in _TYPOGRAPHIC):
        return f"these marks are not TOML's: {' '.join(mark for mark in _TYPOGRAPHIC if mark in line)}; press \" with the keyboard switched to English"
    if "twice" in words or "overwrite" in words:
        return "put the keys of both sections under one of them"
    key = line.split("=", maxsplit=1)[0].strip()
    if "=" in line and not key.isascii() and not key.startswith(('"', "'")):
        return f'a name with signs other than a-z, digits, - and _ needs quotes: "{key}" = …'
    if ":" in line and "=" not in line:
        return 'a key is followed by = here: name = "northwind"'
    return 'text needs quotes: name = "northwind"'


def plugins_section(document: Document) -> PluginsSection:
    """Return ``[plugins]``, which is needed before the rest can be checked."""
    problems: list[Problem] = []
    section: PluginsSection = _validate(document, "plugins", PluginsSection, problems)
    if problems:
        raise ProjectError(problems)
    return section


def load_project(
    document: Document, sections: Mapping[str, type[BaseModel]], sites: Mapping[str, Site], broken: Mapping[str, str]
) -> Project:
    """Check a project file against the sections and sites that the plugins declare.

    ``broken`` says why a plugin is off, for sections that nothing declares. Raises
    ``ProjectError`` with every problem.
    """
    problems: list[Problem] = []
    known = [*CORE_SECTIONS, *sections]
    for name in document.data:
        if name not in known:
            off = "; ".join(f"{plugin} is off: {cause}" for plugin, cause in broken.items())
            problems.append(
                document.problem(
                    (name,),
                    f"unknown section [{name}].",
                    code="unknown-section",
                    hint=did_you_mean(name, known) or off or f"known sections: {', '.join(known)}",
                )
            )
    project = _validate(document, "project", ProjectSection, problems)
    catalog = _validate(document, "catalog", CatalogSection, problems)
    run = _validate(document, "run", RunSection, problems)
    plugins = _validate(document, "plugins", PluginsSection, problems)
    plugin_sections = {name: _validate(document, name, model, problems) for name, model in sections.items()}
    accounts = _accounts(document, sites, broken, problems)
    chains = _chains(document, sites, accounts, broken, problems)
    guards = document.data.get("guards", {})
    if not isinstance(guards, dict):
        problems.append(document.problem(("guards",), "[guards] must be a section."))
    if problems:
        raise ProjectError(problems)
    return Project(
        project, chains, catalog, accounts, run, plugins, document.root, document.source, plugin_sections, guards
    )


def project_from(settings: Mapping[str, Any], root: Path | None = None) -> Document:
    """Return settings handed in by a program as a document without a file."""
    return Document(settings, (root or Path.cwd()).resolve())


def _validate(document: Document, name: str, model: type[BaseModel], problems: list[Problem]) -> Any:
    try:
        return model.model_validate(document.data.get(name, {}), context={"root": document.root})
    except ValidationError as error:
        problems.extend(validation_problems(document, (name,), model, error))
    except Exception as error:  # noqa: BLE001  # a validator of a plugin may raise anything
        message = f"[{name}] cannot be checked: the plugin's model {model.__name__} failed ({type(error).__name__})."
        hint = "tell the plugin's author, or leave the section out"
        problems.append(document.problem((name,), message, code="section-failed", hint=hint))
    return model.model_construct()


def validation_problems(
    document: Document, prefix: tuple[str, ...], model: type[BaseModel], error: ValidationError
) -> list[Problem]:
    """Turn pydantic's errors into problems at the keys that they are about."""
    problems = []
    for item in error.errors(include_url=False, include_context=True, include_input=False):
        path = (*prefix, *(str(part) for part in item["loc"]))
        key = path[-1]
        section = ".".join(path[:-1])
        if item["type"] == "extra_forbidden":
            message = f"unknown key '{key}' in [{section}]."
            hint = did_you_mean(key, model.model_fields) or f"known keys: {', '.join(model.model_fields)}"
            hint = _KEEP_SECRETS if is_secret_name(key) else hint
            problems.append(document.problem(path, message, code="unknown-key", hint=hint))
        elif item["type"] == "missing":
            described = model.model_fields[key].description if key in model.model_fields else None
            problems.append(
                document.problem(path[:-1], f"[{section}] needs '{key}'.", code="missing-key", hint=described)
            )
        else:
            words = item["msg"].removeprefix("Value error, ")
            problems.append(
                document.problem(path, f"'{key}' in [{section}]: {words[:1].lower()}{words[1:]}.", code="bad-value")
            )
    return problems


def _accounts(
    document: Document, sites: Mapping[str, Site], broken: Mapping[str, str], problems: list[Problem]
) -> dict[str, Account]:
    found: dict[str, Account] = {}
    written = document.data.get("accounts", {})
    if not isinstance(written, dict):
        problems.append(document.problem(("accounts",), "[accounts] must hold sections, like [accounts.eu]."))
        return found
    for name, data in written.items():
        path = ("accounts", name)
        try:
            section = AccountSection.model_validate(data)
        except ValidationError as error:
            problems.extend(validation_problems(document, path, AccountSection, error))
            continue
        for site in section.sites:
            _check_site(document, (*path, "sites"), site, sites, broken, problems)
        if section.quantity_site and section.quantity_site not in section.sites:
            problems.append(
                document.problem(
                    (*path, "quantity_site"),
                    f"quantity_site '{section.quantity_site}' is not one of the sites of account '{name}'.",
                    code="bad-value",
                    hint=did_you_mean(section.quantity_site, section.sites) or f"one of: {', '.join(section.sites)}",
                )
            )
        regions = {sites[site].region for site in section.sites if site in sites}
        if len(regions) > 1:
            problems.append(
                document.problem(
                    (*path, "sites"),
                    f"account '{name}' has sites of several regions ({', '.join(sorted(regions))}); an account is one seller in one region.",
                    code="bad-value",
                    hint="make one account for each region",
                )
            )
        found[name] = Account(
            name=name,
            marketplace=section.marketplace,
            seller_id=section.seller_id,
            sites=section.sites,
            endpoint=section.endpoint,
            auth_endpoint=section.auth_endpoint,
            quantity_site=section.quantity_site,
            patch_up_to=section.patch_up_to,
            neighbours=section.neighbours,
        )
    return found


def _chains(
    document: Document,
    sites: Mapping[str, Site],
    accounts: Mapping[str, Account],
    broken: Mapping[str, str],
    problems: list[Problem],
) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    written = document.data.get("sites", {})
    if not isinstance(written, dict):
        problems.append(document.problem(("sites",), "[sites] must be a section of site = [rules]."))
        return found
    sold = {site for account in accounts.values() for site in account.sites}
    for site, chain in written.items():
        path = ("sites", site)
        if not isinstance(chain, list) or not all(isinstance(entry, str) for entry in chain):
            problems.append(
                document.problem(
                    path,
                    f"the chain of {site} must be a list of folders or files of rules/.",
                    code="bad-value",
                    hint=f'"{site}" = ["eu", "de"]',
                )
            )
            continue
        _check_site(document, path, site, sites, broken, problems)
        if site in sites and site not in sold:
            problems.append(
                document.problem(
                    path, f"no account sells on {site}.", code="no-account", hint="add it to the sites of an account"
                )
            )
        found[site] = tuple(chain)
    return found


def _check_site(
    document: Document,
    path: tuple[str, ...],
    site: str,
    sites: Mapping[str, Site],
    broken: Mapping[str, str],
    problems: list[Problem],
) -> None:
    if site in sites:
        return
    hint = did_you_mean(site, sites)
    if hint is None:
        reasons = "; ".join(f"{plugin} is off: {cause}" for plugin, cause in broken.items())
        hint = reasons or ("install a plugin that provides it" if not sites else f"known sites: {', '.join(sites)}")
    problems.append(document.problem(path, f"unknown site '{site}'.", code="unknown-site", hint=hint))
