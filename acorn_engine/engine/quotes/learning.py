"""From one quote that was worked out in columns to the form of its kind."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.catalog.cells import UnusualError
from acorn_engine.catalog.names import ALWAYS, CURRENT
from acorn_engine.engine.evaluating import known_of
from acorn_engine.engine.quotes.columns import offer_columns
from acorn_engine.engine.quotes.form import PluginFact, QuoteForm
from acorn_engine.evaluate import bind_columns
from acorn_engine.evaluate.scalar import ScalarChain
from acorn_engine.facts import Cell
from acorn_engine.fields import attribute_name
from acorn_engine.guard.candidates import all_fields, sent_fields
from acorn_engine.guard.scalar import OfferJudge
from acorn_engine.guard.scalar.asking import FACT_SCALE
from acorn_engine.guard.settings import Off
from acorn_engine.language.scalar import Input
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.engine.context import Context
    from acorn_engine.engine.evaluating import Evaluated
    from acorn_engine.evaluate.model import Staleness
    from acorn_engine.fields import Field
    from acorn_engine.language.columns import Leaf

_NUMERIC: Final = frozenset({Kind.NUMBER, Kind.MONEY})


def learn(
    context: Context, account: str, offer: Mapping[str, Any], evaluated: Evaluated, files: list[tuple[str, str]]
) -> QuoteForm:
    """Return the form of offers with the columns of ``offer``, which ``evaluated`` is of.

    ``context`` is one without sources. Raises ``UnusualError`` or ``UnjudgeableError`` where offers
    of this kind need the columns.
    """
    chain, offers, clock, site = evaluated.chain, evaluated.offers, evaluated.clock, evaluated.site
    frame, now = offers.frame, clock.now.astimezone(UTC)
    columns, others = offer_columns(context, site, account, offer)
    read = {each.fact for each in columns} | {"account", "sku", "seller_sku"}
    row = frame.row(0, named=True)
    leaves = bind_columns(frame, chain.vocabulary.facts, site)
    plugin_facts = _plugin_facts(evaluated, leaves, read)
    instants = _instants(row, leaves, now)
    stale: Staleness = "off" if isinstance(context.guards.stale, Off) else "hold"
    types = {name: leaf.type for name, leaf in leaves.items()}
    inputs = {name: Input(of.kind, FACT_SCALE if of.kind in _NUMERIC else 0) for name, of in types.items()}
    rules = ScalarChain(chain, inputs, offers.tables, clock, offers.facts, stale)
    proposed = {name: slot.field for name, slot in rules.shown.items()}
    fields = all_fields(proposed)
    _only_what_sites_show(fields, frame)
    whole = {name for name, leaf in leaves.items() if frame.schema[leaf.column].is_integer()}
    known = known_of(context, site, evaluated.accounts)
    return QuoteForm(
        site_name=site.name,
        account=account,
        at=clock.now,
        today=clock.today,
        files=files,
        chain=chain,
        offers=offers,
        stale=stale,
        rules=rules,
        judge=OfferJudge(chain, proposed, context.guards, known, account, types, whole, offers.tables),
        columns=columns,
        others=others,
        types=types,
        whole=whole,
        constants={name: value for name, value in row.items() if name not in read and name not in leaves},
        plugin_facts=plugin_facts,
        instants=instants,
        empty=dict.fromkeys(fields),
    )


def remember(form: QuoteForm, offer: Mapping[str, Any], evaluated: Evaluated) -> None:
    """Remember what plugins said of an offer, after every other fact was found to be read as tables read it.

    Raises ``UnusualError`` where it was not, or where the offer is out of the ordinary.
    """
    frame = evaluated.offers.frame
    row, plugin = frame.row(0, named=True), {fact.name for fact in form.plugin_facts}
    told = {name: _cell(row[name], frame.schema[name]) for name in form.types}
    cells = form.read(offer)
    for name, cell in told.items():
        mine = cells.get(name, Cell(None))
        if name not in plugin and mine != cell and not (mine.value is None and cell.value is None):
            raise UnusualError(name)
    for fact in form.plugin_facts:
        if frame.schema[fact.name].is_integer() != (fact.name in form.whole):
            raise UnusualError(fact.name)
        cells[fact.name] = told[fact.name]
        form.remember(fact, cells, told[fact.name])


def _cell(value: Any, dtype: pl.DataType) -> Cell:
    if not isinstance(value, Decimal):
        return Cell(value)
    scale = dtype.scale if isinstance(dtype, pl.Decimal) else 0
    return Cell(int(Fraction(value) * 10**scale), scale)


def _plugin_facts(evaluated: Evaluated, leaves: Mapping[str, Leaf], read: set[str]) -> list[PluginFact]:
    """Return the facts of plugins, in the order in which they were added. Every one must say what it follows from."""
    plain = {*CURRENT.values(), *(name for names in ALWAYS.values() for name in names)}
    row = evaluated.offers.frame.row(0, named=True)
    found = []
    for name, info in evaluated.offers.facts.items():
        if name in read or name in plain or name.startswith("_"):
            continue
        columns = info.follows_from
        if columns is None or any(isinstance(row.get(column), datetime) for column in columns):
            raise UnusualError(name)
        if name in leaves:
            found.append(PluginFact(name, columns))
    return found


def _instants(row: Mapping[str, Any], leaves: Mapping[str, Leaf], now: datetime) -> list[str]:
    """Return the columns of instants, which hold the present one or nothing."""
    found = [name for name, value in row.items() if isinstance(value, datetime) and name not in leaves]
    if any(row[name] != now for name in found):
        raise UnusualError("an instant that is not the present one")
    return found


def _only_what_sites_show(fields: Mapping[str, Field], frame: pl.DataFrame) -> None:
    """Refuse a plugin's field whose current value a column tells: only tables know how to read it."""
    for each in sent_fields(fields):
        if attribute_name(each.name) is None and each.name not in CURRENT and f"current_{each.name}" in frame.columns:
            raise UnusualError(each.name)
