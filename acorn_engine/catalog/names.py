"""The columns that the engine knows by name, their types, and the names that a column cannot have."""

from __future__ import annotations

import re
from typing import Final, Literal

from acorn_engine.fields import STANDARD_FIELDS
from acorn_engine.types import BOOLEAN, DATE, INTEGER, SITE_MONEY, TEXT, Kind, Type, money

Role = Literal["products", "listings"]

INSTANT: Final = Type(Kind.DATE, "@instant")
"""The type of ``as_of``: not a type of the expression language, so never a fact."""

PRODUCT_COLUMNS: Final[dict[str, Type]] = {
    "sku": TEXT,
    "cost": money("cost_currency"),
    "cost_currency": TEXT,
    "stock": INTEGER,
    "brand": TEXT,
    "category": TEXT,
    "gtin": TEXT,
    "as_of": INSTANT,
}
LISTING_COLUMNS: Final[dict[str, Type]] = {
    "account": TEXT,
    "site": TEXT,
    "seller_sku": TEXT,
    "sku": TEXT,
    "asin": TEXT,
    "product_type": TEXT,
    "fulfilment": TEXT,
    "price": SITE_MONEY,
    "price_currency": TEXT,
    "quantity": INTEGER,
    "stock": INTEGER,
    "floor_price": SITE_MONEY,
    "ceiling_price": SITE_MONEY,
    "sale_price": SITE_MONEY,
    "sale_from": DATE,
    "sale_to": DATE,
    "minimum_price": SITE_MONEY,
    "maximum_price": SITE_MONEY,
    "handling_days": INTEGER,
    "as_of": INSTANT,
}
KNOWN_COLUMNS: Final[dict[Role, dict[str, Type]]] = {"products": PRODUCT_COLUMNS, "listings": LISTING_COLUMNS}
REQUIRED: Final[dict[Role, tuple[str, ...]]] = {"products": ("sku",), "listings": ("site", "seller_sku", "sku")}

CURRENT: Final = {
    name: f"current_{name}"
    for name in (
        "price",
        "sale_price",
        "sale_from",
        "sale_to",
        "minimum_price",
        "maximum_price",
        "quantity",
        "handling_days",
    )
}
"""What a listing's column is called as a fact: what the site shows, not what a rule sets."""

ALWAYS: Final[dict[Role, tuple[str, ...]]] = {
    "products": ("stock",),
    "listings": (
        "asin",
        "product_type",
        "fulfilment",
        "current_price",
        "current_quantity",
        "floor_price",
        "ceiling_price",
    ),
}
"""Facts that every offers frame has; missing everywhere where the tables have no such column."""

KEY_COLUMNS: Final = frozenset({"account", "site", "seller_sku", "sku", "asin", "gtin"})
NEVER_NEGATIVE: Final = frozenset({"cost", "stock", "price", "sale_price", "quantity", "handling_days"})
FULFILMENTS: Final = ("merchant", "amazon")

RESERVED: Final = frozenset(
    {
        *(field.name for field in STANDARD_FIELDS),
        *CURRENT.values(),
        "today",
        "tick",
        "site",
        "currency",
        "current_attributes",
        "other_prices",
    }
)
"""Names that mean something else in a rule: settable fields and standard names."""

WORDS_OF_THE_LANGUAGE: Final = frozenset({"and", "or", "not", "in", "if", "else", "true", "false"})
_IDENTIFIER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def readable(name: str) -> bool:
    """Return whether a rule can name this column."""
    return bool(_IDENTIFIER.fullmatch(name)) and name not in WORDS_OF_THE_LANGUAGE


def suggested_name(header: str) -> str:
    """Return a name that a rule can read, made from a header; for hints."""
    name = re.sub(r"[^a-z0-9]+", "_", header.lower()).strip("_")
    return name if name and readable(name) else "a_name_for_it"


__all__ = [
    "ALWAYS",
    "BOOLEAN",
    "CURRENT",
    "FULFILMENTS",
    "INSTANT",
    "KEY_COLUMNS",
    "KNOWN_COLUMNS",
    "NEVER_NEGATIVE",
    "REQUIRED",
    "RESERVED",
    "Role",
    "readable",
    "suggested_name",
]
