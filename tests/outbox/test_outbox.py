from __future__ import annotations

import pytest

THREE_WAVES = [
    ("A", "quantity", "9", "4"),
    ("A", "price", "10.00", "12.00"),
    ("B", "price", "20.00", "19.99"),
    ("B", "quantity", "1", "7"),
    ("C", "quantity", "0", "3"),
    ("C", "attributes.country_of_origin", None, '[{"value": "CN"}]'),
]


def test_a_plan_goes_out_in_waves_and_settles(world):
    parts = world.send("P1", THREE_WAVES)
    assert parts == ["P1/eu/0/1", "P1/eu/1/1", "P1/eu/2/1"]
    progress = world.box.run(3600)
    assert progress.open_parts == 0
    assert set(world.outcomes("P1").values()) == {"settled"}
    waves = [[message["sku"] for message in feed.messages] for feed in world.eu.feeds]
    assert waves == [["A"], ["A", "B", "C"], ["B", "C"]]
    assert all(count == 1 for count in world.eu.applied.values())
    assert world.store.plan_info("P1").state == "ended"
    assert world.store.verify_ledger().whole
    assert world.store.pending("amazon.de").is_empty()
    assert [told["outcomes"] for told in world.told] == [{"settled": 1}, {"settled": 3}, {"settled": 2}]


@pytest.mark.parametrize("patch_up_to", [5, 6])
def test_few_changes_are_patched_and_many_are_fed(world, patch_up_to):
    world.patch_up_to = patch_up_to
    world.box = world.outbox()
    world.send("P1", THREE_WAVES)
    world.box.run(3600)
    assert set(world.outcomes("P1").values()) == {"settled"}
    assert (len(world.eu.feeds), len(world.eu.patches)) == ((3, 0) if patch_up_to == 5 else (0, 6))
