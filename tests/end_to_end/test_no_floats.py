"""No binary float feeds a value anywhere between the seller's files and Amazon's documents.

Every expression that the engine hands to Polars is typed part by part, every frame and every
column that comes back is looked at: only the shadow of the column programs may be a float.
"""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from float_watch import FloatWatch
from rule_book import CHAINS, FACTS, NOW, files, vocabulary

import acorn_engine
from acorn_engine.evaluate import evaluate
from acorn_engine.facts import FactInfo, FactTable, Offers, TableEntry
from acorn_engine.guard import judge_offers
from acorn_engine.language.columns import Operand
from acorn_engine.language.columns.cells import cell
from acorn_engine.ruleset import load_chain
from acorn_engine.sites import SiteClock
from acorn_engine.types import Kind

RULES = """\
acorn: 1
parameters: {margin: 28%}
define: {landed: fx(cost) * 1.04 + 0.005}
rules:
  - id: price
    set: {price: landed * (1 + margin) * (1 + duty_rate)}
    because: landed {cost} with {duty_rate}
  - id: follow
    when: floor_price <= competitor_price - tick < price
    set: {price: competitor_price - tick}
  - id: ending
    use: price_ending
    with: {ending: 0.99, direction: up}
  - id: sale
    set: {sale_price: price * 0.913, sale_from: today, sale_to: date('2036-12-31')}
  - id: limits
    set:
      minimum_price: max(floor_price, price * 0.5)
      maximum_price: price * 1.5
      ceiling_price: price * 2 / 1.3
  - id: availability
    set:
      quantity: min(stock / 3, 900)
      handling_days: round_up(weight_kg / 0.7, 1)
  - id: more
    set:
      attributes.item_weight: =weight_kg * 1.0000005 / 3
      attributes.list_price: =price * 1.19
      attributes.color: =lower(brand)
      attributes.bulky: =weight_kg > 3.00001
      attributes.dimensions: {length: 1.25, unit: cm}
guards:
  - id: move
    hold: abs(price / current_price - 1) > 90%
    because: "{current_price} to {price}"
  - id: share
    halt: changed_share > 100%
    because: more than all
"""
YEN = RULES.replace("{ending: 0.99, direction: up}", "{ending: 80, direction: up}")


def assert_exact(watch, expressions):
    """Check that a watch saw much, and no float but in doubts."""
    assert watch.strays == []
    assert watch.undoubted == []
    assert watch.expressions > expressions
    assert watch.results > 0


@pytest.mark.parametrize("site", CHAINS)
def test_the_programs_of_the_starter_rule_book(site, monkeypatch):
    known = vocabulary(site)
    chain = load_chain(files(site), known)
    dtypes = {Kind.TEXT: pl.String, Kind.BOOLEAN: pl.Boolean, Kind.NUMBER: pl.Decimal(38, 4)}
    schema = {
        name: pl.Int64 if of.integer else pl.Decimal(38, 4 if name == "cost" else known.site.digits)
        if of.kind is Kind.MONEY else dtypes[of.kind]
        for name, of in FACTS.items()
    }  # fmt: skip
    row = {
        "cost": Decimal("12.3450"),
        "cost_currency": "USD",
        "stock": 7,
        "fulfilment": "merchant",
        "vat_rate": Decimal("0.19"),
    }
    frame = pl.DataFrame([row, {}, row | {"cost": Decimal("1e9")}], schema=schema)
    facts = {name: FactInfo(name, of) for name, of in FACTS.items()}
    rates = {known.site.currency: {"USD": TableEntry(Fraction(1)), known.site.currency: TableEntry(Fraction(1))}}
    clock = SiteClock(known.site, NOW)
    watch = FloatWatch(monkeypatch)
    proposals = evaluate(chain, Offers(frame, facts, {"rate": FactTable("rate", rates)}), clock)
    assert proposals.frame["to.price"].count()
    assert_exact(watch, 20)


@pytest.fixture
def seller(project, serve):
    made = project({"amazon.de": ["all.yaml"], "amazon.co.jp": ["yen.yaml"]}, {"all.yaml": RULES, "yen.yaml": YEN})
    made.columns += 'duty_rate = "number"\nweight_kg = "number"\nbrand = "text"\n'
    for number in range(6):
        made.add(f"S{number}", f"{number + 9}.3450", f"{number * 17}", sites=["amazon.de"], floor_price="9.50",
                 competitor_price="23.45")  # fmt: skip
        made.listings.append(
            made.listings[-1]
            | {"site": "amazon.co.jp", "price": "3000", "floor_price": "100", "competitor_price": "2999"}
        )
        made.products[-1] |= {"duty_rate": "0.19", "weight_kg": f"1.{number}05", "brand": "Ärger"}
    made.accounts_extra = dict.fromkeys(("eu", "fe"), "patch_up_to = 0")
    seeds = made.seeds()
    for one in seeds:
        offers = one["attributes"]["purchasable_offer"]
        levels = [{"lower_bound": 5, "value": Decimal("17001.10")}]
        offers.append(
            offers[0]
            | {"audience": "B2B", "our_price": [{"schedule": [{"value_with_tax": Decimal("18002.10")}]}]}
            | {"quantity_discount_plan": [{"schedule": [{"discount_type": "fixed", "levels": levels}]}]}
        )
    serve(made, seed=seeds)
    return made


def plans(seller, directory):
    """Plan and export every site; return the documents."""
    documents = []
    with seller.engine() as engine:
        for site in engine.sites:
            plan = engine.plan(site)
            assert not plan.to_send.is_empty(), plan.to_json()
            documents += [
                path.read_text(encoding="utf-8")
                for path in engine.export(plan, directory / site)
                if path.suffix == ".json"
            ]
    return documents


def test_a_plan_with_every_field_from_files_to_documents(seller, tmp_path, monkeypatch):
    watch = FloatWatch(monkeypatch)
    documents = plans(seller, tmp_path)
    monkeypatch.undo()
    assert_exact(watch, 2_000)
    text = " ".join(documents)
    for told in (
        "discounted_price",
        "minimum_seller_allowed_price",
        "map_price",
        "B2B",
        "17001.1",
        "item_weight",
        "list_price",
        "quantity",
    ):
        assert told in text, told
    numbers = []
    for document in documents:
        json.loads(document, parse_float=lambda number: numbers.append(Decimal(number)))
    assert any(number.as_tuple().exponent == -6 for number in numbers)


def planted_in_rounding(operand, digits, mode):
    whole = ROUNDED(operand, digits, mode)
    width = pl.Int128 if whole.wide else pl.Int64
    return replace(whole, cell=cell(whole.cell.expr.cast(pl.Float64).cast(width), whole.cell))


def planted_in_text(value, digits):
    return (value / 10**digits).cast(pl.String)


def planted_in_minor_units(column, dtype, digits):
    return (pl.col(column).cast(pl.Float64) * 10**digits).round(0).cast(pl.Int64)


ROUNDED = Operand.whole
PLANTED = {
    "acorn_engine.language.columns.Operand.whole": planted_in_rounding,
    "acorn_engine.evaluate.targets.decimal_text": planted_in_text,
    "acorn_engine.guard.candidates.minor_units": planted_in_minor_units,
    "acorn_engine.engine.evaluating.judge_offers": lambda chain, proposals, *more: judge_offers(
        chain, floating(proposals), *more
    ),
}


def floating(proposals):
    """Return proposals whose prices have been floats."""
    price = pl.Series("to.price", [None if one is None else one / 1 for one in proposals.frame["to.price"]], pl.Float64)
    return type(proposals)(
        proposals.frame.with_columns(price.cast(pl.Int64)), proposals.fields, proposals.groups, proposals.scalar_rows
    )


@pytest.mark.parametrize("place", PLANTED)
def test_a_float_anywhere_is_found(seller, tmp_path, monkeypatch, place):
    watch = FloatWatch(monkeypatch)
    monkeypatch.setattr(place, PLANTED[place])
    plans(seller, tmp_path)
    monkeypatch.undo()
    assert watch.strays


PACKAGE = Path(acorn_engine.__file__).parent
VALUES = ("catalog", "evaluate", "guard", "language", "plan", "ruleset", "facts.py", "fields.py", "types.py")
"""Where values are read, computed, judged and written."""
ALLOWED = {
    "language/columns/whole.py": {"float", "Float64"},  # the shadow
    "catalog/encoding.py": {"constant"},  # how likely a file is in an encoding
    "guard/shown_attributes.py": {"json_path_match"},  # of objects without a long number
    "plan/sending.py": {"float", "constant"},  # seconds to wait
    "plan/render.py": {"loads"},  # what a person is shown, and sentences
}


def float_words(tree):
    """Yield what in a module's tree makes a binary float."""
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=float()):
                yield "constant"
            case ast.Call(func=ast.Name(id="float")):
                yield "float"
            case ast.Call(func=ast.Attribute(attr="loads"), keywords=keywords):
                if "parse_float" not in [keyword.arg for keyword in keywords]:
                    yield "loads"
            case ast.Attribute(attr="Float32" | "Float64" | "mean" | "json_path_match" | "json_decode" as word):
                yield word


def test_the_sources_make_floats_where_it_is_known_only():
    found = {}
    for name in VALUES:
        for path in [PACKAGE / name] if name.endswith(".py") else sorted((PACKAGE / name).rglob("*.py")):
            words = set(float_words(ast.parse(path.read_text(encoding="utf-8"))))
            found |= {path.relative_to(PACKAGE).as_posix(): words} if words else {}
    assert found == ALLOWED
