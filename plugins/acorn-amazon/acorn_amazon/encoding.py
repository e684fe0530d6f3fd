"""PATCH messages in columns: one row per offer in, one JSON text per offer out.

What is replaced is sent whole. ``purchasable_offer`` carries our instance with every member that
stood there and every other instance, ``fulfillment_availability`` the same where it must be
replaced. Numbers are the decimal text as given; they never become a float.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_amazon.attribute_patches import attribute_patches
from acorn_amazon.checking import DAYS, INTEGERS, PRICES, faults, refused
from acorn_amazon.columns import quoted
from acorn_amazon.neighbours import KEYS, OUR_AUDIENCE, OUR_CHANNEL
from acorn_engine.json_text import concatenated, escaped

if TYPE_CHECKING:
    from acorn_engine.sites import Site

ANY_PRODUCT_TYPE: Final = "PRODUCT"
Pieces = list[str | pl.Expr]


def encode(offers: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Return ``seller_sku, message, refused`` for every offer that changes anything, in order.

    The columns of ``offers`` are those of ``Marketplace.encode``. A quantity alone is merged:
    that leaves everything else of the channel as it is. Handling days replace the channel, together
    with what else stood there, because Amazon merges quantities only; so they need the quantity
    beside them: a replacement without one would take the offer off sale.

    ``refused`` names all that is wrong with an offer, which then has no message; else it is null.
    """
    frame = _decoded(offers, site)
    wrong = faults(frame, site).alias("_wrong")
    attributes = attribute_patches(frame.select("seller_sku", "attributes"), site)
    frame = frame.with_columns(wrong, attributes["patches"].alias("_attributes"), attributes["wrong"].alias("_unset"))
    patches = _patches(frame, site)
    if not patches:
        return _answer(frame, pl.lit(None, dtype=pl.String))
    separated = pl.concat_str(patches, separator=",", ignore_nulls=True) if len(patches) > 1 else patches[0]
    # Texts of operators and sellers are escaped; what is escaped stands in columns of its own.
    texts = {"_sku": pl.col("seller_sku"), "_type": pl.col("product_type").fill_null(ANY_PRODUCT_TYPE)}
    frame = escaped(frame.with_columns(separated.alias("_patches"), **texts), *texts)
    pieces: Pieces = ['{"sku":"', pl.col("_sku"), '","operationType":"PATCH","productType":"', pl.col("_type")]
    message = concatenated([*pieces, '","patches":[', pl.col("_patches"), "]}"])
    return _answer(frame, pl.when(pl.col("_patches") != "").then(message))


def _answer(frame: pl.DataFrame, message: pl.Expr) -> pl.DataFrame:
    """Return messages and refusals; offers that change nothing and have no fault are left out."""
    if frame["_wrong"].null_count() == frame["_unset"].null_count() == frame.height:
        why = pl.lit(None, dtype=pl.String)
        made = frame.select("seller_sku", message.alias("message"), why.alias("refused"))
    else:
        why = refused(pl.coalesce("_wrong", "_unset"))
        right = pl.when(why.is_null()).then(message)
        made = frame.select("seller_sku", right.alias("message"), why.alias("refused"))
    if not made["message"].null_count():
        return made
    return made.filter(pl.any_horizontal(pl.col("message", "refused").is_not_null()))


def _decoded(offers: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Fill what may be left out, and add the neighbours' parts as columns, where any offer has neighbours."""
    frame = offers.with_columns(
        pl.col("currency").fill_null(site.currency),
        pl.col("price_changed").fill_null(value=False),
        *(pl.col(name).cast(pl.String) for name in (*PRICES, *INTEGERS, *DAYS, "product_type", "fulfilment")),
        pl.col("attributes", "neighbours").cast(pl.String),
    )
    if site.digits == 0:
        # A currency without decimals: "2999.00" and "2999" are the same price, and only one is accepted.
        frame = frame.with_columns(pl.col(*PRICES).str.replace(r"\.0+$", ""))
    known = frame.filter(pl.col("neighbours") != "").select(pl.col("neighbours").unique())
    parts = pl.Struct(dict.fromkeys(KEYS, pl.String()))
    read = pl.col("neighbours").str.json_decode(parts).struct.rename_fields([f"_{key}" for key in KEYS]).alias("_parts")
    table = known.with_columns(read).unnest("_parts")
    if table.is_empty():
        return frame.with_columns(pl.lit(None, dtype=pl.String).alias(f"_{key}") for key in KEYS)
    return frame.join(table, on="neighbours", how="left", maintain_order="left")


def _patches(frame: pl.DataFrame, site: Site) -> list[pl.Expr]:
    """Return the patches of the kinds that occur, each null where an offer has none of it."""
    found: list[pl.Expr] = []
    if not _absent(frame, "quantity") or not _absent(frame, "handling_days"):
        found.append(_availability_patch(frame))
    changed = frame["price_changed"]
    if changed.any():
        patch = _offer_patch(frame, site)
        found.append(patch if changed.all() else pl.when("price_changed").then(patch))
    if not _absent(frame, "_attributes"):
        found.append(pl.col("_attributes"))
    return found


def _absent(frame: pl.DataFrame, *names: str) -> bool:
    return all(frame[name].null_count() == frame.height for name in names)


def _optional(frame: pl.DataFrame, name: str, before: str = "", after: str = "") -> Pieces:
    """Return a column with texts around it; nothing of it where it is null."""
    nulls = frame[name].null_count()
    if nulls == frame.height:
        return []
    whole: Pieces = [before, pl.col(name), after]
    return [concatenated(whole).fill_null("")] if nulls else whole


def _edge(day: str, kept_day: str, kept_instant: str) -> pl.Expr:
    """Return a sale's first or last day; the exact instant that stood there, where the day stays."""
    return pl.when(pl.col(day) == pl.col(kept_day)).then(pl.col(kept_instant)).otherwise(pl.col(day))


def _sales(frame: pl.DataFrame) -> Pieces:
    if _absent(frame, "sale_price", "_sales"):
        return []
    start, end = (
        quoted(_edge("sale_from", "_sale_from", "_sale_start")),
        quoted(_edge("sale_to", "_sale_to", "_sale_end")),
    )
    ours: Pieces = ['{"value_with_tax":', pl.col("sale_price"), ',"start_at":', start, ',"end_at":', end, "}"]
    periods = pl.concat_str(concatenated(ours), pl.col("_sales"), ignore_nulls=True).str.strip_prefix(",")
    whole = concatenated([',"discounted_price":[{"schedule":[', periods, "]}]"])
    return [pl.when(periods != "").then(whole).otherwise(pl.lit(""))]


def _offer_patch(frame: pl.DataFrame, site: Site) -> pl.Expr:
    def price(member: str, column: str) -> Pieces:
        return _optional(frame, column, f',"{member}":[{{"schedule":[{{"value_with_tax":', "}]}]")

    return concatenated(
        [
            '{"op":"replace","path":"/attributes/purchasable_offer","value":[{"marketplace_id":"',
            f'{site.marketplace_id}","currency":"{site.currency}","audience":"{OUR_AUDIENCE}"',
            *price("our_price", "price"),
            *price("minimum_seller_allowed_price", "minimum_price"),
            *price("maximum_seller_allowed_price", "maximum_price"),
            *_sales(frame),
            *_optional(frame, "_extras"),
            "}",
            *_optional(frame, "_others"),
            "]}",
        ]
    )


def _availability_patch(frame: pl.DataFrame) -> pl.Expr:
    path = f',"path":"/attributes/fulfillment_availability","value":[{{"fulfillment_channel_code":"{OUR_CHANNEL}"'
    merge = concatenated([f'{{"op":"merge"{path},"quantity":', pl.col("quantity"), "}]}"])
    if _absent(frame, "handling_days"):
        return merge
    handling: Pieces = [',"lead_time_to_ship_max_days":', pl.col("handling_days")]
    extras = [*_optional(frame, "_availability_extras"), "}", *_optional(frame, "_availability_others"), "]}"]
    replace = concatenated([f'{{"op":"replace"{path},"quantity":', pl.col("quantity"), *handling, *extras])
    return pl.when(pl.col("handling_days").is_not_null()).then(replace).otherwise(merge)
