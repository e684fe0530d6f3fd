"""``acorn secrets``: values come in by standard input, the environment or a prompt, and never go out."""

from __future__ import annotations

import io
import json
import sys
from datetime import UTC, datetime, timedelta

import pytest

from acorn_engine.project.secret_keys import KEYS, KEYS_FILE, new_key
from acorn_engine.project.secret_store import NAMES
from acorn_engine.store import Store

VALUES = {"client_id": "the-client-id", "client_secret": "the-client-secret", "refresh_token": "Atzr|the=refresh-token"}


class Typed(io.StringIO):
    """Standard input; ``terminal`` says whether somebody sits there."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def here(shop, monkeypatch):
    """Return the folder of a project without secrets, with a key for the store."""
    for name in NAMES:
        monkeypatch.delenv(f"ACORN_EU_{name.upper()}")
    monkeypatch.delenv(KEYS_FILE, raising=False)
    monkeypatch.setenv(KEYS, new_key())
    return shop.folder


@pytest.fixture
def given(monkeypatch):
    def give(text, *, terminal=False):
        typed = Typed(text)
        typed.terminal = terminal
        monkeypatch.setattr(sys, "stdin", typed)

    return give


@pytest.fixture
def secrets(run, here):
    """Run ``acorn secrets …``; whatever it prints is looked through for values."""

    def call(*words):
        code, out, err = run("secrets", *words, "--project", here)
        assert not [value for value in VALUES.values() if value in out + err]
        return code, out, err

    return call


LINES = "\n".join(f"{name} = {value}" for name, value in VALUES.items())


@pytest.mark.parametrize("text", [LINES, json.dumps(VALUES), f"\ufeff{LINES}\n\n", LINES.replace(" = ", "=")])
def test_set_reads_standard_input(secrets, given, here, text):
    from acorn_engine import Engine

    given(text)
    code, out, err = secrets("set", "eu")
    assert (code, err) == (0, "")
    assert out == "account 'eu': client_id, client_secret, refresh_token stored, encrypted.\n"
    with Engine.open(here) as engine:
        assert {name: value.get_secret_value() for name, value in engine.secrets.load("eu").items()} == VALUES


def test_set_asks_on_a_terminal_and_leaves_what_is_left_empty(secrets, given, here, monkeypatch):
    given(LINES)
    secrets("set", "eu")
    given("", terminal=True)
    answers = iter(["", "another-secret ", ""])
    monkeypatch.setattr("getpass.getpass", lambda _prompt: next(answers))
    code, out, _ = secrets("set", "eu")
    assert (code, out) == (0, "account 'eu': client_secret stored, encrypted.\n")


def test_with_json_nothing_is_asked(secrets, given, monkeypatch):
    given("", terminal=True)
    monkeypatch.setattr("getpass.getpass", lambda _prompt: pytest.fail("it asked"))
    code, out, _ = secrets("set", "eu", "--json")
    assert code == 1
    assert json.loads(out)["problems"][0]["message"] == "with --json nothing is asked. Nothing was stored."


def test_set_takes_them_from_the_environment_and_says_which_goes_first(secrets, monkeypatch):
    for name, value in VALUES.items():
        monkeypatch.setenv(f"ACORN_EU_{name.upper()}", value)
    code, _, err = secrets("set", "eu", "--from-environment")
    assert code == 0
    assert "ACORN_EU_CLIENT_ID, ACORN_EU_CLIENT_SECRET, ACORN_EU_REFRESH_TOKEN go before the store" in err
    code, out, _ = secrets("list", "--json")
    assert [row["name"] for row in json.loads(out)["secrets"]] == list(NAMES)


@pytest.mark.parametrize(
    ("text", "words", "says"),
    [
        ("", ["eu"], "no secret was given. Nothing was stored."),
        ("the-client-secret", ["eu"], "standard input cannot be understood. Nothing was stored."),
        ('{"client_secret": "the-client-secret"', ["eu"], "standard input cannot be understood."),
        ('{"client_secret": 1}', ["eu"], "standard input cannot be understood."),
        ("client_sceret=the-client-secret", ["eu"], "did you mean 'client_secret'?"),
        (LINES, ["ue"], "there is no account 'ue'. Nothing was done."),
        ("client_id = the-client-id", ["eu", "--authorised", "2026-01-01"], "a date is given for refresh_token"),
        (LINES, ["eu", "--secret-issued", "2999-01-01"], "is in the future. Nothing was stored."),
        (LINES, ["eu", "client_secret=the-client-secret"], "client_secret="),
    ],
)
def test_what_is_not_understood_stores_nothing_and_shows_nothing(secrets, given, text, words, says):
    given(text)
    code, _, err = secrets("set", *words)
    assert code == 1
    assert says in err
    assert secrets("list")[1] == "No secret is stored.\n"


def test_list_tells_names_and_ages(secrets, given):
    given(LINES)
    day = (datetime.now(UTC) - timedelta(days=40)).date()
    secrets("set", "eu", "--authorised", day)
    code, out, _ = secrets("list")
    assert code == 0
    row = next(line for line in out.splitlines() if "refresh_token" in line).split()
    assert row == ["eu", "refresh_token", str(day), str(datetime.now(UTC).date()), "40"]
    assert json.loads(secrets("list", "--json", "--account", "eu")[1])["secrets"][0]["age_days"] == 0


def test_rotate_and_remove(secrets, given, here, monkeypatch):
    import os

    given(LINES)
    secrets("set", "eu")
    old = os.environ[KEYS]
    monkeypatch.setenv(KEYS, f"{new_key()},{old}")
    assert secrets("rotate")[:2] == (0, "3 secrets encrypted with the newest key.\n")
    monkeypatch.setenv(KEYS, old)
    code, _, err = secrets("rotate")
    assert code == 1
    assert "account 'eu': client_id was left as it is: none of the keys opens it here." in err
    assert secrets("remove", "eu")[:2] == (0, "account 'eu': client_id, client_secret, refresh_token removed.\n")
    code, _, err = secrets("remove", "eu")
    assert (code, err) == (1, "no secret of account 'eu' is stored. Nothing was removed.\n")


def test_new_key_is_a_key_and_the_only_thing_printed(run, tmp_path, monkeypatch):
    code, out, err = run("secrets", "new-key", "--project", tmp_path)
    assert code == 0
    assert KEYS in err
    assert len(out.strip()) == 44
    code, again, _ = run("secrets", "new-key", "--json")
    assert json.loads(again)["key"] != out.strip()


def test_stored_secrets_are_what_is_connected_with(secrets, given, here, shop, monkeypatch):
    from acorn_engine import Engine

    given(LINES)
    secrets("set", "eu")
    used = []
    connect = type(shop.shop).connect
    monkeypatch.setattr(
        type(shop.shop), "connect", lambda self, account, given, options: used.append(given) or connect(self, account)
    )
    with Engine.open(shop.settings, plugins=[shop.shop], entry_points=False, root=here) as engine:
        engine._context.connect(engine._context.account("eu"))
    assert used[0].refresh_token == VALUES["refresh_token"]
    assert not [value for value in VALUES.values() if value in repr(used)]


def test_the_database_holds_no_secret_in_the_clear(secrets, given, here):
    given(LINES)
    secrets("set", "eu")
    with Store.open(f"sqlite:///{here}/acorn.db", "northwind") as store:
        assert len(store.ledger()) == 1
    everything = b"".join(path.read_bytes() for path in here.glob("acorn.db*"))
    assert not [value for value in VALUES.values() if value.encode() in everything]


def test_a_word_that_is_no_command_of_secrets(run, here):
    code, _, err = run("secrets", "lst", "--project", here)
    assert code == 1
    assert "there is no verb 'lst'" in err
    assert "did you mean 'list'?" in err
