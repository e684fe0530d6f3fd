"""Rows in bulk: text comes back to the letter, absent is not empty, and large plans come in pieces."""

from __future__ import annotations

import polars as pl
import pytest
from fake_marketplace import START, Clock, make_plan
from polars.testing import assert_frame_equal
from sqlalchemy import select

from acorn_engine.marketplace import READ_SCHEMA
from acorn_engine.plan.model import CHANGE_SCHEMA, MESSAGE_SCHEMA, Plan
from acorn_engine.store import Store
from acorn_engine.store.frames import insert_frame, read_frame
from acorn_engine.store.plan_frames import message_parts, read_changes, read_messages
from acorn_engine.store.tables import part_messages

ODD = ["", None, "\\N", "\\.", '"', "a\rb", "x\r\ny", "\ufeff0123", " 1e5 ", "é语😀", "a,b;c\td", "%s %(x)s", "'"]


@pytest.fixture
def store(database_url):
    with Store.open(database_url, "it's 100%", now=Clock().now) as made:
        yield made


def test_every_text_comes_back_to_the_letter(store):
    skus = [f"{number}{text or ''}" for number, text in enumerate(ODD)]
    values = {name: ODD[place:] + ODD[:place] for place, name in enumerate(list(READ_SCHEMA)[1:])}
    frame = pl.DataFrame({"seller_sku": skus, **values}, schema=dict.fromkeys(READ_SCHEMA, pl.String()))
    for _ in range(2):  # new rows, then the same ones again
        store.record_reads("e'u %", "amazon.de", frame, START)
        found = store.offer_states("amazon.de", ["e'u %"])
        assert_frame_equal(found.select(*READ_SCHEMA), frame, check_row_order=False)
    assert store.offer_states("amazon.de", seller_skus=skus[2:4]).height == 2


def test_every_text_goes_in_with_many_others_to_the_letter(store):
    rows = pl.DataFrame({"seller_sku": [text or "-" for text in ODD], "reason": ODD}).with_columns(
        pl.lit(store.project).alias("project"),
        pl.lit("P1/eu/1/1").alias("part"),
        pl.int_range(pl.len(), dtype=pl.Int32).alias("message_id"),
        pl.lit("waiting").alias("state"),
    )
    with store.write() as tx:
        insert_frame(tx.connection, part_messages, rows)
        statement = select(part_messages.c.message_id, part_messages.c.seller_sku, part_messages.c.reason)
        schema = {"message_id": pl.Int32(), "seller_sku": pl.String(), "reason": pl.String()}
        found = read_frame(tx.connection, statement.order_by(part_messages.c.message_id), schema)
        alone = read_frame(tx.connection, select(part_messages.c.reason), {"reason": pl.String()})
    assert_frame_equal(found, rows.select(*schema))
    assert sorted(alone["reason"], key=str) == sorted(ODD, key=str)


def test_of_two_reads_of_one_offer_the_last_counts(store):
    frame = pl.DataFrame(
        {"seller_sku": ["A", "A"], "price": ["1", "2"]}, schema_overrides=dict.fromkeys(READ_SCHEMA, pl.String())
    )
    frame = frame.with_columns(pl.lit(None, pl.String()).alias(name) for name in READ_SCHEMA if name not in frame)
    store.record_reads("eu", "amazon.de", frame, START)
    assert store.offer_states("amazon.de")["price"].to_list() == ["2"]


def many(count: int) -> Plan:
    """Return a plan of many changes and messages, these in three parts and upside down."""
    plan = make_plan("P1", [("A", "price", None, "12.00")], Clock(), project="it's 100%")
    numbers = pl.int_range(count, eager=True)
    skus = pl.format("S{}", numbers).alias("seller_sku")
    part = (numbers * 3 // count + 1).cast(pl.Int32).alias("part")
    return Plan(
        **{
            **plan.__dict__,
            "changes": pl.concat([plan.changes] * count).with_columns(skus),
            "messages": pl.concat([plan.messages] * count)
            .with_columns(skus, part, (numbers + 1).cast(pl.Int32).alias("message_id"))
            .reverse(),
        }
    )


@pytest.mark.parametrize("size", [3, 1_000])
def test_a_plan_may_come_in_pieces(store, size, monkeypatch):
    monkeypatch.setattr("acorn_engine.store.plan_frames.ROWS", 200)
    plan = many(1_000)
    empty = Plan(**{**plan.__dict__, "changes": plan.changes.clear(), "messages": plan.messages.clear()})
    store.save_plan(empty, changes=plan.changes.iter_slices(size), messages=plan.messages.iter_slices(size))
    found = store.load_plan("P1")
    assert_frame_equal(found.changes, plan.changes)
    assert_frame_equal(found.messages, plan.messages.reverse())
    with store.read() as connection:
        assert message_parts(connection, store.project, "P1") == [("eu", 1, 1), ("eu", 1, 2), ("eu", 1, 3)]
        second = read_messages(connection, store.project, "P1", ["seller_sku", "message_id"], ("eu", 1, 2))
        some = read_changes(connection, store.project, "P1", ["seller_sku", "number"], pl.col("number") >= 998)
    assert second.rows() == [(f"S{number}", number + 1) for number in range(334, 667)]
    assert some.rows() == [("S998", 998), ("S999", 999)]


def test_pieces_that_break_off_leave_nothing(store):
    plan = many(10)

    def broken():
        yield plan.messages
        raise RuntimeError

    with pytest.raises(RuntimeError):
        store.save_plan(plan, key="night", messages=broken())
    assert store.plans() == []
    assert store.plan_by_key("night") is None
    with store.read() as connection:
        assert read_changes(connection, store.project, "P1", list(CHANGE_SCHEMA)).is_empty()
        assert read_messages(connection, store.project, "P1", list(MESSAGE_SCHEMA)).is_empty()
