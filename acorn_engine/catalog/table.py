"""One table, typed and checked: every cell is exact, or its row is held and says why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.catalog.clean import fewer, is_ascii, plain_columns
from acorn_engine.catalog.columns import Column, read_column
from acorn_engine.catalog.distinct import Distinct, none_or
from acorn_engine.catalog.findings import Finding, tell, with_codes
from acorn_engine.catalog.layout import Layout, lay_out
from acorn_engine.catalog.mojibake import misread_rows
from acorn_engine.catalog.names import CURRENT, INSTANT, Role
from acorn_engine.facts import FactInfo
from acorn_engine.problems import Place, Problem
from acorn_engine.types import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from acorn_engine.catalog.options import ColumnSpec
    from acorn_engine.catalog.raw import RawTable
    from acorn_engine.sites import Site

EXCEL_ERROR = r"^#(?:N/A|NV|REF!|BEZUG!|VALUE!|WERT!|DIV/0!|NAME\?|NULL!|NUM!|ZAHL!|SPILL!|CALC!)$"


@dataclass(frozen=True, slots=True)
class TypedTable:
    """Products or listings, typed.

    ``frame`` has the columns under the names of facts, ``_position`` (0 …), ``_row`` (as a
    spreadsheet shows it) and ``_fact_problem`` (code of the first problem that holds the row, or
    null). ``facts`` describes the columns that rules can read. ``findings`` are the rows with
    problems, ``table_problems`` what concerns the whole table.
    """

    role: Role
    name: str
    frame: pl.DataFrame
    facts: Mapping[str, FactInfo]
    headers: Mapping[str, str]
    as_of: datetime | None = None
    findings: tuple[Finding, ...] = ()
    table_problems: tuple[Problem, ...] = ()

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems of this table alone; ``join_offers`` tells them with the offers that they hold."""
        return (*self.table_problems, *chain.from_iterable(self.tell(finding) for finding in self.findings))

    def tell(self, finding: Finding, keys: Mapping[int, Sequence[tuple[str, str, str]]] | None = None) -> list[Problem]:
        """Return a finding of this table as problems."""
        rows = self.frame["_row"].gather(finding.positions)
        return tell(finding, self.name, rows, keys)


def type_table(
    raw: RawTable,
    columns: Mapping[str, ColumnSpec],
    sites: Mapping[str, Site],
    *,
    allow_empty: bool = False,
    least_scales: Mapping[str, int] | None = None,
) -> TypedTable:
    """Give every column its type, and hold every row that has a cell which is not of it.

    ``columns`` are the types of the seller's own columns, ``sites`` the known sites by name.
    ``least_scales`` are decimals that columns have even where their values need fewer.
    Nothing is raised for what stands in the table: problems with effect ``stops`` mean that it
    cannot be used.
    """
    plain = plain_columns(raw.frame)
    frame = _without_blank_rows(raw.frame, plain)
    problems = list(raw.problems)
    if frame.height == 0 and not allow_empty:
        problems.append(no_rows(raw.role, raw.name))
    layout = lay_out(raw, frame, columns, plain)
    problems += layout.problems
    frame, findings = layout.frame, [*layout.findings, *_text_findings(layout, raw)]
    tags = {"price_currency", "cost_currency"} | {kind.tag_column for kind in layout.types.values()}
    typed: list[pl.Series] = []
    facts: dict[str, FactInfo] = {}
    row_sites: Distinct | None = None
    for name, kind in layout.types.items():
        if kind.kind is Kind.MONEY and row_sites is None and "site" in layout.types:
            # Texts come before money, so the sites have been read by now.
            row_sites = Distinct(frame["site"])
        lowest = layout.plain.get(name)
        least_scale = (least_scales or {}).get(name, 0)
        column = Column(raw, name, kind, frame.height, name in tags, lowest, least_scale)
        read_column(column, frame, sites, raw.options.number_format, row_sites)
        findings += column.findings
        frame = frame.with_columns(column.texts) if column.texts is not None else frame
        if name in layout.unkept:
            continue
        fact = fact_name(raw.role, name)
        typed.append(column.values.alias(fact))
        if kind != INSTANT and name != "site":
            facts[fact] = FactInfo(fact, kind, column.scale, f"column '{raw.header(name)}' of {raw.name}")
    result = pl.DataFrame([frame["_position"], frame["_row"], *typed])
    result = with_codes(result, findings, "_fact_problem")
    return TypedTable(
        role=raw.role,
        name=raw.name,
        frame=result,
        facts=facts,
        headers={fact_name(raw.role, name): raw.header(name) for name in layout.types},
        as_of=raw.as_of,
        findings=tuple(finding for finding in findings if finding.positions.len()),
        table_problems=tuple(problems),
    )


def fact_name(role: Role, name: str) -> str:
    """Return what a column of a table is called as a fact."""
    if role == "listings":
        return CURRENT.get(name, name)
    return "_as_of_products" if name == "as_of" else name


def _without_blank_rows(frame: pl.DataFrame, plain: Mapping[str, str]) -> pl.DataFrame:
    """Leave out rows without any value: spreadsheets end in them."""
    kinds = {name: kind for name, kind in frame.schema.items() if name != "_row"}
    full = any(frame[name].null_count() == 0 and (kind != pl.String or name in plain) for name, kind in kinds.items())
    cells = [
        pl.col(name).is_not_null() & (pl.col(name).str.strip_chars() != "" if kind == pl.String else pl.lit(value=True))
        for name, kind in kinds.items()
    ]
    kept = frame.filter(pl.any_horizontal(cells)) if cells and frame.height and not full else frame
    return kept.with_columns(_position=pl.int_range(kept.height, dtype=pl.UInt32))


def no_rows(role: Role, name: str) -> Problem:
    """Return what there is to say of a table without rows."""
    return Problem(
        code="no_rows",
        message=f"the table of {role} has no rows; nothing was planned",
        place=Place(file=name),
        hint="export it again: an empty table would look as if everything had been taken out",
    )


def _text_findings(layout: Layout, raw: RawTable) -> list[Finding]:
    """Return what can be wrong with any text: mojibake, a spreadsheet's error values."""
    found = []
    frame = layout.frame
    for name, kind in frame.schema.items():
        if kind != pl.String or name in layout.plain:
            continue
        texts, header = frame[name], raw.header(name)
        for code, test, message, hint in (
            (
                "mojibake",
                _misread,
                "{value} is text that was read with a wrong encoding before it came here",
                "export it again with the right encoding: what stands in the file now cannot be repaired safely",
            ),
            (
                "spreadsheet_error",
                _spreadsheet_errors,
                "the cell is the spreadsheet's error {value}",
                "mend the formula in the spreadsheet",
            ),
        ):
            mask = _rows_of(texts, test)
            if mask is not None:
                found.append(Finding(code, frame["_position"].filter(mask), message, texts.filter(mask), header, hint))
    return found


def _rows_of(texts: pl.Series, test: Callable[[pl.Series], pl.Series | None]) -> pl.Series | None:
    """Return the rows that a test of single values is true for; ``None``: it is for none."""
    distinct = fewer(texts)
    mask = test(distinct)
    return mask if mask is None or distinct is texts else test(texts)


def _misread(texts: pl.Series) -> pl.Series | None:
    return None if is_ascii(texts) else none_or(misread_rows(texts))


def _spreadsheet_errors(texts: pl.Series) -> pl.Series | None:
    if not texts.str.starts_with("#").any():
        return None
    return none_or(texts.str.contains(EXCEL_ERROR))


def dated(table: TypedTable, instant: datetime | str | None) -> dict[str, FactInfo]:
    """Return the facts of a table, dated: by one instant, or by a column of instants."""
    return {name: replace(info, as_of=instant) for name, info in table.facts.items()}
