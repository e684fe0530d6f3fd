"""Limits of prices and quantities that always hold, whatever the rules say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.fields import PRICE_GROUP
from acorn_engine.guard.candidates import floor_price, group_fields
from acorn_engine.guard.reasons import Reason
from acorn_engine.guard.text import minor_text
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from acorn_engine.fields import Field
    from acorn_engine.guard.settings import GuardSettings
    from acorn_engine.sites import Site

_PRICE_LIST: Final = r'^\s*\[\s*(?:"?-?\d+(?:\.\d{1,18})?"?\s*(?:,\s*"?-?\d+(?:\.\d{1,18})?"?\s*)*)?\]\s*$'
_LIST_SCALE: Final = 18


def standing_prices(frame: pl.DataFrame, today: date, site: Site) -> pl.DataFrame:
    """Add the price group as it would stand after the changes, in minor units.

    ``stands.price, stands.minimum_price, stands.maximum_price``: the new value, or the current
    one; ``stands.sale_price`` likewise, with ``stands.sale_from`` and ``stands.sale_to``, all null
    once the sale is over; ``stands.other``: the least of the offer's other prices;
    ``_other_unreadable``: these can't be read.
    """
    names = ("price", "minimum_price", "maximum_price", "sale_price", "sale_from", "sale_to")
    frame = frame.with_columns(pl.coalesce(f"to.{name}", f"shown.{name}").alias(f"stands.{name}") for name in names)
    over = (pl.col("stands.sale_to") < today).fill_null(value=False) & pl.col("to.sale_price").is_null()
    sale = ("sale_price", "sale_from", "sale_to")
    frame = frame.with_columns(pl.when(~over).then(pl.col(f"stands.{name}")).alias(f"stands.{name}") for name in sale)
    listed = pl.col("other_prices").fill_null("[]")
    readable = listed.str.contains(_PRICE_LIST)
    least = (
        listed.str.extract_all(r"-?\d+(?:\.\d+)?").list.eval(pl.element().str.to_decimal(scale=_LIST_SCALE)).list.min()
    )
    return frame.with_columns(
        pl.when(readable).then(least.cast(pl.Decimal(38, _LIST_SCALE))).alias("stands.other"),
        (~readable).alias("_other_unreadable"),
    ).with_columns(_other_below=_other_below(site))


def _other_below(site: Site) -> pl.Expr:
    scaled = pl.col("stands.other").to_physical()
    unit: int = 10 ** (_LIST_SCALE - site.digits)
    floor = floor_price().cast(pl.Int128) * unit
    return (scaled < floor).fill_null(value=False)


def price_limits(settings: GuardSettings, site: Site, fields: Mapping[str, Field]) -> list[Reason]:
    """Return: floor ≤ minimum ≤ price ≤ maximum ≤ ceiling, sale < price, every price ≥ floor."""
    group = group_fields(fields, PRICE_GROUP)
    price, sale = pl.col("stands.price"), pl.col("stands.sale_price")
    least, most = pl.col("stands.minimum_price"), pl.col("stands.maximum_price")
    ceiling = pl.col("to.ceiling_price")
    floor = floor_price()
    below = Verdict.HOLD if settings.below_floor == "hold" else Verdict.REJECT

    def words(**values: pl.Expr) -> dict[str, pl.Expr]:
        return {name: minor_text(value, site.digits) for name, value in values.items()}

    unit = f" {site.currency}"
    price_words, sale_words = words(price=price), words(sale_price=sale)
    floor_words, least_words, most_words = (
        words(floor_price=floor),
        words(minimum_price=least),
        words(maximum_price=most),
    )

    def limit(verdict: Verdict, code: str, because: str, fires: pl.Expr, own: dict[str, pl.Expr]) -> Reason:
        text = because.replace("}", "}" + unit)
        return Reason(verdict, code, text, fires, group, guard=code, own=own)

    reject = Verdict.REJECT
    return [
        limit(
            below,
            "below_floor",
            "the price {price} is below the floor {floor_price}",
            price < floor,
            price_words | floor_words,
        ),
        limit(
            below,
            "sale_below_floor",
            "the sale price {sale_price} is below the floor {floor_price}",
            sale < floor,
            sale_words | floor_words,
        ),
        limit(
            below,
            "other_price_below_floor",
            "another price of the offer is below the floor {floor_price}",
            pl.col("_other_below"),
            floor_words | {"other_price": plain_other()},
        ),
        limit(
            reject,
            "minimum_below_floor",
            "the minimum {minimum_price} is below the floor {floor_price}",
            least < floor,
            least_words | floor_words,
        ),
        limit(
            reject,
            "below_minimum",
            "the price {price} is below the minimum {minimum_price}",
            # A minimum that only repeats the floor leaves the answer to the floor's own setting.
            (price < least) & (least > floor),
            price_words | least_words,
        ),
        limit(
            reject,
            "above_maximum",
            "the price {price} is above the maximum {maximum_price}",
            price > most,
            price_words | most_words,
        ),
        limit(
            reject,
            "above_ceiling",
            "the price {price} is above the ceiling {ceiling_price}",
            price > ceiling,
            price_words | words(ceiling_price=ceiling),
        ),
        limit(
            reject,
            "maximum_above_ceiling",
            "the maximum {maximum_price} is above the ceiling {ceiling_price}",
            most > ceiling,
            most_words | words(ceiling_price=ceiling),
        ),
        limit(
            reject,
            "sale_not_below_price",
            "the sale price {sale_price} is not below the price {price}",
            sale >= price,
            sale_words | price_words,
        ),
        Reason(
            reject,
            "sale_dates",
            "the sale would end before it begins",
            pl.col("stands.sale_price").is_not_null() & (pl.col("stands.sale_to") < pl.col("stands.sale_from")),
            group,
            guard="sale_dates",
        ),
        Reason(
            Verdict.SEND,
            "raised_to_floor",
            "raised to the floor {floor_price}" + unit,
            pl.col("_raised"),
            frozenset({"price", "sale_price"}),
            guard="below_floor",
            own=floor_words,
        ),
    ]


def plain_other() -> pl.Expr:
    """Return the least other price as plain text."""
    return pl.col("stands.other").cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")


def availability_limits(fields: Mapping[str, Field]) -> list[Reason]:
    """Return: a quantity or a number of days is never below zero."""
    return [
        Reason(
            Verdict.REJECT,
            f"negative_{name}",
            f"{{{name}}} is below zero",
            pl.col(f"to.{name}") < 0,
            frozenset({name}),
            guard=f"negative_{name}",
            shown=(name,),
        )
        for name in ("quantity", "handling_days")
        if name in fields
    ]
