"""Dated knowledge: law and rates as data, with source, date checked and confidence."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from acorn_engine.problems import Place, Problem, ProjectError

VAT_COLUMNS: Final = ("country", "category", "rate", "valid_from")


@dataclass(frozen=True, slots=True)
class TaxRate:
    """The tax share of a country's displayed prices for a category, between two dates (inclusive)."""

    country: str
    category: str
    rate: Fraction
    valid_from: date
    valid_to: date | None
    source: str
    confidence: str

    def holds(self, day: date) -> bool:
        """Say whether the rate is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Obligation:
    """A registration that a country asks for, and how its number looks."""

    country: str
    stream: str
    pattern: str
    example: str
    enforcement: str
    valid_from: date
    source: str
    confidence: str


def _rows(name: str) -> Iterable[Mapping[str, str]]:
    text = files("acorn_compliance").joinpath(f"data/{name}").read_text(encoding="utf-8")
    return csv.DictReader(io.StringIO(text))


def _rate(row: Mapping[str, str]) -> TaxRate:
    rate = row["rate"].strip()
    if not rate.endswith("%"):
        raise ValueError(f"'{rate}' is not a percentage, like 19%")
    share = Fraction(rate[:-1]) / 100
    if not 0 <= share < 1:
        raise ValueError(f"a tax of {rate} cannot be right")
    end = (row.get("valid_to") or "").strip()
    return TaxRate(
        row["country"].strip(),
        row["category"].strip(),
        share,
        date.fromisoformat(row["valid_from"].strip()),
        date.fromisoformat(end) if end else None,
        (row.get("source") or "").strip(),
        (row.get("confidence") or "").strip(),
    )


@lru_cache(maxsize=1)
def packaged_rates() -> tuple[TaxRate, ...]:
    """Return the packaged VAT table."""
    return tuple(_rate(row) for row in _rows("vat.csv"))


def read_rates(path: Path) -> tuple[TaxRate, ...]:
    """Read an operator's VAT table: country, category, rate, valid_from, valid_to, source.

    Raises ``ProjectError`` with every problem, by row.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(
            Problem(
                code="vat-unreadable",
                message=f"the VAT table {path.name} cannot be read: {error}. Nothing was planned.",
            )
        ) from None
    reader = csv.DictReader(io.StringIO(text))
    absent = [name for name in VAT_COLUMNS if name not in (reader.fieldnames or [])]
    if absent:
        raise ProjectError(
            Problem(
                code="vat-columns",
                message=f"the VAT table {path.name} has no column {', '.join(absent)}. Nothing was planned.",
                hint="its first line must be: country,category,rate,valid_from,valid_to,source",
            )
        )
    rates, problems = [], []
    for number, row in enumerate(reader, start=2):
        try:
            rates.append(_rate(row))
        except (ValueError, AttributeError) as error:
            place = Place(path.name, row=number)
            problems.append(Problem(code="vat-value", message=f"{error}. Nothing was planned.", place=place))
    if problems:
        raise ProjectError(problems)
    return tuple(rates)


def rate_on(rates: Iterable[TaxRate], country: str, category: str, day: date) -> TaxRate | None:
    """Return the rate in force, the latest one where several are; ``None`` where none is."""
    fitting = [rate for rate in rates if rate.country == country and rate.category == category and rate.holds(day)]
    return max(fitting, key=lambda rate: rate.valid_from, default=None)


@lru_cache(maxsize=1)
def obligations() -> tuple[Obligation, ...]:
    """Return the registrations that countries ask for."""
    return tuple(
        Obligation(
            row["country"],
            row["stream"],
            row["pattern"],
            row["example"],
            row["enforcement"],
            date.fromisoformat(row["valid_from"]),
            row["source"],
            row["confidence"],
        )
        for row in _rows("epr.csv")
    )


@lru_cache(maxsize=1)
def safety_countries() -> Mapping[str, date]:
    """Return the countries where the General Product Safety Regulation asks for contacts, and since when."""
    return {row["country"]: date.fromisoformat(row["valid_from"]) for row in _rows("gpsr.csv")}
