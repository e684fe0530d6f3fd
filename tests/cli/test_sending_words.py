"""What submit, verify, status and drift say when something does not leave, or was never there."""

from __future__ import annotations

import json

import pytest

from acorn_engine.plugins import MarketplaceError


@pytest.fixture
def approved(shop, run):
    """Return the id of an approved plan."""
    _, out, _ = run("plan", "shop.de", "--json", "--project", shop.folder)
    name = json.loads(out)["plan"]
    assert run("approve", name, "--project", shop.folder)[0] == 0
    return name


def fail(shop, error, times=50):
    shop.settings["run"]["poll"] = "1h"  # one try, and no other within the test
    shop.write()
    connection = shop.shop.connection("eu")
    for operation in ("upload", "submit", "patch"):
        connection.fail[operation] = [error] * times


def test_what_did_not_leave_is_not_on_its_way_and_says_why(shop, run, approved):
    fail(shop, MarketplaceError("the shop could not be reached. Check the network.", code="network", retryable=True))
    code, out, _ = run("submit", approved, "--project", shop.folder)
    assert code == 0
    assert "not sent yet" in out
    assert "on their way" not in out
    assert "the last try failed: the shop could not be reached. Check the network." in out
    _, out, _ = run("submit", approved, "--json", "--project", shop.folder)
    [row] = json.loads(out)["plans"]
    assert row["unsent"] == row["outcomes"]["on_their_way"] > 0
    _, out, _ = run("status", "--project", shop.folder)
    assert "the last try failed: the shop could not be reached" in out


def test_the_file_stop_leaves_everything_where_it_is(shop, run, approved):
    (shop.folder / "STOP").touch()
    _, out, _ = run("submit", approved, "--project", shop.folder)
    assert "not sent yet" in out
    assert "Sending is halted by the file STOP" in out


def test_missing_secrets_are_named_and_are_an_error(shop, run, approved, monkeypatch):
    monkeypatch.delenv("ACORN_EU_CLIENT_ID")
    code, out, err = run("submit", approved, "--project", shop.folder)
    assert "ACORN_EU_CLIENT_ID" in err
    assert "not sent yet" in out
    assert "the last try failed" not in out
    assert code == 1


def test_drift_before_anything_was_verified_claims_nothing(shop, run):
    code, out, _ = run("drift", "--project", shop.folder)
    assert code == 0
    assert "No listing that was verified shows another value" in out


def test_drift_after_a_verified_plan_says_that_all_is_as_it_was(shop, run, approved):
    run("submit", approved, "--wait", "--project", shop.folder)
    _, out, _ = run("drift", "--project", shop.folder)
    assert "No listing that was verified shows another value" in out
    shop.shop.connection("eu").listings["shop.de", "A"]["price"] = "99.00"
    _, out, _ = run("drift", "--project", shop.folder)
    assert "1 value changed without Acorn." in out


def test_a_difference_of_thousands_of_lines_is_cut_for_people(shop, run):
    for number in range(60):
        shop.add(f"S{number:02}", price="10.00", landed="5.50", floor_price="2.00", stock=5)
    shop.write()
    _, out, _ = run("plan", "shop.de", "--json", "--exit-zero", "--project", shop.folder)
    name = json.loads(out)["plan"]
    (shop.folder / "rules" / "base.yaml").write_text(
        "acorn: 1\nrules:\n  - {id: a, set: {price: landed * 1.9}, because: x}\n", encoding="utf-8"
    )
    _, out, _ = run("diff", name, "--project", shop.folder)
    assert len(out.splitlines()) == 52
    assert "more; --json lists all" in out


def test_a_plan_says_how_to_go_on(shop, run):
    _, out, _ = run("plan", "shop.de", "--project", shop.folder)
    assert out.splitlines()[-1].startswith("Next: acorn approve 2")
    _, out, _ = run("plan", "shop.de", "--only", "B", "--project", shop.folder)
    assert "Next:" not in out


def test_check_counts_in_words_and_names_the_rows_that_are_held(shop, run):
    _, out, _ = run("check", "--project", shop.folder)
    assert "everything can be planned." in out
    shop.add("C", price="10.00", landed="abc", floor_price="2.00")
    shop.write()
    _, out, _ = run("check", "--project", shop.folder)
    assert "everything can be planned but 1 offer with problems, held." in out
    (shop.folder / "listings.csv").write_text("", encoding="utf-8")
    code, out, _ = run("check", "--project", shop.folder)
    assert code == 1
    assert "1 error, " in out
    assert "rule files" not in out
    shop.write(catalog={})
    text = (shop.folder / "acorn.toml").read_text(encoding="utf-8")
    (shop.folder / "acorn.toml").write_text(text.replace('source" = "csv', 'source" = "exel'), encoding="utf-8")
    _, _, err = run("check", "--project", shop.folder)
    assert "acorn.toml:" in err.replace("\n", " ")
