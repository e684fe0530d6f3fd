"""What a table must have: its columns, and the currency of every amount."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acorn_engine.catalog.names import REQUIRED
from acorn_engine.problems import Effect, Place, Problem, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from acorn_engine.catalog.raw import RawTable
    from acorn_engine.types import Type


def table_problem(
    raw: RawTable, code: str, message: str, hint: str | None, name: str | None = None, effect: Effect = "stops"
) -> Problem:
    return Problem(
        code=code,
        message=message,
        effect=effect,
        place=Place(file=raw.name, field=raw.header(name) if name else None),
        hint=hint,
        params={"column": name},
    )


def absent(raw: RawTable, cells: Mapping[str, pl.Series]) -> list[Problem]:
    headers = list(dict.fromkeys([*raw.headers.values(), *(name for name in raw.frame.columns if name != "_row")]))
    problems = []
    for name in (name for name in REQUIRED[raw.role] if name not in cells):
        nearest = _nearest_header(name, headers)
        rename = f'[catalog.{raw.role}] rename = {{ {name} = "{nearest or "…"}" }}'
        if nearest:
            hint = f"did you mean '{nearest}'? Then say so: {rename}"
        elif name == "sku" and "seller_sku" in cells:
            hint = 'if the SKUs on the site are your own, say so: rename = { sku = "seller_sku" }'
        else:
            hint = f"name the column that holds it: {rename}"
        shown = ", ".join(f"'{header}'" for header in headers) or "none"
        problems.append(
            table_problem(
                raw,
                "missing_column",
                f"the table of {raw.role} has no column '{name}'; its columns are {shown}",
                hint,
            )
        )
    return problems


def _nearest_header(name: str, headers: list[str]) -> str | None:
    folded = {header.lower().replace(" ", "_").replace("-", "_"): header for header in reversed(headers)}
    if name in folded:
        return folded[name]
    guess = did_you_mean(name, folded)
    return folded[guess.split("'")[1]] if guess else None


def tag_problems(raw: RawTable, types: Mapping[str, Type]) -> list[Problem]:
    problems = []
    for name, kind in types.items():
        tag = kind.tag_column
        if tag is None or tag in types:
            continue
        if name == "cost":
            message = "there is a cost, but no column 'cost_currency' that says in which currency"
            hint = f'name the column, or say it for all: [catalog.{raw.role}] default = {{ cost_currency = "CNY" }}'
        else:
            message = f"'{name}' is money in the currency of column '{tag}', which the table does not have"
            hint = did_you_mean(tag, types) or f'add the column, or say the currency: {name} = "money:EUR"'
        problems.append(table_problem(raw, "no_currency_column", message, hint, name))
    return problems
