"""The table ``rate``: site currency to currency to exact rate, with source and age."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from acorn_currency.rates import RateBook, cross_table
from acorn_currency.settings import CurrencySettings
from acorn_currency.sources import pegs, read_file, read_rows, snapshot
from acorn_engine.facts import FactTable, TableEntry

LATEST_AHEAD: Final = timedelta(days=1)
"""A rate may be dated today before it is published; one from further ahead would never grow old, so it counts as stale."""


def rate_table(settings: CurrencySettings, now: datetime) -> FactTable:
    """Return all rates at ``now``. Raises ``ProjectError`` for a bad rates file.

    The operator's rates win over pegs, pegs over the packaged snapshot.
    """
    own = read_file(settings.rates) if isinstance(settings.rates, Path) else read_rows(settings.rates or ())
    books = [RateBook(own), RateBook(pegs())]
    if settings.snapshot:
        books.append(RateBook(snapshot(now)))
    entries = {
        quote: {
            base: TableEntry(
                rate.rate,
                rate.source,
                rate.as_of,
                stale=rate.as_of is not None
                and (settings.max_age.passed(rate.as_of, now) or rate.as_of > now + LATEST_AHEAD),
                expires_at=settings.max_age.ends(rate.as_of) if rate.as_of is not None else None,
            )
            for base, rate in row.items()
        }
        for quote, row in cross_table(books).items()
    }
    return FactTable(
        "rate", entries, source="acorn-currency", description="1 unit of a currency in the site's currency"
    )
