"""Fees, restrictions, Amazon's own stock, orders: what an ERP asks besides."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from acorn_amazon.answers import Money
from acorn_amazon.fees import FeeQuestion, estimate_fees
from acorn_amazon.inventory import fba_inventory
from acorn_amazon.orders import get_order, item_frame, search_orders
from acorn_amazon.restrictions import restrictions

from acorn_engine.marketplace import MarketplaceError

DE = "A1PA6795UKMFR9"
EURO = Money(Decimal("19.90"), "EUR")
SINCE = datetime(2026, 11, 1, tzinfo=UTC)


# fees


def fee(name, amount, **more):
    money = {"CurrencyCode": "EUR", "Amount": amount}
    return {"FeeType": name, "FeeAmount": money, "FinalFee": money} | more


def estimated(key, total, details):
    return {
        "Status": "Success",
        "FeesEstimateIdentifier": {"SellerInputIdentifier": key},
        "FeesEstimate": {
            "TimeOfFeesEstimation": "2026-11-23T12:00:01Z",
            "TotalFeesEstimate": {"CurrencyCode": "EUR", "Amount": total},
            "FeeDetailList": details,
        },
    }


def test_fees_are_asked_exactly_and_told_one_by_one(amazon, connection, de):
    details = [fee("ReferralFee", 2.99), fee("FBAFees", 3.5, IncludedFeeDetailList=[fee("FBAPickAndPack", 3.5)])]
    amazon.on("getMyFeesEstimates", (200, [estimated("erp-7", 6.49, details)]))
    question = FeeQuestion("S1", EURO, by_amazon=True, shipping=Money(Decimal(0), "EUR"), key="erp-7")
    found = estimate_fees(connection.client, de, [question])
    request = amazon.calls("getMyFeesEstimates")[0][4]
    assert b'"ListingPrice":{"CurrencyCode":"EUR","Amount":19.90}' in request.content
    assert json.loads(request.content)[0]["FeesEstimateRequest"]["IsAmazonFulfilled"] is True
    assert found.totals.rows() == [("erp-7", "S1", "6.49", "EUR")]
    assert found.details.select("fee", "part_of", "final").rows() == [
        ("ReferralFee", None, "2.99"),
        ("FBAFees", None, "3.5"),
        ("FBAPickAndPack", "FBAFees", "3.5"),
    ]


def test_fees_that_amazon_cannot_estimate_are_told(amazon, connection, de):
    refused = {
        "Status": "ClientError",
        "FeesEstimateIdentifier": {"SellerInputIdentifier": "0"},
        "Error": {"Type": "Sender", "Code": "InvalidParameterValue", "Message": "no such SKU", "Detail": []},
    }
    amazon.on("getMyFeesEstimates", (200, [refused]))
    found = estimate_fees(connection.client, de, [FeeQuestion("S1", EURO), FeeQuestion("S2", EURO)])
    assert found.totals.is_empty()
    assert found.faults.rows() == [
        ("0", None, "InvalidParameterValue", "no such SKU"),
        ("1", None, "left_out", "Amazon's answer leaves it out; ask again"),
    ]


def test_questions_that_make_no_sense_are_refused_before_anything_is_sent(connection, de):
    with pytest.raises(ValueError, match="sells in EUR"):
        estimate_fees(connection.client, de, [FeeQuestion("S1", Money(Decimal(1), "USD"))])
    with pytest.raises(ValueError, match="same key"):
        estimate_fees(connection.client, de, [FeeQuestion("S1", EURO, key="0"), FeeQuestion("S1", EURO, key="0")])


def test_amazons_examples_of_fees_are_read(amazon, connection, de, models):
    for status, body in models.examples("getMyFeesEstimates"):
        amazon.script["getMyFeesEstimates"] = [(status, json.dumps(body).encode())]
        keys = [one["FeesEstimateIdentifier"]["SellerInputIdentifier"] for one in body]
        found = estimate_fees(connection.client, de, [FeeQuestion("S", EURO, key=key) for key in keys])
        assert found.totals["fees"].to_list() == ["3.0"] * len(keys)


def test_fees_that_are_no_list_are_an_error(amazon, connection, de):
    amazon.on("getMyFeesEstimates", (200, b"{}"))
    with pytest.raises(MarketplaceError, match="is not a list"):
        estimate_fees(connection.client, de, [FeeQuestion("S1", EURO)])


# restrictions


def test_restrictions_have_reasons_and_links(amazon, connection, de):
    link = {"resource": "https://sellercentral.amazon.de/x", "verb": "GET"}
    reason = {"message": "You need approval", "reasonCode": "APPROVAL_REQUIRED", "links": [link]}
    body = {
        "restrictions": [
            {"marketplaceId": DE, "conditionType": "new_new", "reasons": [reason]},
            {"marketplaceId": DE, "conditionType": "used_good"},
            {"marketplaceId": "ATVPDKIKX0DER", "reasons": [reason]},
        ]
    }
    amazon.on("getListingsRestrictions", (200, body))
    found = restrictions(connection.client, "A2EXAMPLE", de, "B01", "new_new", "LUGGAGE")
    query = amazon.calls("getListingsRestrictions")[0][2]
    assert (query["asin"], query["conditionType"], query["productType"]) == ("B01", "new_new", "LUGGAGE")
    assert [(one.condition, one.reason, one.links) for one in found] == [
        ("new_new", "APPROVAL_REQUIRED", (link["resource"],)),
        ("used_good", None, ()),
    ]


def test_an_empty_list_means_that_nothing_is_in_the_way(amazon, connection, de):
    amazon.on("getListingsRestrictions", (200, {"restrictions": []}))
    assert restrictions(connection.client, "A2EXAMPLE", de, "B01") == []


def test_an_answer_without_restrictions_is_not_taken_for_none(amazon, connection, de):
    amazon.on("getListingsRestrictions", (200, b"{}"))
    with pytest.raises(MarketplaceError, match="no usable 'restrictions'"):
        restrictions(connection.client, "A2EXAMPLE", de, "B01")


def test_a_bare_list_of_errors_is_understood(amazon, connection, de):
    amazon.on("getListingsRestrictions", (400, [{"code": "InvalidInput", "message": "bad asin"}]))
    with pytest.raises(MarketplaceError, match="InvalidInput: bad asin") as caught:
        restrictions(connection.client, "A2EXAMPLE", de, "B01")
    assert caught.value.amazon_code == "InvalidInput"


def test_amazons_example_of_restrictions_is_read(amazon, connection, models):
    from acorn_amazon.sites import SITES

    for status, body in models.examples("getListingsRestrictions"):
        amazon.script["getListingsRestrictions"] = [(status, body)]
        (shown,) = {one["marketplaceId"] for one in body["restrictions"]}
        site = next(site for site in SITES if site.marketplace_id == shown)
        assert restrictions(connection.client, "A2EXAMPLE", site, "B01")


# stock


def stocked(sku, **details):
    return {"sellerSku": sku, "asin": "B1", "fnSku": "X1", "totalQuantity": 9, "inventoryDetails": details}


def page(*summaries, token=None):
    payload = {
        "granularity": {"granularityType": "Marketplace", "granularityId": DE},
        "inventorySummaries": list(summaries),
    }
    return (200, {"payload": payload} | ({"pagination": {"nextToken": token}} if token else {}))


def test_stock_is_read_page_by_page_and_missing_is_not_zero(amazon, connection, de):
    reserved = {"reservedQuantity": {"totalReservedQuantity": 2}, "fulfillableQuantity": 0}
    amazon.on("getInventorySummaries", page(stocked("A", **reserved), token="t 1"), page(stocked("B")))
    found = fba_inventory(connection.client, de, since=SINCE)
    first, second = (call[2] for call in amazon.calls("getInventorySummaries"))
    assert first == {
        "details": True,
        "granularityType": "Marketplace",
        "granularityId": DE,
        "marketplaceIds": [DE],
        "startDateTime": "2026-11-01T00:00:00Z",
    }
    assert second == first | {"nextToken": "t 1"}
    assert found.select("seller_sku", "total", "fulfillable", "reserved").rows() == [
        ("A", 9, 0, 2),
        ("B", 9, None, None),
    ]


def test_named_skus_go_fifty_at_a_time_and_one_with_a_comma_by_itself(amazon, connection, de):
    amazon.on("getInventorySummaries", page(stocked("S1"), stocked("other")), page(), page(stocked("a,b")))
    found = fba_inventory(connection.client, de, [f"S{number}" for number in range(51)] + ["a,b"])
    asked = [call[2] for call in amazon.calls("getInventorySummaries")]
    assert [len(query.get("sellerSkus", [])) for query in asked] == [50, 1, 0]
    assert asked[2]["sellerSku"] == "a,b"
    assert found["seller_sku"].to_list() == ["S1", "a,b"]


@pytest.mark.parametrize("total", ["9", 9.5, True, [9]])
def test_a_quantity_that_is_no_whole_number_is_an_error(amazon, connection, de, total):
    status, body = page(stocked("A"))
    body["payload"]["inventorySummaries"][0]["totalQuantity"] = total
    amazon.on("getInventorySummaries", (status, json.dumps(body).encode()))
    with pytest.raises(MarketplaceError, match=r"inventorySummaries\[0\].totalQuantity"):
        fba_inventory(connection.client, de)


# orders


def order(number, **more):
    item = {
        "orderItemId": f"i{number}",
        "quantityOrdered": 2,
        "product": {"sellerSku": "S1", "asin": "B1", "price": {"unitPrice": {"amount": "9.90", "currencyCode": "EUR"}}},
    }
    return {
        "orderId": f"302-{number}",
        "createdTime": "2026-11-23T12:00:01Z",
        "lastUpdatedTime": "2026-11-23T12:00:02Z",
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": DE},
        "orderItems": [item],
    } | more


def test_orders_come_page_by_page_and_a_search_goes_on_where_it_was(amazon, connection, de):
    amazon.on(
        "searchOrders",
        (200, {"orders": [order(1)], "pagination": {"nextToken": "p2"}, "lastUpdatedBefore": "2026-11-01T00:00:00Z"}),
        (200, {"orders": [order(2)]}),
    )
    pages = search_orders(connection.client, [de], updated_after=SINCE, before=SINCE, statuses=["UNSHIPPED"])
    first = next(pages)
    assert ([one.order_id for one in first.orders], first.next_token) == (["302-1"], "p2")
    assert first.until == SINCE
    query = amazon.calls("searchOrders")[0][2]
    assert query == {
        "lastUpdatedAfter": "2026-11-01T00:00:00Z",
        "lastUpdatedBefore": "2026-11-01T00:00:00Z",
        "marketplaceIds": [DE],
        "maxResultsPerPage": 100,
        "fulfillmentStatuses": ["UNSHIPPED"],
        "includedData": ["PROCEEDS", "FULFILLMENT"],
    }
    resumed = search_orders(
        connection.client, [de], updated_after=SINCE, before=SINCE, statuses=["UNSHIPPED"], page_token=first.next_token
    )
    (last,) = resumed
    assert amazon.calls("searchOrders")[1][2] == query | {"paginationToken": "p2"}
    assert ([one.order_id for one in last.orders], last.next_token) == (["302-2"], None)


def test_a_search_that_turns_in_circles_ends(amazon, connection, de):
    amazon.on("searchOrders", (200, {"orders": [], "pagination": {"nextToken": "p"}}))
    with pytest.raises(MarketplaceError, match="comes back"):
        list(search_orders(connection.client, [de], created_after=SINCE))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "exactly one"),
        ({"created_after": SINCE, "updated_after": SINCE}, "exactly one"),
        ({"created_after": datetime(2026, 11, 1)}, "no time zone"),  # noqa: DTZ001 - the very fault
    ],
)
def test_impossible_searches_are_refused_before_anything_is_sent(connection, de, more, words):
    with pytest.raises(ValueError, match=words):
        search_orders(connection.client, [de], **more)
    with pytest.raises(ValueError, match="1 to 50 sites"):
        search_orders(connection.client, [], created_after=SINCE)


def test_an_order_shows_no_personal_data_unless_it_is_looked_for(amazon, connection):
    amazon.on("getOrder", (200, {"order": order(1, buyer={"buyerName": "Erika Mustermann"})}))
    found = get_order(connection.client, "302-1", ["BUYER"])
    assert "Mustermann" not in repr(found)
    assert found.data["buyer"]["buyerName"] == "Erika Mustermann"
    assert (found.status, found.total, found.items[0].unit_price) == (None, None, Money(Decimal("9.90"), "EUR"))


def test_another_order_than_asked_for_is_an_error(amazon, connection):
    amazon.on("getOrder", (200, {"order": order(2)}))
    with pytest.raises(MarketplaceError, match="another order"):
        get_order(connection.client, "302-1")


def test_amazons_examples_of_orders_are_read(amazon, connection, de, models):
    seen = 0
    for status, body in models.examples("searchOrders"):
        amazon.script["searchOrders"] = [(status, json.dumps({**body, "pagination": None}).encode())]
        (found,) = search_orders(connection.client, [de], created_after=SINCE)
        frame = item_frame(found.orders)
        assert frame.height == sum(len(one["orderItems"]) for one in body["orders"])
        seen += frame.height
    assert seen
    for status, body in models.examples("getOrder"):
        amazon.script["getOrder"] = [(status, json.dumps(body).encode())]
        shown = get_order(connection.client, body["order"]["orderId"])
        total = body["order"].get("proceeds", {}).get("grandTotal")
        assert (shown.total and shown.total.text) == (total and total["amount"])


def test_orders_without_what_the_model_requires_name_it(amazon, connection, de):
    broken = order(1)
    del broken["orderItems"][0]["product"]
    amazon.on("searchOrders", (200, json.dumps({"orders": [broken]}).encode()))
    with pytest.raises(MarketplaceError, match=r"orders\[0\].orderItems\[0\].product"):
        list(search_orders(connection.client, [de], created_after=SINCE))
