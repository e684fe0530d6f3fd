"""Where rates come from: the operator's own, the packaged snapshot, pegs."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from acorn_currency.calendar import BANK_TIME
from acorn_currency.rates import Rate
from acorn_engine.problems import Place, Problem, ProjectError, did_you_mean

COLUMNS: Final = ("base", "quote", "rate", "as_of", "source")
PEGS: Final = (("USD", "AED", "3.6725"), ("USD", "SAR", "3.75"))
"""Official pegs of the central banks of the United Arab Emirates and Saudi Arabia."""

_CODE: Final = re.compile(r"[A-Z]{3}")
_PUBLISHED: Final = time(16, 0)


def pegs() -> list[Rate]:
    """Return the pegged pairs; they have no date."""
    return [Rate(base, quote, Fraction(rate), "official peg", None) for base, quote, rate in PEGS]


@lru_cache(maxsize=1)
def _snapshot() -> dict[date, list[tuple[str, str]]]:
    text = files("acorn_currency").joinpath("data/ecb.csv").read_text(encoding="ascii")
    days: dict[date, list[tuple[str, str]]] = {}
    for row in csv.DictReader(io.StringIO(text)):
        days.setdefault(date.fromisoformat(row["as_of"]), []).append((row["currency"], row["rate"]))
    return days


def snapshot(now: datetime) -> list[Rate]:
    """Return the newest published rates of the package that were out at ``now``: 1 EUR = rate."""
    out = [day for day in _snapshot() if datetime.combine(day, _PUBLISHED, BANK_TIME) <= now]
    if not out:
        return []
    newest = max(out)
    as_of = datetime.combine(newest, _PUBLISHED, BANK_TIME)
    return [Rate("EUR", currency, Fraction(rate), "ECB (packaged)", as_of) for currency, rate in _snapshot()[newest]]


def read_file(path: Path) -> list[Rate]:
    """Read the operator's rates: columns base, quote, rate, as_of, source; UTF-8.

    Raises ``ProjectError`` with every problem, by row and column.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ProjectError(
            Problem(
                code="rates-unreadable",
                message=f"the rates file {path.name} cannot be read: {error.strerror}. Nothing was planned.",
                hint="[currency] rates names it",
            )
        ) from None
    except UnicodeDecodeError:
        raise ProjectError(
            Problem(code="rates-encoding", message=f"the rates file {path.name} is not UTF-8. Nothing was planned.")
        ) from None
    reader = csv.DictReader(io.StringIO(text))
    header = [name.strip() for name in reader.fieldnames or []]
    absent = [name for name in COLUMNS[:4] if name not in header]
    if absent:
        hints = [hint for name in absent if (hint := did_you_mean(name, header))]
        raise ProjectError(
            Problem(
                code="rates-columns",
                message=f"the rates file {path.name} has no column {', '.join(absent)}. Nothing was planned.",
                hint=hints[0] if hints else f"its first line must be: {','.join(COLUMNS)}",
                place=Place(path.name, 1, 1, text=text.splitlines()[0] if text else None),
            )
        )
    return read_rows(({(key or "").strip(): value for key, value in row.items()} for row in reader), path.name)


def read_rows(rows: Iterable[Mapping[str, object]], name: str = "rates") -> list[Rate]:
    """Check rows of base, quote, rate, as_of, source. Raises ``ProjectError`` with every problem."""
    rates: list[Rate] = []
    problems: list[Problem] = []
    seen: dict[tuple[str, str], int] = {}
    for number, row in enumerate(rows, start=2):
        checked = _read_row(row, number, name, problems)
        if checked is None:
            continue
        pair = (checked.base, checked.quote)
        if pair in seen:
            problems.append(
                _problem(
                    name,
                    number,
                    "base",
                    f"the pair {pair[0]}/{pair[1]} stands in row {seen[pair]} already",
                    "keep one of them",
                )
            )
        seen[pair] = number
        rates.append(checked)
    if problems:
        raise ProjectError(problems)
    return rates


def _read_row(row: Mapping[str, object], number: int, name: str, problems: list[Problem]) -> Rate | None:
    before = len(problems)
    base, quote = (str(row.get(key) or "").strip() for key in ("base", "quote"))
    for key, code in (("base", base), ("quote", quote)):
        if not _CODE.fullmatch(code):
            problems.append(
                _problem(name, number, key, f"'{code}' is not a currency code", "three capital letters, like USD")
            )
    if base == quote and base:
        problems.append(_problem(name, number, "quote", f"{base} to itself is always 1", "remove the row"))
    rate = _rate(row.get("rate"), number, name, problems)
    as_of = _instant(row.get("as_of"), number, name, problems)
    if len(problems) > before or rate is None or as_of is None:
        return None
    return Rate(base, quote, rate, str(row.get("source") or name).strip(), as_of)


def _rate(value: object, number: int, name: str, problems: list[Problem]) -> Fraction | None:
    if isinstance(value, float):
        problems.append(_problem(name, number, "rate", "the rate is a binary float", "give it as text or Decimal"))
        return None
    text = str(value if value is not None else "").strip()
    try:
        rate = Decimal(text)
    except InvalidOperation:
        rate = Decimal(0)
        problems.append(_problem(name, number, "rate", f"'{text}' is not a number", "write it like 0.9214"))
        return None
    if not rate.is_finite() or not Decimal("1e-9") <= rate <= Decimal("1e9"):
        problems.append(_problem(name, number, "rate", f"a rate of {text} cannot be right", "1 base = rate quote"))
        return None
    return Fraction(rate)


def _instant(value: object, number: int, name: str, problems: list[Problem]) -> datetime | None:
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=BANK_TIME)
    if isinstance(value, date):
        return datetime.combine(value, _PUBLISHED, BANK_TIME)
    text = str(value if value is not None else "").strip()
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), _PUBLISHED, BANK_TIME)
        moment = datetime.fromisoformat(text)
    except ValueError:
        problems.append(_problem(name, number, "as_of", f"'{text}' is not a date", "write it like 2026-11-23"))
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=BANK_TIME)


def _problem(name: str, row: int, column: str, message: str, hint: str) -> Problem:
    return Problem(
        code="rates-value",
        message=f"{message}. Nothing was planned.",
        hint=hint,
        place=Place(name, row=row, field=column),
    )
