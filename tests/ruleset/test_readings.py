"""A file that stands in several chains is read once, and what is wrong with it is told in each."""

from __future__ import annotations

from dataclasses import replace

import pytest

from acorn_engine.problems import RuleError
from acorn_engine.ruleset import Readings, load_chain, readings
from acorn_engine.ruleset.tree import MOST_PROBLEMS, Report

SHARED = "acorn: 1\nparameters: {margin: 20%}\nrules:\n  - id: a\n    set: {price: fx(cost) * (1 + margin)}\n"
OWN = "acorn: 1\nrules:\n  - id: b\n    set: {quantity: stock}\n"
WRONG = "acorn: 1\nrules:\n  - id: b\n    wen: stock > 0\n    set: {quantity: 1}\n"
BROKEN = "acorn: 1\nrules: [\n"


@pytest.fixture
def reads(monkeypatch):
    """Return the names of the files that are read, in order."""
    names = []
    read = readings.read_tree

    def counted(source, report):
        names.append(source.name)
        return read(source, report)

    monkeypatch.setattr(readings, "read_tree", counted)
    return names


def test_a_shared_file_is_read_once_and_checked_for_each_site(vocabulary, reads):
    shared = Readings()
    other = replace(vocabulary, site=replace(vocabulary.site, name="amazon.co.uk", currency="GBP"))
    files = [("shared.yaml", SHARED), ("own.yaml", OWN)]
    chains = [load_chain(files, known, readings=shared) for known in (vocabulary, other)]
    assert reads == ["shared.yaml", "own.yaml"]
    assert [chain.rules[0].sets[0].value.type.tag for chain in chains] == ["EUR", "GBP"]
    alone = load_chain(files, other)
    assert [rule.sets[0].value.node for rule in chains[1].rules] == [rule.sets[0].value.node for rule in alone.rules]
    assert chains[1].warnings == alone.warnings


def test_a_changed_text_is_read_again(vocabulary, reads):
    shared = Readings()
    assert [rule.id for rule in load_chain([("f.yaml", OWN)], vocabulary, readings=shared).rules] == ["b"]
    changed = OWN.replace("id: b", "id: c")
    assert [rule.id for rule in load_chain([("f.yaml", changed)], vocabulary, readings=shared).rules] == ["c"]
    assert reads == ["f.yaml", "f.yaml"]


@pytest.mark.parametrize("text", [WRONG, BROKEN])
def test_what_is_wrong_is_told_in_every_chain(vocabulary, reads, text):
    shared = Readings()
    told = []
    for _ in range(2):
        with pytest.raises(RuleError) as caught:
            load_chain([("shared.yaml", SHARED), ("f.yaml", text)], vocabulary, readings=shared)
        told.append(caught.value.problems)
    assert told[0] == told[1]
    with pytest.raises(RuleError) as caught:
        load_chain([("shared.yaml", SHARED), ("f.yaml", text)], vocabulary)
    assert caught.value.problems == told[0]
    assert reads == ["shared.yaml", "f.yaml"] * 2


def test_a_file_of_too_many_problems_stays_cut_in_every_chain():
    many = "acorn: 1\n" + "".join(f"key{number}: 1\n" for number in range(MOST_PROBLEMS + 20))
    shared, reports = Readings(), [Report(), Report()]
    for report in reports:
        shared.read("many.yaml", many, report)
    assert [len(report.all()) for report in reports] == [MOST_PROBLEMS + 1] * 2
    assert reports[0].all()[-1].code == "more_problems"
    assert reports[0].counts == reports[1].counts
    reports[0].problems.clear()
    assert len(reports[1].problems) == MOST_PROBLEMS
