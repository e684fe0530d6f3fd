"""A client that we did not write works against the sandbox, unchanged but for the address."""

from __future__ import annotations

import io
import json
import time
import warnings
from types import SimpleNamespace

import pytest

DE = "A1PA6795UKMFR9"
LAMP = "ACORN-LAMP"


@pytest.fixture
def amazon(server):
    """python-amazon-sp-api, told where the sandbox is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sp_api.api import Feeds, ListingsItems, Sellers
        from sp_api.auth import AccessTokenClient
        from sp_api.auth.access_token_client import cache

    cache.clear()  # one for the whole process, whatever the address
    address = server.url.removeprefix("http://")

    class Login(AccessTokenClient):
        scheme = "http://"
        host = address

    options = {
        "marketplace": SimpleNamespace(endpoint=server.url, marketplace_id=DE, region="eu-west-1", name="DE"),
        "credentials": {"refresh_token": "Atzr|A2EXAMPLE", "lwa_app_id": "any", "lwa_client_secret": "s"},
        "auth_token_client_class": Login,
    }
    clients = {"feeds": Feeds(**options), "listings": ListingsItems(**options), "sellers": Sellers(**options)}
    yield SimpleNamespace(**clients)
    for client in clients.values():
        client._transport.close()
        client._auth._transport.close()


@pytest.mark.filterwarnings("ignore")
def test_token_document_upload_feed_report(amazon, server, message, offer):
    document = {
        "header": {"sellerId": "A2EXAMPLE", "version": "2.0"},
        "messages": [message(1, LAMP, "purchasable_offer", offer(20)), message(2, "NONE", "brand", {"value": "x"})],
    }
    file = io.BytesIO(json.dumps(document).encode())
    answer = amazon.feeds.create_feed_document(file, content_type="application/json; charset=UTF-8")
    created = amazon.feeds.create_feed(
        "JSON_LISTINGS_FEED", answer.payload["feedDocumentId"], marketplaceIds=[DE]
    ).payload
    for _ in range(500):
        feed = amazon.feeds.get_feed(created["feedId"]).payload
        if feed["processingStatus"] == "DONE":
            break
        time.sleep(0.01)
    report = json.loads(amazon.feeds.get_feed_document(feed["resultFeedDocumentId"]))
    assert report["summary"]["messagesAccepted"] == 1
    found = amazon.feeds.get_feeds(feedTypes="JSON_LISTINGS_FEED").payload["feeds"]
    assert [one["feedId"] for one in found] == [created["feedId"]]
    (listing,) = server.truth(sku=LAMP, marketplace_id=DE)
    assert listing["attributes"]["purchasable_offer"] == [offer(20)]


@pytest.mark.filterwarnings("ignore")
def test_listings_get_patch_and_search(amazon, server, offer):
    item = amazon.listings.get_listings_item("A2EXAMPLE", LAMP, includedData="attributes,offers").payload
    assert item["offers"][0]["price"] == {"currencyCode": "EUR", "amount": "24.50"}
    body = {
        "productType": "LAMP",
        "patches": [{"op": "replace", "path": "/attributes/purchasable_offer", "value": [offer(21)]}],
    }
    answer = amazon.listings.patch_listings_item("A2EXAMPLE", LAMP, body=body).payload
    assert answer["status"] == "ACCEPTED"
    assert server.truth(sku=LAMP, marketplace_id=DE)[0]["attributes"]["purchasable_offer"] == [offer(21)]
    assert amazon.sellers.get_marketplace_participation().payload
