"""From an ERP's files and an operator's rules to listings that read back as planned, over real HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from real_project import PRICE_RULES, answered, offer_of, price_of, quantity_of

from acorn_engine import AcornError

STOCK_RULES = "acorn: 1\nrules:\n  - {id: show-stock, use: stock, with: {reserve: 2, cap: 50}}\n"


@pytest.fixture
def seller(project):
    """One site, price only, three rules."""
    made = project({"amazon.de": ["price.yaml"]}, {"price.yaml": PRICE_RULES})
    made.add("PLAIN")  # 10 USD → 9.20 EUR, twice is 18.40, ends as 18.99: stands
    made.add("DEARER", "11.00")  # 20.24 → 20.99
    made.add("FOLLOWS", "11.00", competitor_price="18.00")  # 17.99
    made.add("UNSAFE", "5.00", floor_price="15.00")  # 9.99 < floor
    made.add("NO-COST", None)
    return made


def settle(engine, plan, **approval):
    engine.approve(plan, by="t", **approval)
    return engine.submit(plan, wait=True, max_seconds=60)["plans"][0]


def test_from_csv_to_a_listing_that_reads_back(seller, serve, run, secrets):
    """One site, price only, three rules, by the command line; a second plan has nothing to send."""
    server = serve(seller)
    code, out, err = run(seller, "check")
    assert (code, "0 errors" in out) == (0, True), err
    code, out, _ = run(seller, "plan", "amazon.de", "--json")
    plan = json.loads(out)
    changes = {(row["seller_sku"], row["field"]): row for row in plan["changes"]}
    assert code == 3
    assert changes["DEARER", "price"]["to"] == "20.99"
    assert (changes["FOLLOWS", "price"]["to"], changes["FOLLOWS", "price"]["rule"]) == ("17.99", "ending")
    assert changes["UNSAFE", "price"]["verdict"] == "reject"
    assert (changes["NO-COST", "price"]["verdict"], changes["NO-COST", "price"]["to"]) == ("hold", None)
    assert ("PLAIN", "price") not in changes
    code, out, _ = run(seller, "explain", "amazon.de", "FOLLOWS")
    assert code == 0
    assert "a tick below 18.00 EUR" in out
    assert run(seller, "submit", plan["plan"])[0] == 1  # nobody has approved it
    assert run(seller, "approve", plan["plan"])[0] == 0
    code, out, _ = run(seller, "submit", plan["plan"], "--wait", "--json")
    (report,) = json.loads(out)["plans"]
    assert (code, report["state"], report["outcomes"]["settled"]) == (0, "ended", 4)
    assert {sku: price_of(server, sku) for sku in ("PLAIN", "DEARER", "FOLLOWS", "UNSAFE", "NO-COST")} == {
        "PLAIN": "18.99", "DEARER": "20.99", "FOLLOWS": "17.99", "UNSAFE": "18.99", "NO-COST": "18.99",
    }  # fmt: skip
    assert offer_of(server, "DEARER")["map_price"]  # what Acorn does not own stays
    code, out, _ = run(seller, "plan", "amazon.de", "--json")
    assert code == 0  # the holds are known, and nothing is left to send
    assert not [row for row in json.loads(out)["changes"] if row["verdict"] == "send"]


@pytest.mark.parametrize("patch_up_to", [50, 0])
def test_what_is_submitted_equals_the_plan(seller, serve, amazon_judges, patch_up_to):
    """Plan = what is sent: by patches or by feeds, the sandbox's truth is what the plan's messages say, and nothing else."""
    seller.accounts_extra["eu"] = f"patch_up_to = {patch_up_to}"
    server = serve(seller)
    before = {row["sku"]: row for row in server.truth()}
    with seller.engine() as engine:
        plan = engine.plan("amazon.de")
        assert settle(engine, plan)["outcomes"]["settled"] == 4
        assert engine.plan("amazon.de").to_send.is_empty()
    sent = {row["seller_sku"]: json.loads(row["message"], parse_float=Decimal) for row in plan.messages.to_dicts()}
    for sku, old in before.items():
        (now,) = server.truth(sku=sku)
        expected = dict(old["attributes"])
        for patch in sent.get(sku, {"patches": []})["patches"]:
            expected[patch["path"].removeprefix("/attributes/")] = patch["value"]
        assert now["attributes"] == expected, sku
    assert set(sent) == {"DEARER", "FOLLOWS"}
    if patch_up_to:
        assert (answered(server, "patchListingsItem"), answered(server, "createFeed")) == (2, 0)
    else:
        assert (answered(server, "patchListingsItem"), answered(server, "createFeed")) == (0, 1)
        documents = [json.loads(document, parse_float=Decimal) for document in amazon_judges]
        assert documents
        messages = {message["sku"]: message for message in documents[-1]["messages"]}
        for sku, message in messages.items():
            assert {name: value for name, value in message.items() if name != "messageId"} == sent[sku]


def test_two_plans_of_the_same_inputs_have_the_same_digest_across_processes(seller, serve):
    """Two plans from the same inputs have the same digest, also across processes with different hash seeds."""
    serve(seller)
    code = """
import sys; from acorn_engine import Engine
with Engine.open(sys.argv[1], credentials=lambda a: {"client_id": "c", "client_secret": "s", "refresh_token": "Atzr|" + a.seller_id}) as engine:
    print(engine.plan("amazon.de").digest)
"""
    with seller.engine() as engine:
        digests = {engine.plan("amazon.de").digest}
    for seed in ("1", "99"):
        run = subprocess.run(
            [sys.executable, "-c", code, str(seller.folder)],
            env={**os.environ, "PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": seed[0]},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        digests.add(run.stdout.strip())
    assert len(digests) == 1


def test_several_sites_and_accounts(project, serve, run, secrets):
    """Four sites, three accounts, four currencies: each price exact in its own, quantities through one site of a pool."""
    chain = ["price.yaml", "stock.yaml"]
    sites = ("amazon.de", "amazon.fr", "amazon.com")
    made = project(dict.fromkeys(sites, chain) | {"amazon.co.jp": ["yen.yaml"]}, {
        "price.yaml": PRICE_RULES, "stock.yaml": STOCK_RULES, "yen.yaml": "acorn: 1\nrules:\n  - {id: y, set: {price: fx(cost) * 2}}\n",
    })  # fmt: skip
    for number in range(3):
        made.add(f"S{number}", "11.00", "20", sites=list(sites), quantity="25")
        for site in ("amazon.co.jp",):
            made.listings.append(
                made.listings[-1] | {"site": site, "price": "3000", "quantity": "20", "floor_price": "100"}
            )
    made.listings = [row | ({"price": "20.99"} if row["site"] == "amazon.com" else {}) for row in made.listings]
    server = serve(made)
    with made.engine() as engine:
        plans = [engine.plan(site) for site in engine.sites]
        assert set(plans[1].changes.filter(field="quantity")["verdict"]) == {"not_owned"}
        for plan in plans:
            engine.approve(plan, by="t")
        report = engine.submit(wait=True, max_seconds=60)
        assert report["open"] == 0
        assert {row["state"] for row in report["plans"]} == {"ended"}
        assert all(engine.plan(site).to_send.is_empty() for site in engine.sites)
    shown = {site: price_of(server, "S1", site) for site in made.sites}
    assert shown == {"amazon.de": "20.99", "amazon.fr": "20.99", "amazon.com": "22.99", "amazon.co.jp": "3300"}
    assert (quantity_of(server, "S1"), quantity_of(server, "S1", "amazon.com")) == (18, 18)


def test_only_and_key(seller, serve):
    """``only=``: the others are not considered; ``key=``: the first result again."""
    server = serve(seller)
    with seller.engine() as engine:
        plan = engine.plan("amazon.de", only=["DEARER"], key="k")
        assert set(plan.changes["seller_sku"]) == {"DEARER"}
        assert plan.summary["offers"] == 5
        assert engine.plan("amazon.de", key="k").id == plan.id
        settle(engine, plan)
    assert (price_of(server, "DEARER"), price_of(server, "FOLLOWS")) == ("20.99", "18.99")


def test_eight_threads_two_engines(seller, serve):
    """Eight threads at once, two engines in one process: every change is sent once."""
    server = serve(seller)
    with seller.engine() as first, seller.engine() as second, ThreadPoolExecutor(8) as pool:
        plans = list(pool.map(lambda number: (first, second)[number % 2].plan("amazon.de"), range(8)))
        assert len({plan.digest for plan in plans}) == 1
        first.approve(plans[-1], by="t")
        engines = (first, second) * 4
        list(pool.map(lambda engine: engine.submit(plans[-1].id, wait=True, max_seconds=60), engines))
        assert second.status()["in_flight"] == []
    assert answered(server, "patchListingsItem") == 2
    assert price_of(server, "DEARER") == "20.99"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_engine_says_so(seller, serve):
    """Must be opened after a fork (a forked one says so)."""
    serve(seller)
    code = """
import os, sys; from acorn_engine import AcornError, Engine
engine = Engine.open(sys.argv[1])
child = os.fork()
if child == 0:
    try:
        engine.status()
    except AcornError as error:
        print(error.problems[0].code, flush=True)
    os._exit(0)
os.waitpid(child, 0)
engine.status()
engine.close()
"""
    run = subprocess.run([sys.executable, "-c", code, str(seller.folder)], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "forked"


def test_approve_release_and_rollback(seller, serve, run, secrets):
    """``approve PLAN --release SKU… --because``, then ``rollback PLAN``: the before-values stand again."""
    seller.add("JUMPS", "20.00", ceiling_price="50.00")  # 36.80 → 36.99: a move of more than 20%
    server = serve(seller)
    _, out, _ = run(seller, "plan", "amazon.de", "--json")
    plan = json.loads(out)["plan"]
    code, _, err = run(seller, "approve", plan, "--release", "UNSAFE", "--because", "x")
    assert (code, "UNSAFE" in err) == (1, True)
    assert run(seller, "approve", plan, "--release", "JUMPS")[0] == 1
    assert run(seller, "approve", plan, "--release", "JUMPS", "--because", "new supplier")[0] == 0
    assert run(seller, "submit", plan, "--wait")[0] == 0
    assert price_of(server, "JUMPS") == "36.99"
    code, out, _ = run(seller, "rollback", plan, "--because", "a mistake", "--json")
    undone = json.loads(out)
    assert {row["to"] for row in undone["changes"] if row["field"] == "price"} == {"18.99"}
    assert {row["verdict"] for row in undone["changes"] if row["field"] == "price"} == {"send"}
    assert run(seller, "approve", undone["plan"])[0] == 0
    assert run(seller, "submit", undone["plan"], "--wait")[0] == 0
    assert {price_of(server, sku) for sku in ("JUMPS", "DEARER", "FOLLOWS")} == {"18.99"}


def test_stop_file(seller, serve, run, secrets):
    """A file named ``STOP`` in the project halts all sending."""
    server = serve(seller)
    _, out, _ = run(seller, "plan", "amazon.de", "--json")
    plan = json.loads(out)["plan"]
    run(seller, "approve", plan)
    (seller.folder / "STOP").touch()
    code, out, _ = run(seller, "submit", plan)
    assert code == 0
    assert "STOP" in out
    assert answered(server, "patchListingsItem") == 0
    (seller.folder / "STOP").unlink()
    assert run(seller, "submit", plan, "--wait")[0] == 0
    assert price_of(server, "DEARER") == "20.99"


def test_export_without_a_network(seller, serve, run, secrets, tmp_path, amazon_judges):
    """``export`` writes the feed documents, valid by Amazon's schema, without any network; so does planning."""
    server = serve(seller)
    _, out, _ = run(seller, "plan", "amazon.de", "--json")
    plan = json.loads(out)
    server.__exit__(None, None, None)
    code, out, _ = run(seller, "export", plan["plan"], "--to", str(tmp_path / "out"))
    assert code == 0
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == sorted(["amazon.de-eu-1-1.json", f"amazon.de-{plan['plan']}.xlsx"])
    document = json.loads((tmp_path / "out" / names[-1 if names[-1].endswith("json") else 0]).read_bytes())
    assert {message["sku"] for message in document["messages"]} == {"DEARER", "FOLLOWS"}
    seller.add("NEVER-READ", "11.00")
    seller.write()
    code, out, _ = run(seller, "plan", "amazon.de", "--json")
    rows = {row["seller_sku"]: row for row in json.loads(out)["changes"] if row["field"] == "price"}
    assert code == 3
    assert (rows["NEVER-READ"]["verdict"], rows["NEVER-READ"]["code"]) == ("hold", "neighbours_unknown")


def test_drift_and_events(seller, serve, run, secrets):
    """drift: a read-back that differs from the last verified value while nothing of ours is pending; events are ordered and durable."""
    server = serve(seller)
    with seller.engine() as engine:
        settle(engine, engine.plan("amazon.de"))
        assert engine.drift("amazon.de").is_empty()
        cursor = engine.events()[-1].number
        with seller.engine() as other:  # somebody else moves the price behind our back
            connection = other._context.connect(other._context.account("eu"))
            site = other._context.site("amazon.de")
            value = offer_of(server, "DEARER") | {"our_price": [{"schedule": [{"value_with_tax": Decimal("19.49")}]}]}
            patch = {"op": "replace", "path": "/attributes/purchasable_offer", "value": [value]}
            message = {"sku": "DEARER", "operationType": "PATCH", "productType": "LUGGAGE", "patches": [patch]}
            connection.patch(site, "DEARER", json.dumps(message, default=float))
        found = engine.drift("amazon.de")
        assert found["seller_sku"].to_list() == ["DEARER"]
        assert engine.plan("amazon.de").to_send.filter(field="price")["from"].to_list() == ["19.49"]
    code, out, _ = run(seller, "drift", "amazon.de")
    assert code == 0
    assert "19.49" in out
    with seller.engine() as engine:
        events = engine.events(after=cursor)
        assert [event.number for event in events] == sorted(event.number for event in events)
        assert all(event.number > cursor for event in events)
        kinds = {event.kind for event in engine.events()}
    assert kinds


def test_the_sandbox_down_in_the_middle_and_resumed(seller, serve, run, secrets):
    """The sandbox down in the middle: nothing is lost or sent twice, and the same command goes on."""
    seller.accounts_extra["eu"] = "patch_up_to = 0"
    server = serve(seller)
    _, out, _ = run(seller, "plan", "amazon.de", "--json")
    plan = json.loads(out)["plan"]
    run(seller, "approve", plan)
    server.add_faults({"operation": "createFeedDocument", "kind": "503"})
    code, out, _ = run(seller, "submit", plan)
    assert code == 0
    assert "Not everything has ended" in out
    assert answered(server, "createFeed") == 0
    server.clear_faults()
    server.add_faults(
        {"operation": "getFeed", "kind": "reset", "times": 8}, {"operation": "*", "kind": "500", "probability": 0.3}
    )
    run(seller, "submit", plan)
    server.clear_faults()
    code, out, _ = run(seller, "submit", plan, "--wait", "--json")
    (report,) = json.loads(out)["plans"]
    assert (code, report["state"], report["outcomes"]["settled"]) == (0, "ended", 4)
    assert price_of(server, "DEARER") == "20.99"


def test_patches_whose_answers_are_lost_are_not_repeated_blindly(seller, serve):
    """Lost answers are *unknown* and are read, never resent blindly."""
    server = serve(seller)
    ahead = timedelta()
    with seller.engine(now=lambda: datetime.now(UTC) + ahead) as engine:
        plan = engine.plan("amazon.de")
        engine.approve(plan, by="t")
        server.add_faults({"operation": "patchListingsItem", "kind": "lost_answer", "times": 2})
        engine.submit(plan)
        assert len([entry for entry in server.log() if entry["operation"] == "patchListingsItem"]) >= 1
        for _ in range(4):
            ahead += timedelta(minutes=2)
            report = engine.submit(plan, wait=True, max_seconds=1)["plans"][0]
    assert report["outcomes"]["settled"] == 4
    done = [entry for entry in server.log() if entry["operation"] == "patchListingsItem"]
    assert len(done) == 2  # each had its effect, and the look at the offer said so


def test_a_feed_without_effect_differs(seller, serve):
    """DONE is not accepted, accepted is not applied."""
    seller.accounts_extra["eu"] = "patch_up_to = 0"
    server = serve(seller)
    server.add_faults({"operation": "createFeed", "kind": "no_effect", "times": 1})
    seller.folder.joinpath("acorn.toml").write_text(
        seller.folder.joinpath("acorn.toml").read_text().replace('verify_within = "20s"', 'verify_within = "1s"')
    )
    with seller.engine() as engine:
        report = settle(engine, engine.plan("amazon.de"))
        assert report["outcomes"]["differs"] >= 2
        assert engine.status()["must_act"]
    assert price_of(server, "DEARER") == "18.99"


def test_secrets_are_never_shown(seller, serve, run, monkeypatch):
    """No secret in any message."""
    server = serve(seller)
    for part in ("CLIENT_ID", "CLIENT_SECRET", "REFRESH_TOKEN"):
        monkeypatch.setenv(f"ACORN_EU_{part}", "Atzr|very-secret")
    server.add_faults({"operation": "token", "kind": "revoked_token"})
    code, out, err = run(seller, "plan", "amazon.de")
    assert code in {2, 3}
    assert "very-secret" not in out + err
    assert "could not be read" in err
    with pytest.raises(AcornError), seller.engine(credentials=lambda _: {}) as engine:
        engine._context.connect(engine._context.account("eu"))
