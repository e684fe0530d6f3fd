"""A stamp of rule files holds until one of them, or a folder, changes; never for what has just changed."""

from __future__ import annotations

import os

import pytest

from acorn_engine.project.rule_stamp import RuleStamp


@pytest.fixture
def rules(tmp_path):
    folder = tmp_path / "rules"
    (folder / "de").mkdir(parents=True)
    (folder / "de" / "a.yaml").write_text("acorn: 1\n")
    for path in (folder, folder / "de", folder / "de" / "a.yaml"):
        os.utime(path, (1_000, 1_000))
    return tmp_path


def stamp(root):
    return RuleStamp.take(root, ["rules/de/a.yaml"])


def test_it_holds_while_nothing_changes(rules):
    assert stamp(rules).holds()


@pytest.mark.parametrize(
    "change",
    [
        lambda path: path.write_text("acorn: 1\nrules: []\n"),
        lambda path: path.unlink(),
        lambda path: (path.parent / "b.yaml").write_text("acorn: 1\n"),
        lambda path: path.rename(path.parent.parent / "c.yaml"),
    ],
    ids=["written", "deleted", "another", "moved"],
)
def test_it_ends_with_any_change(rules, change):
    taken = stamp(rules)
    change(rules / "rules" / "de" / "a.yaml")
    assert not taken.holds()


def test_what_has_just_changed_is_not_trusted(rules):
    (rules / "rules" / "de" / "a.yaml").write_text("acorn: 1\n")
    assert not stamp(rules).holds()


def test_a_project_without_the_folder_is_no_fault(tmp_path):
    assert RuleStamp.take(tmp_path, []).holds()
