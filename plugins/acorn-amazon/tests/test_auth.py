"""Access tokens: kept, renewed early, one renewal at a time."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import httpx2
import pytest
from acorn_amazon.auth import AccessTokens
from acorn_amazon.transport import Transport, user_agent

from acorn_engine.marketplace import Credentials, MarketplaceError

URL = "http://127.0.0.1:9/auth/o2/token"
CREDENTIALS = Credentials(client_id="client+id", client_secret="s&cret", refresh_token="Atzr|r=1")


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def requests():
    return []


@pytest.fixture
def script():
    return []


@pytest.fixture
def tokens(now, requests, script):
    def answer(request):
        requests.append(request)
        given = script.pop(0) if script else {"access_token": f"Atza|{len(requests)}", "expires_in": 3600}
        if isinstance(given, Exception):
            raise given
        if isinstance(given, tuple):
            return httpx2.Response(given[0], stream=httpx2.ByteStream(given[1]))
        return httpx2.Response(200, stream=httpx2.ByteStream(json.dumps(given).encode()))

    transport = Transport(URL, "Acorn", 5, httpx2.MockTransport(answer))
    yield AccessTokens(transport, URL, CREDENTIALS, clock=lambda: now[0])
    transport.close()


def test_a_login_is_a_form_with_every_value_escaped(tokens, requests):
    assert tokens.get() == "Atza|1"
    (request,) = requests
    assert request.method == "POST"
    assert request.headers["content-type"].startswith("application/x-www-form-urlencoded")
    assert parse_qs(request.content.decode(), strict_parsing=True) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["Atzr|r=1"],
        "client_id": ["client+id"],
        "client_secret": ["s&cret"],
    }


def test_a_token_is_kept_and_renewed_five_minutes_early(tokens, requests, now):
    for _ in range(3):
        assert tokens.get() == "Atza|1"
    now[0] += 3299
    assert tokens.get() == "Atza|1"
    now[0] += 2
    assert tokens.get() == "Atza|2"
    assert len(requests) == 2


def test_a_failed_early_renewal_uses_the_old_token_while_it_lives(tokens, script, now):
    tokens.get()
    now[0] += 3400
    script.extend([(503, b""), httpx2.ReadTimeout("slow")])
    assert tokens.get() == "Atza|1"
    assert tokens.get() == "Atza|1"
    now[0] += 300
    script.append((503, b""))
    with pytest.raises(MarketplaceError, match="login: Amazon answered 503"):
        tokens.get()


def test_a_withdrawn_authorisation_is_told_at_once(tokens, script, now):
    tokens.get()
    now[0] += 3400
    script.append((400, b'{"error":"invalid_grant","error_description":"revoked"}'))
    with pytest.raises(MarketplaceError, match="authorise the application again"):
        tokens.get()


def test_a_short_lived_token_is_used_for_half_its_life(tokens, script, requests, now):
    script.append({"access_token": "Atza|short", "expires_in": 60})
    tokens.get()
    now[0] += 29
    assert tokens.get() == "Atza|short"
    now[0] += 2
    assert tokens.get() == "Atza|2"
    assert len(requests) == 2


@pytest.mark.parametrize("life", [None, "3600", 0, -5])
def test_an_odd_lifetime_counts_as_an_hour(tokens, script, now, life):
    script.append({"access_token": "Atza|odd", "expires_in": life})
    tokens.get()
    now[0] += 3000
    assert tokens.get() == "Atza|odd"


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": ""}, {"access_token": 1}, {"access_token": "a\nb"}, (200, b"<html>"), []]
)
def test_an_answer_without_a_token_is_an_error(tokens, script, answer):
    script.append(answer)
    with pytest.raises(MarketplaceError, match="has no access token"):
        tokens.get()


def test_only_the_refused_token_is_forgotten(tokens, requests):
    first = tokens.get()
    tokens.forget("Atza|older")
    assert tokens.get() == first
    tokens.forget(first)
    assert tokens.get() == "Atza|2"


def test_errors_do_not_repeat_secrets(tokens, script):
    script.append((401, b'{"error":"invalid_client","error_description":"s&cret Atzr|r=1 is wrong"}'))
    with pytest.raises(MarketplaceError) as caught:
        tokens.get()
    assert "s&cret" not in str(caught.value)
    assert "r=1" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_user_agent_has_amazons_shape_and_length():
    text = user_agent("My/App (x=1;y) 箱")
    assert text.startswith("My\\/App \\(x\\=1\\;y\\) ?/")
    assert "(Language=Python/3" in text
    assert len(user_agent("x" * 1000)) == 500
    assert text.isascii()
