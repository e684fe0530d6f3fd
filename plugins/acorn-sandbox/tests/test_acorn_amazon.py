"""Acorn's own adapter against the sandbox: what it sends is taken, what it reads is what stands there."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta

import pytest
from acorn_amazon.marketplace import AmazonMarketplace

from acorn_engine.marketplace import Account, Credentials, MarketplaceError, UnansweredError

LAMP = "ACORN-LAMP"


@pytest.fixture
def adapter(server):
    marketplace = AmazonMarketplace()
    account = Account(
        name="eu",
        marketplace="amazon",
        seller_id="A2EXAMPLE",
        sites=("amazon.de",),
        endpoint=server.url,
        auth_endpoint=server.auth_url,
    )
    connection = marketplace.connect(account, Credentials("c", "s", "Atzr|A2EXAMPLE"), {"first_pause_seconds": 0.01})
    site = next(one for one in marketplace.sites if one.name == "amazon.de")
    yield marketplace, account, connection, site
    connection.close()


def test_the_whole_conversation(adapter, server, message, offer):
    marketplace, account, connection, site = adapter
    started = datetime.now(UTC) - timedelta(seconds=1)
    lines = [message(1, LAMP, "purchasable_offer", offer(20)), message(2, "NONE", "brand", {"value": "x"})]
    texts = [
        (line["messageId"], json.dumps({key: value for key, value in line.items() if key != "messageId"}))
        for line in lines
    ]
    submitted = connection.submit(site, connection.upload(marketplace.document(texts, account, site)))
    for _ in range(500):
        state = connection.poll(submitted)
        if state.state == "done":
            break
        time.sleep(0.01)
    report = connection.report(state.report_id)
    assert (report.processed, report.accepted, report.invalid, report.complete) == (2, 1, 1, True)
    assert [(issue.message_id, issue.code) for issue in report.issues] == [(2, "13013")]
    assert [one.id for one in connection.recent(site, started)] == [submitted]
    (row,) = connection.read(site, [LAMP, "NONE"]).to_dicts()
    assert (row["seller_sku"], row["price"], row["quantity"], row["fulfilment"]) == (LAMP, "20.00", "12", "merchant")
    patched = connection.patch(site, LAMP, json.dumps(message(1, LAMP, "purchasable_offer", offer(0))))
    assert (patched.accepted, patched.issues[0].severity) == (0, "error")


def test_faults_come_out_as_what_they_are(adapter, server):
    _, _, connection, site = adapter
    document = connection.upload(b"{}")
    server.add_faults({"operation": "createFeed", "kind": "lost_answer", "times": 1})
    with pytest.raises(UnansweredError):
        connection.submit(site, document)
    server.add_faults({"operation": "createFeed", "kind": "429", "times": 1})
    with pytest.raises(MarketplaceError) as caught:
        connection.submit(site, document)
    assert not isinstance(caught.value, UnansweredError)
    server.add_faults({"operation": "getFeed", "kind": "503", "times": 1})
    time.sleep(0.05)  # the list of feeds lags
    assert connection.poll(connection.recent(site, datetime.now(UTC) - timedelta(minutes=1))[0].id).state
    assert [one["status"] for one in server.log() if one["operation"] == "createFeed"] == [202, 429]
