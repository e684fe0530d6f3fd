"""DESIGN 9: the command, ``plan --json``, the digest, exports, the library."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import polars as pl
import pytest

from acorn_engine import AcornError, Engine
from acorn_engine.cli import main

RULES = """\
acorn: 1
rules:
  - {id: price, set: {price: landed * 2.1}, because: twice and a little}
  - {id: stock, set: {quantity: stock, attributes.color: rot}}
examples:
  - {name: ten, site: shop.de, given: {landed: 10}, expect: {price: 21.00}}
"""
OFFER = {"landed": "10.00", "price": "20.00", "floor_price": "1.00", "stock": 9, "quantity": 9}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def made(world):
    built = world(RULES)
    built.add("A", **OFFER)
    built.add("B", **(OFFER | {"floor_price": "50.00", "stock": 4}))
    built.add("C", **(OFFER | {"landed": None}))
    return built


# Exit codes


def test_exit_codes_of_plan(world, run):
    """``plan`` exits with the first that holds of 1 error (usage too), 4 halted, 3 new holds, 2 changes, 0 nothing; ``--exit-zero`` for cron."""
    made = world(RULES.replace("{quantity: stock, attributes.color: rot}", "{quantity: stock}"))
    made.add("A", **(OFFER | {"landed": "9.60", "price": "20.16"}))
    made.write()
    assert run(made, "plan", "shop.de")[0] == 0
    made.add("B", **OFFER)
    made.write()
    assert run(made, "plan", "shop.de")[0] == 2
    made.add("C", **(OFFER | {"landed": None}))
    made.write()
    assert run(made, "plan", "shop.de", "--exit-zero")[0] == 0
    assert run(made, "plan", "shop.de")[0] == 2  # the hold is no longer new
    made.add("D", **(OFFER | {"landed": None}))
    made.write()
    assert run(made, "plan", "shop.de")[0] == 3
    made.rules["halt.yaml"] = "acorn: 1\nguards:\n  - {id: h, halt: changed_count > 0, because: no}\n"
    made.settings["sites"]["shop.de"].append("halt.yaml")
    made.write()
    assert run(made, "plan", "shop.de")[0] == 4
    assert run(made, "plan", "shop.de", "--exit-zero")[0] == 0
    assert run(made, "plan", "shop.dee")[0] == 1
    assert run(made, "plan", "shop.dee", "--exit-zero")[0] == 1
    assert run(made, "plan", "shop.de", "--no-such-option")[0] == 1


@pytest.mark.parametrize(
    "words",
    [["nothing"], ["plan", "--wrong"], ["explain", "shop.de"], ["approve"], ["export", "x"], ["rollback", "x"], []],
)
def test_usage_errors_exit_with_1_and_say_so(words, capsys):
    """1 error (usage too)."""
    code = main(words)
    captured = capsys.readouterr()
    assert code == (1 if words else 0)
    assert (captured.err if words else captured.out).strip()


def test_every_verb(made, run, run_json, tmp_path):
    """Every other verb: 0 done, 1 error; with ``--json``, stdout is JSON only."""
    made.write()
    for words in (
        ["check"],
        ["test"],
        ["facts", "shop.de"],
        ["plugins"],
        ["schema"],
        ["status"],
        ["submit"],
        ["verify"],
    ):
        code, document = run_json(made, *words)
        assert code == 0, words
        assert isinstance(document, dict), words
        code, out, _ = run(made, *words)
        assert (code, bool(out)) == (0, True), words
    code, plan = run_json(made, "plan", "shop.de")
    assert code == 3
    name = plan["plan"]
    for words in (
        ["explain", "shop.de", "A"],
        ["diff", name],
        ["export", name, "--to", str(tmp_path / "out")],
        ["approve", name],
        ["submit", name, "--wait"],
        ["verify", name],
        ["rollback", name, "--because", "a test"],
        ["drift", "shop.de"],
        ["init"],
    ):
        code, document = run_json(made, *words)
        assert code == 0, (words, document)
        assert isinstance(document, dict), words
    for words in (
        ["explain", "shop.de", "nothing"],
        ["approve", "nothing"],
        ["submit", "nothing"],
        ["facts", "shop.x"],
    ):
        code, document = run_json(made, *words)
        assert code == 1, words
        assert document["problems"][0]["message"], words
        code, out, err = run(made, *words)
        assert (code, out) == (1, ""), words
        assert "Traceback" not in err
        assert err.strip(), words


def test_submit_and_verify_without_a_plan_work_through_everything(made, run, run_json):
    """``submit`` and ``verify`` without a plan work through everything approved or in flight."""
    made.settings["sites"]["shop.fr"] = ["base.yaml"]
    made.add("A", "shop.fr", **OFFER)
    made.write()
    _, document = run_json(made, "plan")
    names = [plan["plan"] for plan in document["plans"]]
    assert run(made, "approve", *names)[0] == 0
    _, report = run_json(made, "submit")
    assert sorted(row["plan"] for row in report["plans"]) == sorted(names)
    _, report = run_json(made, "verify", "--wait")
    _, status = run_json(made, "status")
    assert status["in_flight"] == []
    assert made.offer("A", "shop.fr")["price"] == made.offer("A")["price"] == "21.00"


def test_account_limits_what_is_sent(made, run, run_json, monkeypatch):
    """``--account``: nothing of another account is planned, sent or shown; a misspelt one is an error."""
    for name in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
        monkeypatch.setenv(f"ACORN_OTHER_{name}", "secret")
    made.settings["accounts"]["other"] = {"marketplace": "shop", "seller_id": "S2", "sites": ["shop.de"]}
    made.add("D", account="other", **OFFER)
    made.write()
    _, plan = run_json(made, "plan", "shop.de", "--account", "other")
    assert {row["seller_sku"] for row in plan["changes"]} == {"D"}
    _, plan = run_json(made, "plan", "shop.de")
    assert {row["account"] for row in plan["changes"]} == {"eu", "other"}
    run(made, "approve", plan["plan"])
    for words in (["submit"], ["verify"], ["status"], ["drift"]):
        assert run(made, *words, "--account", "othr")[0] == 1
    assert run(made, "submit", "--wait", "--account", "other")[0] == 0
    assert (made.offer("D", account="other")["price"], made.offer("A")["price"]) == ("21.00", "20.00")
    _, status = run_json(made, "status", "--account", "other")
    assert {row["seller_sku"] for row in status["held"]} == set()
    assert run(made, "submit", "--wait")[0] == 0
    assert made.offer("A")["price"] == "21.00"


def test_status_is_four_lists(made, run_json):
    """``status --json`` is ``{in_flight, held, expiring, must_act}``, lists; in_flight has every approved plan with a part not yet ended, unsent and waiting waves included."""
    made.settings["run"]["plan_ttl"] = "20m"
    made.settings["accounts"]["eu"]["patch_up_to"] = 0
    for row in made.products:
        row["stock"] = 12
    made.write()
    _, plan = run_json(made, "plan", "shop.de")
    _, status = run_json(made, "status")
    assert list(status) == ["in_flight", "held", "expiring", "must_act"]
    assert all(isinstance(value, list) for value in status.values())
    assert status["in_flight"] == []
    assert {row["seller_sku"] for row in status["held"]} == {"B", "C"}
    assert [row["plan"] for row in status["expiring"]] == [plan["plan"]]
    run_json(made, "approve", plan["plan"])
    _, status = run_json(made, "status")
    assert [(row["plan"], {part["wave"] for part in row["parts"]}) for row in status["in_flight"]] == [
        (plan["plan"], {1, 2})
    ]


# plan --json


def test_plan_json_field_by_field(made, run_json):
    """``{format: "acorn.plan/1", plan, project, site, accounts, status, created_at, expires_at, ruleset, inputs, digest, summary, changes, problems}``."""
    made.write()
    _, plan = run_json(made, "plan", "shop.de")
    assert list(plan) == [
        "format", "plan", "project", "site", "accounts", "status", "created_at", "expires_at", "ruleset", "inputs",
        "digest", "summary", "changes", "problems",
    ]  # fmt: skip
    assert (plan["format"], plan["project"], plan["site"], plan["accounts"]) == (
        "acorn.plan/1",
        "northwind",
        "shop.de",
        ["eu"],
    )
    assert plan["status"] in {"ready", "halted"}
    assert TIME.fullmatch(plan["created_at"])
    assert TIME.fullmatch(plan["expires_at"])
    for name in ("ruleset", "inputs", "digest"):
        assert re.fullmatch("[0-9a-f]{64}", plan[name])
    assert isinstance(plan["summary"], dict)
    assert isinstance(plan["problems"], list)


def test_a_change_field_by_field(made, run_json):
    """A change is ``{id, account, site, sku, seller_sku, group, wave, operation, field, from, to, currency, rule, guard, verdict, because, code, params}``; money and numbers as text, quantities as integers, missing as null."""
    made.write()
    _, plan = run_json(made, "plan", "shop.de")
    changes = {(row["seller_sku"], row["field"]): row for row in plan["changes"]}
    for row in plan["changes"]:
        assert list(row) == [
            "id", "account", "site", "sku", "seller_sku", "group", "wave", "operation", "field", "from", "to", "currency",
            "rule", "guard", "verdict", "because", "code", "params",
        ]  # fmt: skip
        assert row["verdict"] in {"send", "hold", "reject", "pending", "superseded", "not_owned"}
        assert row["wave"] in {0, 1, 2}
        assert isinstance(row["params"], dict)
        assert row["because"]
    assert len({row["id"] for row in plan["changes"]}) == len(plan["changes"])
    sent = changes["A", "price"]
    assert (sent["from"], sent["to"], sent["currency"], sent["rule"], sent["guard"], sent["verdict"]) == (
        "20.00", "21.00", "EUR", "price", None, "send",
    )  # fmt: skip
    assert sent["because"] == "twice and a little"
    assert (changes["A", "attributes.color"]["from"], changes["A", "attributes.color"]["to"]) == (None, "rot")
    fewer = changes["B", "quantity"]
    assert (fewer["from"], fewer["to"], fewer["wave"], fewer["currency"]) == (9, 4, 0, None)


def test_held_and_rejected_ones_are_listed_too(made, run_json):
    """``changes`` lists held, rejected and halted ones too with the proposed ``to``, and a value that came out missing is ``to: null``, verdict ``hold``."""
    made.write()
    _, plan = run_json(made, "plan", "shop.de")
    changes = {(row["seller_sku"], row["field"]): row for row in plan["changes"]}
    assert (changes["B", "price"]["verdict"], changes["B", "price"]["to"]) == ("reject", "21.00")
    assert (changes["C", "price"]["verdict"], changes["C", "price"]["to"], changes["C", "price"]["code"]) == (
        "hold", None, "missing",
    )  # fmt: skip
    assert "landed" in changes["C", "price"]["because"]


def test_rule_is_the_last_whose_set_applied_even_to_the_same_value(world, proposed):
    """``rule`` is the last rule whose set applied (even to the same value)."""
    rules = "acorn: 1\nrules:\n  - {id: a, set: {price: 21}}\n  - {id: b, set: {price: price}}\n"
    made = world(rules)
    made.add("A", **OFFER)
    assert proposed(made)["A", "price"]["rule"] == "b"


# Digest


def test_the_digest_recomputed_from_its_definition(made):
    """``digest`` is the SHA-256 of the canonical JSON of the changes sorted by key, with the messages' hashes, without ids, clock or software version."""
    with made.engine() as engine:
        plan = made.plan(engine)
    rows = sorted(
        plan.changes.to_dicts(), key=lambda row: (row["account"], row["site"], row["seller_sku"], row["field"])
    )
    for row in rows:
        del row["id"]
    groups: dict[tuple[str, int], list[tuple[str, str]]] = {}
    for row in plan.messages.to_dicts():
        groups.setdefault((row["account"], row["wave"]), []).append((row["seller_sku"], row["message"]))
    messages = [
        {
            "account": account,
            "sha256": hashlib.sha256("".join(f"{sku}\t{text}\n" for sku, text in sorted(some)).encode()).hexdigest(),
            "wave": wave,
        }
        for (account, wave), some in sorted(groups.items())
    ]
    text = json.dumps(
        {"changes": rows, "messages": messages}, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    assert hashlib.sha256(text.encode()).hexdigest() == plan.digest


def test_the_digest_is_of_the_content_alone(made):
    """The same across … row and column order; ``inputs`` is a second digest."""
    with made.engine() as engine:
        first = made.plan(engine)
        made.clock.advance(seconds=3)
        rows = made.rows()
        turned = {name: table.reverse().select(table.columns[::-1]) for name, table in rows.items()}
        second = engine.plan("shop.de", **turned)
        assert (second.digest, second.id != first.id) == (first.digest, True)
        made.products[0]["stock"] = 8
        third = made.plan(engine)
        assert third.digest != first.digest
        assert third.inputs != first.inputs


@pytest.mark.parametrize("seed", ["0", "77"])
def test_the_digest_is_the_same_across_processes_and_hash_seeds(made, seed):
    """The same across processes, hash seeds."""
    folder = made.folder
    made.write()
    code = """
import sys; from pathlib import Path; from marketplace import World
world = World(Path(sys.argv[1]), Path(sys.argv[1], "rules/base.yaml").read_text())
world.settings["catalog"]["columns"] = {"landed": "money"}
world.add("A", landed="10.00", price="20.00", floor_price="1.00", stock=9, quantity=9)
world.add("B", landed="10.00", price="20.00", floor_price="50.00", stock=4, quantity=9)
world.add("C", landed=None, price="20.00", floor_price="1.00", stock=9, quantity=9)
with world.engine(root=None) as engine:
    plan = world.plan(engine)
    print(plan.digest, plan.inputs)
"""
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(Path(__file__).parents[1])},
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    made.clock.at = made.clock.at.replace(year=2026, month=3, day=2)
    with made.engine() as engine:
        plan = made.plan(engine)
    assert run.stdout.split()[0] == plan.digest


# Export


def test_export(made, run, tmp_path):
    """``export`` writes the feed documents (``<site>-<account>-<wave>-<n>.json``) and a spreadsheet that a person can work from."""
    with made.engine(credentials=None) as engine:
        plan = made.plan(engine)
        out = tmp_path / "out"
        written = [path.name for path in engine.export(plan, out)]
    assert written == ["shop.de-eu-0-1.json", "shop.de-eu-1-1.json", f"shop.de-{plan.id}.xlsx"] or written[
        0
    ].startswith("shop.de-eu-0")
    documents = [json.loads((out / name).read_bytes()) for name in written[:-1]]
    texts = [
        json.dumps(
            {key: value for key, value in message.items() if key != "messageId"}, sort_keys=True, ensure_ascii=False
        )
        for document in documents
        for message in document
    ]
    assert texts == plan.messages.sort("account", "wave", "part", "message_id")["message"].to_list()
    sheets = pl.read_excel(out / written[-1], sheet_id=0)
    assert sum(sheet.height for sheet in sheets.values()) >= plan.changes.height


# Library


def test_the_calls_as_design_shows_them(made):
    """``Engine.open(settings, rules={name: text}, credentials=callable, plugins=[…], now=…)`` … ``engine.events(after=cursor)``."""
    with made.engine() as engine:
        rows = made.rows()
        plan = engine.plan("shop.de", products=rows["products"], listings=rows["listings"].to_dicts())
        assert isinstance(plan.changes, pl.DataFrame)
        assert isinstance(plan.held, pl.DataFrame)
        assert isinstance(plan.summary, dict)
        assert isinstance(plan.problems, tuple)
        assert plan.to_json()["format"] == "acorn.plan/1"
        some = engine.plan("shop.de", only=["A"], **rows)
        assert set(some.changes["seller_sku"]) == {"A"}
        assert some.summary["offers"] == 3
        explained = engine.explain("shop.de", "A", **rows)
        assert "twice and a little" in explained.render()
        quoted = engine.quote("shop.de", {"landed": "10.00", "current_price": "20.00", "floor_price": "1", "stock": 3})
        assert [(change.field, change.after) for change in quoted.changes if change.field == "price"] == [
            ("price", "21.00")
        ]
        engine.approve(some, by="erp:nightly")
        engine.submit(some, wait=False)
        engine.work(max_seconds=20)
        engine.verify()
        cursor = 0
        kinds = []
        while events := engine.events(after=cursor, limit=2):
            assert [event.number for event in events] == sorted(event.number for event in events)
            kinds += [event.kind for event in events]
            cursor = events[-1].number
        assert kinds
        assert engine.events(after=cursor) == []
    assert made.offer("A")["price"] == "21.00"


def test_an_engine_needs_no_file_and_no_environment(made, monkeypatch):
    """An Engine needs no file and no environment; starts no thread, signal handler or logging set-up of its own."""
    import logging
    import signal

    for name in list(os.environ):
        if name.startswith("ACORN"):
            monkeypatch.delenv(name)
    made.settings["project"]["database"] = "sqlite:///" + str(made.folder / "elsewhere.db")
    before = (threading.active_count(), signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
    handlers = list(logging.getLogger().handlers), list(logging.getLogger("acorn_engine").handlers)
    with made.engine() as engine:
        plan = made.plan(engine)
        engine.approve(plan, by="t")
        engine.submit(plan, wait=True, max_seconds=20)
        assert threading.active_count() == before[0]
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before[1:]
    assert (list(logging.getLogger().handlers), list(logging.getLogger("acorn_engine").handlers)) == handlers


def test_keys(made):
    """``plan(key=…)`` and ``submit(key=…)`` return the first result again."""
    with made.engine() as engine:
        first = made.plan(engine, key="night")
        made.products[0]["stock"] = 1
        again = made.plan(engine, key="night")
        assert (again.id, again.digest, again.to_json()) == (first.id, first.digest, first.to_json())
        engine.approve(first, by="t")
        engine.submit(first, key="once", wait=True, max_seconds=20)
        patches = len(made.shop.connection("eu").patches)
        report = engine.submit(first, key="once", wait=True, max_seconds=20)
        assert report["plans"][0]["plan"] == first.id
        assert len(made.shop.connection("eu").patches) == patches


def test_eight_threads_at_once(made):
    """Is thread-safe."""
    with made.engine() as engine, ThreadPoolExecutor(8) as pool:
        plans = list(pool.map(lambda _: made.plan(engine), range(8)))
        assert len({plan.digest for plan in plans}) == 1
        assert len({plan.id for plan in plans}) == 8
        keyed = list(pool.map(lambda _: made.plan(engine, key="k").id, range(8)))
        assert len(set(keyed)) == 1
        engine.approve(plans[0], by="t")
        reports = list(pool.map(lambda _: engine.submit(plans[0].id, wait=True, max_seconds=30), range(8)))
        assert {report["plans"][0]["state"] for report in reports} == {"ended"}
    connection = made.shop.connection("eu")
    assert max(connection.applied.values()) == 1


def test_two_engines_in_one_process(made):
    """Twice in one process."""
    with made.engine() as first, made.engine() as second:
        plan = made.plan(first)
        assert made.plan(second).digest == plan.digest
        second.approve(plan.id, by="t")
        first.submit(plan.id, wait=True, max_seconds=20)
        assert second.load(plan.id).digest == plan.digest
        assert second.status()["in_flight"] == []


def test_a_forked_engine_says_so(made):
    """Must be opened after a fork (a forked one says so)."""
    with made.engine() as engine:
        made.plan(engine)
        process = os.getpid()
        engine._context._process = process + 1  # as a child process finds it
        with pytest.raises(AcornError, match="fork"):
            made.plan(engine)
        with pytest.raises(AcornError, match="fork"):
            engine.status()
        engine._context._process = process


def test_every_table_carries_the_project(made):
    """Every table carries the project (the tenant)."""
    with made.engine() as engine:
        plan = made.plan(engine)
    made.settings["project"]["name"] = "southwind"
    with made.engine() as other:
        with pytest.raises(AcornError, match=plan.id):
            other.load(plan.id)
        assert other.events() == []
        assert made.plan(other).digest == plan.digest


def test_a_ruleset_is_stored_whole_and_a_plan_names_it(made):
    """Rule sets are stored whole by digest; a plan names its ruleset, plugins and packs."""
    with made.engine() as engine:
        plan = made.plan(engine)
        assert engine._context.store.load_ruleset(plan.ruleset) == {"base.yaml": RULES}
        assert plan.details["plugins"]


def test_opening_makes_no_request_and_does_not_touch_the_database(made):
    """Planning never fails for want of a network or credentials; opening needs neither."""
    with Engine.open(made.settings, rules=made.rules, plugins=[made.shop], entry_points=False, root=made.folder):
        pass
    assert not (made.folder / "acorn.db").exists()
