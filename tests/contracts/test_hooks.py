"""DESIGN 7: every hook, and what it means when it fails, through an engine."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from pydantic import BaseModel, ConfigDict

from acorn_engine import AcornError
from acorn_engine.plan import PlanStatus
from acorn_engine.plugins import (
    Approval,
    CatalogSource,
    Command,
    Fact,
    Field,
    Function,
    GuardSpec,
    Parameter,
    RuleKind,
    RuleSpec,
    Settings,
    hookimpl,
)
from acorn_engine.problems import PluginError, ProjectError, RuleError
from acorn_engine.types import BOOLEAN, NUMBER, TEXT

RULES = "acorn: 1\nrules:\n  - {id: base, set: {price: landed * 2.1}}\n"
OFFER = {"landed": "10.00", "price": "20.00", "floor_price": "1.00", "stock": 9, "quantity": 9}


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid")
    factor: int = 3


def plugin(**hooks):
    """Return a plugin object with these hooks."""
    return type("Plugin", (), {name: staticmethod(hookimpl(hook)) for name, hook in hooks.items()})()


@pytest.fixture
def planned(world):
    def plan(rules, *plugins, **sections):
        made = world(rules, **sections)
        made.add("A", **OFFER)
        with made.engine(plugins=[made.shop, *plugins]) as engine:
            return made.plan(engine)

    return plan


def value(plan, field="price"):
    return plan.changes.filter(field=field)["to"].item()


def broken(*_arguments, **_named):
    yield from ()
    raise RuntimeError("boom")


def test_settings_functions_facts_kinds_and_fields(planned):
    """``acorn_settings``, ``acorn_functions``, ``acorn_facts``, ``acorn_rule_kinds``, ``acorn_fields`` yield typed records."""

    def acorn_settings():
        yield Settings("demo", Section)

    def acorn_functions():
        yield Function("twice", (Parameter("x", NUMBER),), NUMBER, "2 * x", "twice(2)")

    def acorn_facts(offers, account, now, settings):
        assert account.name == "eu"
        assert now.tzinfo is not None
        yield Fact("times", NUMBER, pl.lit(settings["demo"].factor), "a test", as_of=now, largest_age=timedelta(days=1))

    def acorn_rule_kinds():
        yield RuleKind("demo", Section, lambda options: [RuleSpec({"price": f"price + {options.factor}"})])

    def acorn_fields():
        yield Field("tag", TEXT, "none", "tag", sent=False)

    rules = """\
acorn: 1
rules:
  - {id: a, set: {price: landed * twice(1), tag: "'x'"}}
  - {id: b, use: demo, with: {factor: 1}}
  - {id: c, when: tag == 'x', set: {price: price + times / 3 * 0.50 EUR}}
"""
    made = plugin(
        acorn_settings=acorn_settings,
        acorn_functions=acorn_functions,
        acorn_facts=acorn_facts,
        acorn_rule_kinds=acorn_rule_kinds,
        acorn_fields=acorn_fields,
    )
    assert value(planned(rules, made, demo={"factor": 6})) == "22.00"


def test_facts_see_all_sites_of_the_account_at_once_and_may_only_add(world):
    """``acorn_facts`` adds columns (only adds) over *all sites of the account at once*."""
    seen = []

    def acorn_facts(offers):
        seen.append(sorted(offers["site"].unique()))
        yield Fact("many", NUMBER, pl.len().over("sku").cast(pl.Int64), "a test")

    made = world("acorn: 1\nrules:\n  - {id: a, when: many == 2, set: {price: landed * 2.1}}\n")
    made.add("A", **OFFER)
    made.add("A", "shop.fr", **OFFER)
    with made.engine(plugins=[made.shop, plugin(acorn_facts=acorn_facts)]) as engine:
        assert value(made.plan(engine)) == "21.00"
    assert ["shop.de", "shop.fr"] in seen

    def changes_a_column(offers):
        yield Fact("landed", NUMBER, pl.lit(1), "a test")

    changing = made.engine(plugins=[made.shop, plugin(acorn_facts=changes_a_column)])
    with changing as engine, pytest.raises(PluginError, match="landed"):
        made.plan(engine)


def test_a_failing_fact_halts(planned):
    """``acorn_facts``: when it fails: halt."""
    with pytest.raises(PluginError, match="boom"):
        planned(RULES, plugin(acorn_facts=broken))


def test_facts_say_what_they_need_and_a_cycle_is_an_error(planned):
    """Facts say what they need; the order follows, a cycle is an error."""

    def late():
        yield Fact("sum", NUMBER, pl.col("one") + 1, "a test", needs=("one",))

    def early():
        yield Fact("one", NUMBER, pl.lit(1), "a test")

    def circle(name, needs):
        return lambda: iter([Fact(name, NUMBER, pl.lit(1), "a test", needs=(needs,))])

    rules = "acorn: 1\nrules:\n  - {id: a, when: sum == 2, set: {price: 21}}\n"
    assert value(planned(rules, plugin(acorn_facts=late), plugin(acorn_facts=early))) == "21.00"
    with pytest.raises(AcornError, match=r"cycle|circle"):
        planned(RULES, plugin(acorn_facts=circle("x", "y")), plugin(acorn_facts=circle("y", "x")))


def test_guards_of_plugins_fail_closed(planned):
    """``acorn_guards`` yields ``Guard``: id, verdict, condition, because; when it fails: halt: guards fail closed."""

    def acorn_guards():
        yield GuardSpec("round", "hold", "price > 20", "{price} is dear")

    plan = planned(RULES, plugin(acorn_guards=acorn_guards))
    assert plan.held.filter(field="price").select("guard", "because").rows() == [("round", "21.00 EUR is dear")]
    halted = planned(RULES, plugin(acorn_guards=broken))
    assert halted.status is PlanStatus.HALTED
    assert any("boom" in problem.message for problem in halted.problems)


def test_a_failing_function_or_kind_means_that_rules_that_use_it_do_not_load(planned):
    """``acorn_functions``, ``acorn_rule_kinds``, ``acorn_fields``: rules that use it do not load; the others do."""
    bad = plugin(acorn_functions=broken, acorn_rule_kinds=broken, acorn_fields=broken)
    assert value(planned(RULES, bad)) == "21.00"
    with pytest.raises(RuleError, match="boom"):
        planned(RULES.replace("landed * 2.1", "gone(landed)"), bad)


def test_broken_settings_switch_the_plugin_off(planned):
    """``acorn_settings``: when it fails: the plugin is off."""

    def acorn_guards():
        yield GuardSpec("never", "hold", "price > 0", "no")

    plan = planned(RULES, plugin(acorn_settings=broken))
    assert value(plan) == "21.00"
    with pytest.raises(ProjectError, match="boom"):
        planned(RULES, plugin(acorn_settings=broken), demo={"factor": 2})


def test_a_source_halts_only_where_the_project_names_it(world):
    """``acorn_catalog_sources``: halt if the project names it."""

    class Options(BaseModel):
        model_config = ConfigDict(extra="forbid")
        price: str

    def read(request):
        rows = {"sku": ["A"]}
        if request.role == "listings":
            rows = rows | {"site": ["shop.de"], "seller_sku": ["A"], "fulfilment": ["merchant"], "floor_price": ["1"]}
            rows |= {"price": [request.options.price], "landed": ["10"]}
        return pl.DataFrame(rows), None

    def acorn_catalog_sources():
        yield CatalogSource("made-up", Options, read)

    made = world(RULES)
    made.add("A", **OFFER)
    for role in ("products", "listings"):
        made.settings["catalog"][role] = {"source": "made-up", "price": "19.00"}
    with made.engine(plugins=[made.shop, plugin(acorn_catalog_sources=acorn_catalog_sources)]) as engine:
        assert (
            engine.plan("shop.de").changes.filter(field="price")["from"].item() == "20.00"
        )  # what was read from the shop
    with made.engine(plugins=[made.shop, plugin(acorn_catalog_sources=broken)]) as engine:
        assert value(made.plan(engine)) == "21.00"
        with pytest.raises(AcornError, match="made-up"):
            engine.plan("shop.de")


def test_a_broken_marketplace_takes_only_its_sites_down(planned):
    """``acorn_marketplaces``: its sites are off."""
    assert value(planned(RULES, plugin(acorn_marketplaces=broken))) == "21.00"


def test_observers_are_told_and_failures_are_logged(world):
    """``acorn_plan_ready(plan)`` · ``acorn_submission_settled(submission)``: told; logged, goes on."""
    plans, submissions = [], []

    def acorn_submission_settled(submission):
        submissions.append(submission)

    watching = plugin(
        acorn_plan_ready=lambda plan: plans.append(plan.id), acorn_submission_settled=acorn_submission_settled
    )

    def falls(plan):
        raise RuntimeError("boom")

    made = world(RULES)
    made.add("A", **OFFER)
    with made.engine(plugins=[made.shop, watching, plugin(acorn_plan_ready=falls)]) as engine:
        plan = made.plan(engine)
        engine.approve(plan, by="t")
        engine.submit(plan, wait=True, max_seconds=20)
    assert plans == [plan.id]
    assert submissions
    assert submissions[0]["plan"] == plan.id


def test_approval_by_a_plugin_or_a_person(world):
    """``acorn_approve(plan)``: an approval, or nothing: then a person decides; when it fails: waits for a person."""
    made = world(RULES)
    made.add("A", **OFFER)

    def falls(plan):
        raise RuntimeError("boom")

    for hook, states in (
        (lambda plan: Approval("robot", "small"), ["approved"]),
        (lambda plan: None, []),
        (falls, []),
    ):
        with made.engine(plugins=[made.shop, plugin(acorn_approve=hook)]) as engine:
            made.plan(engine)
            kinds = [record["state"] for record in engine.status()["in_flight"]]
        assert kinds[:1] == states
        for path in made.folder.glob("acorn.db*"):
            path.unlink()


def test_two_providers_of_one_name_are_a_conflict_that_names_both(planned):
    """Two providers of one name are a conflict that names both."""

    class First:
        @hookimpl
        def acorn_functions(self):
            yield Function("same", (Parameter("x", NUMBER),), NUMBER, "x", "same(1)")

    class Second(First):
        pass

    with pytest.raises(PluginError, match="same") as caught:
        planned(RULES, First(), Second())
    assert "First" in str(caught.value)
    assert "Second" in str(caught.value)


def test_single_files_and_what_is_wrong_with_them_in_acorn_plugins(world, run, run_json):
    """Single files from ``[plugins] directory``; a plugin that breaks at import, at registration or with a misspelt hook is named in ``acorn plugins`` with the cause, and takes nothing else down."""
    made = world(RULES)
    made.add("A", **OFFER)
    folder = made.write() / "plugins"
    head = "from acorn_engine.plugins import hookimpl\n"
    (folder / "falls.py").write_text("raise RuntimeError('no luck')\n", encoding="utf-8")
    (folder / "misspelt.py").write_text(head + "@hookimpl\ndef acorn_gaurds():\n    yield 1\n", encoding="utf-8")
    (folder / "signature.py").write_text(head + "@hookimpl\ndef acorn_facts(offerz):\n    yield 1\n", encoding="utf-8")
    code, out, _ = run(made, "plugins")
    assert code == 0
    assert "no luck" in out
    assert "did you mean 'acorn_guards'?" in out
    assert "offerz" in out
    code, out, _ = run(made, "plan", "shop.de")
    assert code == 4  # a misspelt guard must not open the gate
    assert "did you mean 'acorn_guards'?" in out
    assert "may be approved" not in out
    (folder / "misspelt.py").write_text(head + "@hookimpl\ndef acorn_fact():\n    yield 1\n", encoding="utf-8")
    assert run(made, "plan", "shop.de")[0] == 2
    _, document = run_json(made, "plugins")
    state = {row["name"]: row["on"] for row in document["plugins"]}
    assert state["shop_in_memory"]
    assert not any(state[name] for name in ("falls", "misspelt", "signature"))


def test_verbs_of_plugins(world, capsys, monkeypatch):
    """``acorn_commands``: extra CLI verbs; when it fails the verb is off."""
    from acorn_engine.cli import main
    from acorn_engine.engine import plugin_list

    def hello(name: str = "you") -> int:
        """Say hello."""
        print(f"hello {name}")
        return 0

    def acorn_commands():
        yield Command("hello", hello)

    real = plugin_list.PluginHost
    monkeypatch.setattr(
        plugin_list, "PluginHost", lambda **_: real(entry_points=False, objects=[plugin(acorn_commands=acorn_commands)])
    )
    assert main(["hello", "--name", "Ada"]) == 0
    assert capsys.readouterr().out == "hello Ada\n"


def test_a_fact_needs_an_age_or_has_none(planned):
    """… each with type, source, ``as_of``, largest age: a fact that is too old holds what reads it."""

    def acorn_facts(now):
        yield Fact("ok", BOOLEAN, pl.lit(value=True), "a test", now - timedelta(hours=2), timedelta(hours=1))

    plan = planned("acorn: 1\nrules:\n  - {id: a, when: ok, set: {price: 21}}\n", plugin(acorn_facts=acorn_facts))
    row = plan.changes.filter(field="price").to_dicts()[0]
    assert (row["verdict"], row["code"]) == ("hold", "stale")
    assert "ok" in row["because"]
