"""A seller authorises an application; the application has tokens of its own; no secret is ever shown."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from acorn_amazon import open_connection
from acorn_amazon.authorisation import consent_address, exchange_code, redirected
from acorn_amazon.sites import SITES, SITES_BY_NAME

from acorn_engine.marketplace import Credentials, MarketplaceError, UnansweredError

URL = "http://127.0.0.1:9/auth/o2/token"
REDIRECT = "https://erp.example/amazon"


@pytest.fixture
def requests():
    return []


@pytest.fixture
def exchange(requests):
    def run(answer):
        def handle(request):
            requests.append(request)
            if isinstance(answer, Exception):
                raise answer
            status, body = answer
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            return httpx2.Response(status, stream=httpx2.ByteStream(content))

        return exchange_code(
            "ANcode", "client", "topsecret", REDIRECT, auth_endpoint=URL, transport=httpx2.MockTransport(handle)
        )

    return run


def test_a_code_becomes_a_refresh_token(exchange, requests):
    given = {"access_token": "Atza|a", "refresh_token": "Atzr|keep", "token_type": "bearer", "expires_in": 3600}
    found = exchange((200, given))
    assert found.refresh_token == "Atzr|keep"
    assert "keep" not in repr(found)
    assert parse_qs(requests[0].content.decode(), strict_parsing=True) == {
        "grant_type": ["authorization_code"],
        "code": ["ANcode"],
        "redirect_uri": [REDIRECT],
        "client_id": ["client"],
        "client_secret": ["topsecret"],
    }


@pytest.mark.parametrize(
    ("answer", "cause", "who"),
    [
        ((400, {"error": "invalid_grant", "error_description": "ANcode and topsecret"}), "authorisation", "seller"),
        ((401, {"error": "invalid_client", "error_description": "topsecret"}), "client_secret", "developer"),
        ((400, {"error": "unauthorized_client"}), "registration", "developer"),
        ((503, b"<html>ANcode topsecret</html>"), "outage", "marketplace"),
        ((200, {"access_token": "Atza|a"}), "answer", "marketplace"),
        ((200, b"<html>"), "answer", "marketplace"),
    ],
    ids=repr,
)
def test_a_refused_code_says_who_can_help_and_no_secret(exchange, requests, answer, cause, who):
    with pytest.raises(MarketplaceError) as caught:
        exchange(answer)
    assert (caught.value.cause, caught.value.who) == (cause, who)
    assert caught.value.remedy
    for secret in ("ANcode", "topsecret"):
        assert secret not in f"{caught.value!r} {caught.value.remedy} {caught.value.__cause__!r}"
    assert len(requests) == 1


def test_a_lost_answer_may_have_used_the_code_up(exchange, requests):
    with pytest.raises(UnansweredError, match="authorise the application again") as caught:
        exchange(httpx2.ReadTimeout("slow"))
    assert caught.value.who == "seller"
    assert len(requests) == 1


def test_the_page_of_consent_has_the_state_and_the_sellers_own_seller_central():
    address = consent_address(
        SITES_BY_NAME["amazon.de"], "amzn1.sp.solution.1", "s&1", redirect_uri=REDIRECT, draft=True
    )
    parts = urlsplit(address)
    assert (parts.scheme, parts.hostname, parts.path) == (
        "https",
        "sellercentral-europe.amazon.com",
        "/apps/authorize/consent",
    )
    assert parse_qs(parts.query) == {
        "application_id": ["amzn1.sp.solution.1"],
        "state": ["s&1"],
        "redirect_uri": [REDIRECT],
        "version": ["beta"],
    }
    assert urlsplit(consent_address(SITES_BY_NAME["amazon.co.jp"], "a", "s")).hostname == "sellercentral.amazon.co.jp"
    with pytest.raises(ValueError, match="state is needed"):
        consent_address(SITES_BY_NAME["amazon.de"], "a", "")
    unknown = [site.name for site in SITES if site.name in {"amazon.ie", "amazon.sa", "amazon.eg", "amazon.co.za"}]
    for name in unknown:
        with pytest.raises(ValueError, match="is not known"):
            consent_address(SITES_BY_NAME[name], "a", "s")


def test_a_seller_who_comes_back_has_the_state_that_was_sent():
    back = f"{REDIRECT}?state=s%261&selling_partner_id=A2EXAMPLE&spapi_oauth_code=ANcode"
    found = redirected(back, "s&1")
    assert (found.seller_id, found.code) == ("A2EXAMPLE", "ANcode")
    assert "ANcode" not in repr(found)
    for address, state in ((back, "s&2"), (back, "s"), (f"{back}&state=s%261", "s&1"), (REDIRECT, "s&1")):
        with pytest.raises(MarketplaceError, match="another state") as caught:
            redirected(address, state)
        assert "ANcode" not in str(caught.value)
    with pytest.raises(MarketplaceError, match="without a code"):
        redirected(f"{REDIRECT}?state=s1&selling_partner_id=A2EXAMPLE", "s1")


def test_an_application_has_tokens_of_its_own_by_scope(amazon, connection):
    amazon.on("getFeed", lambda _: (404, {"errors": [{"code": "NotFound", "message": "x"}]}))
    grantless = connection.client.grantless("sellingpartnerapi::notifications")
    for _ in range(2):
        with pytest.raises(MarketplaceError, match="404"):
            grantless.call("getFeed", path={"feedId": "1"})
    (login,) = amazon.logins
    assert parse_qs(login.content.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["sellingpartnerapi::notifications"],
        "client_id": ["client"],
        "client_secret": ["amzn1.oa2-cs.v1.topsecret"],
    }


# a connection without an engine


def test_a_program_opens_a_connection_by_itself(amazon, account, credentials):
    amazon.on("getFeed", lambda _: (404, {"errors": [{"code": "NotFound", "message": "x"}]}))
    with open_connection(account, credentials, transport=httpx2.MockTransport(amazon), attempts=1) as found:
        with pytest.raises(MarketplaceError, match="404"):
            found.poll("1")
        assert found.account is account
        assert found.client.settings.attempts == 1
    with pytest.raises(RuntimeError):
        found.poll("1")


def test_options_that_do_not_exist_are_refused(account):
    with pytest.raises(TypeError, match="no option 'atempts'"):
        open_connection(account, Credentials("a", "b", "c"), atempts=3)
