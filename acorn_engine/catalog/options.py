"""What a project says about a table: its source, its headers, its defaults, its number format, its types."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from acorn_engine.catalog.currencies import CURRENCIES, currency_hint
from acorn_engine.problems import Place, Problem, ProjectError, did_you_mean
from acorn_engine.types import Kind, Type, parse_type

if TYPE_CHECKING:
    from collections.abc import Mapping

NumberFormat = Literal["1234.56", "1,234.56", "1.234,56", "1234,56", "1 234,56", "1 234.56", "1'234.56"]
"""A number format, written as this number would be."""

SEPARATORS: Final[dict[str, tuple[str, str]]] = {
    "1234.56": ("", "."),
    "1,234.56": (",", "."),
    "1.234,56": (".", ","),
    "1234,56": ("", ","),
    "1 234,56": (" ", ","),
    "1 234.56": (" ", "."),
    "1'234.56": ("'", "."),
}
"""Number format to (thousands separator, decimal separator)."""


def _as_text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        raise ValueError('write the number in quotes, so that it is taken exactly: "0.5"')  # noqa: TRY004
    return str(value) if isinstance(value, int) else value


ExactText = Annotated[str, BeforeValidator(_as_text)]


class CatalogOptions(BaseModel):
    """``[catalog.products]`` or ``[catalog.listings]``.

    Keys that are not named here are the source's own options, in ``model_extra``.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    source: str = Field(description="the catalogue source: csv, xlsx, parquet, sql, or a plugin's")
    rename: dict[str, str] = Field(
        default_factory=dict, description="the name that rules use = the column header in the source"
    )
    default: dict[str, ExactText] = Field(
        default_factory=dict, description="the value of a column where it is blank or absent"
    )
    values: dict[str, dict[str, ExactText]] = Field(
        default_factory=dict, description="for a column: what is written = what it means"
    )
    number_format: NumberFormat = Field(
        default="1234.56", description="how numbers are written, shown with 1234.56 as the example"
    )


@dataclass(frozen=True, slots=True)
class ColumnSpec:
    """The type of one of the seller's own columns, and what a blank cell means (``None``: missing)."""

    type: Type
    default: str | None = None


def parse_columns(section: Mapping[str, Any]) -> dict[str, ColumnSpec]:
    """Read ``[catalog.columns]``: name to type, or to ``{type = ..., default = ...}``.

    Raises ``ProjectError`` with every problem at once.
    """
    specs: dict[str, ColumnSpec] = {}
    problems: list[Problem] = []
    for name, entry in section.items():
        found = _column(name, entry)
        if isinstance(found, Problem):
            problems.append(found)
        else:
            specs[name] = found
    if problems:
        raise ProjectError(problems)
    return specs


def _column(name: str, entry: Any) -> ColumnSpec | Problem:
    written = {"type": entry} if isinstance(entry, str) else entry
    if not isinstance(written, dict) or not isinstance(written.get("type"), str):
        return _problem(name, "needs a type", 'write it as "number", or as { type = "number", default = 0 }')
    unknown = sorted(set(written) - {"type", "default"})
    if unknown:
        return _problem(
            name,
            f"has the unknown key '{unknown[0]}'",
            did_you_mean(unknown[0], ("type", "default")) or "the keys are type and default",
        )
    try:
        kind = parse_type(written["type"])
        default = None if written.get("default") is None else str(_as_text(written["default"]))
    except ValueError as error:
        text = str(error)
        return _problem(name, f"cannot be read: {text}", _type_hint(written["type"]))
    if kind.kind is Kind.MONEY and kind.tag and re.fullmatch(r"[A-Z]{3}", kind.tag) and kind.tag not in CURRENCIES:
        return _problem(name, f"names the unknown currency {kind.tag}", currency_hint(name, kind.tag))
    return ColumnSpec(kind, default)


def _type_hint(written: str) -> str | None:
    return did_you_mean(written, ("number", "integer", "boolean", "date", "text", "money"))


def _problem(name: str, message: str, hint: str | None) -> Problem:
    return Problem(
        code="column_type",
        message=f"column '{name}' of [catalog.columns] {message}",
        place=Place(file="acorn.toml", field=name),
        hint=hint,
        params={"column": name},
    )
