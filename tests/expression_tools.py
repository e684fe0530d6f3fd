"""A site, facts, functions and short cuts for tests of the expression language."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.language import ExpressionError, Reference, Scope, check, parse
from acorn_engine.plugins.records import Function, Parameter
from acorn_engine.sites import Site
from acorn_engine.types import BOOLEAN, DATE, INTEGER, NUMBER, SITE_MONEY, TEXT, Kind, Money, Type, money

GERMANY = Site("amazon.de", "amazon", "M1", "DE", "EUR", 2, "de_DE", "eu", "Europe/Berlin", tax_included=True)
JAPAN = Site("amazon.co.jp", "amazon", "M2", "JP", "JPY", 0, "ja_JP", "fe", "Asia/Tokyo", tax_included=True)
TODAY = date(2026, 12, 24)

NAMES = {
    "price": SITE_MONEY,
    "current_price": SITE_MONEY,
    "floor_price": SITE_MONEY,
    "competitor_price": SITE_MONEY,
    "cost": money("cost_currency"),
    "freight": money("cost_currency"),
    "duty": money("duty_currency"),
    "cny_cost": money("CNY"),
    "cost_currency": TEXT,
    "duty_currency": TEXT,
    "stock": INTEGER,
    "weight": NUMBER,
    "brand": TEXT,
    "category": TEXT,
    "clearance": BOOLEAN,
    "bulky": BOOLEAN,
    "launch": DATE,
    "retirement": DATE,
}

ANY_MONEY = Type(Kind.MONEY, None)
FX = Function(
    "fx",
    (Parameter("given", ANY_MONEY),),
    SITE_MONEY,
    "site_money(amount(given) * lookup('rate', currency_of(given)))",
    "fx(cost)",
)
FOREIGN = Function(
    "foreign", (Parameter("given", ANY_MONEY),), BOOLEAN, "currency_of(given) != currency", "foreign(cost)"
)


def _charm(ending, direction, digits):
    if (ending * 10**digits).denominator != 1:
        raise ValueError(f"{ending} is no price in this currency")
    return f"round_{direction}(x - {ending.numerator} / {ending.denominator}, 1) + ending"


CHARM = Function(
    "charm",
    (
        Parameter("x", None),
        Parameter("ending", NUMBER, literal=True),
        Parameter("direction", TEXT, literal=True, choices=("up", "down"), default="up"),
    ),
    None,
    _charm,
    "charm(price, 0.99, 'up')",
)
FUNCTIONS = {function.name: function for function in (FX, FOREIGN, CHARM)}
TABLES = {
    "rate": FactTable(
        "rate",
        {
            "EUR": {
                "EUR": TableEntry(Fraction(1)),
                "USD": TableEntry(Fraction("0.92")),
                "CNY": TableEntry(Fraction("0.13")),
            }
        },
    )
}
PARAMETERS = {
    "margin": Fraction("0.28"),
    "handling_fee": Money(Fraction("0.50"), "EUR"),
    "brands": ("acme", "zenith"),
    "nothing": (),
    "prices": (Fraction(1), Fraction(2)),
    "mixed": (Fraction(1), "a"),
    "season": "winter",
    "always": True,
    "start": date(2026, 12, 1),
}


def scope(site=GERMANY, *, names=None, functions=None, parameters=None, defines=None, several=False):
    """A scope over the facts above."""
    return Scope(
        site,
        NAMES | (names or {}),
        FUNCTIONS | (functions or {}),
        PARAMETERS | (parameters or {}),
        {name: parse(text) for name, text in (defines or {}).items()},
        several,
    )


def checked(text, expected=None, **options):
    """Parse and check."""
    return check(parse(text), scope(**options), expected)


def faults(text, expected=None, **options):
    """All faults of a text, parsing or checking."""
    try:
        checked(text, expected, **options)
    except ExpressionError as error:
        return error.faults
    raise AssertionError(f"{text!r} has no fault")


def messages(text, expected=None, **options):
    """The messages of all faults."""
    return [fault.message for fault in faults(text, expected, **options)]


def outcome(text, row=None, expected=None, tables=TABLES, **options):
    """Evaluate by the reference."""
    used = scope(**options)
    return Reference(used, tables, TODAY).evaluate(check(parse(text), used, expected), {} if row is None else row)


def value(text, row=None, expected=None, **options):
    """The value, or the code of the failure."""
    found = outcome(text, row, expected, **options).value
    return getattr(found, "code", found)


def eur(text):
    """Money in euro."""
    return Money(Fraction(text), "EUR")


def number(text):
    """An exact number."""
    return Fraction(text)
