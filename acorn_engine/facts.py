"""Offers and their facts: typed columns that know where they come from and how old they are."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from fractions import Fraction

    import polars as pl

    from acorn_engine.types import Type

KEYS: Final = ("account", "site", "seller_sku")
"""What identifies an offer."""


class Cell(NamedTuple):
    """A fact of one offer: a number scaled by ``10**scale``, or a plain value; ``None`` is missing."""

    value: Any
    scale: int = 0


@dataclass(frozen=True, slots=True)
class FactInfo:
    """What is known of one column of the offers.

    ``scale`` is the number of decimals of a number or money column. ``source`` says where the
    values come from, in words for a person. ``as_of`` is one aware instant, or the name of a
    ``Datetime("us", "UTC")`` column of the frame that holds each row's; ``None`` is undated.
    ``largest_age`` is how old a value may be; ``None`` is for ever. ``follows_from`` are the
    columns from which the value of an offer that stands alone follows; ``None`` is unknown.
    """

    name: str
    type: Type
    scale: int = 0
    source: str = ""
    as_of: datetime | str | None = None
    largest_age: timedelta | None = None
    description: str = ""
    follows_from: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class TableEntry:
    """One number of a table, exact, with its source and age.

    ``stale`` says that it is too old already, ``expires_at`` when it will be.
    """

    value: Fraction
    source: str = ""
    as_of: datetime | None = None
    stale: bool = False
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class FactTable:
    """A fact that is looked up by text: exchange rates by currency, say.

    ``entries`` maps a site's currency to key to entry: ``entries["EUR"]["USD"]`` is the number
    for USD on a site in EUR. Functions read it with ``lookup('NAME', key)``; an absent key is
    missing.
    """

    name: str
    entries: Mapping[str, Mapping[str, TableEntry]]
    source: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Offers:
    """All offers of one or more sites, one row each.

    ``frame`` has the key columns ``account, site, seller_sku`` (String, never null, unique
    together), ``sku`` and every fact. Numbers and money are ``Decimal(38, scale)`` or ``Int64``
    (scale 0), text is ``String``, booleans ``Boolean``, dates ``Date``; never a float. Missing is
    null. What the site shows is in ``current_price`` and so on.
    """

    frame: pl.DataFrame
    facts: Mapping[str, FactInfo]
    tables: Mapping[str, FactTable] = field(default_factory=dict)
