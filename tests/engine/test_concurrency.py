"""Eight threads, several processes and several engines on one database."""

from __future__ import annotations

import gc
import json
import sqlite3
import subprocess
import sys
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from acorn_engine.problems import AcornError
from acorn_engine.store.tables import VERSION_TABLE


def offers(world, count=6):
    for number in range(1, count + 1):
        world.add(f"S{number}", price="20.00", floor_price="10.00", landed="21.00", quantity=5, stock=5)
    return world


def test_eight_threads_plan_approve_and_submit_at_once(world, database_url):
    here = offers(world())
    here.settings["project"]["database"] = database_url
    start = threading.Barrier(8)

    def one(engine, number):
        start.wait()
        outcomes = []
        for turn in range(3):
            plan = here.plan(engine, key=f"k{turn}" if number % 2 else None)
            try:
                engine.approve(plan, by=f"thread {number}")
                engine.submit(plan, key=f"s{turn}" if number % 2 else None)
            except AcornError as error:  # another thread's newer plan may have closed it
                outcomes.append(error.problems[0].code)
            engine.work(1)
            engine.verify()
        return outcomes

    with here.engine() as engine, ThreadPoolExecutor(8) as pool:
        results = [future.result(60) for future in [pool.submit(one, engine, number) for number in range(8)]]
        for _ in range(30):
            if not engine.work(2).open_parts:
                break
            engine.verify()
            here.clock.advance(minutes=3)
        assert {code for result in results for code in result} <= {"plan_closed", "plan_submitted", "plan_ended"}
        assert engine.work(1).open_parts == 0
        assert {here.offer(f"S{number}")["price"] for number in range(1, 7)} == {"21.00"}
        applied = here.shop.connection("eu").applied
        assert set(applied.values()) == {1}, applied  # nothing was sent twice
        engine._context.store.verify_ledger()


PROCESS = """
import json, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from marketplace import DE, World
given = json.loads(sys.argv[2])
here = World(Path(given["folder"]), given["rules"])
here.settings, here.products, here.listings = given["settings"], given["products"], given["listings"]
for row in here.listings:
    here.shop.connection("eu").offer(row["seller_sku"], DE, price="20.00", quantity="5")
with here.engine() as engine:
    print(here.plan(engine, key="night").id, here.plan(engine).digest)
"""


def test_several_processes_share_one_database_from_its_first_use(world, database_url):
    here = offers(world())
    here.settings["project"]["database"] = database_url
    given = {"folder": str(here.folder), "rules": here.rules, "settings": here.settings}
    given |= {"products": here.products, "listings": here.listings}
    command = [sys.executable, "-c", PROCESS, str(Path(__file__).parent.parent), json.dumps(given)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    found = []
    for process in processes:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
        found.append(out.split())
    assert len({key for key, _ in found}) == 1, found
    assert len({digest for _, digest in found}) == 1, found


def test_memory_does_not_grow_with_the_number_of_plans(world):
    here = offers(world())
    with here.engine() as engine:
        for _ in range(5):
            here.plan(engine)
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(50):
            here.plan(engine)
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert after - before < 3_000_000, f"{after - before} bytes more"


@pytest.mark.parametrize("verb", ["plan", "status", "newest"])
def test_a_database_of_another_version_is_left_alone(world, verb):
    here = offers(world())
    with here.engine() as engine:
        here.plan(engine)
        version = engine.migrate()
    connection = sqlite3.connect(here.folder / "acorn.db")
    connection.execute(f"update {VERSION_TABLE} set version_num = 'from-the-future'")
    connection.commit()
    connection.close()
    with here.engine() as engine, pytest.raises(AcornError, match=r"newer|version"):
        {"plan": lambda: here.plan(engine), "status": engine.status, "newest": lambda: engine.newest("shop.de")}[verb]()
    assert version
