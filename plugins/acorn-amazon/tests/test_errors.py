"""Every shape of refusal becomes one sentence that helps, without a secret."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from acorn_amazon import remedies
from acorn_amazon.errors import Cleaner, member, refusal, retry_after, unreadable

from acorn_engine.marketplace import MarketplaceError

SECRET = "amzn1.oa2-cs.v1.topsecret"
HEADERS = {"x-amzn-RequestId": "r-1"}


def made(status, body, headers=HEADERS):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return refusal("getFeed", status, headers, content, Cleaner([SECRET]))


def listed(code, message, details=""):
    return {"errors": [{"code": code, "message": message, "details": details}]}


@pytest.mark.parametrize(
    ("status", "code", "cause", "who", "retryable", "remedy"),
    [
        (301, "redirected", "endpoint", "seller", False, "Set the endpoint"),
        (400, "invalid", "content", "developer", False, "Correct what Amazon names"),
        (401, "unauthorized", "access_token", "seller", False, "refresh token belong together"),
        (403, "unauthorized", "role", "developer", False, "lacks the role"),
        (404, "not_found", "absent", "seller", False, "seller id, the SKU and the site"),
        (408, "timeout", "timeout", "time", True, "Try again later"),
        (413, "too_large", "size", "developer", False, "for less at once"),
        (414, "too_large", "size", "developer", False, "for less at once"),
        (415, "invalid", "format", "developer", False, "Correct"),
        (418, "invalid", "content", "developer", False, "Correct"),
        (429, "throttled", "quota", "time", True, "Wait"),
        (500, "server", "outage", "marketplace", True, "request id"),
        (503, "server", "outage", "marketplace", True, "Try again later"),
    ],
)
def test_a_status_has_a_code_a_cause_a_remedy_and_someone_who_can_help(status, code, cause, who, retryable, remedy):
    error = made(status, listed("TheirCode", "Their words.", "More"))
    assert (error.code, error.cause, error.who) == (code, cause, who)
    assert (error.status, error.retryable, error.request_id) == (status, retryable, "r-1")
    assert error.amazon_code == "TheirCode"
    assert str(error).startswith(f"getFeed: Amazon answered {status} TheirCode: Their words. More. ")
    assert remedy in error.remedy
    assert error.remedy in str(error)
    assert str(error).endswith("Request id r-1.")


@pytest.mark.parametrize("operation", ["createFeed", "putListingsItem", "patchListingsItem", "deleteListingsItem"])
def test_what_is_wrong_with_listings_is_the_sellers_to_correct(operation):
    content = json.dumps(listed("InvalidInput", "no such SKU")).encode()
    assert refusal(operation, 400, HEADERS, content, Cleaner()).who == "seller"


@pytest.mark.parametrize(
    ("status", "code"),
    [(401, "unauthorized"), (413, "too_large"), (414, "too_large"), (429, "throttled"), (403, "unauthorized")],
)
def test_what_a_gateway_says_for_itself_counts_in_any_form(status, code):
    assert made(status, b"<html>no</html>").code == code


def test_a_caller_who_is_blocked_on_the_way_lacks_no_role():
    assert made(403, b"<html>Request blocked</html>").cause == "edge"


def test_a_gateway_does_not_know_what_amazon_has():
    assert made(404, b"<html>no such page</html>").code == "server"


def test_a_token_that_is_refused_is_no_missing_role():
    expired = made(403, listed("Unauthorized", "Access denied.", "The access token you provided has expired."))
    assert (expired.cause, expired.who) == ("access_token", "seller")
    denied = made(403, listed("Unauthorized", "Access to requested resource is denied."))
    assert (denied.cause, denied.who) == ("role", "developer")
    assert "authorise again" in denied.remedy


def test_a_quota_is_a_quota_whatever_its_status():
    error = made(403, listed("QuotaExceeded", "You exceeded your quota"))
    assert (error.code, error.cause, error.who) == ("throttled", "quota", "time")


@pytest.mark.parametrize("body", [b"", b"<html><body><h1>Bad Request</h1></body></html>", b"{}", b"\xff\x00"])
def test_an_answer_of_the_edge_is_none_of_the_api(body):
    error = made(400, body)
    assert (error.code, error.cause, error.who, error.retryable) == ("server", "edge", "marketplace", True)
    assert error.amazon_code is None


def test_an_answer_that_makes_no_sense_is_amazons():
    error = unreadable("getFeed", "it is odd", 200, HEADERS)
    assert (error.code, error.cause, error.who, error.retryable) == ("server", "answer", "marketplace", True)


def test_several_errors_are_all_told():
    body = {"errors": [{"code": "A", "message": "one"}, "odd", {"code": "B", "message": "two"}]}
    assert "one. two. " in str(made(400, body))


def test_html_empty_and_binary_answers_survive():
    html = b"<html><head><style>p{}</style><title>400</title></head><body><h1>Bad\r\nRequest</h1></body></html>"
    assert "Amazon answered 400: 400 Bad Request. Something before Amazon's API answered" in str(made(400, html))
    assert str(made(500, b"", {})) == (
        "getFeed: Amazon answered 500. Amazon's side failed. Try again later; give Amazon's support the request id if it lasts."
    )
    assert made(500, b"\xff\xfe\x00").code == "server"
    assert made(400, b'{"errors":[]}').code == "server"
    assert made(400, b"[1,2]").code == "server"


@pytest.mark.parametrize(
    ("status", "error", "cause", "who", "words"),
    [
        (400, "invalid_grant", "authorisation", "seller", "authorise the application again"),
        (401, "invalid_client", "client_secret", "developer", "180 days"),
        (400, "unauthorized_client", "registration", "developer", "registration"),
        (400, "invalid_scope", "registration", "developer", "scope"),
    ],
)
def test_login_errors_say_what_to_renew_and_who_does_it(status, error, cause, who, words):
    found = made(status, {"error": error, "error_description": "The request has an invalid grant"})
    assert (found.code, found.cause, found.who, found.amazon_code) == ("unauthorized", cause, who, error)
    assert words in found.remedy
    assert not found.retryable


def test_errors_of_listings_restrictions_are_a_bare_list():
    error = made(400, [{"code": "InvalidInput", "message": "bad asin"}])
    assert (error.amazon_code, error.cause) == ("InvalidInput", "content")
    assert "bad asin" in str(error)


def test_no_secret_is_repeated():
    body = listed(
        "Unauthorized", f"token Atza|abc.DEF-1 and {SECRET} at https://s3/x?X-Amz-Signature=beef&X-Amz-Date=1"
    )
    text = str(made(403, body))
    for secret in ("abc.DEF", "topsecret", "beef"):
        assert secret not in text
    assert "***" in text
    assert "topsecret" not in str(made(400, SECRET.encode()))
    assert "topsecret" not in str(made(400, {"error": SECRET, "error_description": SECRET}))


def test_long_answers_are_cut():
    assert len(str(made(500, b"x" * 100_000))) < 800


@pytest.mark.parametrize(
    ("value", "seconds"), [("5", 5), (" 1.5 ", 1.5), ("", None), ("Wed, 21 Oct 2026 07:28:00 GMT", None), ("-1", None)]
)
def test_retry_after_in_seconds(value, seconds):
    assert retry_after({"Retry-After": value}) == seconds
    assert made(429, b"", {"Retry-After": value}).retry_after == seconds


@pytest.mark.parametrize("data", [None, [], {}, {"url": 1}, {"url": None}])
def test_a_required_member_must_be_there(data):
    with pytest.raises(MarketplaceError, match="no usable 'url'"):
        member(data, "url", str, "getFeed")


def test_every_error_that_the_package_raises_names_who_can_help_and_how():
    """Read from the source: an error without them would show a person no way on."""
    package = Path(remedies.__file__).parent
    bare, seen = [], 0
    for path in sorted(package.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
                continue
            if node.func.id in {"MarketplaceError", "UnansweredError"}:
                seen += 1
                given = {keyword.arg for keyword in node.keywords}
                if not {"who", "remedy"} <= given:
                    bare.append(f"{path.name}:{node.lineno}")
    assert seen > 10
    assert bare == []
