"""Secrets from the encrypted store, through a whole day over HTTP: they show up nowhere, on good days and bad ones."""

from __future__ import annotations

import json
import logging
import sqlite3
import traceback
import zipfile

import httpx2
import pytest
from acorn_sandbox.server import SandboxServer
from sandbox_world import SELLER, opened, rows, seed, settings

from acorn_engine.marketplace import MarketplaceError
from acorn_engine.project.credentials import variable
from acorn_engine.project.secret_keys import KEYS, KEYS_FILE, new_key
from acorn_engine.project.secret_store import NAMES

VALUES = {
    "client_id": "amzn1.application-oa2-client.7f3a",
    "client_secret": "amzn1.oa2-cs.v1.9c1d77aa",
    "refresh_token": f"Atzr|{SELLER}",
}


@pytest.fixture
def key(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(variable("eu", name), raising=False)
    monkeypatch.delenv(KEYS_FILE, raising=False)
    made = new_key()
    monkeypatch.setenv(KEYS, made)
    return made


@pytest.fixture
def server():
    with SandboxServer(seed=[seed("S1"), seed("S2")], speed=2_000) as running:
        yield running


@pytest.fixture
def engine(server, tmp_path, key):
    """Return an engine whose secrets are in the encrypted store."""
    made = settings(server, f"sqlite:///{tmp_path}/acorn.db", patch_up_to=0)
    with opened(made, credentials=None, root=tmp_path) as running:
        running.secrets.set("eu", VALUES, by="me")
        yield running


def leaks(texts, key):
    """Return where a secret, a key or an access token shows."""
    hidden = [*VALUES.values(), *(json.dumps(value)[1:-1] for value in VALUES.values()), key, "Atza|"]
    return [(number, secret) for number, text in enumerate(texts) for secret in hidden if secret in text]


def test_a_whole_day(engine, server, tmp_path, key, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    plan = engine.plan("amazon.de", **rows(["S1", "S2"]))
    engine.approve(plan, by="erp")
    sent = engine.submit(plan, wait=True, max_seconds=60)
    assert sent["plans"][0]["outcomes"]["settled"] > 0, sent
    found = engine.doctor(online=True)
    assert [(each.level, each.account) for each in found.findings if each.check == "online"] == [("ok", "eu")]
    assert {each.name for each in found.deadlines} == {"refresh_token", "client_secret"}
    engine.export(plan, tmp_path / "export", workbook=False)
    documents = [path.read_text() for path in (tmp_path / "export").iterdir()]
    with sqlite3.connect(tmp_path / "acorn.db") as database:
        dump = "\n".join(database.iterdump())
    texts = [
        json.dumps(plan.to_json()),
        json.dumps(sent),
        json.dumps(engine.status()),
        json.dumps(found.to_dict()),
        json.dumps([event.to_dict() for event in engine.events()]),
        json.dumps(engine._context.store.ledger()),
        repr(engine._context.project),
        repr(engine.secrets.load("eu")),
        json.dumps(server.log(), default=str),
        httpx2.get(f"{server.url}/_sandbox/log").text,
        caplog.text,
        "".join(capfd.readouterr()),
        dump,
        *documents,
    ]
    assert "createFeed" in texts[9]
    assert leaks(texts, key) == []


@pytest.mark.parametrize(
    "fault", [{"kind": "500", "times": 99}, {"kind": "html400", "times": 99}, {"kind": "reset", "times": 99}]
)
def test_bad_days(engine, server, key, caplog, fault):
    caplog.set_level(logging.DEBUG)
    httpx2.post(f"{server.url}/_sandbox/faults", json=[{"operation": "getMarketplaceParticipations", **fault}])
    found = engine.doctor(online=True)
    (online,) = [each for each in found.findings if each.check == "online"]
    assert online.level in {"warning", "must_act"}
    assert online.account == "eu"
    assert leaks([json.dumps(found.to_dict()), caplog.text], key) == []


@pytest.mark.parametrize("name", ["refresh_token", "endpoint"])
def test_what_goes_wrong_on_the_way_shows_none(server, tmp_path, key, name):
    """A token that Amazon refuses; a login that nobody answers."""
    wrong = {"auth_endpoint": "http://127.0.0.1:9/auth/o2/token"} if name == "endpoint" else {}
    made = settings(server, f"sqlite:///{tmp_path}/acorn.db", **wrong)
    secrets = VALUES | ({"refresh_token": "Atzr-nobodys-token"} if name == "refresh_token" else {})
    with opened(made | {"amazon": {"attempts": 1}}, credentials=None, root=tmp_path) as engine:
        engine.secrets.set("eu", secrets, by="me")
        connection = engine._context.connect(engine._context.account("eu"))
        with pytest.raises(MarketplaceError) as caught:
            connection.provider.participations()
        found = engine.doctor(online=True)
    assert ("online", "must_act") in [(each.check, each.level) for each in found.findings]
    texts = [json.dumps(found.to_dict()), str(caught.value), "".join(traceback.format_exception(caught.value))]
    assert leaks(texts, key) == []
    assert "Atzr-nobodys-token" not in "".join(texts)


def test_the_file_for_whoever_helps(server, tmp_path, key):
    from acorn_engine.cli import main

    (tmp_path / "acorn.toml").write_text(
        f'[sites]\n"amazon.de" = []\n[accounts.eu]\nseller_id = "{SELLER}"\nsites = ["amazon.de"]\n'
        f'endpoint = "{server.url}"\nauth_endpoint = "{server.auth_url}"\n'
    )
    from acorn_engine import Engine

    with Engine.open(tmp_path) as engine:
        engine.secrets.set("eu", VALUES, by="me")
    path = tmp_path / "help.zip"
    main(["doctor", "--online", "--json", "--project", str(tmp_path), "--bundle", str(path)])
    with zipfile.ZipFile(path) as archive:
        members = [archive.read(name).decode() for name in archive.namelist()]
    assert "may sell on" in "".join(members)
    assert leaks(members, key) == []
