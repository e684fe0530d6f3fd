from __future__ import annotations

import json
import sqlite3
import time
from decimal import Decimal

import pytest
from acorn_sandbox import exact
from acorn_sandbox.seeds import read_seed
from acorn_sandbox.server import SandboxServer

from acorn_engine.problems import AcornError

DE, FR = "A1PA6795UKMFR9", "A13V1IB3VIYZZH"
LAMP = "ACORN-LAMP"


def row(sku="K1", site=DE, **changes):
    line = {
        "seller_id": "S",
        "marketplace_id": site,
        "sku": sku,
        "product_type": "LAMP",
        "attributes": {"item_name": [{"value": "Lämpchen"}]},
    }
    return line | changes


@pytest.fixture
def seed(tmp_path):
    def write(*lines):
        path = tmp_path / "seed.jsonl"
        text = "\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_everything_survives_a_restart(tmp_path, connect, message, offer):
    state = tmp_path / "state.db"
    with SandboxServer(state=state, speed=5000) as server:
        seller = connect(server)
        done = seller.wait(seller.submit([message(1, LAMP, "purchasable_offer", offer(Decimal("20.10")))]))
        seller.replace(LAMP, "fulfillment_availability", {"fulfillment_channel_code": "DEFAULT", "quantity": 9})
        server.add_faults({"operation": "createFeed", "kind": "stuck", "times": 1})
        stuck = seller.submit([message(1, LAMP, "brand", {"value": "x"})])
        time.sleep(0.05)
        assert seller.feed(stuck)["processingStatus"] == "IN_PROGRESS"
        truth, log = server.truth(), server.log()
    with SandboxServer(state=state, speed=5000) as server:
        again = connect(server)
        assert server.truth() == truth
        assert server.log()[: len(log)] == log
        assert again.feed(done["feedId"]) == done
        assert again.report_of(done)["summary"]["messagesAccepted"] == 1
        assert '"value_with_tax":20.10' in again.get_item(LAMP).text
        assert again.attribute(LAMP, "fulfillment_availability", FR)[0]["quantity"] == 9
        assert again.feed(stuck)["processingStatus"] == "IN_PROGRESS"
        again.token = seller.token
        assert again.call("GET", "/sellers/v1/marketplaceParticipations").status_code == 200
        newer = again.submit([message(1, LAMP, "purchasable_offer", offer(21))])
        assert int(newer) > int(stuck)
        assert again.wait(newer)["processingStatus"] == "DONE"


def test_a_feed_goes_on_where_it_was(tmp_path, connect, message, offer):
    state = tmp_path / "state.db"
    with SandboxServer(state=state) as server:
        waiting = connect(server).submit([message(1, LAMP, "purchasable_offer", offer(20))])
    with SandboxServer(state=state, speed=5000) as server:
        assert connect(server).wait(waiting)["processingStatus"] == "DONE"
        assert server.truth(sku=LAMP, marketplace_id=DE)[0]["attributes"]["purchasable_offer"] == [offer(20)]


def test_an_emptied_state_is_not_seeded_again(tmp_path, connect, seed):
    state, path = tmp_path / "state.db", seed(row())
    with SandboxServer(state=state, seed=path, speed=5000) as server:
        connect(server, "S").run([{"messageId": 1, "sku": "K1", "operationType": "DELETE"}])
    with SandboxServer(state=state, seed=path) as server:
        assert server.truth() == []


def test_a_seed_that_breaks_off_leaves_nothing_behind(tmp_path, seed):
    state = tmp_path / "state.db"
    with pytest.raises(AcornError, match="not JSON"):
        SandboxServer(state=state, seed=seed(*(row(f"K{number}") for number in range(12_000)), "{"))
    with SandboxServer(state=state, seed=seed(row("K1"), row("K2"))) as server:
        assert [one["sku"] for one in server.truth()] == ["K1", "K2"]


def test_a_seed_file_is_the_catalogue(seed):
    pool = {"fulfillment_availability": [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}]}
    price = '{"seller_id":"S","marketplace_id":"%s","sku":"K2","product_type":"LAMP","attributes":{"list_price":[{"value":1.10}]}}'
    path = seed("\ufeff" + json.dumps(row(attributes=pool)), "", row(site=FR), price % DE)
    with SandboxServer(seed=path) as server:
        assert len(server.truth()) == 3
        assert server.truth(sku="K1", marketplace_id=FR)[0]["attributes"] == row()["attributes"] | pool
        assert str(server.truth(sku="K2")[0]["attributes"]["list_price"][0]["value"]) == "1.10"
        assert len(server.truth(seller_id="S")) == 3


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "not JSON"),
        ("[]", "with the keys seller_id"),
        (row(price=3), "with the keys seller_id"),
        (row(site="amazon.de"), "not a marketplace id"),
        (row(attributes={"brand": "x"}), "lists of objects"),
        (row(sku=""), "at least one character"),
        (row(sku=7), "at least one character"),
    ],
)
def test_a_bad_seed_line_is_named(seed, line, said):
    path = seed(row(), line)
    with pytest.raises(AcornError, match=said) as caught:
        list(read_seed(path))
    assert caught.value.problems[0].place.line == 2


def test_a_seed_file_that_is_not_there(tmp_path):
    with pytest.raises(AcornError, match="cannot be read"):
        SandboxServer(seed=tmp_path / "none.jsonl")


def test_a_state_file_that_is_not_one(tmp_path):
    other = tmp_path / "notes.txt"
    other.write_text("x" * 5000, encoding="utf-8")
    with pytest.raises(AcornError, match="cannot be used"):
        SandboxServer(state=other)
    newer = tmp_path / "state.db"
    with SandboxServer(state=newer):
        pass
    connection = sqlite3.connect(newer)
    connection.execute("UPDATE records SET value = 'acorn-sandbox/9' WHERE kind = 'format'")
    connection.commit()
    connection.close()
    with pytest.raises(AcornError, match="another version"):
        SandboxServer(state=newer)


def test_a_port_in_use_and_a_speed_of_zero(server):
    port = int(server.url.rpartition(":")[2])
    taken = SandboxServer(port=port)
    with pytest.raises(AcornError, match="cannot listen"):
        taken.__enter__()
    with pytest.raises(AcornError, match="speed"):
        SandboxServer(speed=0)


def test_numbers_are_written_as_they_were_read():
    text = '{"a":[1.10,-0,1E+2,12345678901234567890.123456789,true,null,"ü\\"\\n"],"b":{},"c":[]}'
    value = exact.loads(text)
    assert value["a"][0] == Decimal("1.10")
    assert exact.loads(exact.dumps(value)) == value
    assert "1.10" in exact.dumps(value)
    assert "12345678901234567890.123456789" in exact.dumps(value)
    for bad in ("NaN", "[Infinity]", "", "{", '"\\ud800"', "[" * 100_000, "1e99999999999999999999"):
        with pytest.raises(ValueError, match="."):
            exact.loads(bad)
