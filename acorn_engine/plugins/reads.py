"""Checking what a marketplace's plugin read: its values become the facts that prices are judged by."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.marketplace import READ_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_engine.sites import Site

logger = logging.getLogger(__name__)

_MONEY: Final = ("price", "sale_price", "minimum_price", "maximum_price")
_INTEGERS: Final = ("quantity", "handling_days")
_DATES: Final = ("sale_from", "sale_to")
_JSON: Final = ("attributes", "other_prices", "issues")
_PLAIN: Final = r"^[0-9]{1,13}(\.[0-9]{1,12})?$"
_WHOLE: Final = r"^[0-9]{1,15}$"


def usable_reads(answer: Any, site: Site, seller_skus: Sequence[str]) -> pl.DataFrame:
    """Return the rows of an answer that say something, one for each SKU that was asked for.

    A row with a value that is none (``NaN``, a negative price, a date that is no day, text that is
    no JSON) is left out, as if the marketplace had not answered for it. Raises ``TypeError`` for an
    answer without the columns of ``READ_SCHEMA``.
    """
    if not isinstance(answer, pl.DataFrame):
        raise TypeError(f"read returned {type(answer).__name__}, expected a Polars frame")
    wrong = [name for name in READ_SCHEMA if answer.schema.get(name) not in {pl.String(), pl.Null()}]
    if wrong:
        raise TypeError(f"read returned no text column {', '.join(wrong)}")
    frame = answer.select(pl.col(name).cast(pl.String) for name in READ_SCHEMA)
    usable = (
        *(_fits(name, _PLAIN) for name in _MONEY),
        *(_fits(name, _WHOLE) for name in _INTEGERS),
        *(_none_or(name, pl.col(name).str.to_date("%Y-%m-%d", strict=False).is_not_null()) for name in _DATES),
        *(_none_or(name, pl.col(name).str.contains(r"^\s*[\[{]")) for name in _JSON),
        pl.col("fulfilment").is_in(["merchant", "amazon"]).fill_null(value=True),
        pl.col("seller_sku").is_in(list(seller_skus)).fill_null(value=False),
    )
    found = frame.filter(pl.all_horizontal(usable)).unique("seller_sku", keep="none", maintain_order=True)
    if found.height < frame.height:
        logger.warning(
            "%d of %d offers read on %s make no sense; they count as not read",
            frame.height - found.height,
            frame.height,
            site.name,
        )
    return found


def _none_or(name: str, good: pl.Expr) -> pl.Expr:
    return pl.col(name).is_null() | good


def _fits(name: str, pattern: str) -> pl.Expr:
    return _none_or(name, pl.col(name).str.contains(pattern))
