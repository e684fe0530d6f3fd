"""``rollback PLAN`` and ``facts`` as the design writes them: with nothing that it does not name."""

from __future__ import annotations

import json


def test_a_rollback_needs_no_reason_and_every_change_of_it_says_why(shop, run):
    assert run("plan", "shop.de", "--project", shop.folder)[0] in {2, 3}
    _, out, _ = run("plan", "shop.de", "--project", shop.folder, "--json")
    name = json.loads(out)["plan"]
    assert run("approve", name, "--project", shop.folder)[0] == 0
    assert run("submit", name, "--wait", "--project", shop.folder)[0] == 0
    for words, because in (((), "the value from before"), (("--because", "typed {wrong}"), "typed {wrong}")):
        code, out, _ = run("rollback", name, "--project", shop.folder, "--json", *words)
        assert code == 0, out
        sent = [row for row in json.loads(out)["changes"] if row["verdict"] == "send"]
        assert sent
        assert {(row["rule"], row["code"], row["because"]) for row in sent if row["rule"]} == {
            ("rollback", "rule", because)
        }


def test_an_empty_reason_is_refused(shop, run):
    _, out, _ = run("plan", "shop.de", "--project", shop.folder, "--json")
    name = json.loads(out)["plan"]
    run("approve", name, "--project", shop.folder)
    run("submit", name, "--wait", "--project", shop.folder)
    code, _, err = run("rollback", name, "--because", " ", "--project", shop.folder)
    assert (code, "a rollback has a reason" in err) == (1, True)


def test_facts_without_a_site_are_those_of_every_site(shop, run):
    code, out, _ = run("facts", "--project", shop.folder, "--json")
    assert code == 0
    sites = [document["site"] for document in json.loads(out)["sites"]]
    assert sites == list(shop.settings["sites"])
    assert json.loads(run("facts", sites[0], "--project", shop.folder, "--json")[1]) == json.loads(out)["sites"][0]
    code, out, _ = run("facts", "--project", shop.folder)
    assert code == 0
    assert [line for line in out.splitlines() if line in sites] == (sites if len(sites) > 1 else [])
    assert "current_price" in out
