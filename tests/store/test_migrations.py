"""Databases of earlier versions are brought up, and everything in them is still there."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest
from fake_marketplace import Clock, make_plan
from polars.testing import assert_frame_equal
from sqlalchemy import MetaData, Table, inspect

from acorn_engine.plan.model import Plan
from acorn_engine.problems import StoreError
from acorn_engine.store import Store, schema
from acorn_engine.store.frames import insert_frame

MIGRATIONS = schema.MIGRATIONS
WISHES = [("A", "price", "10.00", "12.00"), ("B", "price", None, "19.99"), ("B", "quantity", "1", "7")]
ODD = pl.Series("because", [None, "", '\\N, "x"\r\n语'])


def migrations(folder: Path, last: str) -> Path:
    """Return a copy of the migrations up to ``last``, which move two rows at a time."""
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (folder / "versions").glob("v*.py"):
        if path.name[1:5] > last:
            path.unlink()
        else:
            path.write_text(path.read_text().replace("ROWS: Final = 50_000", "ROWS: Final = 2"))
    return folder


def save_in_rows(store: Store, plan: Plan) -> None:
    """Save a plan as the first version did: a row for every change and every message."""
    store.save_plan(plan, changes=[], messages=[])
    with store.write() as tx:
        place = "acorn" if tx.connection.dialect.name == "postgresql" else None
        mark = [pl.lit(store.project).alias("project"), pl.lit(plan.id).alias("plan")]
        for name, rows in (("changes", plan.changes.with_row_index("number")), ("messages", plan.messages)):
            table = Table(name, MetaData(), autoload_with=tx.connection, schema=place)
            insert_frame(tx.connection, table, rows.select(*mark, pl.all()).reverse())


@pytest.fixture
def plans() -> dict[str, list[Plan]]:
    clock = Clock()
    messages = pl.concat(
        [make_plan("P1", WISHES, clock).messages.with_columns(pl.lit(part, pl.Int32).alias("part")) for part in (1, 2)]
    ).sort("account", "wave", "part", "message_id")
    odd = make_plan("P1", WISHES, clock, project="one")
    odd = Plan(**{**odd.__dict__, "changes": odd.changes.with_columns(ODD), "messages": messages})
    return {
        "one": [odd, make_plan("P0", [], clock, project="one")],
        "two": [make_plan("P1", WISHES[:1], clock, project="two")],
    }


def test_plans_kept_in_rows_are_kept_in_columns(database_url, plans, tmp_path, monkeypatch):
    monkeypatch.setattr(schema, "MIGRATIONS", migrations(tmp_path / "first", "0001"))
    for project, mine in plans.items():
        with Store.open(database_url, project) as store:
            for plan in mine:
                save_in_rows(store, plan)
    monkeypatch.setattr(schema, "MIGRATIONS", migrations(tmp_path / "second", "0002"))
    with Store.open(database_url, "one") as store:
        with pytest.raises(StoreError, match="version 0001; this program needs 0002"):
            store.load_plan("P1")
        assert store.migrate() == "0002"
        with store.read() as connection:
            place = "acorn" if connection.dialect.name == "postgresql" else None
            assert not {"changes", "messages"} & set(inspect(connection).get_table_names(schema=place))
    for project, mine in plans.items():
        with Store.open(database_url, project) as store:
            for plan in mine:
                found = store.load_plan(plan.id)
                assert_frame_equal(found.changes, plan.changes)
                assert_frame_equal(found.messages, plan.messages)
