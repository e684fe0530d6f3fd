"""The verb ``resume``: what could not be delivered is taken up again, in somebody's name."""

from __future__ import annotations

import json

import pytest

from acorn_engine.plugins import MarketplaceError


@pytest.fixture
def dead(shop, run):
    """Return the id of a plan whose document was refused until it was given up."""
    shop.settings["accounts"]["eu"]["patch_up_to"] = 0
    shop.settings["run"]["poll"] = "1ms"
    shop.write()
    _, out, _ = run("plan", "shop.de", "--json", "--project", shop.folder)
    name = json.loads(out)["plan"]
    assert run("approve", name, "--project", shop.folder)[0] == 0
    shop.shop.connection("eu").fail["submit"] = [MarketplaceError("bad document", code="invalid")] * 3
    _, out, _ = run("submit", name, "--wait", "--project", shop.folder)
    assert "not sent yet" in out
    assert "1 part could not be delivered: acorn status says why, and acorn resume takes it up again." in out
    return name


def test_a_dead_letter_is_named_resumed_once_and_sent(shop, run, dead):
    _, out, _ = run("status", "--project", shop.folder)
    assert "dead_letter, invalid" in out
    assert f"acorn resume {dead}/eu/" in out
    code, out, _ = run("resume", dead, "--by", "ann", "--project", shop.folder)
    assert code == 0
    assert "is taken up again: acorn submit looks it up before anything is sent." in out
    code, out, _ = run("resume", dead, "--project", shop.folder)
    assert (code, out) == (0, f"Nothing of {dead} waits to be resumed.\n")
    _, out, _ = run("submit", "--wait", "--project", shop.folder)
    assert "settled" in out
    assert "on their way" not in out


def test_json_lists_the_parts(shop, run, dead):
    _, out, _ = run("resume", dead, "--json", "--project", shop.folder)
    [part] = json.loads(out)["resumed"]
    assert part.startswith(f"{dead}/eu/")


def test_no_name_and_a_wrong_name_are_errors(shop, run):
    assert run("resume", "--project", shop.folder)[0] == 1
    code, _, err = run("resume", "nothing", "--project", shop.folder)
    assert code == 1
    assert "no part or submitted plan is called 'nothing'. Nothing was resumed" in err
