from __future__ import annotations

import json

import pytest
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.model import DATA, SERVED, read_models
from acorn_sandbox.operations import match, operations

DE, US = "A1PA6795UKMFR9", "ATVPDKIKX0DER"
FEEDS, ITEMS = "/feeds/2021-06-30", "/listings/2021-08-01/items"


def test_the_data_of_the_operations_is_what_the_models_say(models):
    assert json.loads(DATA.read_text(encoding="utf-8")) == read_models(models.folder / "models")


def test_every_served_operation_has_a_handler_and_a_usage_plan(server):
    names = {name for served in SERVED.values() for name in served}
    assert set(operations()) == names == set(server._sandbox._handlers)
    assert all(one.rate > 0 and one.burst >= 1 for one in operations().values())
    assert (operations()["createFeed"].rate, operations()["createFeed"].burst) == (0.0083, 15)


def test_every_operation_answers_within_the_model(seller, message, offer):
    """The client of these tests holds each answer against the model; this walks all of them once."""
    assert seller.call("GET", "/sellers/v1/marketplaceParticipations").status_code == 200
    feed = seller.wait(seller.submit([message(1, "ACORN-LAMP", "purchasable_offer", offer(20))]))
    found = seller.call("GET", f"{FEEDS}/feeds", params={"feedTypes": "JSON_LISTINGS_FEED"})
    assert [one["feedId"] for one in found.json()["feeds"]] == [feed["feedId"]]
    assert seller.call("DELETE", f"{FEEDS}/feeds/{feed['feedId']}").status_code == 400
    assert seller.call("GET", f"{FEEDS}/feeds/1").status_code == 404
    assert seller.call("GET", f"{FEEDS}/documents/none").status_code == 404
    assert seller.report_of(feed)["summary"]["messagesAccepted"] == 1
    everything = "summaries,attributes,issues,offers,fulfillmentAvailability,procurement,relationships,productTypes"
    assert seller.get_item("ACORN-LAMP", DE, included=everything).status_code == 200
    assert seller.get_item("NONE").status_code == 404
    assert seller.get_item("BadSKU").status_code == 400
    search = seller.call("GET", f"{ITEMS}/{seller.id}", params={"marketplaceIds": DE, "includedData": everything})
    assert search.json()["numberOfResults"] == 4
    body = {"productType": "LAMP", "attributes": {"item_name": [{"value": "New"}]}}
    assert seller.call("PUT", f"{ITEMS}/{seller.id}/NEW", params={"marketplaceIds": DE}, json=body).status_code == 200
    assert seller.call("DELETE", f"{ITEMS}/{seller.id}/NEW", params={"marketplaceIds": DE}).status_code == 200
    both = seller.replace("ACORN-LAMP", "brand", {"value": "A"}, includedData="identifiers,issues")
    assert both.json()["identifiers"][0]["marketplaceId"] == DE


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("POST", f"{FEEDS}/documents", {}, {}),
        ("POST", f"{FEEDS}/documents", {}, {"contentType": 1}),
        ("POST", f"{FEEDS}/feeds", {}, []),
        ("POST", f"{FEEDS}/feeds", {}, {"feedType": "JSON_LISTINGS_FEED", "inputFeedDocumentId": "x"}),
        (
            "POST",
            f"{FEEDS}/feeds",
            {},
            {"feedType": "JSON_LISTINGS_FEED", "inputFeedDocumentId": "x", "marketplaceIds": []},
        ),
        (
            "POST",
            f"{FEEDS}/feeds",
            {},
            {"feedType": "JSON_LISTINGS_FEED", "inputFeedDocumentId": "x", "marketplaceIds": DE},
        ),
        (
            "POST",
            f"{FEEDS}/feeds",
            {},
            {"feedType": "J", "inputFeedDocumentId": "x", "marketplaceIds": [DE], "feedOptions": {"a": 1}},
        ),
        ("GET", f"{FEEDS}/feeds", {}, None),
        ("GET", f"{FEEDS}/feeds", {"feedTypes": "A", "pageSize": "101"}, None),
        ("GET", f"{FEEDS}/feeds", {"feedTypes": "A", "pageSize": "ten"}, None),
        ("GET", f"{FEEDS}/feeds", {"feedTypes": "A", "processingStatuses": "FINISHED"}, None),
        ("GET", f"{FEEDS}/feeds", {"feedTypes": "A", "createdSince": "yesterday"}, None),
        ("GET", f"{FEEDS}/feeds", {"feedTypes": ",".join("ABCDEFGHIJK")}, None),
        ("GET", f"{FEEDS}/feeds", {"nextToken": "bm9uc2Vuc2U=", "pageSize": "10"}, None),
        ("GET", f"{FEEDS}/feeds", {"nextToken": "%%"}, None),
        ("GET", f"{FEEDS}/documents/x", {"enableContentEncodingUrlHeader": "maybe"}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE/ACORN-LAMP", {}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE/ACORN-LAMP", {"marketplaceIds": ""}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE/ACORN-LAMP", {"marketplaceIds": "A1NOWHERE"}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE/ACORN-LAMP", {"marketplaceIds": DE, "includedData": "prices"}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE", {"marketplaceIds": DE, "pageSize": ["1", "2"]}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE", {"marketplaceIds": DE, "pageSize": "21"}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE", {"marketplaceIds": DE, "pageSize": "0"}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE", {"marketplaceIds": DE, "pageToken": "x"}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE", {"marketplaceIds": DE, "identifiers": "A"}, None),
        ("GET", f"{ITEMS}/A2EXAMPLE", {"marketplaceIds": DE, "identifiersType": "SKU"}, None),
        (
            "GET",
            f"{ITEMS}/A2EXAMPLE",
            {"marketplaceIds": DE, "identifiersType": "SKU", "identifiers": ",".join("ABCDEFGHIJKLMNOPQRSTU")},
            None,
        ),
        ("GET", f"{ITEMS}/A2EXAMPLE", {"marketplaceIds": DE, "sortBy": "price"}, None),
        ("PATCH", f"{ITEMS}/A2EXAMPLE/ACORN-LAMP", {"marketplaceIds": DE}, {"productType": "LAMP", "patches": []}),
        (
            "PATCH",
            f"{ITEMS}/A2EXAMPLE/ACORN-LAMP",
            {"marketplaceIds": DE},
            {"productType": "LAMP", "patches": [{"op": "remove", "path": "/attributes/brand"}]},
        ),
        (
            "PATCH",
            f"{ITEMS}/A2EXAMPLE/ACORN-LAMP",
            {"marketplaceIds": DE, "mode": "PREVIEW"},
            {"productType": "LAMP", "patches": [{"op": "delete", "path": "/attributes/brand"}]},
        ),
        ("PUT", f"{ITEMS}/A2EXAMPLE/ACORN-LAMP", {"marketplaceIds": DE}, {"productType": "LAMP"}),
        ("PUT", f"{ITEMS}/A2EXAMPLE/X", {"marketplaceIds": f"{DE},{US}"}, {"productType": "LAMP", "attributes": {}}),
        ("DELETE", f"{ITEMS}/A2EXAMPLE/X", {"marketplaceIds": f"{DE},{US}"}, None),
    ],
)
def test_a_request_outside_the_model_is_answered_400(refusing, connect, method, path, query, body):
    seller = connect(refusing)
    before = seller.server.truth()
    response = seller.call(method, path, params=query, **({} if body is None else {"json": body}))
    assert response.status_code == 400
    (fault,) = response.json()["errors"]
    assert fault["code"] == "InvalidInput"
    assert seller.server.truth() == before


def test_bodies_that_are_not_json(seller):
    token = {"x-amz-access-token": seller.token}
    typed = token | {"content-type": "application/json"}
    path = f"{FEEDS}/documents"
    for content in (b"{", b"", b'{"contentType": NaN}', b"\xff", b'{"contentType": "\\ud800"}', b"[" * 100_000):
        assert seller.call("POST", path, content=content, headers=typed).status_code == 400
    text = token | {"content-type": "text/plain"}
    assert seller.call("POST", path, content=b'{"contentType": "a"}', headers=text).status_code == 415
    assert seller.call("POST", path, content=b" " * (11 * 1024 * 1024), headers=typed).status_code == 413


def test_unknown_paths_are_404_in_amazons_shape(seller):
    for method, path in (
        ("GET", "/"),
        ("GET", "/feeds/2020-09-04/feeds"),
        ("PATCH", f"{FEEDS}/feeds"),
        ("GET", f"{ITEMS}/"),
    ):
        response = seller.call(method, path)
        assert response.status_code == 404
        assert response.json()["errors"][0]["code"] == "NotFound"


def test_a_user_agent_is_required(seller):
    for agent in ("", "x" * 501):
        headers = {"x-amz-access-token": seller.token, "user-agent": agent}
        assert seller.call("GET", "/sellers/v1/marketplaceParticipations", headers=headers).status_code == 400


def test_skus_may_hold_any_character():
    operation, values = match("GET", f"{ITEMS}/A1/A%2FB%20%E5%8C%85%3F")
    assert operation.name == "getListingsItem"
    assert values == {"sellerId": "A1", "sku": "A/B 包?"}


def test_the_marketplaces():
    assert len(MARKETPLACES) == 23
    assert MARKETPLACES["A1VC38T7YXB528"].digits == 0
    assert {one.region for one in MARKETPLACES.values()} == {"NA", "EU", "FE"}
    assert MARKETPLACES[DE].channel == "AMAZON_EU"


def test_participations_are_those_of_the_sellers_regions(seller, connect):
    response = seller.call("GET", "/sellers/v1/marketplaceParticipations").json()["payload"]
    selling = {one["marketplace"]["countryCode"] for one in response if one["participation"]["isParticipating"]}
    assert selling == {"DE", "FR", "GB", "US", "JP"}
    newcomer = connect(seller.server, "A9NEW").call("GET", "/sellers/v1/marketplaceParticipations").json()["payload"]
    assert len(newcomer) == 23
