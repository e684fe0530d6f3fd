"""Plugins' facts: added in order of need, only ever added, exact."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal

import polars as pl
import pytest

from acorn_engine.facts import FactInfo, FactTable, Offers, TableEntry
from acorn_engine.plugins import Account, Fact, hookimpl, isolation
from acorn_engine.plugins.enrichment import enrich
from acorn_engine.plugins.host import PluginHost
from acorn_engine.problems import PluginError
from acorn_engine.types import BOOLEAN, INTEGER, NUMBER, SITE_MONEY, TEXT

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
ACCOUNT = Account("eu", "amazon", "A1", ("amazon.de",))


def base():
    frame = pl.DataFrame(
        {
            "account": ["eu"] * 3,
            "site": ["amazon.de"] * 3,
            "seller_sku": ["A", "B", "C"],
            "sku": ["A", "B", "C"],
            "cost": pl.Series([Decimal("1.10"), None, Decimal("3.30")], dtype=pl.Decimal(38, 2)),
        }
    )
    return Offers(frame, {"cost": FactInfo("cost", SITE_MONEY, 2, "products")})


def run(*plugins, offers=None):
    return enrich(offers or base(), ACCOUNT, NOW, {}, PluginHost(entry_points=False, objects=list(plugins)))


def provider(*facts, name="Provider"):
    def acorn_facts(self):
        return list(facts)

    return type(name, (), {"acorn_facts": hookimpl(acorn_facts)})()


def test_a_fact_is_added_with_its_type_source_and_age():
    result = run(provider(Fact("double", SITE_MONEY, pl.col("cost") * 2, "arithmetic", as_of=NOW)))
    assert result.frame["double"].to_list() == [Decimal("2.20"), None, Decimal("6.60")]
    info = result.facts["double"]
    assert (info.type, info.scale, info.source, info.as_of) == (SITE_MONEY, 2, "arithmetic", NOW)
    assert result.frame["cost"].to_list() == base().frame["cost"].to_list()


def test_facts_say_what_they_need_and_the_order_follows():
    late = Fact("late", INTEGER, lambda frame: frame["early"] + 1, "b", needs=("early",))
    early = Fact("early", INTEGER, lambda frame: pl.Series([1, 2, None], dtype=pl.Int64), "a")
    assert run(provider(late, name="B"), provider(early, name="A")).frame["late"].to_list() == [2, 3, None]


def test_a_cycle_is_an_error():
    one = Fact("one", INTEGER, pl.lit(1), "a", needs=("two",))
    two = Fact("two", INTEGER, pl.lit(1), "b", needs=("one",))
    with pytest.raises(PluginError, match="facts need each other in a circle: "):
        run(provider(one, two))


def test_a_need_that_nothing_provides_is_an_error():
    with pytest.raises(
        PluginError, match="fact 'one' of Provider needs weather, which nothing provides. Nothing was planned."
    ):
        run(provider(Fact("one", INTEGER, pl.lit(1), "a", needs=("weather",))))


def test_a_constant_fills_every_offer_also_of_none():
    fact = Fact("word", TEXT, pl.lit("x"), "a")
    assert run(provider(fact)).frame["word"].to_list() == ["x"] * 3
    empty = Offers(base().frame.clear(), base().facts)
    assert run(provider(fact), offers=empty).frame["word"].to_list() == []


def test_two_providers_of_one_fact_are_a_conflict():
    fact = Fact("word", TEXT, pl.lit("x"), "a")
    with pytest.raises(PluginError, match="fact 'word' is provided by both One and Two"):
        run(provider(fact, name="One"), provider(fact, name="Two"))


def test_a_fact_cannot_replace_a_column_of_the_catalogue():
    with pytest.raises(PluginError, match="fact 'cost' is provided by both the catalogue and Provider"):
        run(provider(Fact("cost", SITE_MONEY, pl.lit(Decimal(1)), "a")))


def test_changing_or_dropping_columns_changes_nothing_of_ours():
    class Vandal:
        @hookimpl
        def acorn_facts(self, offers):
            offers.drop_in_place("cost")
            offers.replace_column(0, pl.Series("account", ["x"] * offers.height))

            def values(frame):
                frame.drop_in_place("sku")
                return pl.Series([1] * frame.height, dtype=pl.Int64)

            yield Fact("one", INTEGER, values, "vandal")

    result = run(Vandal())
    assert result.frame.drop("one").equals(base().frame)


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (Fact("f", NUMBER, pl.lit(0.1), "a"), "its values are binary floats; give decimals, integers or text"),
        (Fact("f", NUMBER, pl.lit("abc"), "a"), "InvalidOperationError"),
        (Fact("f", BOOLEAN, pl.lit("yes"), "a"), "its values are String, its type is boolean"),
        (Fact("f", NUMBER, lambda frame: pl.Series([1]), "a"), "it has 1 values for 3 offers"),
        (Fact("f", NUMBER, lambda frame: [1, 2, 3], "a"), "its values are list, expected a Polars series"),
        (Fact("f", NUMBER, lambda frame: 1 / 0, "a"), "ZeroDivisionError: division by zero"),
        (Fact("f", NUMBER, pl.col("weather"), "a"), "ColumnNotFoundError"),
    ],
)
def test_a_bad_fact_halts_and_says_why(fact, words):
    with pytest.raises(PluginError) as caught:
        run(provider(fact))
    [problem] = caught.value.problems
    assert problem.message.startswith("fact 'f' of Provider failed: ")
    assert words in problem.message
    assert problem.message.endswith("Nothing was planned.")


def test_a_plugin_that_fails_halts_every_time():
    class Fails:
        @hookimpl
        def acorn_facts(self):
            raise ValueError("no network")

    host = PluginHost(entry_points=False, objects=[Fails()])
    for _ in range(2):
        with pytest.raises(
            PluginError, match="Fails could not add its facts: ValueError: no network. Nothing was planned."
        ):
            enrich(base(), ACCOUNT, NOW, {}, host)


def test_a_fact_that_hangs_is_given_up(monkeypatch):
    monkeypatch.setattr(isolation.call_in_time, "__defaults__", (0.2,))
    with pytest.raises(PluginError, match="no answer within 0.2 seconds"):
        run(provider(Fact("slow", INTEGER, lambda frame: time.sleep(3), "a")))


def test_tables_come_along():
    table = FactTable("rate", {"EUR": {"USD": TableEntry(1)}})
    assert run(provider(table)).tables == {"rate": table}
