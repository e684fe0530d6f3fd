from __future__ import annotations

import time

import httpx2
import pytest
from acorn_sandbox.clock import Timing
from acorn_sandbox.errors import ApiError
from acorn_sandbox.server import SandboxServer
from acorn_sandbox.state import State
from acorn_sandbox.storage import Storage
from acorn_sandbox.tokens import Tokens

FORM = {"grant_type": "refresh_token", "refresh_token": "Atzr|A2EXAMPLE", "client_id": "any", "client_secret": "any"}
PATH = "/sellers/v1/marketplaceParticipations"


def grant(server, **changes):
    form = {key: value for key, value in (FORM | changes).items() if value is not None}
    return httpx2.post(server.auth_url, data=form)


def test_a_refresh_token_gives_an_access_token(server):
    response = grant(server)
    body = response.json()
    assert response.status_code == 200
    assert body["access_token"].startswith("Atza|")
    assert len(body["access_token"]) <= 2048
    assert (body["token_type"], body["refresh_token"]) == ("bearer", "Atzr|A2EXAMPLE")
    assert response.headers["x-amzn-requestid"]


def test_a_code_gives_a_refresh_token(server):
    response = grant(
        server, grant_type="authorization_code", code="A7", redirect_uri="https://x.test", refresh_token=None
    )
    assert response.json()["refresh_token"] == "Atzr|A7"


def test_access_tokens_live_an_hour_divided_by_the_speed():
    with SandboxServer(speed=2) as server:
        assert grant(server).json()["expires_in"] == 1800


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"grant_type": None}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"client_id": None}, 401, "invalid_client"),
        ({"client_secret": ""}, 401, "invalid_client"),
        ({"refresh_token": None}, 400, "invalid_request"),
        ({"refresh_token": "nonsense"}, 400, "invalid_grant"),
        ({"refresh_token": "Atzr|"}, 400, "invalid_grant"),
        ({"grant_type": "authorization_code"}, 400, "invalid_request"),
    ],
)
def test_errors_have_the_shape_of_login_with_amazon(refusing, changes, status, error):
    response = grant(refusing, **changes)
    assert response.status_code == status
    assert set(response.json()) == {"error", "error_description"}
    assert response.json()["error"] == error


def test_the_request_must_be_a_form(server):
    assert httpx2.post(server.auth_url, json=FORM).json()["error"] == "invalid_request"
    assert httpx2.get(server.auth_url).status_code == 405


def test_without_a_good_token_every_call_is_403(seller):
    other = httpx2.post(seller.server.auth_url, data=FORM | {"refresh_token": "Atzr|A9OTHER"}).json()["access_token"]
    for token in (None, "", "Atza|x", "x", seller.token + "A", seller.token[:-8] + "AAAAAAA=", "Atza|" + "A" * 80):
        headers = {} if token is None else {"x-amz-access-token": token}
        response = seller.call("GET", PATH, headers=headers)
        assert response.status_code == 403
        assert response.json()["errors"][0]["code"] == "Unauthorized"
    path = "/listings/2021-08-01/items/A2EXAMPLE/ACORN-LAMP?marketplaceIds=A1PA6795UKMFR9"
    assert seller.call("GET", path, headers={"x-amz-access-token": other}).status_code == 403


def test_an_expired_token_is_403(connect):
    now = [time.time()]
    with SandboxServer(timing=Timing(now=lambda: now[0])) as server:
        seller = connect(server)
        assert seller.call("GET", PATH).status_code == 200
        now[0] += 3601
        response = seller.call("GET", PATH)
        assert response.status_code == 403
        assert "expired" in response.json()["errors"][0]["details"]
        seller.token = seller.refresh()
        assert seller.call("GET", PATH).status_code == 200


def test_no_token_stands_in_the_log(seller):
    seller.call("GET", PATH)
    assert seller.token not in str(seller.server.log())
    assert "Atz" not in str(seller.server.log())


def test_a_secret_that_begins_with_wrong_is_refused(seller):
    form = {"grant_type": "refresh_token", "refresh_token": "Atzr|A", "client_id": "c", "client_secret": "wrong-one"}
    response = seller.http.post(seller.server.auth_url, data=form)
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")
    assert "wrong-one" not in response.text
    assert seller.http.post(seller.server.auth_url, data=form | {"client_secret": "right"}).status_code == 200


def test_revoked_tokens_are_kept_as_hashes_while_they_would_have_lived(tmp_path):
    now = [1_000_000.0]
    path = tmp_path / "state.db"

    def begin():
        state = State(Storage(path), Timing(now=lambda: now[0]))
        return state, Tokens(state)

    state, tokens = begin()
    first, other = tokens.issue("A"), tokens.issue("A")
    tokens.revoke(first)
    state.storage.close()
    for file in tmp_path.iterdir():
        assert first.removeprefix("Atza|").encode() not in file.read_bytes()
    state, tokens = begin()
    with pytest.raises(ApiError, match="denied"):
        tokens.seller_of(first, now[0])
    assert tokens.seller_of(other, now[0]) == "A"
    now[0] += 3601
    tokens.revoke(other)
    state.storage.commit()
    assert len(list(state.storage.load("revoked"))) == 1
    state.storage.close()
