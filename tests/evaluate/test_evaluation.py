"""What rules do to offers; every case is checked in columns and in the trace alike."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import polars as pl
import pytest
from rule_worlds import CLOCK, DE, JP, NOW, agree, chain_of, offers_of, outcome, rates

from acorn_engine.evaluate import evaluate
from acorn_engine.fields import Field
from acorn_engine.sites import SiteClock
from acorn_engine.types import NUMBER, TEXT

LANDED = """
- id: landed
  set: {price: fx(cost) * 1.28 * (1 + vat_rate)}
"""
COST = {"cost": "20.00", "cost_currency": "USD", "vat_rate": "0.19"}


def held(row, group="price"):
    return row[f"hold.{group}"], row[f"hold_code.{group}"], row[f"hold_facts.{group}"]


def test_a_price_is_rounded_once_to_the_sites_digits():
    row = outcome(chain_of(LANDED), COST)[0]
    assert (row["to.price"], row["rule.price"]) == (2803, "landed")  # 20 * 0.92 * 1.28 * 1.19 = 28.02688
    assert held(row) == (None, None, None)
    assert not row["scalar"]
    yen = outcome(chain_of(LANDED, JP), COST, clock=SiteClock(JP, NOW), tables=rates(JP, USD="149.832157"))[0]
    assert yen["to.price"] == 4564  # 20 * 149.832157 * 1.28 * 1.19 = 4564.48…


@pytest.mark.parametrize(
    ("field", "expected"),
    [("price", [2, -2]), ("floor_price", [2, None]), ("ceiling_price", [1, -2]), ("sale_price", [2, -2])],
)
def test_each_field_rounds_in_its_own_direction(field, expected):
    chain = chain_of(f"- id: r\n  set: {{{field}: competitor_price * 0.5}}\n")
    rows = outcome(chain, {"competitor_price": "0.03"}, {"competitor_price": "-0.03"})
    assert [row[f"to.{field}"] for row in rows] == expected


def test_quantities_round_down_and_handling_days_up():
    chain = chain_of("- id: r\n  set: {quantity: stock / 2, handling_days: stock / 2}\n")
    row = outcome(chain, {"stock": 5})[0]
    assert (row["to.quantity"], row["to.handling_days"]) == (2, 3)


def test_sets_of_one_rule_read_the_values_from_before_it():
    chain = chain_of("""
- id: first
  set: {price: 10.00 EUR}
- id: second
  set: {price: price + 1, sale_price: price - 1}
""")
    row = outcome(chain, {})[0]
    assert (row["to.price"], row["to.sale_price"]) == (1100, 900)


def test_a_set_that_is_missing_holds_its_groups_and_leaves_every_field_of_the_rule():
    chain = chain_of(LANDED + "- id: both\n  set: {price: competitor_price, quantity: stock}\n")
    row = outcome(chain, {**COST, "stock": 3})[0]
    assert (row["to.price"], row["rule.price"], row["to.quantity"]) == (2803, "landed", None)
    assert held(row) == ("both", "missing", "competitor_price")
    assert held(row, "availability") == ("both", "missing", "competitor_price")


def test_a_missing_rate_names_its_table():
    row = outcome(chain_of(LANDED), {**COST, "cost_currency": "CHF"})[0]
    assert held(row) == ("landed", "missing", "rate")


def test_a_set_or_when_that_fails_holds_and_the_first_hold_stays():
    chain = chain_of("""
- id: broken-when
  when: 1 / stock > 1
  set: {quantity: 1}
- id: broken-set
  set: {price: competitor_price / stock}
- id: later
  set: {price: 5.00 EUR, quantity: competitor_price / 1 EUR}
""")
    row = outcome(chain, {"stock": 0, "competitor_price": None})[0]
    assert held(row, "availability") == ("broken-when", "failed", None)
    assert held(row) == ("broken-set", "missing", "competitor_price")
    row = outcome(chain, {"stock": 0, "competitor_price": "3.00"})[0]
    assert held(row) == ("broken-set", "failed", None)
    assert row["to.price"] == 500


def test_a_when_that_is_missing_does_not_apply_and_holds_nothing():
    chain = chain_of("- id: r\n  when: competitor_price > 5\n  set: {price: 5.00 EUR}\n")
    row = outcome(chain, {})[0]
    assert (row["to.price"], held(row)) == (None, (None, None, None))


def test_a_final_rule_locks_its_fields_for_the_offers_it_applies_to():
    chain = chain_of("""
- id: stop
  when: clearance
  set: {price: 5.00 EUR}
  final: true
- id: later
  set: {price: 9.00 EUR, quantity: 1}
- id: bad
  set: {price: competitor_price}
""")
    rows = outcome(chain, {"clearance": True}, {"clearance": False})
    assert [(row["to.price"], row["rule.price"], row["to.quantity"]) for row in rows] == [
        (500, "stop", 1),
        (900, "later", 1),
    ]
    assert [row["hold.price"] for row in rows] == [None, "bad"]


def test_the_rule_that_set_a_field_is_a_category_among_the_ids_in_force():
    chain = chain_of("""
- id: everywhere
  set: {quantity: 1}
- id: dear
  when: stock > 3
  set: {price: 9.00 EUR}
""")
    frame = evaluate(chain, offers_of({"stock": 5}, {"stock": 1}), CLOCK).frame
    ids = pl.Enum(["everywhere", "dear"])
    assert {frame.schema[f"rule.{name}"] for name in ("price", "quantity", "floor_price")} == {ids}
    assert frame["rule.price"].to_list() == ["dear", None]
    assert frame["rule.quantity"].to_list() == ["everywhere", "everywhere"]
    assert frame["rule.floor_price"].to_list() == [None, None]


def test_a_final_rule_that_holds_still_has_the_last_word():
    chain = chain_of("""
- id: stop
  set: {price: competitor_price}
  final: true
- id: later
  set: {price: 9.00 EUR}
""")
    row = outcome(chain, {})[0]
    assert (row["to.price"], held(row)) == (None, ("stop", "missing", "competitor_price"))


def test_a_result_beyond_any_price_is_an_overflow():
    chain = chain_of("- id: r\n  set: {price: competitor_price * 1000000, quantity: stock * 1000000}\n")
    row = outcome(chain, {"competitor_price": "10001.00", "stock": 1})[0]
    assert held(row) == ("r", "overflow", None)
    assert row["to.price"] is None
    assert row["to.quantity"] is None


def test_limits_start_from_the_listing_and_only_become_stricter():
    chain = chain_of("- id: r\n  set: {floor_price: 8.00 EUR, ceiling_price: 20.00 EUR}\n")
    rows = outcome(
        chain,
        {"floor_price": "5.00", "ceiling_price": "30.00"},
        {"floor_price": "9.00", "ceiling_price": "15.00"},
        {"floor_price": "0.00"},
        {"floor_price": "-1.00"},
        {},
    )
    assert [row["to.floor_price"] for row in rows] == [800, 900, 800, 800, 800]
    assert [row["rule.floor_price"] for row in rows] == ["r", None, "r", "r", "r"]
    assert [row["to.ceiling_price"] for row in rows] == [2000, 1500, 2000, 2000, 2000]
    assert [row["to.minimum_price"] for row in rows] == [800, 900, 800, 800, 800]
    assert [row["to.maximum_price"] for row in rows] == [2000, 1500, 2000, 2000, 2000]
    assert [row["rule.minimum_price"] for row in rows] == ["r", None, "r", "r", "r"]


def test_a_floor_that_is_blank_zero_or_negative_is_missing_and_a_set_minimum_stays():
    chain = chain_of("- id: r\n  when: is_missing(floor_price)\n  set: {minimum_price: 3.00 EUR}\n")
    rows = outcome(chain, {"floor_price": "0.00"}, {"floor_price": "-5.00"}, {}, {"floor_price": "4.00"})
    assert [row["to.floor_price"] for row in rows] == [None, None, None, 400]
    assert [row["to.minimum_price"] for row in rows] == [300, 300, 300, 400]


def test_eligible_starts_true_and_without_rules_nothing_else_is_proposed():
    chain = chain_of("- id: r\n  when: brand == 'Bad'\n  set: {eligible: false}\n")
    proposals = evaluate(chain, offers_of({"brand": "Bad"}, {}), CLOCK)
    assert proposals.frame["to.eligible"].to_list() == [False, True]
    assert set(proposals.fields) == {"minimum_price", "maximum_price", "floor_price", "ceiling_price", "eligible"}
    assert set(proposals.groups) == {"price", "eligible"}


def test_attributes_are_json_text():
    chain = chain_of("""
- id: r
  set:
    attributes.country: DE
    attributes.parts: {count: 2, size: 1.50, names: ["ä", "b"]}
    attributes.brand: =upper(brand)
    attributes.weight: =weight_kg / 3
    attributes.fresh: =not clearance
    attributes.since: =launched
    attributes.tag: =competitor_price * 1.005
""")
    row = outcome(
        chain,
        {
            "brand": 'q"\\\n\x01ü😀',
            "weight_kg": "-2.5000",
            "clearance": False,
            "launched": datetime(2026, 1, 2, tzinfo=UTC).date(),
            "competitor_price": "1.00",
        },
    )[0]
    assert row["to.attributes.country"] == '"DE"'
    assert row["to.attributes.parts"] == '{"count":2,"size":1.50,"names":["ä","b"]}'
    assert row["to.attributes.brand"] == '"Q\\"\\\\\\n\\u0001Ü😀"'
    assert row["to.attributes.weight"] == "-0.833333"
    assert row["to.attributes.fresh"] == "true"
    assert row["to.attributes.since"] == '"2026-01-02"'
    assert row["to.attributes.tag"] == "1.01"


def test_fields_of_plugins_may_be_numbers_and_texts():
    fields = (Field("points", NUMBER, "up", "points"), Field("note", TEXT, "none", "note"))
    chain = chain_of("- id: r\n  set: {points: weight_kg / 3, note: brand}\n", fields=fields)
    row = outcome(chain, {"weight_kg": "1", "brand": "Ä"})[0]
    assert (row["to.points"], row["to.note"]) == (Decimal("0.333334"), "Ä")


def test_days_and_weekly_hours_are_those_of_the_site():
    chain = chain_of("""
- id: march
  set: {price: 1.00 EUR}
  valid_from: 2026-03-01
  valid_to: 2026-03-02
- id: noon
  set: {quantity: 1}
  active: mon 12:00 - mon 13:00
""")
    rows = [
        outcome(chain, {}, clock=SiteClock(DE, moment))[0]
        for moment in (
            NOW,
            NOW + timedelta(hours=1),
            datetime(2026, 3, 2, 22, 59, tzinfo=UTC),
            datetime(2026, 3, 2, 23, tzinfo=UTC),
        )
    ]
    assert [row["to.price"] for row in rows] == [100, 100, 100, None]
    assert [row["to.quantity"] for row in rows] == [1, None, None, None]


def test_what_would_move_at_every_run_is_held():
    chain = chain_of("- id: creep\n  when: clearance\n  set: {price: current_price * 0.99}\n")
    rows = outcome(
        chain,
        {"current_price": "100.00", "clearance": True},
        {"current_price": "100.00", "clearance": False},
        {"current_price": "0.10", "clearance": True},
    )
    assert held(rows[0]) == ("creep", "moves_every_run", "current_price")
    assert rows[0]["to.price"] == 9900
    assert held(rows[1]) == (None, None, None)
    assert rows[2]["to.price"] == 10  # 0.099 rounds to 0.10: it stands still
    assert held(rows[2]) == (None, None, None)


def test_a_group_that_is_held_counts_as_not_sent_when_the_rules_run_again():
    chain = chain_of("""
- id: count
  set: {quantity: current_quantity + 1}
- id: unknown
  when: clearance
  set: {quantity: stock}
- id: price-by-count
  set: {price: current_quantity * 1.00 EUR}
""")
    rows = outcome(chain, {"current_quantity": 5, "clearance": True}, {"current_quantity": 5, "clearance": False})
    assert [held(row, "availability") for row in rows] == [
        ("unknown", "missing", "stock"),
        ("count", "moves_every_run", "current_quantity"),
    ]
    assert [row["hold_code.price"] for row in rows] == [None, "moves_every_run"]


def test_a_rule_that_reads_the_current_price_but_settles_is_not_held():
    chain = chain_of("""
- id: near
  when: abs(fx(cost) / current_price - 1) < 5%
  set: {price: current_price}
- id: far
  when: abs(fx(cost) / current_price - 1) >= 5%
  set: {price: fx(cost)}
""")
    rows = outcome(chain, {**COST, "current_price": "18.00"}, {**COST, "current_price": "10.00"})
    assert [(row["to.price"], row["hold.price"]) for row in rows] == [(1800, None), (1840, None)]


def test_rows_that_columns_cannot_hold_take_the_scalar_form_and_keep_their_place():
    chain = chain_of(LANDED)
    offers = offers_of(COST, {**COST, "cost": "123456789012345678901234.56"}, COST)
    proposals = evaluate(chain, offers, CLOCK)
    agree(chain, offers, proposals)
    assert proposals.scalar_rows == 1
    assert proposals.frame["scalar"].to_list() == [False, True, False]
    assert proposals.frame["to.price"].to_list() == [2803, None, 2803]
    assert proposals.frame["hold_code.price"].to_list() == [None, "overflow", None]
    assert proposals.frame["seller_sku"].to_list() == ["S0", "S1", "S2"]


def test_no_offers_and_columns_without_values_are_fine():
    chain = chain_of(LANDED + "- id: q\n  set: {quantity: stock}\n")
    assert evaluate(chain, offers_of(), CLOCK).frame.height == 0
    offers = offers_of({}, {})
    empty = type(offers)(offers.frame.with_columns(stock=pl.lit(None)).drop("cost"), offers.facts, offers.tables)
    proposals = evaluate(chain, empty, CLOCK)
    agree(chain, empty, proposals)
    assert proposals.frame["hold_facts.availability"].to_list() == ["stock", "stock"]
    assert proposals.frame["hold_facts.price"].to_list() == ["cost,cost_currency,vat_rate"] * 2


def test_every_column_of_the_offers_stays_as_it_is():
    offers = offers_of(COST, {})
    frame = evaluate(chain_of(LANDED), offers, CLOCK).frame
    assert frame.select(offers.frame.columns).equals(offers.frame)
    assert not [name for name in frame.columns if name.startswith("~")]


@pytest.mark.timeout(120)
def test_a_hundred_thousand_offers_take_well_under_two_seconds():
    rules = LANDED + "".join(
        f"""
- id: step-{number}
  when: stock < {number * 10} and not clearance or price < competitor_price
  set: {{price: "min(price * 1.0{number}, default(competitor_price, price)) + {number} * tick"}}
"""
        for number in range(1, 10)
    )
    chain = chain_of(rules)
    count = 100_000
    one = offers_of({**COST, "stock": 20, "clearance": False, "competitor_price": "31.00"})
    many = type(one)(
        pl.concat([one.frame] * count).with_columns(
            seller_sku=pl.int_range(count).cast(pl.String), stock=pl.int_range(count) % 120
        ),
        one.facts,
        one.tables,
    )
    evaluate(chain, one, CLOCK)
    proposals = evaluate(chain, many, CLOCK)
    assert proposals.frame["to.price"].null_count() == 0
