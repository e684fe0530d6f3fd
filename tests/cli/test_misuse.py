"""Commands that cannot be understood, or that fail unforeseen: words and one next step, and JSON with ``--json``."""

from __future__ import annotations

import json
import logging

import pytest

MISUSE = [
    (["plna"], "there is no verb 'plna'. Nothing was done.", "did you mean 'plan'? acorn --help lists the verbs"),
    (["zzz"], "there is no verb 'zzz'. Nothing was done.", "acorn --help lists the verbs"),
    (["plan", "--ony", "A"], "Unknown option: --ony. Nothing was done.", "did you mean --only? acorn plan --help"),
    (["explain"], "parameter --site requires an argument", "acorn explain --help shows how it is written"),
    (["rollback"], "parameter --plan requires an argument", "acorn rollback --help"),
]


@pytest.mark.parametrize(("words", "message", "hint"), MISUSE)
def test_a_misused_command_says_what_was_not_done_and_where_to_read(run, words, message, hint):
    code, out, err = run(*words)
    assert (code, out) == (1, "")
    assert message in err
    assert hint in err


@pytest.mark.parametrize("words", [words for words, _, _ in MISUSE])
def test_a_misused_command_answers_in_json_where_that_was_asked_for(run, words):
    code, out, err = run(*words, "--json")
    assert (code, err) == (1, "")
    [problem] = json.loads(out)["problems"]
    assert (problem["code"], problem["effect"]) == ("usage", "stops")
    assert problem["hint"]


def test_an_unknown_verb_beside_a_broken_project_is_no_traceback(run, tmp_path):
    (tmp_path / "acorn.toml").write_text("not toml at all", encoding="utf-8")
    code, _, err = run("plna", "--project", tmp_path)
    assert code == 1
    assert "Traceback" not in err
    assert err.strip()


@pytest.mark.parametrize("words", [["--project", "nowhere"], ["-p", "nowhere/acorn.toml"]])
def test_a_project_that_is_not_there_is_named_whole(run, tmp_path, words, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = run("check", *words)
    assert code == 1
    assert "nowhere" in err
    assert "there is no project file acorn.toml in /" in err
    assert "acorn init" in err


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "out/a.json"), "out/a.json: Permission denied"),
        (ZeroDivisionError("secret"), "a mistake in Acorn itself: ZeroDivisionError"),
    ],
)
def test_a_failure_that_nobody_foresaw_is_told_without_a_traceback(run, shop, monkeypatch, error, words):
    def fail(*_args, **_named):
        raise error

    monkeypatch.setattr("acorn_engine.Engine.export", fail)
    code, out, err = run("export", "x", "--to", shop.folder / "out", "--project", shop.folder)
    assert (code, out) == (1, "")
    assert words in err
    assert "Traceback" not in err
    assert "secret" not in err
    code, out, _ = run("export", "x", "--to", shop.folder / "out", "--project", shop.folder, "--json")
    assert (code, len(json.loads(out)["problems"])) == (1, 1)
    monkeypatch.setenv("ACORN_TRACEBACK", "1")
    with pytest.raises(type(error)):
        run("export", "x", "--to", shop.folder / "out", "--project", shop.folder)


def test_a_stopped_command_says_how_to_go_on(run, shop, monkeypatch):
    def stop(*_args, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr("acorn_engine.Engine.submit", stop)
    code, out, err = run("submit", "--project", shop.folder)
    assert (code, out) == (1, "")
    assert "run the same command again" in err
    code, out, _ = run("submit", "--project", shop.folder, "--json")
    assert json.loads(out)["problems"][0]["code"] == "stopped"


def test_tries_that_fail_are_not_logged_in_the_jargon_of_a_library(run):
    run("--help")
    assert not logging.getLogger("stamina").isEnabledFor(logging.WARNING)


def test_an_unknown_plan_names_those_that_there_are(run, shop):
    _, _, err = run("submit", "nope", "--project", shop.folder)
    assert "There is no plan yet: acorn plan makes one." in err
    _, out, _ = run("plan", "shop.de", "--json", "--project", shop.folder)
    name = json.loads(out)["plan"]
    _, _, err = run("submit", "nope", "--project", shop.folder)
    assert f"The newest plans: {name}." in err
    _, _, err = run("submit", name[:-1], "--project", shop.folder)
    assert f"did you mean '{name}'?" in err
