"""Every shape of refusal becomes one sentence that helps, without a secret."""

from __future__ import annotations

import json

import pytest
from acorn_amazon.errors import Cleaner, member, refusal, retry_after

from acorn_engine.marketplace import MarketplaceError

SECRET = "amzn1.oa2-cs.v1.topsecret"
HEADERS = {"x-amzn-RequestId": "r-1"}


def made(status, body, headers=HEADERS):
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return refusal("getFeed", status, headers, content, Cleaner([SECRET]))


def listed(code, message, details=""):
    return {"errors": [{"code": code, "message": message, "details": details}]}


@pytest.mark.parametrize(
    ("status", "code", "retryable", "remedy"),
    [
        (301, "redirected", False, "Set the endpoint"),
        (400, "invalid", False, "Correct what Amazon names"),
        (401, "unauthorized", False, "refresh token belong together"),
        (403, "unauthorized", False, "365 days"),
        (404, "not_found", False, "seller id, the SKU and the site"),
        (408, "timeout", True, "Try again later"),
        (413, "too_large", False, "fewer messages"),
        (415, "invalid", False, "Correct"),
        (418, "invalid", False, "Correct"),
        (429, "throttled", True, "Wait"),
        (500, "server", True, "request id"),
        (503, "server", True, "Try again later"),
    ],
)
def test_a_status_has_a_code_and_a_remedy(status, code, retryable, remedy):
    error = made(status, listed("TheirCode", "Their words.", "More"))
    assert (error.code, error.status, error.retryable, error.request_id) == (code, status, retryable, "r-1")
    assert str(error).startswith(f"getFeed: Amazon answered {status} TheirCode: Their words. More. ")
    assert remedy in str(error)
    assert str(error).endswith("Request id r-1.")


def test_several_errors_are_all_told():
    body = {"errors": [{"code": "A", "message": "one"}, "odd", {"code": "B", "message": "two"}]}
    assert "one. two. " in str(made(400, body))


def test_html_empty_and_binary_answers_survive():
    html = b"<html><head><style>p{}</style><title>400</title></head><body><h1>Bad\r\nRequest</h1></body></html>"
    assert "Amazon answered 400: 400 Bad Request. Nothing was changed" in str(made(400, html))
    assert str(made(500, b"", {})) == (
        "getFeed: Amazon answered 500. Amazon's side failed. Try again later; give Amazon's support the request id if it lasts."
    )
    assert made(500, b"\xff\xfe\x00").code == "server"
    assert made(400, b'{"errors":[]}').code == "invalid"
    assert made(400, b"[1,2]").code == "invalid"


def test_login_errors_say_what_to_renew():
    error = made(400, {"error": "invalid_grant", "error_description": "The request has an invalid grant"})
    assert error.code == "unauthorized"
    assert "authorise the application again" in str(error)
    assert "180 days" in str(made(401, {"error": "invalid_client"}))
    assert "registration" in str(made(400, {"error": "unauthorized_client"}))


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
