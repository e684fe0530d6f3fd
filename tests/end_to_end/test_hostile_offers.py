"""Odd SKUs and crowded offers over HTTP: what the sandbox has afterwards is what was planned, and nothing is lost."""

from __future__ import annotations

import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest
from acorn_sandbox.server import SandboxServer
from sandbox_world import SECRETS, finish, opened, rows, schedule, seed, settings

ODD = ["A/B", "a b", "箱-1", "one,two", "100%+ü#?&=", 'quo"te\\', "it's", "😀", "=1+1", "../../x", "x" * 40, "%2F"]


@pytest.fixture
def world(tmp_path):
    """Return a server with the odd listings, and settings for it."""
    sale = [{"schedule": [{"value_with_tax": Decimal("19.00"), "start_at": "2026-01-01", "end_at": "2036-01-01"}]}]
    listings = [seed(sku) for sku in ODD] + [seed("SALE", discounted_price=sale)]
    with SandboxServer(seed=listings, speed=2000) as server:
        yield server, lambda **account: settings(server, f"sqlite:///{tmp_path / 'acorn.db'}", **account)


def shown(server, sku):
    [listing] = server.truth(sku=sku)
    offers = {offer.get("audience", "ALL"): offer for offer in listing["attributes"]["purchasable_offer"]}
    return offers, listing["attributes"]["fulfillment_availability"][0]


@pytest.mark.parametrize("patch_up_to", [0, 1000])
def test_odd_skus_arrive_by_feed_and_by_patch(world, patch_up_to):
    server, make = world
    with opened(make(patch_up_to=patch_up_to)) as engine:
        plan = engine.plan("amazon.de", **rows([*ODD, "SALE"]))
        assert plan.changes["verdict"].unique().to_list() == ["send"], plan.to_json()["changes"]
        assert set(plan.changes["seller_sku"]) == {*ODD, "SALE"}
        engine.approve(plan, by="erp")
        engine.submit(plan)
        finish(engine)
        outcome = engine.verify(plan)["plans"][0]
        assert outcome["outcomes"]["settled"] == plan.changes.height, outcome
        for sku in ODD:
            offers, availability = shown(server, sku)
            assert offers["ALL"]["our_price"] == schedule("21.00"), sku
            assert offers["ALL"]["map_price"] == schedule("12.10")
            assert offers["B2B"]["our_price"] == schedule("18.10")
            assert offers["B2B"]["quantity_discount_plan"]
            assert availability["quantity"] == 7
        again = engine.plan("amazon.de", **rows([*ODD, "SALE"]))
        assert again.changes.is_empty(), again.to_json()["changes"]
    done = {entry["operation"] for entry in server.log()}
    assert ("patchListingsItem" in done) is (patch_up_to > 0)
    assert ("createFeed" in done) is (patch_up_to == 0)


def test_a_sale_that_stands_survives_a_price_change(world):
    server, make = world
    with opened(make()) as engine:
        plan = engine.plan("amazon.de", **rows(["SALE"]))
        engine.approve(plan, by="erp")
        engine.submit(plan)
        finish(engine)
        offers, _ = shown(server, "SALE")
        assert offers["ALL"]["our_price"] == schedule("21.00")
        [day] = offers["ALL"]["discounted_price"][0]["schedule"]
        assert day["value_with_tax"] == Decimal("19.00")


def test_a_price_below_what_the_business_price_allows_is_not_sent(world):
    _, make = world
    with opened(make()) as engine:
        plan = engine.plan("amazon.de", **rows(["A/B"], floor="17.50"))
        [price] = [row for row in plan.to_json()["changes"] if row["field"] == "price"]
        assert price["verdict"] != "send", price  # a tier of 17.10 stands below the floor


def test_an_account_that_says_nothing_else_stands_in_its_offers(world):
    _, make = world
    with opened(make(neighbours="none")) as engine:
        given = rows(["A/B"])
        given["listings"][0] |= {"price": "20.00", "quantity": "5", "fulfilment": "merchant", "product_type": "LUGGAGE"}
        plan = engine.plan("amazon.de", **given)
        assert {row["verdict"] for row in plan.to_json()["changes"]} == {"send"}


def every_text_of(folder: Path) -> str:
    texts = []
    for path in folder.rglob("*"):
        if path.is_file():
            texts.append(path.read_bytes().decode("latin-1"))
    return "\n".join(texts)


def test_no_secret_is_left_anywhere(world, tmp_path, caplog, capfd):
    caplog.set_level(0)
    server, make = world
    server.add_faults({"operation": "createFeedDocument", "kind": "500", "times": 1})
    with opened(make(patch_up_to=0)) as engine:
        plan = engine.plan("amazon.de", **rows(ODD))
        engine.approve(plan, by="erp")
        engine.submit(plan)
        finish(engine)
        engine.export(plan, tmp_path / "export")
        connection = engine._context.connect(engine._context.account("eu"))
        said = [
            repr(engine._context.project),
            repr(connection),
            repr(getattr(connection, "provider", None)),
            repr(vars(connection.provider)),
            json.dumps(plan.to_json()),
            json.dumps(engine.status()),
            repr(plan),
            repr(engine.events()),
            json.dumps(engine.verify(plan)),
            caplog.text,
            "".join(capfd.readouterr()),
            every_text_of(tmp_path),
        ]
        dump = "\n".join(sqlite3.connect(tmp_path / "acorn.db").iterdump())
    tokens = [entry for entry in said if "Atza|" in entry]
    assert not tokens
    for secret in (SECRETS["client_secret"], SECRETS["client_id"], SECRETS["refresh_token"]):
        for number, text in enumerate([*said, dump]):
            assert secret not in text, (secret, number)
    log = json.dumps(server.log(), default=str)
    assert SECRETS["client_secret"] not in log
    assert SECRETS["refresh_token"] not in log


def test_the_database_is_the_owners_alone(world, tmp_path):
    _, make = world
    with opened(make()) as engine:
        engine.plan("amazon.de", **rows(["A/B"]))
    assert (tmp_path / "acorn.db").stat().st_mode & 0o077 == 0
