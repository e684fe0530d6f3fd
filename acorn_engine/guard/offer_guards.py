"""The guards of the chain, asked of every offer in columns; doubtful rows one by one, exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.evaluate.leaves import EMPTY_TYPES, bind_columns, row_values, scale_of, typed
from acorn_engine.evaluate.reads import RuleReads
from acorn_engine.evaluate.slots import slots_of
from acorn_engine.evaluate.staleness import Ages
from acorn_engine.fields import attribute_name
from acorn_engine.guard.model import ROW
from acorn_engine.guard.reasons import Reason
from acorn_engine.language.columns import ColumnBuilder, Leaf
from acorn_engine.types import MISSING, Failure, Kind, Money
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from acorn_engine.evaluate.model import Staleness
    from acorn_engine.facts import FactTable
    from acorn_engine.fields import Field
    from acorn_engine.ruleset import Chain, Guard
    from acorn_engine.sites import SiteClock
    from acorn_engine.types import Value

_OUTCOMES: Final = ("true", "missing", "failed")
NEEDS: Final = "guard '{guard}' needs {facts}, which is missing"
BROKE: Final = "guard '{guard}' could not be worked out"
TOO_OLD: Final = "guard '{guard}' reads {facts}, which is too old"


class OfferGuards:
    """The offer guards of a chain at one instant. ``fields`` are all settable fields by name."""

    def __init__(
        self,
        chain: Chain,
        guards: Sequence[Guard],
        fields: Mapping[str, Field],
        tables: Mapping[str, FactTable],
        clock: SiteClock,
        stale: Staleness,
    ) -> None:
        self._chain, self._guards, self._fields, self._tables, self._clock = chain, guards, fields, tables, clock
        self._ages = Ages(chain.vocabulary.facts, tables, clock, slots_of(chain), stale)

    def ask(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Reason]]:
        """Return the frame with what every guard answers, and the reasons that follow, in order."""
        if not self._guards:
            return frame, []
        facts = bind_columns(frame, self._chain.vocabulary.facts, self._chain.site)
        proposed = self._proposed(frame.schema)
        frame, absent = self._with_absent(typed(frame, facts), {**facts, **proposed})
        leaves = {**facts, **proposed, **absent}
        frame = self._columns(frame, leaves)
        frame = self._exactly(frame, {**facts, **absent}, proposed)
        reasons: list[Reason] = []
        for number, guard in enumerate(self._guards):
            reasons += self._reasons(number, guard, leaves, frame.schema)
        return frame, reasons

    def _proposed(self, schema: Mapping[str, pl.DataType]) -> dict[str, Leaf]:
        site = self._chain.site
        leaves = {}
        for name, field in self._fields.items():
            if attribute_name(name) is None:
                dtype = schema[f"to.{name}"]
                scale = site.digits if field.type.kind is Kind.MONEY else scale_of(dtype)
                leaves[name] = Leaf(f"to.{name}", field.type.at_site(site.currency), scale)
        return leaves

    def _with_absent(self, frame: pl.DataFrame, leaves: Mapping[str, Leaf]) -> tuple[pl.DataFrame, dict[str, Leaf]]:
        """Let facts and fields that a guard reads, and that no column holds, be missing on every row."""
        vocabulary = self._chain.vocabulary
        types = {name: field.type for name, field in vocabulary.fields.items()}
        types |= {name: info.type for name, info in vocabulary.facts.items()}
        reads = {name for guard in self._guards for name in guard.condition.reads}
        absent = {
            name: Leaf(f"~absent.{name}", types[name].at_site(self._chain.site.currency))
            for name in sorted(reads - leaves.keys())
            if name in types
        }
        empty = [pl.lit(None, EMPTY_TYPES[leaf.type.kind]).alias(leaf.column) for leaf in absent.values()]
        return frame.with_columns(empty), absent

    def _columns(self, frame: pl.DataFrame, leaves: Mapping[str, Leaf]) -> pl.DataFrame:
        builder = ColumnBuilder(self._chain.site, self._tables, self._clock.today, leaves, prefix="~guard")
        answers: list[pl.Expr] = []
        for number, guard in enumerate(self._guards):
            operand = builder.add(guard.condition)
            outcomes = dict(zip(_OUTCOMES, (operand.truth(), operand.missing, operand.failed), strict=True))
            answers += [value.alias(f"_guard.{number}.{name}") for name, value in outcomes.items()]
            answers.append(operand.flagged.alias(f"_guard.{number}.doubt"))
        lazy = frame.lazy()
        for level in builder.take_levels():
            lazy = lazy.with_columns(level)
        # As in evaluation: the other engine of Polars stumbles over columns that are constant.
        found = lazy.select(ROW, *answers).collect(engine="streaming")
        return frame.hstack(found.sort(ROW).drop(ROW))

    def _exactly(self, frame: pl.DataFrame, facts: Mapping[str, Leaf], proposed: Mapping[str, Leaf]) -> pl.DataFrame:
        """Ask again, one by one, where the columns could not hold a number."""
        doubts = [f"_guard.{number}.doubt" for number in range(len(self._guards))]
        doubtful = frame.filter(pl.any_horizontal(doubts))
        if doubtful.is_empty():
            return frame.drop(doubts)
        from acorn_engine.language import Reference

        answers: list[dict[str, object]] = []
        for row in doubtful.iter_rows(named=True):
            values = {**row_values(row, facts), **{name: _proposal(row, leaf) for name, leaf in proposed.items()}}
            answer: dict[str, object] = {ROW: row[ROW]}
            for number, guard in enumerate(self._guards):
                reference = Reference(guard.condition.scope, self._tables, self._clock.today)
                value = reference.evaluate(guard.condition, values).value
                told = (value is True, value is MISSING, isinstance(value, Failure))
                answer |= {f"_guard.{number}.{name}": fires for name, fires in zip(_OUTCOMES, told, strict=True)}
            answers.append(answer)
        schema = {name: pl.Boolean() for name in answers[0] if name != ROW}
        exact = pl.DataFrame(answers, schema={ROW: pl.UInt32(), **schema})
        return frame.drop(doubts).update(exact, on=ROW, how="left", maintain_order="left")

    def _reasons(self, number: int, guard: Guard, leaves: Mapping[str, Leaf], schema: pl.Schema) -> list[Reason]:
        named = guard.fields & {name for name, field in self._fields.items() if field.sent}
        fields = named or None
        reads = sorted(guard.condition.reads & leaves.keys())
        absent = _listed([(name, pl.col(leaves[name].column).is_null()) for name in reads])
        who = pl.lit(guard.id)
        true, missing, failed = (pl.col(f"_guard.{number}.{name}") for name in _OUTCOMES)
        verdict = Verdict.REJECT if guard.verdict == "reject" else Verdict.HOLD
        shown = tuple(reads)
        because = guard.because or f"guard '{guard.id}' fired"
        hold = Verdict.HOLD
        reasons = [
            Reason(verdict, "guard", because, true, fields, guard.id, shown),
            Reason(hold, "guard_missing", NEEDS, missing, fields, guard.id, own={"guard": who, "facts": absent}),
            Reason(hold, "guard_failed", BROKE, failed, fields, guard.id, shown, own={"guard": who}),
        ]
        names = (*sorted(guard.condition.reads),)
        stale = self._ages.columns(RuleReads(names, guard.condition.lookups, (), (), ()), leaves, schema)
        if stale:
            old = pl.any_horizontal([expr for _, expr in stale])
            own = {"guard": who, "facts": _listed(stale)}
            reasons.append(Reason(hold, "guard_stale", TOO_OLD, old, fields, guard.id, own=own))
        return reasons


def _listed(names: Sequence[tuple[str, pl.Expr]]) -> pl.Expr:
    """Return the names whose condition is true, separated by commas."""
    chosen = [pl.when(condition).then(pl.lit(name)) for name, condition in names]
    return pl.concat_str(chosen, separator=", ", ignore_nulls=True) if chosen else pl.lit("")


def _proposal(row: Mapping[str, object], leaf: Leaf) -> Value:
    """Return a proposed value of one row: money and integers stand as scaled integers."""
    value = row_values(row, {"it": leaf})["it"]
    if isinstance(value, Money) and leaf.scale:
        return Money(value.amount / 10**leaf.scale, value.currency)
    return value
