"""What must be true of any offers: order makes no difference, and no unsafe price is ever sent."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import judged, offer

from acorn_engine.guard import GuardSettings
from acorn_engine.plugins.records import GuardSpec

CENTS = st.one_of(st.none(), st.integers(-100, 6000).map(lambda cents: str(Decimal(cents) / 100)))
OFFERS = st.lists(
    st.builds(
        lambda **values: values,
        price=CENTS,
        current_price=CENTS,
        floor=CENTS,
        ceiling=CENTS,
        minimum_price=CENTS,
        sale_price=CENTS,
        quantity=st.one_of(st.none(), st.integers(-1, 5)),
        current_quantity=st.one_of(st.none(), st.integers(0, 5)),
        stock=st.one_of(st.none(), st.integers(0, 5)),
        fulfilment=st.sampled_from(["merchant", "amazon", None]),
        eligible=st.sampled_from([True, True, False, None]),
        _pending=st.sampled_from(["", "", "price", "availability"]),
        _read=st.sampled_from([True, True, False]),
        competitor_price=CENTS,
        other_prices=st.sampled_from(["[]", '["5.00"]', None]),
    ),
    min_size=1,
    max_size=8,
)
GUARDS = [GuardSpec("undercut", "hold", "price < competitor_price - 1", "{price} under {competitor_price}")]
POLICIES = st.sampled_from(["reject", "raise", "hold"])


def _judge(rows, policy):
    return judged(*rows, guards=GUARDS, settings=GuardSettings(below_floor=policy), built_in=True)


@settings(max_examples=30, deadline=None)
@given(rows=OFFERS, policy=POLICIES, order=st.randoms(use_true_random=False))
def test_guards_hold_for_every_permutation_of_rows(rows, policy, order):
    named = [offer(str(number), **row) for number, row in enumerate(rows)]
    shuffled = order.sample(named, len(named))
    first, second = (
        _judge(some, policy).changes.drop("_row").sort("seller_sku", "field") for some in (named, shuffled)
    )
    assert first.equals(second)


@settings(max_examples=70, deadline=None)
@given(rows=OFFERS, policy=POLICIES)
def test_no_unsafe_change_is_ever_sent(rows, policy):
    named = [offer(str(number), **row) for number, row in enumerate(rows)]
    sent = _judge(named, policy).changes.filter(pl.col("verdict") == "send")
    for row in sent.iter_rows(named=True):
        given_row = named[int(row["seller_sku"])]
        assert row["to"] is not None
        assert row["to"] != row["from"]
        withdrawn = (row["field"], row["to"]) == ("quantity", "0") and given_row["eligible"] is False
        assert given_row["eligible"] is True or withdrawn
        assert row["group"] not in given_row["_pending"].split(",")
        if row["group"] == "price":
            floor = given_row["floor"]
            assert floor is not None
            assert Decimal(floor) > 0
            assert Decimal(row["to"]) >= Decimal(floor)
            assert given_row["_read"]
            assert given_row["other_prices"] != '["5.00"]' or Decimal(floor) <= 5
            if given_row["ceiling"] is not None:
                assert Decimal(row["to"]) <= Decimal(given_row["ceiling"])
        if row["field"] == "quantity":
            assert given_row["fulfilment"] == "merchant"
            assert row["to"].isdecimal()
            stock, current = given_row["stock"], given_row["current_quantity"]
            assert (stock is not None and int(row["to"]) <= stock) or (stock is None and int(row["to"]) < current)
