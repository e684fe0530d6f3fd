from __future__ import annotations

import time

import httpx2
import pytest
from acorn_sandbox.faults import Faults
from acorn_sandbox.server import SandboxServer

DE = "A1PA6795UKMFR9"
LAMP = "ACORN-LAMP"
PATH = "/sellers/v1/marketplaceParticipations"
ASKED = "getMarketplaceParticipations"


@pytest.mark.parametrize(("kind", "status", "code"), [("429", 429, "QuotaExceeded"), ("500", 500, "InternalFailure"), ("503", 503, "ServiceUnavailable")])  # fmt: skip
def test_error_answers(seller, kind, status, code):
    seller.server.add_faults({"operation": ASKED, "kind": kind, "times": 2})
    for _ in range(2):
        response = seller.call("GET", PATH)
        assert (response.status_code, response.json()["errors"][0]["code"]) == (status, code)
    assert seller.call("GET", PATH).status_code == 200
    assert [entry["status"] for entry in seller.server.log() if entry["operation"] == ASKED] == [status, status, 200]


def test_html_instead_of_json(seller):
    seller.server.add_faults({"operation": ASKED, "kind": "html400", "times": 1})
    response = seller.call("GET", PATH)
    assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (400, "text/html")


def test_a_reset_connection_has_no_effect(seller, offer):
    seller.server.add_faults({"operation": "patchListingsItem", "kind": "reset", "times": 1})
    with pytest.raises(httpx2.TransportError):
        seller.replace(LAMP, "purchasable_offer", offer(20))
    assert seller.attribute(LAMP, "purchasable_offer") != [offer(20)]
    entry = next(one for one in seller.server.log() if one["operation"] == "patchListingsItem")
    assert (entry["status"], entry["fault"]) == (0, "reset")


def test_a_lost_answer_had_its_effect(seller, offer):
    document = seller.upload(b"{}")
    seller.server.add_faults(
        {"operation": "createFeed", "kind": "lost_answer", "times": 1},
        {"operation": "patchListingsItem", "kind": "lost_answer", "times": 1},
    )
    with pytest.raises(httpx2.TransportError):
        seller.create_feed(document)
    with pytest.raises(httpx2.TransportError):
        seller.replace(LAMP, "purchasable_offer", offer(20))
    assert seller.attribute(LAMP, "purchasable_offer") == [offer(20)]
    time.sleep(0.05)  # the list of feeds lags
    found = seller.call("GET", "/feeds/2021-06-30/feeds", params={"feedTypes": "JSON_LISTINGS_FEED"})
    assert len(found.json()["feeds"]) == 1
    lost = [one for one in seller.server.log() if one.get("fault") == "lost_answer"]
    assert [(one["operation"], one["status"]) for one in lost] == [("createFeed", 202), ("patchListingsItem", 200)]


def test_a_timeout_and_a_slow_answer(seller):
    seller.server.add_faults({"operation": ASKED, "kind": "timeout", "times": 1})
    with pytest.raises(httpx2.TimeoutException):
        seller.call("GET", PATH, timeout=0.3)
    seller.server.add_faults({"operation": ASKED, "kind": "slow", "times": 1, "seconds": 0.3})
    started = time.monotonic()
    assert seller.call("GET", PATH).status_code == 200
    assert time.monotonic() - started >= 0.3


def test_a_revoked_token_stays_revoked_until_a_new_one(seller):
    seller.server.add_faults({"operation": ASKED, "kind": "revoked_token", "times": 1})
    assert [seller.call("GET", PATH).status_code for _ in range(2)] == [403, 403]
    seller.token = seller.refresh()
    assert seller.call("GET", PATH).status_code == 200


def test_a_missing_role_is_denied_for_its_operation_only(seller):
    seller.server.add_faults({"operation": ASKED, "kind": "403", "times": 2})
    for _ in range(2):
        response = seller.call("GET", PATH)
        assert (response.status_code, response.json()["errors"][0]["code"]) == (403, "Unauthorized")
    assert seller.get_item(LAMP).status_code == 200
    assert seller.call("GET", PATH).status_code == 200


def test_faults_and_quotas_survive_a_restart(tmp_path, connect):
    state = tmp_path / "state.db"
    with SandboxServer(state=state, speed=0.01) as server:
        seller = connect(server)
        server.add_faults({"operation": ASKED, "kind": "500", "times": 3}, {"operation": "createFeed", "kind": "stuck"})
        assert [seller.call("GET", PATH).status_code for _ in range(2)] == [500, 500]
        path = "/feeds/2021-06-30/feeds/1"
        assert [seller.call("GET", path).status_code for _ in range(15)] == [404] * 15
    with SandboxServer(state=state, speed=0.01) as server:
        again = connect(server)
        assert [again.call("GET", PATH).status_code for _ in range(2)] == [500, 200]
        assert again.call("GET", path).status_code == 429
        (listed,) = again.http.get(server.url + "/_sandbox/faults").json()
        assert (listed["kind"], listed["times"]) == ("stuck", None)
        server.clear_faults()
    with SandboxServer(state=state) as server:
        assert httpx2.get(server.url + "/_sandbox/faults").json() == []


def test_login_with_amazon_can_fail_too(seller):
    form = {"grant_type": "refresh_token", "refresh_token": "Atzr|A", "client_id": "c", "client_secret": "s"}
    for kind, status, error in (
        ("503", 503, "temporarily_unavailable"),
        ("revoked_token", 400, "invalid_grant"),
        ("403", 400, "unauthorized_client"),
        ("invalid_client", 401, "invalid_client"),
    ):
        seller.server.add_faults({"operation": "token", "kind": kind, "times": 1})
        response = seller.http.post(seller.server.auth_url, data=form)
        assert (response.status_code, response.json()["error"]) == (status, error)


def test_feeds_can_end_badly(seller, message, offer):
    def run(kind, **more):
        seller.server.add_faults({"operation": "createFeed", "kind": kind, "times": 1, **more})
        return seller.submit(
            [message(1, LAMP, "purchasable_offer", offer(20)), message(2, "ACORN-CASE", "purchasable_offer", offer(20))]
        )

    feed = seller.wait(run("fatal"))
    assert (feed["processingStatus"], "resultFeedDocumentId" in feed) == ("FATAL", False)
    assert seller.attribute(LAMP, "purchasable_offer") == [offer(20)]
    assert seller.attribute("ACORN-CASE", "purchasable_offer") != [offer(20)]
    assert seller.wait(run("cancelled"))["processingStatus"] == "CANCELLED"
    feed = seller.wait(run("no_effect"))
    assert seller.report_of(feed)["summary"]["messagesAccepted"] == 2
    assert seller.attribute("ACORN-CASE", "purchasable_offer") != [offer(20)]
    feed = seller.wait(run("truncated_report"))
    with pytest.raises(ValueError, match="Unterminated|Expecting"):
        seller.report_of(feed)
    stuck = run("stuck", share=1.0)
    after = seller.wait(seller.submit([message(1, LAMP, "brand", {"value": "A"})]))
    assert after["processingStatus"] == "DONE"
    assert seller.feed(stuck)["processingStatus"] == "IN_PROGRESS"


def test_an_accepted_patch_without_effect(seller, offer):
    seller.server.add_faults({"operation": "patchListingsItem", "kind": "no_effect", "times": 1})
    assert seller.replace(LAMP, "purchasable_offer", offer(20)).json()["status"] == "ACCEPTED"
    assert seller.attribute(LAMP, "purchasable_offer") != [offer(20)]


def test_urls_that_are_expired_and_reports_that_break_off(seller, message, offer):
    seller.server.add_faults({"operation": "createFeedDocument", "kind": "expired_url", "times": 1})
    created = seller.call("POST", "/feeds/2021-06-30/documents", json={"contentType": "a"}).json()
    assert seller.http.put(created["url"], content=b"x", headers={"content-type": "a"}).status_code == 403
    feed = seller.wait(seller.submit([message(1, LAMP, "purchasable_offer", offer(20))]))
    path = f"/feeds/2021-06-30/documents/{feed['resultFeedDocumentId']}"
    seller.server.add_faults({"operation": "downloadDocument", "kind": "expired_url", "times": 1})
    url = seller.call("GET", path).json()["url"]
    assert [seller.http.get(url).status_code for _ in range(2)] == [403, 200]
    seller.server.add_faults({"operation": "getFeedDocument", "kind": "truncated_report", "times": 1})
    with pytest.raises(ValueError, match="Unterminated|Expecting"):
        seller.report_of(feed)
    assert seller.report_of(feed)["summary"]["messagesAccepted"] == 1


def test_faults_can_be_of_one_account_seen_and_cleared(seller, connect):
    other = connect(seller.server, "A9OTHER")
    seller.server.add_faults({"operation": "*", "kind": "500", "account": "A9OTHER"})
    assert other.call("GET", PATH).status_code == 500
    assert seller.call("GET", PATH).status_code == 200
    (listed,) = seller.http.get(seller.server.url + "/_sandbox/faults").json()
    assert (listed["kind"], listed["account"]) == ("500", "A9OTHER")
    seller.server.clear_faults()
    assert other.call("GET", PATH).status_code == 200


def test_a_probability_is_kept():
    faults = Faults(seed=7)
    faults.add({"operation": "x", "kind": "500", "probability": 0.2})
    struck = sum(faults.strike("x", frozenset({"500"}), None) is not None for _ in range(2000))
    assert 300 < struck < 500


@pytest.mark.parametrize(
    "fault",
    [
        {},
        7,
        {"kind": "explode"},
        {"kind": "500", "time": 3},
        {"kind": "invalid_client", "operation": "createFeed"},
        {"kind": "500", "times": 0},
        {"kind": "500", "times": "3"},
        {"kind": "500", "probability": 2},
        {"kind": "500", "probability": "often"},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(refusing, fault):
    response = httpx2.post(refusing.url + "/_sandbox/faults", json=[fault])
    assert response.status_code == 400
    assert httpx2.get(refusing.url + "/_sandbox/faults").json() == []


def test_the_sandboxes_own_paths(refusing):
    assert httpx2.get(refusing.url + "/_sandbox/nothing").status_code == 404
    assert httpx2.put(refusing.url + "/_sandbox/log").status_code == 405
    assert httpx2.get(refusing.url + "/_sandbox/listings?market=x").status_code == 400
    assert httpx2.get(refusing.url + "/_sandbox/listings?marketplace_id=x").status_code == 400
    assert httpx2.post(refusing.url + "/_sandbox/faults", content=b"{").status_code == 400
    shown = httpx2.get(refusing.url + f"/_sandbox/listings?marketplace_id={DE}&sku={LAMP}").json()
    assert [set(one) for one in shown] == [
        {"seller_id", "marketplace_id", "sku", "product_type", "attributes", "issues"}
    ]
