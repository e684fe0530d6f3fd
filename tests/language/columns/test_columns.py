"""Columns in the corners that random trees seldom reach."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from column_trees import EUR, JPY, TODAY, run

from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.language import core
from acorn_engine.language.columns import ColumnBuilder, Leaf
from acorn_engine.language.columns.texts import KNOWN_CASE
from acorn_engine.types import DATE, NUMBER, SITE_MONEY, TEXT, Kind, money

A, B = core.Name("a", Kind.NUMBER), core.Name("b", Kind.NUMBER)
WORD, DAY = core.Name("word", Kind.TEXT), core.Name("day", Kind.DATE)


def number(text):
    return core.Literal(Fraction(text))


def outcome(tree, frame, leaves, digits=2, mode="half_up", tables=None, site=EUR):
    """Return for each row: the rounded number (or text), 'missing', 'failed' or 'flagged'."""
    made = ColumnBuilder(site, tables or {}, TODAY, leaves)
    operand = made.add_node(tree)
    kind = core.computed(operand.kind)
    value = (
        operand.rounded(digits, mode)
        if kind is Kind.NUMBER
        else operand.boolean()
        if kind is Kind.BOOLEAN
        else operand.text()
        if kind is Kind.TEXT
        else operand.date()
    )
    columns = {"v": value, "flagged": operand.flagged, "failed": operand.failed, "missing": operand.missing}
    return [
        next((word for word in ("flagged", "failed", "missing") if row[word]), row["v"])
        for row in run(frame, made, columns).rows(named=True)
    ]


def of(a, b=None, scale=2):
    """Return a frame of two decimal columns and their leaves."""
    b = b if b is not None else [Decimal(1)] * len(a)
    frame = pl.DataFrame({"a": a, "b": b}, schema={"a": pl.Decimal(38, scale), "b": pl.Decimal(38, scale)})
    return frame, {"a": Leaf("a", NUMBER, scale), "b": Leaf("b", NUMBER, scale)}


def test_missing_divided_by_zero_is_missing_and_missing_plus_a_failure_fails():
    frame, leaves = of([None, Decimal(1), None], [Decimal(0), Decimal(0), Decimal(2)])
    assert outcome(core.Arithmetic("/", A, B), frame, leaves) == ["missing", "failed", "missing"]
    broken = core.Arithmetic("/", number("1"), number("0"))
    assert outcome(core.Arithmetic("+", A, broken), frame, leaves) == ["failed"] * 3


def test_only_a_decided_and_or_or_cuts_a_failure_off():
    frame, leaves = of([Decimal(1), None, Decimal(-1)])
    broken = core.Compare(">", core.Arithmetic("/", number("1"), number("0")), number("0"))
    negative = core.Compare("<", A, number("0"))
    assert outcome(core.Logic("and", (negative, broken)), frame, leaves) == [False, "failed", "failed"]
    assert outcome(core.Logic("or", (negative, broken)), frame, leaves) == ["failed", "failed", True]
    assert outcome(core.Logic("and", (broken, negative)), frame, leaves) == ["failed"] * 3


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("half_up", [1, -1, 0, 1]), ("up", [1, 0, 1, 1]), ("down", [0, -1, 0, 0])],
)
def test_ties_at_half_a_cent_round_away_from_zero(mode, expected):
    frame, leaves = of([Decimal("0.005"), Decimal("-0.005"), Decimal("0.004"), Decimal("0.009")], scale=3)
    assert outcome(A, frame, leaves, mode=mode) == expected


def test_a_quotient_is_compared_crosswise_and_never_rounded_before():
    frame, leaves = of([Decimal(1), Decimal(-1)], [Decimal(3), Decimal(-3)])
    third = core.Arithmetic("/", A, B)
    assert outcome(core.Compare("==", core.Arithmetic("*", third, number("3")), number("1")), frame, leaves) == [
        True,
        True,
    ]
    assert outcome(core.Compare("<", third, number("0.3333333333333333333333")), frame, leaves) == [False, False]


def test_a_step_that_is_not_above_zero_fails_and_a_missing_one_is_missing():
    frame, leaves = of([Decimal("1.23")] * 4, [Decimal("0.05"), Decimal(0), Decimal(-1), None])
    assert outcome(core.Round("half_up", A, B), frame, leaves) == [125, "failed", "failed", "missing"]


def test_a_fact_outside_its_bounds_leaves_its_row_to_the_scalar_form():
    leaves = {"a": Leaf("a", SITE_MONEY, 2)}
    amounts = [Decimal("1e10"), Decimal("1e10") + Decimal("0.01"), Decimal("-1e30"), None]
    frame = pl.DataFrame({"a": amounts}, schema={"a": pl.Decimal(38, 2)})
    assert outcome(core.Name("a", Kind.MONEY), frame, leaves) == [10**12, "flagged", "flagged", "missing"]


def test_a_product_near_127_bits_is_flagged_and_never_wraps():
    frame, leaves = of([Decimal(10**10), Decimal(10**4)], scale=2)
    power = A
    for _ in range(3):
        power = core.Arithmetic("*", power, A)
    assert outcome(power, frame, leaves, digits=0) == ["flagged", 10**16]


def test_huge_literals_and_units_leave_every_row_to_the_scalar_form():
    frame, leaves = of([Decimal(1)])
    assert outcome(core.Arithmetic("+", A, number("1e69")), frame, leaves) == ["flagged"]
    tiny = A
    for _ in range(12):
        tiny = core.Arithmetic("*", tiny, number("1e-30"))
    assert outcome(tiny, frame, leaves) == ["flagged"]


@pytest.mark.timeout(120)
def test_twenty_levels_that_share_compile_in_milliseconds():
    frame, leaves = of([Decimal("1.50"), None])
    tree = core.Arithmetic("+", A, B)
    for _ in range(20):
        tree = core.Arithmetic("-", core.Arithmetic("+", tree, tree), core.Extreme("max", (tree, number("0.01"))))
    made = ColumnBuilder(EUR, {}, TODAY, leaves)
    made.add_node(tree).rounded(2, "half_up")
    assert len(made.temporaries) < 200
    assert outcome(tree, frame, leaves) == [250, "missing"]


def test_after_a_rebind_names_are_read_again_and_other_temporaries_stay():
    frame, leaves = of([Decimal(2)], [Decimal(5)])
    made = ColumnBuilder(EUR, {}, TODAY, leaves)
    before = made.add_node(core.Arithmetic("+", A, B)).rounded(0, "down")
    made.rebind("a", Leaf("b", NUMBER, 2))
    after = made.add_node(core.Arithmetic("+", A, B)).rounded(0, "down")
    assert run(frame, made, {"before": before, "after": after}).row(0) == (7, 10)


def test_money_without_its_currency_is_missing():
    frame = pl.DataFrame(
        {"a": [Decimal(1), Decimal(1)], "c": ["USD", None]}, schema={"a": pl.Decimal(38, 2), "c": pl.String}
    )
    assert outcome(core.Name("a", Kind.MONEY), frame, {"a": Leaf("a", money("c"), 2)}) == [100, "missing"]


def test_a_table_without_the_key_is_missing_and_entries_beyond_columns_are_flagged():
    entries = {"USD": TableEntry(Fraction("0.9")), "XXX": TableEntry(Fraction(1, 3))}
    tables = {"rate": FactTable("rate", {"EUR": entries})}
    frame = pl.DataFrame({"word": ["USD", "CHF", None, "XXX"]})
    tree, leaves = core.Lookup("rate", WORD), {"word": Leaf("word", TEXT)}
    assert outcome(tree, frame, leaves, tables=tables) == [90, "missing", "missing", "flagged"]
    assert outcome(tree, frame, leaves, tables=tables, site=JPY) == ["missing"] * 4
    assert outcome(core.Lookup("rate", core.Literal("USD")), frame, leaves, tables=tables) == [90] * 4
    assert outcome(core.Lookup("none", WORD), frame, leaves) == ["missing"] * 4


def test_weekdays_and_days_between():
    frame = pl.DataFrame({"day": [date(2026, 3, 1), date(1969, 12, 31), date(1, 1, 1), None]})
    leaves = {"day": Leaf("day", DATE)}
    assert outcome(core.DateCall("weekday", (DAY,)), frame, leaves) == ["sun", "wed", "mon", "missing"]
    since = core.DateCall("days_between", (DAY, core.Name("today", Kind.DATE)))
    assert outcome(since, frame, leaves, digits=0) == [0, 20514, (TODAY - date(1, 1, 1)).days, "missing"]


def test_lower_upper_and_length_are_those_of_python_or_the_row_is_flagged():
    words = ["Straße", "ÄÖÜ", "漢字", "😀", "ŉ", "İ", "ΑΣ", "ﬁ", "ǅ", "\u1c89", "Ω", "naïve\n"]
    frame, leaves = pl.DataFrame({"word": words}), {"word": Leaf("word", TEXT)}
    for op, python in (("lower", str.lower), ("upper", str.upper)):
        found = outcome(core.TextCall(op, (WORD,)), frame, leaves)
        assert all(got in ("flagged", python(word)) for got, word in zip(found, words, strict=True))
        assert [word for got, word in zip(found, words, strict=True) if got == "flagged"] == ["ΑΣ", "ﬁ", "\u1c89"]
    length = outcome(core.TextCall("length", (WORD,)), frame, leaves, digits=0)
    assert length == [len(word) for word in words]


def test_every_character_of_known_case_has_the_case_of_python():
    every = pl.Series([chr(code) for code in range(0x110000) if not 0xD800 <= code <= 0xDFFF])
    known = every.filter(every.str.contains(f"^[{KNOWN_CASE}]$") | (every == "\n"))
    assert len(known) > 100_000
    assert known.str.to_lowercase().to_list() == [word.lower() for word in known]
    assert known.str.to_uppercase().to_list() == [word.upper() for word in known]


def test_an_empty_list_has_no_members_and_numbers_match_exactly():
    frame, leaves = of([Decimal("0.10"), None, Decimal("0.11")])
    assert outcome(core.Member(A, (), True), frame, leaves) == [True, "missing", True]
    members = (number("0.1"), number("0.105"))
    assert outcome(core.Member(A, members, False), frame, leaves) == [True, "missing", False]
    third = core.Arithmetic("/", A, number("0.3"))
    assert outcome(core.Member(core.Arithmetic("/", A, third), (number("0.3"),), False), frame, leaves) == [
        True,
        "missing",
        True,
    ]
