"""Patches of attributes. Rules set many offers to the same, so each distinct text is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_amazon.attributes import NAME, OWNED, shape_of, wrap
from acorn_amazon.checking import named
from acorn_amazon.columns import NUMBER, TEXT, members

if TYPE_CHECKING:
    from acorn_engine.sites import Site

_IS_STRUCTURE: Final = pl.col("token").str.contains(r"^[\[{]")
_NO_OBJECT: Final = "has attributes that are not a JSON object"
_SCHEMA: Final = {"row": pl.UInt32, "name": pl.String, "value": pl.String, "wrong": pl.String}


def attribute_patches(offers: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Return ``patches`` and ``wrong`` for every offer, in order: its attributes' patches by name, or a fault.

    ``offers`` has ``seller_sku`` and ``attributes``. Both columns are null where no attribute changes.
    """
    texts = offers.select(pl.col("attributes").drop_nulls().unique()).with_row_index("row")
    if texts.is_empty():
        nothing = pl.repeat(None, offers.height, dtype=pl.String, eager=True)
        return pl.DataFrame({"patches": nothing, "wrong": nothing})
    found, broken = members(texts, "row", "attributes")
    found = found.filter(pl.col("token") != "null")
    values = pl.concat([_unnamed(found), _plain_values(found, site), _structures(found, site)])
    # A name that no attribute has counts before a value that makes no sense, a plain value before a structure.
    wrong = values.drop_nulls("wrong").group_by("row", maintain_order=True).agg(pl.col("wrong").first())
    one = pl.concat_str(
        pl.lit('{"op":"replace","path":"/attributes/'), "name", pl.lit('","value":'), "value", pl.lit("}")
    )
    patches = (
        values.drop_nulls("value")
        .sort("row", "name")
        .group_by("row", maintain_order=True)
        .agg(one.str.join(",").alias("patches"))
    )
    table = texts.join(patches, on="row", how="left").join(wrong, on="row", how="left")
    table = table.with_columns(pl.col("row").is_in(broken.implode()).alias("broken"))
    return offers.join(table, on="attributes", how="left", maintain_order="left").select(
        "patches", pl.when("broken").then(named(_NO_OBJECT)).otherwise(pl.col("wrong")).alias("wrong")
    )


def _unnamed(found: pl.DataFrame) -> pl.DataFrame:
    """Return a fault for every object with a name that is none of an attribute, or is the engine's own field."""
    wrong = [name for name in found["name"].unique() if name in OWNED or not NAME.fullmatch(name)]
    names = pl.col("name").unique().sort().str.join(", ")
    told = pl.concat_str(names, pl.lit(" cannot be set as an attribute; set price, quantity and their fields instead"))
    rows = found.filter(pl.col("name").is_in(wrong)).group_by("row").agg(told.alias("wrong"))
    return pl.concat([pl.DataFrame(schema=_SCHEMA), rows], how="diagonal")


def _plain_values(found: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Wrap texts, numbers and booleans: what goes around them depends on the name alone."""
    rows = found.filter(~_IS_STRUCTURE).with_columns(pl.col("token").str.starts_with('"').alias("is_text"))
    shapes = [
        (name, is_text, shape_of(name, site, is_text=is_text))
        for name in rows["name"].unique()
        for is_text in (True, False)
    ]
    around = pl.DataFrame(
        [(name, is_text, shape.before, shape.after) for name, is_text, shape in shapes],
        schema={"name": pl.String, "is_text": pl.Boolean, "before": pl.String, "after": pl.String},
        orient="row",
    )
    is_json = pl.col("token").str.contains(rf"^(?:true|false|{NUMBER}|{TEXT})$")
    value = pl.concat_str(pl.lit("["), "before", "token", "after", pl.lit("]"))
    fault = pl.concat_str(pl.lit("attribute '"), "name", pl.lit("' has a value that is not JSON"))
    return rows.join(around, on=["name", "is_text"], how="left", maintain_order="left").select(
        "row",
        "name",
        pl.when(is_json).then(value).alias("value"),
        pl.when(~is_json).then(fault).alias("wrong"),
    )


def _structures(found: pl.DataFrame, site: Site) -> pl.DataFrame:
    """Wrap objects and lists: each distinct one is read once, for they are literals of rules."""
    rows = found.filter(_IS_STRUCTURE)
    distinct = rows.select("name", "token").unique()
    wrapped: list[tuple[str | None, str | None]] = []
    for name, token in distinct.iter_rows():
        try:
            wrapped.append((wrap(name, token, site), None))
        except ValueError as error:
            wrapped.append((None, f"attribute '{name}': {error}"))
    read = pl.DataFrame(wrapped, schema={"value": pl.String, "wrong": pl.String}, orient="row")
    table = pl.concat([distinct, read], how="horizontal")
    return rows.join(table, on=["name", "token"], maintain_order="left").select(*_SCHEMA)
