"""The records that hooks yield: frozen, typed, testable without the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from acorn_engine.facts import FactTable
from acorn_engine.fields import Field
from acorn_engine.types import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime, timedelta

    import polars as pl
    from pydantic import BaseModel

    from acorn_engine.problems import Problem

__all__ = [
    "Approval",
    "CatalogRequest",
    "CatalogSource",
    "Command",
    "Fact",
    "FactTable",
    "Field",
    "Function",
    "GuardSpec",
    "Parameter",
    "RuleKind",
    "RuleSpec",
    "Settings",
]


@dataclass(frozen=True, slots=True)
class Settings:
    """A section of the project file: its name and the pydantic model that validates it.

    The model should forbid unknown keys and give every key a default and a description.
    """

    section: str
    model: type[BaseModel]


@dataclass(frozen=True, slots=True)
class CatalogRequest:
    """What a catalogue source is asked for.

    ``options`` are the section's keys that the engine does not use itself, validated by the
    source's own model. ``root`` is the folder that relative paths start from. ``report`` takes
    problems that do not stop the reading; what does is raised as ``CatalogError``.
    """

    role: Literal["products", "listings"]
    root: str
    options: BaseModel
    report: Callable[[Problem], None] = field(default=lambda _problem: None)


@dataclass(frozen=True, slots=True)
class CatalogSource:
    """A named way to read products or listings.

    ``read`` returns the rows as they stand: a Polars frame whose columns are text, or already
    exact (integers, decimals, booleans, dates), and the instant at which they held true. A column
    ``_row`` (UInt32), where there is one, is each row's number as a spreadsheet shows it.
    """

    name: str
    options: type[BaseModel]
    read: Callable[[CatalogRequest], tuple[pl.DataFrame, datetime | None]]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a function.

    ``literal`` parameters must be written as literals and are handed to a callable definition;
    ``choices`` are the only texts allowed; ``default`` makes a literal parameter optional.
    ``type`` may be ``Type(Kind.MONEY, None)``: money in any currency, and ``None``: number or
    money, whatever is given.
    """

    name: str
    type: Type | None
    literal: bool = False
    choices: tuple[str, ...] = ()
    default: Any = None


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the expression language, defined in that language.

    ``definition`` is an expression over the parameters' names, or a callable that is given the
    literal arguments by name (``Fraction``, ``str``, ``bool``) and the site's currency digits as
    ``digits`` and returns such an expression; it raises ``ValueError`` with a sentence for a
    person when the arguments make no sense. Inside a definition four more functions exist:
    ``currency_of(money)`` (text), ``amount(money)`` (number), ``lookup('table', text)`` (number)
    and ``site_money(number)`` (money in the site's currency). One definition serves the
    reference, the columns and the scalar form. ``returns`` is ``None`` where the result has the
    type of the first parameter. ``example`` is an expression that uses it.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: Type | None
    definition: str | Callable[..., str]
    example: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class RuleSpec:
    """A rule as a rule kind yields it: the same words as in a rule file.

    ``suffix`` is added to the id of the rule that used the kind (empty for the first).
    """

    set: Mapping[str, Any]
    when: str | None = None
    because: str = ""
    final: bool = False
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class RuleKind:
    """A macro that expands to rules.

    ``expand`` is given the validated ``with:`` and returns ``RuleSpec`` records. It must be a
    pure function.
    """

    name: str
    model: type[BaseModel]
    expand: Callable[[Any], Iterable[RuleSpec]]
    description: str = ""
    example: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """A column added to the offers of one account, all its sites at once.

    ``values`` is a Polars expression over the offers' columns, or a callable that is given the
    frame and returns a series of the same length and order. ``type`` is its type; numbers and
    money must come as ``Decimal`` or integers (or as text of plain decimals), never as floats.
    ``needs`` names facts of other plugins that must be there before. ``as_of`` is one instant
    or the name of a column of instants; ``largest_age`` how old a value may be. ``follows_from``
    names the offers' columns (the engine's own, such as ``_country`` and ``_today``, among them)
    from which the value of an offer that stands alone follows, where it follows from nothing else:
    then quotes of a minute share it. ``None``: it may follow from anything.
    """

    name: str
    type: Type
    values: pl.Expr | Callable[[pl.DataFrame], pl.Series]
    source: str
    as_of: datetime | str | None = None
    largest_age: timedelta | None = None
    needs: tuple[str, ...] = ()
    description: str = ""
    follows_from: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class GuardSpec:
    """A guard in the words of a rule file.

    ``condition`` must not hold: when true, ``verdict`` applies. ``fields`` limits the guard to
    changes of these fields; empty means: the settable fields that the condition names, or all.
    """

    id: str
    verdict: Literal["reject", "hold", "halt"]
    condition: str
    because: str
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Approval:
    """A plugin's approval of a plan, in the name of ``by``."""

    by: str
    because: str


@dataclass(frozen=True, slots=True)
class Command:
    """An extra command-line verb; ``function`` is a cyclopts command."""

    name: str
    function: Callable[..., Any]
    description: str = ""
