"""Chains: order, ids, parameters, definitions, what is switched off, examples, the digest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from acorn_engine.plugins import GuardSpec
from acorn_engine.problems import RuleError
from acorn_engine.ruleset import load_chain
from acorn_engine.types import Kind, Money

EXAMPLE = """\
acorn: 1
description: Follow the dollar, keep the margin
owner: pricing@example.com

parameters:
  margin: 28%

define:
  landed: fx(cost) * 1.04            # a named expression, for this file's rules

rules:
  - id: de-landed-price
    when: fulfilment == 'merchant' and not clearance
    set:
      price: landed * (1 + margin) * (1 + vat_rate)
    because: landed cost plus {margin} and VAT

  - id: de-follow-competitor
    when: floor_price <= competitor_price - tick < price
    set:
      price: competitor_price - tick

  - id: de-steps
    use: price_step
    with: {step: 0.05, direction: up}

guards:
  - id: de-big-move
    hold: abs(price / current_price - 1) > 12%
    because: "{current_price} to {price} is a move of more than 12%"
  - id: de-rate-feed
    halt: changed_share > 40%
    because: "More than 40% of the offers would change; check the rate feed"

examples:
  - name: dollar goods follow the rate
    site: amazon.de
    given: {cost: 20.00 USD, rate: {USD: 0.92}, fulfilment: merchant, clearance: false, current_price: 27.99,
            floor_price: 20.00, vat_rate: 19%}
    expect: {price: 29.99, rule: de-steps}
"""


def test_a_whole_file(load):
    chain = load(EXAMPLE)
    assert [rule.id for rule in chain.rules] == [
        "de-landed-price",
        "de-follow-competitor",
        "de-steps",
        "de-steps-rest",
    ]
    first = chain.rules[0]
    assert first.when.type.kind is Kind.BOOLEAN
    assert first.sets[0].value.reads >= {"cost", "cost_currency", "vat_rate"}
    assert first.because == "landed cost plus 28% and VAT"
    assert chain.rules[1].because == "de-follow-competitor"
    assert str(first.place) == "f.yaml:12:5"
    assert (first.file, first.kind, first.final, first.active) == ("f.yaml", None, False, ())
    file = chain.files[0]
    assert (file.name, file.description, file.owner) == (
        "f.yaml",
        "Follow the dollar, keep the margin",
        "pricing@example.com",
    )
    assert file.parameters == {"margin": Fraction(28, 100)}
    assert list(file.defines) == ["landed"]
    assert chain.warnings == ()
    assert chain.text == {"f.yaml": EXAMPLE}


def test_guards_know_their_fields(load):
    chain = load(EXAMPLE)
    (guard,), (halt,) = chain.guards, chain.plan_guards
    assert (guard.id, guard.verdict, guard.fields) == ("de-big-move", "hold", frozenset({"price"}))
    assert guard.because == "{current_price} to {price} is a move of more than 12%"
    assert (halt.verdict, halt.fields, halt.condition.reads) == ("halt", frozenset(), frozenset({"changed_share"}))
    assert str(halt.place) == "f.yaml:31:5"


def test_a_guards_fields_are_found_through_definitions(load):
    chain = load(
        "acorn: 1\ndefine: {move: price / current_price, gap: move - 1}\n"
        "guards:\n  - {id: g, reject: gap > 1, because: x}\n  - {id: h, hold: stock < 1, because: x}\n"
    )
    assert [guard.fields for guard in chain.guards] == [frozenset({"price"}), frozenset()]


def test_examples_keep_exact_values(load):
    (example,) = load(EXAMPLE).files[0].examples
    assert (example.name, example.site, example.file) == ("dollar goods follow the rate", "amazon.de", "f.yaml")
    assert example.given == {
        "cost": Money(Fraction(20), "USD"),
        "rate": {"USD": Fraction(92, 100)},
        "fulfilment": "merchant",
        "clearance": False,
        "current_price": Fraction(2799, 100),
        "floor_price": Fraction(20),
        "vat_rate": Fraction(19, 100),
    }
    assert example.expect == {"price": Fraction(2999, 100), "rule": "de-steps"}


def test_facts_of_text_stay_text_in_examples(load):
    chain = load(
        "acorn: 1\nexamples:\n  - name: n\n    site: s\n    given: {brand: 007, cost_currency: 2026-01-01, weight: null}\n"
        "    expect: {rule: 12, attributes.a: [1, 2.50], sale_from: 2026-12-24, eligible: false}\n"
    )
    (example,) = chain.files[0].examples
    assert example.given == {"brand": "007", "cost_currency": "2026-01-01", "weight": None}
    assert example.expect == {
        "rule": "12",
        "attributes.a": [1, Decimal("2.50")],
        "sale_from": date(2026, 12, 24),
        "eligible": False,
    }


def test_files_run_in_order_and_guards_of_any_file_count(load):
    chain = load(
        "acorn: 1\nguards:\n  - {id: g, hold: price > 1, because: x}\nrules:\n  - {id: b, set: {price: 1}}\n",
        "acorn: 1\nrules:\n  - {id: a, set: {price: 2}}\nguards:\n  - {id: f, hold: price > 2, because: x}\n",
    )
    assert [rule.id for rule in chain.rules] == ["b", "a"]
    assert [guard.id for guard in chain.guards] == ["g", "f"]
    assert [file.name for file in chain.files] == ["f.yaml", "f2.yaml"]


def test_ids_are_unique_in_a_chain(refused):
    file = "acorn: 1\nrules:\n  - {id: a, set: {price: 1}}\n"
    assert (
        refused(file, file + "guards:\n  - {id: a, hold: price > 1, because: x}\n")
        == """\
f2.yaml:3:10: a: the id 'a' is taken already, by a rule at f.yaml:3:10
      - {id: a, set: {price: 1}}
             ^
    give one of the two another id
f2.yaml:5:10: a: the id 'a' is taken already, by a rule at f.yaml:3:10
      - {id: a, hold: price > 1, because: x}
             ^
    give one of the two another id"""
    )


def test_ids_of_plugins_guards_and_of_rules_that_kinds_make_are_taken_too(refused):
    guard = GuardSpec("a", "hold", "price > 1", "x")
    assert refused("acorn: 1\nrules:\n  - {id: a, set: {price: 1}}\n", guards=[guard]).startswith(
        "f.yaml:3:10: a: the id 'a' is taken already, by a plugin's guard\n"
    )
    text = "acorn: 1\nrules:\n  - {id: k, use: price_step, with: {step: 1}}\n  - {id: k-rest, set: {price: 1}}\n"
    assert (
        refused(text)
        == """\
f.yaml:3:5: k: the kind 'price_step' makes a rule 'k-rest', and that id is taken
      - {id: k, use: price_step, with: {step: 1}}
        ^
    give this rule another id"""
    )


def test_a_parameter_set_again_holds_for_the_whole_chain(load):
    chain = load(
        "acorn: 1\nparameters:\n  margin: 28%\nrules:\n  - {id: r, set: {handling_days: margin * 100}, because: '{margin}'}\n",
        "acorn: 1\nparameters:\n  margin: 30%\n",
    )
    assert chain.parameters == {"margin": Fraction(3, 10)}
    assert chain.rules[0].because == "30%"
    assert chain.rules[0].sets[0].value.scope.parameters["margin"] == Fraction(3, 10)
    assert chain.files[0].parameters == {"margin": Fraction(28, 100)}
    shown = [problem.render() for problem in chain.warnings if problem.code == "parameter_again"]
    assert shown == [
        """\
f2.yaml:3:3: warning: the parameter 'margin' is set again; first at f.yaml:3:3. This value holds for the whole chain
      margin: 30%
      ^"""
    ]


def test_a_parameter_of_a_later_file_serves_an_earlier_one(load):
    chain = load("acorn: 1\nrules:\n  - {id: r, set: {price: p}}\n", "acorn: 1\nparameters: {p: 3 EUR}\n")
    assert chain.parameters == {"p": Money(Fraction(3), "EUR")}


def test_parameters_of_every_kind(load):
    chain = load(
        "acorn: 1\nparameters:\n  a: 1.10\n  b: 28%\n  c: 20.00 USD\n  d: 2026-12-24\n  e: true\n  f: NO\n"
        "  g: '12'\n  h: [a, NO]\n  i: [1, 2%]\n  j: -0.5\n"
    )
    assert chain.parameters == {
        "a": Fraction(11, 10),
        "b": Fraction(28, 100),
        "c": Money(Fraction(20), "USD"),
        "d": date(2026, 12, 24),
        "e": True,
        "f": "NO",
        "g": "12",
        "h": ("a", "NO"),
        "i": (Fraction(1), Fraction(2, 100)),
        "j": Fraction(-1, 2),
    }


def test_parameters_that_cannot_be(refused):
    assert (
        refused(
            "acorn: 1\nparameters:\n  price: 2\n  b: [1, x]\n  c:\n  d: []\n  e: 1e99\n  f: 2026-02-30\n  g: {a: 1}\n  and: 1\n  1a: 2\n"
        )
        == """\
f.yaml:3:3: the parameter 'price' has the name of a settable field
      price: 2
      ^
    give it another name
f.yaml:4:6: the parameter 'b' mixes numbers and text
      b: [1, x]
         ^
    a list holds one kind
f.yaml:5:5: the parameter 'c' has no value
      c:
        ^
f.yaml:6:6: the parameter 'd' is an empty list
      d: []
         ^
f.yaml:7:6: the parameter 'e': the number '1e99' is beyond the limits: at most 40 digits, exponents within ±30
      e: 1e99
         ^
    to keep it as text, put it in quotes
f.yaml:8:6: the parameter 'f': '2026-02-30' is not a day of the calendar
      f: 2026-02-30
         ^
    to keep it as text, put it in quotes
f.yaml:9:6: the parameter 'g' must be one value, but is something in braces
      g: {a: 1}
         ^
f.yaml:10:3: 'and' cannot be the name of a parameter
      and: 1
      ^
    use letters, digits and _, beginning with a letter; not and, or, not, in, if, else, true, false
f.yaml:11:3: '1a' cannot be the name of a parameter
      1a: 2
      ^
    use letters, digits and _, beginning with a letter; not and, or, not, in, if, else, true, false"""
    )


def test_a_parameter_keeps_its_kind(refused):
    assert (
        refused("acorn: 1\nparameters: {a: 1}\n", "acorn: 1\nparameters: {a: x}\n")
        == """\
f2.yaml:2:14: the parameter 'a' is text here, but numbers at f.yaml:2:14
    parameters: {a: x}
                 ^
    give it the same kind of value, or another name"""
    )


def test_a_broken_parameter_is_told_once(refused):
    told = refused("acorn: 1\nparameters: {p: }\nrules:\n  - {id: r, set: {price: p + 1}}\n")
    assert told.splitlines()[0] == "f.yaml:2:17: the parameter 'p' has no value"
    assert len(told.splitlines()) == 3


def test_definitions_are_per_file(refused):
    told = refused("acorn: 1\ndefine: {landed: fx(cost)}\n", "acorn: 1\nrules:\n  - {id: r, set: {price: landed}}\n")
    assert told.startswith("f2.yaml:3:26: r: unknown name 'landed'")


def test_faults_of_definitions_stand_where_they_are_typed_and_once(refused):
    assert (
        refused(
            "acorn: 1\ndefine:\n  x: y + 1\n  y: x\n  z: w\n  w: cots\n  fx: 4\n  k: '('\n  l: k + 1\n"
            "rules:\n  - {id: r, set: {price: x + w + z + l}}\n"
        )
        == """\
f.yaml:3:6: x: 'x' is defined by itself: x → y → x
      x: y + 1
         ^
    write out one of the definitions
f.yaml:4:6: y: 'y' is defined by itself: y → x → y
      y: x
         ^
    write out one of the definitions
f.yaml:6:6: w: unknown name 'cots'
      w: cots
         ^
    did you mean 'cost'?
f.yaml:7:3: the definition 'fx' has the name of a function
      fx: 4
      ^
    give it another name
f.yaml:8:7: k: '(' is never closed
      k: '('
          ^"""
    )


def test_definitions_nest_at_most_twenty(load, refused):
    def nested(count):
        lines = "".join(f"  d{i}: d{i - 1} + 1\n" for i in range(1, count))
        return f"acorn: 1\ndefine:\n  d0: stock\n{lines}rules:\n  - {{id: r, set: {{quantity: d{count - 1}}}}}\n"

    assert load(nested(21)).rules
    assert "d21: 'd21' nests more than 20 definitions" in refused(nested(22))


def test_rules_are_switched_off_with_a_reason(load):
    chain = load(
        "acorn: 1\nrules:\n  - {id: a, set: {price: 1}}\n  - {id: k, use: price_step, with: {step: 1}}\n"
        "  - {id: m, use: price_step, with: {step: 1}}\n",
        "acorn: 1\ndisable: [a, k, m-rest]\nbecause: they are not for this country\n",
    )
    assert [rule.id for rule in chain.rules] == ["m"]
    assert chain.files[1].disabled == ("a", "k", "m-rest")
    assert chain.files[1].because == "they are not for this country"


def test_what_cannot_be_switched_off(refused):
    assert (
        refused(
            "acorn: 1\nrules:\n  - {id: price-a, set: {price: 1}}\nguards:\n  - {id: g, hold: price > 1, because: x}\n",
            "acorn: 1\nrules:\n  - {id: r, set: {price: 1}}\ndisable: [later, r, g, price-b, x，y]\n",
            "acorn: 1\nrules:\n  - {id: later, set: {price: 1}}\nbecause: x\n",
        )
        == """\
f2.yaml:4:1: 'disable' needs 'because'
    disable: [later, r, g, price-b, x，y]
    ^
    add a line 'because: …'
f2.yaml:4:11: the rule 'later' comes later, in f3.yaml; only earlier rules can be disabled
    disable: [later, r, g, price-b, x，y]
              ^
    move this 'disable' to a later file
f2.yaml:4:18: the rule 'r' stands in this file itself
    disable: [later, r, g, price-b, x，y]
                     ^
    delete the rule instead
f2.yaml:4:21: 'g' is a guard; only rules can be disabled
    disable: [later, r, g, price-b, x，y]
                        ^
    delete the guard where it stands
f2.yaml:4:24: there is no rule 'price-b' in the chain
    disable: [later, r, g, price-b, x，y]
                           ^
    did you mean 'price-a'?
f2.yaml:4:33: there is no rule 'x，y' in the chain
    disable: [later, r, g, price-b, x，y]
                                    ^
    '，' is a full-width comma: press , with the keyboard switched to English
f3.yaml:4:1: 'because' beside 'acorn' says why rules are disabled, and no 'disable' is there
    because: x
    ^
    indent it under its rule or guard, or delete it"""
    )


def test_a_file_without_examples_is_a_warning(load):
    (warning,) = load("acorn: 1\nrules:\n  - {id: a, set: {price: 1}}\n").warnings
    assert warning.effect == "warns"
    assert warning.render() == (
        "f.yaml: warning: the file has rules and no examples\n"
        "    add 'examples:' so that 'acorn test' can show what the rules do"
    )
    assert load("acorn: 1\nparameters: {a: 1}\n").warnings == ()


def test_a_field_that_no_rule_has_set_yet(load):
    chain = load(
        "acorn: 1\nrules:\n  - id: r\n    when: price > 1 or floor_price > 1\n    set: {sale_price: floor_price}\n"
        "  - {id: q, when: not is_missing(quantity), set: {quantity: quantity + 1}}\n"
        "  - {id: s, set: {price: floor_price}}\n  - {id: t, when: price > 2, set: {price: 3}}\n"
    )
    shown = [problem.render() for problem in chain.warnings if problem.code == "stays_missing"]
    assert shown == [
        """\
f.yaml:3:5: warning: r: 'price' is always missing here, because no earlier rule sets it
      - id: r
        ^
    read 'current_price' for what the site shows, or move the rule behind the one that sets 'price'"""
    ]


def test_the_digest_is_of_names_texts_and_their_order(vocabulary):
    one, two = ("a.yaml", "acorn: 1\n"), ("b.yaml", "acorn: 1\ndescription: x\n")
    digests = {
        load_chain(files, vocabulary).digest
        for files in ([one, two], [two, one], [one], [("c.yaml", one[1]), two], [("a.yaml", one[1] + "\n"), two], [])
    }
    assert len(digests) == 6
    assert all(len(digest) == 64 for digest in digests)
    assert load_chain([one, two], vocabulary).digest == load_chain((one, two), vocabulary).digest


def test_a_file_twice_is_an_error(vocabulary):
    file = ("a.yaml", "acorn: 1\nrules:\n  - {id: a, set: {price: 1}}\n")
    with pytest.raises(RuleError) as caught:
        load_chain([file, file], vocabulary)
    assert str(caught.value) == "a.yaml: the file stands twice in the chain\n    name it once"


def test_problems_of_all_files_come_at_once_in_order(refused):
    told = refused(
        "acorn: 1\nrules:\n  - {id: a, set: {prise: 1}}\n", "acorn: 1\nruels: []\n", "acorn: 1\ndescription: [x]\n"
    )
    assert [line for line in told.splitlines() if line.startswith("f")] == [
        "f.yaml:3:19: a: unknown field 'prise'",
        "f2.yaml:2:1: unknown key 'ruels' in a rule file",
        "f3.yaml:2:14: 'description' must be text, but is a list",
    ]


def test_a_file_that_cannot_be_read_brings_no_further_unknown_names(refused):
    told = refused(
        "acorn: 1\nparameters:\n\ta: 1\n",
        "acorn: 1\ndisable: [gone]\nbecause: x\nrules:\n  - {id: r, set: {price: a + 1}}\n  - {id: s, set: {prise: 1}}\n",
    )
    assert [line.split(": ", 1)[1] for line in told.splitlines() if line.startswith("f")] == [
        "a tab stands where YAML wants spaces",
        "s: unknown field 'prise'",
    ]


def test_a_chain_may_be_empty(load):
    chain = load()
    assert (chain.rules, chain.guards, chain.files) == ((), (), ())
