"""What is handed in to the scalar form: the facts that rules read, as whole numbers and plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from acorn_engine.evaluate.reads import shows
from acorn_engine.evaluate.slots import LOWER_LIMIT, UPPER_LIMIT
from acorn_engine.language.scalar import Input
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acorn_engine.evaluate.reads import RuleReads
    from acorn_engine.evaluate.slots import Slot
    from acorn_engine.facts import FactInfo
    from acorn_engine.language.columns import Leaf


@dataclass(frozen=True, slots=True)
class Reading:
    """One value that is handed in, under the name of its fact, or of a column of instants.

    ``given`` says how it comes. ``factor`` is what a number is multiplied with first, so that it
    can also hold the field that it shows: a price of two decimals where the fact has one.
    """

    name: str
    given: Input
    factor: int = 1


def inputs_of(leaves: Mapping[str, Leaf]) -> dict[str, Input]:
    """Return how facts come that stand in columns: numbers scaled as their columns are."""
    return {name: Input(leaf.type.kind, leaf.scale) for name, leaf in leaves.items()}


def readings_of(
    reads: Iterable[RuleReads],
    inputs: Mapping[str, Input],
    facts: Mapping[str, FactInfo],
    slots: Mapping[str, Slot],
    instants: Iterable[str],
) -> tuple[Reading, ...]:
    """Return what rules read of an offer, each once. Fields are no reading: they start missing.

    Facts that are not among ``inputs`` are missing, but for those that show a field: once that
    has been sent, they are there.
    """
    found: dict[str, Reading] = {}
    names = {name for one in reads for name in one.names} - slots.keys()
    for name in sorted(names | ({LOWER_LIMIT, UPPER_LIMIT} & inputs.keys())):
        given = inputs.get(name)
        field = shows(name, slots)
        if field is not None:
            kind = facts[name].type.kind if name in facts else slots[field].field.type.kind
            given = given or Input(kind, slots[field].digits or 0)
            scale = max(given.scale, slots[field].digits or 0) if kind in {Kind.NUMBER, Kind.MONEY} else 0
            found[name] = Reading(name, Input(kind, scale), 10 ** (scale - given.scale))
        elif given is not None:
            found[name] = Reading(name, given)
    for name in sorted(instants):
        found.setdefault(name, Reading(name, Input(Kind.DATE)))
    return tuple(found.values())
