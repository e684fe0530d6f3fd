"""End to end over HTTP: upload, submit, poll, report and read against the sandbox."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from acorn_amazon.marketplace import AmazonMarketplace
from acorn_amazon.sites import SITES_BY_NAME
from acorn_sandbox.server import SandboxServer

from acorn_engine.marketplace import Account, Credentials, MarketplaceError, UnansweredError

SELLER = "A2EXAMPLE"
DE = SITES_BY_NAME["amazon.de"]
ODD = ["A/B", "a b", "箱-1", "one,two", "100%+ü#?&=", 'quo"te\\', "😀"]


def price(text):
    return [{"schedule": [{"value_with_tax": Decimal(text)}]}]


def seeds():
    for sku in ["S-1", "S-2", "FBA-1", *ODD]:
        offer = {
            "marketplace_id": DE.marketplace_id,
            "currency": "EUR",
            "audience": "ALL",
            "our_price": price("24.90"),
            "minimum_seller_allowed_price": price("10.00"),
            "start_at": {"value": "2025-02-19T17:30:35.898Z"},
            "map_price": price("20.10"),
        }
        business = {
            "marketplace_id": DE.marketplace_id,
            "currency": "EUR",
            "audience": "B2B",
            "our_price": price("23.10"),
            "quantity_discount_plan": [
                {"schedule": [{"discount_type": "fixed", "levels": [{"lower_bound": 5, "value": Decimal("21.10")}]}]}
            ],
        }
        channel = {"fulfillment_channel_code": "AMAZON_EU"}
        if sku != "FBA-1":
            channel = {
                "fulfillment_channel_code": "DEFAULT",
                "quantity": 7,
                "lead_time_to_ship_max_days": 2,
                "restock_date": "2026-12-24",
            }
        yield {
            "seller_id": SELLER,
            "marketplace_id": DE.marketplace_id,
            "sku": sku,
            "product_type": "LUGGAGE",
            "attributes": {
                "item_name": [{"value": "Koffer", "language_tag": "de_DE", "marketplace_id": DE.marketplace_id}],
                "purchasable_offer": [offer, business],
                "fulfillment_availability": [channel],
            },
        }


@pytest.fixture(scope="module")
def sandbox():
    with SandboxServer(seed=list(seeds()), speed=2000) as server:
        yield server


@pytest.fixture
def here(sandbox):
    return Account(
        name="eu",
        marketplace="amazon",
        seller_id=SELLER,
        sites=("amazon.de",),
        endpoint=sandbox.url,
        auth_endpoint=sandbox.auth_url,
    )


@pytest.fixture
def amazon():
    return AmazonMarketplace()


@pytest.fixture
def live(sandbox, here, amazon):
    secrets = Credentials("client", "secret", f"Atzr|{SELLER}")
    opened = amazon.connect(here, secrets, {"first_pause_seconds": 0.01, "timeout_seconds": 2})
    yield opened
    opened.close()
    sandbox.clear_faults()


def ended(connection, feed_id):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = connection.poll(feed_id)
        if found.state not in {"queued", "running"}:
            return found
        time.sleep(0.02)
    raise AssertionError("the feed did not end")


def sent(connection, amazon, here, frame):
    made = amazon.encode(frame, here, DE)
    document = amazon.document(list(enumerate(made["message"], start=1)), here, DE)
    feed = connection.submit(DE, connection.upload(document))
    found = ended(connection, feed)
    return found, connection.report(found.report_id)


def test_a_change_arrives_and_nothing_else_is_touched(live, amazon, here, offers, sandbox):
    before = live.read(DE, ["S-1"]).row(0, named=True)
    assert (before["price"], before["minimum_price"], before["quantity"], before["handling_days"]) == (
        "24.90",
        "10.00",
        "7",
        "2",
    )
    assert before["other_prices"] == '["23.10","21.10"]'
    change = {
        "seller_sku": "S-1",
        "product_type": before["product_type"],
        "fulfilment": before["fulfilment"],
        "price": "19.90",
        "sale_price": "17.50",
        "sale_from": "2026-11-20",
        "sale_to": "2026-12-01",
        "minimum_price": "15.00",
        "maximum_price": "30.00",
        "price_changed": True,
        "quantity": "9",
        "handling_days": "4",
        "attributes": '{"gpsr_safety_attestation": true, "item_name": "Köfferchen \\"XL\\" 箱"}',
        "neighbours": before["neighbours"],
    }
    found, report = sent(live, amazon, here, offers(change))
    assert found.state == "done"
    assert (report.accepted, report.invalid, report.complete, report.issues) == (1, 0, True, ())
    after = live.read(DE, ["S-1"]).row(0, named=True)
    for column in (
        "price",
        "sale_price",
        "sale_from",
        "sale_to",
        "minimum_price",
        "maximum_price",
        "quantity",
        "handling_days",
    ):
        assert after[column] == change[column], column
    assert after["neighbours"] == before["neighbours"]
    assert after["other_prices"] == before["other_prices"]
    (truth,) = sandbox.truth(sku="S-1")
    kept = truth["attributes"]["purchasable_offer"]
    assert {instance["audience"] for instance in kept} == {"ALL", "B2B"}
    ours = next(instance for instance in kept if instance["audience"] == "ALL")
    assert ours["map_price"] == price("20.10")
    assert str(ours["our_price"][0]["schedule"][0]["value_with_tax"]) == "19.90"
    shown = truth["attributes"]["item_name"][0]
    assert (shown["value"], shown["language_tag"]) == ('Köfferchen "XL" 箱', "de_DE")


def test_a_quantity_alone_leaves_handling_days(live, amazon, here, offers):
    _, report = sent(live, amazon, here, offers({"seller_sku": "S-2", "fulfilment": "merchant", "quantity": "0"}))
    assert report.accepted == 1
    after = live.read(DE, ["S-2"]).row(0, named=True)
    assert (after["quantity"], after["handling_days"], after["price"]) == ("0", "2", "24.90")


def test_every_odd_sku_is_read_patched_and_read_again(live, amazon, here, offers):
    frame = live.read(DE, [*ODD, "nobody's"])
    assert frame["seller_sku"].to_list() == ODD
    assert frame["price"].to_list() == ["24.90"] * len(ODD)
    rows = [
        {"seller_sku": sku, "price": "22.00", "price_changed": True, "neighbours": neighbours}
        for sku, neighbours in frame.select("seller_sku", "neighbours").iter_rows()
    ]
    for sku, message, _ in amazon.encode(offers(*rows), here, DE).iter_rows():
        report = live.patch(DE, sku, message)
        assert (report.accepted, report.issues) == (1, ())
    assert live.read(DE, ODD)["price"].to_list() == ["22.00"] * len(ODD)


def test_amazons_own_stock_is_recognised(live):
    row = live.read(DE, ["FBA-1"]).row(0, named=True)
    assert (row["fulfilment"], row["quantity"]) == ("amazon", None)


def test_what_amazon_refuses_is_told_with_message_and_attribute(live, amazon, here, offers):
    frame = offers(
        {"seller_sku": "S-1", "attributes": '{"safety_and_compliance": "x"}'},
        {"seller_sku": "S-2", "fulfilment": "merchant", "quantity": "3"},
    )
    found, report = sent(live, amazon, here, frame)
    assert found.state == "done"
    assert (report.processed, report.accepted, report.invalid, report.complete) == (2, 1, 1, True)
    issue = next(issue for issue in report.issues if issue.severity == "error")
    assert (issue.message_id, issue.seller_sku, issue.attribute) == (1, "S-1", "safety_and_compliance")
    message = amazon.encode(frame.head(1), here, DE)["message"].item()
    refused = live.patch(DE, "S-1", message)
    assert (refused.accepted, refused.invalid) == (0, 1)
    assert refused.issues


def test_a_lost_answer_is_unanswered_and_the_feed_can_be_found(live, amazon, here, offers, sandbox):
    frame = offers({"seller_sku": "S-2", "fulfilment": "merchant", "quantity": "5"})
    made = amazon.encode(frame, here, DE)
    document_id = live.upload(amazon.document([(1, made["message"].item())], here, DE))
    since = datetime.now(UTC) - timedelta(seconds=1)
    known = {found.id for found in live.recent(DE, since)}
    sandbox.add_faults({"operation": "createFeed", "kind": "lost_answer", "times": 1})
    with pytest.raises(UnansweredError):
        live.submit(DE, document_id)
    until = time.monotonic() + 20
    # As at Amazon, a list may show a new feed late.
    while not (new := [found for found in live.recent(DE, since) if found.id not in known]):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert len(new) == 1
    assert ended(live, new[0].id).state == "done"


@pytest.mark.parametrize("kind", ["429", "500", "503", "reset", "html400"])
def test_trouble_before_a_submit(live, amazon, here, offers, sandbox, kind):
    made = amazon.encode(offers({"seller_sku": "S-2", "fulfilment": "merchant", "quantity": "5"}), here, DE)
    document_id = live.upload(amazon.document([(1, made["message"].item())], here, DE))
    sandbox.add_faults({"operation": "createFeed", "kind": kind, "times": 1})
    with pytest.raises(MarketplaceError) as caught:
        live.submit(DE, document_id)
    # Only an answer that proves that nothing happened is no lost one.
    assert isinstance(caught.value, UnansweredError) == (kind in {"500", "503", "reset", "html400"})


@pytest.mark.parametrize("kind", ["429", "500", "503", "reset", "lost_answer"])
def test_safe_calls_get_over_trouble(live, sandbox, kind):
    sandbox.add_faults({"operation": "searchListingsItems", "kind": kind, "times": 1})
    assert live.read(DE, ["S-1"]).height == 1


def test_a_revoked_token_is_replaced(live, sandbox):
    assert live.read(DE, ["S-1"]).height == 1
    sandbox.add_faults({"operation": "searchListingsItems", "kind": "revoked_token", "times": 1})
    assert live.read(DE, ["S-1"]).height == 1


def test_expired_links_are_renewed(live, amazon, here, offers, sandbox):
    sandbox.add_faults({"operation": "*", "kind": "expired_url", "times": 1})
    _, report = sent(live, amazon, here, offers({"seller_sku": "S-2", "fulfilment": "merchant", "quantity": "6"}))
    assert report.accepted == 1


def test_a_truncated_report_is_not_success(live, amazon, here, offers, sandbox):
    sandbox.add_faults({"operation": "createFeed", "kind": "truncated_report", "times": 1})
    found, report = sent(live, amazon, here, offers({"seller_sku": "S-2", "fulfilment": "merchant", "quantity": "6"}))
    assert found.state == "done"
    assert not report.complete


def test_a_fatal_feed_is_fatal(live, amazon, here, offers, sandbox):
    sandbox.add_faults({"operation": "createFeed", "kind": "fatal", "times": 1})
    made = amazon.encode(offers({"seller_sku": "S-2", "fulfilment": "merchant", "quantity": "6"}), here, DE)
    feed = live.submit(DE, live.upload(amazon.document([(1, made["message"].item())], here, DE)))
    found = ended(live, feed)
    assert found.state == "fatal"
    if found.report_id is not None:
        live.report(found.report_id)


def test_wrong_credentials_say_what_to_do(here, amazon):
    opened = amazon.connect(here, Credentials("client", "topsecret", "wrong-token"), {"first_pause_seconds": 0})
    with pytest.raises(MarketplaceError, match="authorise the application again") as caught:
        opened.read(DE, ["S-1"])
    opened.close()
    assert caught.value.code == "unauthorized"
    assert "wrong-token" not in str(caught.value)


def test_nobody_there_is_unreachable(here, amazon):
    gone = replace(here, endpoint="http://127.0.0.1:1", auth_endpoint="http://127.0.0.1:1/auth/o2/token")
    opened = amazon.connect(gone, Credentials("c", "s", "r"), {"first_pause_seconds": 0})
    with pytest.raises(MarketplaceError, match="could not be reached") as caught:
        opened.submit(DE, "doc")
    opened.close()
    assert (caught.value.code, caught.value.retryable) == ("unreachable", True)
    assert not isinstance(caught.value, UnansweredError)


def test_the_account_knows_where_it_may_sell(live):
    assert DE.marketplace_id in live.participations()
