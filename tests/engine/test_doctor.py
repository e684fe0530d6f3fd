"""What the doctor finds: every check alone, every account alone, nothing changed, nothing shown."""

from __future__ import annotations

import json
import os
import sqlite3
import zipfile
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from marketplace import SECRETS, START

from acorn_engine.cli import main
from acorn_engine.clock import system_now
from acorn_engine.engine.doctor import examine, machine, project
from acorn_engine.marketplace import MarketplaceError
from acorn_engine.problems import ProjectError
from acorn_engine.project.secret_keys import KEYS, KEYS_FILE, new_key
from acorn_engine.project.secret_store import NAMES

VALUES = {"client_id": "the-client-id", "client_secret": "the-client-secret", "refresh_token": "Atzr|the-refresh-token"}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    """Nothing of the environment of whoever runs the tests; a key."""
    for account in ("EU", "US"):
        for name in NAMES:
            monkeypatch.delenv(f"ACORN_{account}_{name.upper()}", raising=False)
    monkeypatch.delenv(KEYS_FILE, raising=False)
    monkeypatch.setenv(KEYS, new_key())


@pytest.fixture
def shop(world):
    made = world()
    made.settings["sites"]["shop.us"] = list(made.rules)
    made.settings["accounts"]["us"] = {"marketplace": "shop", "seller_id": "S2", "sites": ["shop.us"]}
    made.shop.secret_days = {"refresh_token": 365, "client_secret": 180}
    made.add("S1", price="20.00", floor_price="10.00", landed="21.00", quantity=5, stock=5)
    made.write()
    sources = {role: {"source": "csv", "path": f"{role}.csv"} for role in ("products", "listings")}
    made.settings["catalog"] |= sources
    made.clock.at = START
    for path in made.folder.glob("*.csv"):
        os.utime(path, (START.timestamp() - 60,) * 2)
    return made


def levels(diagnosis, check, account=None):
    return [(each.level, each.code) for each in diagnosis.findings if (each.check, each.account) == (check, account)]


def words(diagnosis, check, account=None):
    return [each.message for each in diagnosis.findings if (each.check, each.account) == (check, account)]


def test_a_healthy_project(shop):
    with shop.engine() as engine:
        shop.plan(engine)
        found = engine.doctor()
    assert [each.code for each in found.findings if each.level in {"warning", "must_act"}] == ["no_examples"]
    assert not found.must_act
    assert {"python", "project", "plugins", "rules", "database", "clock", "sending", "ledger", "status"} <= {
        each.check for each in found.findings
    }
    assert words(found, "credentials", "eu") == ["all of them, from the program"]
    assert found.versions["polars"]
    document = json.loads(json.dumps(found.to_dict()))
    assert (document["format"], document["must_act"]) == ("acorn.doctor/1", False)


def test_looking_makes_no_database(shop):
    with shop.engine(credentials=None) as engine:
        found = engine.doctor()
    assert levels(found, "database") == [("note", "store_absent")]
    assert not (shop.folder / "acorn.db").exists()


def test_one_accounts_trouble_hides_no_other(shop, monkeypatch):
    for name in NAMES:
        monkeypatch.setenv(f"ACORN_US_{name.upper()}", "x")
    shop.shop.connection("us").participations = lambda: ["US1"]
    shop.shop.connection("eu").participations = lambda: ["DE1"]
    with shop.engine(credentials=None) as engine:
        shop.plan(engine)
        found = engine.doctor(online=True)
        assert levels(found, "credentials", "eu") == [("must_act", "no-credentials")]
        assert levels(found, "online", "eu") == [("must_act", "no-credentials")]
        assert levels(found, "credentials", "us") == [("ok", None)]
        assert levels(found, "online", "us") == [("ok", None)]
        alone = engine.doctor(account="us")
        assert {each.account for each in alone.findings} == {None, "us"}
        assert not alone.must_act
        with pytest.raises(ProjectError, match="there is no account 'ue'"):
            engine.doctor(account="ue")


def test_online(shop):
    def revoked():
        raise MarketplaceError(
            "login: invalid_grant. Authorise again.", code="unauthorized", status=400, request_id="R1"
        )

    def busy():
        raise MarketplaceError("try again later", code="server", status=503, retryable=True)

    def broken():
        raise RuntimeError(SECRETS["client_secret"])

    shop.shop.connection("us").participations = revoked
    shop.shop.connection("eu").participations = lambda: ["DE1"]
    with shop.engine() as engine:
        found = engine.doctor(online=True)
        assert levels(found, "online", "eu") == [("must_act", "no-participation")]
        assert words(found, "online", "eu") == ["the account may not sell on shop.fr."]
        assert levels(found, "online", "us") == [("must_act", "unauthorized")]
        (us,) = [each for each in found.findings if (each.check, each.account) == ("online", "us")]
        assert us.params == {"status": 400, "request_id": "R1", "retryable": False}
        shop.shop.connection("us").participations = busy
        assert levels(engine.doctor(online=True), "online", "us") == [("warning", "server")]
        shop.shop.connection("us").participations = broken
        found = engine.doctor(online=True)
        assert levels(found, "online", "us") == [("must_act", "check-failed")]
        assert SECRETS["client_secret"] not in json.dumps(found.to_dict())
        assert levels(found, "online", "eu") == [("must_act", "no-participation")]


def test_a_marketplace_that_cannot_be_asked(shop):
    with shop.engine() as engine:
        assert levels(engine.doctor(online=True), "online", "eu") == [("note", None)]


@pytest.mark.parametrize(
    ("days", "level", "code"),
    [(100, "ok", None), (151, "warning", "expiring"), (166, "warning", "expiring"), (173, "must_act", "expiring"),
     (179, "must_act", "expiring"), (180, "must_act", "expired"), (-1, "warning", "date-ahead")],
)  # fmt: skip
def test_calendars_from_the_project_file(shop, days, level, code):
    shop.settings["accounts"]["eu"] |= {
        "secret_issued": (START - timedelta(days=days)).date(),
        "authorised": START.date(),
    }
    with shop.engine() as engine:
        found = engine.doctor()
    assert levels(found, "calendar", "eu") == [("ok", None), (level, code)]
    assert found.must_act is (level == "must_act")
    assert levels(found, "calendar", "us") == [("note", "no-date"), ("note", "no-date")]
    assert [(each.account, each.name) for each in found.deadlines] == [("eu", "refresh_token"), ("eu", "client_secret")]


def test_calendars_from_the_encrypted_store(shop):
    shop.settings["accounts"]["eu"]["secret_issued"] = START.date()
    with shop.engine(credentials=None) as engine:
        issued = {"client_secret": START - timedelta(days=175)}
        engine.secrets.set("eu", VALUES, by="me", issued=issued)
        found = engine.doctor()
        assert levels(found, "credentials", "eu") == [("ok", None)]
        assert levels(found, "calendar", "eu") == [("ok", None), ("must_act", "expiring")]
        shop.clock.advance(days=10)
        assert levels(engine.doctor(), "calendar", "eu") == [("ok", None), ("must_act", "expired")]


def test_a_marketplace_without_dates_has_no_calendar(shop):
    del shop.shop.secret_days
    with shop.engine() as engine:
        found = engine.doctor()
    assert found.deadlines == ()
    assert "calendar" not in {each.check for each in found.findings}


def test_the_encrypted_store(shop, monkeypatch):
    with shop.engine(credentials=None) as engine:
        engine.secrets.set("eu", VALUES, by="me")
        old = os.environ[KEYS]
        monkeypatch.setenv(KEYS, f"{new_key()},{old}")
        found = engine.doctor()
        assert words(found, "secrets") == ["3 stored secrets still have an older key.", "3 secrets stored, encrypted"]
        for name in NAMES:
            monkeypatch.setenv(f"ACORN_EU_{name.upper()}", "x")
        assert levels(engine.doctor(), "credentials", "eu") == [("ok", None), ("warning", "two-sources")]
        monkeypatch.setenv(KEYS, new_key())
        found = engine.doctor()
        assert levels(found, "secrets", "eu") == [("must_act", "secret-unreadable")] * 3
        assert levels(found, "credentials", "eu")[0] == ("ok", None)
        monkeypatch.delenv(KEYS)
        assert levels(engine.doctor(), "secrets") == [("must_act", "no-secret-keys")]
    del shop.settings["accounts"]["eu"], shop.settings["sites"]["shop.de"]
    monkeypatch.setenv(KEYS, old)
    with shop.engine() as engine:
        assert levels(engine.doctor(), "secrets", "eu") == [("note", None)]


def test_a_key_file_that_others_can_read(shop, monkeypatch, tmp_path):
    file = tmp_path / "keys"
    file.write_text(os.environ[KEYS])
    file.chmod(0o644)
    monkeypatch.delenv(KEYS)
    monkeypatch.setenv(KEYS_FILE, str(file))
    with shop.engine(credentials=None) as engine:
        engine.secrets.set("eu", VALUES, by="me")
        assert levels(engine.doctor(), "secrets")[0] == ("warning", None)


def test_a_clock_that_went_back(shop):
    with shop.engine() as engine:
        shop.plan(engine)
        shop.clock.advance(minutes=-4)
        assert levels(engine.doctor(), "clock") == [("ok", None)]
        shop.clock.advance(hours=-3)
        assert levels(engine.doctor(), "clock") == [("must_act", None)]


def test_clocks_and_time_zones():
    past = datetime(1970, 1, 1, tzinfo=UTC)
    assert [each.level for each in machine.clock(past, None, ())] == ["must_act"]
    found = list(machine.clock(START, None, ["Europe/Berlin", "Europe/Atlantis", "Europe/Berlin"]))
    assert [each.message for each in found][1:] == ["the time zone Europe/Atlantis is unknown here."]


def test_packages_that_are_not_there():
    (found,) = machine.python({"python": "3.11.1", "acorn-engine": "1", "polars": None})
    assert (found.level, found.message) == ("must_act", "packages are not installed: polars.")


def test_a_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 5 * 2**20}))
    assert [(each.level, each.message) for each in machine.disk(tmp_path)] == [
        ("warning", "only 5 MiB of disk are free for the project.")
    ]


def test_stop_halted_and_changed_ledger(shop):
    (shop.folder / "STOP").touch()
    with shop.engine() as engine:
        shop.plan(engine)
        assert levels(engine.doctor(), "sending") == [("must_act", "stopped")]
        assert levels(engine.doctor(), "status") == [("ok", None)]
        with closing(sqlite3.connect(shop.folder / "acorn.db")) as database:
            for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
                database.execute(f"DROP TRIGGER {name}")
            database.execute("UPDATE ledger SET who = 'somebody else'")
            database.commit()
        assert levels(engine.doctor(), "ledger") == [("must_act", "ledger-broken")]


def test_a_plan_that_ran_out_unsent(shop):
    with shop.engine() as engine:
        plan = shop.plan(engine)
        shop.clock.advance(hours=5)
        assert ("must_act", "plan-expired") not in levels(engine.doctor(), "status")
        plan = shop.plan(engine)
        engine.approve(plan, by="ada")
        shop.clock.advance(hours=5)
        found = engine.doctor()
        assert ("must_act", "plan-expired") in levels(found, "status")
        assert any(plan.id in each for each in words(found, "status"))
        shop.plan(engine)
        assert ("must_act", "plan-expired") not in levels(engine.doctor(), "status")


def test_what_waits_for_a_person(shop):
    rows = {
        "in_flight": [{"parts": [1, 2]}],
        "held": [1],
        "expiring": [{"plan": "P2", "site": "shop.de", "state": "approved", "expires_at": "2026-03-02T12:00:00Z"}],
        "must_act": [
            {"kind": "stopped", "do": "remove STOP"},
            {"kind": "part", "plan": "P1", "part": "P1/eu/0/1", "account": "eu", "site": "shop.de", "code": "stuck", "do": "ask"},
            {"kind": "rejected", "plan": "P1", "account": "us", "site": "shop.us", "code": None, "count": 3, "do": "mend"},
        ],
    }  # fmt: skip
    found = list(project.status(lambda: rows, None))
    assert [(each.level, each.account, each.code) for each in found] == [
        ("must_act", "eu", "stuck"),
        ("must_act", "us", "rejected"),
        ("warning", None, "plan-expiring"),
        ("ok", None, None),
    ]
    assert [each.account for each in project.status(lambda: rows, "us") if each.level == "must_act"] == ["us"]


def test_a_database_that_is_none(shop):
    (shop.folder / "acorn.db").write_bytes(b"this is no database" * 500)
    with shop.engine() as engine:
        found = engine.doctor()
    assert levels(found, "database") == [("must_act", "store_not_a_database")]
    assert levels(found, "credentials", "eu") == [("ok", None)]
    assert ("ok", None) in levels(found, "rules")


def test_rules_that_do_not_load_and_plugins_that_are_off(shop):
    shop.rules["base.yaml"] = "acorn: 1\nrules:\n  - {id: x, set: {price: landde}}\n"

    class Broken:
        def __init__(self):
            raise RuntimeError("no")

    from acorn_engine import builtin

    with shop.engine(plugins=[shop.shop, builtin, Broken]) as engine:
        found = engine.doctor()
    assert ("must_act", "plugin-off") in levels(found, "plugins")
    assert levels(found, "rules")[0][0] == "must_act"
    assert levels(found, "database") == [("note", "store_absent")]


def test_a_project_that_does_not_open(tmp_path):
    (tmp_path / "acorn.toml").write_text(
        '[project]\nname = ""\n[accounts.eu]\nseller_id = "S"\nclient_secret = "abcdefgh"\n'
    )
    found = examine(tmp_path)
    assert found.must_act
    assert {code for _, code in levels(found, "project")} == {"bad-value", "unknown-key", "missing-key"}
    assert levels(found, "python") == [("ok", None)]
    assert words(found, "plugins")
    assert "abcdefgh" not in json.dumps(found.to_dict())
    assert levels(examine(tmp_path / "nowhere"), "project") == [("must_act", "no-project")]


# The command and its file


@pytest.fixture
def written(shop, monkeypatch, capsys):
    """Return the folder of a project with secrets in the store and something in flight, and a way to run ``acorn``."""
    shop.clock.at = system_now()
    with shop.engine(credentials=None) as engine:
        engine.secrets.set("eu", VALUES, by="me")
        plan = shop.plan(engine)
        engine.approve(plan, by="ada-lovelace")

    def run(*words):
        code = main([*map(str, words), "--project", str(shop.folder)])
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return shop.folder, run


def test_the_command(written):
    _, run = written
    code, out, _ = run("doctor")
    assert code == 1
    assert "MUST ACT  credentials of account 'us': account 'us' has no ACORN_US_CLIENT_ID" in out
    assert "ok        credentials of account 'eu': all of them, from the encrypted store" in out
    assert out.endswith("To be done: 1.\n")
    code, out, err = run("doctor", "--json", "--account", "eu")
    assert (code, err, json.loads(out)["must_act"]) == (0, "", False)
    assert not [value for value in VALUES.values() if value in out]


def test_the_file_for_whoever_helps(written, tmp_path):
    _, run = written
    path = tmp_path / "help.zip"
    code, _, err = run("doctor", "--bundle", path)
    assert code == 1
    assert "was written. Look at it before you hand it on." in err
    assert path.stat().st_mode & 0o777 == 0o600
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name).decode() for name in archive.namelist()}
    assert sorted(members) == ["README.txt", "doctor.json", "events.jsonl", "project.json"]
    everything = "\n".join(members.values())
    for hidden in ("ada-lovelace", *VALUES.values(), os.environ[KEYS], "S1/", '"S1"', "21.00", "20.00", "10.00"):
        assert hidden not in everything.replace('"seller_id": "S1"', "")
    assert {json.loads(line)["kind"] for line in members["events.jsonl"].splitlines()} == {"plan_ready", "approved"}
    assert json.loads(members["project.json"])["accounts"]["eu"]["seller_id"] == "S1"
    code, _, err = run("doctor", "--bundle", path)
    assert code == 1
    assert "is there already. No bundle was written." in err


def test_the_file_quotes_no_row_and_no_rule(written, tmp_path):
    folder, run = written
    with (folder / "listings.csv").open("a") as file:
        file.write("eu,shop.de,SKU-7788,S1,PRODUCT,merchant,2026-03-02T08:00:00Z,19x95,10.00,21.00,5\n")
    code, out, _ = run("doctor", "--json")
    assert code == 1
    assert "19x95" in out
    run("doctor", "--bundle", tmp_path / "help.zip")
    with zipfile.ZipFile(tmp_path / "help.zip") as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "19x95" not in text
    assert "SKU-7788" not in text
    rules = [
        each
        for each in json.loads(zipfile.ZipFile(tmp_path / "help.zip").read("doctor.json"))["findings"]
        if each["check"] == "rules"
    ]
    assert any(each["code"] and each["place"] and each["message"] is None for each in rules)


def test_the_file_is_refused_where_a_secret_would_be_in_it(written, tmp_path, monkeypatch):
    _, run = written
    monkeypatch.setenv("ACORN_EU_CLIENT_ID", "northwind")
    code, _, err = run("doctor", "--bundle", tmp_path / "help.zip")
    assert code == 1
    assert "a secret of this project would have been in project.json" in err or "in doctor.json" in err
    assert not (tmp_path / "help.zip").exists()


def test_the_file_of_a_project_that_does_not_open(tmp_path):
    (tmp_path / "acorn.toml").write_text('[accounts.eu]\nclient_secret = "abcdefgh"\nx = \n')
    path = tmp_path / "help.zip"
    assert main(["doctor", "--project", str(tmp_path), "--bundle", str(path)]) == 1
    with zipfile.ZipFile(path) as archive:
        text = "".join(archive.read(name).decode() for name in archive.namelist())
    assert "abcdefgh" not in text
    assert "project-syntax" in text
