"""A small world for judging: one site, hand-made proposals, chains of guards."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.evaluate import Proposals
from acorn_engine.facts import FactInfo
from acorn_engine.fields import STANDARD_FIELDS, Field
from acorn_engine.guard import GuardSettings, Judged, Known, judge
from acorn_engine.language import Scope, check, parse
from acorn_engine.problems import Place
from acorn_engine.ruleset.model import Assignment, Chain, Guard, Rule, Vocabulary
from acorn_engine.sites import Site, SiteClock
from acorn_engine.types import BOOLEAN, DATE, INTEGER, NUMBER, SITE_MONEY, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.facts import FactTable
    from acorn_engine.plugins.records import GuardSpec

SITE = Site("amazon.de", "amazon", "A1PA6795UKMFR9", "DE", "EUR", 2, "de_DE", "eu", "Europe/Berlin", tax_included=True)
CLOCK = SiteClock(SITE, datetime(2026, 11, 23, 9, 30, tzinfo=UTC))
FIELDS = {field.name: field for field in STANDARD_FIELDS}
MONEY = pl.Decimal(38, 2)

FACTS = {
    info.name: info
    for info in (
        FactInfo("current_price", SITE_MONEY, 2),
        FactInfo("current_sale_price", SITE_MONEY, 2),
        FactInfo("current_sale_from", DATE),
        FactInfo("current_sale_to", DATE),
        FactInfo("current_minimum_price", SITE_MONEY, 2),
        FactInfo("current_maximum_price", SITE_MONEY, 2),
        FactInfo("current_quantity", INTEGER),
        FactInfo("current_handling_days", INTEGER),
        FactInfo("stock", INTEGER),
        FactInfo("fulfilment", TEXT),
        FactInfo("competitor_price", SITE_MONEY, 2),
        FactInfo("margin", NUMBER, 4),
        FactInfo("clearance", BOOLEAN),
        FactInfo("brand", TEXT),
        FactInfo("floor_price", SITE_MONEY, 2),
        FactInfo("ceiling_price", SITE_MONEY, 2),
    )
}
PLAN_NAMES = dict.fromkeys(("changed_share", "changed_count", "held_share", "offers"), NUMBER)
_SCHEMA: dict[str, Any] = {
    "current_price": MONEY,
    "current_sale_price": MONEY,
    "current_sale_from": pl.Date,
    "current_sale_to": pl.Date,
    "current_minimum_price": MONEY,
    "current_maximum_price": MONEY,
    "current_quantity": pl.Int64,
    "current_handling_days": pl.Int64,
    "current_attributes": pl.String,
    "stock": pl.Int64,
    "fulfilment": pl.String,
    "competitor_price": MONEY,
    "margin": pl.Decimal(38, 4),
    "clearance": pl.Boolean,
    "brand": pl.String,
    "other_prices": pl.String,
    "product_type": pl.String,
    "_pending": pl.String,
    "_quantity_owner": pl.Boolean,
    "_neighbours": pl.String,
    "_read": pl.Boolean,
    "_fact_problem": pl.String,
    "_considered": pl.Boolean,
}
_DEFAULTS: dict[str, Any] = {
    "account": "eu",
    "site": "amazon.de",
    "fulfilment": "merchant",
    "product_type": "SHIRT",
    "stock": 100,
    "_pending": "",
    "_quantity_owner": True,
    "_read": True,
    "_considered": True,
    "other_prices": "[]",
    "floor": "20.00",
    "current_price": "27.99",
    "current_minimum_price": "20.00",
    "eligible": True,
}


def offer(sku: str = "A", **values: Any) -> dict[str, Any]:
    """Describe one offer: facts by name, proposals by field; money as text."""
    return {**_DEFAULTS, "seller_sku": sku, "sku": f"P-{sku}", **values}


def proposals(*offers: Mapping[str, Any], attributes: Sequence[str] = ()) -> Proposals:
    """Return hand-made proposals of offers."""
    fields = dict(FIELDS) | {
        f"attributes.{name}": Field(f"attributes.{name}", TEXT, "none", f"attributes.{name}") for name in attributes
    }
    columns: dict[str, Any] = {
        name: [row.get(name) for row in offers] for name in ("account", "site", "seller_sku", "sku")
    }
    frame = {name: pl.Series(name, values, pl.String) for name, values in columns.items()}
    for name, dtype in _SCHEMA.items():
        frame[name] = pl.Series(name, [_fact(row.get(name), dtype) for row in offers], dtype)
    for name, field in fields.items():
        key = {"floor_price": "floor", "ceiling_price": "ceiling"}.get(name, name)
        values = [_proposed(row, name, key, field) for row in offers]
        frame[f"to.{name}"] = pl.Series(f"to.{name}", values, _dtype(field))
        rules = [row.get(f"rule.{name}", "r1" if row.get(key) is not None and field.sent else None) for row in offers]
        frame[f"rule.{name}"] = pl.Series(f"rule.{name}", rules, pl.String)
    for group in {field.group for field in fields.values()}:
        for part in ("hold", "hold_code", "hold_facts"):
            name = f"{part}.{group}"
            frame[name] = pl.Series(name, [row.get(name) for row in offers], pl.String)
    return Proposals(pl.DataFrame(frame), fields, tuple(sorted({field.group for field in fields.values()})))


def _proposed(row: Mapping[str, Any], name: str, key: str, field: Field) -> Any:
    value = row.get(key)
    if value is None and name in {"minimum_price", "maximum_price"}:
        value = row.get({"minimum_price": "floor", "maximum_price": "ceiling"}[name])
    if isinstance(value, str) and field.type == SITE_MONEY:
        return int(Decimal(value) * 100)
    return value


def _dtype(field: Field) -> Any:
    if field.type in {SITE_MONEY, INTEGER}:
        return pl.Int64
    return {BOOLEAN: pl.Boolean, DATE: pl.Date}.get(field.type, pl.String)


def _fact(value: Any, dtype: Any) -> Any:
    return Decimal(value) if isinstance(value, str) and isinstance(dtype, pl.Decimal) else value


def vocabulary(facts: Mapping[str, FactInfo] | None = None) -> Vocabulary:
    """Return the words of the small world."""
    return Vocabulary(SITE, {**FACTS, **(facts or {})}, FIELDS)


def guard(spec: GuardSpec, facts: Mapping[str, FactInfo] | None = None) -> Guard:
    """Return a checked guard."""
    words = vocabulary(facts)
    names = (
        PLAN_NAMES
        if spec.verdict == "halt"
        else {name: one.type for name, one in (*words.fields.items(), *words.facts.items())}
    )
    condition = check(parse(spec.condition), Scope(SITE, names), BOOLEAN)
    fields = frozenset(spec.fields) or frozenset(condition.reads & words.fields.keys())
    return Guard(spec.id, spec.verdict, condition, spec.because, fields, None)


def rule(name: str, *sets: str, because: str = "", when: str | None = None, **values: str) -> Rule:
    """Return a rule that sets fields to 0 (only the names matter to judging), or to expressions."""
    words = vocabulary()
    scope = Scope(SITE, {key: one.type for key, one in (*words.fields.items(), *words.facts.items())})
    place = Place("rules.yaml", 1)
    made = [Assignment(FIELDS[one], None, 0, place) for one in sets]
    made += [
        Assignment(FIELDS[one], check(parse(text), scope, FIELDS[one].type), None, place)
        for one, text in values.items()
    ]
    condition = check(parse(when), scope, BOOLEAN) if when else None
    return Rule(name, condition, tuple(made), because, False, None, None, (), place, "rules.yaml")


def chain(*specs: GuardSpec, rules: Sequence[Rule] | None = None, facts: Mapping[str, FactInfo] | None = None) -> Chain:
    """Return a chain with these guards, and by default a rule ``r1`` that sets a price."""
    guards = [guard(spec, facts) for spec in specs]
    return Chain(
        site=SITE,
        files=(),
        rules=tuple([rule("r1", "price", because="made by hand")] if rules is None else rules),
        guards=tuple(one for one in guards if one.verdict != "halt"),
        plan_guards=tuple(one for one in guards if one.verdict == "halt"),
        digest="0" * 64,
        warnings=(),
        text={},
        vocabulary=vocabulary(facts),
    )


def judged(
    *offers: Mapping[str, Any],
    guards: Sequence[GuardSpec] = (),
    settings: GuardSettings | None = None,
    known: Known | None = None,
    attributes: Sequence[str] = (),
    rules: Sequence[Rule] | None = None,
    facts: Mapping[str, FactInfo] | None = None,
    tables: Mapping[str, FactTable] | None = None,
    built_in: bool = False,
    clock: SiteClock = CLOCK,
) -> Judged:
    """Judge offers under the given guards; with ``built_in`` under those of the settings too."""
    settings = settings or GuardSettings()
    specs = [*(settings.specs() if built_in else ()), *guards]
    made = proposals(*offers, attributes=attributes)
    return judge(
        chain(*specs, rules=rules, facts=facts), made, clock, settings, known or Known(offers=len(offers)), tables
    )


def verdicts(result: Judged, sku: str = "A") -> dict[str, tuple[str, str]]:
    """Return verdict and code of an offer's changes by field."""
    some = result.changes.filter(pl.col("seller_sku") == sku)
    return {field: (verdict, code) for field, verdict, code in some.select("field", "verdict", "code").iter_rows()}


def change(result: Judged, field: str, sku: str = "A") -> dict[str, Any]:
    """Return the one change of a field of an offer."""
    some = result.changes.filter((pl.col("seller_sku") == sku) & (pl.col("field") == field))
    assert some.height == 1, result.changes
    return some.row(0, named=True)


TODAY = date(2026, 11, 23)
