"""The types of facts, fields and expressions, and the values that carry them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from datetime import date


class Kind(StrEnum):
    """The six types of the expression language."""

    NUMBER = "number"
    MONEY = "money"
    TEXT = "text"
    BOOLEAN = "boolean"
    DATE = "date"
    LIST = "list"


SITE_TAG: Final = "@site"
"""The tag of money in the site's own currency, where no site is known yet."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type; money carries a currency tag, a list the kind of its members.

    ``tag`` is an ISO 4217 code (``EUR``), ``@site`` (the site's currency) or ``@column:NAME``
    (the text column that holds each row's currency). ``integer`` marks numbers without decimals.
    """

    kind: Kind
    tag: str | None = None
    element: Kind | None = None
    integer: bool = False

    def __str__(self) -> str:
        if self.kind is Kind.MONEY:
            return f"money in {describe_tag(self.tag)}"
        if self.kind is Kind.LIST and self.element:
            return f"list of {self.element.value}"
        return self.kind.value

    @property
    def tag_column(self) -> str | None:
        """The column that holds the currency, for money tagged by a column."""
        if self.tag and self.tag.startswith("@column:"):
            return self.tag.removeprefix("@column:")
        return None

    def at_site(self, currency: str) -> Type:
        """Return this type with the site's tag replaced by ``currency``."""
        return Type(Kind.MONEY, currency) if self.tag == SITE_TAG else self


NUMBER = Type(Kind.NUMBER)
INTEGER = Type(Kind.NUMBER, integer=True)
TEXT = Type(Kind.TEXT)
BOOLEAN = Type(Kind.BOOLEAN)
DATE = Type(Kind.DATE)
SITE_MONEY = Type(Kind.MONEY, SITE_TAG)


def money(tag: str) -> Type:
    """Return money in ``tag``: a currency code, or the name of the column that holds it."""
    if re.fullmatch(r"[A-Z]{3}", tag) or tag.startswith("@"):
        return Type(Kind.MONEY, tag)
    return Type(Kind.MONEY, f"@column:{tag}")


def describe_tag(tag: str | None) -> str:
    """Return a currency tag in words."""
    if tag is None:
        return "an unknown currency"
    if tag == SITE_TAG:
        return "the site's currency"
    if tag.startswith("@column:"):
        return f"the currency of column '{tag.removeprefix('@column:')}'"
    return tag


def parse_type(text: str) -> Type:
    """Read a type as project files write it.

    ``number``, ``integer``, ``boolean``, ``date``, ``text``, ``money`` (the site's currency),
    ``money:USD``, ``money:COLUMN``. Raises ``ValueError`` for anything else.
    """
    simple = {"number": NUMBER, "integer": INTEGER, "boolean": BOOLEAN, "date": DATE, "text": TEXT, "money": SITE_MONEY}
    if text in simple:
        return simple[text]
    if text.startswith("money:") and text != "money:":
        return money(text.removeprefix("money:"))
    known = ", ".join([*simple, "money:USD", "money:COLUMN"])
    raise ValueError(f"'{text}' is not a type; use one of {known}")


class Missing:
    """The absence of a value. It is not zero, not empty text and not false."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "missing"

    def __bool__(self) -> bool:
        raise TypeError("missing is neither true nor false")


MISSING: Final = Missing()


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount, in major units, of one currency (ISO 4217)."""

    amount: Fraction
    currency: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The outcome of an expression that failed for one offer: division by zero, or an overflow, say."""

    code: str
    message: str


Value: TypeAlias = "Fraction | Money | str | bool | date | tuple[Fraction | Money | str, ...] | Missing"
