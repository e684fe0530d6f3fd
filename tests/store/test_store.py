from __future__ import annotations

import multiprocessing
import os
import threading
from datetime import timedelta

import polars as pl
import pytest
from fake_marketplace import START, Clock, make_plan
from polars.testing import assert_frame_equal
from sqlalchemy import text

from acorn_engine.marketplace import READ_SCHEMA
from acorn_engine.plan.model import CHANGE_SCHEMA, MESSAGE_SCHEMA, Plan, PlanStatus
from acorn_engine.problems import Place, PlanError, Problem, StoreError
from acorn_engine.store import OFFER_STATE_SCHEMA, Store, neighbours_digest
from acorn_engine.store.keys import find_key, take_key

WISHES = [("A", "price", "10.00", "12.00"), ("B", "price", None, "19.99"), ("B", "quantity", "1", "7")]


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(database_url, clock):
    with Store.open(database_url, "northwind", now=clock.now) as made:
        yield made


def with_problems(plan: Plan) -> Plan:
    place = Place("rules/de.yaml", 3, 7, text="price: cots")
    problem = Problem("c", "m", "holds", place, "did you mean 'cost'?", {"n": 1}, (("eu", "amazon.de", "A"),))
    details = {"plugins": {"acorn-amazon": "0.1"}}
    return Plan(**{**plan.__dict__, "problems": (problem, Problem("d", "é 语")), "details": details})


def test_a_plan_comes_back_exactly_as_it_was(store, clock):
    plan = with_problems(make_plan("P1", WISHES, clock))
    odd = plan.changes.with_columns(
        pl.Series("seller_sku", ['a,"b"', "", "语\nline"]), pl.Series("because", [None, "", "\\N"])
    )
    plan = Plan(**{**plan.__dict__, "changes": odd})
    assert store.save_plan(plan) == "P1"
    found = store.load_plan("P1")
    assert_frame_equal(found.changes, plan.changes)
    assert_frame_equal(found.messages, plan.messages)
    assert found.problems == plan.problems
    for name in ("id", "project", "site", "accounts", "status", "created_at", "expires_at", "ruleset", "inputs"):
        assert getattr(found, name) == getattr(plan, name)
    assert (found.digest, found.summary, found.details, found.kind) == (plan.digest, plan.summary, plan.details, "plan")


def test_a_plan_without_changes_is_kept_too(store, clock):
    store.save_plan(make_plan("P0", [], clock))
    assert store.load_plan("P0").changes.schema == CHANGE_SCHEMA
    assert store.load_plan("P0").messages.schema == MESSAGE_SCHEMA


def test_an_unknown_plan_is_named_with_its_neighbour(store, clock):
    store.save_plan(make_plan("plan-2026-11", WISHES, clock))
    with pytest.raises(PlanError, match=r"there is no plan 'plan-2026-12'(?s:.*)did you mean 'plan-2026-11'\?"):
        store.load_plan("plan-2026-12")


def test_the_same_plan_twice_is_refused(store, clock):
    store.save_plan(make_plan("P1", WISHES, clock))
    with pytest.raises(StoreError, match="there is already a plan 'P1'"):
        store.save_plan(make_plan("P1", WISHES, clock))


def test_a_key_stands_for_the_first_plan(store, clock):
    assert store.plan_by_key("night") is None
    assert store.save_plan(make_plan("P1", WISHES, clock), key="night") == "P1"
    assert store.save_plan(make_plan("P2", WISHES, clock), key="night") == "P1"
    assert store.plan_by_key("night").id == "P1"
    assert [plan.id for plan in store.plans()] == ["P1"]


def test_a_key_used_by_eight_threads_at_once_stands_for_one_plan(store, clock):
    results: list[str] = []

    def save(number: int) -> None:
        results.append(store.save_plan(make_plan(f"P{number}", WISHES, clock), key="night"))

    threads = [threading.Thread(target=save, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 8
    assert len(set(results)) == 1
    assert [plan.id for plan in store.plans()] == results[:1]


def test_plans_are_listed_newest_first_and_run_out(store, clock):
    store.save_plan(make_plan("P1", WISHES, clock, hours=1))
    store.save_plan(make_plan("P2", WISHES, clock, status=PlanStatus.HALTED))
    assert [(plan.id, plan.state) for plan in store.plans("amazon.de")] == [("P2", "planned"), ("P1", "planned")]
    clock.advance(3600)
    assert [(plan.id, plan.state) for plan in store.plans()] == [("P2", "planned"), ("P1", "expired")]
    assert [plan.id for plan in store.plans(status="expired")] == ["P1"]
    assert [plan.id for plan in store.plans(status=["planned", "approved"])] == ["P2"]
    assert store.plans("amazon.fr") == []
    assert len(store.plans(limit=1)) == 1
    with pytest.raises(PlanError, match="plan 'P1' ran out at 2026-11-23T09:00:00Z"):
        store.approve("P1", "ann")


def test_projects_do_not_see_each_other(database_url, clock):
    with Store.open(database_url, "one", now=clock.now) as one, Store.open(database_url, "two", now=clock.now) as two:
        one.save_plan(make_plan("P1", WISHES, clock), key="k")
        two.save_plan(make_plan("P1", WISHES, clock), key="k")
        one.approve("P1", "ann")
        assert two.plan_info("P1").state == "planned"
        assert [event.number for event in two.events()] == [1]
        assert [event.number for event in one.events()] == [1, 2]


def test_rule_sets_are_kept_whole(store):
    files = {"rules/eu.yaml": "acorn: 1\n", "rules/de.yaml": "acorn: 1 # 语\n"}
    store.save_ruleset("abc", files)
    store.save_ruleset("abc", files)
    assert list(store.load_ruleset("abc").items()) == list(files.items())
    assert store.load_ruleset("def") is None


# Approvals


def test_an_approval_is_remembered_with_its_reason(store, clock):
    store.save_plan(make_plan("P1", WISHES, clock))
    store.approve("P1", "erp:nightly", because="policy")
    (record,) = store.approvals("P1")
    assert (record.by, record.because, record.at) == ("erp:nightly", "policy", START)
    assert store.plan_info("P1").state == "approved"
    row = store.ledger()[-1]
    assert (row["who"], row["what"], row["subject"]) == ("erp:nightly", "approved", "P1")


def test_everything_against_an_approval_is_said_at_once(store, clock):
    verdicts = {("A", "price"): "hold"}
    plan = make_plan(
        "P1", WISHES, clock, verdicts=verdicts, status=PlanStatus.HALTED, message_verdicts=("send", "hold")
    )
    store.save_plan(plan)
    with pytest.raises(PlanError) as caught:
        store.approve("P1", "ann", release=["A"])
    assert [problem.code for problem in caught.value.problems] == ["plan_halted", "no_reason"]
    store.approve("P1", "ann", because="seen", release=["P-A"], override="price list")
    assert [kind for kind in (event.kind for event in store.events()) if kind == "released"]
    assert store.load_plan("P1").changes["verdict"].to_list() == ["hold", "send", "send"]
    assert store.load_plan("P1", as_approved=True).changes["verdict"].to_list() == ["send"] * 3


def test_what_is_not_held_cannot_be_released(store, clock):
    verdicts = {("A", "price"): "reject", ("B", "price"): "hold"}
    store.save_plan(make_plan("P1", WISHES, clock, verdicts=verdicts))
    with pytest.raises(PlanError) as caught:
        store.approve("P1", "ann", because="x", release=["A", "BB"])
    assert [problem.code for problem in caught.value.problems] == ["rejected", "nothing_held"]
    assert caught.value.problems[1].hint is None or "'B'" in caught.value.problems[1].hint
    with pytest.raises(PlanError, match="no message for the held changes of 'B'"):
        store.approve("P1", "ann", because="x", release=["B"])
    assert store.plan_info("P1").state == "planned"
    assert store.approvals("P1") == []


def test_messages_of_released_changes_never_join_a_part(store, clock):
    store.save_plan(make_plan("P1", WISHES, clock))
    with pytest.raises(ValueError, match="parts of their own"):
        store.approve("P1", "ann", messages=store.load_plan("P1").messages)


# Offers


def reads(**offers) -> pl.DataFrame:
    rows = [{"seller_sku": sku, **values} for sku, values in offers.items()]
    return pl.DataFrame(rows, schema=dict.fromkeys(READ_SCHEMA, pl.String()))


def test_the_newest_read_counts(store, clock):
    store.record_reads("eu", "amazon.de", reads(A={"price": "1.10", "neighbours": "n"}, B={"price": None}), START)
    store.record_reads("eu", "amazon.de", reads(A={"price": "0.90"}), START - timedelta(seconds=1))
    store.record_reads("eu", "amazon.de", reads(B={"price": "2.00"}), START + timedelta(microseconds=1))
    store.record_reads("eu", "amazon.de", reads(), START)
    found = store.offer_states("amazon.de", ["eu"]).sort("seller_sku")
    assert found.schema == pl.Schema(OFFER_STATE_SCHEMA)
    assert found.select("seller_sku", "price", "as_of", "neighbours_digest").rows() == [
        ("A", "1.10", START, neighbours_digest("n")),
        ("B", "2.00", START + timedelta(microseconds=1), None),
    ]
    assert store.offer_states("amazon.de", ["other"]).is_empty()
    assert store.offer_states("amazon.de", seller_skus=["A"]).height == 1


def test_a_naive_instant_is_refused(store):
    with pytest.raises(ValueError, match="time zone"):
        store.record_reads("eu", "amazon.de", reads(A={}), START.replace(tzinfo=None))


# Events and ledger


def test_events_are_read_from_a_cursor(store):
    numbers = [store.append_event("hello", {"n": number, "语": None}) for number in range(5)]
    assert numbers == [1, 2, 3, 4, 5]
    first = store.events(limit=2)
    assert [event.number for event in first] == [1, 2]
    rest = store.events(after=first[-1].number)
    assert [event.data["n"] for event in rest] == [2, 3, 4]
    assert rest[0].to_dict()["kind"] == "hello"
    assert store.events(after=5) == []


def test_a_reader_never_misses_an_event_of_eight_writers(store):
    """A number must not become visible before a smaller one: a cursor would pass it by."""
    store.append_event("first", {})
    writers = [threading.Thread(target=lambda: [store.append_event("tick", {}) for _ in range(15)]) for _ in range(8)]
    for writer in writers:
        writer.start()
    seen: list[int] = []
    while any(writer.is_alive() for writer in writers) or store.events(after=seen[-1] if seen else 0):
        seen += [event.number for event in store.events(after=seen[-1] if seen else 0)]
    assert seen == list(range(1, 122))


def test_the_ledger_shows_any_tampering(store, database_url):
    for number in range(4):
        store.append_ledger("ann", "said", f"s{number}", {"price": "1.00"}, {"price": "2.00"})
    assert store.verify_ledger().whole
    prefix = "acorn." if database_url.startswith("postgresql") else ""
    for statement in ("UPDATE {}ledger SET who = 'bob' WHERE number = 2", "DELETE FROM {}ledger WHERE number = 4"):
        with pytest.raises(StoreError, match="only ever added to"), store.write() as tx:
            tx.connection.execute(text(statement.format(prefix)))
    with store.write() as tx:
        if prefix:
            tx.connection.execute(text("ALTER TABLE acorn.ledger DISABLE TRIGGER ALL"))
        else:
            tx.connection.execute(text("DROP TRIGGER ledger_no_delete"))
            tx.connection.execute(text("DROP TRIGGER ledger_no_update"))
        tx.connection.execute(text(f"DELETE FROM {prefix}ledger WHERE number = 4"))
    assert store.verify_ledger().reason == "the rows after 3 are missing"
    with store.write() as tx:
        tx.connection.execute(text(f"UPDATE {prefix}ledger SET after = '{{}}' WHERE number = 2"))
    check = store.verify_ledger()
    assert (check.whole, check.broken_at, check.reason) == (False, 2, "row 2 was changed")
    with store.write() as tx:
        tx.connection.execute(text(f"DELETE FROM {prefix}ledger WHERE number = 1"))
    assert store.verify_ledger().reason == "row 1 is missing"


def test_a_transaction_that_fails_leaves_nothing(store):
    def half() -> None:
        with store.write() as tx:
            tx.event("half", {})
            tx.record("ann", "half", None)
            take_key(tx, "scope", "key", "value")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert store.events() == []
    assert store.ledger() == []
    with store.read() as connection:
        assert find_key(connection, "northwind", "scope", "key") is None


# Threads, processes, sizes


def test_after_a_fork_the_store_says_so(store):
    store.append_event("hello", {})
    context = multiprocessing.get_context("fork")
    answers, ours = context.Pipe(duplex=False)

    def child() -> None:
        try:
            store.events()
        except StoreError as error:
            ours.send((error.problems[0].code, str(error)))
        os._exit(0)

    process = context.Process(target=child)
    process.start()
    assert answers.poll(20)
    code, message = answers.recv()
    process.join(20)
    answers.close()
    ours.close()
    assert code == "store_forked"
    assert "Open the engine in the process that uses it" in message
    assert len(store.events()) == 1


@pytest.mark.timeout(120)
def test_many_rows_are_saved_and_read_quickly(store, clock):
    plan = make_plan("P1", WISHES, clock)
    count = 30_000
    numbers = pl.int_range(count, eager=True)
    changes = pl.concat([plan.changes[:1]] * count).with_columns(
        pl.format("c{}", numbers).alias("id"), pl.format("S{}", numbers).alias("seller_sku")
    )
    messages = pl.concat([plan.messages[:1]] * count).with_columns(
        pl.format("S{}", numbers).alias("seller_sku"), (numbers + 1).cast(pl.Int32).alias("message_id")
    )
    store.save_plan(Plan(**{**plan.__dict__, "changes": changes, "messages": messages}))
    assert store.load_plan("P1").changes.height == count
