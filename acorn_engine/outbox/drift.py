"""Drift: what an offer shows now against what it showed when our value was last confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from acorn_engine.fields import ATTRIBUTE_PREFIX, STANDARD_FIELDS, group_of
from acorn_engine.outbox.compare import is_readable, same_value, shown_value
from acorn_engine.store.offers import pending, read_offer_states, read_verified

if TYPE_CHECKING:
    from acorn_engine.outbox.context import Context

DRIFT_SCHEMA: dict[str, Any] = {
    **dict.fromkeys(["account", "site", "seller_sku", "field", "confirmed", "shown", "plan"], pl.String()),
    "confirmed_at": pl.Datetime("us", "UTC"),
    "as_of": pl.Datetime("us", "UTC"),
}


def drift(ctx: Context, site: str, account: str) -> pl.DataFrame:
    """Return (``DRIFT_SCHEMA``) every field whose newer read differs while nothing of ours is pending."""
    project = ctx.store.project
    with ctx.store.read() as connection:
        confirmed = read_verified(connection, project, site, account)
        states = read_offer_states(connection, project, site, [account], None)
        on_its_way = pending(connection, project, site, [account])
    names = [name for name in states.columns if name not in {"account", "site", "source"}]
    newer = confirmed.join(states.select(names), on="seller_sku", how="inner").filter(pl.col("as_of") > pl.col("at"))
    fields = {field.name: field for field in STANDARD_FIELDS}
    groups = {name: group_of(name, fields) for name in newer.get_column("field").unique()}
    groups_of = pl.col("field").replace_strict(groups, return_dtype=pl.String()) if groups else pl.col("field")
    free = newer.with_columns(groups_of.alias("group")).join(on_its_way, on=["seller_sku", "group"], how="anti")
    marketplace, place = ctx.marketplace(account), ctx.site(account, site)
    found = []
    for row in _suspects(free).to_dicts():
        shown = shown_value(row["field"], row)
        if not same_value(row["field"], row["value"], shown, marketplace, place):
            keys = (row["seller_sku"], row["field"], row["value"], shown, row["plan"], row["at"], row["as_of"])
            found.append((account, site, *keys))
    return pl.DataFrame(found, schema=DRIFT_SCHEMA, orient="row")


def _suspects(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows whose texts differ at all: the exact comparison looks at these only."""
    fields = [name for name in rows.get_column("field").unique() if is_readable(name)]
    plain = [name for name in fields if not name.startswith(ATTRIBUTE_PREFIX)]
    shown = [pl.when(pl.col("field") == name).then(pl.col(name)) for name in plain]
    same = pl.coalesce(shown).eq_missing(pl.col("value")) if shown else pl.lit(False)
    return rows.filter(pl.col("field").is_in(fields) & ~(pl.col("field").is_in(plain) & same))
