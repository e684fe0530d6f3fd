"""DESIGN 6: the project file and inputs."""

from __future__ import annotations

import tomllib

import pytest
from marketplace import World

from acorn_engine import AcornError, Engine
from acorn_engine.guard import GuardSettings
from acorn_engine.problems import CatalogError, ProjectError

PROJECT = """\
[catalog.products]                        # one row a product
source = "csv"                            # csv, xlsx, parquet, sql, or a plugin's
path = "产品.csv"
encoding = "gb18030"
rename = { sku = "SKU", cost = "采购成本", stock = "可用库存" }
default = { cost_currency = "CNY" }
[catalog.listings]                        # one row a listing
source = "csv"
path = "listings.csv"
rename = { site = "Store" }
values.site = { "德国" = "shop.de" }
"""
RULES = "acorn: 1\nrules:\n  - {id: base, set: {price: landed * 2.1, quantity: stock}}\n"
OFFER = {"landed": "10.00", "price": "20.00", "floor_price": "1.00", "stock": 9, "quantity": 5}


def test_the_project_file_as_design_shows_it(world, proposed):
    """Chinese headers, GB18030, ``rename``, ``default``, ``values.site``, column types, accounts."""
    columns = {"weight_kg": "number", "clearance": {"type": "boolean", "default": False}}
    made = world(RULES, columns=columns)
    (made.folder / "产品.csv").write_bytes("SKU,采购成本,可用库存\n007,12.50,3\n".encode("gb18030"))
    (made.folder / "listings.csv").write_text(
        "Store,seller_sku,sku,price,floor_price,landed,weight_kg,clearance\n德国,007,007,20.00,1.00,10.00,1.5,\n",
        encoding="utf-8",
    )
    made.settings["catalog"] |= tomllib.loads(PROJECT)["catalog"]
    with made.engine() as engine:
        plan = engine.plan("shop.de")
        facts = {row["name"]: row for row in engine.facts("shop.de", sku="007")}
    changes = {row["field"]: row["to"] for row in plan.to_json()["changes"]}
    assert (changes["price"], changes["quantity"]) == ("21.00", 3)
    assert (facts["cost"]["sample"], facts["cost_currency"]["sample"], facts["clearance"]["sample"]) == (
        "12.5",
        "CNY",
        "false",
    )
    assert facts["weight_kg"]["type"] == "number"


def test_defaults_of_the_guards():
    """``[guards]``: an absent key means this default."""
    settings = GuardSettings()
    assert (str(settings.largest_move), str(settings.changed_share), str(settings.decimal_shift)) == ("1/5", "2/5", "5")
    assert (settings.first_price, settings.stale, settings.above_stock, settings.below_floor) == (
        "hold",
        "hold",
        "reject",
        "reject",
    )


def test_a_guard_is_switched_off_with_a_reason(world):
    """To switch one off: ``stale = { off = "why" }``; the plan's summary repeats the reason."""
    made = world(RULES.replace("2.1", "3"), guards={"largest_move": {"off": "spring sale"}})
    made.add("A", **OFFER)
    with made.engine() as engine:
        plan = made.plan(engine)
    assert plan.summary["switched_off"] == {"largest_move": "spring sale"}
    assert plan.to_send.filter(field="price").height == 1


@pytest.mark.parametrize(
    ("section", "key", "words"),
    [
        ("project", "databse", "did you mean 'database'?"),
        ("run", "plan_tll", "did you mean 'plan_ttl'?"),
        ("guards", "largest_mvoe", "did you mean 'largest_move'?"),
        ("accounts.eu", "seler_id", "did you mean 'seller_id'?"),
        ("catalog", "prodcts", "did you mean 'products'?"),
    ],
)
def test_unknown_keys_are_errors_everywhere(world, run, section, key, words):
    """Plugins declare their sections, so unknown keys are errors everywhere; each names file, line and column."""
    made = world(RULES)
    made.add("A", **OFFER)
    folder = made.write()
    text = (folder / "acorn.toml").read_text(encoding="utf-8")
    header = "[" + ".".join(f'"{part}"' for part in section.split(".")) + "]"
    text = text.replace(header, f'{header}\n{key} = "1"', 1) if header in text else f'{text}\n{header}\n{key} = "1"\n'
    (folder / "acorn.toml").write_text(text, encoding="utf-8")
    code, _, err = run(made, "check")
    line = text.splitlines().index(f'{key} = "1"') + 1
    assert code == 1
    assert f"acorn.toml:{line}:1:" in err, err
    assert key in err
    assert words in err


def test_every_problem_of_the_project_at_once(tmp_path):
    """Everything that is wrong, all at once."""
    made = World(tmp_path, RULES)
    made.settings |= {"plugns": {}, "run": {"plan_ttl": "soon"}, "sites": {"shop.dee": ["base.yaml"]}}
    with pytest.raises(ProjectError) as caught:
        made.engine()
    codes = {problem.code for problem in caught.value.problems}
    assert "unknown-section" in codes
    assert len(caught.value.problems) >= 3
    assert "did you mean 'shop.de'?" in str(caught.value)


def test_relative_paths_start_at_the_project_file(world, run, monkeypatch, tmp_path_factory):
    """Relative paths, the SQLite file's too, are relative to acorn.toml."""
    made = world(RULES)
    made.add("A", **OFFER)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    made.write()
    assert run(made, "plan", "shop.de")[0] == 2
    assert (made.folder / "acorn.db").exists()


def test_a_listing_is_unique(world, proposed):
    """``listings`` is also the SKU map: (account, site, seller_sku) is unique; a duplicate holds its rows and names file, row and column."""
    made = world(RULES)
    made.add("A", **OFFER)
    made.add("B", **OFFER)
    made.listings.append(made.listings[0] | {"price": "19.00"})
    with made.engine() as engine:
        plan = made.plan(engine)
    assert set(plan.to_send["seller_sku"]) == {"B"}
    problems = [problem for problem in plan.problems if problem.effect == "holds"]
    assert problems
    for problem in problems:
        assert problem.keys == (("eu", "shop.de", "A"),)
        assert "listings" in problem.place.file
        assert problem.place.row in {2, 4}


def test_the_account_may_be_left_out_where_one_serves_the_site(world, proposed):
    """``account`` may be left out where one account serves the site."""
    made = world(RULES)
    made.add("A", **OFFER)
    del made.listings[0]["account"]
    assert proposed(made)["A", "price"]["account"] == "eu"


def test_current_is_the_newest(world):
    """Current is the newest, by ``as_of``, of the listing row and the last read-back."""
    made = world(RULES)
    made.add("A", **OFFER)
    with made.engine() as engine:
        assert made.plan(engine).to_send.filter(field="price")["from"].item() == "20.00"
        made.shop.connection("eu").listings["shop.de", "A"]["price"] = "20.50"
        engine.drift("shop.de")  # reads nothing that was never confirmed
        made.clock.advance(hours=1)
        made.listings[0]["as_of"] = "2026-03-02T11:30:00Z"
        made.listings[0]["price"] = "20.40"
        assert made.plan(engine).to_send.filter(field="price")["from"].item() == "20.40"
        made.listings[0]["as_of"] = "2026-03-02T10:30:00Z"
        assert made.plan(engine).to_send.filter(field="price")["from"].item() in {"20.00", "20.50"}


def test_secrets_never_stand_in_the_file(world):
    """Secrets: environment or the embedding program; never this file."""
    made = world(RULES)
    made.settings["accounts"]["eu"]["client_secret"] = "topsecret"
    with pytest.raises(AcornError) as caught:
        made.engine()
    assert "client_secret" in str(caught.value)
    assert "topsecret" not in str(caught.value)


def test_sources_that_are_missing_say_so(world):
    """An engine needs a catalogue: the project's or one handed in."""
    made = world(RULES)
    with made.engine() as engine, pytest.raises(CatalogError, match=r"\[catalog\.products\]"):
        engine.plan("shop.de")


def test_no_project_file(tmp_path):
    with pytest.raises(ProjectError, match="acorn init"):
        Engine.open(tmp_path, entry_points=False)
