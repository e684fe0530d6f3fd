"""Calls: standard functions, and functions of plugins whatever they do."""

from __future__ import annotations

from fractions import Fraction

import pytest
from expression_tools import ANY_MONEY, FX, checked, eur, faults, outcome, scope, value

from acorn_engine.language import STANDARD_FUNCTIONS, check, core, parse
from acorn_engine.language.definitions import definition_of, literal_of
from acorn_engine.language.functions import STANDARD, read_date
from acorn_engine.language.meaning import FUNCTIONS
from acorn_engine.plugins.records import Function, Parameter
from acorn_engine.types import BOOLEAN, NUMBER, SITE_MONEY, TEXT, Kind, Money, Type


def function(definition, *parameters, returns=None, name="probe"):
    return Function(name, parameters or (Parameter("x", None),), returns, definition, f"{name}(price)")


def only_fault(text, probe, **options):
    (fault,) = faults(text, functions={probe.name: probe}, **options)
    return fault


def test_the_standard_functions_are_those_of_the_design():
    named = "min max abs round round_up round_down is_missing default lower upper starts_with ends_with contains length"
    assert set(STANDARD_FUNCTIONS) == {*named.split(), "days_between", "weekday", "date"}
    assert set(FUNCTIONS) == set(STANDARD) - {"default", "is_missing"}


@pytest.mark.parametrize("name", STANDARD_FUNCTIONS)
def test_each_standard_function_counts_its_arguments_and_shows_its_use(name):
    standard = STANDARD[name]
    (fault,) = faults(f"{name}({', '.join(['price'] * (standard.fewest - 1))})")
    assert fault.code == "arguments"
    assert fault.hint == f"write {standard.usage}"
    parse(standard.usage.replace("...", "c"))


@pytest.mark.parametrize(
    ("text", "day"),
    [("2026-12-24", True), ("2026-2-4", False), ("24.12.2026", False), ("2026-W52-4", False), ("", False)],
)
def test_days_are_read_in_one_form_only(text, day):
    assert (read_date(text) is not None) is day


def test_a_definition_is_written_out_with_its_arguments():
    node = checked("fx(cost) * 2").node
    rate = core.Lookup("rate", core.Name("cost_currency", Kind.TEXT))
    money = core.Arithmetic("*", core.Name("cost", Kind.MONEY), rate)
    assert node == core.Arithmetic("*", money, core.Literal(Fraction(2)))


def test_a_known_currency_is_a_literal_key():
    assert checked("fx(cny_cost)").node.b == core.Lookup("rate", core.Literal("CNY"))


def test_a_currency_alone_is_guarded_by_the_amount():
    node = checked("foreign(cost)").node
    guard = core.Conditional(
        core.Compare("==", core.Name("cost", Kind.MONEY), core.Name("cost", Kind.MONEY)),
        core.Name("cost_currency", Kind.TEXT),
        core.Name("cost_currency", Kind.TEXT),
    )
    assert node == core.Compare("!=", guard, core.Literal("EUR"))


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("charm(price, stock, 'up')", "'ending' of charm must be written down, as in charm(price, 0.99, 'up')", None),
        ("charm(price, 0.5 + 0.49)", "'ending' of charm must be written down, as in charm(price, 0.99, 'up')", None),
        ("charm(price, 0.99, brand)", "'direction' of charm must be written down, as in charm(price, 0.99, 'up')", None),
        ("charm(price, 0.99, 'upp')", "'direction' of charm is one of 'up', 'down'", "did you mean 'up'?"),
        ("charm(price, 0.99, 1)", "'direction' of charm is one of 'up', 'down'", None),
        ("charm(price, '0.99')", "a number is needed here, not text", None),
        ("charm(price, 0.999)", "charm: 999/1000 is no price in this currency", None),
        ("charm(brand, 0.99)", "charm needs numbers or money, not text",
         "if 'brand' holds numbers, give it a type under [catalog.columns]"),
        ("charm(pric, 0.99)", "there is no 'pric' here", "did you mean 'price'?"),
        ("fx(stock)", "money is needed here, not a number",
         "give the fact the type money under [catalog.columns], or multiply it by an amount such as 1.00 EUR"),
        ("fx(brand)", "money is needed here, not text", None),
        ("fx(5)", "money is needed here, not a number", "write the currency: 5 EUR"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_fit(text, message, hint):
    (fault,) = faults(text)
    assert (fault.message, fault.hint) == (message, hint)


def test_a_literal_may_be_a_parameter_or_negative():
    assert value("charm(price, wanted)", {"price": eur(5)}, parameters={"wanted": Fraction("0.49")}) == eur("5.49")
    probe = function("x + by", Parameter("x", None), Parameter("by", NUMBER, literal=True))
    assert value("probe(5, -2)", functions={"probe": probe}) == 3


def test_a_literal_may_be_money():
    probe = function(
        "x - off", Parameter("x", SITE_MONEY), Parameter("off", SITE_MONEY, literal=True), returns=SITE_MONEY
    )
    assert value("probe(price, 0.50 EUR)", {"price": eur(5)}, functions={"probe": probe}) == eur("4.50")
    assert value("probe(price, 1)", {"price": eur(5)}, functions={"probe": probe}) == eur(4)


def test_a_bare_argument_becomes_money_of_the_site():
    probe = function("x", Parameter("x", SITE_MONEY), returns=SITE_MONEY)
    found = checked("probe(5)", functions={"probe": probe})
    assert found.type == Type(Kind.MONEY, "EUR")
    assert value("probe(5)", functions={"probe": probe}) == eur(5)


def test_a_number_without_decimals_may_be_a_default():
    probe = function("x * by", Parameter("x", None), Parameter("by", NUMBER, literal=True, default=2))
    assert value("probe(price)", {"price": eur(5)}, functions={"probe": probe}) == eur(10)


@pytest.mark.parametrize(
    ("definition", "code", "message"),
    [
        ("x +", "function", "the plugin's function 'probe' is defined wrongly: the expression is not complete"),
        ("().__class__", "function",
         "the plugin's function 'probe' is defined wrongly: '.' is not known here: a name has no parts"),
        ("y + 1", "function", "the plugin's function 'probe' is defined wrongly: there is no 'y' here"),
        ("price", "function", "the plugin's function 'probe' is defined wrongly: there is no 'price' here"),
        ("margin", "function", "the plugin's function 'probe' is defined wrongly: there is no 'margin' here"),
        ("x + stock", "function", "the plugin's function 'probe' is defined wrongly: there is no 'stock' here"),
        ("x * x", "type", "probe cannot be used like this: money and money cannot be multiplied"),
        ("lookup(currency, currency)", "arguments",
         "probe cannot be used like this: lookup needs the table's name as a text written down"),
        ("lookup('rate')", "arguments", "probe cannot be used like this: lookup takes 2 arguments, not 1"),
        ("amount(x, x)", "arguments", "probe cannot be used like this: amount takes 1 argument, not 2"),
        ("currency_of(5)", "type", "probe cannot be used like this: money is needed here, not a number"),
        ("site_money(x)", "type", "probe cannot be used like this: a number is needed here, not money in EUR"),
        ("probe(x)", "function", "the plugin's function 'probe' is defined by itself: probe → probe"),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_one_fault_at_the_call(definition, code, message):
    fault = only_fault("1 + stock * (probe(price) / price)", function(definition))
    assert (fault.code, fault.message) == (code, message)
    assert (fault.start, fault.end) == (13, 25)


def test_a_result_of_another_type_than_declared_is_a_fault():
    fault = only_fault("probe(price)", function("x", returns=TEXT))
    assert fault.message == "probe cannot be used like this: it gives money in EUR instead of text"


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (ValueError("that makes no sense"), "arguments", "probe: that makes no sense"),
        (KeyError("x"), "function", "the plugin's function 'probe' failed: KeyError: 'x'"),
    ],
)
def test_a_definition_that_raises_is_contained(raised, code, message):
    def definition(**_):
        raise raised

    fault = only_fault("probe(price)", function(definition))
    assert (fault.code, fault.message) == (code, message)


def test_a_definition_that_is_no_text_is_contained():
    fault = only_fault("probe(price)", function(lambda **_: 5))
    assert fault.message == "the plugin's function 'probe' gave no expression"


def test_a_definition_that_fails_only_when_it_runs_stays_with_the_offer():
    answers = iter(["x"])

    def definition(**_):
        return next(answers)

    probe = function(definition)
    assert outcome("probe(stock)", {"stock": Fraction(1)}, functions={"probe": probe}).value.code == "function"


@pytest.mark.timeout(120)
def test_functions_may_call_functions_and_many_doublings_are_instant():
    chain = {"f0": function("x + 1", name="f0")}
    for step in range(1, 20):
        chain[f"f{step}"] = function(f"f{step - 1}(x) + f{step - 1}(x)", name=f"f{step}")
    assert value("f19(stock)", {"stock": Fraction(1)}, functions=chain) == 2**20
    assert len(list(core.post_order(checked("f19(stock)", functions=chain).node))) == 22


def test_functions_call_functions_twenty_deep_at_most():
    chain = {"f0": function("x + 1", name="f0")}
    for step in range(1, 30):
        chain[f"f{step}"] = function(f"f{step - 1}(x)", name=f"f{step}")
    (fault,) = faults("f29(stock)", functions=chain)
    assert fault.message == "the plugin's function 'f29' calls functions more than 20 deep"


def test_each_call_with_the_same_arguments_is_written_out_once():
    calls = []

    def definition(digits, by):
        calls.append((digits, by))
        return "x + by"

    probe = function(definition, Parameter("x", None), Parameter("by", NUMBER, literal=True))
    used = scope(functions={"probe": probe})
    check(parse("probe(stock, 1) + probe(stock, 1) + probe(stock, 2)"), used)
    assert calls == [(2, 1), (2, 2)]


def test_a_function_may_give_a_condition_or_a_number():
    probe = function("amount(x) > 5", Parameter("x", ANY_MONEY), returns=BOOLEAN)
    assert value("probe(cost)", {"cost": Money(Fraction(6), "USD")}, functions={"probe": probe}) is True
    probe = function("amount(x)", Parameter("x", ANY_MONEY), returns=NUMBER)
    assert value("probe(cost) * 2", {"cost": Money(Fraction(6), "USD")}, functions={"probe": probe}) == 12


def test_definitions_read_the_standard_names():
    probe = function("x if site == 'amazon.de' and weekday(today) == 'thu' else x + tick", returns=None)
    assert value("probe(price)", {"price": eur(5)}, functions={"probe": probe}) == eur(5)


def test_literals_of_the_text():
    assert literal_of(parse("-5").tree, {}) == -5
    assert literal_of(parse("-0.50 EUR").tree, {}) == Money(Fraction(-1, 2), "EUR")
    assert literal_of(parse("a").tree, {"a": "x"}) == "x"
    assert literal_of(parse("a").tree, {}) is None
    assert literal_of(parse("1 + 1").tree, {}) is None
    assert definition_of(FX, {}, 2).calls == {"site_money", "amount", "lookup", "currency_of"}
