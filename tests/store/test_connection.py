"""Databases that cannot be used: what happened, what was not done, what to do."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from fake_marketplace import START
from sqlalchemy import create_engine, text

from acorn_engine.problems import StoreError
from acorn_engine.store import Store, schema
from acorn_engine.store.leases import drop_lease, gone, new_owner, take_lease
from acorn_engine.store.tables import VERSION_TABLE, metadata
from acorn_engine.store.times import instant, maybe_instant, micros

HERE = schema.newest()
NEXT = f"{int(HERE) + 1:04}"


def problem(store: Store) -> tuple[str, str]:
    with pytest.raises(StoreError) as caught:
        store.append_event("hello", {})
    (found,) = caught.value.problems
    assert found.hint
    return found.code, f"{found.message} {found.hint}"


def test_an_absent_database_is_set_up_at_first_use(database_url):
    with Store.open(database_url, "p") as store:
        assert store.append_event("hello", {}) == 1
        assert store.check() == schema.newest() == HERE
    with Store.open(database_url, "p", create=False) as store:
        assert store.append_event("hello", {}) == 2


def test_the_migrations_make_exactly_the_tables(database_url):
    with Store.open(database_url, "p") as store:
        store.migrate()
    postgres = database_url.startswith("postgresql")
    engine = create_engine(database_url, connect_args={"options": "-c search_path=acorn"} if postgres else {})
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        differences = compare_metadata(context, metadata)
        names = {row[0] for row in connection.execute(text("SELECT version_num FROM " + VERSION_TABLE))}
    engine.dispose()
    assert differences == []
    assert names == {HERE}


def test_an_absent_database_is_not_made_where_it_must_exist(tmp_path):
    path = tmp_path / "acorn.db"
    with Store.open(f"sqlite:///{path}", "p", create=False) as store:
        code, message = problem(store)
    assert code == "store_absent"
    assert "acorn init" in message
    assert not path.exists()


def test_an_absent_postgresql_schema_is_not_made_where_it_must_exist(postgres_url):
    with Store.open(postgres_url, "p", create=False) as store:
        assert problem(store)[0] == "store_absent"
        assert store.migrate() == HERE
        assert store.append_event("hello", {}) == 1


def test_eight_threads_set_a_database_up_once(database_url):
    stores = [Store.open(database_url, "p") for _ in range(8)]
    errors: list[Exception] = []

    def use(store: Store) -> None:
        try:
            store.append_event("hello", {})
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=use, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert len(stores[0].events()) == 8
    for store in stores:
        store.close()


@pytest.fixture
def next_version(tmp_path, monkeypatch):
    """The migrations with one more, as a later Acorn has them."""
    folder = tmp_path / "migrations"
    shutil.copytree(schema.MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"v{NEXT}_more.py").write_text(
        "from alembic import op\nfrom sqlalchemy import Column, Text\n"
        f"revision = '{NEXT}'\ndown_revision = '{HERE}'\n"
        "def upgrade():\n    op.add_column('leases', Column('more', Text))\n"
    )

    def install() -> None:
        monkeypatch.setattr(schema, "MIGRATIONS", folder)

    yield install
    monkeypatch.undo()


def test_the_newest_version_is_the_head_of_the_migrations(next_version):
    def head():
        return ScriptDirectory(str(schema.MIGRATIONS)).get_current_head()

    assert schema.newest() == head() == HERE
    next_version()
    assert schema.newest() == head() == NEXT


@pytest.mark.parametrize("kind", ["sqlite"])
def test_an_older_database_is_brought_up_only_when_told_to(tmp_path, next_version, kind):
    url = f"{kind}:///{tmp_path / 'acorn.db'}"
    with Store.open(url, "p") as store:
        store.append_event("kept", {})
    next_version()
    with Store.open(url, "p") as store:
        code, message = problem(store)
        assert code == "store_older"
        assert f"version {HERE}; this program needs {NEXT}" in message
        assert "acorn init" in message
        assert store.migrate() == NEXT
        assert [event.kind for event in store.events()] == ["kept"]


def test_a_newer_database_is_left_alone(database_url):
    with Store.open(database_url, "p") as store:
        store.append_event("hello", {})
        table = ("acorn." if database_url.startswith("postgresql") else "") + VERSION_TABLE
        with store.write() as tx:
            tx.connection.execute(text(f"UPDATE {table} SET version_num = '9999'"))
    with Store.open(database_url, "p") as store:
        code, message = problem(store)
        assert code == "store_newer"
        assert "9999" in message
        with pytest.raises(StoreError, match="newer Acorn"):
            store.migrate()


def test_a_locked_database(database_url):
    with Store.open(database_url, "p") as first, Store.open(database_url, "p", patience=0.3) as second:
        first.append_event("hello", {})
        second.events()
        with first.write() as tx:
            tx.event("slow", {})
            tx.head()
            code, message = problem(second)
            assert len(second.events()) == 1  # readers are not in the way of writers
    assert code == "store_locked"
    assert "Nothing was saved" in message


def test_a_transaction_inside_a_transaction_does_not_hang(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'acorn.db'}", "p", patience=0.2) as store:
        store.check()
        with store.write():
            assert problem(store)[0] == "store_locked"
        assert store.append_event("hello", {}) == 1


def test_a_database_that_may_only_be_read(tmp_path):
    path = tmp_path / "acorn.db"
    with Store.open(f"sqlite:///{path}", "p") as store:
        store.append_event("hello", {})
    with Store.open(f"sqlite:///file:{path}?mode=ro&uri=true", "p") as store:
        code, message = problem(store)
        assert code == "store_read_only"
        assert "write permission" in message
        assert len(store.events()) == 1


def test_a_full_disk(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'acorn.db'}", "p", pool_size=1) as store:
        store.append_event("hello", {})
        with store.read() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreError) as caught:
            store.append_event("hello", {"text": "x" * 200_000})
        assert caught.value.problems[0].code == "store_full"
        assert "Free some disk space" in str(caught.value)
        assert store.verify_ledger().whole


def test_a_file_that_is_no_database(tmp_path):
    path = tmp_path / "acorn.db"
    path.write_text("price;10,00\n" * 500)
    with Store.open(f"sqlite:///{path}", "p") as store:
        assert problem(store)[0] == "store_not_a_database"
    assert path.read_text().startswith("price")


def test_a_database_of_another_program(tmp_path):
    path = tmp_path / "erp.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE orders (id)")
    connection.commit()
    connection.close()
    with Store.open(f"sqlite:///{path}", "p") as store:
        assert problem(store)[0] == "store_foreign"
        with pytest.raises(StoreError, match="holds tables of another program"):
            store.migrate()


def test_a_folder_that_does_not_exist(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'none' / 'acorn.db'}", "p") as store:
        code, message = problem(store)
    assert code == "store_no_folder"
    assert "Make the folder" in message
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_a_database_without_a_file_goes_when_it_is_closed(url):
    store = Store.open(url, "p")
    folder = store._database.folder
    assert store.append_event("hello", {}) == 1
    assert len(store.events()) == 1
    store.close()
    assert folder is not None
    assert not folder.exists()


@pytest.mark.parametrize("url", ["mysql://root:hunter2@host/db", "what is this", "oracle://x"])
def test_an_address_that_is_not_ours(url):
    with pytest.raises(StoreError) as caught:
        Store.open(url, "p")
    assert caught.value.problems[0].code == "store_address"
    assert "hunter2" not in str(caught.value)


def test_a_server_that_does_not_answer():
    url = "postgresql://ann:hunter2@127.0.0.1:9/acorn"
    with Store.open(url, "p", patience=2) as store:
        code, message = problem(store)
    assert code == "store_unreachable"
    assert "hunter2" not in message


def test_a_database_that_is_not_on_the_server(postgres_url):
    with Store.open(postgres_url.replace("/acorn_", "/nowhere_"), "p") as store:
        code, message = problem(store)
    assert code == "store_no_database"
    assert "createdb" in message


def test_a_missing_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"acorn-engine\[postgres\]"):
        Store.open("postgresql+psycopg://localhost/acorn", "p")


def test_too_many_at_once(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'acorn.db'}", "p", pool_size=1, patience=0.2) as store:
        store.events()
        with store.read():
            assert problem(store)[0] == "store_busy"


def test_commits_are_on_disk_before_they_return(tmp_path):
    with Store.open(f"sqlite:///{tmp_path / 'acorn.db'}", "p") as store, store.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


# Leases and times


def test_a_lease_belongs_to_one_until_it_runs_out(database_url):
    first, second = new_owner(), new_owner()
    with Store.open(database_url, "p", now=lambda: START) as store:
        with store.write() as tx:
            assert take_lease(tx, "lane", first, tx.at + 10)
            assert take_lease(tx, "lane", first, tx.at + 20)
            assert not take_lease(tx, "lane", second, tx.at + 10)
            assert take_lease(tx, "other", second, tx.at + 10)
        with store.write() as tx:
            tx.at += 20
            assert take_lease(tx, "lane", second, tx.at + 10)
            drop_lease(tx, "lane", first)
            assert not take_lease(tx, "lane", first, tx.at + 10)
            drop_lease(tx, "lane", second)
            assert take_lease(tx, "lane", first, tx.at + 10)


@pytest.mark.skipif(not Path("/proc/self/ns/pid").exists(), reason="the kernel does not tell of processes here")
def test_a_dead_workers_lease_is_taken_over_at_once(database_url):
    code = "from acorn_engine.store.leases import new_owner; print(new_owner())"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=root)
    dead = done.stdout.strip()
    assert gone(dead)
    assert not gone(new_owner())
    assert not gone("elsewhere/1/2/3")
    with Store.open(database_url, "p") as store, store.write() as tx:
        assert take_lease(tx, "lane", dead, tx.at + 10**9)
        assert take_lease(tx, "lane", new_owner(), tx.at + 10)


def test_instants_survive_to_the_microsecond():
    moment = START.replace(microsecond=123_457)
    assert instant(micros(moment)) == moment
    assert maybe_instant(None) is None
