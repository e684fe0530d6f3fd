"""Single listings: put, patched, validated, deleted, searched."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal

import httpx2
import pytest
from acorn_amazon import listings

from acorn_engine.marketplace import MarketplaceError, UnansweredError

SELLER = "A2EXAMPLE"
OFFER = {"marketplace_id": "A1PA6795UKMFR9", "currency": "EUR"}
PRICE = [{**OFFER, "our_price": [{"schedule": [{"value_with_tax": Decimal("19.90")}]}]}]
PATCHES = [{"op": "replace", "path": "/attributes/purchasable_offer", "value": PRICE}]
MESSAGE = (
    '{"sku":"S 1","operationType":"PATCH","productType":"LUGGAGE","patches":[{"op":"delete","path":"/attributes/x"}]}'
)


def answer(status, *issues):
    return (200, {"sku": "S 1", "status": status, "submissionId": "f1", "issues": list(issues)})


ISSUE = {
    "code": "90220",
    "message": "'brand' is required but not supplied.",
    "severity": "ERROR",
    "attributeNames": ["brand"],
    "categories": ["MISSING_ATTRIBUTE"],
}
BUSY = (503, {"errors": [{"code": "ServiceUnavailable", "message": "busy"}]})


def test_put_sends_the_whole_listing_with_exact_numbers(amazon, connection, de):
    amazon.on("putListingsItem", answer("ACCEPTED"))
    found = listings.put(connection.client, SELLER, de, "S 1", "LUGGAGE", {"purchasable_offer": PRICE})
    ((_, path, query, body, request),) = amazon.calls("putListingsItem")
    assert path == {"sellerId": SELLER, "sku": "S 1"}
    assert query == {"marketplaceIds": [de.marketplace_id], "issueLocale": "en_US"}
    assert (body["productType"], body["requirements"]) == ("LUGGAGE", "LISTING")
    assert b'"value_with_tax":19.90}' in request.content
    assert (found.good, found.status, found.submission_id, found.issues) == (True, "ACCEPTED", "f1", ())


def test_patch_and_delete_go_to_one_site(amazon, connection, de):
    amazon.on("patchListingsItem", answer("INVALID", ISSUE))
    amazon.on("deleteListingsItem", answer("ACCEPTED"))
    found = listings.patch(connection.client, SELLER, de, "S 1", "PRODUCT", PATCHES)
    assert not found.good
    assert (found.issues[0].code, found.issues[0].attribute, found.issues[0].seller_sku) == ("90220", "brand", "S 1")
    assert listings.delete(connection.client, SELLER, de, "S 1").good
    assert amazon.calls("deleteListingsItem")[0][4].content == b""


@pytest.mark.parametrize("name", ["putListingsItem", "patchListingsItem"])
def test_a_preview_validates_only_and_is_safe_to_repeat(amazon, connection, de, name):
    amazon.on(name, BUSY, httpx2.ReadTimeout("slow"), answer("VALID"))
    if name == "putListingsItem":
        found = listings.put(connection.client, SELLER, de, "S 1", "LUGGAGE", {}, preview=True)
    else:
        found = listings.patch(connection.client, SELLER, de, "S 1", "LUGGAGE", PATCHES, preview=True)
    assert found.good
    assert [call[2]["mode"] for call in amazon.calls(name)] == ["VALIDATION_PREVIEW"] * 3


def test_a_connection_previews_a_message_of_a_plan(amazon, connection, de):
    amazon.on("patchListingsItem", answer("INVALID", ISSUE), answer("VALID"))
    report = connection.preview(de, "S 1", MESSAGE)
    assert (report.processed, report.accepted, report.invalid) == (1, 0, 1)
    assert connection.preview(de, "S 1", MESSAGE).accepted == 1
    assert all(call[2]["mode"] == "VALIDATION_PREVIEW" for call in amazon.calls("patchListingsItem"))


def test_previews_have_the_lower_of_the_two_limits_that_amazon_has_named(amazon, connection, de, waits):
    amazon.on("patchListingsItem", answer("VALID"))
    for _ in range(4):
        connection.preview(de, "S 1", MESSAGE)
    assert sum(waits) >= 3


@pytest.mark.parametrize("broken", [BUSY, httpx2.ReadTimeout("slow"), (200, b'{"sku":'), (200, b"{}")], ids=repr)
def test_a_lost_answer_to_a_change_is_unanswered_and_never_sent_again(amazon, connection, de, broken):
    for name in ("putListingsItem", "deleteListingsItem"):
        amazon.on(name, broken)
    with pytest.raises(UnansweredError):
        listings.put(connection.client, SELLER, de, "S 1", "LUGGAGE", {})
    with pytest.raises(UnansweredError):
        listings.delete(connection.client, SELLER, de, "S 1")
    assert len(amazon.seen) == 2


@pytest.mark.parametrize("status", ["VALID", "QUEUED"])
def test_a_status_that_no_change_has_is_not_taken_for_success_or_failure(amazon, connection, de, status):
    amazon.on("patchListingsItem", (200, json.dumps(answer(status)[1]).encode()))
    with pytest.raises(UnansweredError, match="may or may not have taken effect") as caught:
        connection.patch(de, "S 1", MESSAGE)
    assert caught.value.remedy.startswith("Read the listing")
    if status != "VALID":
        with pytest.raises(MarketplaceError, match="'QUEUED'") as caught:
            connection.preview(de, "S 1", MESSAGE)
        assert not isinstance(caught.value, UnansweredError)


def test_amazons_own_examples_are_read(amazon, connection, de, models):
    for name in ("putListingsItem", "patchListingsItem", "deleteListingsItem"):
        for status, body in models.examples(name):
            preview = body["status"] == "VALID"
            amazon.script[name] = [(status, json.dumps(body).encode())]
            if name == "putListingsItem":
                found = listings.put(connection.client, SELLER, de, body["sku"], "X", {}, preview=preview)
            elif name == "patchListingsItem":
                found = listings.patch(connection.client, SELLER, de, body["sku"], "X", PATCHES, preview=preview)
            else:
                found = listings.delete(connection.client, SELLER, de, body["sku"])
            assert (found.status, len(found.issues)) == (body["status"], len(body.get("issues", [])))


def found(sku):
    stamp = "2026-11-23T12:00:01Z"
    summary = {
        "marketplaceId": "A1PA6795UKMFR9",
        "productType": "LUGGAGE",
        "status": ["BUYABLE"],
        "createdDate": stamp,
        "lastUpdatedDate": stamp,
    }
    return {"sku": sku, "summaries": [summary]}


def test_a_search_asks_for_what_is_wanted_and_follows_its_pages(amazon, connection, de):
    amazon.on(
        "searchListingsItems",
        (200, {"numberOfResults": 2, "items": [found("A")], "pagination": {"nextToken": "more+1"}}),
        (200, {"numberOfResults": 2, "items": [found("B")]}),
    )
    frame = listings.search(
        connection.client,
        SELLER,
        de,
        identifiers=["B0ABCDEF12"],
        with_issues=["ERROR"],
        with_status=["BUYABLE"],
        without_status=["DISCOVERABLE"],
        parent_sku="P,1",
        updated_after=datetime(2026, 11, 1, tzinfo=UTC),
        updated_before=datetime(2026, 11, 2, tzinfo=UTC),
    )
    assert frame["seller_sku"].to_list() == ["A", "B"]
    first, second = (call[2] for call in amazon.calls("searchListingsItems"))
    assert first["identifiersType"] == "ASIN"
    assert first["identifiers"] == ["B0ABCDEF12"]
    assert first["variationParentSku"] == "P,1"
    assert (first["withIssueSeverity"], first["withStatus"], first["withoutStatus"]) == (
        ["ERROR"],
        ["BUYABLE"],
        ["DISCOVERABLE"],
    )
    assert (first["lastUpdatedAfter"], first["lastUpdatedBefore"]) == ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")
    assert second == first | {"pageToken": "more+1"}


def test_a_search_for_too_many_identifiers_is_refused_before_it_is_sent(connection, de):
    with pytest.raises(ValueError, match="at most 20"):
        listings.search(connection.client, SELLER, de, identifiers=[str(number) for number in range(21)])


# feeds that are cancelled


def test_a_queued_feed_is_cancelled_by_an_answer_without_a_body(amazon, connection):
    amazon.on("cancelFeed", (200, b""))
    connection.cancel("77")
    assert amazon.calls("cancelFeed")[0][1] == {"feedId": "77"}


def test_a_feed_that_has_begun_cannot_be_cancelled(amazon, connection):
    amazon.on("cancelFeed", (400, {"errors": [{"code": "InvalidInput", "message": "The feed is in progress"}]}))
    with pytest.raises(MarketplaceError, match="The feed is in progress") as caught:
        connection.cancel("77")
    assert (caught.value.code, caught.value.retryable) == ("invalid", False)


def test_a_lost_answer_to_a_cancellation_is_unanswered(amazon, connection):
    amazon.on("cancelFeed", httpx2.ReadTimeout("slow"))
    with pytest.raises(UnansweredError):
        connection.cancel("77")
    assert len(amazon.seen) == 1
