"""The starter rule book: it loads for its sites without surprises, and its examples hold."""

from __future__ import annotations

import jsonschema_rs
import pytest
import yaml
from rule_book import BOOK, CHAINS, KINDS, NOW, files, vocabulary

from acorn_engine.evaluate import run_examples
from acorn_engine.ruleset import load_chain, rule_schema
from acorn_engine.sites import SiteClock


@pytest.mark.parametrize("site", CHAINS)
def test_chains_load(site):
    chain = load_chain(files(site), vocabulary(site))
    assert chain.rules
    assert chain.guards
    assert chain.plan_guards
    expected = ["parameter_again"] if site == "amazon.fr" else []
    assert [warning.code for warning in chain.warnings] == expected


@pytest.mark.parametrize("site", CHAINS)
def test_examples_hold(site):
    known = vocabulary(site)
    for file in files(site):
        chain = load_chain([file], known)
        results = run_examples(chain, SiteClock(known.site, NOW))
        assert [(result.name, result.differences) for result in results if not result.passed] == []
        if chain.rules:
            assert chain.files[0].examples, file[0]


def test_every_file_is_in_a_chain_and_every_example_is_for_one_of_its_sites():
    used = {name: [site for site in CHAINS if name in dict(files(site))] for site in CHAINS for name, _ in files(site)}
    assert set(used) == {path.relative_to(BOOK.parent).as_posix() for path in BOOK.rglob("*.yaml")}
    for name, sites in used.items():
        chain = load_chain([(name, dict(files(sites[0]))[name])], vocabulary(sites[0]))
        assert {example.site for example in chain.files[0].examples} <= set(sites)


def test_editors_agree():
    validator = jsonschema_rs.validator_for(rule_schema(KINDS))
    for path in BOOK.rglob("*.yaml"):
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # text only
        data["acorn"] = int(data["acorn"])
        for rule in data.get("rules", []):
            if "final" in rule:
                rule["final"] = rule["final"] == "true"
            rule.pop("with", None)  # its numbers are text here
        validator.validate(data)
