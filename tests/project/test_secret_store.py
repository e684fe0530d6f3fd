"""Secrets at rest: encrypted, bound to their place, rotated, resolved from one place, never shown."""

from __future__ import annotations

import base64
import json
import os
import traceback
from datetime import UTC, datetime, timedelta

import pytest
from fake_marketplace import Clock
from pydantic import SecretStr
from sqlalchemy import insert, select, update

from acorn_engine.marketplace import Account
from acorn_engine.problems import AcornError, ProjectError, StoreError
from acorn_engine.project.credentials import find, variable
from acorn_engine.project.secret_keys import KEYS, KEYS_FILE, Place, SecretKeys, new_key, open_to_others, secret_keys
from acorn_engine.project.secret_store import NAMES, Rotation, SecretStore
from acorn_engine.store import Store
from acorn_engine.store.tables import secrets

EU = Account("eu", "shop", "S1", ("shop.de",))
VALUES = {"client_id": "the-client-id", "client_secret": "the-client-secret", "refresh_token": "Atzr|the-refresh-token"}
BARE = [*VALUES.values(), "the-old-secret"]


@pytest.fixture(autouse=True)
def keys(monkeypatch):
    """Return the one key in use; nothing of the environment of whoever runs the tests."""
    for part in NAMES:
        monkeypatch.delenv(variable("eu", part), raising=False)
    monkeypatch.delenv(KEYS_FILE, raising=False)
    made = new_key()
    monkeypatch.setenv(KEYS, made)
    return made


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(database_url, clock):
    with Store.open(database_url, "northwind", now=clock.now) as made:
        yield made


@pytest.fixture
def kept(store):
    return SecretStore(lambda: store, lambda _name: None)


def bodies(store):
    with store.read() as connection:
        return dict(connection.execute(select(secrets.c.name, secrets.c.body).order_by(secrets.c.name)).all())


def everything_about(error):
    """Return all that any tool can show of an error: texts, causes, contexts, and local variables."""
    told, seen, queue = [], set(), [error]
    while queue:
        one = queue.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        shown = traceback.TracebackException.from_exception(one, capture_locals=True)
        # The test's own frame, which must know the secrets, is left out.
        shown.stack = traceback.StackSummary.from_list(
            [frame for frame in shown.stack if "/tests/" not in frame.filename]
        )
        told += [repr(one), str(one), "\n".join(shown.stack.format())]
        told += [repr(frame.locals) for frame in shown.stack]
        queue += [one.__cause__, one.__context__]
    return "\n".join(told)


def refusal(call, kind=AcornError):
    with pytest.raises(kind) as caught:
        call()
    text = everything_about(caught.value)
    assert [secret for secret in BARE if secret in text] == []
    assert os.environ.get(KEYS) is None or [key for key in os.environ[KEYS].split(",") if key and key in text] == []
    return str(caught.value)


def test_these_tests_would_see_a_secret_in_a_local_variable():
    namespace = {}
    source = "def leaks(value):\n    raise ValueError\n"
    exec(compile(source, "/elsewhere.py", "exec"), namespace)
    with pytest.raises(ValueError) as caught:
        namespace["leaks"]("the-client-secret")
    assert "the-client-secret" in everything_about(caught.value)


def test_what_is_stored_is_had_back_and_is_encrypted_in_the_database(store, kept):
    assert kept.set("eu", VALUES, by="me") == NAMES
    assert {name: value.get_secret_value() for name, value in kept.load("eu").items()} == VALUES
    rows = bodies(store)
    assert len(rows) == 3
    plain = [form for value in VALUES.values() for form in (value, base64.b64encode(value.encode()).decode()[:-4])]
    assert not [body for body in rows.values() for form in plain if form in body]
    assert len({*rows.values()}) == 3
    assert kept.load("na") == {}


def test_one_secret_is_replaced_alone_and_the_others_keep_their_dates(kept, clock):
    day = datetime(2026, 1, 15, tzinfo=UTC)
    kept.set("eu", VALUES, by="me", issued={"client_secret": day})
    before = {info.name: info.issued_at for info in kept.list()}
    assert before["client_secret"] == day
    clock.advance(60)
    kept.set("eu", {"refresh_token": "Atzr|another"}, by="me")
    after = {info.name: info.issued_at for info in kept.list()}
    assert kept.load("eu")["refresh_token"].get_secret_value() == "Atzr|another"
    assert kept.load("eu")["client_secret"].get_secret_value() == VALUES["client_secret"]
    assert after["client_secret"] == day
    assert after["refresh_token"] > before["refresh_token"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"client_id": "the-client-id", "client_sceret": "the-client-secret"}, "did you mean 'client_secret'?"),
        ({"client_secret": " "}, "the client_secret that was given is empty. Nothing was stored."),
        ({"client_secret": "the-client-secret\nmore"}, "has blanks or unprintable signs in it"),
        ({"client_secret": "the-client-secret" * 1_000}, "has more than 8192 signs"),
        ({}, "no secret was given. Nothing was stored."),
    ],
)
def test_what_cannot_be_a_secret_is_refused_whole(kept, values, words):
    assert words in refusal(lambda: kept.set("eu", values, by="me"))
    assert kept.list() == []


def test_a_date_in_the_future_is_refused(kept, store):
    ahead = {"client_secret": datetime.now(UTC) + timedelta(days=40_000)}
    assert "is in the future. Nothing was stored." in refusal(lambda: kept.set("eu", VALUES, by="me", issued=ahead))
    assert kept.list() == []


def test_the_ledger_tells_who_and_which_never_what(kept, store):
    kept.set("eu", VALUES, by="ada")
    kept.rotate(by="bob")
    assert kept.remove("eu", by="cleo") == NAMES
    rows = store.ledger()
    assert [(row["who"], row["what"], row["subject"]) for row in rows] == [
        ("ada", "secrets_set", "eu"),
        ("bob", "secrets_rotated", None),
        ("cleo", "secrets_removed", "eu"),
    ]
    text = json.dumps(rows)
    assert "client_secret" in text
    assert not [value for value in VALUES.values() if value in text]
    assert store.verify_ledger().whole


# Keys


def test_keys_rotate(kept, store, keys, monkeypatch):
    kept.set("eu", VALUES, by="me")
    first = bodies(store)
    newer = new_key()
    monkeypatch.setenv(KEYS, f"{newer}, {keys}")
    assert kept.load("eu")["client_id"].get_secret_value() == "the-client-id"
    issued = [info.issued_at for info in kept.list()]
    assert kept.rotate(by="me") == Rotation(3)
    assert not set(first.values()) & set(bodies(store).values())
    assert [info.issued_at for info in kept.list()] == issued
    monkeypatch.setenv(KEYS, newer)
    assert kept.load("eu")["client_secret"].get_secret_value() == VALUES["client_secret"]
    monkeypatch.setenv(KEYS, keys)
    assert "cannot be used: none of the keys opens it." in refusal(lambda: kept.load("eu"))


def test_a_rotation_leaves_what_it_cannot_open(kept, store, keys, monkeypatch):
    kept.set("eu", {"client_id": "the-client-id"}, by="me")
    old = bodies(store)
    monkeypatch.setenv(KEYS, new_key())
    kept.set("na", {"client_secret": "the-client-secret"}, by="me")
    assert kept.rotate(by="me") == Rotation(1, (("eu", "client_id"),))
    assert bodies(store)["client_id"] == old["client_id"]
    monkeypatch.setenv(KEYS, keys)
    assert kept.load("eu")["client_id"].get_secret_value() == "the-client-id"


def test_a_row_that_was_copied_elsewhere_does_not_open_there(kept, store):
    kept.set("eu", VALUES, by="me")
    with store.write() as tx:
        row = dict(tx.connection.execute(select(secrets).where(secrets.c.name == "refresh_token")).one()._mapping)
        for place in ({"account": "na"}, {"project": "other"}):
            tx.connection.execute(insert(secrets).values(**(row | place)))
    assert "its row was copied here" in refusal(lambda: kept.load("na"))
    with Store.open(str(store._database.url.render_as_string(hide_password=False)), "other") as other:
        elsewhere = SecretStore(lambda: other, lambda _name: None)
        assert "its row was copied here" in refusal(lambda: elsewhere.load("eu"))
        assert elsewhere.rotate(by="me").failed == (("eu", "refresh_token"),)
    with store.write() as tx:
        swapped = update(secrets).where(secrets.c.project == "northwind", secrets.c.name == "client_id")
        tx.connection.execute(swapped.values(body=row["body"]))
    assert "the stored client_id of account 'eu' cannot be used" in refusal(lambda: kept.load("eu"))


@pytest.mark.parametrize("body", ["", "x", "gAAAAA", "é"])
def test_a_damaged_row_says_so(kept, store, body):
    kept.set("eu", VALUES, by="me")
    with store.write() as tx:
        tx.connection.execute(update(secrets).values(body=body))
    assert "none of the keys opens it" in refusal(lambda: kept.load("eu"))


def test_without_keys_nothing_is_stored_or_read_but_names_are_told(kept, monkeypatch):
    kept.set("eu", VALUES, by="me")
    monkeypatch.delenv(KEYS)
    for call in (lambda: kept.load("eu"), lambda: kept.set("eu", VALUES, by="me"), lambda: kept.rotate(by="me")):
        assert f"{KEYS} and {KEYS_FILE} are not set. No secret was read or stored." in refusal(call)
    assert [info.name for info in kept.list()] == list(NAMES)
    assert kept.load("na") == {}


def test_keys_from_a_file(tmp_path, keys, monkeypatch):
    file = tmp_path / "keys"
    newer = new_key()
    file.write_text(f"{newer}\n{keys}\n")
    file.chmod(0o600)
    place = Place("p", "eu", "client_id")
    old = secret_keys().seal(place, SecretStr("x"))
    monkeypatch.delenv(KEYS)
    monkeypatch.setenv(KEYS_FILE, str(file))
    assert secret_keys().open(place, old).get_secret_value() == "x"
    assert SecretKeys([SecretStr(newer)]).open(place, secret_keys().seal(place, SecretStr("x"))) == SecretStr("x")
    assert open_to_others() is None
    file.chmod(0o644)
    assert open_to_others() == file
    file.write_text(" \n")
    assert "has no key in it" in refusal(secret_keys)
    file.write_bytes(b"\xff\xfe\xfa")
    assert "it is not text" in refusal(secret_keys)
    file.unlink()
    assert "cannot be read: No such file or directory" in refusal(secret_keys)


def test_a_key_that_is_none_is_named_by_its_number_alone(keys, monkeypatch):
    monkeypatch.setenv(KEYS, f"{keys},the-old-secret,{keys[:-4]}")
    assert "key 2, 3 of 3 is no key" in refusal(secret_keys)


def test_keys_named_twice_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv(KEYS_FILE, str(tmp_path / "keys"))
    assert f"both {KEYS} and {KEYS_FILE} are set" in refusal(secret_keys)


# Where an account's secrets come from


def set_environment(monkeypatch, values):
    for part, value in values.items():
        monkeypatch.setenv(variable("eu", part), value)


def test_the_program_goes_before_the_environment_and_that_before_the_store(kept, monkeypatch):
    kept.set("eu", VALUES, by="me")
    found = find(EU, None, kept)
    assert (found.origin, found.credentials.client_id, found.unused) == ("store", "the-client-id", ())
    set_environment(monkeypatch, dict.fromkeys(NAMES, "from-the-environment"))
    found = find(EU, None, kept, thorough=True)
    assert (found.origin, found.credentials.refresh_token, found.unused) == (
        "environment",
        "from-the-environment",
        NAMES,
    )

    def asked():
        raise AssertionError("the database was opened")

    assert find(EU, None, SecretStore(asked, str)).unused == ()
    found = find(EU, lambda _: dict.fromkeys(NAMES, "from-the-program"), kept)
    assert (found.origin, found.credentials.refresh_token) == ("program", "from-the-program")


def test_secrets_are_never_mixed_from_two_places(kept, monkeypatch):
    kept.set("eu", VALUES, by="me")
    set_environment(monkeypatch, {"client_id": "the-client-id", "client_secret": "the-old-secret"})
    text = refusal(lambda: find(EU, None, kept), ProjectError)
    assert "account 'eu' has no ACORN_EU_REFRESH_TOKEN. Nothing was sent or read." in text
    assert "the encrypted store has its client_id, client_secret, refresh_token" in text
    assert "all of an account's secrets come from one place" in text


def test_what_is_missing_is_named_with_what_to_do(kept, monkeypatch):
    text = refusal(lambda: find(EU, None, kept))
    assert "account 'eu' has no ACORN_EU_CLIENT_ID, ACORN_EU_CLIENT_SECRET, ACORN_EU_REFRESH_TOKEN." in text
    assert "or store the secrets with 'acorn secrets set eu'" in text
    kept.set("eu", {"client_id": "the-client-id", "client_secret": "the-client-secret"}, by="me")
    assert "account 'eu' has no refresh_token in the encrypted store." in refusal(lambda: find(EU, None, kept))
    monkeypatch.delenv(KEYS)
    with pytest.raises(ProjectError) as caught:
        find(EU, None, kept)
    (problem,) = caught.value.problems
    assert (problem.code, problem.params["cause"]) == ("no-credentials", "no-secret-keys")
    assert "No secret was read" not in problem.message


def test_a_program_that_fails_or_forgets_shows_nothing(kept):
    def fails(_account):
        raise RuntimeError(VALUES["client_secret"])

    assert "the credentials callable failed (RuntimeError)" in refusal(lambda: find(EU, fails, kept))
    assert "has no client_id, refresh_token" in refusal(
        lambda: find(EU, lambda _: {"client_secret": "the-client-secret"}, kept)
    )


def test_a_database_that_fails_on_the_way_shows_nothing(kept, store, monkeypatch):
    kept.set("eu", VALUES, by="me")

    def fails(_connection):
        raise StoreError("the disk is full")

    monkeypatch.setattr(store, "_commit", fails)
    assert "the disk is full" in refusal(lambda: kept.set("eu", VALUES, by="me"))
    assert "the disk is full" in refusal(lambda: kept.rotate(by="me"))


def test_nothing_encrypts_unless_something_is_stored(tmp_path):
    import subprocess
    import sys

    program = f"""
import sys
from acorn_engine.marketplace import Account
from acorn_engine.project.credentials import find
from acorn_engine.project.secret_store import SecretStore
from acorn_engine.store import Store
store = Store.open("sqlite:///{tmp_path}/a.db", "p")
try:
    find(Account("eu", "shop", "S1", ("shop.de",)), None, SecretStore(lambda: store, str))
except Exception as error:
    print(type(error).__name__, "cryptography" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["ProjectError", "False"]
