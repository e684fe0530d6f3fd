"""How much a workbook would unpack to, before anything is unpacked: a small file can fill the memory."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final

from acorn_engine.builtin.excel_errors import column_index, sheet_part

LARGEST_UNPACKED: Final = 2_000_000_000
"""Bytes of all parts of a workbook together."""
SMALL: Final = 100_000_000
LARGEST_RATIO: Final = 200
"""Unpacked to packed bytes, from ``SMALL`` on: worksheets of real data pack to a tenth or so."""
LARGEST_AREA: Final = 50_000_000
"""Cells between the first and the last one that is filled in: a reader makes room for all of them."""
_CHUNK: Final = 4_000_000
_LONGEST_REFERENCE: Final = 40
_REFERENCE: Final = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Za-z]{1,3})([0-9]{1,7})["']""")


def size_fault(data: bytes, sheet: str | None = None) -> str | None:
    """Return why a workbook, or one of its sheets, is too large to be read, or ``None``. Other files have no fault."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return None
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if sheet is None:
            return _unpacked_fault(sum(part.file_size for part in archive.infolist()), len(data))
        part = sheet_part(archive, sheet)
        return None if part is None else _area_fault(archive, part)


def _unpacked_fault(unpacked: int, packed: int) -> str | None:
    if unpacked <= LARGEST_UNPACKED and (unpacked <= SMALL or unpacked <= packed * LARGEST_RATIO):
        return None
    return f"the workbook of {packed:,} bytes would unpack to {unpacked:,}; nothing was read"


def _area_fault(archive: zipfile.ZipFile, part: str) -> str | None:
    rows = columns = 0
    rest = b""
    with archive.open(part) as xml:
        while chunk := xml.read(_CHUNK):
            text = rest + chunk
            for letters, row in _REFERENCE.findall(text):
                rows, columns = max(rows, int(row)), max(columns, column_index(letters.upper()) + 1)
            if rows * columns > LARGEST_AREA:
                return (
                    f"the sheet reaches to row {rows:,} and column {columns:,}: {rows * columns:,} cells;"
                    " nothing was read"
                )
            rest = text[-_LONGEST_REFERENCE:]
    return None
