"""How a catalogue is cut does not change a plan."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import polars as pl
import pytest

from acorn_engine.cli.output import Output
from acorn_engine.cli.plan_text import print_plans
from acorn_engine.engine.inputs import read_catalogue
from acorn_engine.engine.partitions import SourceFiles, Whole, cut, partitions_of
from acorn_engine.engine.tasks import Project
from acorn_engine.problems import CatalogError, PluginError, ProjectError, RuleError

RULES = """
acorn: 1
rules:
  - id: landed
    when: not is_missing(landed)
    set: {price: landed * 1.1}
    because: "landed {landed}"
  - id: shelf
    when: fulfilment == 'merchant'
    set: {quantity: stock}
  - id: broken
    when: brand == 'Odd'
    set: {handling_days: stock / (stock - 5)}
guards:
  - id: dear
    hold: price > 100
    because: "{price} is dear"
"""
SITES = {"shop.de": ["base.yaml"], "shop.fr": ["base.yaml"]}


def full(world, **sections):
    """Return a world of forty SKUs on two sites: changed, unchanged, held, rejected, broken, unread."""
    made = world(RULES, sites=SITES, **sections)
    for number in range(40):
        for site in ("shop.de", "shop.fr")[: 1 + number % 2]:
            made.add(
                f"S-{number:02}",
                site,
                shown=number % 5 != 4,
                stock=number % 7,
                brand=("Plain", "Odd")[number % 3 == 0],
                landed=None if number % 11 == 3 else f"{number * 3}.{number:02}",
                price=f"{number * 3 + 1}.00",
                quantity=number % 4,
                floor_price=None if number % 13 == 5 else "5.00",
            )
    return made


def planned(made, most, **options):
    """Return the plans of both sites, from parts of about ``most`` offers."""
    made.settings["run"]["partition_offers"] = most
    with made.engine(now=lambda: made.clock.at) as engine:
        return {plan.site: plan for plan in engine.plans(**made.rows(), **options)}


@pytest.mark.parametrize("most", [7, 1_000])
def test_threads_of_the_callers_do_not_change_a_plan(world, most):
    made = full(world)
    alone = planned(made, most)
    with ThreadPoolExecutor(2) as threads:
        together = planned(made, most, threads=threads)
    assert list(together) == list(alone)
    for site, plan in together.items():
        assert (plan.digest, plan.inputs, plan.summary) == (alone[site].digest, alone[site].inputs, alone[site].summary)
        assert plan.changes.drop("id").equals(alone[site].changes.drop("id"))
        assert plan.messages.equals(alone[site].messages)


@pytest.mark.parametrize("most", [1, 7, 31])
def test_the_plan_is_the_same_however_the_catalogue_is_cut(world, most):
    made = full(world)
    whole, parts = planned(made, 1_000), planned(made, most)
    assert list(parts) == ["shop.de", "shop.fr"]
    for site, plan in parts.items():
        assert plan.digest == whole[site].digest
        assert plan.summary == whole[site].summary
        assert plan.changes.drop("id").equals(whole[site].changes.drop("id"))
        assert plan.messages.equals(whole[site].messages)
        assert plan.expires_at == whole[site].expires_at
    assert {*whole["shop.de"].changes["verdict"]} >= {"send", "hold"}


def test_a_part_knows_what_was_read_and_what_is_on_its_way(world):
    made = full(world)
    with made.engine(now=lambda: made.clock.at) as engine:
        sent = engine.plan("shop.de", **made.rows())
        engine.approve(sent, by="test")
        engine.submit(sent)
    whole, parts = planned(made, 1_000), planned(made, 3)
    assert parts["shop.de"].digest == whole["shop.de"].digest != sent.digest


def test_offers_that_nobody_has_read_are_read_before_the_plan_is_made(world):
    made = full(world)
    parts = planned(made, 3)
    prices = parts["shop.de"].changes.filter(pl.col("field") == "price")
    assert "neighbours_unknown" not in prices.filter(pl.col("verdict") == "send")["code"].to_list()
    assert prices.filter(pl.col("verdict") == "send").height > 5


def test_only_some_skus_are_planned_in_parts_as_well(world):
    made = full(world)
    whole = planned(made, 1_000, only=["S-08", "S-17", "NONE"])
    parts = planned(made, 3, only=["S-08", "S-17", "NONE"])
    assert parts["shop.de"].digest == whole["shop.de"].digest
    unknown = [problem.params["sku"] for problem in parts["shop.de"].problems if problem.code == "unknown_sku"]
    assert unknown == [problem.params["sku"] for problem in whole["shop.de"].problems if problem.code == "unknown_sku"]
    assert unknown == ["NONE"]


def test_the_sites_of_a_sku_stay_together(world, tmp_path):
    made = full(world)
    with made.engine() as engine:
        catalogue = read_catalogue(engine._context, **made.rows())
        frames = [part.read(engine._context).offers.frame for part in cut(catalogue, 6, tmp_path)]
    assert sum(frame.height for frame in frames) == catalogue.offers.frame.height
    skus = [set(frame["sku"]) for frame in frames]
    assert sum(len(some) for some in skus) == len(set().union(*skus)) == 40
    assert len([some for some in skus if some]) > 3


def test_a_small_catalogue_stays_in_memory(world, tmp_path):
    made = full(world)
    with made.engine() as engine:
        (part,) = partitions_of(engine._context, tmp_path, **made.rows())
    assert isinstance(part, Whole)
    assert list(tmp_path.glob("*.parquet")) == []


def test_nothing_is_left_behind(world, tmp_path):
    made = full(world, run={"scratch": "scratch"})
    planned(made, 3)
    assert list((tmp_path / "scratch").iterdir()) == []


def test_offers_that_columns_cannot_hold_are_counted(world, capsys):
    rules = """
    acorn: 1
    rules:
      - {id: long, when: not is_missing(size), set: {quantity: size * size * size / (size * size * size) + stock}}
    """
    made = world(rules, columns={"size": "number"})
    for number, size in enumerate(["100000000000000.5", "3", "4"]):
        made.add(f"S-{number}", stock=4, size=size, price="9.00", quantity=1, floor_price="5.00")
    with made.engine() as engine:
        plan = made.plan(engine)
        assert engine.load(plan.id).details["scalar_rows"] == plan.details["scalar_rows"] == 1
    assert plan.changes.filter(pl.col("field") == "quantity")["to"].to_list() == ["5", "5", "5"]
    print_plans(Output(as_json=False), [plan])
    assert "1 offer had numbers too long for columns" in capsys.readouterr().out


def test_a_project_travels_without_its_sources_its_database_and_its_secrets(world):
    made = full(world, project={"database": "postgresql+psycopg://acorn:topsecret@db.example/acorn"})
    made.settings["catalog"]["products"] = {"source": "sql", "url": "postgresql://u:topsecret@erp", "query": "select 1"}
    with made.engine() as engine:
        project = Project.of(engine._context, ["shop.de"])
    assert "topsecret" not in repr(project)
    assert project.settings["catalog"] == {"columns": made.settings["catalog"]["columns"]}
    assert project.chains["shop.de"][0][1] == RULES


def test_plugins_that_were_handed_in_cannot_travel_to_workers(world):
    made = full(world, run={"engine": "dask"})
    with pytest.raises(PluginError, match=r"handed in cannot travel to workers: .*Shop"):
        planned(made, 3)


def test_parquet_files_larger_than_a_part_are_never_read_whole(world, tmp_path, monkeypatch):
    made = full(world)
    for role, frame in made.rows().items():
        frame.write_parquet(tmp_path / f"{role}.parquet")
        made.settings["catalog"][role] = {"source": "parquet", "path": f"{role}.parquet"}
    made.rows = dict
    whole = planned(made, 1_000)
    monkeypatch.setattr("acorn_engine.engine.partitions.read_catalogue", None)
    parts = planned(made, 7)
    for site, plan in parts.items():
        assert plan.digest == whole[site].digest
        assert plan.summary == whole[site].summary
        assert plan.messages.equals(whole[site].messages)


def test_a_pool_of_stock_stays_together_whatever_the_erp_calls_it_on_each_site(world):
    made = world(RULES, sites=SITES)
    for number in range(6):
        made.add(f"A-{number}", stock=9, brand="Plain", landed="9.00", price="9.00", quantity=1, floor_price="5.00")
        made.add(f"B-{number}", "shop.fr", shown=False, stock=9, brand="Plain", price="9.00", quantity=1)
        made.listings[-1]["seller_sku"] = f"A-{number}"
    whole, parts = planned(made, 1_000), planned(made, 3)
    assert {site: plan.digest for site, plan in parts.items()} == {site: plan.digest for site, plan in whole.items()}
    french = parts["shop.fr"].changes.filter(pl.col("field") == "quantity")
    assert set(french["code"]) == {"other_site_owns"}


def test_a_site_that_cannot_be_planned_takes_no_other_with_it(world):
    made = full(world)
    made.rules["french.yaml"] = RULES.replace("landed * 1.1", "landed * nothing")
    made.settings["sites"] = {"shop.de": ["base.yaml"], "shop.fr": ["french.yaml"]}
    for most in (1_000, 3):
        made.settings["run"]["partition_offers"] = most
        with made.engine() as engine:
            plans = engine.plans(**made.rows())
            assert next(plans).site == "shop.de"
            with pytest.raises(RuleError, match="nothing"):
                next(plans)


@pytest.mark.parametrize("scratch", ["sc[1]", "a * b"])
def test_letters_that_mean_patterns_elsewhere_may_stand_in_the_scratch_folder(world, scratch):
    made = full(world, run={"scratch": scratch})
    assert len(planned(made, 3)) == 2


def test_a_scratch_folder_that_cannot_be_made_is_told(world, tmp_path):
    (tmp_path / "file").write_text("")
    made = full(world, run={"scratch": "file/scratch"})
    with pytest.raises(ProjectError, match=r"\[run\] scratch cannot be written to"):
        planned(made, 3)


def test_a_file_that_is_replaced_while_it_is_read_stops_the_plan(world, tmp_path, monkeypatch):
    made = full(world)
    for role, frame in made.rows().items():
        frame.write_parquet(tmp_path / f"{role}.parquet")
        made.settings["catalog"][role] = {"source": "parquet", "path": f"{role}.parquet"}
    made.rows = dict
    read, calls = SourceFiles.read, []

    def replacing(part, context):
        calls.append(part)
        if len(calls) == 2:
            pl.read_parquet(tmp_path / "listings.parquet")[3:].write_parquet(tmp_path / "new.parquet")
            (tmp_path / "new.parquet").replace(tmp_path / "listings.parquet")
        return read(part, context)

    monkeypatch.setattr(SourceFiles, "read", replacing)
    with pytest.raises(CatalogError, match="replaced while it was read"):
        planned(made, 7)
