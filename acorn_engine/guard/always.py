"""What always holds, whatever the rules say: limits of prices, ownership, and what is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.fields import AVAILABILITY_GROUP, PRICE_GROUP
from acorn_engine.guard.candidates import decreases, floor_price, sent_fields
from acorn_engine.guard.reasons import Reason
from acorn_engine.guard.text import minor_text
from acorn_engine.types import SITE_TAG, Kind
from acorn_engine.verdicts import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from acorn_engine.fields import Field
    from acorn_engine.guard.settings import GuardSettings
    from acorn_engine.sites import Site

_PRICE_LIST: Final = r'^\s*\[\s*(?:"?-?\d+(?:\.\d{1,18})?"?\s*(?:,\s*"?-?\d+(?:\.\d{1,18})?"?\s*)*)?\]\s*$'
_LIST_SCALE: Final = 18


def group_fields(fields: Mapping[str, Field], group: str) -> frozenset[str]:
    """Return the names of the sent fields of a group."""
    return frozenset(field.name for field in sent_fields(fields) if field.group == group)


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


def unknowns(site: Site, fields: Mapping[str, Field], without_neighbours: frozenset[str]) -> list[Reason]:
    """Return the holds of offers of which too little is known to change them safely."""
    price = group_fields(fields, PRICE_GROUP)
    availability = group_fields(fields, AVAILABILITY_GROUP)
    foreign = frozenset(
        field.name
        for field in sent_fields(fields)
        if field.type.kind is Kind.MONEY and field.type.tag not in {SITE_TAG, site.currency}
    )
    hold = Verdict.HOLD
    known_neighbours = pl.col("_read") | pl.col("account").is_in(sorted(without_neighbours))
    sale = pl.col("stands.sale_price").is_not_null()
    reasons = [
        Reason(
            hold,
            "fulfilment_missing",
            "nobody knows who fulfils this offer",
            pl.col("fulfilment").is_null(),
            availability,
            urgent=0,
        ),
        Reason(
            hold,
            "no_floor",
            "there is no floor price, and without one no price is changed",
            floor_price().is_null(),
            price,
            guard="no_floor",
            urgent=0,
        ),
        Reason(
            hold,
            "price_unknown",
            "the price that the sale is taken off is unknown",
            pl.col("stands.price").is_null(),
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "sale_dates_missing",
            "a sale price needs a first and a last day",
            sale & (pl.col("stands.sale_from").is_null() | pl.col("stands.sale_to").is_null()),
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "sale_price_missing",
            "the days of a sale are set, but no sale price",
            ~sale & pl.any_horizontal("changed.sale_from", "changed.sale_to"),
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "neighbours_unknown",
            "the offer was never read in full, and a price change replaces all of it",
            ~known_neighbours,
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "neighbours_unknown",
            "the offer's other prices can't be read",
            pl.col("_other_unreadable"),
            price,
            urgent=0,
        ),
        Reason(
            hold,
            "fact_problem",
            "the catalogue has a problem with this offer: {problem}",
            pl.col("_fact_problem").is_not_null(),
            own={"problem": pl.col("_fact_problem")},
        ),
        Reason(
            hold,
            "ineligible",
            "the offer is not eligible",
            ~pl.col("to.eligible"),
            own={"rule": pl.col("rule.eligible")},
        ),
        Reason(
            hold,
            "eligible_unknown",
            "nobody knows whether the offer is eligible",
            pl.col("to.eligible").is_null() | pl.col("hold.eligible").is_not_null(),
        ),
    ]
    if foreign:
        reasons.append(
            Reason(
                hold,
                "currency_mismatch",
                f"the value is not in {site.currency}, the currency of {site.name}",
                pl.lit(value=True),
                foreign,
                urgent=0,
            )
        )
    return reasons


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


def ownership(fields: Mapping[str, Field]) -> list[Reason]:
    """Return what is not ours to change: availability of others, and what is still on its way."""
    availability = group_fields(fields, AVAILABILITY_GROUP)
    reasons = [
        Reason(
            Verdict.NOT_OWNED,
            "fulfilled_by_marketplace",
            "the marketplace fulfils this offer and owns its availability",
            pl.col("fulfilment") == "amazon",
            availability,
        ),
        Reason(
            Verdict.NOT_OWNED,
            "other_site_owns",
            "another site of the account writes the quantity of this pool",
            ~pl.col("_quantity_owner") & pl.col("fulfilment").is_not_null(),
            availability,
        ),
    ]
    for group in sorted({field.group for field in sent_fields(fields)}):
        pending = pl.col("_pending").str.split(",").list.contains(group)
        reasons.append(
            Reason(
                Verdict.PENDING,
                "pending",
                "a value was sent and has not settled yet",
                pending,
                group_fields(fields, group),
                own={"group": pl.lit(group)},
            )
        )
    return reasons


def rule_holds(fields: Mapping[str, Field]) -> list[Reason]:
    """Return the holds that rules caused, by group, as the evaluation found them."""
    sentences = {
        "missing": "rule '{rule}' needs {facts}, which is missing",
        "failed": "rule '{rule}' failed",
        "overflow": "rule '{rule}' failed: a number grew too long",
        "stale": "rule '{rule}' reads {facts}, which is too old",
        "moves_every_run": "rule '{rule}' would move the value at every run",
    }
    reasons: list[Reason] = []
    for group in sorted({field.group for field in sent_fields(fields)}):
        own = {"rule": pl.col(f"hold.{group}"), "facts": pl.col(f"hold_facts.{group}").fill_null("")}
        names = group_fields(fields, group)
        held = pl.col(f"hold.{group}").is_not_null()
        for code, because in sentences.items():
            fires = held & (pl.col(f"hold_code.{group}") == code)
            reasons.append(Reason(Verdict.HOLD, code, because, fires, names, own=own, valueless=True, urgent=-1))
            reasons.append(Reason(Verdict.HOLD, code, because, fires, names, own=own))
        unknown = held & ~pl.col(f"hold_code.{group}").is_in(list(sentences)).fill_null(value=False)
        reasons.append(Reason(Verdict.HOLD, "held_by_rule", "rule '{rule}' holds it", unknown, names, own=own))
    return reasons


def price_held(fields: Mapping[str, Field], held: pl.Expr) -> Reason:
    """Return: a held price also holds a quantity increase, never a decrease."""
    increase = ~decreases(fields["quantity"])
    return Reason(
        Verdict.HOLD,
        "price_held",
        "the price is held, so the quantity is not raised",
        held & increase,
        frozenset({"quantity"}),
    )
