"""DESIGN 4: the rule file, sentence by sentence."""

from __future__ import annotations

import pytest

from acorn_engine import AcornError
from acorn_engine.problems import RuleError

HEAD = "acorn: 1\n"
PLAIN = HEAD + "rules:\n  - id: base\n    set: {price: landed * 2}\n    because: twice the cost\n"


def one(world, rules, **columns):
    made = world(rules)
    made.add("A", **({"landed": "10.00", "price": "20.00", "floor_price": "1.00", "stock": 9, "quantity": 9} | columns))
    return made


def errors(world, proposed, rules, **columns):
    with pytest.raises(RuleError) as caught:
        proposed(one(world, rules, **columns))
    return caught.value.problems


def test_rules_run_top_to_bottom_file_after_file(world, proposed):
    """Rules run top to bottom, file after file."""
    first = HEAD + "rules:\n  - {id: a, set: {price: landed + 9}}\n  - {id: b, set: {price: price + 1}}\n"
    second = HEAD + "rules:\n  - {id: c, set: {price: price * 1.1}}\n"
    change = proposed(one(world, {"1.yaml": first, "2.yaml": second}))["A", "price"]
    assert (change["to"], change["rule"]) == ("22.00", "c")


def test_ids_are_unique_in_a_chain(world, proposed):
    """Rule and guard ids are unique in a chain."""
    (problem,) = errors(world, proposed, {"1.yaml": PLAIN, "2.yaml": PLAIN})
    assert "base" in problem.message
    assert str(problem.place).startswith("2.yaml:3:")
    assert "1.yaml" in problem.render()


def test_a_parameter_set_again_in_a_later_file_holds_for_the_whole_chain(world, proposed):
    """A parameter set again in a later file holds for the whole chain, and ``acorn check`` shows both places."""
    first = HEAD + "parameters: {factor: 2}\nrules:\n  - {id: a, set: {price: landed * factor}}\n"
    second = HEAD + "parameters: {factor: 2.2}\n"
    made = one(world, {"1.yaml": first, "2.yaml": second})
    assert proposed(made)["A", "price"]["to"] == "22.00"
    made.write()
    with made.engine(rules=None) as engine:
        engine.plan("shop.de", **made.rows())
        shown = " ".join(problem.render() for problem in engine.plan("shop.de", **made.rows()).problems)
    assert "factor" in shown
    assert "1.yaml" in shown
    assert "2.yaml" in shown


def test_disable_switches_earlier_rules_off(world, proposed):
    """``disable: [rule ids]`` switches earlier rules off, with ``because``."""
    later = HEAD + "disable: [base]\nbecause: not here\nrules:\n  - {id: other, set: {price: landed * 2.2}}\n"
    change = proposed(one(world, {"1.yaml": PLAIN, "2.yaml": later}))["A", "price"]
    assert (change["to"], change["rule"]) == ("22.00", "other")


def test_a_guard_in_any_file_covers_the_whole_site(world, proposed):
    """A guard in any file covers the whole site."""
    guards = HEAD + "guards:\n  - {id: dear, hold: price > 21, because: dear}\n"
    rules = PLAIN.replace("landed * 2", "landed * 2.2")
    change = proposed(one(world, {"1.yaml": guards, "2.yaml": rules}))["A", "price"]
    assert (change["verdict"], change["guard"]) == ("hold", "dear")


def test_fields_start_missing(world, proposed):
    """``price`` is the proposal so far; until a rule sets it, it is missing, and a field that no rule sets is left alone."""
    rules = HEAD + "rules:\n  - {id: a, when: price > 0, set: {price: 22}}\n  - {id: q, set: {quantity: 5}}\n"
    assert set(proposed(one(world, rules))) == {("A", "quantity")}


def test_nothing_ratchets_by_accident(world, proposed):
    """Where an applied rule reads a ``current_…``, the result is evaluated once more as if it had been sent, and if it would move again the change is held."""
    change = proposed(one(world, HEAD + "rules:\n  - {id: up, set: {price: current_price * 1.05}}\n"))["A", "price"]
    assert (change["verdict"], change["code"]) == ("hold", "moves_every_run")
    assert "at every run" in change["because"]
    calm = HEAD + "rules:\n  - {id: up, when: current_price < 21, set: {price: 21}}\n"
    assert proposed(one(world, calm))["A", "price"]["verdict"] == "send"


@pytest.mark.parametrize(
    ("expression", "field", "to"),
    [
        ("price: 20.50", "price", "20.50"),
        ("quantity: stock - 2", "quantity", 7),
        ("handling_days: 3", "handling_days", 3),
        ("attributes.color: rot", "attributes.color", "rot"),
    ],
)
def test_settable(world, proposed, expression, field, to):
    """Settable: ``price`` … ``quantity``, ``handling_days``, ``eligible``, ``attributes.<name>``."""
    assert proposed(one(world, HEAD + f"rules:\n  - {{id: a, set: {{{expression}}}}}\n"))["A", field]["to"] == to


def test_sale(world, proposed):
    """``sale_price`` with ``sale_from``/``sale_to``."""
    rules = HEAD + (
        "rules:\n  - id: a\n    set: {price: 21, sale_price: 18.50, sale_from: today, sale_to: date('2026-03-31')}\n"
    )
    changes = proposed(one(world, rules))
    assert {field: row["to"] for (_, field), row in changes.items() if field.startswith("sale")} == {
        "sale_price": "18.50",
        "sale_from": "2026-03-02",
        "sale_to": "2026-03-31",
    }


def test_limits_are_never_sent_and_the_stricter_wins(world, proposed):
    """``floor_price`` and ``ceiling_price`` are working limits, never sent; they start from the listing; the stricter of listing and rule wins."""
    rules = HEAD + "rules:\n  - {id: a, set: {price: 21, floor_price: 15, ceiling_price: 40}}\n"
    changes = proposed(one(world, rules, floor_price="12.00", ceiling_price="30.00"))
    assert not {field for _, field in changes} & {"floor_price", "ceiling_price"}
    assert (changes["A", "minimum_price"]["to"], changes["A", "maximum_price"]["to"]) == ("15.00", "30.00")


def test_minimum_and_maximum_are_sent_only_with_a_price_change(world, proposed):
    """``minimum_price``/``maximum_price`` default to them and are sent only with a price change."""
    same = HEAD + "rules:\n  - {id: a, set: {price: 20, floor_price: 15}}\n"
    assert proposed(one(world, same)) == {}


def test_not_eligible_holds_everything_else(world, proposed):
    """``eligible`` starts true; false holds everything else of the offer."""
    rules = HEAD + "rules:\n  - {id: a, set: {price: 21, quantity: 5, attributes.color: rot, eligible: false}}\n"
    changes = proposed(one(world, rules))
    assert {row["verdict"] for row in changes.values()} == {"hold"}
    assert {"price", "quantity", "attributes.color"} <= {field for _, field in changes}


def test_below_attributes_a_value_is_literal_unless_it_begins_with_equals(world, proposed):
    """Below ``attributes.`` a value is literal data (text, number, boolean, structure) unless it begins with ``=``."""
    rules = HEAD + (
        "rules:\n  - id: a\n    set:\n      attributes.text: landed\n      attributes.number: 4\n      attributes.yes: true\n"
        "      attributes.deep: {list: [1, {a: b}]}\n      attributes.brand: =upper(brand)\n"
    )
    changes = proposed(one(world, rules, brand="acme"))
    assert {field.removeprefix("attributes."): row["to"] for (_, field), row in changes.items()} == {
        "text": "landed",
        "number": 4,
        "yes": True,
        "deep": {"list": [1, {"a": "b"}]},
        "brand": "ACME",
    }


def test_final(world, proposed):
    """``final: true``: no later rule touches the fields that this rule set, for that offer."""
    rules = HEAD + (
        "rules:\n  - {id: a, when: landed < 15, set: {price: 21}, final: true}\n  - {id: b, set: {price: 22, quantity: 5}}\n"
    )
    made = one(world, rules)
    made.add("B", landed="16.00", price="20.00", floor_price="1.00", stock=9, quantity=9)
    changes = proposed(made)
    assert (changes["A", "price"]["to"], changes["A", "quantity"]["to"], changes["B", "price"]["to"]) == (
        "21.00",
        5,
        "22.00",
    )


@pytest.mark.parametrize(
    ("clause", "applies"),
    [
        ("valid_from: 2026-03-02", True),
        ("valid_from: 2026-03-03", False),
        ("valid_to: 2026-03-02", True),
        ("valid_to: 2026-03-01", False),
        ("active: mon 12:00 - mon 13:00", True),
        ("active: mon 11:00 - mon 12:00", False),
        ("active: sat 00:00 - mon 00:00", False),
    ],
)
def test_dates_are_site_local(world, proposed, clause, applies):
    """``valid_from``/``valid_to`` and ``active: sat 00:00 - mon 00:00`` are site-local (it is Monday noon in Berlin)."""
    rules = HEAD + f"rules:\n  - id: a\n    {clause}\n    set: {{price: 21}}\n"
    assert bool(proposed(one(world, rules))) is applies


def test_examples_replace_all_facts_and_run_their_file_alone(world, run_json):
    """Examples replace all facts: what ``given`` does not name is missing. They run this file alone; ``acorn test --chain`` runs the site's chain."""
    examples = (
        "examples:\n  - name: ten\n    site: shop.de\n    given: {landed: 10}\n    expect: {price: 20.00, rule: base}\n"
    )
    later = HEAD + "rules:\n  - {id: more, set: {price: price + 1}}\n"
    made = one(world, {"1.yaml": PLAIN + examples, "2.yaml": later}, brand="acme")
    made.write()
    code, alone = run_json(made, "test")
    assert (code, alone["passed"], alone["failed"]) == (0, 1, 0)
    code, chained = run_json(made, "test", "--chain")
    assert (code, chained["passed"], chained["failed"]) == (1, 0, 1)
    assert "21" in " ".join(chained["examples"][0]["differences"])


def test_a_file_without_examples_is_a_warning(world):
    """A file without examples is a warning, never an error."""
    made = one(world, PLAIN)
    with made.engine() as engine:
        found = [problem for problem in made.plan(engine).problems if problem.code == "no_examples"]
    assert [problem.effect for problem in found] == ["warns"]


def test_all_errors_at_once_with_file_line_column_and_suggestion(world, proposed):
    """Unknown keys, names, functions, kinds, types and impossible conditions are errors with file, line, column, the line, what was expected and "did you mean"; all at once."""
    rules = HEAD + (
        "rules:\n"
        "  - id: a\n"
        "    sett: {price: 1}\n"
        "    set: {price: landde * 2}\n"
        "  - id: b\n"
        "    set: {price: 'maxx(landed, 1)'}\n"
        "  - id: c\n"
        "    use: price_endin\n"
        "  - id: d\n"
        "    set: {price: brand}\n"
        "  - id: e\n"
        "    when: fulfilment == 'fba'\n"
        "    set: {price: 1}\n"
    )
    found = errors(world, proposed, rules)
    shown = {problem.place.line: problem for problem in found}
    assert sorted(shown) == [4, 5, 7, 9, 11, 13]
    assert all(problem.place.file == "base.yaml" and problem.place.column and problem.place.text for problem in found)
    assert "did you mean 'set'?" in shown[4].render()
    assert "did you mean 'landed'?" in shown[5].render()
    assert shown[5].render().splitlines()[2].index("^") == 4 + rules.splitlines()[4].index("landde")
    assert "did you mean 'max'?" in shown[7].render()


def test_yaml_1_2_scalars(world, proposed):
    """YAML 1.2 (``NO`` is Norway; numbers exact as written; text stays text)."""
    rules = HEAD + (
        "parameters: {sure: 0.1000000000000000055511151231257827}\n"
        "rules:\n  - {id: a, set: {attributes.country: NO, attributes.on: on, attributes.code: 0x1F, attributes.n: 1_000}}\n"
        "  - {id: b, when: sure == 0.1000000000000000055511151231257827 and sure != 0.1, set: {attributes.exact: true}}\n"
    )
    changes = proposed(one(world, rules))
    assert changes["A", "attributes.country"]["to"] == "NO"
    assert changes["A", "attributes.on"]["to"] == "on"
    assert changes["A", "attributes.n"]["to"] == "1_000"
    assert changes["A", "attributes.exact"]["to"] is True


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ("rules:\n  - {id: a, set: {price: landed * 1,5}}\n", "press ."),
        ("rules:\n  - id: a\n    set: {price: landed × 2}\n", "*"),
        ("rules:\n  - id: a\n    when: brand == “acme”\n    set: {price: landed}\n", 'the key "'),
        ("rules：\n  - id: a\n", ":"),
    ],
)
def test_typing_slips_get_a_hint(world, proposed, rules, words):
    """A comma that YAML split, full-width punctuation, typographic quotes get a hint that names the key to press."""
    found = errors(world, proposed, HEAD + rules)
    assert any(problem.hint and words in problem.hint for problem in found), [problem.render() for problem in found]


def test_one_document_and_exactly_one_of(world, proposed):
    """One YAML document per file; a rule has exactly one of ``set`` and ``use``, a guard exactly one of ``reject``, ``hold``, ``halt``."""
    assert len(errors(world, proposed, PLAIN + "---\nacorn: 1\n")) == 1
    found = errors(
        world,
        proposed,
        HEAD
        + "rules:\n  - {id: none}\n  - {id: both, set: {price: 1}, use: x}\n"
        + "guards:\n  - {id: g, because: x}\n  - {id: h, hold: price > 1, reject: price > 2, because: x}\n",
    )
    assert {problem.place.line for problem in found} >= {3, 4, 6, 7}


def test_because_names_plain_names_only(world, proposed):
    """In ``because``, ``{name}`` is a plain name, anything else in braces an error."""
    rules = HEAD + "rules:\n  - id: a\n    set: {price: 21}\n    because: 'from {landed}'\n"
    assert proposed(one(world, rules))["A", "price"]["because"] == "from 10.00 EUR"
    found = errors(world, proposed, rules.replace("{landed}", "{landed * 2}"))
    assert found[0].place.line == 5


def test_schema_for_editors(world, run):
    """``acorn schema`` prints a JSON Schema for editors."""
    import json

    made = one(world, PLAIN)
    made.write()
    code, out, _ = run(made, "schema")
    assert code == 0
    assert {"acorn", "rules", "guards", "examples", "parameters", "define"} <= set(json.loads(out)["properties"])


def test_a_rule_kind_of_a_plugin_expands(world, proposed):
    """A rule kind is a plugin's macro that expands to rules; in ``with:`` the kind's model decides."""
    from pydantic import BaseModel, ConfigDict

    from acorn_engine.plugins import RuleKind, RuleSpec, hookimpl

    class Twice(BaseModel):
        model_config = ConfigDict(extra="forbid")
        factor: int = 2

    class Plugin:
        @hookimpl
        def acorn_rule_kinds(self):
            yield RuleKind("times", Twice, lambda options: [RuleSpec({"price": f"landed * {options.factor}"})])

    rules = HEAD + "rules:\n  - {id: a, use: times, with: {factor: 3}}\n"
    made = one(world, rules, price="29.00")
    with made.engine(plugins=[made.shop, Plugin()]) as engine:
        assert made.plan(engine).to_send["to"].to_list()[-1] == "30.00"
    with made.engine(plugins=[made.shop, Plugin()], rules={"base.yaml": rules.replace("factor", "facto")}) as engine:
        with pytest.raises(AcornError, match="facto") as caught:
            made.plan(engine)
        assert "did you mean 'factor'?" in str(caught.value)
