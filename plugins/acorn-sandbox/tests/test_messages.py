"""What patches and updates do to a listing, over HTTP."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from acorn_sandbox import exact
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.messages import submit
from acorn_sandbox.processing import message_faults
from acorn_sandbox.seeds import plant, small_catalogue
from acorn_sandbox.state import State
from hypothesis import given, settings
from hypothesis import strategies as st

DE, FR, GB, US, JP = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "A1F83G8C2ARO7P", "ATVPDKIKX0DER", "A1VC38T7YXB528"
LAMP, CASE = "ACORN-LAMP", "ACORN-CASE"


def price_of(instances, key="our_price"):
    return instances[0][key][0]["schedule"][0]["value_with_tax"]


def codes(answer):
    assert answer.json()["status"] == "INVALID"
    return [issue["code"] for issue in answer.json()["issues"]]


def test_replace_drops_the_sub_fields_that_are_not_sent(seller, offer):
    seller.replace(LAMP, "purchasable_offer", offer(20, minimum=15, maximum=30))
    assert price_of(seller.attribute(LAMP, "purchasable_offer"), "minimum_seller_allowed_price") == 15
    seller.replace(LAMP, "purchasable_offer", offer(21))
    (left,) = seller.attribute(LAMP, "purchasable_offer")
    assert set(left) == {"marketplace_id", "currency", "audience", "our_price"}


def test_replace_with_other_selectors_is_an_add(seller, offer):
    seller.replace(LAMP, "purchasable_offer", offer(19, audience="B2B"))
    both = seller.attribute(LAMP, "purchasable_offer")
    assert [(one["audience"], price_of([one])) for one in both] == [("ALL", Decimal("24.50")), ("B2B", 19)]
    shown = seller.get_item(LAMP).json()["offers"]
    assert [(one["offerType"], one["price"]["amount"]) for one in shown] == [("B2C", "24.50"), ("B2B", "19")]
    seller.replace(LAMP, "purchasable_offer", offer(25))
    assert {one["audience"] for one in seller.attribute(LAMP, "purchasable_offer")} == {"ALL", "B2B"}


def test_a_business_price_of_zero_removes_it(seller, offer):
    seller.replace(LAMP, "purchasable_offer", offer(19, audience="B2B"))
    seller.replace(LAMP, "purchasable_offer", offer(0, audience="B2B"))
    assert [one["audience"] for one in seller.attribute(LAMP, "purchasable_offer")] == ["ALL"]


def test_what_amazon_assumes_is_filled_in(seller):
    bare = {"currency": "EUR", "our_price": [{"schedule": [{"value_with_tax": Decimal("9.90")}]}]}
    assert seller.replace(LAMP, "purchasable_offer", bare).json()["status"] == "ACCEPTED"
    (one,) = seller.attribute(LAMP, "purchasable_offer")
    assert (one["marketplace_id"], one["audience"], price_of([one])) == (DE, "ALL", Decimal("9.90"))
    seller.replace(LAMP, "item_name", {"value": "Schreibtischlampe"})
    assert seller.attribute(LAMP, "item_name") == [
        {"value": "Schreibtischlampe", "marketplace_id": DE, "language_tag": "de_DE"}
    ]


def test_digits_are_kept_as_written(seller, offer):
    answer = seller.replace(LAMP, "purchasable_offer", offer(Decimal("19.90"), minimum=Decimal("0.10")))
    assert answer.json()["status"] == "ACCEPTED"
    assert '"value_with_tax":19.90}' in seller.get_item(LAMP).text
    assert '"value_with_tax":0.10}' in seller.get_item(LAMP).text
    assert '"amount":"19.90"' in seller.get_item(LAMP).text


def test_a_quantity_is_one_for_all_sites_of_a_region(seller):
    quantity = {"fulfillment_channel_code": "DEFAULT", "quantity": 7}
    seller.replace(LAMP, "fulfillment_availability", quantity)
    assert seller.attribute(LAMP, "fulfillment_availability", FR) == [quantity]
    assert seller.attribute(LAMP, "fulfillment_availability", GB) == [quantity]
    assert seller.attribute(LAMP, "fulfillment_availability", US)[0]["quantity"] == 12
    item = seller.get_item(LAMP, DE, FR).json()
    assert item["fulfillmentAvailability"] == [{"fulfillmentChannelCode": "DEFAULT", "quantity": 7}]


def test_replacing_a_quantity_drops_the_handling_time_and_merging_keeps_it(seller):
    quantity = {"fulfillment_channel_code": "DEFAULT", "quantity": 3}
    patch = {"op": "merge", "path": "/attributes/fulfillment_availability", "value": [quantity]}
    assert seller.patch(LAMP, patch).json()["status"] == "ACCEPTED"
    assert seller.attribute(LAMP, "fulfillment_availability") == [quantity | {"lead_time_to_ship_max_days": 2}]
    seller.replace(LAMP, "fulfillment_availability", quantity)
    assert seller.attribute(LAMP, "fulfillment_availability") == [quantity]


def test_a_merchants_quantity_for_an_offer_of_amazons_stands_beside_it(seller):
    seller.replace(CASE, "fulfillment_availability", {"fulfillment_channel_code": "DEFAULT", "quantity": 4})
    channels = seller.attribute(CASE, "fulfillment_availability")
    assert [one["fulfillment_channel_code"] for one in channels] == ["AMAZON_EU", "DEFAULT"]


def test_amazons_channel_ends_the_merchants_offer(seller):
    seller.replace(LAMP, "fulfillment_availability", {"fulfillment_channel_code": "AMAZON_EU", "quantity": 9})
    assert seller.attribute(LAMP, "fulfillment_availability") == [{"fulfillment_channel_code": "AMAZON_EU"}]


def test_deleting_needs_the_selectors(seller):
    path = "/attributes/purchasable_offer"
    assert codes(seller.patch(LAMP, {"op": "delete", "path": path})) == ["99022"]
    assert codes(seller.patch(LAMP, {"op": "delete", "path": path, "value": [{"audience": "ALL"}]})) == ["90220"]
    value = [{"marketplace_id": DE, "currency": "EUR", "audience": "ALL"}]
    assert seller.patch(LAMP, {"op": "delete", "path": path, "value": value}).json()["status"] == "ACCEPTED"
    assert seller.attribute(LAMP, "purchasable_offer") is None
    assert seller.get_item(LAMP).json()["offers"] == []
    assert seller.get_item(LAMP).json()["summaries"][0]["status"] == ["DISCOVERABLE"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"currency": "USD"}, "90244"),
        ({"currency": None}, "90220"),
        ({"price": 0}, "4000001"),
        ({"price": Decimal("-1.00")}, "4000001"),
        ({"price": Decimal("19.999")}, "4000001"),
        ({"price": 10**13}, "4000001"),
        ({"price": "19.99"}, "99022"),
        ({"price": True}, "99022"),
        ({"price": None}, "90220"),
        ({"price": 20, "minimum": Decimal("20.01")}, "18155"),
        ({"price": 20, "maximum": Decimal("19.99")}, "4000001"),
        ({"price": 20, "sale": {"value_with_tax": 15}}, "90220"),
        ({"price": 20, "sale": {"value_with_tax": 20, "start_at": "2026-01-01", "end_at": "2026-02-01"}}, "4000001"),
        ({"price": 20, "sale": {"value_with_tax": 15, "start_at": "2026-03-01", "end_at": "2026-02-01"}}, "4000001"),
        ({"price": 20, "sale": {"value_with_tax": 15, "start_at": "soon", "end_at": "2026-02-01"}}, "4000001"),
        ({"audience": "C2C"}, "90244"),
        ({"audience": ["ALL"]}, "90244"),
        ({"site": FR}, "4000001"),
    ],
)
def test_an_offer_that_cannot_be_is_refused(refusing, connect, offer, changes, code):
    seller = connect(refusing)
    price = changes.pop("price", 20)
    before = seller.attribute(LAMP, "purchasable_offer")
    answer = seller.replace(LAMP, "purchasable_offer", offer(price, **changes))
    assert code in codes(answer)
    assert answer.json()["issues"][0]["attributeNames"] == ["purchasable_offer"]
    assert seller.attribute(LAMP, "purchasable_offer") == before


@pytest.mark.parametrize(
    ("name", "instance", "code"),
    [
        ("purchasable_offer", {"currency": "EUR", "our_price": []}, "99022"),
        ("purchasable_offer", {"currency": "EUR", "our_price": [{"schedule": []}]}, "99022"),
        ("purchasable_offer", {"currency": "EUR", "price": 5}, "99022"),
        ("purchasable_offer", {"our_price": [{"schedule": [{"value_with_tax": 5}]}]}, "90220"),
        ("purchasable_offer", {"currency": "EUR", "end_at": {"value": None}}, "99022"),
        ("fulfillment_availability", {"fulfillment_channel_code": "DEFAULT", "quantity": -1}, "4000001"),
        ("fulfillment_availability", {"fulfillment_channel_code": "DEFAULT", "quantity": Decimal("1.5")}, "4000001"),
        ("fulfillment_availability", {"fulfillment_channel_code": "MINE", "quantity": 1}, "90244"),
        ("fulfillment_availability", {"quantity": 1}, "90220"),
        (
            "fulfillment_availability",
            {"fulfillment_channel_code": "DEFAULT", "quantity": 1, "marketplace_id": DE},
            "99022",
        ),
        (
            "fulfillment_availability",
            {"fulfillment_channel_code": "DEFAULT", "quantity": 1, "is_inventory_available": True},
            "99022",
        ),
        ("colour", {"value": "red"}, "90000900"),
        ("safety_and_compliance", {"value": "x"}, "90000900"),
        ("ghs", {"classification": []}, "90000900"),
        ("gpsr_manufacturer_reference", {"value": "a@b.test"}, "90220"),
        ("gpsr_safety_attestation", {"value": "yes"}, "4000001"),
        ("condition_type", {"value": "brand_new"}, "90244"),
    ],
)
def test_an_attribute_that_cannot_be_is_refused(refusing, connect, name, instance, code):
    seller = connect(refusing)
    assert code in codes(seller.replace(LAMP, name, instance))


def test_attributes_differ_by_site(seller):
    reference = {"gpsr_manufacturer_email_address": "safety@example.com"}
    assert seller.replace(LAMP, "gpsr_manufacturer_reference", reference).json()["status"] == "ACCEPTED"
    refused = seller.replace(LAMP, "gpsr_manufacturer_reference", reference, sites=[GB])
    assert codes(refused) == ["90000900"]
    (issue,) = refused.json()["issues"]
    assert issue["enforcements"]["actions"] == [{"action": "ATTRIBUTE_SUPPRESSED"}]
    assert issue["marketplaceIds"] == [GB]


def test_yen_have_no_decimals(seller, offer):
    refused = seller.replace(LAMP, "purchasable_offer", offer(Decimal("3480.5"), site=JP, currency="JPY"), sites=[JP])
    assert codes(refused) == ["4000001"]
    taken = seller.replace(LAMP, "purchasable_offer", offer(3600, site=JP, currency="JPY"), sites=[JP])
    assert taken.json()["status"] == "ACCEPTED"


def test_only_top_level_attributes_can_be_patched(seller):
    for path in ("/attributes/purchasable_offer/0/our_price", "purchasable_offer", "/attributes/"):
        assert codes(seller.patch(LAMP, {"op": "replace", "path": path, "value": [{"value": 1}]})) == ["4000001"]


def test_merge_is_for_two_attributes_only(seller):
    patches = [
        {"op": "merge", "path": "/attributes/brand", "value": [{"value": "A"}]},
        {
            "op": "merge",
            "path": "/attributes/purchasable_offer",
            "value": [{"currency": "EUR", "start_at": {"value": "2026-01-01"}}],
        },
    ]
    for patch in patches:
        assert codes(seller.patch(LAMP, patch)) == ["99022"]


def test_quantity_discounts_can_be_merged_and_removed(seller):
    path = "/attributes/purchasable_offer"
    who = {"marketplace_id": DE, "currency": "EUR", "audience": "ALL"}
    plan = [{"schedule": [{"discount_type": "percent", "levels": [{"lower_bound": 5, "value": 3}]}]}]
    seller.patch(LAMP, {"op": "merge", "path": path, "value": [who | {"quantity_discount_plan": plan}]})
    (merged,) = seller.attribute(LAMP, "purchasable_offer")
    assert merged["quantity_discount_plan"] == plan
    assert price_of([merged]) == Decimal("24.50")
    seller.patch(LAMP, {"op": "merge", "path": path, "value": [who | {"quantity_discount_plan": None}]})
    assert "quantity_discount_plan" not in seller.attribute(LAMP, "purchasable_offer")[0]


def test_a_sku_that_does_not_exist_and_a_wrong_product_type(seller, offer):
    assert codes(seller.replace("NONE", "purchasable_offer", offer(20))) == ["13013"]
    assert codes(seller.replace(LAMP, "purchasable_offer", offer(20), product_type="SHOES")) == ["4000001"]
    assert seller.replace(LAMP, "purchasable_offer", offer(20), product_type="LAMP").json()["status"] == "ACCEPTED"


def test_a_refused_submission_leaves_its_issue_until_a_good_one(seller, offer):
    seller.replace(LAMP, "purchasable_offer", offer(0))
    item = seller.get_item(LAMP).json()
    assert [issue["code"] for issue in item["issues"]] == ["4000001"]
    assert seller.server.truth(sku=LAMP, marketplace_id=DE)[0]["issues"][0]["severity"] == "ERROR"
    seller.replace(LAMP, "brand", {"value": "A"})
    assert len(seller.get_item(LAMP).json()["issues"]) == 1
    seller.replace(LAMP, "purchasable_offer", offer(20))
    assert seller.get_item(LAMP).json()["issues"] == []


def test_update_replaces_everything_and_creates(seller, offer):
    report = seller.run(
        [
            {"messageId": 1, "sku": LAMP, "operationType": "UPDATE", "productType": "LAMP",
             "attributes": {"item_name": [{"value": "Only a name"}]}},
            {"messageId": 2, "sku": "NEW", "operationType": "UPDATE", "productType": "LAMP",
             "requirements": "LISTING_OFFER_ONLY",
             "attributes": {"condition_type": [{"value": "new_new"}], "purchasable_offer": [offer(5)]}},
            {"messageId": 3, "sku": "NEW2", "operationType": "UPDATE", "productType": "LAMP",
             "attributes": {"brand": [{"value": "x"}]}},
        ]
    )  # fmt: skip
    errors = [one for one in report["issues"] if one["severity"] == "ERROR"]
    assert [(one["sku"], one["code"]) for one in errors] == [("NEW2", "90220")]
    assert set(seller.server.truth(sku=LAMP, marketplace_id=DE)[0]["attributes"]) == {"item_name"}
    assert seller.server.truth(sku="NEW")[0]["product_type"] == "LAMP"
    assert seller.server.truth(sku="NEW2") == []


def test_partial_update_replaces_attribute_by_attribute(seller, offer):
    report = seller.run(
        [{"messageId": 1, "sku": LAMP, "operationType": "PARTIAL_UPDATE", "productType": "LAMP",
          "attributes": {"purchasable_offer": [offer(23)]}}]
    )  # fmt: skip
    assert report["summary"]["messagesAccepted"] == 1
    assert price_of(seller.attribute(LAMP, "purchasable_offer")) == 23
    assert seller.attribute(LAMP, "item_name")


def test_delete_removes_one_site_and_the_last_one_the_quantity(seller):
    seller.run([{"messageId": 1, "sku": LAMP, "operationType": "DELETE"}])
    assert seller.get_item(LAMP).status_code == 404
    assert seller.attribute(LAMP, "fulfillment_availability", FR)[0]["quantity"] == 12
    for site in (FR, GB):
        assert (
            seller.call(
                "DELETE", f"/listings/2021-08-01/items/{seller.id}/{LAMP}", params={"marketplaceIds": site}
            ).json()["status"]
            == "ACCEPTED"
        )
    left = seller.server.truth(sku=LAMP)
    assert {one["marketplace_id"] for one in left} == {US, JP}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.decimals(-5, 5, places=2) | st.sampled_from(["", "ALL", "EUR", DE]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["marketplace_id", "currency", "audience", "our_price", "schedule", "value_with_tax", "quantity", "value",
             "fulfillment_channel_code", "discounted_price", "start_at", "quantity_discount_plan", "op", "path"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
names = st.sampled_from(["purchasable_offer", "fulfillment_availability", "item_name", "compliance_media", "nonsense"])


@settings(max_examples=200, deadline=None)
@given(
    operation=st.sampled_from(["PATCH", "UPDATE", "PARTIAL_UPDATE", "DELETE"]),
    op=st.sampled_from(["add", "replace", "merge", "delete"]),
    name=names,
    value=json_values,
)
def test_no_message_breaks_the_sandbox(operation, op, name, value):
    """Whatever the schema lets through is accepted or refused with issues; state can be written after it."""
    state = State()
    plant(state, small_catalogue())
    message = {"messageId": 1, "sku": LAMP, "operationType": operation}
    if operation == "PATCH":
        message |= {"productType": "LAMP", "patches": [{"op": op, "path": f"/attributes/{name}", "value": value}]}
    elif operation != "DELETE":
        message |= {"productType": "LAMP", "attributes": {name: value}}
    if not list(message_faults(message, set())):
        before = [exact.dumps(state.attributes(one)) for one in state.all_listings()]
        issues = submit(state, "A2EXAMPLE", MARKETPLACES[DE], message)
        if any(issue["severity"] == "ERROR" for issue in issues):
            assert before == [exact.dumps(state.attributes(one)) for one in state.all_listings()]
        for listing in state.all_listings():
            json.loads(exact.dumps(state.attributes(listing)))


@settings(max_examples=200, deadline=None)
@given(
    message=st.dictionaries(
        st.sampled_from(["messageId", "sku", "operationType", "productType", "requirements", "attributes", "patches"]),
        json_values | st.sampled_from(["PATCH", "UPDATE", "DELETE", "PARTIAL_UPDATE", "LISTING"]) | st.just(1),
    )
)
def test_the_message_checks_agree_with_amazons_schema(models, message):
    document = {"header": {"sellerId": "A", "version": "2.0"}, "messages": [message]}
    assert (not list(message_faults(message, set()))) == models.feed.is_valid(document)
