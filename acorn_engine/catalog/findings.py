"""Rows that share a problem: found in columns, told for a few rows, held for all."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import polars as pl

from acorn_engine.problems import Effect, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Key: TypeAlias = tuple[str, str, str]

SHOWN: Final = 5
"""How many rows of one kind of problem are told one by one; the rest is counted."""

_INVISIBLE: Final = {
    character: f"\\u{ord(character):04x}" for character in "\u00a0\u200b\u200c\u200d\u2060\ufeff\u202f"
}


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """Rows of one table with one kind of problem.

    ``positions`` are the values of the frame's ``_position`` column, ``values`` what stood in each
    of these rows. ``{value}`` in ``message`` becomes the value as shown. ``hint`` is one for all,
    or made from a value. ``summary`` tells one problem for all rows, with ``{count}`` in its text.
    """

    code: str
    positions: pl.Series
    message: str
    values: pl.Series | None = None
    field: str | None = None
    hint: str | Callable[[str], str | None] | None = None
    effect: Effect = "holds"
    summary: bool = False
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def show(value: object, limit: int = 60) -> str:
    """Return a value as a message shows it: quoted, invisible characters spelt out, cut where too long."""
    if value is None:
        return "blank"
    text = "".join(_INVISIBLE.get(character, character) for character in str(value))
    text = text.replace("\r", "\\r").replace("\n", "\\n").replace("\t", "\\t")
    return f"'{text[: limit - 1]}…'" if len(text) > limit else f"'{text}'"


def tell(
    finding: Finding, file: str, rows: pl.Series, keys: Mapping[int, Sequence[Key]] | None = None
) -> list[Problem]:
    """Return a finding as problems: the first rows one by one, then how many more there are.

    ``rows`` are the spreadsheet rows of the finding's positions, in the same order; ``keys`` the
    offers that each position holds.
    """
    holds = keys if keys is not None and finding.effect == "holds" else {}
    positions = finding.positions.to_list()
    held = [tuple(holds.get(position, ())) for position in positions]
    values = finding.values.to_list() if finding.values is not None else [None] * len(positions)
    shown = 1 if finding.summary else SHOWN
    problems = [
        Problem(
            code=finding.code,
            message=_fill(finding.message, value, len(positions)),
            effect=finding.effect,
            place=Place(file=file, row=row, field=finding.field),
            hint=finding.hint(str(value)) if callable(finding.hint) else finding.hint,
            params={"column": finding.field, "row": row, "value": _plain(value), **finding.params},
            keys=tuple(chain.from_iterable(held)) if finding.summary else held[index],
        )
        for index, (row, value) in enumerate(zip(rows.to_list()[:shown], values[:shown], strict=True))
    ]
    more = len(positions) - shown
    if more > 0 and not finding.summary:
        problems.append(_more(finding, file, more, tuple(chain.from_iterable(held[shown:]))))
    return problems


def _fill(message: str, value: object, count: int) -> str:
    return message.replace("{count}", f"{count:,}").replace("{value}", show(value))


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (str, int, bool)) else str(value)


def _more(finding: Finding, file: str, more: int, keys: tuple[Key, ...]) -> Problem:
    where = f" in column '{finding.field}'" if finding.field else ""
    rows = "row" if more == 1 else "rows"
    consequence = "; they are held as well" if finding.effect == "holds" else ""
    return Problem(
        code=finding.code,
        message=f"and {more:,} more {rows} with the same problem{where}{consequence}",
        effect=finding.effect,
        place=Place(file=file),
        params={"column": finding.field, "more": more},
        keys=keys,
    )


def first_codes(findings: Sequence[Finding]) -> pl.DataFrame:
    """Return ``_position, _fact_problem``: for every held position the code of its first finding."""
    holding = [
        pl.DataFrame({"_position": finding.positions.cast(pl.UInt32)}).with_columns(
            pl.lit(finding.code).alias("_fact_problem")
        )
        for finding in findings
        if finding.effect == "holds" and finding.positions.len()
    ]
    if not holding:
        return pl.DataFrame(schema={"_position": pl.UInt32, "_fact_problem": pl.String})
    return pl.concat(holding).unique("_position", keep="first", maintain_order=True)


def with_codes(frame: pl.DataFrame, findings: Sequence[Finding], name: str) -> pl.DataFrame:
    """Return the frame with one more column: the code of the first finding that holds each ``_position``, or null."""
    codes = first_codes(findings)
    if codes.is_empty():
        return frame.with_columns(pl.lit(None, dtype=pl.String).alias(name))
    return frame.join(codes.rename({"_fact_problem": name}), on="_position", how="left", maintain_order="left")
