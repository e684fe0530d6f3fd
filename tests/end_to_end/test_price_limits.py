"""A price that leaves its old limits goes in one replacement with the new ones, which Amazon's checks accept."""

from __future__ import annotations

import pytest
from acorn_sandbox.server import SandboxServer
from sandbox_world import finish, opened, rows, schedule, seed, settings

RULES = """
acorn: 1
rules:
  - {id: price, set: {price: landed, minimum_price: landed * 0.95, maximum_price: landed * 1.05}, because: moved}
  - {id: shelf, set: {quantity: stock}, because: shelf}
"""
LIMITS = {
    "minimum_seller_allowed_price": schedule("19.00"),
    "maximum_seller_allowed_price": schedule("21.00"),
}


@pytest.mark.parametrize("patch_up_to", [0, 1000])
@pytest.mark.parametrize(("landed", "least", "most"), [("40.00", "38.00", "42.00"), ("11.00", "10.45", "11.55")])
def test_price_and_limits_move_together_beyond_the_old_limits(tmp_path, patch_up_to, landed, least, most):
    skus = ["A", "B"]
    with SandboxServer(seed=[seed(sku, **LIMITS) for sku in skus], speed=2000) as server:
        given = settings(server, f"sqlite:///{tmp_path / 'acorn.db'}", patch_up_to=patch_up_to)
        given["guards"] = {"largest_move": {"off": "tested here"}}
        with opened(given, RULES) as engine:
            plan = engine.plan("amazon.de", **rows(skus, landed=landed, floor="10.00"))
            assert plan.changes["verdict"].unique().to_list() == ["send"], plan.to_json()["changes"]
            engine.approve(plan, by="erp")
            engine.submit(plan)
            finish(engine)
            assert engine.verify(plan)["plans"][0]["outcomes"]["settled"] == plan.changes.height
        for sku in skus:
            [listing] = server.truth(sku=sku)
            [offer] = [one for one in listing["attributes"]["purchasable_offer"] if one["audience"] == "ALL"]
            assert offer["our_price"] == schedule(landed)
            assert offer["minimum_seller_allowed_price"] == schedule(least)
            assert offer["maximum_seller_allowed_price"] == schedule(most)
            assert [one for one in listing["issues"] if one["severity"] == "ERROR"] == []
