"""The reference says all that there is: every hook, verb, option, setting, function, rule-file key, code."""

from __future__ import annotations

import dataclasses
import inspect
import re
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from acorn_compliance.kinds import GateOptions, SafetyOptions
from acorn_compliance.settings import Registration
from acorn_currency.endings import PriceEnding
from acorn_stock.kind import StockOptions
from doc_pages import ROOT
from pydantic import BaseModel

from acorn_engine import Engine
from acorn_engine.catalog.names import KNOWN_COLUMNS
from acorn_engine.catalog.options import CatalogOptions
from acorn_engine.cli import main
from acorn_engine.cli.app import make_app
from acorn_engine.fields import STANDARD_FIELDS
from acorn_engine.guard.settings import GuardSettings
from acorn_engine.language import STANDARD_FUNCTIONS, STANDARD_NAMES
from acorn_engine.language.functions import STANDARD
from acorn_engine.plan import Plan, Verdict
from acorn_engine.plan.model import CHANGE_SCHEMA
from acorn_engine.plugins import hookspecs, records
from acorn_engine.plugins.host import PluginHost
from acorn_engine.plugins.registry import Registry, build_registry
from acorn_engine.project.loading import CORE_SECTIONS
from acorn_engine.project.model import AccountSection, PluginsSection, ProjectSection, RunSection
from acorn_engine.ruleset.shape import EXAMPLE_KEYS, FILE_KEYS, GUARD_KEYS, RULE_KEYS

REFERENCE = ROOT / "docs" / "reference"
CORE_MODELS = (ProjectSection, AccountSection, RunSection, PluginsSection, GuardSettings, CatalogOptions, Registration)


def page(name: str) -> str:
    return (REFERENCE / f"{name}.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return build_registry(PluginHost())


# Hooks


@pytest.mark.parametrize("hook", sorted(hookspecs.FAILURE_POLICIES))
def test_hooks_with_their_arguments_and_failure_policy(hook: str) -> None:
    arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
    row = next(line for line in page("hooks").splitlines() if line.startswith(f"| `{hook}("))
    assert row.startswith(f"| `{hook}({arguments})` |")
    assert row.endswith(f"| {hookspecs.FAILURE_POLICIES[hook].value} |")


@pytest.mark.parametrize("name", [name for name in records.__all__ if name != "Field"])
def test_records_with_their_fields(name: str) -> None:
    row = next(line for line in page("hooks").splitlines() if line.startswith(f"| `{name}` |"))
    for each in dataclasses.fields(getattr(records, name)):
        assert re.search(rf"`{each.name}[`(]", row), f"{name}.{each.name}"


def test_the_plugin_page_shows_every_hook() -> None:
    text = (ROOT / "docs" / "how-to" / "write-a-plugin.md").read_text(encoding="utf-8")
    assert set(hookspecs.FAILURE_POLICIES) <= set(re.findall(r"def (acorn_\w+)\(", text))


# Commands


def sections(text: str) -> dict[str, str]:
    parts = re.split(r"^### `acorn (\w+)[^\n]*\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


VERBS = sorted({*(name for name in make_app() if not name.startswith("-")), "sandbox", "demo"})


@pytest.mark.parametrize("verb", VERBS)
def test_verbs_with_every_option(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([verb, "--help"]) == 0
    options = set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", capsys.readouterr().out))
    common = set() if verb in {"sandbox", "demo"} else {"--project", "--account", "--json"}
    said = set(re.findall(r"`(--[a-z-]+)`", sections(page("commands"))[verb]))
    assert said == options - common


def test_no_verb_that_is_not_there() -> None:
    assert sorted(sections(page("commands"))) == VERBS


def test_pages_name_only_verbs_that_are_there() -> None:
    later = {"run", "doctor", "new", "greet"}
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for verb in re.findall(r"(?:^\$ |`)acorn ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert verb in VERBS or verb in later, f"{path.name}: acorn {verb}"


# Settings


def shown(value: Any) -> str:
    """A default as the tables write it."""
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, timedelta):
        seconds = int(value.total_seconds())
        unit, size = next((unit, size) for unit, size in (("h", 3600), ("m", 60), ("s", 1)) if seconds % size == 0)
        return f'`"{seconds // size}{unit}"`'
    if isinstance(value, Fraction):
        return f"`{value}`" if value >= 1 else f'`"{value * 100}%"`'
    if isinstance(value, str):
        return f'`"{value}"`'
    if isinstance(value, tuple):
        return "`[" + ", ".join(f'"{each}"' for each in value) + "]`"
    if value is None:
        return "—"
    return '`"2 publication days"`' if type(value).__name__ == "LargestAge" else f"`{value}`"


def assert_documented(text: str, model: type[BaseModel]) -> None:
    for name, field in model.model_fields.items():
        default = "required" if field.is_required() else shown(field.get_default(call_default_factory=True))
        rows = [line for line in text.splitlines() if line.startswith(f"| `{name}` |")]
        end = f"| {default} | {field.description} |".replace("\t", "\\t")
        assert any(row.endswith(end) for row in rows), f"{model.__name__}.{name}: no row ends with {end}"


@pytest.mark.parametrize("model", CORE_MODELS, ids=lambda model: model.__name__)
def test_settings_of_the_engine(model: type[BaseModel]) -> None:
    assert_documented(page("project-file"), model)


def test_settings_of_every_plugin(registry: Registry) -> None:
    text = page("project-file")
    assert set(registry.sections) == {"amazon", "currency", "compliance"}
    for section, model in registry.sections.items():
        assert f"## `[{section}]`" in text
        assert_documented(text, model)


def test_options_of_every_source(registry: Registry) -> None:
    text = page("project-file")
    for name, source in registry.sources.items():
        assert f'`source = "{name}"`' in text
        assert_documented(text, source.options)


def test_sections_and_columns() -> None:
    text = page("project-file")
    for section in CORE_SECTIONS:
        assert re.search(rf"^## .*`\[{section}[.\]]", text, re.MULTILINE), section
    for role, columns in KNOWN_COLUMNS.items():
        row = next(line for line in text.splitlines() if line.startswith(f"| {role} |"))
        assert set(columns) <= set(re.findall(r"`(\w+)`", row))


@pytest.mark.parametrize(
    "model", [PriceEnding, StockOptions, SafetyOptions, GateOptions], ids=lambda model: model.__name__
)
def test_options_of_rule_kinds(model: type[BaseModel]) -> None:
    assert_documented(page("expressions"), model)


def test_every_rule_kind_and_function(registry: Registry) -> None:
    text = page("expressions")
    for kind in registry.kinds:
        assert f"`use: {kind}`" in text
    for function in registry.functions:
        assert f"`{function}(" in text


def test_every_site(registry: Registry) -> None:
    lines = page("sites").splitlines()
    assert len([line for line in lines if line.startswith("| `")]) == len(registry.sites) == 23
    for site in registry.sites.values():
        tax = "yes" if site.tax_included else "no"
        cells = (f"`{site.name}`", site.marketplace_id, site.country, site.currency, site.digits, site.region)
        row = [*map(str, cells), site.language, site.time_zone, tax]
        assert f"| {' | '.join(row)} |" in lines


# The language and rule files


@pytest.mark.parametrize("name", [*STANDARD_FUNCTIONS, *STANDARD_NAMES])
def test_standard_functions_and_names(name: str) -> None:
    usage = STANDARD[name].usage if name in STANDARD else name
    assert f"`{usage}`" in page("expressions")


@pytest.mark.parametrize("key", sorted({*FILE_KEYS, *RULE_KEYS, *GUARD_KEYS, *EXAMPLE_KEYS}))
def test_keys_of_rule_files(key: str) -> None:
    first_cells = [line.split("|")[1] for line in page("rule-files").splitlines() if line.startswith("| `")]
    assert any(f"`{key}`" in cell for cell in first_cells)


@pytest.mark.parametrize("field", STANDARD_FIELDS, ids=lambda field: field.name)
def test_settable_fields(field: Any) -> None:
    row = next(
        line
        for line in page("rule-files").splitlines()
        if line.startswith("|") and f"`{field.name}`" in line.split("|")[1]
    )
    words = {"half_up": "half up", "none": ""}.get(field.rounding, field.rounding)
    assert row.split("|")[3].strip() == words
    assert ("never sent" in row) is not field.sent


# Plans, statuses, codes, the library


def test_plan_json() -> None:
    text = page("plan-json")
    for name in [*CHANGE_SCHEMA, *(verdict.value for verdict in Verdict), "acorn.plan/1"]:
        assert f"`{name}`" in text, name


def test_members_of_a_plan() -> None:
    text = page("python")
    for name in [*(each.name for each in dataclasses.fields(Plan)), "held", "to_send"]:
        assert f"`{name}`" in text, name


METHODS = [name for name, member in inspect.getmembers(Engine, inspect.isroutine) if not name.startswith("_")]


@pytest.mark.parametrize("method", METHODS)
def test_the_library(method: str) -> None:
    parts = []
    star = False
    for each in list(inspect.signature(getattr(Engine, method)).parameters.values()):
        if each.name == "self":
            continue
        if each.kind is each.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        prefix = "**" if each.kind is each.VAR_KEYWORD else ""
        default = "" if each.default is each.empty else f"={each.default!r}"
        parts.append(f"{prefix}{each.name}{default}")
    call = f"`{'Engine.' if method == 'open' else ''}{method}({', '.join(parts)})`"
    assert call in page("python")


def words_of(*files: str) -> str:
    return "\n".join((ROOT / "acorn_engine" / file).read_text(encoding="utf-8") for file in files)


def test_every_reason_that_holds_or_rejects() -> None:
    from acorn_engine.guard.model import UNRELEASABLE
    from acorn_engine.outbox.freshness import REASONS
    from acorn_engine.store.errors import _WORDS

    text = (ROOT / "docs" / "how-to" / "when-something-goes-wrong.md").read_text(encoding="utf-8")
    source = words_of("guard/limits.py", "guard/ownership.py", "guard/unknowns.py", "guard/offer_guards.py")
    codes = set(re.findall(r'^\s+"([a-z]+(?:_[a-z]+)+)",$', source, re.MULTILINE))
    codes |= set(re.findall(r'Reason\(\w+, "(\w+)"', source)) | UNRELEASABLE | set(REASONS)
    codes |= {f"store_{code}" for code in _WORDS} | {verdict.value for verdict in Verdict}
    assert len(codes) > 35
    assert sorted(code for code in codes if f"`{code}`" not in text) == []


def test_states_and_events() -> None:
    from acorn_engine.outbox.context import DOUBTFUL, State
    from acorn_engine.outbox.status import _DEAD, _FAILED, _PERSON

    text = page("events-and-status")
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "acorn_engine").rglob("*.py")))
    events = set(re.findall(r'\.event\("(\w+)"', source))
    events |= {f"part_{state.value}" for state in State if state is not State.WAITING}
    assert len(events) > 10
    assert (
        sorted(name for name in [*events, *(state.value for state in State), *_FAILED] if f"`{name}`" not in text) == []
    )
    help_page = (ROOT / "docs" / "how-to" / "when-something-goes-wrong.md").read_text(encoding="utf-8")
    assert DOUBTFUL == set(_DEAD) <= set(_PERSON)
    assert all(f"`{code}`" in help_page for code in DOUBTFUL)


# The pages themselves


def markdown() -> list[Path]:
    from doc_pages import pages

    return pages()


@pytest.mark.parametrize("path", markdown(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_resolve_and_nothing_is_named_that_should_not_be(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)]+)\)", text):
        if target.startswith("https://"):
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {
                re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings
            }
    assert not re.search(r"/(home|work|tmp|Users|root)/|pypi\.|localhost:|index-url|[A-Z]:\\\\", text)
    assert len(re.findall(r"^# ", re.sub(r"```.*?```", "", text, flags=re.DOTALL), re.MULTILINE)) == 1


def test_the_index_names_every_page() -> None:
    text = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "docs").rglob("*.md")):
        if path.name != "README.md":
            assert f"({path.relative_to(ROOT / 'docs').as_posix()})" in text
