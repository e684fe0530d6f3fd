"""Sites looked at together: plugins are asked once for each account, and every site has its own answer."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

import pytest
from marketplace import World

from acorn_engine import builtin
from acorn_engine.plugins import Fact, GuardSpec, hookimpl
from acorn_engine.problems import PluginError
from acorn_engine.types import TEXT

RULES = """\
acorn: 1
rules:
  - id: half
    when: warehouse == 'north'
    set: {price: landed * 2 + 0.50}
examples:
  - name: twice and a half
    site: shop.fr
    given: {landed: 4.00, warehouse: north}
    expect: {price: 8.50, rule: half}
"""


class Warehouses:
    def __init__(self) -> None:
        self.asked: list[str] = []

    @hookimpl
    def acorn_facts(self, offers, account) -> Iterable[Fact]:
        self.asked.append(account.name)
        yield Fact("warehouse", TEXT, lambda frame: frame["sku"].replace_strict({"A": "north"}, default=None), "test")

    @hookimpl
    def acorn_guards(self) -> Iterable[GuardSpec]:
        self.asked.append("guards")
        yield GuardSpec("dear", "hold", "price > current_price * 9", "{price} is dear")


@pytest.fixture
def warehouses():
    return Warehouses()


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path, RULES)
    made.settings["sites"] = {site: ["base.yaml"] for site in ("shop.de", "shop.fr", "shop.us")}
    made.settings["accounts"]["na"] = {"marketplace": "shop", "seller_id": "S2", "sites": ["shop.us"]}
    made.settings["catalog"]["columns"] = {"landed": "money"}
    made.add("A", price="10.00", landed="5.00")
    made.add("B", price="10.00", landed="five")
    made.add("A", "shop.us", account="na", price="10.00", landed="5.00")
    made.write()
    made.settings["catalog"] |= {role: {"source": "csv", "path": f"{role}.csv"} for role in ("products", "listings")}
    return made


@pytest.fixture
def engine(world, warehouses):
    with world.engine(plugins=[world.shop, builtin, warehouses]) as opened:
        yield opened


def test_a_check_asks_once_and_answers_for_each_site(engine, warehouses):
    found = engine.check()
    assert warehouses.asked == ["eu", "guards", "na"]
    assert {name: (row["offers"], row["rows_held"]) for name, row in found.sites.items()} == {
        "shop.de": (2, 1),
        "shop.fr": (0, 0),
        "shop.us": (1, 0),
    }
    bare = [problem.message for problem in found.problems if problem.code == "bare_money"]
    assert [message.split(" is ")[1][:3] for message in bare] == ["EUR", "USD"]


def test_one_site_is_answered_as_among_all(engine):
    every = engine.check()
    assert {name: engine.check(name).sites[name] for name in engine.sites} == every.sites


def test_examples_ask_once_too(engine, warehouses):
    assert [result.passed for result in engine.test()] == [True]
    assert warehouses.asked == ["eu", "guards", "na"]


def test_threads_ask_once_for_each_account_too(engine, warehouses):
    with ThreadPoolExecutor(2) as threads:
        assert [plan.site for plan in engine.plans(threads=threads)] == ["shop.de", "shop.fr", "shop.us"]
    assert sorted(warehouses.asked) == ["eu", "guards", "na"]


def test_in_threads_an_account_whose_facts_fail_stops_its_own_sites_alone(world, warehouses):
    class Broken:
        @hookimpl
        def acorn_facts(self, account) -> Iterable[Fact]:
            if account.name == "na":
                raise ValueError("the file is locked")
            return ()

    with (
        world.engine(plugins=[world.shop, builtin, warehouses, Broken()]) as opened,
        ThreadPoolExecutor(2) as threads,
    ):
        plans = opened.plans(threads=threads)
        assert [next(plans).site, next(plans).site] == ["shop.de", "shop.fr"]
        with pytest.raises(PluginError, match="the file is locked"):
            next(plans)
