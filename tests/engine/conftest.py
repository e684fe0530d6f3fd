"""A project with its own marketplace in memory; nothing installed is used."""

from __future__ import annotations

import pytest
from marketplace import World

FOLLOW = """
acorn: 1
rules:
  - id: landed
    when: not is_missing(landed)
    set: {price: landed}
    because: landed
  - id: shelf
    when: fulfilment == 'merchant'
    set: {quantity: stock}
    because: stock
"""


@pytest.fixture
def world(tmp_path):
    """Return a maker of worlds; ``columns`` are ``[catalog.columns]``."""

    def make(rules=FOLLOW, *, columns=None, **sections):
        made = World(tmp_path, rules)
        made.settings["catalog"]["columns"] = {"landed": "money", **(columns or {})}
        for name, section in sections.items():
            made.settings[name] = {**made.settings.get(name, {}), **section}
        return made

    return make


@pytest.fixture
def price_of():
    """Return the change of a price in a plan: a row as a dict, or ``None``."""

    def find(plan, sku, field="price"):
        rows = [row for row in plan.to_json()["changes"] if (row["seller_sku"], row["field"]) == (sku, field)]
        return rows[0] if rows else None

    return find
