"""The starter rule book: it loads for its sites without surprises, and its examples hold."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import jsonschema_rs
import pytest
import yaml
from acorn_amazon.sites import SITES
from acorn_compliance import plugin as compliance
from acorn_currency import plugin as currency
from acorn_stock import plugin as stock

from acorn_engine.evaluate import run_examples
from acorn_engine.facts import FactInfo
from acorn_engine.fields import STANDARD_FIELDS
from acorn_engine.ruleset import Vocabulary, load_chain, rule_schema
from acorn_engine.sites import SiteClock
from acorn_engine.types import BOOLEAN, INTEGER, NUMBER, SITE_MONEY, TEXT, money

BOOK = Path(__file__).parents[2] / "rules"
CHAINS = {
    "amazon.de": ("eu", "de"),
    "amazon.fr": ("eu", "fr"),
    "amazon.co.uk": ("uk",),
    "amazon.com": ("us",),
    "amazon.co.jp": ("jp",),
}
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)  # a Saturday
FACTS = {
    "cost": money("cost_currency"),
    "cost_currency": TEXT,
    "stock": INTEGER,
    "fulfilment": TEXT,
    "clearance": BOOLEAN,
    "competitor_price": SITE_MONEY,
    "current_price": SITE_MONEY,
    "floor_price": SITE_MONEY,
    "ceiling_price": SITE_MONEY,
    "listings_of_stock": INTEGER,
    "vat_rate": NUMBER,
    "gpsr_applies": BOOLEAN,
    "gpsr_manufacturer": TEXT,
    "gpsr_responsible_person": TEXT,
    "epr_ready": BOOLEAN,
    "epr_missing": TEXT,
}
KINDS = {kind.name: kind for plugin in (currency, stock, compliance) for kind in plugin.acorn_rule_kinds()}


def vocabulary(site):
    return Vocabulary(
        site=next(each for each in SITES if each.name == site),
        facts={name: FactInfo(name, type_) for name, type_ in FACTS.items()},
        fields={field.name: field for field in STANDARD_FIELDS},
        functions={function.name: function for function in currency.acorn_functions()},
        kinds=KINDS,
    )


def files(site):
    return [
        (path.relative_to(BOOK.parent).as_posix(), path.read_text(encoding="utf-8"))
        for folder in CHAINS[site]
        for path in sorted((BOOK / folder).glob("*.yaml"))
    ]


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
