"""What an evaluation gives: proposals for all offers of a site, or the trace of one offer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from acorn_engine.fields import Field
    from acorn_engine.types import Value

Staleness: TypeAlias = Literal["hold", "off"]
HoldCode: TypeAlias = Literal["missing", "failed", "stale", "moves_every_run", "overflow"]
Outcome: TypeAlias = Literal["applied", "held", "false", "missing", "failed", "locked", "inactive"]

HOLD_CODES: Final[tuple[HoldCode, ...]] = ("missing", "failed", "stale", "moves_every_run", "overflow")


@dataclass(frozen=True, slots=True)
class Proposals:
    """What the rules propose for every offer of a site.

    ``frame`` has the offers' rows in their order, all their columns, and

    * ``to.FIELD`` for each of ``fields``: money in minor units of the site's currency and
      integers as ``Int64``, other numbers as ``Decimal(38, 6)``, ``Boolean``, ``Date``, text,
      attributes as JSON text; null is missing;
    * ``rule.FIELD``: the id of the last rule whose set applied, an ``Enum`` of all ids, or null;
    * ``hold.GROUP``: the id of the first rule that held the group, or null, with
      ``hold_code.GROUP`` (a ``HoldCode``) and ``hold_facts.GROUP`` (the names of the missing or
      stale facts and tables, separated by commas, or null);
    * ``scalar``: the row took the exact scalar form. ``scalar_rows`` counts them.
    """

    frame: pl.DataFrame
    fields: Mapping[str, Field]
    groups: tuple[str, ...]
    scalar_rows: int = 0


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a field group is held: by which rule, and which facts were missing or stale."""

    rule: str
    code: HoldCode
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetStep:
    """One field of a rule that ran: the value before and after it.

    ``problem`` says why the set did not work: ``missing``, ``overflow``, or the code of a
    failure; ``locked`` that a final rule had the last word.
    """

    field: str
    before: Value
    after: Value
    problem: str | None = None
    locked: bool = False


@dataclass(frozen=True, slots=True)
class RuleStep:
    """What one rule did to one offer.

    ``missing`` are the facts that were missing in ``when``; ``code`` and ``facts`` say why the
    rule held the groups of its fields.
    """

    rule: str
    outcome: Outcome
    missing: tuple[str, ...] = ()
    sets: tuple[SetStep, ...] = ()
    code: HoldCode | None = None
    facts: tuple[str, ...] = ()
    message: str | None = None


@dataclass(frozen=True, slots=True)
class OfferTrace:
    """How one offer came to its values.

    ``values`` are the final values by field after their rounding: ``Money``, ``Fraction``, text
    and so on, attributes as JSON text, ``MISSING`` where nothing was set. ``rules`` names the last rule whose set applied, ``holds`` the
    held groups, ``last_rule`` the last rule that applied at all.
    """

    steps: tuple[RuleStep, ...]
    values: Mapping[str, Value]
    rules: Mapping[str, str | None]
    holds: Mapping[str, Hold]
    last_rule: str | None = None
