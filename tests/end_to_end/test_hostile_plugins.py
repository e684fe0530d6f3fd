"""Plugins with every mistake, in a project that works: each costs what its hook's policy says, and nothing else."""

from __future__ import annotations

import itertools
import json
import time
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from marketplace import World
from pydantic import BaseModel, ConfigDict, field_validator

from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.plugins import (
    Approval,
    Fact,
    Field,
    Function,
    GuardSpec,
    Parameter,
    RuleKind,
    RuleSpec,
    Settings,
    contained,
    hookimpl,
    isolation,
)
from acorn_engine.problems import AcornError, PluginError, ProjectError, RuleError
from acorn_engine.types import BOOLEAN, NUMBER, SITE_MONEY, TEXT

RULES = """
acorn: 1
rules:
  - {id: landed, set: {price: landed}, because: landed}
"""
WITH_KIND = RULES + "  - {id: made, use: hostile, with: {}}\n"
WITH_FUNCTION = RULES + "  - {id: made, set: {price: price * hostile(2)}, because: made}\n"


def plugin(name="Hostile", **hooks):
    return type(name, (), {hook: staticmethod(hookimpl(body)) for hook, body in hooks.items()})()


@pytest.fixture
def world(tmp_path):
    def make(rules=RULES, **sections):
        made = World(tmp_path, rules)
        made.settings["catalog"]["columns"] = {"landed": "money"}
        made.settings |= sections
        for sku in ("A", "B", "C"):
            made.add(sku, price="20.00", floor_price="10.00", landed="21.00", quantity=5)
        return made

    return make


def opened(world, *plugins, **options):
    return world.engine(
        plugins=[*world.engine_plugins(), *plugins] if hasattr(world, "engine_plugins") else [world.shop, *plugins],
        **options,
    )


def sent(plan):
    return dict(plan.changes.filter(verdict="send").select("seller_sku", "to").rows())


EVERY = {"A": "21.00", "B": "21.00", "C": "21.00"}


class Empty(BaseModel):
    model_config = ConfigDict(extra="forbid")


def raising(*_arguments, **_named):
    raise RuntimeError("boom")


def for_ever(*_arguments, **_named):
    time.sleep(30)


# Observers and approvers


def test_observers_that_fail_hang_or_spoil_what_they_are_given(world, monkeypatch):
    monkeypatch.setattr(contained, "HOOK_SECONDS", 0.2)

    def spoils(plan):
        plan.changes.drop_in_place("to")
        plan.summary.clear()

    seen = []
    here = world()
    engine = opened(
        here,
        plugin("Spoils", acorn_plan_ready=spoils),
        plugin("Raises", acorn_plan_ready=raising, acorn_approve=raising, acorn_submission_settled=raising),
        plugin("Leaves", acorn_plan_ready=lambda: (_ for _ in ()).throw(SystemExit(3))),
        plugin("Sees", acorn_plan_ready=lambda plan: seen.append((plan.changes.columns, dict(plan.summary)))),
        plugin("Nonsense", acorn_approve=lambda: "yes"),
    )
    with engine:
        plan = here.plan(engine)
        assert sent(plan) == EVERY
        assert plan.summary
        assert seen[0][1] == dict(plan.summary)
        assert "to" in seen[0][0]
        assert engine._context.store.plan_info(plan.id).state == "planned"
        failures = {(failure.plugin, failure.hook) for failure in engine._context.host.failures}
        assert {("Raises", "acorn_plan_ready"), ("Raises", "acorn_approve"), ("Leaves", "acorn_plan_ready")} <= failures


def test_an_approver_approves_in_its_own_name(world):
    here = world()
    with opened(here, plugin("Policy", acorn_approve=lambda: Approval("night policy", "small"))) as engine:
        plan = here.plan(engine)
        assert engine._context.store.plan_info(plan.id).state == "approved"


def test_an_approver_whose_approval_is_refused_leaves_the_plan_to_a_person(world):
    here = world()
    with opened(here, plugin("Policy", acorn_approve=lambda: Approval("", "small"))) as engine:
        plan = here.plan(engine)
        assert sent(plan) == EVERY


# Rule kinds


@pytest.mark.parametrize(
    ("expand", "words"),
    [
        (raising, "RuntimeError: boom"),
        (lambda _options: None, "TypeError"),
        (lambda _options: "price", "instead of RuleSpec"),
        (lambda _options: [{"set": {}}], "gave dict instead of RuleSpec"),
        (lambda _options: (RuleSpec({"price": "1"}, suffix=str(n)) for n in itertools.count()), "made more than"),
        (lambda _options: [RuleSpec({"price": 1.5})], "not exact data"),
        (lambda _options: [RuleSpec({"price": "().__class__"})], "made"),
        (lambda _options: [RuleSpec({"nonsense": "1"})], "unknown field 'nonsense'"),
        (lambda _options: [RuleSpec({"price": "1"}, when="price ==")], "made"),
        (lambda _options: (_ for _ in ()).throw(SystemExit(1)), "SystemExit"),
        (for_ever, "no answer within"),
    ],
)
def test_a_kind_that_fails_is_named_where_it_is_used(world, monkeypatch, expand, words):
    monkeypatch.setattr(isolation, "HOOK_SECONDS", 0.2)
    patient = contained.contained_kind
    monkeypatch.setattr("acorn_engine.plugins.registry.contained_kind", lambda kind: patient(kind, 0.2))
    here = world(WITH_KIND)
    kind = RuleKind("hostile", Empty, expand)
    started = time.monotonic()
    with opened(here, plugin(acorn_rule_kinds=lambda: [kind])) as engine:
        with pytest.raises(RuleError) as caught:
            here.plan(engine)
        assert words in str(caught.value)
        assert "hostile" in str(caught.value)
        problem = caught.value.problems[0]
        assert problem.place.line == 5
    assert time.monotonic() - started < 10


def test_a_kind_that_hangs_is_asked_once(world, monkeypatch):
    patient = contained.contained_kind
    monkeypatch.setattr("acorn_engine.plugins.registry.contained_kind", lambda kind: patient(kind, 0.3))
    uses = "".join(f"  - {{id: made{n}, use: hostile, with: {{}}}}\n" for n in range(30))
    here = world(RULES + uses)
    started = time.monotonic()
    with (
        opened(here, plugin(acorn_rule_kinds=lambda: [RuleKind("hostile", Empty, for_ever)])) as engine,
        pytest.raises(RuleError, match="no answer within"),
    ):
        here.plan(engine)
    assert time.monotonic() - started < 5


# Functions


@pytest.mark.parametrize(
    ("definition", "words"),
    [
        (raising, "boom"),
        (lambda **_named: 5, "gave no expression"),
        (lambda **_named: "x +", "defined wrongly"),
        (lambda **_named: "().__class__", "defined wrongly"),
        ("hostile(x)", "hostile"),
        ("x * " * 3000 + "x", "defined wrongly"),
        ("cost_of_everything", "cost_of_everything"),
        (for_ever, "no answer within"),
        (lambda **_named: (_ for _ in ()).throw(SystemExit(1)), "SystemExit"),
    ],
)
def test_a_function_that_fails_is_named_where_it_is_used(world, monkeypatch, definition, words):
    patient = contained.contained_function
    monkeypatch.setattr("acorn_engine.plugins.registry.contained_function", lambda one: patient(one, 0.2))
    here = world(WITH_FUNCTION)
    function = Function("hostile", (Parameter("x", NUMBER),), NUMBER, definition, "hostile(2)")
    with opened(here, plugin(acorn_functions=lambda: [function])) as engine:
        with pytest.raises(RuleError) as caught:
            here.plan(engine)
        assert words in str(caught.value)


def test_a_function_named_like_a_standard_one_changes_nothing(world):
    here = world("acorn: 1\nrules:\n  - {id: landed, set: {price: 'min(landed, 21.00 EUR)'}, because: x}\n")
    function = Function("min", (Parameter("a", None), Parameter("b", None)), None, "a * 100", "min(1, 2)")
    with opened(here, plugin(acorn_functions=lambda: [function])) as engine:
        try:
            assert sent(here.plan(engine)) == EVERY
        except AcornError as error:
            assert "min" in str(error)  # noqa: PT017


# Facts


@pytest.mark.parametrize(
    "fact",
    [
        Fact("odd", NUMBER, pl.lit(1.5), "x"),
        Fact("odd", NUMBER, pl.col("nowhere"), "x"),
        Fact("odd", NUMBER, lambda _frame: pl.Series([1]), "x"),
        Fact("odd", NUMBER, lambda _frame: [1, 2, 3], "x"),
        Fact("odd", NUMBER, raising, "x"),
        Fact("odd", NUMBER, pl.lit("NaN"), "x"),
        Fact("odd", NUMBER, pl.lit("1e30"), "x"),
        Fact("odd", BOOLEAN, pl.lit("yes"), "x"),
        Fact("odd", TEXT, pl.lit(5), "x"),
        Fact("odd", NUMBER, pl.col("sku").map_batches(raising), "x"),
        Fact("odd", "number", pl.lit(1), "x"),
        Fact("_pending", TEXT, pl.lit(""), "x"),
        Fact("_quantity_owner", BOOLEAN, pl.lit(value=True), "x"),
        Fact("current_price", SITE_MONEY, pl.lit("21.00"), "x"),
        Fact("floor_price", SITE_MONEY, pl.lit("0.01"), "x"),
        Fact("odd", NUMBER, pl.lit(1), "x", needs=("nothing",)),
        Fact("odd", NUMBER, pl.lit(1), "x", needs=("odd",)),
        FactTable("rate", {"EUR": {"USD": TableEntry(0.92)}}),
        FactTable("rate", {"EUR": {"USD": Fraction(1)}}),
        FactTable("rate", [("EUR", "USD", 1)]),
        {"name": "odd"},
        None,
    ],
)
def test_a_fact_that_is_not_what_it_says_halts_and_is_named(world, fact):
    here = world()
    with opened(here, plugin("Guilty", acorn_facts=lambda: [fact])) as engine:
        with pytest.raises(PluginError) as caught:
            here.plan(engine)
        assert "Guilty" in str(caught.value) or "odd" in str(caught.value)


def test_facts_see_frames_of_their_own(world):
    def spoils(offers):
        offers.drop_in_place("landed")
        return [Fact("odd", NUMBER, lambda frame: frame.drop_in_place("landed").cast(pl.Int64), "x")]

    seen = []

    def sees(offers):
        seen.append("landed" in offers.columns)
        yield Fact("fine", BOOLEAN, lambda frame: frame["landed"].is_not_null(), "x", needs=("odd",))

    here = world()
    with opened(here, plugin("Spoils", acorn_facts=spoils), plugin("Sees", acorn_facts=sees)) as engine:
        assert sent(here.plan(engine)) == EVERY
    assert set(seen) == {True}


def test_a_hook_that_yields_for_ever_ends(world):
    def endless():
        for number in itertools.count():
            yield Fact(f"f{number}", NUMBER, pl.lit(1), "x")

    here = world()
    with (
        opened(here, plugin("Endless", acorn_facts=endless)) as engine,
        pytest.raises(PluginError, match="more than 10000 records"),
    ):
        here.plan(engine)


# Guards fail closed


def wrong_signature(nothing_of_the_kind):
    yield GuardSpec("g", "hold", "price > 1", "x")


class OffBySettings:
    @hookimpl
    def acorn_settings(self):
        raise RuntimeError("boom")

    @hookimpl
    def acorn_guards(self):
        yield GuardSpec("g", "hold", "price > 1", "x")


@pytest.mark.parametrize(
    "guilty",
    [
        plugin("Guilty", acorn_guards=raising),
        plugin("Guilty", acorn_guards=wrong_signature),
        plugin("Guilty", acorn_gaurds=lambda: [GuardSpec("g", "hold", "price > 1", "x")]),
        plugin("Guilty", acorn_guards=lambda: ["price > 1"]),
        plugin("Guilty", acorn_guards=lambda: [GuardSpec("g", "maybe", "price > 1", "x")]),
        plugin("Guilty", acorn_guards=lambda: [GuardSpec("g", "hold", 5, "x")]),
        plugin("Guilty", acorn_guards=lambda: iter([GuardSpec("g", "hold", "price > 1", "x"), 1 / Fraction(1)])),
        OffBySettings(),
    ],
)
def test_guards_that_cannot_be_had_halt(world, guilty):
    here = world()
    with opened(here, guilty) as engine:
        plan = here.plan(engine)
        assert plan.status.value == "halted"
        [problem] = [problem for problem in plan.problems if problem.code == "guard-off"]
        assert type(guilty).__name__ in problem.message
        with pytest.raises(AcornError, match="halted"):
            engine.approve(plan, by="erp")


@pytest.mark.parametrize("condition", ["price >", "nonsense > 1", "price > 1 USD", "1 / 0 > price"])
def test_a_plugins_guard_that_makes_no_sense_never_lets_a_change_go(world, condition):
    here = world()
    spec = GuardSpec("hostile-guard", "hold", condition, "x", ("price",))
    with opened(here, plugin("Guilty", acorn_guards=lambda: [spec])) as engine:
        try:
            plan = here.plan(engine)
        except AcornError as error:
            assert "hostile-guard" in str(error)  # noqa: PT017
        else:
            assert plan.status.value == "halted" or sent(plan) == {}


# Records with nonsense, and settings


@pytest.mark.parametrize(
    "hooks",
    [
        {"acorn_functions": lambda: [Function(["list"], (), NUMBER, "1", "x")]},
        {"acorn_functions": lambda: [Function("f", [Parameter("x", NUMBER)], NUMBER, "1", "x")]},
        {"acorn_fields": lambda: [Field({}, NUMBER, "none", "g")]},
        {"acorn_fields": lambda: [Field("f", "number", "none", "g")]},
        {"acorn_fields": lambda: [Field("f", NUMBER, "sideways", "g")]},
        {"acorn_fields": lambda: [Field("current_tag", TEXT, "none", "g")]},
        {"acorn_rule_kinds": lambda: [RuleKind("k", dict, lambda _options: [])]},
        {"acorn_settings": lambda: [Settings("s", dict)]},
        {"acorn_marketplaces": lambda: [object()]},
        {"acorn_marketplaces": lambda: [5]},
    ],
)
def test_records_that_hold_nonsense_cost_their_plugin_only(world, hooks):
    here = world()
    with opened(here, plugin("Guilty", **hooks)) as engine:
        assert sent(here.plan(engine)) == EVERY
        [failure] = engine._context.host.failures
        assert failure.plugin == "Guilty"


def test_a_settings_model_that_raises_is_named(world):
    class Model(BaseModel):
        factor: int = 1

        @field_validator("factor")
        @classmethod
        def odd(cls, value):
            raise KeyError(value)

    here = world(hostile={"factor": 3})
    with pytest.raises(ProjectError, match="hostile"):
        opened(here, plugin("Guilty", acorn_settings=lambda: [Settings("hostile", Model)]))


def test_an_exception_that_cannot_be_shown_is_shown_by_its_name(world):
    class OddError(Exception):
        def __str__(self):
            raise ValueError

    def fails():
        raise OddError

    here = world()
    with opened(here, plugin("Guilty", acorn_functions=fails)) as engine:
        here.plan(engine)
        [failure] = engine._context.host.failures
        assert failure.cause == "OddError"


def test_causes_are_one_short_printable_line():
    cause = isolation.describe(ValueError("a\x1b[31m\nb" + "x" * 100_000))
    assert cause.startswith("ValueError: a[31m b")
    assert len(cause) < 600


# A marketplace that fails


@pytest.mark.parametrize(
    "encode",
    [
        raising,
        lambda *_: None,
        lambda *_: [1],
        lambda offers, *_: offers.select("seller_sku"),
        lambda offers, *_: offers.select("seller_sku", message=pl.lit(None, pl.String)),
        lambda offers, *_: offers.select("seller_sku", message=pl.lit(5)),
        lambda offers, *_: offers.select(pl.lit("STRANGER").alias("seller_sku"), message=pl.lit("{}")).head(1),
        for_ever,
    ],
)
def test_an_encoder_that_fails_holds_what_it_was_asked_for(world, monkeypatch, encode):
    here = world()
    monkeypatch.setattr(type(here.shop), "encode", lambda _self, *arguments: encode(*arguments))
    with opened(here) as engine:
        for one in engine._context.registry.marketplaces.values():
            one._patience._seconds = 0.3
        try:
            plan = here.plan(engine)
        except AcornError as error:
            assert "shop" in str(error)  # noqa: PT017
        else:
            assert sent(plan) == {}
            assert set(plan.changes["code"]) == {"no_message"}
            assert plan.messages.is_empty()
            json.dumps(plan.to_json())


def test_a_reader_that_gives_nonsense_holds_prices(world):
    here = world()
    connection = here.shop.connection("eu")
    for answer in (
        lambda *_: 5,
        raising,
        lambda *_: pl.DataFrame({"seller_sku": ["A"]}),
        lambda _site, skus: pl.DataFrame(
            [dict.fromkeys(isolation_schema(), "NaN") | {"seller_sku": sku} for sku in skus]
        ),
        lambda _site, skus: pl.DataFrame(
            [
                dict.fromkeys(isolation_schema()) | {"seller_sku": sku, "price": "1e400", "sale_from": "today"}
                for sku in skus
            ],
            schema=dict.fromkeys(isolation_schema(), pl.String()),
        ),
    ):
        connection.read = answer
        with opened(here) as engine:
            plan = here.plan(engine)
            assert sent(plan) == {}, plan.to_json()


def isolation_schema():
    from acorn_engine.marketplace import READ_SCHEMA

    return READ_SCHEMA


def test_exactness_of_handed_in_decimals(world):
    here = world()
    with opened(here) as engine:
        rows = [{**row, "landed": Decimal("21.00")} for row in here.listings]
        plan = engine.plan("shop.de", products=here.products, listings=rows)
        assert sent(plan) == EVERY
