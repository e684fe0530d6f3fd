from __future__ import annotations

import gzip
import json
import time

import httpx2
import pytest
from acorn_sandbox import exact
from acorn_sandbox.calls import Call
from acorn_sandbox.clock import Timing
from acorn_sandbox.errors import ApiError
from acorn_sandbox.faults import Faults
from acorn_sandbox.feeds import Feeds
from acorn_sandbox.links import Links
from acorn_sandbox.queues import Queues
from acorn_sandbox.quotas import Quotas
from acorn_sandbox.seeds import plant
from acorn_sandbox.server import SandboxServer
from acorn_sandbox.state import Document, State
from acorn_sandbox.storage import Storage

DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
LAMP = "ACORN-LAMP"
PATH = "/feeds/2021-06-30/feeds"


class Clock:
    def __init__(self):
        self.instant = time.time()

    def __call__(self):
        return self.instant

    def pass_by(self, seconds):
        self.instant += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def timed(clock):
    """A sandbox at Amazon's own speed whose clock the test moves."""
    with SandboxServer(timing=Timing(now=clock)) as server:
        yield server


def test_a_feed_runs_from_queue_to_report(timed, clock, connect, message, offer):
    seller = connect(timed)
    feed_id = seller.submit(
        [message(1, LAMP, "purchasable_offer", offer(20)), message(2, "NONE", "brand", {"value": "x"})]
    )
    assert seller.feed(feed_id)["processingStatus"] == "IN_QUEUE"
    clock.pass_by(31)
    running = seller.feed(feed_id)
    assert running["processingStatus"] == "IN_PROGRESS"
    assert "processingEndTime" not in running
    assert (
        timed.truth(sku=LAMP, marketplace_id=DE)[0]["attributes"]["purchasable_offer"][0]["our_price"][0]["schedule"][
            0
        ]["value_with_tax"]
        != 20
    )
    clock.pass_by(61)
    done = seller.feed(feed_id)
    assert done["processingStatus"] == "DONE"
    report = seller.report_of(done)
    assert report["header"] == {"sellerId": seller.id, "version": "2.0", "feedId": feed_id}
    assert report["summary"] == {
        "errors": 1,
        "warnings": 0,
        "messagesProcessed": 2,
        "messagesAccepted": 1,
        "messagesInvalid": 1,
    }
    (issue,) = report["issues"]
    assert (issue["messageId"], issue["sku"], issue["code"]) == (2, "NONE", "13013")
    assert seller.attribute(LAMP, "purchasable_offer") == [offer(20)]


def test_feeds_of_a_site_run_one_at_a_time_in_order(timed, clock, connect, message, offer):
    seller = connect(timed)
    first = seller.submit([message(1, LAMP, "purchasable_offer", offer(20))])
    second = seller.submit([message(1, LAMP, "purchasable_offer", offer(21))])
    other = seller.submit([message(1, LAMP, "purchasable_offer", offer(22, site=FR))], FR)
    clock.pass_by(35)
    states = [seller.feed(one)["processingStatus"] for one in (first, second, other)]
    assert states == ["IN_PROGRESS", "IN_QUEUE", "IN_PROGRESS"]
    clock.pass_by(60)
    states = [seller.feed(one)["processingStatus"] for one in (first, second, other)]
    assert states == ["DONE", "IN_PROGRESS", "DONE"]
    clock.pass_by(60)
    assert seller.feed(second)["processingStatus"] == "DONE"
    assert seller.attribute(LAMP, "purchasable_offer") == [offer(21)]


def test_a_feed_can_be_cancelled_while_it_waits(timed, clock, connect, message, offer):
    seller = connect(timed)
    waiting = seller.submit([message(1, LAMP, "purchasable_offer", offer(20))])
    assert seller.call("DELETE", f"{PATH}/{waiting}").status_code == 200
    assert seller.feed(waiting)["processingStatus"] == "CANCELLED"
    running = seller.submit([message(1, LAMP, "purchasable_offer", offer(21))])
    clock.pass_by(40)
    assert seller.call("DELETE", f"{PATH}/{running}").status_code == 400
    clock.pass_by(60)
    assert seller.attribute(LAMP, "purchasable_offer") == [offer(21)]


def test_documents_and_urls_expire(timed, clock, connect):
    seller = connect(timed)
    created = seller.call("POST", "/feeds/2021-06-30/documents", json={"contentType": "text/plain"}).json()
    clock.pass_by(301)
    late = seller.http.put(created["url"], content=b"x", headers={"content-type": "text/plain"})
    assert (late.status_code, "Request has expired" in late.text) == (403, True)
    document = seller.upload(b"{}")
    clock.pass_by(2 * 86400 + 1)
    seller.token = seller.refresh()
    refused = seller.create_feed(document)
    assert (refused.status_code, "expired" in refused.text) == (400, True)


def test_an_upload_must_be_exactly_the_one_that_was_signed(seller):
    created = seller.call("POST", "/feeds/2021-06-30/documents", json={"contentType": "application/json"}).json()
    url, good = created["url"], {"content-type": "application/json"}
    for headers in ({"content-type": "application/json; charset=UTF-8"}, {}):
        refused = seller.http.put(url, content=b"{}", headers=headers)
        assert (refused.status_code, "SignatureDoesNotMatch" in refused.text) == (403, True)
        assert refused.headers["content-type"].startswith("application/xml")
    assert seller.http.put(url + "0", content=b"{}", headers=good).status_code == 403
    assert seller.http.put(url, content=b"{}", headers=good | {"x-amz-access-token": seller.token}).status_code == 400
    assert seller.http.get(url).status_code == 403
    assert seller.http.delete(url).status_code == 405
    assert seller.http.put(url, content=b"{}", headers=good).status_code == 200


def test_create_feed_refuses_what_it_cannot_take(seller, connect):
    document = seller.upload(b"{}")
    empty = seller.call("POST", "/feeds/2021-06-30/documents", json={"contentType": "a"}).json()["feedDocumentId"]
    several = seller.create_feed(document, marketplaceIds=[DE, FR])
    assert several.status_code == 400
    message = "Too many 'marketplaceIds' values provided. Expected a maximum of 1."
    assert several.json()["errors"][0]["message"] == message
    assert seller.create_feed("unknown").status_code == 400
    assert seller.create_feed(empty).status_code == 400
    assert seller.create_feed(seller.upload(b"")).status_code == 400
    assert seller.create_feed(document, "A1NOWHERE").status_code == 400
    assert seller.create_feed(document, feedType="MY_FEED").status_code == 400
    assert connect(seller.server, "A9OTHER").create_feed(document).status_code == 400


def test_legacy_feed_types_end_fatal(seller):
    created = seller.create_feed(seller.upload(b"<xml/>"), feedType="POST_PRODUCT_PRICING_DATA")
    feed = seller.wait(created.json()["feedId"])
    assert feed["processingStatus"] == "FATAL"
    assert "resultFeedDocumentId" not in feed


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{", "4002008"),
        (b"\xff\xfe", "4002008"),
        (b"[]", "4002008"),
        (b'{"header": {"sellerId": "A2EXAMPLE", "version": "2.0"}, "messages": []}', "4002008"),
        (b'{"header": {"sellerId": "A2EXAMPLE", "version": "2.0"}, "messages": {}}', "4002008"),
        (b'{"header": {"sellerId": "A2EXAMPLE", "version": "2.0"}, "messages": [1e99999999999999999999]}', "4002008"),
        (b'{"messages": ["' + b"x" * (10 * 1024 * 1024) + b'"]}', "4002008"),
        (
            b'{"header": {"sellerId": "A2EXAMPLE", "version": "2.0"}, "messages": [' + b"0," * 25_000 + b"0]}",
            "4002008",
        ),
    ],
)
def test_a_document_that_cannot_be_read_is_fatal_with_a_report(seller, content, code):
    feed = seller.wait(seller.create_feed(seller.upload(content)).json()["feedId"])
    assert feed["processingStatus"] == "FATAL"
    report = seller.report_of(feed)
    assert [issue["code"] for issue in report["issues"]] == [code]
    assert "messageId" not in report["issues"][0]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, "4002005"),
        ({"sellerId": 1, "version": "2.0"}, "4002005"),
        ({"sellerId": "A2EXAMPLE", "version": "1.1"}, "4002006"),
        ({"sellerId": "A9OTHER", "version": "2.0"}, "BAD_REQUEST"),
        ({"sellerId": "A2EXAMPLE", "version": "2.0", "report": {"includedData": []}}, "4002005"),
    ],
)
def test_a_wrong_header_accepts_nothing(seller, message, offer, header, code):
    report = seller.run([message(1, LAMP, "purchasable_offer", offer(20))], header=header)
    assert [issue["code"] for issue in report["issues"]] == [code]
    assert report["summary"]["messagesAccepted"] == 0
    assert seller.attribute(LAMP, "purchasable_offer") != [offer(20)]


def test_each_message_is_judged_by_itself(seller, message, offer):
    report = seller.run(
        [
            message(1, LAMP, "purchasable_offer", offer(20)),
            message(1, LAMP, "purchasable_offer", offer(21)),
            message(0, LAMP, "purchasable_offer", offer(22)),
            message(3, "", "purchasable_offer", offer(23)),
            {"messageId": 4, "sku": LAMP, "operationType": "DELETE", "productType": "LAMP"},
            message(5, LAMP, "purchasable_offer", offer(24, currency="USD")),
            7,
        ]
    )
    codes = [(issue.get("messageId"), issue["code"]) for issue in report["issues"]]
    assert codes == [
        (1, "4002008"),
        (None, "4002008"),
        (3, "4002008"),
        (4, "4002008"),
        (5, "90244"),
        (None, "4002008"),
    ]
    assert report["summary"]["messagesProcessed"] == 7
    assert report["summary"]["messagesAccepted"] == 1
    assert seller.attribute(LAMP, "purchasable_offer") == [offer(20)]


def test_the_report_shows_items_where_the_header_asks(seller, message, offer):
    wanted = {"includedData": ["summaries", "offers", "issues"], "apiVersion": "2021-08-01"}
    header = {"sellerId": seller.id, "version": "2.0", "report": wanted}
    report = seller.run([message(1, LAMP, "purchasable_offer", offer(20))], header=header)
    assert report["header"]["report"] == wanted
    assert report["summary"]["itemSummary"] == {"items": 1, "errors": 0, "warnings": 0}
    assert report["items"][0]["offers"][0]["price"] == {"currencyCode": "EUR", "amount": "20"}


def test_amazons_own_example_is_understood(connect, models):
    text = (models.folder / "schemas" / "listings-feed-schema-v2.example.json").read_text(encoding="utf-8")
    document = json.loads(text)
    with SandboxServer(speed=5000) as server:
        seller = connect(server, document["header"]["sellerId"])
        report = seller.run(document["messages"], "ATVPDKIKX0DER", header=document["header"])
    assert report["summary"]["messagesProcessed"] == len(document["messages"])
    assert all(issue["code"] != "4002008" for issue in report["issues"])


def test_a_report_can_be_had_with_a_content_encoding(seller, message, offer):
    feed = seller.wait(seller.submit([message(1, LAMP, "purchasable_offer", offer(20))]))
    path = f"/feeds/2021-06-30/documents/{feed['resultFeedDocumentId']}"
    encoded = seller.call("GET", path, params={"enableContentEncodingUrlHeader": "true"}).json()
    got = seller.http.get(encoded["url"])
    assert got.headers["content-encoding"] == "gzip"
    assert got.json()["summary"]["messagesAccepted"] == 1
    plain = seller.http.get(seller.call("GET", path).json()["url"])
    assert "content-encoding" not in plain.headers
    assert json.loads(gzip.decompress(plain.content)) == got.json()
    assert seller.http.get(encoded["url"].replace("gzip", "")).status_code == 403


@pytest.mark.parametrize("document_id", ["amzn1.spdoc.1.4.eu.x", "product-type-schema-x"])
def test_documents_of_other_apis_are_no_feed_documents(document_id):
    state = State()
    faults = Faults()
    feeds = Feeds(state, Queues(state), Quotas(state.timing, state.storage), faults, Links(state))
    state.put_document(Document(document_id, "S", "text", state.now()), b"x")
    with pytest.raises(ApiError) as caught:
        feeds.get_document(Call("S", {"feedDocumentId": document_id}, {}, None, "http://x"))
    assert caught.value.status == 404
    body = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [DE], "inputFeedDocumentId": document_id}
    with pytest.raises(ApiError) as caught:
        feeds.create(Call("S", {}, {}, body, "http://x"))
    assert caught.value.status == 400


def test_finding_feeds_filters_and_pages(timed, clock, connect, message, offer):
    seller = connect(timed)
    made = [seller.submit([message(1, LAMP, "purchasable_offer", offer(20))]) for _ in range(3)]
    made.append(seller.submit([message(1, LAMP, "purchasable_offer", offer(20, site=FR))], FR))
    seller.call("DELETE", f"{PATH}/{made[0]}")

    def find(**query):
        answer = seller.call("GET", PATH, params={"feedTypes": "JSON_LISTINGS_FEED"} | query).json()
        return [feed["feedId"] for feed in answer["feeds"]], answer.get("nextToken")

    assert find() == ([], None)  # they are known by id, but the list lags
    clock.pass_by(20)
    assert find() == (made[::-1], None)
    assert find(marketplaceIds=FR)[0] == [made[3]]
    assert find(processingStatuses="CANCELLED,DONE")[0] == [made[0]]
    clock.pass_by(10)
    later = seller.upload(b"{}")
    made.append(seller.create_feed(later, FR).json()["feedId"])
    since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(clock() - 5))
    assert find()[0] == made[3::-1]
    clock.pass_by(20)
    assert find(createdSince=since)[0] == [made[4]]
    assert find(createdUntil=since)[0] == made[3::-1]
    page, following = find(pageSize="2")
    assert page == made[:2:-1]
    answer = seller.call("GET", PATH, params={"nextToken": following}).json()
    assert [feed["feedId"] for feed in answer["feeds"]] == [made[2], made[1]]
    last = seller.call("GET", PATH, params={"nextToken": answer["nextToken"]}).json()
    assert ([feed["feedId"] for feed in last["feeds"]], "nextToken" in last) == ([made[0]], False)
    assert connect(timed, "A9OTHER").call("GET", PATH, params={"feedTypes": "JSON_LISTINGS_FEED"}).json()["feeds"] == []


@pytest.mark.timeout(120)
def test_a_feed_of_two_thousand_messages_takes_well_under_a_second(connect, message, offer):
    rows = [
        {
            "seller_id": "S",
            "marketplace_id": DE,
            "sku": f"SKU-{number}",
            "product_type": "LAMP",
            "attributes": {"purchasable_offer": [offer(10)], "item_name": [{"value": f"Lampe {number}"}]},
        }
        for number in range(14_000)
    ]
    with SandboxServer(speed=5000, seed=rows) as server:
        seller = connect(server, "S")
        messages = [message(n + 1, f"SKU-{n}", "purchasable_offer", offer(exact.loads("11.49"))) for n in range(2000)]
        report = seller.run(messages)
        assert report["summary"]["messagesAccepted"] == 2000
        skus = ",".join(f"SKU-{number}" for number in range(20))
        query = {"marketplaceIds": DE, "identifiersType": "SKU", "identifiers": skus, "pageSize": 20}
        query["includedData"] = "attributes,issues"
        found = seller.call("GET", "/listings/2021-08-01/items/S", params=query)
        assert len(found.json()["items"]) == 20
        assert '"value_with_tax":11.49' in found.text


def test_the_server_answers_on_loopback_only(server):
    assert server.url.startswith("http://127.0.0.1:")
    assert server.auth_url == server.url + "/auth/o2/token"
    assert httpx2.get(server.url + "/_sandbox/log").status_code == 200


def test_quantities_of_a_feed_apply_before_its_prices(timed, clock, connect, message, offer):
    seller = connect(timed)
    before = seller.attribute(LAMP, "purchasable_offer")

    def both(message_id, sku, price, quantity):
        made = message(message_id, sku, "purchasable_offer", offer(price))
        stock = {"fulfillment_channel_code": "DEFAULT", "quantity": quantity}
        made["patches"].append({"op": "replace", "path": "/attributes/fulfillment_availability", "value": [stock]})
        return made

    feed_id = seller.submit([both(1, LAMP, 20, 77), both(2, "ACORN-KETTLE", -1, 66)])
    clock.pass_by(31)
    assert seller.feed(feed_id)["processingStatus"] == "IN_PROGRESS"
    assert seller.attribute(LAMP, "fulfillment_availability")[0]["quantity"] == 12
    clock.pass_by(30)
    assert seller.feed(feed_id)["processingStatus"] == "IN_PROGRESS"
    assert seller.attribute(LAMP, "fulfillment_availability", FR)[0]["quantity"] == 77
    assert seller.attribute(LAMP, "purchasable_offer") == before
    assert seller.attribute("ACORN-KETTLE", "fulfillment_availability")[0]["quantity"] == 40
    timed.stage("orders", {"seller_id": seller.id, "marketplace_id": DE, "sku": LAMP, "quantity": 2})
    clock.pass_by(60)
    feed = seller.feed(feed_id)
    assert feed["processingStatus"] == "DONE"
    assert seller.attribute(LAMP, "purchasable_offer") == [offer(20)]
    assert seller.attribute(LAMP, "fulfillment_availability")[0]["quantity"] == 75
    report = seller.report_of(feed)
    assert (report["summary"]["messagesAccepted"], report["summary"]["messagesInvalid"]) == (1, 1)
    assert seller.attribute("ACORN-KETTLE", "fulfillment_availability")[0]["quantity"] == 40


@pytest.mark.timeout(120)
def test_feeds_of_the_largest_size_are_processed_in_seconds(connect, message, offer, tmp_path):
    """200,000 changes are eight such feeds; the time of each must not grow with the catalogue or with those before."""

    def catalogue():
        for number in range(50_000):
            attributes = {"purchasable_offer": [offer(10)], "item_name": [{"value": f"Lampe {number}"}]}
            yield {
                "seller_id": "S",
                "marketplace_id": DE,
                "sku": f"SKU-{number}",
                "product_type": "LAMP",
                "attributes": attributes,
            }

    storage = Storage(tmp_path / "state.db")
    now = Clock()
    state = State(storage, Timing(now=now))
    plant(state, catalogue())
    queues, took = Queues(state), []
    for first in (0, 25_000):
        messages = [message(n + 1, f"SKU-{first + n}", "purchasable_offer", offer(11)) for n in range(25_000)]
        started = time.process_time()
        feed = queues.add_foreign("S", DE, messages)
        now.pass_by(3600)
        queues.advance()
        queues.advance()
        storage.commit()
        took.append(time.process_time() - started)
        assert (feed.status, feed.messages) == ("DONE", 25_000)
    storage.close()
    assert max(took) < 15, took
    assert took[-1] < 4 * took[0], took
