"""A marketplace's host that answers with rubbish: nothing is sent on its word, nothing breaks, no secret comes out."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import pytest
from sandbox_world import DE, SECRETS, SELLER, opened, rows, settings

from acorn_engine.problems import ProjectError

TOKEN = json.dumps({"access_token": "Atza|x", "token_type": "bearer", "expires_in": 3600}).encode()


def item(offer, **more):
    """Return an answer of searchListingsItems with one offer."""
    attributes = {
        "purchasable_offer": [{"marketplace_id": DE.marketplace_id, "currency": "EUR", "audience": "ALL", **offer}],
        "fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 5}],
    }
    found = {"sku": "A", "attributes": attributes, "summaries": [], "issues": [], **more}
    return json.dumps({"numberOfResults": 1, "items": [found]}).encode()


def priced(value):
    return item({"our_price": [{"schedule": [{"value_with_tax": value}]}]})


def raw(value):
    return priced(0).replace(b'"value_with_tax": 0', b'"value_with_tax": ' + value)


ANSWERS = {
    "html": b"<html><body>503</body></html>",
    "empty": b"",
    "list": b"[]",
    "null": b"null",
    "number": b"5",
    "deep": b"[" * 100_000,
    "items are text": b'{"items": "x"}',
    "items of null": b'{"items": [null]}',
    "item without sku": b'{"items": [{}]}',
    "NaN": raw(b"NaN"),
    "Infinity": raw(b"Infinity"),
    "huge exponent": raw(b"1e999999999"),
    "huge number": raw(b"9" * 5000),
    "negative": raw(b"-5"),
    "text": raw(b'"twenty"'),
    "boolean": raw(b"true"),
    "object": raw(b"{}"),
    "price is no list": item({"our_price": 20}),
    "schedule is no list": item({"our_price": [{"schedule": {}}]}),
    "attributes are a list": item({}, attributes=[]),
    "offer is null": item({}, attributes={"purchasable_offer": None}),
    "offer of nulls": item({}, attributes={"purchasable_offer": [None]}),
    "another sku": item({}, sku="B"),
    "sku is a number": item({}, sku=5),
    "twice the key": b'{"items": [], "items": [{"sku": "A"}]}',
    "lone surrogate": item({}, sku="A\ud800"),
    "no utf-8": b'{"items": [{"sku": "\xff"}]}',
}


@pytest.fixture
def host():
    """Return a server whose answer, status and headers a test sets."""
    state = SimpleNamespace(body=b"", status=200, headers={}, requests=[], token=TOKEN)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self):
            self.rfile.read(int(self.headers.get("content-length") or 0))
            state.requests.append((self.command, self.path))
            token = self.path.startswith("/auth")
            body = state.token if token else state.body
            self.send_response(200 if token else state.status)
            self.send_header("content-length", str(len(body)))
            self.send_header("content-type", "application/json")
            for name, value in ({} if token else state.headers).items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        do_GET = do_POST = do_PATCH = do_PUT = answer  # noqa: N815

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    state.auth_url = f"{state.url}/auth/o2/token"
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


def amazon(given):
    return {**given, "amazon": {"attempts": 1, "first_pause_seconds": 0.01, "timeout_seconds": 2}}


@pytest.mark.parametrize("name", list(ANSWERS))
def test_rubbish_read_back_sends_nothing(host, tmp_path, name):
    host.body = ANSWERS[name]
    given = amazon(settings(host, f"sqlite:///{tmp_path / 'acorn.db'}"))
    listing = rows(["A"])
    listing["listings"][0] |= {"fulfilment": "merchant", "product_type": "LUGGAGE"}
    with opened(given) as engine:
        plan = engine.plan("amazon.de", **listing)
        sent = [row for row in plan.to_json()["changes"] if row["verdict"] == "send" and row["group"] == "price"]
        assert not sent, sent
        text = json.dumps(plan.to_json())
        assert "Traceback" not in text
        assert SECRETS["client_secret"] not in text
        assert "Atza|x" not in text
    assert len(host.requests) < 200


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (302, {"location": "http://127.0.0.1:1/steal"}),
        (200, {"content-encoding": "gzip"}),
        (429, {"retry-after": "999999999999"}),
        (429, {"x-amzn-ratelimit-limit": "NaN"}),
        (200, {"x-amzn-ratelimit-limit": "-1"}),
        (500, {}),
        (418, {}),
    ],
)
def test_odd_statuses_and_headers_send_nothing(host, tmp_path, status, headers):
    host.status, host.headers, host.body = status, headers, ANSWERS["NaN"]
    given = amazon(settings(host, f"sqlite:///{tmp_path / 'acorn.db'}"))
    with opened(given) as engine:
        plan = engine.plan("amazon.de", **rows(["A"]))
        assert not [row for row in plan.to_json()["changes"] if row["verdict"] == "send" and row["group"] == "price"]


@pytest.mark.parametrize(
    "token",
    [b"", b"[]", b"<html>", b'{"access_token": 5}', b'{"access_token": "a\\r\\nx: y", "expires_in": 3600}', b'{"access_token": "x", "expires_in": NaN}', b'{"access_token": "x", "expires_in": 1e999}'],
)  # fmt: skip
def test_rubbish_for_a_token_holds_prices_and_tells_no_secret(host, tmp_path, token):
    host.token, host.body = token, ANSWERS["NaN"]
    given = amazon(settings(host, f"sqlite:///{tmp_path / 'acorn.db'}"))
    with opened(given) as engine:
        plan = engine.plan("amazon.de", **rows(["A"]))
        text = json.dumps(plan.to_json())
        assert not [row for row in plan.to_json()["changes"] if row["verdict"] == "send" and row["group"] == "price"]
        assert not any(secret in text for secret in SECRETS.values() if SELLER not in secret)


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://sellingpartnerapi-eu.amazon.com",
        "ftp://127.0.0.1",
        "https://user:pass@x.example",
        "file:///etc/passwd",
        "",
    ],
)
def test_an_endpoint_that_is_not_safe_is_refused(host, tmp_path, endpoint):
    given = settings(host, f"sqlite:///{tmp_path / 'acorn.db'}")
    for key in ("endpoint", "auth_endpoint"):
        odd = {**given, "accounts": {"eu": {**given["accounts"]["eu"], key: endpoint}}}
        if not endpoint:
            with pytest.raises(ProjectError, match="endpoint"):
                opened(odd)
            continue
        with opened(odd) as engine:
            plan = engine.plan("amazon.de", **rows(["A"]))
            [price] = [row for row in plan.to_json()["changes"] if row["field"] == "price"]
            assert price["verdict"] == "hold"
            [problem] = [problem for problem in plan.problems if problem.code == "unread"]
            assert f"{key} of account 'eu'" in problem.message
            assert "pass@" not in json.dumps(plan.to_json())
    assert host.requests == []
