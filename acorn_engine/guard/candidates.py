"""Which fields of which offers would change: new is not current."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from acorn_engine.evaluate.slots import NUMBER_DIGITS
from acorn_engine.fields import PRICE_GROUP, STANDARD_FIELDS, attribute_name
from acorn_engine.guard.model import ROW
from acorn_engine.guard.shown_attributes import shown_attribute
from acorn_engine.guard.text import minor_units
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from acorn_engine.fields import Field
    from acorn_engine.sites import Site

LIMIT_FIELDS: Final = ("minimum_price", "maximum_price")
"""Sent only together with another change of the price group that has a value."""

LOST: Final = "_lost."
"""Optional Boolean columns, by field: a value was wanted and there is none."""

_CONTROLS: Final[dict[str, tuple[pl.DataType, Any]]] = {
    "_pending": (pl.String(), ""),
    "_quantity_owner": (pl.Boolean(), False),
    "_neighbours": (pl.String(), None),
    "_read": (pl.Boolean(), False),
    "_fact_problem": (pl.String(), None),
    "_considered": (pl.Boolean(), True),
}
"""Control columns with what an absent or null one means: never more than was said."""

_FACTS: Final[dict[str, pl.DataType]] = {
    "fulfilment": pl.String(),
    "product_type": pl.String(),
    "other_prices": pl.String(),
    "current_attributes": pl.String(),
    "sku": pl.String(),
}


def field_dtype(field: Field) -> pl.DataType:
    """Return how the proposed value of a field stands in the frame."""
    kinds: dict[Kind, pl.DataType] = {Kind.MONEY: pl.Int64(), Kind.BOOLEAN: pl.Boolean(), Kind.DATE: pl.Date()}
    if attribute_name(field.name) is not None:
        return pl.String()
    if field.type.kind is Kind.NUMBER:
        return pl.Int64() if field.type.integer else pl.Decimal(38, NUMBER_DIGITS)
    return kinds.get(field.type.kind, pl.String())


def all_fields(proposed: Mapping[str, Field]) -> dict[str, Field]:
    """Return the standard fields, then whatever else rules set, by name."""
    standard = {field.name: field for field in STANDARD_FIELDS}
    return {**standard, **{name: proposed[name] for name in sorted(proposed) if name not in standard}}


def sent_fields(fields: Mapping[str, Field]) -> list[Field]:
    """Return the fields that can be changes."""
    return [field for field in fields.values() if field.sent]


def group_fields(fields: Mapping[str, Field], group: str) -> frozenset[str]:
    """Return the names of the sent fields of a group."""
    return frozenset(field.name for field in sent_fields(fields) if field.group == group)


def complete(frame: pl.DataFrame, fields: Mapping[str, Field], site: Site) -> pl.DataFrame:
    """Return the proposals with every column that judging reads; what was absent is null."""
    absent: list[pl.Expr] = []

    def need(name: str, dtype: pl.DataType, value: Any = None) -> None:
        if name not in frame.columns:
            absent.append(pl.lit(value, dtype).alias(name))

    for name, field in fields.items():
        need(f"to.{name}", field_dtype(field))
        need(f"rule.{name}", pl.String())
        if attribute_name(name) is None and field.sent:
            money = pl.Decimal(38, site.digits)
            need(f"current_{name}", money if field.type.kind is Kind.MONEY else field_dtype(field))
    for group in {field.group for field in fields.values()}:
        for prefix in ("hold", "hold_code", "hold_facts"):
            need(f"{prefix}.{group}", pl.String())
    for name, dtype in _FACTS.items():
        need(name, dtype)
    for name, (dtype, value) in _CONTROLS.items():
        need(name, dtype, value)
    known = [pl.col(name).fill_null(value) for name, (_, value) in _CONTROLS.items() if value is not None]
    return frame.drop(ROW, strict=False).with_row_index(ROW).with_columns(absent).with_columns(known)


def raise_to_floor(frame: pl.DataFrame) -> pl.DataFrame:
    """Lift proposed prices below the floor to it; ``_raised`` says where."""
    floor = floor_price()
    prices = ("to.price", "to.sale_price")
    return frame.with_columns(
        _raised=pl.any_horizontal((pl.col(name) < floor).fill_null(value=False) for name in prices)
    ).with_columns(pl.when(pl.col(name) < floor).then(floor).otherwise(pl.col(name)).alias(name) for name in prices)


def floor_price() -> pl.Expr:
    """Return the working floor in minor units: blank, zero and negative are missing."""
    return pl.when(pl.col("to.floor_price") > 0).then(pl.col("to.floor_price"))


def mark_changes(
    frame: pl.DataFrame,
    fields: Mapping[str, Field],
    setters: Mapping[str, frozenset[str]],
    site: Site,
    same_attribute: Callable[[str, str | None], bool] | None,
) -> pl.DataFrame:
    """Add ``shown.<field>``, ``changed.<field>`` and ``valueless.<field>`` for every sent field.

    ``shown`` is what the site shows, comparable with ``to``. A change whose value came out missing,
    or that a rule failed to set, is ``valueless``. ``setters`` maps a field to the rules that set it.
    """
    sent = sent_fields(fields)
    schema = frame.schema
    frame = frame.with_columns(_shown(field, frame, schema, site).alias(f"shown.{field.name}") for field in sent)
    attributes = [field.name for field in sent if attribute_name(field.name) is not None]
    frame = frame.with_columns(_differs(frame, name, same_attribute or same_data) for name in attributes)
    differs = [
        (
            pl.col(f"to.{field.name}").is_not_null()
            & pl.col(f"to.{field.name}").ne_missing(pl.col(f"shown.{field.name}"))
        )
        .and_(pl.col("_considered"))
        .alias(f"changed.{field.name}")
        for field in sent
        if attribute_name(field.name) is None
    ]
    frame = frame.with_columns(differs)
    frame = frame.with_columns(_valueless(field, setters.get(field.name, frozenset())) for field in sent)
    lost = [field.name for field in sent if f"{LOST}{field.name}" in frame.columns]
    frame = frame.with_columns(pl.col(f"valueless.{name}") | pl.col(f"{LOST}{name}") for name in lost)
    frame = frame.with_columns(pl.col(f"changed.{field.name}") | pl.col(f"valueless.{field.name}") for field in sent)
    companions = [
        pl.col(f"changed.{field.name}") & ~pl.col(f"valueless.{field.name}")
        for field in sent
        if field.group == PRICE_GROUP and field.name not in LIMIT_FIELDS
    ]
    return frame.with_columns(pl.col(f"changed.{name}") & pl.any_horizontal(companions) for name in LIMIT_FIELDS)


def _shown(field: Field, frame: pl.DataFrame, schema: Mapping[str, pl.DataType], site: Site) -> pl.Expr | pl.Series:
    attribute = attribute_name(field.name)
    if attribute is not None:
        return shown_attribute(frame["current_attributes"], attribute)
    column = f"current_{field.name}"
    if field.type.kind is Kind.MONEY:
        return minor_units(column, schema[column], site.digits)
    wanted = field_dtype(field)
    return pl.col(column) if schema[column] == wanted else pl.col(column).cast(wanted, strict=False)


def _valueless(field: Field, setters: Iterable[str]) -> pl.Expr:
    """A rule that sets the field came out missing or failed, and no other value stands against the current one."""
    if field.name in LIMIT_FIELDS or not setters:
        return pl.lit(value=False).alias(f"valueless.{field.name}")
    broken = pl.col(f"hold_code.{field.group}").is_in(["missing", "failed", "overflow"])
    by_setter = pl.col(f"hold.{field.group}").is_in(sorted(setters))
    fires = broken & by_setter & ~pl.col(f"changed.{field.name}") & pl.col("_considered")
    return fires.fill_null(value=False).alias(f"valueless.{field.name}")


def _differs(frame: pl.DataFrame, name: str, same: Callable[[str, str | None], bool]) -> pl.Series:
    """Say where an attribute differs, compared as the marketplace does: once for every distinct pair of texts."""
    wanted, shown, changed = f"to.{name}", f"shown.{name}", f"changed.{name}"
    asked = frame.select(pl.col(wanted).is_not_null() & pl.col("_considered")).to_series()
    differs = pl.Series(changed, [False]).new_from_index(0, frame.height).alias(changed)
    rows = asked.arg_true()
    if rows.is_empty():
        return differs
    some = frame.select(wanted, shown)[rows]
    pairs = some.unique()
    table = pairs.with_columns(pl.Series("_same", [same(want, show) for want, show in pairs.iter_rows()], pl.Boolean))
    told = some.join(table, on=[wanted, shown], how="left", nulls_equal=True, maintain_order="left")["_same"]
    return differs.scatter(rows, ~told)


def same_data(wanted: str, shown: str | None) -> bool:
    """Say whether two JSON texts hold equal data; a text that is not JSON stands for itself."""
    if shown is None:
        return False
    want = json.loads(wanted, parse_float=Decimal)
    if want == shown:
        return True
    try:
        show = json.loads(shown, parse_float=Decimal)
        return bool(show == want and type(show) is type(want))
    except ValueError:
        return False


def setters_of(assignments: Iterable[tuple[str, Sequence[str]]]) -> dict[str, frozenset[str]]:
    """Return which rules set each field, from (rule id, fields) pairs."""
    found: dict[str, set[str]] = {}
    for rule, names in assignments:
        for name in names:
            found.setdefault(name, set()).add(rule)
    return {name: frozenset(rules) for name, rules in found.items()}
