"""The client against a scripted Amazon; every request and answer is judged by Amazon's models."""

from __future__ import annotations

import gzip
import json
import threading
from dataclasses import replace
from datetime import UTC, datetime

import httpx2
import pytest
from acorn_amazon.marketplace import AmazonMarketplace
from acorn_amazon.operations import OPERATIONS

from acorn_engine.marketplace import READ_SCHEMA, MarketplaceError, UnansweredError

API = "http://127.0.0.1:9"
SINCE = datetime(2026, 11, 23, 12, 0, 0, 500_000, tzinfo=UTC)
STORAGE = f"{API}/storage/1?X-Amz-Signature=beefcafe"
BUSY = (503, {"errors": [{"code": "ServiceUnavailable", "message": "busy"}]})
THROTTLED = (429, {"errors": [{"code": "QuotaExceeded", "message": "You exceeded your quota."}]})
DENIED = (403, {"errors": [{"code": "Unauthorized", "message": "Access to requested resource is denied."}]})
LOST = [
    httpx2.ReadTimeout("slow"),
    httpx2.ReadError("reset"),
    httpx2.RemoteProtocolError("peer closed connection"),
    httpx2.WriteError("reset"),
    httpx2.WriteTimeout("slow"),
]
NEVER_SENT = [httpx2.ConnectError("refused"), httpx2.ConnectTimeout("slow"), httpx2.PoolTimeout("full")]


def feed(number, status="DONE", created="2026-11-23T12:00:01Z", **more):
    return {
        "feedId": str(number),
        "feedType": "JSON_LISTINGS_FEED",
        "createdTime": created,
        "processingStatus": status,
    } | more


DOCUMENT = (201, {"feedDocumentId": "doc-1", "url": STORAGE})


# upload


def test_upload_puts_the_very_bytes_with_the_very_content_type_and_no_token(amazon, connection):
    amazon.on("createFeedDocument", DOCUMENT)
    amazon.other_script = [(200, b"")]
    assert connection.upload(b'{"x":"\xc3\xa9"}') == "doc-1"
    (put,) = amazon.other
    assert put.method == "PUT"
    assert put.content == b'{"x":"\xc3\xa9"}'
    assert put.headers["content-type"] == amazon.calls("createFeedDocument")[0][3]["contentType"]
    assert "content-encoding" not in put.headers
    assert str(put.url) == STORAGE


def test_a_failed_upload_takes_a_new_address(amazon, connection):
    amazon.on("createFeedDocument", DOCUMENT, (201, {"feedDocumentId": "doc-2", "url": STORAGE}))
    amazon.other_script = [
        (403, b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"),
        (200, b""),
    ]
    assert connection.upload(b"{}") == "doc-2"


def test_an_upload_that_never_works_is_a_plain_error(amazon, connection):
    amazon.on("createFeedDocument", DOCUMENT)
    amazon.other_script = [httpx2.ReadTimeout("slow")] * 3
    with pytest.raises(MarketplaceError, match="no whole answer came back") as caught:
        connection.upload(b"{}")
    assert not isinstance(caught.value, UnansweredError)
    assert caught.value.retryable
    assert "beefcafe" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://example.com/steal", "file:///etc/passwd"])
def test_an_upload_address_in_the_clear_is_not_used(amazon, connection, url):
    amazon.on("createFeedDocument", (201, {"feedDocumentId": "doc-1", "url": url}))
    with pytest.raises(MarketplaceError, match="not an https address"):
        connection.upload(b"{}")
    assert amazon.other == []


# submit


def test_submit_names_one_marketplace(amazon, connection, de):
    amazon.on("createFeed", (202, {"feedId": "77"}))
    assert connection.submit(de, "doc-1") == "77"
    assert amazon.calls("createFeed")[0][3] == {
        "feedType": "JSON_LISTINGS_FEED",
        "marketplaceIds": ["A1PA6795UKMFR9"],
        "inputFeedDocumentId": "doc-1",
    }


@pytest.mark.parametrize(
    "answer",
    [
        *LOST,
        BUSY,
        (500, b""),
        (502, b"<html>bad gateway</html>"),
        (400, b"<html>bad request</html>"),
        (504, b""),
        (408, b""),
        (202, b'{"feed'),
        (202, b"{}"),
        (202, b""),
    ],
    ids=repr,
)
def test_a_lost_answer_to_submit_is_unanswered_and_never_sent_again(amazon, connection, de, answer):
    amazon.on("createFeed", answer)
    with pytest.raises(UnansweredError, match="may or may not have taken effect") as caught:
        connection.submit(de, "doc-1")
    assert len(amazon.calls("createFeed")) == 1
    assert not caught.value.retryable


@pytest.mark.parametrize("answer", NEVER_SENT, ids=repr)
def test_a_submit_that_never_left_is_no_unanswered_one(amazon, connection, de, answer):
    amazon.on("createFeed", answer)
    with pytest.raises(MarketplaceError, match="nothing was sent") as caught:
        connection.submit(de, "doc-1")
    assert not isinstance(caught.value, UnansweredError)
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)
    assert len(amazon.calls("createFeed")) == 1


def test_a_throttled_submit_had_no_effect_and_is_handed_back(amazon, connection, de):
    amazon.on("createFeed", THROTTLED)
    with pytest.raises(MarketplaceError, match="429 QuotaExceeded: You exceeded your quota") as caught:
        connection.submit(de, "doc-1")
    assert not isinstance(caught.value, UnansweredError)
    assert (caught.value.code, caught.value.retryable, caught.value.request_id) == ("throttled", True, "request-1")
    assert len(amazon.calls("createFeed")) == 1
    with pytest.raises(MarketplaceError, match="the call was not made") as caught:
        connection.submit(de, "doc-1")
    assert len(amazon.calls("createFeed")) == 1
    assert caught.value.retry_after > 60


def test_a_refused_submit_says_why(amazon, connection, de):
    words = "Too many 'marketplaceIds' values provided. Expected a maximum of 1."
    amazon.on("createFeed", (400, {"errors": [{"code": "InvalidInput", "message": words}]}))
    with pytest.raises(MarketplaceError, match="Expected a maximum of 1") as caught:
        connection.submit(de, "doc-1")
    assert caught.value.code == "invalid"


def test_an_expired_token_is_renewed_once_even_for_submit(amazon, connection, de):
    amazon.on("createFeed", DENIED, (202, {"feedId": "77"}))
    assert connection.submit(de, "doc-1") == "77"
    assert len(amazon.logins) == 2
    tokens = [entry[4].headers["x-amz-access-token"] for entry in amazon.calls("createFeed")]
    assert tokens == ["Atza|token1", "Atza|token2"]


def test_a_real_denial_is_told_once(amazon, connection, de):
    amazon.on("createFeed", DENIED)
    with pytest.raises(MarketplaceError, match="Access to requested resource is denied") as caught:
        connection.submit(de, "doc-1")
    assert (caught.value.code, caught.value.status) == ("unauthorized", 403)
    assert len(amazon.calls("createFeed")) == 2


@pytest.mark.parametrize("login", [(400, b"<html>bad request</html>"), (404, b""), (429, b""), (400, {"error": "odd"})])
def test_what_the_login_says_is_no_verdict_on_the_operation(amazon, connection, de, login):
    amazon.login_script = [login] * 3
    with pytest.raises(MarketplaceError, match="createFeed was not sent: login: Amazon answered") as caught:
        connection.submit(de, "doc-1")
    assert not isinstance(caught.value, UnansweredError)
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)
    assert caught.value.who
    assert amazon.seen == []


def test_a_login_is_tried_again_after_an_answer_of_the_edge(amazon, connection):
    amazon.login_script = [(400, b"<html>bad request</html>")]
    amazon.on("getFeed", (400, b"<html>bad request</html>"), (200, feed(5)))
    assert connection.poll("5").id == "5"


def test_without_a_token_nothing_is_submitted(amazon, connection, de):
    amazon.login_script = [httpx2.ReadTimeout("slow")] * 3
    with pytest.raises(MarketplaceError) as caught:
        connection.submit(de, "doc-1")
    assert not isinstance(caught.value, UnansweredError)
    assert amazon.seen == []


def test_redirects_are_not_followed(amazon, connection):
    amazon.on("getFeed", lambda _: (302, b"", {"location": "https://evil.example/"}))
    with pytest.raises(MarketplaceError, match="302") as caught:
        connection.poll("1")
    assert caught.value.code == "redirected"
    assert len(amazon.seen) == 1


# poll and recent


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("IN_QUEUE", "queued"),
        ("IN_PROGRESS", "running"),
        ("DONE", "done"),
        ("CANCELLED", "cancelled"),
        ("FATAL", "fatal"),
    ],
)
def test_poll_knows_all_five_states(amazon, connection, status, state):
    amazon.on("getFeed", (200, feed(5, status, resultFeedDocumentId="r-5")))
    found = connection.poll("5")
    assert (found.id, found.state, found.report_id) == ("5", state, "r-5")
    assert found.created_at == datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)


def test_poll_is_tried_again_after_trouble(amazon, connection, waits):
    amazon.on("getFeed", BUSY, httpx2.ReadTimeout("slow"), (200, feed(5)))
    assert connection.poll("5").report_id is None
    assert len(amazon.calls("getFeed")) == 3
    assert waits == []


def test_poll_gives_up_in_the_end(amazon, connection):
    amazon.on("getFeed", BUSY)
    with pytest.raises(MarketplaceError, match="503 ServiceUnavailable"):
        connection.poll("5")
    assert len(amazon.calls("getFeed")) == 3


def test_retry_after_is_honoured_but_a_long_one_is_handed_back(amazon, connection):
    amazon.on("getFeed", (*THROTTLED, {"Retry-After": "0"}), (200, feed(5)))
    assert connection.poll("5").id == "5"
    amazon.script["getFeed"] = [(*THROTTLED, {"Retry-After": "3600"})]
    with pytest.raises(MarketplaceError) as caught:
        connection.poll("5")
    assert caught.value.retry_after == 3600
    assert len(amazon.calls("getFeed")) == 3


def test_what_is_not_found_or_not_understood_is_said(amazon, connection):
    amazon.on("getFeed", (404, {"errors": [{"code": "NotFound", "message": "no such feed"}]}))
    with pytest.raises(MarketplaceError) as caught:
        connection.poll("5")
    assert caught.value.code == "not_found"
    for body in ({"processingStatus": "FINISHED"}, {"createdTime": "yesterday"}, {"feedId": 5}):
        amazon.script["getFeed"] = [(200, json.dumps(feed(5) | body).encode())]
        with pytest.raises(MarketplaceError, match="not one of its own|no usable 'createdTime'|no usable 'feedId'"):
            connection.poll("5")


def test_feed_ids_are_escaped(amazon, connection):
    amazon.on("getFeed", (200, feed("a/../b?c")))
    assert connection.poll("a/../b?c").id == "a/../b?c"


def test_recent_pages_with_the_token_alone_and_returns_newest_first(amazon, connection, de):
    amazon.on(
        "getFeeds",
        (200, {"feeds": [feed(2, "IN_QUEUE"), feed(1, created="2026-11-23T12:00:00Z")], "nextToken": "t/=&"}),
        (200, {"feeds": [feed(3, created="2026-11-23T12:05:00Z"), feed(2), feed(0, created="2026-11-23T11:59:59Z")]}),
    )
    found = connection.recent(de, SINCE)
    assert [one.id for one in found] == ["3", "2", "1"]
    first, second = (entry[2] for entry in amazon.calls("getFeeds"))
    assert first == {
        "feedTypes": ["JSON_LISTINGS_FEED"],
        "marketplaceIds": ["A1PA6795UKMFR9"],
        "createdSince": "2026-11-23T12:00:00Z",
        "pageSize": 100,
    }
    assert second == {"nextToken": "t/=&"}


def test_an_endless_list_ends(amazon, connection, de, waits):
    amazon.on("getFeeds", (200, {"feeds": [], "nextToken": "t"}, {"x-amzn-RateLimit-Limit": "1000"}))
    with pytest.raises(MarketplaceError, match="more than 100 pages"):
        connection.recent(de, SINCE)
    assert sum(waits) < 5


# report


def report_text():
    counts = {"errors": 0, "warnings": 0, "messagesProcessed": 1, "messagesAccepted": 1, "messagesInvalid": 0}
    return json.dumps({"header": {}, "issues": [], "summary": counts}).encode()


def test_a_report_is_downloaded_unpacked_and_read(amazon, connection):
    amazon.on("getFeedDocument", (200, {"feedDocumentId": "r", "url": STORAGE, "compressionAlgorithm": "GZIP"}))
    amazon.other_script = [(200, gzip.compress(report_text()), {"content-type": "application/json; charset=UTF-8"})]
    found = connection.report("r")
    assert (found.accepted, found.complete) == (1, True)


def test_a_damaged_or_expired_download_is_tried_again(amazon, connection):
    amazon.on("getFeedDocument", (200, {"feedDocumentId": "r", "url": STORAGE, "compressionAlgorithm": "GZIP"}))
    packed = gzip.compress(report_text())
    amazon.other_script = [(200, packed[:-9]), (403, b"<Error/>"), (200, packed)]
    assert connection.report("r").complete
    assert len(amazon.calls("getFeedDocument")) == 3


def test_a_report_that_is_cut_off_is_no_success(amazon, connection):
    amazon.on("getFeedDocument", (200, {"feedDocumentId": "r", "url": STORAGE}))
    amazon.other_script = [(200, report_text()[:-5])]
    found = connection.report("r")
    assert (found.complete, found.accepted) == (False, 0)


def test_a_huge_answer_is_not_swallowed(amazon, connection):
    amazon.on("getFeed", (200, b"x" * (65 * 1024 * 1024)))
    with pytest.raises(MarketplaceError, match="larger than 64 MiB") as caught:
        connection.poll("5")
    assert caught.value.code == "too_large"


# patch

MESSAGE = (
    '{"sku":"ignored","operationType":"PATCH","productType":"LUGGAGE","patches":[{"op":"replace",'
    '"path":"/attributes/purchasable_offer","value":[{"our_price":[{"schedule":[{"value_with_tax":19.90}]}]}]}]}'
)


def test_patch_sends_the_message_digit_by_digit(amazon, connection, de):
    amazon.on("patchListingsItem", (200, {"sku": "A/B 箱,1", "status": "ACCEPTED", "submissionId": "s", "issues": []}))
    found = connection.patch(de, "A/B 箱,1", MESSAGE)
    assert (found.processed, found.accepted, found.invalid, found.complete) == (1, 1, 0, True)
    _, path, query, _, request = amazon.calls("patchListingsItem")[0]
    assert path == {"sellerId": "A2EXAMPLE", "sku": "A/B 箱,1"}
    assert query == {"marketplaceIds": ["A1PA6795UKMFR9"], "issueLocale": "en_US"}
    assert b'"value_with_tax":19.90}' in request.content
    assert set(json.loads(request.content)) == {"productType", "patches"}


def test_invalid_is_an_answer_with_issues(amazon, connection, de):
    issue = {"code": "90244", "message": "bad", "severity": "ERROR", "attributeNames": ["a", "b"], "categories": ["X"]}
    amazon.on("patchListingsItem", (200, {"sku": "S", "status": "INVALID", "submissionId": "s", "issues": [issue]}))
    found = connection.patch(de, "S", MESSAGE)
    assert (found.accepted, found.invalid) == (0, 1)
    (told,) = found.issues
    assert (told.code, told.severity, told.attribute, told.seller_sku) == ("90244", "error", "a, b", "S")


@pytest.mark.parametrize("answer", [LOST[0], (500, b""), (200, b"{}"), (200, b"{")], ids=repr)
def test_a_lost_answer_to_patch_is_unanswered(amazon, connection, de, answer):
    amazon.on("patchListingsItem", answer)
    with pytest.raises(UnansweredError):
        connection.patch(de, "S", MESSAGE)
    assert len(amazon.calls("patchListingsItem")) == 1


# read


def listing(sku):
    return {
        "sku": sku,
        "summaries": [
            {
                "marketplaceId": "A1PA6795UKMFR9",
                "productType": "LUGGAGE",
                "status": [],
                "createdDate": "2026-01-01T00:00:00Z",
                "lastUpdatedDate": "2026-01-01T00:00:00Z",
            }
        ],
        "attributes": {},
        "issues": [],
        "offers": [],
        "fulfillmentAvailability": [{"fulfillmentChannelCode": "DEFAULT", "quantity": 4}],
    }


def searched(*skus, **more):
    return (200, {"numberOfResults": len(skus), "items": [listing(sku) for sku in skus]} | more)


def answer_search(request):
    asked = httpx2.QueryParams(request.url.query)["identifiers"].split(",")
    return searched(*asked)


NOT_FOUND = (404, {"errors": [{"code": "NOT_FOUND", "message": "SKU not found"}]})


def test_read_takes_twenty_at_a_time_and_keeps_the_order(amazon, connection, de):
    amazon.on("searchListingsItems", answer_search)
    wanted = [f"S{number:02}" for number in range(45)]
    frame = connection.read(de, [*wanted, "S00"])
    assert frame.columns == list(READ_SCHEMA)
    assert set(frame.dtypes) == {frame["seller_sku"].dtype}
    assert frame["seller_sku"].to_list() == wanted
    calls = amazon.calls("searchListingsItems")
    assert [len(call[2]["identifiers"]) for call in calls] == [20, 20, 5]
    assert calls[0][2]["includedData"] == ["summaries", "attributes", "issues", "offers", "fulfillmentAvailability"]
    assert calls[0][2]["identifiersType"] == "SKU"
    assert calls[0][2]["pageSize"] == 20


def test_odd_skus_are_escaped_and_those_with_a_comma_are_read_alone(amazon, connection, de):
    odd = ["A/B", "a b", "箱-1", "x&y=z", "100%", "ü+#?"]
    amazon.on("searchListingsItems", searched(*odd))
    amazon.on("getListingsItem", (200, listing("one,two")), (200, listing(" pad")))
    frame = connection.read(de, [*odd, "one,two", " pad"])
    assert frame["seller_sku"].to_list() == [*odd, "one,two", " pad"]
    assert amazon.calls("searchListingsItems")[0][2]["identifiers"] == odd
    assert [call[1]["sku"] for call in amazon.calls("getListingsItem")] == ["one,two", " pad"]


def test_what_the_search_misses_is_asked_for_alone_and_may_not_exist(amazon, connection, de):
    amazon.on("searchListingsItems", searched("A", "someone else's"))
    amazon.on("getListingsItem", (200, listing("B")), NOT_FOUND)
    assert connection.read(de, ["A", "B", "C"])["seller_sku"].to_list() == ["A", "B"]


def test_a_search_that_is_refused_falls_back_to_single_reads(amazon, connection, de):
    amazon.on("searchListingsItems", (400, {"errors": [{"code": "InvalidInput", "message": "no"}]}))
    amazon.on("getListingsItem", (200, listing("A")))
    assert connection.read(de, ["A"]).height == 1


def test_a_search_may_have_pages(amazon, connection, de):
    amazon.on("searchListingsItems", searched("A", pagination={"nextToken": "p2"}), searched("B"))
    assert connection.read(de, ["A", "B"])["seller_sku"].to_list() == ["A", "B"]
    assert amazon.calls("searchListingsItems")[1][2]["pageToken"] == "p2"


def test_a_read_that_fails_is_an_error_not_an_absent_row(amazon, connection, de):
    amazon.on("searchListingsItems", BUSY)
    with pytest.raises(MarketplaceError):
        connection.read(de, ["A"])
    amazon.script["searchListingsItems"] = [searched()]
    amazon.on("getListingsItem", DENIED)
    with pytest.raises(MarketplaceError):
        connection.read(de, ["A"])


def test_another_listing_than_asked_for_is_not_believed(amazon, connection, de):
    amazon.on("searchListingsItems", searched())
    amazon.on("getListingsItem", (200, listing("B")))
    with pytest.raises(MarketplaceError, match="another SKU"):
        connection.read(de, ["A"])


def test_reading_nothing_asks_nothing(amazon, connection, de):
    frame = connection.read(de, [])
    assert frame.height == 0
    assert frame.columns == list(READ_SCHEMA)
    assert amazon.seen == []


# the account


def test_participations_are_those_in_which_the_seller_takes_part(amazon, connection):
    def entry(marketplace_id, *, taking_part):
        marketplace = {
            "id": marketplace_id,
            "name": "x",
            "countryCode": "DE",
            "defaultCurrencyCode": "EUR",
            "defaultLanguageCode": "de_DE",
            "domainName": "www.amazon.de",
        }
        participation = {"isParticipating": taking_part, "hasSuspendedListings": False}
        return {"marketplace": marketplace, "participation": participation, "storeName": "s"}

    payload = [entry("A1PA6795UKMFR9", taking_part=True), entry("A13V1IB3VIYZZH", taking_part=False)]
    amazon.on("getMarketplaceParticipations", (200, {"payload": payload}))
    assert connection.participations() == ["A1PA6795UKMFR9"]


def test_connecting_makes_no_request_and_shows_no_secret(amazon, account, credentials):
    opened = AmazonMarketplace().connect(account, credentials, {"transport": httpx2.MockTransport(amazon)})
    opened.close()
    assert amazon.logins == []
    assert "secret" not in repr(credentials)
    with pytest.raises(MarketplaceError, match="not an https address"):
        AmazonMarketplace().connect(replace(account, endpoint="http://example.com"), credentials, {})


def test_connections_of_one_account_share_their_quotas(account, credentials):
    marketplace = AmazonMarketplace()
    first, second = (marketplace.connect(account, credentials, {}) for _ in range(2))
    other = marketplace.connect(replace(account, seller_id="B"), credentials, {})
    poll = OPERATIONS["getFeed"]
    first.client.quotas.drain(poll)
    other.client.quotas.acquire(poll, 0)
    with pytest.raises(MarketplaceError, match="quota"):
        second.client.quotas.acquire(poll, 0)
    for one in (first, second, other):
        one.close()


def test_many_threads_log_in_once(amazon, connection):
    amazon.on("getFeed", (200, feed(5), {"x-amzn-RateLimit-Limit": "1000"}))
    failures = []

    def work():
        try:
            connection.poll("5")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(amazon.logins) == 1
