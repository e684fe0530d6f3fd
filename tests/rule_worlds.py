"""A small world of facts, offers and rules, for tests of what rules do."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import polars as pl

from acorn_engine.evaluate import Tracer, bind_columns, evaluate, row_values
from acorn_engine.facts import FactInfo, FactTable, Offers, TableEntry
from acorn_engine.fields import STANDARD_FIELDS
from acorn_engine.plugins.records import Function, Parameter
from acorn_engine.ruleset import Vocabulary, load_chain
from acorn_engine.sites import Site, SiteClock
from acorn_engine.types import BOOLEAN, DATE, INTEGER, NUMBER, SITE_MONEY, TEXT, Kind, Type, money

NOW = datetime(2026, 3, 2, 11, tzinfo=UTC)  # a Monday, noon in Berlin
DE = Site("amazon.de", "amazon", "A1", "DE", "EUR", 2, "de_DE", "eu", "Europe/Berlin", True)
JP = Site("amazon.co.jp", "amazon", "A2", "JP", "JPY", 0, "ja_JP", "fe", "Asia/Tokyo", True)
CLOCK = SiteClock(DE, NOW)
TYPES = {
    "cost": money("cost_currency"),
    "cost_currency": TEXT,
    "vat_rate": NUMBER,
    "competitor_price": SITE_MONEY,
    "stock": INTEGER,
    "weight_kg": NUMBER,
    "brand": TEXT,
    "clearance": BOOLEAN,
    "launched": DATE,
    "floor_price": SITE_MONEY,
    "ceiling_price": SITE_MONEY,
    "current_price": SITE_MONEY,
    "current_quantity": INTEGER,
}
FX = Function(
    "fx",
    (Parameter("given", Type(Kind.MONEY, None)),),
    SITE_MONEY,
    "site_money(amount(given) * lookup('rate', currency_of(given)))",
    "fx(cost)",
)


def schema(site=DE):
    """Return the types of the columns of an offers frame."""
    dtypes = {Kind.TEXT: pl.String, Kind.BOOLEAN: pl.Boolean, Kind.DATE: pl.Date, Kind.NUMBER: pl.Decimal(38, 4)}
    return {
        name: pl.Int64
        if of.integer
        else pl.Decimal(38, 2 if name == "cost" else site.digits)
        if of.kind is Kind.MONEY
        else dtypes[of.kind]
        for name, of in TYPES.items()
    }


def rates(site=DE, **of):
    """Return the table of rates; ``USD=(value, stale)`` or a value."""
    given = {site.currency: "1", **(of or {"USD": "0.92", "CNY": "0.13"})}
    entries = {
        key: TableEntry(Fraction(value[0] if isinstance(value, tuple) else value), stale=isinstance(value, tuple))
        for key, value in given.items()
    }
    return {"rate": FactTable("rate", {site.currency: entries})}


def facts(**changed):
    """Return what is known of each fact; ``stock=dict(largest_age=…)`` changes one."""
    return {name: FactInfo(name, of, **changed.get(name, {})) for name, of in TYPES.items()}


def vocabulary(site=DE, known=None, fields=(), functions=()):
    return Vocabulary(
        site,
        known or facts(),
        {field.name: field for field in (*STANDARD_FIELDS, *fields)},
        {function.name: function for function in (FX, *functions)},
    )


def chain_of(rules, site=DE, known=None, fields=(), rest=""):
    """Return a chain of one file whose ``rules:`` are the given YAML."""
    lines = "\n".join(f"  {line}" if line else "" for line in rules.strip("\n").splitlines())
    return load_chain([("test.yaml", f"acorn: 1\nrules:\n{lines}\n{rest}")], vocabulary(site, known, fields))


def offers_of(*rows, site=DE, known=None, tables=None, extra=None):
    """Return offers; what a row does not name is missing. Amounts are texts of decimals."""
    of = {**schema(site), **(extra or {})}

    def cell(name, value):
        return Decimal(value) if isinstance(of.get(name), pl.Decimal) and value is not None else value

    filled = [
        {
            "account": "eu",
            "site": site.name,
            "seller_sku": f"S{number}",
            **dict.fromkeys(of),
            **{k: cell(k, v) for k, v in row.items()},
        }
        for number, row in enumerate(rows)
    ]
    keys = dict.fromkeys(("account", "site", "seller_sku"), pl.String)
    return Offers(pl.DataFrame(filled, schema={**keys, **of}), known or facts(), tables or rates(site))


def outcome(chain, *rows, clock=CLOCK, stale="hold", **options):
    """Return the proposals as rows, after checking that columns and trace agree on every row."""
    offers = offers_of(*rows, site=chain.site, **options)
    proposals = evaluate(chain, offers, clock, stale)
    agree(chain, offers, proposals, clock, stale)
    return proposals.frame.rows(named=True)


def agree(chain, offers, proposals, clock=CLOCK, stale="hold", message=""):
    """Compare every proposal, and what the scalar form says, with the trace of its offer."""
    from acorn_engine.evaluate.scalar import ScalarChain, inputs_of, run_rows
    from acorn_engine.evaluate.scalar_rows import trace_row

    tracer = Tracer(chain, offers.tables, clock, offers.facts, stale)
    leaves = bind_columns(offers.frame, offers.facts, chain.site)
    compiled = ScalarChain(chain, inputs_of(leaves), offers.tables, clock, offers.facts, stale)
    scalar = run_rows(compiled, offers.frame, leaves, offers.tables, clock)
    rows = (proposals.frame.rows(named=True), offers.frame.rows(named=True), scalar)
    for row, given, told in zip(*rows, strict=True):
        trace = tracer.trace(row_values(given, leaves))
        expected = trace_row(trace, tracer.shown, proposals.groups)
        differing = {name: (told[name], value) for name, value in expected.items() if told[name] != value}
        assert not differing, f"{message}\n(scalar form, trace) {differing}\nrow {given}\n{trace.steps}"
        differing = {name: (row[name], value) for name, value in expected.items() if row[name] != value}
        assert not differing, (
            f"{message}\n(columns, trace) {differing}\nrow {given}\nscalar {row['scalar']}\n{trace.steps}"
        )
