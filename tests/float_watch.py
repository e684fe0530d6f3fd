"""Finds every binary float between input and document: in expressions, in what they read, in results."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Iterator

import polars as pl
from polars.lazyframe.group_by import LazyGroupBy

from acorn_engine.language.columns.scratch import Scratch

COMPARISONS = {"Gt", "GtEq", "Lt", "LtEq"}


def floats_in(dtype):
    """Say whether a type is a float, or holds one."""
    if isinstance(dtype, pl.List | pl.Array):
        return floats_in(dtype.inner)
    if isinstance(dtype, pl.Struct):
        return any(floats_in(field.dtype) for field in dtype.fields)
    return dtype.is_float()


def parts_of(expr):
    """Return an expression's parts, and for each the number of the one that it stands in; itself first."""
    found, stack = [], [(expr, None)]
    while stack:
        part, parent = stack.pop()
        found.append((part, parent))
        stack += [(below, len(found) - 1) for below in part.meta.pop()]
    return found


def _compares(part):
    root = json.loads(part.meta.serialize(format="json"))
    return isinstance(root, dict) and root.get("BinaryExpr", {}).get("op") in COMPARISONS


def typed_parts(lazy, exprs):
    """Return every part of every expression with its parent and the type that Polars gives it there.

    Parts without a type of their own (of an element of a list, say) make only the whole count.
    """
    found = []
    for expr in exprs:
        parts = parts_of(expr)
        try:
            schema = lazy.select(part.alias(f"{place}") for place, (part, _) in enumerate(parts)).collect_schema()
        except pl.exceptions.PolarsError:
            parts = parts[:1]
            schema = lazy.select(expr.alias("0")).collect_schema()
        found.append([(part, parent, schema[f"{place}"]) for place, (part, parent) in enumerate(parts)])
    return found


def stray_floats(lazy, exprs):
    """Return (doubts, strays) of expressions that are computed on ``lazy``.

    ``doubts`` are the names of expressions whose floats end in one comparison, which is the whole
    expression; ``strays`` are the texts of all other parts that are floats.
    """
    doubts, strays = [], []
    for some in typed_parts(lazy, exprs):
        floats = [place for place, (_, _, dtype) in enumerate(some) if floats_in(dtype)]
        if not floats:
            continue
        tops = {some[place][1] for place in floats} - set(floats)
        whole = [place for place, (part, _, _) in enumerate(some) if not _renames(part)][:1]
        if tops == set(whole) and some[whole[0]][2] == pl.Boolean and _compares(some[whole[0]][0]):
            doubts.append(some[0][0].meta.output_name())
        else:
            strays += [str(some[place][0])[:300] for place in floats]
    return doubts, strays


def _renames(part):
    root = json.loads(part.meta.serialize(format="json"))
    return isinstance(root, dict) and set(root) == {"Alias"}


class FloatWatch:
    """Watches Polars while the engine works; ``strays`` says what it saw, with the place."""

    def __init__(self, patch):
        self.strays = []
        self.doubts = {}
        self.expressions = self.results = 0
        self._known = set()
        self._busy = False
        for name in ("select", "with_columns", "filter", "sort", "group_by"):
            patch.setattr(pl.LazyFrame, name, self._context(getattr(pl.LazyFrame, name)))
        patch.setattr(LazyGroupBy, "agg", self._context(LazyGroupBy.agg))
        patch.setattr(pl.DataFrame, "_from_pydf", staticmethod(self._made(pl.DataFrame._from_pydf)))
        patch.setattr(pl.Series, "_from_pyseries", staticmethod(self._made(pl.Series._from_pyseries)))
        for kind in (pl.DataFrame, pl.Series):
            patch.setattr(kind, "__init__", self._built(kind.__init__))
        patch.setattr(Scratch, "doubt", self._doubting(Scratch.doubt))

    def _context(self, method):
        def watched(lazy, *given, **named):
            arguments = [list(one) if isinstance(one, Iterator) else one for one in given]
            if not self._busy:
                self._busy = True
                try:
                    self._look(getattr(lazy, "watched", lazy), [*arguments, *named.values()])
                finally:
                    self._busy = False
            made = method(lazy, *arguments, **named)
            if isinstance(made, LazyGroupBy):
                made.watched = lazy
            return made

        return watched

    def _look(self, lazy, given):
        exprs = [one for one in _flat(given) if isinstance(one, pl.Expr) and not one.meta.has_multiple_outputs()]
        if not exprs:
            return
        self.expressions += len(exprs)
        doubts, strays = stray_floats(lazy, exprs)
        self.doubts |= dict.fromkeys(doubts)
        for stray in strays:
            self._tell(stray)

    def _made(self, method):
        def watched(given):
            made = method(given)
            self._result(made)
            return made

        return watched

    def _built(self, method):
        def watched(made, *arguments, **named):
            method(made, *arguments, **named)
            self._result(made)

        return watched

    def _result(self, made):
        if self._busy:
            return
        self._busy = True
        try:
            self.results += 1
            if any(map(floats_in, made.dtypes if isinstance(made, pl.DataFrame) else [made.dtype])):
                self._tell(f"{made!r:.300}")
        finally:
            self._busy = False

    def _doubting(self, method):
        def watched(scratch, part):
            mark = method(scratch, part)
            self._known.add(mark.expr.meta.output_name())
            return mark

        return watched

    def _tell(self, what):
        frames = [frame for frame in traceback.extract_stack() if "acorn_" in frame.filename]
        where = f"{frames[-1].filename.rsplit('acorn_', 1)[-1]}:{frames[-1].name}" if frames else "elsewhere"
        self.strays.append(f"{where}: {what}")

    @property
    def undoubted(self):
        """The names of float comparisons that are no doubt of a row."""
        return sorted(self.doubts.keys() - self._known)


def _flat(given):
    for one in given:
        if isinstance(one, Iterable) and not isinstance(one, str | pl.Expr | pl.Series | pl.DataFrame):
            yield from _flat(one)
        else:
            yield one
