"""Which columns a table has and of which type, cleaned, with meanings and defaults filled in."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.catalog.clean import clean_key, clean_text, to_text
from acorn_engine.catalog.exact import exact_cells
from acorn_engine.catalog.filling import fill
from acorn_engine.catalog.findings import Finding
from acorn_engine.catalog.names import (
    KEY_COLUMNS,
    KNOWN_COLUMNS,
    RESERVED,
    readable,
    suggested_name,
)
from acorn_engine.catalog.requirements import absent, table_problem, tag_problems
from acorn_engine.problems import Problem
from acorn_engine.types import SITE_TAG, TEXT, Kind, Type

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.catalog.options import ColumnSpec
    from acorn_engine.catalog.raw import RawTable


@dataclass
class Layout:
    """The columns of a table as clean cells, their types, and what is wrong with the table as a whole.

    A cell is clean text, or has its type already. ``unkept`` are columns that serve a check only;
    ``plain`` are columns of plain text, with their lowest value.
    """

    frame: pl.DataFrame
    types: dict[str, Type]
    plain: Mapping[str, str]
    problems: list[Problem] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unkept: frozenset[str] = frozenset({"price_currency"})


def lay_out(
    raw: RawTable, frame: pl.DataFrame, columns: Mapping[str, ColumnSpec], plain: Mapping[str, str] | None = None
) -> Layout:
    """Return every column that rules can read, as clean cells with meanings and defaults.

    ``frame`` has ``_position`` and ``_row`` beside the raw columns; ``plain`` names those that need
    no cleaning.
    """
    problems: list[Problem] = []
    plain = dict(plain or {})
    names = [name for name in raw.frame.columns if name != "_row"]
    if raw.role == "listings" and "currency" in names and "price_currency" not in names:
        frame = frame.rename({"currency": "price_currency"})
        names = ["price_currency" if name == "currency" else name for name in names]
        plain = {"price_currency" if name == "currency" else name: lowest for name, lowest in plain.items()}
    names, found = _readable_names(raw, names)
    problems += found
    cells: dict[str, pl.Series] = {}
    findings: list[Finding] = []
    for name in names:
        exact = None if name in raw.options.values else exact_cells(frame[name], _kind(raw, name, columns))
        if exact is not None or name in plain:
            cells[name] = frame[name] if exact is None else exact
            continue
        text = to_text(frame[name])
        if text is None:
            problems.append(_no_cells(raw, name, frame[name].dtype, declared=_declared(raw, name, columns)))
            continue
        cells[name] = clean_key(text) if name in KEY_COLUMNS else clean_text(text)
        if name in KEY_COLUMNS:
            findings += _cleaned(raw, name, text, cells[name])
    before = dict(cells)
    problems += fill(raw, cells, columns, frame.height)
    types = {name: _type_of(raw, name, columns, problems) for name in cells}
    problems += absent(raw, cells)
    problems += tag_problems(raw, types)
    for name in [name for name, kind in types.items() if kind.tag_column and kind.tag_column not in cells]:
        del types[name]
    ordered = dict(sorted(types.items(), key=lambda item: item[1].kind is Kind.MONEY))
    clean = pl.DataFrame([frame["_position"], frame["_row"], *(cells[name].alias(name) for name in ordered)])
    still = {name: lowest for name, lowest in plain.items() if cells.get(name) is before.get(name)}
    return Layout(clean, ordered, still, problems, findings)


def _cleaned(raw: RawTable, name: str, written: pl.Series, cleaned: pl.Series) -> list[Finding]:
    """Return the keys that had something around or in them that nobody sees."""
    if cleaned is written:
        return []
    changed = (written != cleaned).fill_null(value=False)
    if not changed.any():
        return []
    return [
        Finding(
            code="cleaned_key",
            positions=changed.arg_true().cast(pl.UInt32),
            values=written.filter(changed),
            message=f"values of '{raw.header(name)}' with blanks, invisible characters or split accents around or in them: "
            "{count}, first {value}; they are read without",
            field=raw.header(name),
            hint="correct the source, so that the values are the same everywhere",
            effect="warns",
            summary=True,
        )
    ]


def _declared(raw: RawTable, name: str, columns: Mapping[str, ColumnSpec]) -> bool:
    return name in columns or name in KNOWN_COLUMNS[raw.role]


def _readable_names(raw: RawTable, names: list[str]) -> tuple[list[str], list[Problem]]:
    """Return the columns that rules can name; the others are left out and told."""
    problems = []
    kept, unreadable = [], []
    for name in names:
        if name in KNOWN_COLUMNS[raw.role]:
            kept.append(name)
        elif name in RESERVED:
            problems.append(
                table_problem(
                    raw,
                    "reserved_name",
                    f"'{name}' means something else in a rule, so a column of {raw.role} cannot have this name",
                    f'give it another: in [catalog.{raw.role}], rename = {{ {raw.role[:-1]}_{name} = "{raw.header(name)}" }}',
                    name,
                )
            )
        elif readable(name):
            kept.append(name)
        else:
            unreadable.append(name)
    if unreadable:
        shown = ", ".join(f"'{name}'" for name in unreadable[:10]) + (" …" if len(unreadable) > 10 else "")
        one = unreadable[0]
        problems.append(
            table_problem(
                raw,
                "unreadable_name",
                f"rules cannot read these columns, because their names are not made of letters a-z, digits and _: {shown}; "
                "they are left out",
                f'name those that rules should read: rename = {{ {suggested_name(one)} = "{one}" }}',
                effect="warns",
            )
        )
    return kept, problems


def _no_cells(raw: RawTable, name: str, kind: pl.DataType, *, declared: bool) -> Problem:
    if kind.is_float():
        message = f"column '{raw.header(name)}' holds binary floats, which are not exact"
        hint = "store it as decimal, integer or text: cast it where the table is written, not after a float"
    else:
        message = f"column '{raw.header(name)}' holds {kind}, which is not a cell"
        hint = "store text, numbers, booleans or dates in it"
    if declared:
        return table_problem(raw, "float" if kind.is_float() else "not_a_cell", message, hint, name)
    return table_problem(raw, "left_out", f"{message}; it is left out", hint, name, "warns")


def _kind(raw: RawTable, name: str, columns: Mapping[str, ColumnSpec]) -> Type:
    known = KNOWN_COLUMNS[raw.role].get(name)
    return known or (columns[name].type if name in columns else TEXT)


def _type_of(raw: RawTable, name: str, columns: Mapping[str, ColumnSpec], problems: list[Problem]) -> Type:
    known = KNOWN_COLUMNS[raw.role].get(name)
    declared = columns[name].type if name in columns else None
    if known is None:
        if declared is not None and declared.tag == SITE_TAG and raw.role == "products":
            problems.append(
                table_problem(
                    raw,
                    "money_without_currency",
                    f"'{name}' is declared as money in the site's currency, but a product is not on a site",
                    f'say its currency: {name} = "money:USD", or the column that holds it: {name} = "money:cost_currency"',
                    name,
                )
            )
        return declared or TEXT
    if declared is not None and declared != known:
        problems.append(
            table_problem(
                raw,
                "type_conflict",
                f"[catalog.columns] declares '{name}' as {declared}, but the engine knows it as {known}",
                f"take '{name}' out of [catalog.columns], or rename the column if it means something else",
                name,
            )
        )
    return known
