from __future__ import annotations

import pytest
from acorn_sandbox.alive import Alive
from acorn_sandbox.clock import Timing
from acorn_sandbox.log import Log
from acorn_sandbox.market import Market
from acorn_sandbox.queues import Queues
from acorn_sandbox.retention import Retention
from acorn_sandbox.seeds import SELLER, plant, small_catalogue
from acorn_sandbox.state import Document, State
from acorn_sandbox.storage import Storage

DE = "A1PA6795UKMFR9"


@pytest.fixture
def clock():
    return [1_000_000.0]


@pytest.fixture(params=["memory", "file"])
def storage(request, tmp_path):
    made = Storage(tmp_path / "state.db" if request.param == "file" else None)
    yield made
    made.close()


def test_what_is_too_old_is_forgotten(storage, clock):
    state = State(storage, Timing(now=lambda: clock[0]))
    queues, retention = Queues(state), Retention(state)
    state.put_document(Document("unused", "S", "text", clock[0]), b"x" * 1000)
    done = queues.add_foreign("S", DE)
    clock[0] += 3600
    queues.advance()
    assert done.status == "DONE"
    report = state.content(done.result_id)
    assert b'"messagesAccepted":1' in report
    retention.sweep()
    assert state.content("unused") == b"x" * 1000
    clock[0] += 2 * 86400
    waiting = queues.add_foreign("S", DE)
    retention.sweep()
    storage.commit()
    assert state.content("unused") is None
    assert "unused" in state.documents
    assert state.content(done.document_id) is None
    assert state.content(done.result_id) == report
    clock[0] += 100 * 86400
    retention.sweep()
    storage.commit()
    assert set(state.documents) == {waiting.document_id}
    assert list(state.feeds.values()) == [waiting]
    assert state.content(waiting.document_id)
    if storage.keeps:
        kept = [key for kind in ("document", "content") for key, _ in storage.load(kind)]
        assert kept == [waiting.document_id] * 2


def test_feed_ids_rise_also_after_feeds_are_forgotten(storage, clock):
    state = State(storage, Timing(now=lambda: clock[0]))
    queues = Queues(state)
    first = queues.add_foreign("S", DE)
    queues.advance()
    clock[0] += 100 * 86400
    queues.advance()
    Retention(state).sweep()
    assert not state.feeds
    storage.commit()
    second = (Queues(State(storage)) if storage.keeps else queues).add_foreign("S", DE)
    assert int(second.id) > int(first.id)


def test_the_log_keeps_the_newest(storage):
    log = Log(storage, most=3)
    for number in range(5):
        log.add(f"operation{number}", "S", 200, 1_000_000.5, "slow" if number == 4 else None)
    storage.commit()
    assert [entry["operation"] for entry in log.shown()] == ["operation2", "operation3", "operation4"]
    assert log.shown()[-1] == {
        "operation": "operation4",
        "account": "S",
        "status": 200,
        "time": "1970-01-12T13:46:40.500Z",
        "fault": "slow",
    }
    if storage.keeps:
        again = Log(storage, most=2)
        assert again.shown() == log.shown()[1:]
        again.add("operation5", None, 0, 1_000_001.0)
        storage.commit()
        assert [entry["operation"] for entry in Log(storage).shown()] == ["operation4", "operation5"]


def test_orders_that_ended_long_ago_are_forgotten_and_their_ids_not_used_again(storage, clock):
    state = State(storage, Timing(now=lambda: clock[0]))
    plant(state, small_catalogue())
    alive = Alive(state, Queues(state), seed=1)
    alive.step(60)
    before = {order.id: order.status for order in state.market.orders()}
    assert set(before.values()) & {"SHIPPED", "CANCELLED"}
    clock[0] += 731 * 86400
    Retention(state).sweep()
    storage.commit()
    market = Market(storage) if storage.keeps else state.market
    assert {order.id for order in market.orders()} == {
        key for key, status in before.items() if status in {"PENDING", "UNSHIPPED"}
    }
    assert [order.id for order in market.orders_of(SELLER)] == [order.id for order in market.orders()]
    assert market.next_order_id() not in before
