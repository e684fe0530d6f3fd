"""What is wrong stays with the offers that are wrong: a clear outcome for these, and the others go on."""

from __future__ import annotations

import json
import time
from collections import Counter
from decimal import Decimal

import pytest
from submission_checks import check_truth, rows_of
from submission_world import RULES, Project, SandboxProcess, Shop, seed

from acorn_engine import Engine
from acorn_engine.store import Store
from acorn_engine.store.tables import deliveries

pytestmark = pytest.mark.slow

SPEED = 2000
SKUS = ("A", "B", "C")
GHS = """\
  - {id: hazard, when: sku == 'B', set: {attributes.ghs: [{classification: [{class: flammable}]}]}, because: hazard}
"""
ESSAY = """\
  - {id: essay, set: {attributes.product_description: = essay}, because: essay}
"""
OPTIONS = {"patch_up_to": 0, "neighbours": "none"}
GOOD = Shop("good", "GOOD", options=OPTIONS)


class World:
    """A project on a sandbox, and the engine on it."""

    def __init__(self, folder, shops, seeds=None, rules=RULES, columns=None):
        self.project = Project(folder / "project", shops, SKUS, database=f"sqlite:///{folder / 'acorn.db'}")
        self.project.usual |= {"price": "20.00", "quantity": "5"} | (columns or {})
        self.project.run["poll"] = "100ms"  # a try that is refused counts against the quota of feeds
        self.project.want(dict.fromkeys(self.project.prices, "21.00"))
        self.sandbox = SandboxProcess(folder / "sandbox", list(self.project.seeds()) if seeds is None else seeds, SPEED)
        self.sandbox.start()
        self.project.write(self.sandbox.url)
        (self.project.folder / "rules" / "base.yaml").write_text(rules, encoding="utf-8")

    def engine(self) -> Engine:
        secrets = {
            shop.name: {"client_id": "c", "client_secret": shop.secret, "refresh_token": f"Atzr|{shop.seller}"}
            for shop in self.project.shops
        }
        return Engine.open(self.project.folder, credentials=lambda account: secrets[account.name])

    def send(self, engine: Engine, seconds: float = 30.0) -> list[dict]:
        """Plan, approve and send every site; return the plans as they stood when each was made."""
        plans = [engine.approve(plan, by="proof") for plan in engine.plans() if not plan.to_send.is_empty()]
        engine.submit(wait=True, max_seconds=seconds)
        return plans

    def outcomes(self) -> dict[str, Counter]:
        """Return how many prices came to which outcome, by account."""
        found: dict[str, Counter] = {}
        with Store.open(self.project.database, self.project.name) as store:
            for row in rows_of(store, deliveries):
                if row["field"] == "price":
                    found.setdefault(row["account"], Counter())[row["outcome"]] += 1
        return found

    def done(self, seller: str) -> bool:
        """Say whether every feed has been processed."""
        return all(feed.status == "DONE" for feed in self.sandbox.feeds(seller).values())

    def price(self, shop: Shop, sku: str = "A") -> Decimal:
        return next(price for (_, name), (price, _) in self.sandbox.truth(shop.seller).items() if name == sku)


@pytest.fixture
def make(tmp_path):
    made = []

    def build(shops, **options):
        made.append(World(tmp_path, shops, **options))
        return made[-1]

    yield build
    for world in made:
        world.sandbox.stop()


def told(engine: Engine, account: str) -> str:
    """Return what ``status`` says that a person must do about an account."""
    return json.dumps([row for row in engine.status()["must_act"] if row.get("account") == account])


def test_a_wrong_secret_stops_its_account_alone_until_it_is_right(make):
    bad = Shop("bad", "BAD", options=OPTIONS, secret="wrong-secret")
    world = make([GOOD, bad])
    with world.engine() as engine:
        world.send(engine, 3)
        assert world.outcomes() == {"good": Counter(settled=3), "bad": Counter({None: 3})}
        words = told(engine, "bad")
        assert "credentials" in words or "secret" in words
        assert "wrong-secret" not in words + json.dumps(engine.status())
        assert world.price(bad) == Decimal("20.00")
    world.project.shops = (GOOD, Shop("bad", "BAD", options=OPTIONS))
    with world.engine() as engine:
        engine.submit(wait=True, max_seconds=60)
    assert world.outcomes()["bad"] == Counter(settled=3)
    check_truth(world.sandbox, world.project)


@pytest.mark.parametrize(
    ("operation", "kind"),
    [("token", "revoked_token"), ("createFeedDocument", "403"), ("createFeed", "403"), ("getFeed", "403")],
)
def test_a_revoked_token_or_a_missing_role_stops_its_account_alone(make, operation, kind):
    bad = Shop("bad", "BAD", options=OPTIONS)
    world = make([GOOD, bad])
    fault = {"operation": operation, "kind": kind, "account": "BAD"}
    world.sandbox.control("POST", "faults", [fault])
    with world.engine() as engine:
        world.send(engine, 3)
        assert world.outcomes() == {"good": Counter(settled=3), "bad": Counter({None: 3})}
        (failed, *_) = [
            event.data for event in engine.events() if event.kind == "part_failed" and event.data["account"] == "bad"
        ]
        assert failed["code"] in {"unauthorized", "forbidden"}
        assert "refresh token" in failed["note"]
        if operation != "createFeed":  # there the next thing that it waits for is the quota of feeds
            assert told(engine, "bad") != "[]"
        world.sandbox.control("DELETE", "faults")
        engine.submit(wait=True, max_seconds=60)
    assert world.outcomes()["bad"] == Counter(settled=3)
    assert world.sandbox.answered("BAD")["createFeed"] == 1
    check_truth(world.sandbox, world.project)


def test_an_access_token_that_is_revoked_on_the_way_is_replaced(make):
    world = make([GOOD])
    fault = {"operation": "createFeed", "kind": "revoked_token", "times": 1}
    world.sandbox.control("POST", "faults", [fault])
    with world.engine() as engine:
        world.send(engine)
    assert world.outcomes() == {"good": Counter(settled=3)}
    assert world.sandbox.answered("GOOD")["createFeed"] == 1


def test_an_unknown_marketplace_is_named_with_its_row_and_the_rest_goes_on(make):
    world = make([GOOD])
    listings = world.project.folder / "listings.csv"
    row = listings.read_text().splitlines()[1].replace("amazon.de", "amazon.zz")
    listings.write_text(listings.read_text() + row + "\n")
    with world.engine() as engine:
        (problem,) = [problem for problem in engine.check().problems if "amazon.zz" in problem.message]
        assert problem.place.file.endswith("listings.csv")
        assert problem.place.row == 5
        world.send(engine)
    assert world.outcomes() == {"good": Counter(settled=3)}


@pytest.mark.parametrize("patch_up_to", [0, 50])
def test_a_sku_that_does_not_exist_is_rejected_alone(make, patch_up_to):
    shop = Shop("good", "GOOD", options={"patch_up_to": patch_up_to, "neighbours": "none"})
    world = make([shop], seeds=[seed("GOOD", "amazon.de", sku) for sku in SKUS if sku != "B"])
    with world.engine() as engine:
        (plan,) = world.send(engine)
        (words,) = engine.verify(plan)["plans"][0]["reasons"]
    assert world.outcomes() == {"good": Counter(settled=2, rejected=1)}
    assert "'B' does not exist" in words
    assert world.price(shop) == Decimal("21.00")


@pytest.mark.parametrize("patch_up_to", [0, 50])
def test_an_attribute_that_a_site_lacks_is_rejected_there_and_nowhere_else(make, patch_up_to):
    options = {"patch_up_to": patch_up_to, "neighbours": "none"}
    shop = Shop("good", "GOOD", ("amazon.de", "amazon.fr"), options)
    world = make([shop], rules=RULES + GHS)
    with world.engine() as engine:
        plans = world.send(engine)
        reasons = {plan.site: engine.verify(plan)["plans"][0]["reasons"] for plan in plans}
    assert world.outcomes() == {"good": Counter(settled=5, rejected=1)}
    assert not reasons["amazon.fr"]
    (words,) = reasons["amazon.de"]
    assert "such as B" in words
    assert "ghs" in words


def test_documents_beyond_ten_mebibytes_are_cut_and_a_message_beyond_is_named(make):
    """Twelve texts of a mebibyte need two documents; one of eleven fits into none."""
    skus = tuple("ABCDEFGHIJKLM")
    world = make([Shop("good", "GOOD", options=OPTIONS, skus=skus)], rules=RULES + ESSAY, columns={"essay": ""})
    for number, sku in enumerate(skus):
        essay = "x" * (11 if sku == "M" else 1) * 1024 * 1024
        world.project.listing["good", "amazon.de", sku] = {"essay": f"{number}{essay}"}
    world.project.write_catalogue()
    with world.engine() as engine:
        (plan,) = world.send(engine)
        assert set(plan.to_send["seller_sku"]) == set(skus[:-1])
        assert "M" in json.dumps([problem.to_dict() for problem in plan.problems]) + json.dumps(plan.held.to_dicts())
    assert world.outcomes() == {"good": Counter(settled=12)}
    sizes = [feed.size for feed in world.sandbox.feeds("GOOD").values()]
    assert len(sizes) == 2
    assert max(sizes) <= 10 * 1024 * 1024


def test_one_message_more_than_a_feed_holds_goes_in_a_second_one(make):
    skus = tuple(f"SKU-{number:05d}" for number in range(25_001))
    world = make([Shop("good", "GOOD", options=OPTIONS, skus=skus)])
    with world.engine() as engine:
        (plan,) = engine.plans()
        engine.approve(plan, by="proof")
        deadline = time.monotonic() + 120
        # Without reading back: what the sandbox has is looked at as a whole.
        while len(world.sandbox.feeds("GOOD")) < 2 or not world.done("GOOD"):
            engine.submit(plan)
            assert time.monotonic() < deadline, engine.status()
            time.sleep(0.2)
    sizes = sorted(len(feed.messages) for feed in world.sandbox.feeds("GOOD").values())
    assert sizes[1] <= 25_000
    assert sum(sizes) == 25_001
    check_truth(world.sandbox, world.project)
