"""Wave rows by position: the same as looking every change up one by one."""

from __future__ import annotations

import json

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acorn_engine.plan.drafting import DRAFT_SCHEMA, OFFER_SCHEMA
from acorn_engine.plan.ordering import is_ordered, ordered, runs
from acorn_engine.plan.waves import sending, wave_rows

FIELDS = {
    "price": ("price", 1),
    "minimum_price": ("price", 1),
    "quantity": ("availability", None),
    "handling_days": ("availability", 2),
    "extra": ("extra", 1),
    "attributes.color": ("color", 1),
    'attributes.si"ze': ('si"ze', 1),
}
OFFERS = st.dictionaries(
    st.tuples(st.sampled_from(["eu", "other"]), st.text('AB\t"é', min_size=1, max_size=3)),
    st.tuples(
        st.booleans(),
        st.dictionaries(
            st.sampled_from(sorted(FIELDS)),
            st.tuples(
                st.sampled_from(["send", "hold"]), st.sampled_from([0, 2]), st.none() | st.text('1"', max_size=2)
            ),
            min_size=1,
        ),
    ),
    max_size=6,
)


def frames(drawn):
    changes, offers = [], []
    for (account, sku), (known, fields) in drawn.items():
        if known:
            row = {name: f"{name} of {sku}" for name in OFFER_SCHEMA}
            offers.append(row | {"account": account, "seller_sku": sku})
        for field, (verdict, wave, value) in fields.items():
            group, fixed = FIELDS.get(field, (field, 1))
            row = dict.fromkeys(DRAFT_SCHEMA) | {"account": account, "site": "s", "seller_sku": sku, "group": group}
            row |= {"wave": wave if fixed is None else fixed, "field": field, "to": value, "verdict": verdict}
            changes.append(row)
    return (
        pl.DataFrame(changes, schema=DRAFT_SCHEMA, orient="row"),
        pl.DataFrame(offers, schema=OFFER_SCHEMA, orient="row").sort("account", "seller_sku"),
    )


def looked_up(changes, offers, wave, account):
    sent = [row for row in changes.to_dicts() if row["verdict"] == "send" and account in {None, row["account"]}]
    now = [row for row in sent if row["wave"] == wave]
    others = sorted({row["field"] for row in now if row["group"] == "extra"})
    prices = ("price", "sale_price", "sale_from", "sale_to", "minimum_price", "maximum_price")
    rows = []
    for key in sorted({(row["account"], row["seller_sku"]) for row in now}):
        mine = {row["field"]: row["to"] for row in now if (row["account"], row["seller_sku"]) == key}
        fields = {row["field"] for row in now if (row["account"], row["seller_sku"]) == key}
        all_of = {row["field"]: row["to"] for row in sent if (row["account"], row["seller_sku"]) == key}
        around = next(
            (row for row in offers.to_dicts() if (row["account"], row["seller_sku"]) == key),
            dict.fromkeys(OFFER_SCHEMA),
        )
        priced = bool(fields & {"price", "minimum_price"})
        quantity = mine.get("quantity")
        if quantity is None and mine.get("handling_days") is not None:
            quantity = all_of.get("quantity") if all_of.get("quantity") is not None else around["quantity"]
        members = [
            f"{json.dumps(name.removeprefix('attributes.'))}:{mine[name]}"
            for name in sorted(mine)
            if name.startswith("attributes.") and mine[name] is not None
        ]
        rows.append(
            {"seller_sku": key[1]}
            | {name: around[name] for name in ("product_type", "fulfilment", "currency")}
            | {name: around[name] if priced else None for name in prices}
            | {"price_changed": priced, "quantity": quantity, "handling_days": mine.get("handling_days")}
            | {"attributes": f"{{{','.join(members)}}}" if members else None, "neighbours": around["neighbours"]}
            | {name: mine.get(name) for name in others}
        )
    return rows


@settings(max_examples=150, deadline=None)
@given(OFFERS, st.randoms(use_true_random=False), st.sampled_from([None, "eu"]))
def test_rows_by_position_are_those_looked_up_one_by_one(drawn, shuffled, account):
    changes, offers = frames(drawn)
    order = list(range(changes.height))
    shuffled.shuffle(order)
    sent = sending(changes[order], offers, account)
    for wave in (0, 1, 2):
        assert wave_rows(sent, wave).to_dicts() == looked_up(changes, offers, wave, account)


@pytest.mark.parametrize("names", [3, 40])
def test_few_attributes_and_many_are_objects_of_the_same_kind(names):
    attributes = {f"attributes.n{number:02}": ("send", 1, json.dumps(f"v{number}")) for number in range(names)}
    changes, offers = frames({("eu", "A"): (True, attributes), ("eu", "B"): (True, {"price": ("send", 1, "1")})})
    first, second = wave_rows(sending(changes, offers, "eu"), 1)["attributes"]
    assert json.loads(first) == {f"n{number:02}": f"v{number}" for number in range(names)}
    assert list(json.loads(first)) == sorted(json.loads(first))
    assert second is None


ROWS = st.lists(st.tuples(st.sampled_from(["a", "b", "é"]), st.none() | st.integers(0, 2)), max_size=6)


@settings(deadline=None)
@given(ROWS)
def test_order_is_seen_and_made(rows):
    frame = pl.DataFrame(rows, schema={"x": pl.String, "y": pl.Int8}, orient="row")
    by_hand = sorted(rows, key=lambda row: (row[0].encode(), -1 if row[1] is None else row[1]))
    assert ordered(frame, "x", "y").rows() == by_hand
    assert is_ordered(frame, "x", "y") in {rows == by_hand, False}
    assert is_ordered(frame.drop_nulls(), "x", "y") == (
        frame.drop_nulls().rows() == frame.drop_nulls().sort("x", "y").rows()
    )


def test_runs_begin_where_a_key_changes():
    frame = pl.DataFrame({"a": [None, None, "x", "x", "y"], "b": [1, 1, 1, 2, 2]})
    assert runs(frame, "a", "b") == [(0, 2), (2, 1), (3, 1), (4, 1)]
    assert runs(frame.clear(), "a") == []
