"""Error values of a workbook (#N/A, #REF! …): readers of cells make blanks of them."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Final
from xml.etree import ElementTree as ET

_CELL: Final = re.compile(rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]+)([0-9]+)"[^>]*>(.*?)</c>', re.DOTALL)
_VALUE: Final = re.compile(rb"<v>([^<]*)</v>")
_MAIN: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_RELATION: Final = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_PACKAGE: Final = "{http://schemas.openxmlformats.org/package/2006/relationships}"


def error_cells(data: bytes, sheet: str) -> dict[tuple[int, int], str]:
    """Return (row, column), both from 0, to the error's text; nothing where the file is no .xlsx."""
    if not zipfile.is_zipfile(io.BytesIO(data)):
        return {}
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        part = sheet_part(archive, sheet)
        if part is None:
            return {}
        xml = archive.read(part)
    if b't="e"' not in xml:
        return {}
    found = {}
    for column, row, content in _CELL.findall(xml):
        value = _VALUE.search(content)
        found[int(row) - 1, column_index(column)] = value.group(1).decode() if value else "#N/A"
    return found


def sheet_part(archive: zipfile.ZipFile, sheet: str) -> str | None:
    """Return the name of the part that holds a sheet, or ``None``."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return None
    book = _parse(archive.read("xl/workbook.xml"))
    relations = _parse(archive.read("xl/_rels/workbook.xml.rels"))
    targets = {item.get("Id"): item.get("Target", "") for item in relations.iter(f"{_PACKAGE}Relationship")}
    for item in book.iter(f"{_MAIN}sheet"):
        if item.get("name") == sheet:
            target = targets.get(item.get(_RELATION), "")
            part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
            return part if part in names else None
    return None


def _parse(xml: bytes) -> ET.Element:
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        raise ValueError("a workbook declares no entities")
    return ET.fromstring(xml)  # noqa: S314 -- entities are refused above


def column_index(letters: bytes) -> int:
    """Return the number of a column, from 0: ``A`` is 0, ``AA`` 26."""
    index = 0
    for letter in letters:
        index = index * 26 + letter - 64
    return index - 1
