"""Adding the plugins' facts to the offers of an account: in order of need, only ever adding."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.facts import FactInfo, FactTable, Offers
from acorn_engine.plugins.isolation import call_in_time, describe
from acorn_engine.plugins.records import Fact
from acorn_engine.problems import PluginError, Problem
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pydantic import BaseModel

    from acorn_engine.marketplace import Account
    from acorn_engine.plugins.host import HookFailure, PluginHost

LARGEST_SCALE: Final = 12
"""Decimals that a number or money fact keeps at most."""


def enrich(
    offers: Offers, account: Account, now: datetime, settings: Mapping[str, BaseModel], host: PluginHost
) -> Offers:
    """Return the offers of one account with every plugin's facts and tables.

    Raises ``PluginError`` when a plugin fails, yields a float, or clashes with another: the
    account's sites are not planned, since a rule could read what is not there.
    """
    answers = host.collect(
        "acorn_facts", (Fact, FactTable), offers=offers.frame.clone(), account=account, now=now, settings=settings
    )
    _raise_failures(answers.failures)
    facts: dict[str, tuple[str, Fact]] = {}
    tables: dict[str, FactTable] = dict(offers.tables)
    table_owners: dict[str, str] = {}
    problems: list[Problem] = []
    for plugin, record in answers.records:
        owner = facts[record.name][0] if record.name in facts else table_owners.get(record.name)
        if owner is not None:
            problems.append(_conflict(record.name, owner, plugin))
        elif record.name in offers.frame.columns:
            problems.append(_conflict(record.name, "the catalogue", plugin))
        elif isinstance(record, FactTable):
            tables[record.name], table_owners[record.name] = record, plugin
        else:
            facts[record.name] = (plugin, record)
    if problems:
        raise PluginError(problems)
    return _add_in_order(offers, facts, tables, host)


def _add_in_order(
    offers: Offers, facts: Mapping[str, tuple[str, Fact]], tables: Mapping[str, FactTable], host: PluginHost
) -> Offers:
    order = _order(facts)
    frame, infos = offers.frame, dict(offers.facts)
    for name in order:
        plugin, fact = facts[name]
        absent = [need for need in fact.needs if need not in frame.columns]
        if absent:
            raise PluginError(
                Problem(
                    code="fact-needs",
                    message=f"fact '{name}' of {plugin} needs {', '.join(absent)}, which nothing provides. Nothing was planned.",
                    hint="install or switch on the plugin that provides it, or add the column to the catalogue",
                )
            )
        try:
            column, scale = _column(fact, frame)
        except Exception as error:
            host.note_failure(plugin, "acorn_facts", f"fact '{name}': {describe(error)}")
            raise PluginError(
                Problem(
                    code="fact-failed",
                    message=f"fact '{name}' of {plugin} failed: {describe(error)}. Nothing was planned.",
                    hint=f'mend the plugin, or switch it off: [plugins] disabled = ["{plugin}"]',
                    params={"fact": name, "plugin": plugin},
                )
            ) from error
        frame = frame.with_columns(column.alias(name))
        infos[name] = FactInfo(
            name,
            fact.type,
            scale,
            fact.source or plugin,
            fact.as_of,
            fact.largest_age,
            fact.description,
            fact.follows_from,
        )
    return Offers(frame, infos, tables)


def _order(facts: Mapping[str, tuple[str, Fact]]) -> list[str]:
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for name in sorted(facts):
        sorter.add(name, *(need for need in facts[name][1].needs if need in facts))
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = " → ".join(error.args[1])
        raise PluginError(
            Problem(code="fact-cycle", message=f"facts need each other in a circle: {circle}. Nothing was planned.")
        ) from error


def _column(fact: Fact, frame: pl.DataFrame) -> tuple[pl.Series, int]:
    if isinstance(fact.values, pl.Expr):
        expression = fact.values.alias(fact.name)  # which may call the plugin's own code
        series = call_in_time(lambda: frame.select(expression)).to_series()
        if series.len() == 1 and frame.height != 1:
            series = series.extend_constant(series[0], frame.height - 1) if frame.height else series.clear()
    else:
        compute = fact.values
        series = call_in_time(lambda: compute(frame.clone()))
        if not isinstance(series, pl.Series):
            raise TypeError(f"its values are {type(series).__name__}, expected a Polars series")
    if series.len() != frame.height:
        raise ValueError(f"it has {series.len()} values for {frame.height} offers")
    return _typed(series, fact)


def _typed(series: pl.Series, fact: Fact) -> tuple[pl.Series, int]:
    kind = fact.type.kind
    if kind in {Kind.NUMBER, Kind.MONEY}:
        return _exact(series)
    wanted: dict[Kind, Any] = {Kind.TEXT: pl.String, Kind.BOOLEAN: pl.Boolean, Kind.DATE: pl.Date}
    if series.dtype == pl.Null or (kind is Kind.TEXT and series.dtype in {pl.Categorical, pl.Enum}):
        return series.cast(wanted[kind]), 0
    if series.dtype != wanted[kind]:
        raise TypeError(f"its values are {series.dtype}, its type is {fact.type}")
    return series, 0


def _exact(series: pl.Series) -> tuple[pl.Series, int]:
    if series.dtype.is_float():
        raise TypeError("its values are binary floats; give decimals, integers or text")
    if series.dtype == pl.Null:
        return series.cast(pl.Int64), 0
    if series.dtype.is_integer():
        return series.cast(pl.Int64), 0
    if series.dtype == pl.String:
        series = series.cast(pl.Decimal(38, LARGEST_SCALE))
    if not isinstance(series.dtype, pl.Decimal):
        raise TypeError(f"its values are {series.dtype}; give decimals, integers or text")
    scale = series.dtype.scale
    if scale > LARGEST_SCALE:
        raise ValueError(f"its values have {scale} decimals, at most {LARGEST_SCALE} are kept")
    return series.cast(pl.Decimal(38, scale)), scale


def _conflict(name: str, first: str, second: str) -> Problem:
    return Problem(
        code="plugin-conflict",
        message=f"fact '{name}' is provided by both {first} and {second}. Nothing was planned.",
        hint=f'rename the column, or switch the plugin off: [plugins] disabled = ["{second}"]',
        params={"name": name, "first": first, "second": second},
    )


def _raise_failures(failures: Sequence[HookFailure]) -> None:
    if not failures:
        return
    raise PluginError(
        [
            Problem(
                code="plugin-failed",
                message=f"{failure.plugin} could not add its facts: {failure.cause}. Nothing was planned.",
                hint=f'mend the plugin, or switch it off: [plugins] disabled = ["{failure.plugin}"]',
                params={"plugin": failure.plugin, "cause": failure.cause},
            )
            for failure in failures
        ]
    )
