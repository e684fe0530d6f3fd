"""Rules and guards: shape, fields, values, kinds; every problem as a person sees it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from pydantic import BaseModel

from acorn_engine.fields import Field
from acorn_engine.plugins import GuardSpec, RuleKind, RuleSpec
from acorn_engine.types import Kind


def sets(chain, number=0):
    return {each.field.name: each for each in chain.rules[number].sets}


def test_values_that_people_write_without_quotes(load, one):
    found = sets(
        load(one("set: {price: 19.99, eligible: False, sale_from: 2026-12-24, handling_days: 2.0, sale_price: 5 EUR}"))
    )
    nodes = {name: each.value.node.value for name, each in found.items()}
    assert nodes == {
        "price": Fraction(1999, 100),
        "eligible": False,
        "sale_from": date(2026, 12, 24),
        "handling_days": Fraction(2),
        "sale_price": Fraction(5),
    }
    assert found["price"].value.type.tag == "EUR"


def test_attributes_are_literal_data_or_expressions(load, one):
    found = sets(
        load(
            one(
                "set:\n  attributes.a: NO\n  attributes.b: 0401234567890\n  attributes.c: '=brand'\n"
                "  attributes.d: {x: [1, 2.50, true, null], y: 'ü'}\n  attributes.e: 1.10\n  attributes.f: =stock + 1\n"
                "  attributes.g: '12'\n  attributes.h: [a, 'b, c']\n  attributes.i: 2026-12-24"
            )
        )
    )
    literals = {name[-1]: each.literal_json for name, each in found.items() if each.value is None}
    assert literals == {
        "a": '"NO"',
        "b": '"0401234567890"',
        "d": '{"x":[1,2.50,true,null],"y":"ü"}',
        "e": "1.10",
        "g": '"12"',
        "h": '["a","b, c"]',
        "i": '"2026-12-24"',
    }
    assert found["attributes.e"].literal == Decimal("1.10")
    assert found["attributes.c"].value.type.kind is Kind.TEXT
    assert found["attributes.f"].field == Field(
        "attributes.f", found["attributes.f"].value.type, "none", "attributes.f"
    )


def test_options_of_a_rule(load, one):
    (rule,) = load(
        one(
            "set: {price: 1}\nfinal: true\nvalid_from: 2026-11-27\nvalid_to: 2026-11-30\n"
            "active: [sat 00:00 - mon 00:00, fri 22:00 - sat 06:30]\nbecause: Black Friday, {current_price}"
        )
    ).rules
    assert (rule.final, rule.valid_from, rule.valid_to) == (True, date(2026, 11, 27), date(2026, 11, 30))
    assert [str(window) for window in rule.active] == ["sat 00:00 - mon 00:00", "fri 22:00 - sat 06:30"]
    assert rule.because == "Black Friday, {current_price}"


SHAPES = {
    "wehn: clearance\nset: {price: 1}": """\
f.yaml:4:5: r: unknown key 'wehn' in a rule
        wehn: clearance
        ^
    did you mean 'when'?""",
    "set: {price: 1}\npriority: 3": """\
f.yaml:5:5: r: unknown key 'priority' in a rule
        priority: 3
        ^
    known keys: id, when, set, use, with, because, final, valid_from, valid_to, active""",
    "set: {price: 1}\nuse: price_step": """\
f.yaml:5:5: r: a rule has both 'set' and 'use'
        use: price_step
        ^
    make two rules of it
f.yaml:5:10: r: price_step needs 'step'
        use: price_step
             ^
    as in use: price_step with: {step: 0.05}""",
    "when: clearance": """\
f.yaml:3:5: r: a rule needs 'set' or 'use'
      - id: r
        ^
    'set:' with fields below it, or 'use:' with the name of a rule kind""",
    "set: {price: 1}\nwith: {step: 1}": """\
f.yaml:5:5: r: 'with' belongs to 'use', which is not there
        with: {step: 1}
        ^
    add 'use: KIND', or delete it""",
    "set: {}": """\
f.yaml:4:10: r: 'set' names no field
        set: {}
             ^""",
    "set: price：1": """\
f.yaml:4:10: r: 'set' must be keys with values, but is the text 'price：1'
        set: price：1
             ^
    '：' is a full-width colon: press : with the keyboard switched to English""",
    "set: {price: }": """\
f.yaml:4:18: r: 'price' has no value
        set: {price: }
                     ^""",
    "set: {price: [1, 2]}": """\
f.yaml:4:18: r: 'price' must be text, but is a list
        set: {price: [1, 2]}
                     ^
    put the value in quotes: press " at both ends""",
    "set: {price: min(cost, floor_price), quantity: 3}": """\
f.yaml:4:18: r: YAML has split the value of 'price' at the comma after 'min(cost'
        set: {price: min(cost, floor_price), quantity: 3}
                     ^
    put the whole value in quotes: press " before it and after it, because inside { } and [ ] a comma begins the next value""",
    "set: {price: 1}\nfinal: yes": """\
f.yaml:5:12: r: 'final' must be true or false, but is the text 'yes'
        final: yes
               ^""",
    "set: {price: 1}\nvalid_from: 24.12.2026": """\
f.yaml:5:17: r: 'valid_from': '24.12.2026' is not a date; write it as 2026-12-24
        valid_from: 24.12.2026
                    ^""",
    "set: {price: 1}\nvalid_from: 2026-02-01\nvalid_to: 2026-01-01": """\
f.yaml:6:15: r: the rule ends on 2026-01-01 before it begins on 2026-02-01
        valid_to: 2026-01-01
                  ^
    exchange the two, or correct the year""",
    "set: {price: 1}\nactive: [sut 1:00 - mon 2:00, sat 25:00 - mon 1:00, sat - sun, mon 1:00 - mon 1:00]": """\
f.yaml:5:14: r: 'sut' is not a day of the week
        active: [sut 1:00 - mon 2:00, sat 25:00 - mon 1:00, sat - sun, mon 1:00 - mon 1:00]
                 ^
    did you mean 'sun'?
f.yaml:5:35: r: '25:00' is not a time of day
        active: [sut 1:00 - mon 2:00, sat 25:00 - mon 1:00, sat - sun, mon 1:00 - mon 1:00]
                                      ^
    use 00:00 to 24:00
f.yaml:5:57: r: 'sat - sun' is not a weekly window
        active: [sut 1:00 - mon 2:00, sat 25:00 - mon 1:00, sat - sun, mon 1:00 - mon 1:00]
                                                            ^
    write it as sat 00:00 - mon 00:00
f.yaml:5:68: r: the window 'mon 1:00 - mon 1:00' begins and ends at the same moment
        active: [sut 1:00 - mon 2:00, sat 25:00 - mon 1:00, sat - sun, mon 1:00 - mon 1:00]
                                                                       ^
    for always, delete the line""",
    "set: {price: 1}\nbecause: {price}": """\
f.yaml:5:14: r: 'because' must be text, but begins with a brace
        because: {price}
                 ^
    put it in quotes: press " at both ends""",
    'set: {price: 1}\nbecause: "{prise} {price + 1} {} }"': """\
f.yaml:5:16: r: 'because': unknown name 'prise'
        because: "{prise} {price + 1} {} }"
                   ^
    did you mean 'price'?
f.yaml:5:23: r: 'because': '{price + 1}' is not a plain name
        because: "{prise} {price + 1} {} }"
                          ^
    in 'because', {name} shows a value; other braces cannot stand there
f.yaml:5:35: r: 'because': there is no name in the braces
        because: "{prise} {price + 1} {} }"
                                      ^
    in 'because', {name} shows a value; other braces cannot stand there
f.yaml:5:38: r: 'because': a single '}' stands here
        because: "{prise} {price + 1} {} }"
                                         ^
    in 'because', {name} shows a value; other braces cannot stand there""",
    "set: {prise: 1}": """\
f.yaml:4:11: r: unknown field 'prise'
        set: {prise: 1}
              ^
    did you mean 'price'?""",
    "set: {current_price: 2}": """\
f.yaml:4:11: r: 'current_price' is what the site shows and cannot be set
        set: {current_price: 2}
              ^
    set 'price'""",
    "set: {cost: 1}": """\
f.yaml:4:11: r: 'cost' is a fact and cannot be set
        set: {cost: 1}
              ^
    rules set price, sale_price, sale_from, sale_to, minimum_price, maximum_price, floor_price, ceiling_price, quantity, handling_days, eligible and attributes.NAME""",
    "set: {attributes.a b: 1}": """\
f.yaml:4:11: r: field 'attributes.a b' is not the name of an attribute
        set: {attributes.a b: 1}
              ^
    write attributes.NAME with one plain name: attributes.country_of_origin""",
    "set: {attributes.a: }": """\
f.yaml:4:25: r: 'attributes.a' has no value
        set: {attributes.a: }
                            ^""",
    "set: {attributes.a: =1 +}": """\
f.yaml:4:29: r: the expression is not complete
        set: {attributes.a: =1 +}
                                ^""",
    "set: {price: brand}": """\
f.yaml:4:18: r: money in EUR is needed here, not text
        set: {price: brand}
                     ^""",
    "when: fulfilment == 'merchant' and not clearnce\nset: {price: cst}": """\
f.yaml:4:44: r: unknown name 'clearnce'
        when: fulfilment == 'merchant' and not clearnce
                                               ^
    did you mean 'clearance'?
f.yaml:5:18: r: unknown name 'cst'
        set: {price: cst}
                     ^
    did you mean 'cost'?""",
    "when: >\n  brand == 'a'\n  and clearnce\nset:\n  price: |\n    floor_price\n    + tik": """\
f.yaml:6:11: r: unknown name 'clearnce'
          and clearnce
              ^
    did you mean 'clearance'?
f.yaml:10:11: r: unknown name 'tik'
            + tik
              ^
    did you mean 'tick'?""",
    'when: "brand == \\"a\\" and \\u0063learnce"\nset: {price: 1}': """\
f.yaml:4:31: r: unknown name 'clearnce'
        when: "brand == \\"a\\" and \\u0063learnce"
                                  ^
    did you mean 'clearance'?""",
    "when: brand == 'a #1'\nset: {price: 1}": """\
f.yaml:4:20: r: the text is never closed
        when: brand == 'a #1'
                       ^
    YAML reads what follows # as a comment: put the whole value in quotes, press " at both ends""",
    "when: foo(price)\nset: {price: 1}": """\
f.yaml:4:11: r: unknown function 'foo'
        when: foo(price)
              ^""",
    "when: price > 5 and price < 5\nset: {price: 1}": """\
f.yaml:4:11: r: the condition can never be true: 'price > 5' and 'price < 5' cannot both hold
        when: price > 5 and price < 5
              ^
    use 'or', or correct one of the two""",
    "when: fulfilment == 'merchnt'\nset: {price: 1}": """\
f.yaml:4:11: r: the condition can never be true: fulfilment is never 'merchnt'
        when: fulfilment == 'merchnt'
              ^
    did you mean 'merchant'?""",
    "use: price_stp": """\
f.yaml:4:10: r: unknown rule kind 'price_stp'
        use: price_stp
             ^
    did you mean 'price_step'?""",
    "use: price_step": """\
f.yaml:4:10: r: price_step needs 'step'
        use: price_step
             ^
    as in use: price_step with: {step: 0.05}""",
    "use: price_step\nwith: {step: 0, directon: up, direction: upp}": """\
f.yaml:5:18: r: 'step': input should be greater than 0 (it is the number 0)
        with: {step: 0, directon: up, direction: upp}
                     ^
f.yaml:5:21: r: unknown key 'directon' for price_step
        with: {step: 0, directon: up, direction: upp}
                        ^
    did you mean 'direction'?
f.yaml:5:46: r: 'direction' must be 'up', 'down' or 'nearest', but is the text 'upp'
        with: {step: 0, directon: up, direction: upp}
                                                 ^
    did you mean 'up'?""",
    "use: price_step\nwith: step": """\
f.yaml:4:10: r: price_step needs 'step'
        use: price_step
             ^
    as in use: price_step with: {step: 0.05}
f.yaml:5:11: r: 'with' must be keys with values, but is the text 'step'
        with: step
              ^
    write each key on its own line, with a colon and a space after it""",
}


@pytest.mark.parametrize("body", SHAPES, ids=lambda body: ascii(body)[:50])
def test_the_whole_text_of_each_problem(body, refused, one):
    assert refused(one(body)) == SHAPES[body]


FILES = {
    "rules: []\n": """\
f.yaml:1:1: a rule file begins with the line 'acorn: 1'
    rules: []
    ^
    add it as the first line""",
    "acorn: 2\nruels: []\n": """\
f.yaml:1:8: this Acorn reads rule files of version 1, not the number 2
    acorn: 2
           ^
    write 'acorn: 1'
f.yaml:2:1: unknown key 'ruels' in a rule file
    ruels: []
    ^
    did you mean 'rules'?""",
    "just text\n": """\
f.yaml:1:1: a rule file must be keys with values, but is the text 'just text'
    just text
    ^
    write each key on its own line, with a colon and a space after it""",
    "acorn: 1\nrules: {a: 1}\n": """\
f.yaml:2:8: 'rules' must be a list, but is something in braces
    rules: {a: 1}
           ^
    begin each item with '- '""",
    "acorn: 1\nrules:\n  - x\n  - {set: {price: 1}}\n  - {id: a b, set: {price: 1}}\n": """\
f.yaml:3:5: a rule must be keys with values, but is the text 'x'
      - x
        ^
    write each key on its own line, with a colon and a space after it
f.yaml:4:5: a rule needs 'id'
      - {set: {price: 1}}
        ^
    add a line 'id: …'
f.yaml:5:10: 'a b' cannot be an id
      - {id: a b, set: {price: 1}}
             ^
    use letters, digits, - _ and . without spaces, at most 100""",
    "acorn: 1\nguards:\n  - {id: j, hold: price > 1}\n  - {id: k, because: x}\n  - {id: l, hold: a, halt: b, because: x}\n": """\
f.yaml:3:5: j: a guard needs 'because'
      - {id: j, hold: price > 1}
        ^
    add a line 'because: …'
f.yaml:4:5: k: a guard needs one of 'reject', 'hold' and 'halt'
      - {id: k, because: x}
        ^
    write the condition that must not hold after it
f.yaml:5:22: l: a guard has 'hold' and 'halt'
      - {id: l, hold: a, halt: b, because: x}
                         ^
    make a guard of each""",
    "acorn: 1\ndefine: {many: floor_price, big: changed_share > 1}\nguards:\n  - {id: g, halt: changed_shar > 1, because: '{price}'}\n"
    "  - {id: h, halt: many > 1, because: '{held_share}'}\n  - {id: i, hold: big, because: '{big}'}\n  - {id: j, halt: tick > 1, because: x}\n": """\
f.yaml:4:19: g: unknown name 'changed_shar'
      - {id: g, halt: changed_shar > 1, because: '{price}'}
                      ^
    did you mean 'changed_share'?
f.yaml:4:48: g: 'because': unknown name 'price'
      - {id: g, halt: changed_shar > 1, because: '{price}'}
                                                   ^
    a fact, a field or a parameter can be shown
f.yaml:5:19: h: a guard with 'halt' cannot read 'floor_price': it judges the plan, not an offer
      - {id: h, halt: many > 1, because: '{held_share}'}
                      ^
    it sees changed_share, changed_count, held_share, offers; use 'hold' or 'reject' to judge offers
f.yaml:6:19: i: the definition of 'big' has a fault: there is no 'changed_share' here
      - {id: i, hold: big, because: '{big}'}
                      ^
    put text in quotes
f.yaml:6:35: i: 'because': unknown name 'big'
      - {id: i, hold: big, because: '{big}'}
                                      ^
    a name from 'define' cannot be shown; show the facts that it is made of
f.yaml:7:19: j: a guard with 'halt' cannot read 'tick': it judges the plan, not an offer
      - {id: j, halt: tick > 1, because: x}
                      ^
    it sees changed_share, changed_count, held_share, offers; use 'hold' or 'reject' to judge offers""",
    "acorn: 1\nexamples:\n  - x\n  - {name: n, gven: {}, given: {brand: 12, stok: 1, cost: {a: 1}, price: 3}, expect: {rul: x, price: [1]}}\n": """\
f.yaml:3:5: an example must be keys with values, but is the text 'x'
      - x
        ^
    write each key on its own line, with a colon and a space after it
f.yaml:4:5: example 'n': an example needs 'site'
      - {name: n, gven: {}, given: {brand: 12, stok: 1, cost: {a: 1}, price: 3}, expect: {rul: x, price: [1]}}
        ^
    add a line 'site: …'
f.yaml:4:15: example 'n': unknown key 'gven' in an example
      - {name: n, gven: {}, given: {brand: 12, stok: 1, cost: {a: 1}, price: 3}, expect: {rul: x, price: [1]}}
                  ^
    did you mean 'given'?
f.yaml:4:44: example 'n': unknown fact 'stok'
      - {name: n, gven: {}, given: {brand: 12, stok: 1, cost: {a: 1}, price: 3}, expect: {rul: x, price: [1]}}
                                               ^
    did you mean 'stock'?
f.yaml:4:59: example 'n': 'cost' is a fact with one value
      - {name: n, gven: {}, given: {brand: 12, stok: 1, cost: {a: 1}, price: 3}, expect: {rul: x, price: [1]}}
                                                              ^
    only tables, such as rate, have keys
f.yaml:4:67: example 'n': unknown fact 'price'
      - {name: n, gven: {}, given: {brand: 12, stok: 1, cost: {a: 1}, price: 3}, expect: {rul: x, price: [1]}}
                                                                      ^
    a field starts missing; what the site shows is 'current_price'
f.yaml:4:87: example 'n': unknown field 'rul'
      - {name: n, gven: {}, given: {brand: 12, stok: 1, cost: {a: 1}, price: 3}, expect: {rul: x, price: [1]}}
                                                                                          ^
    did you mean 'rule'?
f.yaml:4:102: example 'n': 'price' must be one value, but is a list
      - {name: n, gven: {}, given: {brand: 12, stok: 1, cost: {a: 1}, price: 3}, expect: {rul: x, price: [1]}}
                                                                                                         ^""",
}


@pytest.mark.parametrize("text", FILES, ids=lambda text: ascii(text)[:50])
def test_the_whole_text_of_each_problem_of_a_file(text, refused):
    assert refused(text) == FILES[text]


def test_a_kind_makes_checked_rules(load, one):
    first, rest = load(one("use: price_step\nwhen: clearance\nwith: {step: 0.05, label: NO}\nfinal: false")).rules
    assert (first.id, first.kind, first.source_id, first.final) == ("r", "price_step", "r", False)
    assert first.when.syntax.text == "(clearance) and (not is_missing(price))"
    assert first.because == "prices in steps of 0.05, {brand}"
    assert first.sets[0].value.syntax.text == "round_up(price, 0.05)"
    assert first.sets[1].literal == "NO"
    assert (rest.id, rest.final, rest.when.syntax.text, rest.because) == ("r-rest", True, "clearance", "r-rest")
    assert rest.sets[1].value.syntax.text == "brand"
    assert str(rest.sets[0].place) == "f.yaml:4:10"


def test_options_mean_what_the_model_says(load, one):
    first, _ = load(one("use: price_step\nwith: {step: 5%, label: 28%}\nbecause: mine")).rules
    assert first.sets[0].value.syntax.text == "round_up(price, 0.05)"
    assert first.sets[1].literal == "28%"
    assert first.because == "mine"
    first, _ = load(one("use: price_step\nwith: {step: 1, label: 12}")).rules
    assert first.sets[1].literal == "12"


class Nothing(BaseModel):
    pass


def kind(specs):
    return {"k": RuleKind("k", Nothing, specs)}


def broken(_options):
    yield RuleSpec(set={"price": "1"})
    raise KeyError("lost")


def sensible(_options):
    raise ValueError("the moon is not full")


@pytest.mark.parametrize(
    ("specs", "told"),
    [
        (broken, "r: the plugin that provides 'k' failed: KeyError: 'lost'"),
        (sensible, "r: k: the moon is not full"),
        (lambda _: [], "r: the plugin that provides 'k' failed: it made no rule"),
        (lambda _: ["x"], "r: the plugin that provides 'k' failed: it gave str instead of RuleSpec"),
        (lambda _: [RuleSpec(set={})], "r: the plugin that provides 'k' failed: it made a rule that sets nothing"),
        (
            lambda _: [RuleSpec(set={"price": "1"}), RuleSpec(set={"price": "1"})],
            "r: the plugin that provides 'k' failed: it made two rules with one id",
        ),
        (
            lambda _: [RuleSpec(set={"price": "1"}, suffix="a b")],
            "r: the plugin that provides 'k' failed: it gave the suffix 'a b', which cannot be part of an id",
        ),
        (
            lambda _: [RuleSpec(set={"price": "1"}, when=3)],
            "r: the plugin that provides 'k' failed: it gave something else than text for 'when' or 'because'",
        ),
        (
            lambda _: (RuleSpec(set={"price": "1"}, suffix=f"s{number}") for number in iter(int, 1)),
            "r: the plugin that provides 'k' failed: it made more than 1000 rules",
        ),
        (
            lambda _: [RuleSpec(set={"price": 0.1})],
            "r: the kind 'k' sets 'price' to float 0.1, which is not exact data",
        ),
        (
            lambda _: [RuleSpec(set={"attributes.a": [0.1]})],
            "r: the kind 'k' sets 'attributes.a' to list [0.1], which is not exact data",
        ),
        (lambda _: [RuleSpec(set={"prise": "1"})], "r: the kind 'k' sets the unknown field 'prise'"),
        (lambda _: [RuleSpec(set={"price": "cst"})], "r: the kind 'k' made 'cst': unknown name 'cst'"),
        (
            lambda _: [RuleSpec(set={"price": "1"}, when="brand")],
            "r: the kind 'k' made 'brand': a condition is needed here: true or false, not text",
        ),
        (
            lambda _: [RuleSpec(set={"price": "1"}, because="{x}")],
            "r: the kind 'k' made the because '{x}': unknown name 'x'",
        ),
    ],
)
def test_kinds_that_fail_are_named_at_the_line_that_uses_them(refused, one, specs, told):
    assert refused(one("use: k"), kinds=kind(specs)).splitlines()[0] == f"f.yaml:4:10: {told}"


def test_kinds_may_set_exact_values_of_any_sort(load, one):
    values = {"price": Decimal("1E+1"), "quantity": 3, "sale_from": date(2026, 1, 2), "eligible": True}
    chain = load(one("use: k"), kinds=kind(lambda _: [RuleSpec(set={**values, "sale_price": Fraction(1, 3)})]))
    assert {name: each.value.node.value for name, each in sets(chain).items() if name != "sale_price"} == {
        "price": Fraction(10),
        "quantity": Fraction(3),
        "sale_from": date(2026, 1, 2),
        "eligible": True,
    }


def test_guards_of_plugins_are_checked_the_same_way(load, refused):
    chain = load(
        guards=[
            GuardSpec("a", "hold", "price > 2 * current_price", "{price}"),
            GuardSpec("b", "halt", "changed_share > 50%", "x"),
            GuardSpec("c", "reject", "stock < 1", "x", ("quantity", "attributes.a")),
        ]
    )
    assert [(guard.id, guard.fields, guard.place) for guard in (*chain.guards, *chain.plan_guards)] == [
        ("a", frozenset({"price"}), None),
        ("c", frozenset({"quantity", "attributes.a"}), None),
        ("b", frozenset(), None),
    ]
    told = refused(
        guards=[
            GuardSpec("p", "hold", "prce > 1", "{x}"),
            GuardSpec("q", "halt", "price > 1", "x"),
            GuardSpec("t", "reject", "price < 1", "x", ("prise",)),
            GuardSpec("u", "reject", "price < 1 and price > 2", "x"),
        ]
    )
    assert (
        told
        == """\
p: the plugin's guard: unknown name 'x'
    tell the plugin's author
p: a plugin made 'prce > 1': unknown name 'prce'
    did you mean 'price'?
q: a guard with 'halt' cannot read 'price': it judges the plan, not an offer
    it sees changed_share, changed_count, held_share, offers; use 'hold' or 'reject' to judge offers
t: the plugin's guard: unknown field 'prise'
    tell the plugin's author
u: the condition can never be true: 'price < 1' and 'price > 2' cannot both hold
    use 'or', or correct one of the two"""
    )


def test_names_of_plugins_that_are_off_say_so(refused, one):
    off = {"acorn-currency": "ImportError: no module named x"}
    assert (
        refused(one("set: {price: fx(cost)}"), functions={}, missing_providers=off)
        == """\
f.yaml:4:18: r: unknown function 'fx'
        set: {price: fx(cost)}
                     ^
    it may come from a plugin that is off: acorn-currency (ImportError: no module named x)"""
    )
    off = dict.fromkeys(("fx", "k", "field", "vat"), "the plugin 'acorn-x' is off: ImportError")
    told = refused(
        one("when: vat > 1\nset: {field: fx(cost)}") + "  - {id: s, use: k}\n", functions={}, missing_providers=off
    )
    assert [line.split(": ", 2)[2] for line in told.splitlines() if line.startswith("f.yaml")] == [
        "'vat' cannot be used: the plugin 'acorn-x' is off: ImportError",
        "'field' cannot be set: the plugin 'acorn-x' is off: ImportError",
        "the rule kind 'k' cannot be used: the plugin 'acorn-x' is off: ImportError",
    ]


def test_a_bare_number_in_a_file_for_several_currencies(load, one):
    chain = load(one("when: floor_price > 5\nset: {price: 10 EUR}"), several_currencies=True)
    shown = [problem.render() for problem in chain.warnings if problem.code == "bare_money"]
    assert shown == [
        """\
f.yaml:4:25: warning: r: '5' is EUR here, and another currency on other sites of this file
        when: floor_price > 5
                            ^
    write the currency: 5 EUR"""
    ]


def test_fields_of_plugins_can_be_set(load, one, vocabulary):
    from acorn_engine.types import INTEGER

    fields = {**vocabulary.fields, "points": Field("points", INTEGER, "down", "points")}
    chain = load(one("set: {points: stock * 1%}") + "  - {id: s, set: {quantity: points * 1}}\n", fields=fields)
    assert chain.rules[0].sets[0].field is fields["points"]
    assert chain.rules[1].sets[0].value.reads == {"points"}
