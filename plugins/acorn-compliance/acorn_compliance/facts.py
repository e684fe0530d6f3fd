"""The facts: ``vat_rate``, safety contacts, and whether the registrations are there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import Final

import polars as pl

from acorn_compliance.packs import packaged_rates, rate_on, read_rates, safety_countries
from acorn_compliance.registrations import Registrations
from acorn_compliance.settings import ComplianceSettings
from acorn_engine.plugins import Fact
from acorn_engine.types import BOOLEAN, NUMBER, TEXT

SCALE: Final = 6
VAT_COLUMNS: Final = ("_country", "_tax_included", "_today", "vat_category")
SAFETY_COLUMNS: Final = ("_country", "_today", "gpsr_exempt")
REGISTRATION_COLUMNS: Final = ("_country", "_today", "epr_streams")
"""The columns that facts follow from, and from nothing else."""
LARGEST_TABLE: Final = 1_000_000
"""So many combinations of values are looked up by their number; more are joined by."""


def compliance_facts(settings: ComplianceSettings) -> Iterable[Fact]:
    """Yield every fact of this plugin. Raises ``ProjectError`` for a bad VAT table."""
    own = read_rates(settings.vat) if settings.vat else ()

    def vat(country: str, category: str, day: date) -> Decimal | None:
        rate = rate_on(own, country, category, day) or rate_on(packaged_rates(), country, category, day)
        return Decimal(rate.rate.numerator) / Decimal(rate.rate.denominator) if rate else None

    yield Fact(
        "vat_rate",
        NUMBER,
        lambda offers: _vat_rates(offers, vat),
        source="acorn-compliance VAT table",
        description="the tax share that the displayed price contains; 0 where prices are shown without tax",
        follows_from=VAT_COLUMNS,
    )
    applies = _by_country(safety_countries())
    yield Fact(
        "gpsr_applies",
        BOOLEAN,
        lambda offers: _applies(offers, applies),
        source="Regulation (EU) 2023/988",
        description="whether the General Product Safety Regulation asks for contacts on this site",
        follows_from=SAFETY_COLUMNS,
    )
    for name, column, by_brand, default, words in (
        (
            "gpsr_manufacturer",
            "manufacturer_contact",
            settings.manufacturers,
            settings.manufacturer,
            "the manufacturer's contact",
        ),
        (
            "gpsr_responsible_person",
            "responsible_person",
            settings.responsible_persons,
            settings.responsible_person,
            "the EU responsible person's contact",
        ),
    ):
        yield Fact(
            name,
            TEXT,
            _contact(column, by_brand, default),
            source="the seller's data",
            description=words,
            follows_from=(column, "brand"),
        )
    registrations = Registrations(settings)
    for name, kind, compute, dtype, words in (
        (
            "epr_ready",
            BOOLEAN,
            registrations.ready,
            pl.Boolean(),
            "whether every registration that the site's country asks for is there",
        ),
        ("epr_missing", TEXT, registrations.missing, pl.String(), "the streams without a valid registration"),
        (
            "epr_note",
            TEXT,
            registrations.note,
            pl.String(),
            "registration numbers that do not look as their register writes them",
        ),
    ):
        values = _registrations(compute, dtype)
        yield Fact(
            name,
            kind,
            values,
            source="[compliance] registrations",
            description=words,
            follows_from=REGISTRATION_COLUMNS,
        )


def _mapped(offers: pl.DataFrame, columns: list[str], compute: Callable[..., object], dtype: pl.DataType) -> pl.Series:
    """Compute once for each distinct combination of a few columns; return one value an offer."""
    codes = pl.Series("_code", [0], dtype=pl.UInt32).new_from_index(0, offers.height)
    size = 1
    for name in columns:
        numbers, count = _numbers(offers[name])
        if size * count > LARGEST_TABLE:
            return _mapped_by_join(offers, columns, compute, dtype)
        if count > 1:
            codes, size = codes * count + numbers, size * count
    firsts = codes.arg_unique()
    values = [compute(*row) for row in offers[firsts].select(columns).iter_rows()]
    table: list[object] = [None] * size
    for code, value in zip(codes.gather(firsts), values, strict=True):
        table[code] = value
    return pl.Series("_value", table, dtype=dtype).gather(codes)


def _numbers(column: pl.Series) -> tuple[pl.Series, int]:
    """Return a number from 0 an offer, the same for the same value, and how many numbers there may be."""
    values = column.unique()
    if column.dtype == pl.String:
        known = values.drop_nulls()
        numbers, count = column.cast(pl.Enum(known)).to_physical(), known.len()
    else:
        physical = column.cast(pl.Int32)
        lowest, highest = physical.min(), physical.max()
        if not isinstance(lowest, int) or not isinstance(highest, int):
            lowest = highest = 0
        numbers, count = physical - lowest, highest - lowest + 1
    if column.null_count():
        numbers, count = numbers.cast(pl.UInt32).fill_null(count), count + 1
    return numbers.cast(pl.UInt32), count


def _mapped_by_join(
    offers: pl.DataFrame, columns: list[str], compute: Callable[..., object], dtype: pl.DataType
) -> pl.Series:
    distinct = offers.select(columns).unique()
    values = [compute(*row) for row in distinct.iter_rows()]
    keyed = distinct.with_columns(pl.Series("_value", values, dtype=dtype))
    joined = offers.select(columns).join(keyed, on=columns, how="left", maintain_order="left", nulls_equal=True)
    return joined.get_column("_value")


def _vat_rates(offers: pl.DataFrame, vat: Callable[[str, str, date], Decimal | None]) -> pl.Series:
    # As text: to take Python's decimals, Polars would load another library.
    def compute(country: str, included: bool, day: date, category: str | None = None) -> str | None:
        rate = vat(country, category or "standard", day) if included else Decimal(0)
        return None if rate is None else format(rate, "f")

    found = _mapped(offers, [name for name in VAT_COLUMNS if name in offers.columns], compute, pl.String())
    return found.cast(pl.Decimal(38, SCALE))


def _by_country(since: Mapping[str, date]) -> Callable[..., bool]:
    def applies(country: str, day: date, exempt: bool | None = None) -> bool:
        return not exempt and country in since and since[country] <= day

    return applies


def _applies(offers: pl.DataFrame, compute: Callable[..., object]) -> pl.Series:
    if "gpsr_exempt" not in offers.columns:
        return _mapped(offers, ["_country", "_today"], compute, pl.Boolean())
    offers = offers.with_columns(pl.col("gpsr_exempt").cast(pl.String).str.to_lowercase().is_in(["true", "yes", "1"]))
    return _mapped(offers, [*SAFETY_COLUMNS], compute, pl.Boolean())


def _contact(column: str, by_brand: Mapping[str, str], default: str | None) -> Callable[[pl.DataFrame], pl.Series]:
    def values(offers: pl.DataFrame) -> pl.Series:
        choices = []
        if column in offers.columns:
            choices.append(pl.col(column).cast(pl.String))
        if by_brand and "brand" in offers.columns:
            choices.append(pl.col("brand").replace_strict(by_brand, default=None, return_dtype=pl.String))
        choices.append(pl.lit(default, dtype=pl.String))
        return offers.with_columns(pl.coalesce(choices).alias("_value")).get_column("_value")

    return values


def _registrations(compute: Callable[..., object], dtype: pl.DataType) -> Callable[[pl.DataFrame], pl.Series]:
    def values(offers: pl.DataFrame) -> pl.Series:
        if "epr_streams" not in offers.columns:
            return _mapped(offers, ["_country", "_today"], lambda country, day: compute(country, day, None), dtype)
        return _mapped(offers, [*REGISTRATION_COLUMNS], compute, dtype)

    return values
