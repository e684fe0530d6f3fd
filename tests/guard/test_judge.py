"""The sentences of the design on guards, verdicts and quantities, one by one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import polars as pl
import pytest
from judging import CLOCK, FIELDS, chain, change, judged, offer, proposals, rule, verdicts

from acorn_engine.evaluate import Proposals
from acorn_engine.facts import FactInfo, FactTable, TableEntry
from acorn_engine.fields import Field
from acorn_engine.guard import GuardSettings, Known, judge
from acorn_engine.guard.model import JUDGED_SCHEMA
from acorn_engine.plugins.records import GuardSpec
from acorn_engine.sites import SiteClock
from acorn_engine.types import NUMBER, money

HOLD_BIG = GuardSpec("big", "hold", "price > 30", "{price} is above thirty; was {current_price}")


def test_a_change_is_new_that_is_not_current():
    result = judged(offer(price="27.99", quantity=7, current_quantity=7), offer("B", price="28.00"))
    assert result.changes["seller_sku"].to_list() == ["B"]
    assert dict(result.changes.schema) == JUDGED_SCHEMA
    row = change(result, "price", "B")
    assert (row["from"], row["to"], row["currency"], row["wave"], row["group"]) == ("27.99", "28.00", "EUR", 1, "price")
    assert (row["rule"], row["because"], row["operation"], row["sku"]) == ("r1", "made by hand", "update", "P-B")


def test_a_field_that_no_rule_sets_is_left_alone():
    assert judged(offer(price=None)).changes.is_empty()


def test_guards_read_final_rounded_values():
    result = judged(offer(price="30.01"), offer("B", price="30.00"), guards=[HOLD_BIG])
    assert change(result, "price")["because"] == "30.01 EUR is above thirty; was 27.99 EUR"
    assert json.loads(change(result, "price")["params"]) == {"current_price": "27.99", "price": "30.01"}
    assert change(result, "price", "B")["verdict"] == "send"


def test_offer_guards_act_on_every_change_whose_field_they_name():
    result = judged(offer(price="31.00", handling_days=3, current_handling_days=1), guards=[HOLD_BIG])
    assert verdicts(result) == {"price": ("hold", "guard"), "handling_days": ("send", "rule")}


def test_a_guard_that_names_no_settable_field_acts_on_all_of_the_offers_changes():
    named = GuardSpec("closed", "hold", "clearance", "clearance goods are done by hand")
    row = offer(price="28.00", quantity=1, current_quantity=5, clearance=True)
    result = judged(row | {"attributes.color": '"red"'}, guards=[named], attributes=["color"])
    assert set(verdicts(result).values()) == {("hold", "guard")}
    assert set(verdicts(result)) == {"price", "quantity", "attributes.color"}


def test_a_guard_that_names_only_a_working_limit_acts_on_all_changes():
    named = GuardSpec("cheap", "reject", "floor_price < 25", "the floor {floor_price} is too low")
    result = judged(offer(price="28.00", quantity=1, current_quantity=5), guards=[named])
    assert set(verdicts(result).values()) == {("reject", "guard")}


def test_a_missing_value_holds_that_change():
    guard = GuardSpec("undercut", "reject", "price < competitor_price", "")
    result = judged(offer(price="28.00", handling_days=2), guards=[guard])
    assert verdicts(result) == {"price": ("hold", "guard_missing"), "handling_days": ("send", "rule")}
    assert change(result, "price")["because"] == "guard 'undercut' needs competitor_price, which is missing"
    assert json.loads(change(result, "price")["params"]) == {"guard": "undercut", "facts": "competitor_price"}


def test_a_failing_value_holds_that_change():
    guard = GuardSpec("ratio", "reject", "price / competitor_price > 2", "")
    result = judged(offer(price="28.00", competitor_price="0.00"), guards=[guard])
    assert verdicts(result) == {"price": ("hold", "guard_failed")}
    assert change(result, "price")["because"] == "guard 'ratio' could not be worked out"


def test_reject_goes_before_hold_and_the_first_guard_gives_the_reason():
    specs = [
        GuardSpec("h1", "hold", "price > 1", "h1"),
        GuardSpec("r1", "reject", "price > 2", "r1"),
        GuardSpec("r2", "reject", "price > 3", "r2"),
    ]
    assert change(judged(offer(price="28.00"), guards=specs), "price")["because"] == "r1"
    held = judged(offer(price="28.00"), guards=[specs[0], GuardSpec("h2", "hold", "price > 1", "h2")])
    assert (change(held, "price")["guard"], change(held, "price")["verdict"]) == ("h1", "hold")


def test_a_guard_without_because_says_its_name():
    assert change(judged(offer(price="28.00"), guards=[GuardSpec("g", "hold", "price > 1", "")]), "price")[
        "because"
    ] == ("guard 'g' fired")


def test_a_field_group_is_judged_together():
    sale = {"sale_price": "22.00", "sale_from": date(2026, 11, 24), "sale_to": date(2026, 11, 30)}
    result = judged(offer(price="31.00", **sale), guards=[HOLD_BIG])
    assert set(verdicts(result).values()) == {("hold", "guard")}
    assert set(verdicts(result)) == {"price", "sale_price", "sale_from", "sale_to"}


def test_each_attribute_is_judged_by_itself():
    row = offer(price="31.00") | {"attributes.color": '"red"'}
    result = judged(row, guards=[HOLD_BIG], attributes=["color"])
    assert verdicts(result) == {"price": ("hold", "guard"), "attributes.color": ("send", "rule")}
    assert change(result, "attributes.color")["group"] == "attributes.color"


@pytest.mark.parametrize(
    ("quantity", "current", "expected", "wave"),
    [(9, 3, ("hold", "price_held"), 2), (1, 3, ("send", "rule"), 0), (0, None, ("hold", "price_held"), 2)],
)
def test_a_held_price_also_holds_a_quantity_increase_never_a_decrease(quantity, current, expected, wave):
    result = judged(offer(price="31.00", quantity=quantity, current_quantity=current), guards=[HOLD_BIG])
    assert verdicts(result)["quantity"] == expected
    assert change(result, "quantity")["wave"] == wave


def test_a_rejected_price_also_holds_a_quantity_increase():
    result = judged(offer(price="19.00", quantity=9, current_quantity=3))
    assert verdicts(result) == {"price": ("reject", "below_floor"), "quantity": ("hold", "price_held")}


def test_a_held_handling_time_does_not_hold_a_quantity_decrease():
    slow = GuardSpec("slow", "hold", "handling_days > 5", "")
    result = judged(
        offer(quantity=1, current_quantity=3, handling_days=9),
        offer("B", quantity=9, current_quantity=3, handling_days=9),
        guards=[slow],
    )
    assert verdicts(result) == {"quantity": ("send", "rule"), "handling_days": ("hold", "guard")}
    assert verdicts(result, "B") == {"quantity": ("hold", "guard"), "handling_days": ("hold", "guard")}


def test_waves():
    result = judged(
        offer(price="28.00", quantity=1, current_quantity=3, handling_days=1, current_handling_days=2),
        offer("B", quantity=4, current_quantity=3),
        offer("C", quantity=4, current_quantity=None) | {"attributes.color": '"red"'},
        attributes=["color"],
    )
    waves = {
        (sku, field): wave for sku, field, wave in result.changes.select("seller_sku", "field", "wave").iter_rows()
    }
    assert waves == {
        ("A", "price"): 1,
        ("A", "quantity"): 0,
        ("A", "handling_days"): 2,
        ("B", "quantity"): 2,
        ("C", "quantity"): 2,
        ("C", "attributes.color"): 1,
    }


def test_a_quantity_for_an_amazon_fulfilled_offer_is_not_owned_always():
    guards = [GuardSpec("never", "reject", "quantity > 0", "")]
    row = offer(quantity=5, current_quantity=3, handling_days=2, fulfilment="amazon", _pending="availability")
    assert set(verdicts(judged(row, guards=guards)).values()) == {("not_owned", "fulfilled_by_marketplace")}


def test_a_quantity_is_written_through_one_site_only():
    result = judged(
        offer(quantity=5, price="28.00", _quantity_owner=False), offer("B", quantity=5, _quantity_owner=None)
    )
    assert verdicts(result) == {"quantity": ("not_owned", "other_site_owns"), "price": ("send", "rule")}
    assert verdicts(result, "B") == {"quantity": ("not_owned", "other_site_owns")}


def test_a_missing_fulfilment_holds_the_quantity():
    result = judged(offer(quantity=5, fulfilment=None, price="28.00", _quantity_owner=False))
    assert verdicts(result) == {"quantity": ("hold", "fulfilment_missing"), "price": ("send", "rule")}


def test_a_pending_field_group_is_left_alone():
    result = judged(offer(price="19.00", quantity=1, current_quantity=3, _pending="price,attributes.x"))
    assert verdicts(result) == {"price": ("pending", "pending"), "quantity": ("send", "rule")}
    assert judged(offer(quantity=1, current_quantity=3, _pending="availability")).changes["verdict"].to_list() == [
        "pending"
    ]


@pytest.mark.parametrize(("eligible", "code"), [(False, "ineligible"), (None, "eligible_unknown")])
def test_eligible_false_holds_everything_else_of_the_offer(eligible, code):
    row = offer(price="28.00", quantity=1, current_quantity=3, eligible=eligible) | {"attributes.color": '"red"'}
    result = judged(row, attributes=["color"])
    assert set(verdicts(result).values()) == {("hold", code)}
    assert len(verdicts(result)) == 3


def test_the_rule_that_calls_an_offer_not_eligible_says_why():
    gate = rule("gate", "eligible", because="{brand} may not be sold here", eligible="false")
    row = offer(price="28.00", quantity=0, current_quantity=3, eligible=False, brand="Acme") | {"rule.eligible": "gate"}
    result = judged(row, rules=[gate])
    assert change(result, "price")["because"] == "the offer is not eligible: Acme may not be sold here"
    assert verdicts(result) == {"quantity": ("send", "rule"), "price": ("hold", "ineligible")}


def test_an_offer_that_is_not_eligible_may_still_be_taken_off_sale():
    result = judged(offer(price="28.00", quantity=0, current_quantity=3, eligible=False))
    assert verdicts(result) == {"quantity": ("send", "rule"), "price": ("hold", "ineligible")}


def test_a_rule_that_failed_to_say_whether_an_offer_is_eligible_holds_it():
    result = judged(offer(price="28.00") | {"hold.eligible": "gate", "hold_code.eligible": "missing"})
    assert verdicts(result) == {"price": ("hold", "eligible_unknown")}


def test_a_problem_of_the_catalogue_holds_the_offer():
    result = judged(offer(price="28.00", quantity=1, current_quantity=3, _fact_problem="negative_stock"))
    assert set(verdicts(result).values()) == {("hold", "fact_problem")}
    assert change(result, "price")["because"] == "the catalogue has a problem with this offer: negative_stock"


def test_an_offer_that_is_not_considered_has_no_changes():
    result = judged(offer(price="28.00", _considered=False) | {"hold.price": "r1", "hold_code.price": "missing"})
    assert result.changes.is_empty()
    assert result.considered == 0


def test_an_offer_never_read_in_full_is_held():
    result = judged(
        offer(price="28.00", quantity=1, current_quantity=3, _read=False), offer("B", price="28.00", _read=None)
    )
    assert verdicts(result) == {"price": ("hold", "neighbours_unknown"), "quantity": ("send", "rule")}
    assert verdicts(result, "B") == {"price": ("hold", "neighbours_unknown")}
    said = judged(offer(price="28.00", _read=False), known=Known(offers=1, without_neighbours=frozenset({"eu"})))
    assert verdicts(said) == {"price": ("send", "rule")}


def test_a_missing_value_is_held_even_where_what_the_site_shows_is_beyond_a_limit():
    row = offer(price=None, current_price="27.99", ceiling="25.00", maximum="25.00")
    row |= {"hold.price": "r1", "hold_code.price": "missing", "hold_facts.price": "cost"}
    found = change(judged(row), "price")
    assert (found["to"], found["verdict"], found["code"]) == (None, "hold", "missing")


def test_a_value_that_came_out_missing_is_null_and_held():
    row = offer(price=None) | {"hold.price": "r1", "hold_code.price": "missing", "hold_facts.price": "cost"}
    result = judged(row)
    assert change(result, "price") | {"_row": 0} == {
        "_row": 0,
        "account": "eu",
        "site": "amazon.de",
        "sku": "P-A",
        "seller_sku": "A",
        "group": "price",
        "wave": 1,
        "operation": "update",
        "field": "price",
        "from": "27.99",
        "to": None,
        "currency": "EUR",
        "rule": None,
        "guard": None,
        "verdict": "hold",
        "because": "rule 'r1' needs cost, which is missing",
        "code": "missing",
        "params": '{"facts":"cost","rule":"r1"}',
    }


def test_a_hold_by_a_later_rule_keeps_the_proposed_value():
    row = offer(price="28.00") | {"hold.price": "r2", "hold_code.price": "failed"}
    assert (change(judged(row), "price")["to"], change(judged(row), "price")["code"]) == ("28.00", "failed")


def test_a_failed_rule_is_told_even_where_the_value_so_far_equals_the_current_one():
    row = offer(price="27.99") | {"hold.price": "r1", "hold_code.price": "failed"}
    assert (change(judged(row), "price")["to"], verdicts(judged(row))["price"]) == (None, ("hold", "failed"))


@pytest.mark.parametrize(
    ("code", "because"),
    [
        ("stale", "rule 'r1' reads rate, which is too old"),
        ("moves_every_run", "rule 'r1' would move at every run"),
        ("overflow", "rule 'r1' failed: a number grew too long"),
        ("new_code", "rule 'r1' holds it"),
    ],
)
def test_holds_of_rules_survive_with_their_reason(code, because):
    row = offer(price="28.00") | {"hold.price": "r1", "hold_code.price": code, "hold_facts.price": "rate"}
    result = judged(row)
    assert change(result, "price")["because"] == because
    assert change(result, "price")["verdict"] == "hold"


def test_a_stale_fact_read_by_a_guard_holds():
    facts = {
        "competitor_price": FactInfo(
            "competitor_price",
            FIELDS["price"].type,
            2,
            as_of=CLOCK.now - timedelta(hours=3),
            largest_age=timedelta(hours=2),
        )
    }
    guard = GuardSpec("undercut", "reject", "price < competitor_price", "")
    row = offer(price="28.00", competitor_price="26.00")
    result = judged(row, guards=[guard], facts=facts)
    assert verdicts(result) == {"price": ("hold", "guard_stale")}
    assert change(result, "price")["because"] == "guard 'undercut' reads competitor_price, which is too old"
    free = judged(row, guards=[guard], facts=facts, settings=GuardSettings(stale={"off": "the feed is slow"}))
    assert verdicts(free) == {"price": ("send", "rule")}


def test_a_guard_that_reads_a_fact_no_column_holds_is_missing():
    facts = {"weight": FactInfo("weight", NUMBER, 3)}
    result = judged(
        offer(price="28.00"), guards=[GuardSpec("heavy", "hold", "weight > 30 and price > 1", "")], facts=facts
    )
    assert verdicts(result) == {"price": ("hold", "guard_missing")}


def test_numbers_beyond_the_columns_are_asked_exactly():
    huge = GuardSpec("huge", "reject", "margin * 1e25 > stock * 1e25 / 0.0000001", "")
    zero = GuardSpec("zero", "hold", "price * 1e28 * 1e28 * 1e28 > 1e30", "")
    result = judged(offer(price="28.00", margin="0.1"), offer("B", margin="0.1", quantity=1), guards=[huge, zero])
    assert verdicts(result) == {"price": ("hold", "guard")}
    assert change(result, "price")["guard"] == "zero"
    assert verdicts(result, "B") == {"quantity": ("send", "rule")}


def test_texts_name_facts_of_every_type():
    text = "{brand} {margin} {clearance} {stock} {sale_to} {site} {currency} {tick} {today} {competitor_price}"
    row = offer(price="28.00", brand="+ACME", margin="0.1900", clearance=True, stock=4)
    made = judged(row, guards=[GuardSpec("g", "hold", "price > 1", text)])
    assert change(made, "price")["because"] == "+ACME 0.19 true 4 missing amazon.de EUR 0.01 2026-11-23 missing"
    params = json.loads(change(made, "price")["params"])
    assert (params["stock"], params["margin"], params["competitor_price"]) == (4, "0.19", None)


def test_money_in_whole_units_is_told_with_the_currencys_decimals():
    facts = {"msrp": FactInfo("msrp", FIELDS["price"].type)}
    made = proposals(offer(price="28.00"))
    made = Proposals(made.frame.with_columns(pl.lit(10, pl.Int64).alias("msrp")), made.fields, made.groups)
    rules = chain(GuardSpec("g", "hold", "price > msrp", "above {msrp}"), facts=facts)
    result = judge(rules, made, CLOCK, GuardSettings(), Known(1))
    assert change(result, "price")["because"] == "above 10.00 EUR"
    assert json.loads(change(result, "price")["params"])["msrp"] == "10.00"


def test_the_rule_that_set_a_value_says_why():
    rules = [rule("r1", "price", because="follows {competitor_price}")]
    assert change(judged(offer(price="28.00", competitor_price="28.01"), rules=rules), "price")["because"] == (
        "follows 28.01 EUR"
    )


def test_minimum_and_maximum_are_sent_only_with_a_price_change():
    row = {
        "floor": "21.00",
        "ceiling": "50.00",
        "current_minimum_price": "20.00",
        "rule.minimum_price": None,
        "rule.maximum_price": None,
    }
    result = judged(offer(price="27.99", **row), offer("B", price="28.00", **row))
    assert verdicts(result) == {}
    assert verdicts(result, "B") == {
        "price": ("send", "rule"),
        "minimum_price": ("send", "limit"),
        "maximum_price": ("send", "limit"),
    }
    assert change(result, "minimum_price", "B")["because"] == "follows the working limits of the offer"


def test_attributes_are_compared_as_the_marketplace_does():
    shown = json.dumps({"color": [{"value": "red"}], "size": "L"})
    row = offer(current_attributes=shown) | {"attributes.color": '"red"', "attributes.size": '"L"'}
    assert set(verdicts(judged(row, attributes=["color", "size"]))) == {"attributes.color"}
    asked = []

    def same(wanted, shown):
        asked.append((wanted, shown))
        return json.loads(shown)[0]["value"] == json.loads(wanted)

    rows = [row | {"seller_sku": str(number)} for number in range(50)]
    assert judged(*rows, attributes=["color"], known=Known(50, same_attribute=same)).changes.is_empty()
    assert asked == [('"red"', '[{"value":"red"}]')], "each distinct pair is asked once"


def test_an_attribute_that_was_never_read_changes_from_nothing():
    result = judged(offer() | {"attributes.color": '"red"'}, attributes=["color"])
    assert (change(result, "attributes.color")["from"], change(result, "attributes.color")["to"]) == (None, '"red"')


def test_a_field_in_another_currency_is_held():
    made = proposals(offer(price="28.00"))
    fields = dict(made.fields) | {"price": Field("price", money("USD"), "half_up", "price")}
    result = judge(chain(), Proposals(made.frame, fields, made.groups), CLOCK, GuardSettings(), Known(1))
    assert verdicts(result) == {"price": ("send", "rule")}, "the standard fields are the site's own"
    fields["list_price"] = Field("list_price", money("USD"), "half_up", "list_price")
    frame = made.frame.with_columns(pl.lit(100, pl.Int64).alias("to.list_price"))
    result = judge(chain(), Proposals(frame, fields, made.groups), CLOCK, GuardSettings(), Known(1))
    assert verdicts(result)["list_price"] == ("hold", "currency_mismatch")


@pytest.mark.parametrize("name", ["quantity", "handling_days"])
def test_a_negative_number_of_units_or_days_is_rejected(name):
    result = judged(offer(**{name: -1}))
    assert verdicts(result)[name] == ("reject", f"negative_{name}")


def test_plan_guards_read_shares_and_counts():
    rows = [offer("A", price="28.00"), offer("B", price="31.00"), offer("C", price="19.00"), offer("D", price=None)]
    halts = [
        GuardSpec("held", "halt", "held_share > 40%", "{held_share} of {offers} are held"),
        GuardSpec("many", "halt", "changed_count > 1", "no"),
        GuardSpec("few", "halt", "offers < 5 and changed_share > 20%", "yes"),
    ]
    result = judged(*rows, guards=[HOLD_BIG, *halts])
    assert [(halt.guard, halt.because) for halt in result.halts] == [("held", "50% of 4 are held"), ("few", "yes")]
    assert dict(result.halts[0].params) == {"held_share": "50%", "offers": "4"}


def test_a_missing_value_halts():
    result = judged(
        offer(price="28.00"), guards=[GuardSpec("s", "halt", "changed_share > 40%", "")], known=Known(offers=None)
    )
    assert [(halt.code, halt.because) for halt in result.halts] == [
        ("guard_missing", "guard 's' needs changed_share, which is missing")
    ]


def test_a_failing_plan_guard_halts():
    result = judged(offer(price="27.99"), guards=[GuardSpec("s", "halt", "1 / changed_count > 2", "")])
    assert [halt.code for halt in result.halts] == ["guard_failed"]


def test_an_exempt_guard_is_not_asked():
    known = Known(offers=1, exempt=frozenset({"big", "s"}))
    result = judged(offer(price="31.00"), guards=[HOLD_BIG, GuardSpec("s", "halt", "offers > 0", "")], known=known)
    assert verdicts(result) == {"price": ("send", "rule")}
    assert result.halts == ()


def test_a_table_that_a_guard_reads():
    table = FactTable("rate", {"EUR": {"USD": TableEntry(Fraction(9, 10), stale=True)}})
    result = judged(offer(price="28.00"), guards=[GuardSpec("g", "hold", "price > 100", "")], tables={"rate": table})
    assert verdicts(result) == {"price": ("send", "rule")}, "a stale rate that no guard reads holds nothing"


def test_no_offers_at_all():
    result = judged(built_in=True)
    assert result.changes.is_empty()
    assert result.halts == ()
    assert dict(result.changes.schema) == JUDGED_SCHEMA


def test_times_of_other_zones_make_no_difference():
    later = SiteClock(CLOCK.site, datetime(2026, 11, 23, 23, 30, tzinfo=UTC))
    ended = offer(
        price="28.00",
        current_sale_price="28.50",
        current_sale_to=date(2026, 11, 23),
        current_sale_from=date(2026, 11, 1),
    )
    assert verdicts(judged(ended)) == {"price": ("reject", "sale_not_below_price")}
    assert verdicts(judged(ended, clock=later)) == {"price": ("send", "rule")}, "it is the 24th in Germany"


def test_a_share_halts_only_where_something_would_be_sent():
    """After a day on which much was sent, a plan without anything to send has nothing to halt."""
    guards = [GuardSpec("share", "halt", "changed_count >= 0", "much was sent")]
    assert judged(offer(price="28.00"), guards=guards).halts
    assert not judged(offer(), guards=guards).halts
