"""How the value of a settable field is kept: its digits, its column, its limits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.fields import ATTRIBUTE_PREFIX, STANDARD_FIELDS, Field
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from acorn_engine.ruleset import Chain

LARGEST_RESULT: Final = 10**12
"""The largest amount in minor units, or integer, that a rule may set; beyond it is an overflow."""
NUMBER_DIGITS: Final = 6
"""The decimals that are kept of a number that is neither money nor an integer."""
LARGEST_NUMBER: Final = LARGEST_RESULT * 10**NUMBER_DIGITS
LOWER_LIMIT: Final = "floor_price"
UPPER_LIMIT: Final = "ceiling_price"
ALWAYS: Final = (LOWER_LIMIT, UPPER_LIMIT, "minimum_price", "maximum_price", "eligible")
"""The fields that are part of every evaluation, whether a rule sets them or not."""
DEFAULTS: Final = {"minimum_price": LOWER_LIMIT, "maximum_price": UPPER_LIMIT}
"""Where no rule sets the one, it is the other."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A settable field on one site.

    ``digits`` are the decimals kept of a number, ``None`` for everything else. ``json`` marks
    attributes, whose value is JSON text.
    """

    field: Field
    digits: int | None
    json: bool

    @property
    def name(self) -> str:
        """The field's name."""
        return self.field.name

    @property
    def group(self) -> str:
        """The group in which the field is judged."""
        return self.field.group

    @property
    def column(self) -> str:
        """The column of its value."""
        return f"to.{self.field.name}"

    @property
    def kind(self) -> Kind:
        """The kind of what its column holds: attributes are JSON text."""
        return Kind.TEXT if self.json else self.field.type.kind

    @property
    def integer(self) -> bool:
        """Whether its numbers have no decimals."""
        return self.field.type.integer

    @property
    def decimal(self) -> bool:
        """Whether its final column is ``Decimal``: a number that is neither money nor an integer."""
        return self.digits is not None and not self.integer and self.field.type.kind is Kind.NUMBER

    @property
    def largest(self) -> int:
        """The largest magnitude, scaled by ``digits``."""
        return largest(self.field.type.kind, integer=self.field.type.integer)

    @property
    def dtype(self) -> pl.DataType:
        """The type of its column while the rules run."""
        if self.json or self.field.type.kind is Kind.TEXT:
            return pl.String()
        if self.field.type.kind is Kind.BOOLEAN:
            return pl.Boolean()
        return pl.Date() if self.field.type.kind is Kind.DATE else pl.Int64()


def largest(kind: Kind, *, integer: bool) -> int:
    """Return the largest magnitude of a result, scaled by its digits."""
    return LARGEST_RESULT if kind is Kind.MONEY or integer else LARGEST_NUMBER


def digits_of(kind: Kind, *, integer: bool, site_digits: int) -> int | None:
    """Return how many decimals a value keeps when it is assigned; ``None`` where it has none."""
    if kind is Kind.MONEY:
        return site_digits
    if kind is Kind.NUMBER:
        return 0 if integer else NUMBER_DIGITS
    return None


def slots_of(chain: Chain) -> dict[str, Slot]:
    """Return a slot for every field that the chain knows or sets, the standard ones first."""
    fields: dict[str, Field] = {
        **{field.name: field for field in STANDARD_FIELDS if field.name in ALWAYS},
        **chain.vocabulary.fields,
    }
    for rule in chain.rules:
        for assignment in rule.sets:
            fields.setdefault(assignment.field.name, assignment.field)
    return {name: _slot(field, chain.site.digits) for name, field in fields.items()}


def _slot(field: Field, site_digits: int) -> Slot:
    json = field.name.startswith(ATTRIBUTE_PREFIX)
    kind = field.type.kind
    digits = None if json else digits_of(kind, integer=field.type.integer, site_digits=site_digits)
    return Slot(field, digits, json)


def shown(chain: Chain, slots: dict[str, Slot]) -> dict[str, Slot]:
    """Return the slots of the fields that some rule sets, and of those that are always there."""
    named = {assignment.field.name for rule in chain.rules for assignment in rule.sets} | set(ALWAYS)
    return {name: slot for name, slot in slots.items() if name in named}
