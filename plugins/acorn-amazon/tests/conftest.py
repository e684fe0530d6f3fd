"""A scripted Amazon that refuses, and answers, only what Amazon's models allow."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import httpx2
import polars as pl
import pytest
from acorn_amazon.marketplace import AmazonMarketplace
from acorn_amazon.quotas import Quotas
from acorn_amazon.sites import SITES_BY_NAME

from acorn_engine.marketplace import Account, Credentials

API = "http://127.0.0.1:9"
SECRETS = ("amzn1.oa2-cs.v1.topsecret", "Atzr|refreshsecret")
COLUMNS = {
    "seller_sku": pl.String,
    "product_type": pl.String,
    "fulfilment": pl.String,
    "currency": pl.String,
    "price": pl.String,
    "sale_price": pl.String,
    "sale_from": pl.String,
    "sale_to": pl.String,
    "minimum_price": pl.String,
    "maximum_price": pl.String,
    "price_changed": pl.Boolean,
    "quantity": pl.String,
    "handling_days": pl.String,
    "attributes": pl.String,
    "neighbours": pl.String,
}


@pytest.fixture(scope="session")
def models():
    specification = importlib.util.spec_from_file_location(
        "acorn_amazon_test_models", Path(__file__).with_name("models.py")
    )
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def de():
    return SITES_BY_NAME["amazon.de"]


@pytest.fixture
def account():
    return Account(
        name="eu",
        marketplace="amazon",
        seller_id="A2EXAMPLE",
        sites=("amazon.de", "amazon.fr"),
        endpoint=API,
        auth_endpoint=f"{API}/auth/o2/token",
    )


@pytest.fixture
def credentials():
    return Credentials(client_id="client", client_secret=SECRETS[0], refresh_token=SECRETS[1])


@pytest.fixture
def offers():
    """Return a maker of frames as the engine gives them to ``encode``."""

    def make(*rows):
        return pl.DataFrame([dict.fromkeys(COLUMNS) | row for row in rows], schema=COLUMNS, orient="row")

    return make


class FakeAmazon:
    """Answers from a script per operation: a tuple (status, body[, headers]), an exception, or a callable."""

    def __init__(self, models):
        self.models = models
        self.script = {}
        self.seen = []
        self.logins = []
        self.other = []
        self.tokens = 0
        self.login_script = []
        self.other_script = []

    def on(self, operation, *answers):
        self.script.setdefault(operation, []).extend(answers)

    def calls(self, operation):
        return [entry for entry in self.seen if entry[0] == operation]

    def __call__(self, request):
        if request.url.path == "/auth/o2/token":
            return self.login(request)
        if request.url.path.startswith("/storage"):
            assert "x-amz-access-token" not in request.headers
            assert "authorization" not in request.headers
            self.other.append(request)
            return self.make(request, self.other_script.pop(0), judge=False)
        assert request.headers["x-amz-access-token"].startswith("Atza|")
        assert "(Language=Python/" in request.headers["user-agent"]
        if request.content:
            assert request.headers["content-type"] == "application/json"
        name, path, query, body = self.models.check_request(request)
        self.seen.append((name, path, query, body, request))
        assert self.script.get(name), f"no answer is scripted for {name}"
        answers = self.script[name]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return self.make(request, answer, judge=True)

    def login(self, request):
        self.logins.append(request)
        if self.login_script:
            return self.make(request, self.login_script.pop(0), judge=False)
        self.tokens += 1
        body = {"access_token": f"Atza|token{self.tokens}", "token_type": "bearer", "expires_in": 3600}
        return httpx2.Response(200, stream=httpx2.ByteStream(json.dumps(body).encode()))

    def make(self, request, answer, *, judge):
        if isinstance(answer, Exception):
            raise answer
        if callable(answer):
            answer = answer(request)
        status, body, *rest = answer
        headers = {"x-amzn-RequestId": "request-1"} | (rest[0] if rest else {})
        if isinstance(body, bytes):
            return httpx2.Response(status, stream=httpx2.ByteStream(body), headers=headers)
        if judge:
            raw_path = request.url.raw_path.decode().partition("?")[0]
            self.models.check_answer(request.method, raw_path, status, body)
        return httpx2.Response(status, stream=httpx2.ByteStream(json.dumps(body).encode()), headers=headers)


@pytest.fixture
def amazon(models):
    return FakeAmazon(models)


@pytest.fixture
def waits():
    return []


@pytest.fixture
def connection(amazon, account, credentials, waits):
    now = [0.0]

    def sleep(seconds):
        waits.append(seconds)
        now[0] += seconds

    options = {
        "transport": httpx2.MockTransport(amazon),
        "quotas": Quotas(clock=lambda: now[0], sleep=sleep),
        "first_pause_seconds": 0,
        "attempts": 3,
    }
    opened = AmazonMarketplace().connect(account, credentials, options)
    yield opened
    opened.close()
