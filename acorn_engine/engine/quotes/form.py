"""What quotes of one kind share: offers of one account and site with the same columns, within one minute."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.catalog.cells import UnusualError, clean_key
from acorn_engine.catalog.raw import exact_text
from acorn_engine.engine.quotes.offer import skus
from acorn_engine.evaluate import Tracer
from acorn_engine.evaluate.scalar import Moment
from acorn_engine.explain.late import LateExplanation
from acorn_engine.explain.offer import OfferExplainer
from acorn_engine.facts import Cell
from acorn_engine.guard.scalar import OfferState
from acorn_engine.sites import SiteClock
from acorn_engine.types import MISSING, Kind, Money

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    from acorn_engine.engine.quotes.columns import OfferColumn
    from acorn_engine.evaluate.model import Staleness
    from acorn_engine.evaluate.scalar import ScalarChain
    from acorn_engine.facts import Offers
    from acorn_engine.guard.scalar import OfferJudge
    from acorn_engine.ruleset import Chain
    from acorn_engine.types import Type, Value

MOST_REMEMBERED: Final = 10_000
"""So many values of plugins' facts are remembered."""
_NUMERIC: Final = frozenset({Kind.NUMBER, Kind.MONEY})
_BLANK: Final = Cell(None)


@dataclass(frozen=True, slots=True)
class PluginFact:
    """A fact of a plugin, and the columns that it follows from: facts, or columns that are the same for all."""

    name: str
    follows_from: tuple[str, ...]


@dataclass(slots=True)
class QuoteForm:
    """Everything that is known before an offer is seen.

    ``columns`` read what is handed in, ``others`` are names that no rule can read. ``types`` are
    those of all facts that stand in columns, ``whole`` those in columns of integers, ``constants`` the columns that are the same for all
    offers of the site on this day, ``remembered`` the values of plugins' facts by name and by what
    they follow from. ``instants`` are columns of instants that hold the present one. ``at`` is the
    instant at which the form was made.
    """

    site_name: str
    account: str
    at: datetime
    today: date
    files: list[tuple[str, str]]
    chain: Chain
    offers: Offers
    stale: Staleness
    rules: ScalarChain
    judge: OfferJudge
    columns: Sequence[OfferColumn]
    others: Sequence[str]
    types: Mapping[str, Type]
    whole: Collection[str]
    constants: Mapping[str, Any]
    plugin_facts: Sequence[PluginFact]
    instants: Sequence[str]
    empty: Mapping[str, Any]
    remembered: dict[tuple[str, tuple[Any, ...]], Cell] = field(default_factory=dict)
    _rule_tables: tuple[Mapping[str, Any], ...] = ()
    _guard_tables: tuple[Mapping[str, Any], ...] = ()
    _places: Sequence[tuple[str, int | None]] = ()
    _tags: Sequence[tuple[str, str]] = ()

    def __post_init__(self) -> None:
        tables = self.offers.tables
        self._rule_tables, self._guard_tables = self.rules.tables(tables), self.judge.tables(tables)
        self._tags = [(name, of.tag_column) for name, of in self.types.items() if of.tag_column is not None]
        self._places = [
            (each.name, each.given.scale if each.given.kind in _NUMERIC else None) for each in self.rules.readings
        ]

    def answer(self, offer: Mapping[str, Any], clock: SiteClock) -> LateExplanation:
        """Explain an offer. Raises ``UnusualError`` where only the columns can."""
        cells = self.cells(offer)
        moment = Moment(clock.now, self.offers.tables, clock.site.currency)
        outcome = self.rules.run(self._handed_in(cells, clock), self._rule_tables, self.today, moment)
        state = OfferState(
            cells,
            {**self.empty, **dict(zip(self.rules.shown, outcome.values, strict=True))},
            dict(zip(self.rules.shown, outcome.rules, strict=True)),
            dict(zip(self.rules.groups, outcome.holds, strict=True)),
        )
        changes = self.judge.judge(state, self._guard_tables, self.today, moment)
        sku, seller_sku = cells["sku"].value, cells["seller_sku"].value
        return LateExplanation(clock, self.account, seller_sku, sku, changes, lambda: self._explainer(cells, clock))

    def cells(self, offer: Mapping[str, Any]) -> dict[str, Cell]:
        """Return the offer's facts, those of plugins included."""
        cells = self.read(offer)
        for fact in self.plugin_facts:
            found = self.remembered.get((fact.name, self.followed(fact, cells)))
            if found is None:
                raise UnusualError(fact.name)
            cells[fact.name] = found
        return cells

    def read(self, offer: Mapping[str, Any]) -> dict[str, Cell]:
        """Return what the offer's own columns say."""
        sku, seller_sku = skus(offer)
        cells = {
            "account": Cell(self.account),
            "sku": Cell(clean_key(sku)),
            "seller_sku": Cell(clean_key(seller_sku)),
        }
        for each in self.columns:
            cells[each.fact] = each.read(None if each.name is None else offer[each.name])
        for name in self.others:
            self._readable(offer[name])
        for name, tag in self._tags:
            # A table says what is wrong with an amount whose currency is missing.
            if cells.get(name, _BLANK).value is not None and cells.get(tag, _BLANK).value is None:
                raise UnusualError(name)
        return cells

    def followed(self, fact: PluginFact, cells: Mapping[str, Cell]) -> tuple[Any, ...]:
        """Return what a plugin's fact of an offer follows from."""
        return tuple(cells[name] if name in cells else self.constants.get(name) for name in fact.follows_from)

    def remember(self, fact: PluginFact, cells: Mapping[str, Cell], value: Cell) -> None:
        """Remember the value of a plugin's fact."""
        if len(self.remembered) >= MOST_REMEMBERED:
            self.remembered.clear()
        self.remembered[fact.name, self.followed(fact, cells)] = value

    @staticmethod
    def _readable(value: object) -> None:
        try:
            exact_text(value)
        except TypeError as error:
            raise UnusualError from error

    def _handed_in(self, cells: Mapping[str, Cell], clock: SiteClock) -> list[Any]:
        given: list[Any] = []
        for name, scale in self._places:
            cell = cells.get(name, _BLANK)
            value = clock.now.astimezone(UTC) if name in self.instants else cell.value
            given.append(value if value is None or scale is None else value * 10 ** (scale - cell.scale))
        return given

    def values(self, cells: Mapping[str, Cell], clock: SiteClock) -> dict[str, Value | datetime]:
        """Return the offer's facts as exact values, with the instants of their columns."""
        values: dict[str, Value | datetime] = {name: clock.now.astimezone(UTC) for name in self.instants}
        for name, of in self.types.items():
            values[name] = self._value(cells.get(name, _BLANK), of, cells)
        return values

    def _value(self, cell: Cell, of: Type, cells: Mapping[str, Cell]) -> Value:
        if cell.value is None:
            return MISSING
        if of.kind not in _NUMERIC:
            value: Value = cell.value
            return value
        amount = Fraction(cell.value, 10**cell.scale)
        if of.kind is Kind.NUMBER:
            return amount
        tag = cells.get(of.tag_column, _BLANK).value if of.tag_column else of.at_site(self.chain.site.currency).tag
        return Money(amount, tag) if tag else MISSING

    def _explainer(self, cells: Mapping[str, Cell], clock: SiteClock) -> OfferExplainer:
        """Return who explains the offer line by line: the trace tells what each rule did."""
        facts = {
            name: replace(info, as_of=clock.now) if info.as_of == self.at else info
            for name, info in self.offers.facts.items()
        }
        vocabulary = replace(
            self.chain.vocabulary, facts={name: info for name, info in facts.items() if not name.startswith("_")}
        )
        chain, tables = replace(self.chain, vocabulary=vocabulary), self.offers.tables
        values = self.values(cells, clock)
        keys = {"account": self.account, "site": self.site_name}
        keys |= {name: cells[name].value for name in ("seller_sku", "sku")}
        trace = Tracer(chain, tables, clock, facts, self.stale).trace(values)
        return OfferExplainer(chain, {**values, **keys}, trace, clock, tables, vocabulary.facts)
