"""What is wrong with a record that a plugin yielded: dataclasses hold whatever they are given."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any, Final, get_args

from pydantic import BaseModel

from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.fields import Field, Rounding
from acorn_engine.plugins.records import (
    CatalogSource,
    Command,
    Fact,
    Function,
    GuardSpec,
    Parameter,
    RuleKind,
    Settings,
)
from acorn_engine.types import Type

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
"""A name that a rule can write; a leading underscore is the engine's own."""
_OTHER_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.\-]{0,99}")
_WAVES: Final = (0, 1, 2)
_VERDICTS: Final = ("reject", "hold", "halt")


def record_fault(record: Any) -> str | None:
    """Return what a record has wrong, in words for the plugin's author, or ``None``."""
    check = _CHECKS.get(type(record))
    return check(record) if check is not None else None


def _first(*told: str | None) -> str | None:
    return next((one for one in told if one is not None), None)


def _named(record: Any, name: object, pattern: re.Pattern[str] = _NAME) -> str | None:
    if isinstance(name, str) and pattern.fullmatch(name):
        return None
    return f"{type(record).__name__} has the name {_shown(name)}; a name begins with a letter and has letters, digits and _"


def _shown(value: object) -> str:
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # whatever a plugin's object raises
        text = type(value).__name__
    return text if len(text) <= 60 else f"{text[:60]}…"


def _must(record: Any, good: bool, part: str, wanted: str) -> str | None:
    if good:
        return None
    return f"{type(record).__name__} {_shown(getattr(record, 'name', None) or getattr(record, 'id', None))}: {part} must be {wanted}"


def _model(model: object) -> bool:
    return inspect.isclass(model) and issubclass(model, BaseModel)


def _settings(record: Settings) -> str | None:
    return _first(
        _named(record, record.section, _OTHER_NAME),
        _must(record, _model(record.model), "its model", "a pydantic model class"),
    )


def _source(record: CatalogSource) -> str | None:
    return _first(
        _named(record, record.name, _OTHER_NAME),
        _must(record, _model(record.options), "its options", "a pydantic model class"),
        _must(record, callable(record.read), "read", "callable"),
    )


def _function(record: Function) -> str | None:
    whole = isinstance(record.parameters, tuple) and all(isinstance(one, Parameter) for one in record.parameters)
    defined = isinstance(record.definition, str) or callable(record.definition)
    return _first(
        _named(record, record.name),
        _must(record, whole, "parameters", "a tuple of Parameter"),
        next((told for one in record.parameters if (told := _parameter(record, one))), None) if whole else None,
        _must(record, record.returns is None or isinstance(record.returns, Type), "returns", "a Type or None"),
        _must(record, defined, "definition", "text or callable"),
    )


def _parameter(record: Function, parameter: Parameter) -> str | None:
    return _first(
        _named(parameter, parameter.name),
        _must(
            record,
            parameter.type is None or isinstance(parameter.type, Type),
            f"the type of '{parameter.name}'",
            "a Type or None",
        ),
        _must(
            record, not isinstance(parameter.default, float), f"the default of '{parameter.name}'", "exact, no float"
        ),
    )


def _field(record: Field) -> str | None:
    waves = record.decrease_wave in _WAVES and record.increase_wave in _WAVES
    mine = not str(record.name).startswith("current_")
    return _first(
        _named(record, record.name),
        _must(record, mine, "its name", "without 'current_', which is what a site shows"),
        _must(record, isinstance(record.type, Type), "type", "a Type"),
        _must(record, record.rounding in get_args(Rounding), "rounding", f"one of {', '.join(get_args(Rounding))}"),
        _must(record, isinstance(record.group, str) and bool(record.group), "group", "text"),
        _must(record, waves, "its waves", "0, 1 or 2"),
    )


def _kind(record: RuleKind) -> str | None:
    return _first(
        _named(record, record.name),
        _must(record, _model(record.model), "its model", "a pydantic model class"),
        _must(record, callable(record.expand), "expand", "callable"),
    )


def _fact(record: Fact) -> str | None:
    import polars as pl

    instant = record.as_of
    aware = isinstance(instant, datetime) and instant.tzinfo is not None
    mine = not str(record.name).startswith("current_")
    return _first(
        _named(record, record.name),
        _must(record, mine, "its name", "without 'current_', which is what a site shows"),
        _must(record, isinstance(record.type, Type), "type", "a Type"),
        _must(
            record, isinstance(record.values, pl.Expr) or callable(record.values), "values", "an expression or callable"
        ),
        _must(record, instant is None or isinstance(instant, str) or aware, "as_of", "aware, a column's name, or None"),
        _must(
            record,
            record.largest_age is None or isinstance(record.largest_age, timedelta),
            "largest_age",
            "a timedelta or None",
        ),
        _must(
            record,
            isinstance(record.needs, tuple) and all(isinstance(need, str) for need in record.needs),
            "needs",
            "a tuple of names",
        ),
        _must(
            record,
            record.follows_from is None
            or (isinstance(record.follows_from, tuple) and all(isinstance(one, str) for one in record.follows_from)),
            "follows_from",
            "a tuple of names or None",
        ),
    )


def _table(record: FactTable) -> str | None:
    whole = isinstance(record.entries, Mapping) and all(isinstance(one, Mapping) for one in record.entries.values())
    wrong = (
        next(
            (
                (site, key)
                for site, entries in record.entries.items()
                for key, entry in entries.items()
                if not isinstance(key, str) or not _exact_entry(entry)
            ),
            None,
        )
        if whole
        else None
    )
    return _first(
        _named(record, record.name),
        _must(record, whole, "entries", "a mapping of mappings"),
        _must(record, wrong is None, f"the entry {_shown(wrong)}", "a TableEntry with a Fraction and aware instants"),
    )


def _exact_entry(entry: object) -> bool:
    if not isinstance(entry, TableEntry) or not isinstance(entry.value, (int, Fraction)):
        return False
    instants = (entry.as_of, entry.expires_at)
    return all(one is None or (isinstance(one, datetime) and one.tzinfo is not None) for one in instants)


def _guard(record: GuardSpec) -> str | None:
    texts = isinstance(record.condition, str) and isinstance(record.because, str)
    named = isinstance(record.fields, tuple) and all(isinstance(name, str) for name in record.fields)
    return _first(
        _must(record, isinstance(record.id, str) and bool(_OTHER_NAME.fullmatch(record.id)), "its id", "a plain name"),
        _must(record, record.verdict in _VERDICTS, "its verdict", f"one of {', '.join(_VERDICTS)}"),
        _must(record, texts, "condition and because", "text"),
        _must(record, named, "fields", "a tuple of names"),
    )


def _command(record: Command) -> str | None:
    return _first(
        _named(record, record.name, _OTHER_NAME), _must(record, callable(record.function), "function", "callable")
    )


_CHECKS: Final[dict[type, Any]] = {
    Settings: _settings,
    CatalogSource: _source,
    Function: _function,
    Field: _field,
    RuleKind: _kind,
    Fact: _fact,
    FactTable: _table,
    GuardSpec: _guard,
    Command: _command,
}
