"""What a program that embeds the engine may rely on."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from contextlib import suppress
from datetime import datetime

import polars as pl
import pytest
from marketplace import SECRETS

from acorn_engine import Engine
from acorn_engine.problems import AcornError, PlanError, ProjectError


def offers(world, count=3):
    for number in range(1, count + 1):
        world.add(f"S{number}", price="20.00", floor_price="10.00", landed="21.00", quantity=5, stock=5)
    return world


def work_off(engine, clock):
    for _ in range(20):
        if not engine.work(5).open_parts:
            return
        engine.verify()
        clock.advance(minutes=2)
    raise AssertionError("it did not end")


def test_a_rollback_takes_back_what_was_released(world, price_of):
    here = offers(world())
    here.listings[0]["landed"] = "25.00"
    with here.engine() as engine:
        plan = here.plan(engine)
        assert price_of(plan, "S1")["verdict"] == "hold"
        engine.approve(plan, by="erp", because="seen", release=["S1"])
        engine.submit(plan)
        work_off(engine, here.clock)
        assert here.offer("S1")["price"] == "25.00"
        undone = engine.rollback(plan, because="wrong", **here.rows())
        assert {row["seller_sku"]: row["to"] for row in undone.to_json()["changes"] if row["field"] == "price"} == {
            "S1": "20.00",
            "S2": "20.00",
            "S3": "20.00",
        }


def test_an_approval_shows_what_earlier_ones_released_and_may_be_repeated(world, price_of):
    here = offers(world())
    here.listings[0]["landed"] = here.listings[1]["landed"] = "25.00"
    with here.engine() as engine:
        plan = here.plan(engine)
        engine.approve(plan, by="erp", because="seen", release=["S1"])
        again = engine.approve(plan, by="erp", because="seen", release=["S1"])
        assert price_of(again, "S1")["verdict"] == "send"
        both = engine.approve(plan, by="erp", because="seen", release=["S2", "S1"])
        assert {price_of(both, sku)["verdict"] for sku in ("S1", "S2")} == {"send"}
        engine.submit(plan)
        work_off(engine, here.clock)
        assert {here.offer(sku)["price"] for sku in ("S1", "S2")} == {"25.00"}
        with pytest.raises(PlanError, match="nothing of 'S9' is held"):
            engine.approve(here.plan(engine), by="erp", because="seen", release=["S9"])


def test_a_closed_engine_says_so_and_may_be_closed_again(world):
    here = offers(world())
    engine = here.engine()
    plan = here.plan(engine)
    engine.close()
    engine.close()
    for call in (
        lambda: here.plan(engine),
        engine.status,
        lambda: engine.submit(plan),
        engine.work,
        engine.verify,
        engine.events,
        lambda: engine.quote("shop.de", {"sku": "S1"}),
        lambda: engine.check(),
        engine.migrate,
    ):
        with pytest.raises(AcornError, match="this engine is closed"):
            call()


def test_closing_one_connection_that_fails_closes_the_rest(world, caplog):
    here = offers(world())
    engine = here.engine()
    here.plan(engine)

    def broken():
        raise OSError("no")

    here.shop.connection("eu").close = broken
    engine.close()
    assert "could not be closed" in caplog.text


@pytest.mark.parametrize(
    "answer",
    [
        lambda _account: {}["topsecret-key"],
        lambda _account: "topsecret",
        lambda _account: {"client_id": "a", "client_secret": 5, "refresh_token": "topsecret"},
        lambda _account: None,
    ],
)
def test_credentials_that_cannot_be_had_hold_prices_and_tell_no_secret(world, answer, price_of, monkeypatch):
    here = offers(world())
    monkeypatch.setenv("ACORN_EU_CLIENT_ID", "from-the-environment")
    with here.engine(credentials=answer) as engine:
        plan = here.plan(engine)
        assert price_of(plan, "S1")["verdict"] == "hold"
        [problem] = [problem for problem in plan.problems if problem.code == "unread"]
        assert "could not be read" in problem.message
        assert "topsecret" not in json.dumps(plan.to_json())


def test_credentials_handed_in_are_never_sought_in_the_environment(world, monkeypatch):
    here = offers(world())
    asked = []
    monkeypatch.setattr("acorn_engine.project.credentials.os", None)
    with here.engine(credentials=lambda account: asked.append(account.name) or SECRETS) as engine:
        here.plan(engine)
    assert asked == ["eu"]


def test_a_time_without_a_zone_is_refused(world):
    here = offers(world())
    with here.engine(now=lambda: datetime(2026, 3, 2, 12)) as engine, pytest.raises(AcornError, match="no time zone"):  # noqa: DTZ001
        here.plan(engine)


def test_nothing_lasting_is_started_or_set(world):
    here = offers(world())
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    threads, root = set(threading.enumerate()), list(logging.getLogger().handlers)
    with here.engine() as engine:
        plan = here.plan(engine)
        engine.approve(plan, by="erp")
        engine.submit(plan)
        work_off(engine, here.clock)
        assert set(threading.enumerate()) <= threads
    assert {number: signal.getsignal(number) for number in handlers} == handlers
    assert list(logging.getLogger().handlers) == root
    assert logging.getLogger("acorn_engine").level == logging.NOTSET


def test_a_forked_engine_says_so(world):
    here = offers(world())
    with here.engine() as engine:
        here.plan(engine)
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:  # pragma: no cover (another process)
            try:
                engine.plan("shop.de", **here.rows())
                words = "planned"
            except AcornError as error:
                words = str(error)
            except BaseException as error:
                words = repr(error)
            os.write(writing, words.encode())
            os._exit(0)
        os.waitpid(child, 0)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            assert "opened before the process was forked" in pipe.read()
        assert here.plan(engine).summary["offers"] == 3


def test_two_engines_in_one_process_know_nothing_of_each_other(world, tmp_path):
    here = offers(world())
    with here.engine() as first, here.engine() as second:
        a, b = here.plan(first, key="k"), here.plan(second, key="k")
        assert a.id == b.id
        here.settings["project"] = {"name": "other", "database": here.settings["project"]["database"]}
        with here.engine() as tenant:
            assert tenant.newest("shop.de") is None
            assert here.plan(tenant, key="k").id != a.id
            with pytest.raises(PlanError, match="there is no plan"):
                tenant.approve(a.id, by="stranger")


def test_a_key_gives_the_first_answer_again_whatever_has_changed(world):
    here = offers(world())
    with here.engine() as engine:
        first = here.plan(engine, key="night-1")
        here.listings[0]["landed"] = "22.00"
        assert here.plan(engine, key="night-1").to_json() == first.to_json()
        engine.approve(first, by="erp")
        once = engine.submit(first, key="send-1")
        twice = engine.submit(first, key="send-1")
        assert once["plans"][0]["plan"] == twice["plans"][0]["plan"]
        work_off(engine, here.clock)
        assert len(here.shop.connection("eu").submits) + len(here.shop.connection("eu").patches) == 3


def test_only_leaves_the_others_out_but_counts_them(world):
    here = offers(world(guards={"changed_share": "40%"}), 60)
    with here.engine() as engine:
        plan = here.plan(engine, only=["S1", "S2", "unknown"])
        assert set(plan.changes["seller_sku"]) == {"S1", "S2"}
        assert plan.status.value == "ready"
        assert here.plan(engine, only=[]).changes.is_empty()
        assert here.plan(engine).status.value == "halted"


def test_rows_come_as_frames_of_any_kind(world):
    pandas, arrow = pytest.importorskip("pandas"), pytest.importorskip("pyarrow")
    here = offers(world())
    products, listings = here.rows()["products"], here.rows()["listings"]
    kinds = {
        "polars": lambda frame: frame,
        "dicts": lambda frame: frame.to_dicts(),
        "pandas": lambda frame: pandas.DataFrame(frame.to_dicts()),
        "arrow": lambda frame: arrow.Table.from_pylist(frame.to_dicts()),
    }
    with here.engine() as engine:
        digests = {
            name: engine.plan("shop.de", products=kind(products), listings=kind(listings)).digest
            for name, kind in kinds.items()
        }
    assert len(set(digests.values())) == 1, digests


def test_floats_are_refused_by_name(world):
    here = offers(world())
    rows = [{**row, "landed": 21.5} for row in here.listings]
    with here.engine() as engine, pytest.raises(AcornError, match="'landed' holds binary floats"):
        engine.plan("shop.de", products=here.products, listings=rows)


def test_no_products_and_a_site_without_listings(world):
    here = offers(world())
    here.settings["sites"]["shop.fr"] = list(here.rules)
    with here.engine() as engine:
        assert here.plan(engine, "shop.fr").changes.is_empty()
        for products, listings in ([], here.listings), ([], []), (here.products, []):
            with suppress(AcornError):
                plan = engine.plan("shop.de", products=products, listings=listings)
                assert plan.changes.filter(pl.col("verdict") == "send").is_empty()


def test_settings_alone_are_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "environ", {})
    with pytest.raises(ProjectError, match="accounts"):
        Engine.open({"project": {"name": "x"}, "accounts": 5}, entry_points=False)


def test_events_come_in_order_at_least_once(world):
    here = offers(world())
    with here.engine() as engine:
        plan = here.plan(engine)
        engine.approve(plan, by="erp")
        engine.submit(plan)
        work_off(engine, here.clock)
    with here.engine() as engine:
        everything = engine.events()
        cursor, seen = 0, []
        while batch := engine.events(after=cursor, limit=2):
            seen += batch
            cursor = batch[-1].number if hasattr(batch[-1], "number") else batch[-1].id
        assert seen == everything
        assert [event.kind for event in seen][:3] == ["plan_ready", "approved", "submitted"]
        json.dumps([event.to_dict() if hasattr(event, "to_dict") else event.data for event in seen])


def test_listings_without_a_price_column_leave_what_was_read(world, price_of):
    here = offers(world())
    for row in here.listings:
        for name in ("price", "quantity", "as_of"):
            row.pop(name)
    with here.engine() as engine:
        plan = here.plan(engine)
        assert price_of(plan, "S1")["from"] == "20.00"
        engine.approve(plan, by="erp")
        engine.submit(plan)
        work_off(engine, here.clock)
        here.clock.advance(hours=30)
        assert here.plan(engine).changes.is_empty()
        assert price_of(here.plan(engine), "S1") is None


def test_a_listing_row_that_is_newer_than_the_last_read_counts(world, price_of):
    here = offers(world())
    with here.engine() as engine:
        here.plan(engine)
        here.clock.advance(hours=1)
        for row in here.listings:
            row |= {"price": "19.00", "as_of": "2026-03-02T11:30:00Z"}
        assert price_of(here.plan(engine), "S1")["from"] == "19.00"


def test_rows_without_a_date_are_not_newer_than_what_was_read_back(world):
    """A second plan from the same undated rows finds nothing to send."""
    here = offers(world())
    for row in here.listings:
        row.pop("as_of")
    with here.engine() as engine:
        plan = here.plan(engine)
        assert plan.to_send.height
        engine.approve(plan, by="erp")
        engine.submit(plan)
        work_off(engine, here.clock)
        here.clock.advance(hours=30)
        assert here.plan(engine).changes.is_empty()


def test_a_sku_that_is_not_there_is_named(world):
    here = offers(world())
    with here.engine() as engine:
        plan = here.plan(engine, only=["S1", "S11"])
        (problem,) = [problem for problem in plan.problems if problem.code == "unknown_sku"]
        assert problem.message == "there is no offer 'S11' on shop.de; it was not considered."
        assert problem.hint == "did you mean 'S1'?"
