"""PATCH messages in columns: one row per offer in, one JSON text per offer out.

What is replaced is sent whole. ``purchasable_offer`` carries our instance with every member that
stood there and every other instance, ``fulfillment_availability`` the same where it must be
replaced. Numbers are the decimal text as given; they never become a float.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_amazon.attributes import NAME, OWNED, shape_of, wrap
from acorn_amazon.columns import NUMBER, members, quoted
from acorn_amazon.neighbours import KEYS, OUR_AUDIENCE, OUR_CHANNEL
from acorn_engine.marketplace import MarketplaceError

if TYPE_CHECKING:
    from acorn_engine.sites import Site

ANY_PRODUCT_TYPE: Final = "PRODUCT"
_PRICES: Final = ("price", "sale_price", "minimum_price", "maximum_price")
_INTEGERS: Final = ("quantity", "handling_days")
_DAYS: Final = ("sale_from", "sale_to")
_SHOWN: Final = 5


def encode(offers: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Return ``seller_sku`` and ``message`` for every offer that changes anything, in order.

    The columns of ``offers`` are those of ``Marketplace.encode``. A quantity alone is merged:
    that leaves everything else of the channel as it is. Handling days replace the channel, together
    with what else stood there, because Amazon merges quantities only; so they need the quantity
    beside them: a replacement without one would take the offer off sale.

    Raises ``MarketplaceError`` that names the offers where the input would make a message that is
    malformed, wipes a price, or touches Amazon's own stock.
    """
    frame = _decoded(offers, site)
    _check(frame, site)
    frame = frame.with_columns(
        pl.when(pl.col("price_changed")).then(_offer_patch(site)).alias("_offer"),
        _availability_patch().alias("_availability"),
    ).join(_attribute_patches(frame, site), on="_row", how="left", maintain_order="left")
    patches = pl.concat_str("_availability", "_offer", "_attributes", separator=",", ignore_nulls=True)
    message = pl.concat_str(
        pl.lit('{"sku":'),
        quoted(pl.col("seller_sku")),
        pl.lit(',"operationType":"PATCH","productType":'),
        quoted(pl.col("product_type").fill_null(ANY_PRODUCT_TYPE)),
        pl.lit(',"patches":['),
        patches,
        pl.lit("]}"),
    )
    return frame.filter(patches != "").select("seller_sku", message.alias("message"))


def _decoded(offers: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Add the neighbours' parts as columns, and fill what may be left out."""
    parts = pl.Struct(dict.fromkeys(KEYS, pl.String()))
    known = pl.when(pl.col("neighbours") != "").then(pl.col("neighbours"))
    frame = offers.with_row_index("_row").with_columns(
        pl.col("currency").fill_null(site.currency),
        pl.col("price_changed").fill_null(value=False),
        pl.col("attributes").cast(pl.String),
        *(pl.col(name).cast(pl.String) for name in (*_PRICES, *_INTEGERS, *_DAYS, "product_type", "fulfilment")),
        known.cast(pl.String).str.json_decode(parts).struct.rename_fields([f"_{key}" for key in KEYS]).alias("_parts"),
    )
    if site.digits == 0:
        # A currency without decimals: "2999.00" and "2999" are the same price, and only one is accepted.
        frame = frame.with_columns(pl.col(*_PRICES).str.replace(r"\.0+$", ""))
    return frame.unnest("_parts")


def _check(frame: pl.DataFrame, site: Site) -> None:
    """Refuse input that would make a wrong message. Every kind of fault is named, with offers."""
    fraction = rf"(?:\.\d{{1,{site.digits}}})?" if site.digits else ""
    price = rf"^(?:0|[1-9]\d*){fraction}$"
    changed = pl.col("price_changed")
    faults = {
        "has no SKU": pl.col("seller_sku").fill_null("") == "",
        f"is not priced in {site.currency}": pl.col("currency") != site.currency,
        "would lose its price, because the new price group has none": changed & pl.col("price").is_null(),
        "belongs to Amazon's stock, so neither quantity nor handling days may be sent": (
            (pl.col("fulfilment") == "amazon") & pl.any_horizontal(pl.col(*_INTEGERS).is_not_null())
        ),
        "has handling days without a quantity; Amazon takes them only together": (
            pl.col("handling_days").is_not_null() & pl.col("quantity").is_null()
        ),
    }
    for name in _PRICES:
        faults[f"has a {name} that is not a plain amount in {site.currency}"] = changed & ~pl.col(name).str.contains(
            price
        )
    for name in ("price", "sale_price"):
        faults[f"has a {name} of 0"] = changed & ~pl.col(name).str.contains("[1-9]")
    for name in _INTEGERS:
        faults[f"has a {name} that is not a whole number from 0"] = ~pl.col(name).str.contains(r"^(?:0|[1-9]\d{0,9})$")
    for name in _DAYS:
        faults[f"has a {name} that is not an ISO date"] = changed & ~pl.col(name).str.contains(r"^\d{4}-\d{2}-\d{2}$")
    faults["has a sale price without a first and last day"] = (
        changed & pl.col("sale_price").is_not_null() & pl.any_horizontal(pl.col(*_DAYS).is_null())
    )
    found = []
    for fault, condition in faults.items():
        rows = frame.filter(condition.fill_null(value=False))
        if rows.height:
            found.append(f"{_names(rows['seller_sku'])} {fault}")
    if found:
        _refuse(". ".join(found))


def _names(skus: pl.Series) -> str:
    names = ", ".join(f"'{sku}'" for sku in skus.head(_SHOWN))
    return names if len(skus) <= _SHOWN else f"{names} and {len(skus) - _SHOWN} more"


def _refuse(what: str) -> None:
    raise MarketplaceError(f"No message was made: {what}.", code="invalid")


def _price(member: str, column: str) -> pl.Expr:
    """Return ``,"member":[{"schedule":[{"value_with_tax":…}]}]``; null where there is no price."""
    return pl.concat_str(pl.lit(f',"{member}":[{{"schedule":[{{"value_with_tax":'), pl.col(column), pl.lit("}]}]"))


def _edge(day: str, kept_day: str, kept_instant: str) -> pl.Expr:
    """Return a sale's first or last day; the exact instant that stood there, where the day stays."""
    return pl.when(pl.col(day) == pl.col(kept_day)).then(pl.col(kept_instant)).otherwise(pl.col(day))


def _offer_patch(site: Site) -> pl.Expr:
    sale = pl.concat_str(
        pl.lit('{"value_with_tax":'),
        pl.col("sale_price"),
        pl.lit(',"start_at":'),
        quoted(_edge("sale_from", "_sale_from", "_sale_start")),
        pl.lit(',"end_at":'),
        quoted(_edge("sale_to", "_sale_to", "_sale_end")),
        pl.lit("}"),
    )
    periods = pl.concat_str(sale, pl.col("_sales"), ignore_nulls=True).str.strip_prefix(",")
    discounted = pl.when(periods != "").then(
        pl.concat_str(pl.lit(',"discounted_price":[{"schedule":['), periods, pl.lit("]}]"))
    )
    return pl.concat_str(
        pl.lit('{"op":"replace","path":"/attributes/purchasable_offer","value":[{"marketplace_id":"'),
        pl.lit(f'{site.marketplace_id}","currency":"{site.currency}","audience":"{OUR_AUDIENCE}"'),
        _price("our_price", "price"),
        _price("minimum_seller_allowed_price", "minimum_price"),
        _price("maximum_seller_allowed_price", "maximum_price"),
        discounted,
        pl.col("_extras"),
        pl.lit("}"),
        pl.col("_others"),
        pl.lit("]}"),
        ignore_nulls=True,
    )


def _availability_patch() -> pl.Expr:
    quantity, handling = pl.col("quantity"), pl.col("handling_days")
    path = ',"path":"/attributes/fulfillment_availability","value":[{"fulfillment_channel_code":"'
    merge = pl.lit(f'{{"op":"merge"{path}{OUR_CHANNEL}"')
    replace = pl.lit(f'{{"op":"replace"{path}{OUR_CHANNEL}"')
    days = pl.concat_str(pl.lit(',"lead_time_to_ship_max_days":'), handling)
    units = pl.concat_str(pl.lit(',"quantity":'), quantity)
    whole = pl.concat_str(
        replace,
        units,
        days,
        pl.col("_availability_extras"),
        pl.lit("}"),
        pl.col("_availability_others"),
        pl.lit("]}"),
        ignore_nulls=True,
    )
    return (
        pl.when(handling.is_not_null())
        .then(whole)
        .when(quantity.is_not_null())
        .then(pl.concat_str(merge, units, pl.lit("}]}")))
    )


def _attribute_patches(frame: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Return ``_row`` and ``_attributes``: the patches of an offer's attributes, by name."""
    try:
        found = members(frame.with_columns(pl.col("seller_sku").alias("_sku")), "_row", "attributes")
    except ValueError as error:
        rows = frame.filter(pl.col("_row").is_in([int(row) for row in str(error).split(", ")]))
        _refuse(f"{_names(rows['seller_sku'])} has attributes that are not a JSON object")
        raise AssertionError from None
    found = found.filter(pl.col("token") != "null")
    names = found["name"].unique().to_list()
    wrong = sorted(name for name in names if name in OWNED or not NAME.fullmatch(name))
    if wrong:
        _refuse(f"{', '.join(wrong)} cannot be set as an attribute; set price, quantity and their fields instead")
    values = pl.concat([_plain_values(found, names, site), _structures(found, site)])
    return (
        values.sort("_row", "name")
        .group_by("_row", maintain_order=True)
        .agg(
            pl.concat_str(
                pl.lit('{"op":"replace","path":"/attributes/'), "name", pl.lit('","value":'), "value", pl.lit("}")
            )
            .str.join(",")
            .alias("_attributes")
        )
    )


_IS_STRUCTURE: Final = pl.col("token").str.contains(r"^[\[{]")


def _plain_values(found: pl.DataFrame, names: list[str], site: Site) -> pl.DataFrame:
    """Wrap texts, numbers and booleans: what goes around them depends on the name alone."""
    rows = found.filter(~_IS_STRUCTURE).with_columns(pl.col("token").str.starts_with('"').alias("is_text"))
    wrong = rows.filter(~pl.col("is_text") & ~pl.col("token").str.contains(rf"^(?:true|false|{NUMBER})$"))
    if wrong.height:
        _refuse(f"attribute '{wrong['name'][0]}' has a value that is not JSON")
    shapes = [(name, is_text, shape_of(name, site, is_text=is_text)) for name in names for is_text in (True, False)]
    around = pl.DataFrame(
        [(name, is_text, shape.before, shape.after) for name, is_text, shape in shapes],
        schema={"name": pl.String, "is_text": pl.Boolean, "before": pl.String, "after": pl.String},
        orient="row",
    )
    value = pl.concat_str(pl.lit("["), "before", "token", "after", pl.lit("]"))
    return rows.join(around, on=["name", "is_text"]).select("_row", "name", value.alias("value"))


def _structures(found: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Wrap objects and lists: each distinct one is read once, for they are literals of rules."""
    rows = found.filter(_IS_STRUCTURE)
    distinct = rows.select("name", "token").unique()
    wrapped: list[str] = []
    for name, token in distinct.iter_rows():
        try:
            wrapped.append(wrap(name, token, site))
        except ValueError as error:
            _refuse(f"attribute '{name}': {error}")
    table = distinct.with_columns(pl.Series("value", wrapped, dtype=pl.String))
    return rows.join(table, on=["name", "token"]).select("_row", "name", "value")
