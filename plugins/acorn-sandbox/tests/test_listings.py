from __future__ import annotations

import pytest
from acorn_sandbox.server import SandboxServer

DE, FR, US = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "ATVPDKIKX0DER"
LAMP = "ACORN-LAMP"


@pytest.fixture
def search(seller):
    def find(**query):
        path = f"/listings/2021-08-01/items/{seller.id}"
        return seller.call("GET", path, params={"marketplaceIds": DE, **query})

    return find


def skus(response):
    return [item["sku"] for item in response.json()["items"]]


def test_an_item_shows_what_is_asked_for(seller):
    item = seller.get_item(LAMP, included="summaries").json()
    assert set(item) == {"sku", "summaries"}
    (summary,) = item["summaries"]
    assert (summary["itemName"], summary["productType"], summary["status"]) == (
        "Desk lamp",
        "LAMP",
        ["BUYABLE", "DISCOVERABLE"],
    )
    assert len(summary["asin"]) == 10
    both = seller.get_item(LAMP, DE, US, included="attributes,fulfillmentAvailability").json()
    assert len(both["attributes"]["purchasable_offer"]) == 2
    assert len(both["fulfillmentAvailability"]) == 2
    assert seller.get_item("ACORN-BOTTLE").json()["summaries"][0]["status"] == ["DISCOVERABLE"]
    assert seller.get_item("ACORN-CASE").json()["summaries"][0]["status"] == ["BUYABLE", "DISCOVERABLE"]


def test_search_by_sku_and_asin(search, seller):
    found = search(identifiersType="SKU", identifiers=f"{LAMP},NONE,ACORN-CASE", sortBy="sku", sortOrder="ASC")
    assert skus(found) == ["ACORN-CASE", LAMP]
    assert found.json()["numberOfResults"] == 2
    assert "pagination" not in found.json()
    asin = seller.get_item(LAMP).json()["summaries"][0]["asin"]
    assert skus(search(identifiersType="ASIN", identifiers=asin)) == [LAMP]
    assert skus(search(identifiersType="EAN", identifiers="4006381333931")) == []
    assert skus(search(variationParentSku=LAMP)) == []
    assert search(variationParentSku=LAMP, packageHierarchySku=LAMP).status_code == 400


def test_search_pages_and_sorts(search):
    first = search(pageSize=3, sortBy="sku", sortOrder="ASC")
    assert skus(first) == ["ACORN-BOTTLE", "ACORN-CASE", "ACORN-KETTLE"]
    following = first.json()["pagination"]["nextToken"]
    second = search(pageSize=3, sortBy="sku", sortOrder="ASC", pageToken=following)
    assert skus(second) == [LAMP]
    assert set(second.json()["pagination"]) == {"previousToken"}


def test_search_filters(search, seller):
    assert skus(search(withStatus="BUYABLE", sortBy="sku")) == [LAMP, "ACORN-KETTLE", "ACORN-CASE"]
    assert skus(search(withoutStatus="BUYABLE")) == ["ACORN-BOTTLE"]
    assert skus(search(withIssueSeverity="ERROR")) == []
    seller.replace(LAMP, "purchasable_offer", {"currency": "USD"})
    assert skus(search(withIssueSeverity="ERROR")) == [LAMP]
    assert skus(search(lastUpdatedAfter="2100-01-01T00:00:00Z")) == []
    assert len(skus(search(createdBefore="2100-01-01T00:00:00Z"))) == 4


def test_twenty_is_the_largest_page_and_ten_the_usual(connect):
    rows = [
        {"seller_id": "S", "marketplace_id": DE, "sku": f"K{number}", "product_type": "LAMP", "attributes": {}}
        for number in range(1100)
    ]
    with SandboxServer(speed=5000, seed=rows) as server:
        seller = connect(server, "S")
        pages, query = 0, {"marketplaceIds": DE, "pageSize": 20}
        while True:
            answer = seller.call("GET", "/listings/2021-08-01/items/S", params=query).json()
            pages += 1
            if "nextToken" not in answer.get("pagination", {}):
                break
            query["pageToken"] = answer["pagination"]["nextToken"]
        assert (pages, answer["numberOfResults"]) == (50, 1100)
        usual = seller.call("GET", "/listings/2021-08-01/items/S", params={"marketplaceIds": DE}).json()
        assert len(usual["items"]) == 10


def test_a_preview_changes_nothing(seller, offer):
    before = seller.server.truth()
    good = seller.replace(
        LAMP, "purchasable_offer", offer(20), mode="VALIDATION_PREVIEW", includedData="identifiers,issues"
    )
    assert (good.json()["status"], good.json()["issues"]) == ("VALID", [])
    assert good.json()["identifiers"][0]["marketplaceId"] == DE
    bad = seller.replace(LAMP, "purchasable_offer", offer(0), mode="VALIDATION_PREVIEW")
    assert (bad.status_code, bad.json()["status"]) == (200, "INVALID")
    assert seller.server.truth() == before


def test_a_patch_of_several_sites_is_taken_whole_or_not_at_all(seller, offer):
    values = [offer(20), offer(21, site=FR)]
    assert seller.replace(LAMP, "purchasable_offer", *values, sites=[DE, FR]).json()["status"] == "ACCEPTED"
    assert seller.attribute(LAMP, "purchasable_offer", DE) == [offer(20)]
    assert seller.attribute(LAMP, "purchasable_offer", FR) == [offer(21, site=FR)]
    values = [offer(30), offer(0, site=FR)]
    refused = seller.replace(LAMP, "purchasable_offer", *values, sites=[DE, FR]).json()
    assert refused["status"] == "INVALID"
    assert [issue["marketplaceIds"] for issue in refused["issues"]] == [[FR]]
    assert seller.attribute(LAMP, "purchasable_offer", DE) == [offer(20)]
    assert seller.get_item(LAMP, DE).json()["issues"] == []
    assert len(seller.get_item(LAMP, FR).json()["issues"]) == 1


def test_a_sku_with_a_slash(seller, offer):
    path = f"/listings/2021-08-01/items/{seller.id}/A%2FB%20%E5%8C%85"
    body = {"productType": "LAMP", "attributes": {"item_name": [{"value": "包"}]}}
    assert seller.call("PUT", path, params={"marketplaceIds": DE}, json=body).json()["sku"] == "A/B 包"
    assert seller.call("GET", path, params={"marketplaceIds": DE}).json()["summaries"][0]["itemName"] == "包"
