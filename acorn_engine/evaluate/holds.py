"""Which rule holds each group of an offer first, why, and which facts are to blame."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Final

import polars as pl

from acorn_engine.evaluate.model import HOLD_CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from acorn_engine.evaluate.course import Trouble
    from acorn_engine.evaluate.model import HoldCode
    from acorn_engine.language.columns.cells import Mask

LARGEST_NAMES: Final = 62
"""So many names fit the bits of an integer."""


class _Column:
    """A text column of few different texts, null until it is put somewhere."""

    def __init__(self, height: int) -> None:
        self._numbers = pl.Series([0], dtype=pl.UInt32).new_from_index(0, height)
        self._texts: dict[str, int] = {}

    def put(self, rows: pl.Series, text: str) -> None:
        """Let ``text`` stand on some rows."""
        self._numbers = self._numbers.scatter(rows, self._number(text))

    def put_each(self, rows: pl.Series, keys: pl.Series, texts: Mapping[int, str]) -> None:
        """Let the text of its key stand on each of some rows; one without a text stays null."""
        numbers = [self._number(text) for text in texts.values()]
        found = keys.replace_strict(list(texts), numbers, default=0, return_dtype=pl.UInt32)
        self._numbers = self._numbers.scatter(rows, found)

    def _number(self, text: str) -> int:
        return self._texts.setdefault(text, len(self._texts) + 1)

    def series(self, name: str) -> pl.Series:
        texts = pl.Series(name, ["", *self._texts], dtype=pl.String)
        return worded(texts.gather(self._numbers), self._numbers)


def worded(texts: pl.Series, numbers: pl.Series) -> pl.Series:
    """Return texts, null where their number is 0."""
    frame = pl.DataFrame([texts.alias("text"), numbers.alias("number")])
    return frame.select(pl.when(pl.col("number") > 0).then("text")).to_series().alias(texts.name)


class Holds:
    """The holds of all offers while they are gathered; the first of a group stays."""

    def __init__(self, groups: Iterable[str], height: int) -> None:
        self._height = height
        self._held: dict[str, pl.Series | None] = dict.fromkeys(groups)
        self._columns: dict[str, tuple[_Column, _Column, _Column]] = {}
        self._nothing = pl.Series([None], dtype=pl.String).new_from_index(0, height)

    def held(self, group: str) -> pl.Series | None:
        """Return where a group is held; ``None`` is nowhere."""
        return self._held[group]

    def hold(self, group: str, rule: str, code: HoldCode, where: pl.Series, facts: str | None = None) -> pl.Series:
        """Hold a group where ``where`` is true and it is not held yet; return the numbers of those rows."""
        before = self._held[group]
        new = where if before is None else where & ~before
        rows = new.arg_true()
        if len(rows):
            self._held[group] = new if before is None else before | new
            columns = self._columns.setdefault(group, tuple(_Column(self._height) for _ in range(3)))  # type: ignore[arg-type]
            columns[0].put(rows, rule)
            columns[1].put(rows, code)
            if facts:
                columns[2].put(rows, facts)
        return rows

    def tell(self, group: str, rows: pl.Series, keys: pl.Series, facts: Mapping[int, str]) -> None:
        """Name the facts behind the holds of some rows of a group, those of each row's key."""
        self._columns[group][2].put_each(rows, keys, facts)

    def series(self, group: str) -> list[pl.Series]:
        """Return ``hold.GROUP``, ``hold_code.GROUP`` and ``hold_facts.GROUP``."""
        names = [f"{part}.{group}" for part in ("hold", "hold_code", "hold_facts")]
        columns = self._columns.get(group)
        if columns is None:
            return [self._nothing.alias(name) for name in names]
        return [column.series(name) for column, name in zip(columns, names, strict=True)]


def trouble_holds(trouble: Trouble, found: pl.DataFrame, holds: Holds) -> None:
    """Hold what one rule holds; ``found`` has its masks."""
    for code in HOLD_CODES_BY_GRAVITY:
        mask = trouble.codes.get(code)
        if mask is None:
            continue
        where = _any(found, mask)
        if not where.any():
            continue
        for group, opened in trouble.groups.items():
            at = where if opened is None else where & _any(found, opened)
            rows = holds.hold(group, trouble.rule.rule.id, code, at)
            if len(rows) and code in {"missing", "stale"}:
                keys, facts = _blamed(trouble, code, found[rows])
                if facts:
                    holds.tell(group, rows, keys, facts)


HOLD_CODES_BY_GRAVITY: Final = tuple(code for code in ("failed", "overflow", "missing", "stale") if code in HOLD_CODES)


def _any(found: pl.DataFrame, mask: Mask) -> pl.Series:
    columns = [found[name] for name in sorted(mask)]
    return reduce(or_, columns) if columns else pl.Series([False]).new_from_index(0, found.height)


def _blamed(trouble: Trouble, code: str, held: pl.DataFrame) -> tuple[pl.Series, dict[int, str]]:
    """Return a key for each row, and for each key the facts to blame, separated by commas."""
    causes = _missing(trouble, held) if code == "missing" else {name: _any(held, mask) for name, mask in trouble.stale}
    if not causes:
        return pl.Series(dtype=pl.Int64), {}
    names = list(causes)
    guilty = pl.DataFrame([causes[name].alias(name) for name in names])
    if len(names) > LARGEST_NAMES:
        return _spelt(guilty)
    bits = [pl.when(pl.col(name)).then(1 << place).otherwise(0) for place, name in enumerate(names)]
    said = guilty.select(pl.sum_horizontal(bits)).to_series()
    texts = {
        key: ",".join(name for place, name in enumerate(names) if key >> place & 1) for key in said.unique() if key
    }
    return said, texts


def _spelt(guilty: pl.DataFrame) -> tuple[pl.Series, dict[int, str]]:
    """Return a key for each row, and the names of its true columns: of more columns than an integer has bits."""
    chosen = [pl.when(pl.col(name)).then(pl.lit(name)) for name in guilty.columns]
    told = guilty.select(pl.concat_str(chosen, separator=",", ignore_nulls=True)).to_series()
    texts = {number: text for number, text in enumerate(told.unique().sort(), start=1) if text}
    keys = told.replace_strict(list(texts.values()), list(texts), default=0, return_dtype=pl.Int64)
    return keys, texts


def _missing(trouble: Trouble, held: pl.DataFrame) -> Mapping[str, pl.Series]:
    """Return where each fact explains a set that is missing; a table does where no fact can."""
    facts: dict[str, pl.Series] = {}
    tables: dict[str, pl.Series] = {}
    for one in trouble.unexplained:
        where = _any(held, one.where)
        explained = None
        for name, mask in one.names.items():
            guilty = where & _any(held, mask)
            facts[name] = facts[name] | guilty if name in facts else guilty
            explained = guilty if explained is None else explained | guilty
        open_question = where if explained is None else where & ~explained
        for table in one.tables:
            tables[table] = tables[table] | open_question if table in tables else open_question
    return dict([*sorted(facts.items()), *sorted(tables.items())])
