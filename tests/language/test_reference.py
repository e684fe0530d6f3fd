"""The meaning of expressions: each sentence of the design as a test that quotes it."""

from __future__ import annotations

import ast
import inspect
import sys
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
import simpleeval
from expression_tools import FUNCTIONS, GERMANY, JAPAN, TABLES, TODAY, checked, eur, number, outcome, scope, value

from acorn_engine.facts import FactTable, TableEntry
from acorn_engine.language import STANDARD_FUNCTIONS, Reference, check, parse
from acorn_engine.language.parsing import EXPRESSIONS, OPERATORS
from acorn_engine.language.reference import _Walk
from acorn_engine.types import BOOLEAN, MISSING, NUMBER, SITE_MONEY, Failure, Money

FULL = {
    "price": eur(20),
    "current_price": eur("19.99"),
    "cost": Money(Fraction(10), "USD"),
    "cny_cost": Money(Fraction(70), "CNY"),
    "stock": number(7),
    "weight": number("0.5"),
    "brand": "Acme",
    "category": "",
    "clearance": False,
    "bulky": True,
    "launch": date(2026, 12, 20),
}


class TestExact:
    """'Exact: exact rationals throughout; no binary floating point.'"""

    def test_tenths_add_up(self):
        assert value("0.1 + 0.2 == 0.3") is True

    def test_thirds_come_back(self):
        assert value("1 / 3 * 3") == 1
        assert value("price / 7 * 7 == price", FULL) is True

    def test_negative_zero_is_zero(self):
        assert value("-0 == 0") is True
        assert value("abs(-0.00)") == 0
        assert value("round(-0.004, 0.01)") == 0

    def test_a_percent_is_a_hundredth(self):
        assert value("price * 12%", FULL) == eur("2.40")

    def test_no_value_is_a_float(self):
        assert isinstance(value("1.5 * 2"), Fraction)
        with pytest.raises(TypeError, match="'weight' must be number, not float"):
            value("weight", {"weight": 0.5})


class TestTypes:
    """'money ÷ money is a number', 'a bare literal takes the currency that it meets'."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("price / current_price", Fraction(2000, 1999)),
            ("price + 1", eur(21)),
            ("1 + price", eur(21)),
            ("price - 0.50 EUR", eur("19.50")),
            ("price * 1.1", eur(22)),
            ("1.1 * price", eur(22)),
            ("price / 2", eur(10)),
            ("-price", eur(-20)),
            ("abs(5 - price)", eur(15)),
            ("min(price, 5)", eur(5)),
            ("max(5, price, current_price)", eur(20)),
            ("price if bulky else 5", eur(20)),
            ("5 if bulky else price", eur(5)),
            ("default(price, 5)", eur(20)),
            ("default(floor_price, 5)", eur(5)),
            ("tick", eur("0.01")),
            ("round(price + 0.011, 0.05)", eur(20)),
            ("round(1.03, 0.05 EUR)", eur("1.05")),
            ("price / (price if bulky else 5)", Fraction(1)),
            ("price / (price if clearance else 5)", Fraction(4)),
            ("price / default(floor_price, 5)", Fraction(4)),
            ("cost + 1", Money(Fraction(11), "USD")),
            ("cost / 2", Money(Fraction(5), "USD")),
            ("handling_fee * 2", eur(1)),
        ],
    )
    def test_money(self, text, expected):
        assert value(text, FULL) == expected

    def test_a_bare_literal_that_is_set_is_money_of_the_site(self):
        assert value("9.99", expected=SITE_MONEY) == eur("9.99")
        assert value("9.99 if clearance else 5", FULL, SITE_MONEY) == eur(5)
        assert value("5", expected=NUMBER) == 5

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("price in [9.99, 20]", True),
            ("price not in [9.99, 20]", False),
            ("price in [20 EUR]", True),
            ("brand in ['Acme', 'x']", True),
            ("brand in ['acme']", False),
            ("brand in brands", False),
            ("lower(brand) in brands", True),
            ("brand in nothing", False),
            ("brand not in nothing", True),
            ("stock in [-7, 7]", True),
            ("-stock in [-7]", True),
            ("clearance in [false]", True),
        ],
    )
    def test_in_a_list(self, text, expected):
        assert value(text, FULL) is expected

    def test_money_of_another_currency_than_its_type_fails(self):
        found = outcome("price", {"price": Money(Fraction(1), "USD")}).value
        assert found == Failure("currency", "'price' is in USD instead of EUR")

    def test_numbers_may_come_as_integers_and_decimals(self):
        assert value("stock + weight", {"stock": 3, "weight": Decimal("0.10")}) == Fraction("3.1")

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ({"stock": "5"}, "'stock' must be integer|'stock' must be number, not str"),
            ({"stock": True}, "'stock' must be number, not bool"),
            ({"stock": eur(5)}, "'stock' must be number, not Money"),
        ],
    )
    def test_a_value_of_another_type_is_an_error_of_the_caller(self, row, message):
        with pytest.raises(TypeError, match=message):
            value("stock", row)


class TestMissing:
    """'Missing is not zero. Kleene logic.'"""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("false and clearance", False),
            ("clearance and false", False),
            ("true and clearance", MISSING),
            ("clearance and true", MISSING),
            ("true or clearance", True),
            ("clearance or true", True),
            ("false or clearance", MISSING),
            ("clearance or false", MISSING),
            ("not clearance", MISSING),
        ],
    )
    def test_false_and_missing_is_false_true_or_missing_is_true_not_missing_is_missing(self, text, expected):
        assert value(text) is expected

    @pytest.mark.parametrize(
        "text",
        [
            "price == price",
            "price != 5",
            "5 < price",
            "price + 1",
            "1 - stock",
            "stock * 0",
            "0 / stock",
            "-stock",
            "brand in ['a']",
            "brand not in ['a']",
            "brand in nothing",
            "min(1, stock)",
            "max(stock, 1)",
            "abs(stock)",
            "round(1, stock)",
            "lower(brand)",
            "contains('a', brand)",
            "length(brand)",
            "days_between(today, launch)",
            "weekday(launch)",
            "fx(cost)",
            "foreign(cost)",
        ],
    )
    def test_comparison_arithmetic_in_min_max_with_a_missing_operand_are_missing(self, text):
        assert value(text) is MISSING

    def test_a_conditional_with_a_missing_test_is_missing(self):
        assert value("1 if clearance else 1") is MISSING
        assert value("1 if bulky else stock", FULL | {"stock": MISSING}) == 1
        assert value("stock if bulky else 1", FULL | {"stock": MISSING}) is MISSING

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1 < stock < 0", MISSING),
            ("2 < 1 < stock", False),
            ("stock < 2 < 1", False),
            ("1 < 2 < stock", MISSING),
            ("1 < 2 < 3", True),
            ("3 > 2 > 2", False),
            ("1 == 1 != 2", True),
        ],
    )
    def test_a_chain_is_the_and_of_its_links(self, text, expected):
        assert value(text) is expected

    def test_middle_operands_are_evaluated_once(self):
        row = Counting({"stock": number(2)})
        assert value("1 < stock < 3", row) is True
        assert row.read == ["stock"]

    def test_ways_out(self):
        assert value("is_missing(price)") is True
        assert value("is_missing(price)", FULL) is False
        assert value("is_missing(price + 1)") is True
        assert value("default(stock, 5)") == 5
        assert value("default(stock, 5)", {"stock": number(0)}) == 0
        assert value("default(stock, weight)") is MISSING

    def test_what_the_row_does_not_hold_is_missing_and_so_is_nothing(self):
        assert value("stock", {"stock": None}) is MISSING
        assert value("brand == ''", {"brand": ""}) is True

    @pytest.mark.parametrize(
        ("text", "row", "missing"),
        [
            ("price + current_price > price", {}, ("price", "current_price")),
            ("clearance and bulky", {"bulky": True}, ("clearance",)),
            ("clearance or bulky", {"clearance": True}, ()),
            ("false and clearance", {}, ()),
            ("default(stock, weight)", {}, ("stock", "weight")),
            ("default(stock, 1)", {}, ()),
            ("is_missing(stock)", {}, ()),
            ("1 if clearance else stock", {}, ("clearance",)),
            ("fx(cost)", {}, ("cost",)),
            ("fx(cost)", {"cost": Money(Fraction(1), "XAU")}, ("rate XAU",)),
            ("fx(cost)", {"cost": number(1)}, ("cost_currency",)),
            ("stock + 1/0", {}, ()),
        ],
    )
    def test_the_trace_names_the_fact_that_was_missing(self, text, row, missing):
        assert outcome(text, row).missing == missing

    def test_a_define_keeps_the_names(self):
        assert outcome("a + a", defines={"a": "stock * 2"}).missing == ("stock",)


class TestContained:
    """'Division by zero, overflow, a plugin function's failure stay with that offer.'"""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("1/0", "division_by_zero"),
            ("price / 0", "division_by_zero"),
            ("0/0", "division_by_zero"),
            ("1 / (stock - 7)", "division_by_zero"),
            ("round(1, 0)", "step"),
            ("round_up(1, -1)", "step"),
            ("round_down(price, -0.01)", "step"),
        ],
    )
    def test_failures(self, text, expected):
        assert value(text, FULL) == expected

    def test_the_operation_itself_fails_only_when_no_operand_is_missing(self):
        """'missing / 0 is missing, missing + 1/0 fails'."""
        assert value("stock / 0") is MISSING
        assert value("stock + 1/0") == "division_by_zero"
        assert value("1/0 + stock") == "division_by_zero"
        assert value("round(stock, 0)") is MISSING

    @pytest.mark.parametrize(
        "text",
        [
            "stock < 1/0",
            "1/0 in [1]",
            "min(stock, 1/0)",
            "abs(1/0)",
            "is_missing(1/0)",
            "default(1/0, 5)",
            "default(stock, 1/0)",
            "not (1/0 > 1)",
            "1 if 1/0 > 1 else 2",
            "1/0 > 1 and false",
            "1/0 > 1 or true",
            "clearance and 1/0 > 1",
            "clearance or 1/0 > 1",
            "stock < 1/0 < 1",
            "1 < 2 < 1/0",
            "fx(2 USD / 0)",
            "charm(1/0, 0.99)",
        ],
    )
    def test_a_failure_wins_over_missing(self, text):
        assert value(text) == "division_by_zero"

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("false and 1/0 > 1", False),
            ("clearance and false and 1/0 > 1", False),
            ("true or 1/0 > 1", True),
            ("clearance or true or 1/0 > 1", True),
            ("2 < 1 < 1/0", False),
            ("1 if true else 1/0", 1),
            ("1/0 if false else 1", 1),
            ("default(1, 1/0)", 1),
        ],
    )
    def test_only_false_in_and_or_a_chain_true_in_or_a_test_and_default_cut_evaluation_short(self, text, expected):
        assert value(text) == expected

    def test_arithmetic_evaluates_all_operands_left_to_right(self):
        row = Counting({})
        assert value("stock + weight * length(brand)", row) is MISSING
        assert row.read == ["stock", "weight", "brand"]
        assert outcome("1/0 + round(1, 0)").value.code == "division_by_zero"
        assert outcome("round(1, 0) + 1/0").value.code == "step"

    def test_what_is_cut_short_is_not_even_read(self):
        for text in ("false and bulky", "true or bulky", "1 if true else stock", "default(1, stock)", "2 < 1 < stock"):
            row = Counting({})
            value(text, row)
            assert row.read == []


class TestOverflow:
    """'a value whose numerator or denominator passes 1,024 bits is an overflow, tested before multiplying'."""

    @pytest.mark.parametrize(
        ("text", "exponent", "fits"),
        [("weight * 1", 1023, True), ("weight * 1", 1024, False), ("weight * 2", 1023, False), ("1 / weight", 1023, True),
         ("weight + weight", 1023, False), ("weight - 1", 1023, True), ("weight / 2", 1023, True)],
    )  # fmt: skip
    def test_the_limit_is_exact(self, text, exponent, fits):
        found = value(text, {"weight": Fraction(2) ** exponent})
        assert (found != "overflow") is fits

    def test_what_cancels_does_not_overflow(self):
        big = Fraction(2) ** 1000
        assert value("weight * (stock / weight)", {"weight": big, "stock": number(1)}) == 1

    def test_zero_times_something_long_is_zero(self):
        assert value("weight * 0", {"weight": Fraction(2) ** 1023}) == 0

    @pytest.mark.timeout(120)
    def test_squaring_again_and_again_ends(self):
        defines = {"d0": "weight"} | {f"d{step}": f"d{step - 1} * d{step - 1}" for step in range(1, 21)}
        assert value("d20", {"weight": Fraction(10**12 + 1, 10**12)}, defines=defines) == "overflow"

    def test_rounding_cannot_pass_the_limit_unseen(self):
        longest = Fraction(2) ** 1024 - 1
        assert value("round_up(weight, 7)", {"weight": longest}) == "overflow"
        assert value("round_down(weight, 7)", {"weight": longest}) == longest - 1
        assert value("round_up(weight, 3)", {"weight": longest}) == longest

    def test_a_table_entry_is_a_fact_too(self):
        tables = {"rate": FactTable("rate", {"EUR": {"USD": TableEntry(Fraction(2) ** 2000)}})}
        assert outcome("fx(1 USD)", tables=tables).value.code == "overflow"


class TestStandard:
    """'Standard names and functions.'"""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("today == date('2026-12-24')", True),
            ("site == 'amazon.de'", True),
            ("currency", "EUR"),
            ("min(3, 1, 2)", 1),
            ("max(3, 1, 2)", 3),
            ("min(launch, today)", date(2026, 12, 20)),
            ("abs(-3)", 3),
            ("round(2.5, 1)", 3),
            ("round(-2.5, 1)", -3),
            ("round_up(2.1, 0.5)", Fraction("2.5")),
            ("round_up(-2.1, 0.5)", -2),
            ("round_down(2.1, 0.5)", 2),
            ("round_down(-2.1, 0.5)", Fraction("-2.5")),
            ("lower('ÄB')", "äb"),
            ("upper('straße')", "STRASSE"),
            ("starts_with('abc', 'ab')", True),
            ("ends_with('abc', 'ab')", False),
            ("contains('abc', 'b')", True),
            ("contains('abc', '')", True),
            ("length('漢字')", 2),
            ("days_between(launch, today)", 4),
            ("days_between(today, launch)", -4),
            ("weekday(today)", "thu"),
            ("weekday(date('2026-12-27'))", "sun"),
            ("start < today", True),
            ("'a' == 'A'", False),
            ("true != false", True),
        ],
    )
    def test_what_they_give(self, text, expected):
        assert value(text, FULL) == expected

    def test_tick_follows_the_site(self):
        assert value("tick", site=JAPAN) == Money(Fraction(1), "JPY")


class TestPlugins:
    """'Functions of plugins are built from core operations (one definition serves every form).'"""

    def test_fx_brings_money_into_the_currency_of_the_site(self):
        assert value("fx(cost)", FULL) == eur("9.20")
        assert value("fx(cny_cost) + price", FULL) == eur("29.10")
        assert value("fx(price) == price", FULL) is True
        assert value("fx(2 USD)") == eur("1.84")

    def test_a_currency_without_a_rate_makes_it_missing(self):
        assert value("fx(cost)", {"cost": Money(Fraction(1), "XAU")}) is MISSING
        assert value("fx(cost)", FULL, tables={}) is MISSING

    def test_the_currency_may_stand_in_its_column(self):
        assert value("fx(cost)", {"cost": number(10), "cost_currency": "USD"}) == eur("9.20")
        assert value("fx(cost + 1)", {"cost": number(10), "cost_currency": "USD"}) == eur("10.12")

    def test_money_that_is_missing_its_currency_is_missing(self):
        assert value("cost > 5", {"cost": number(10)}) is MISSING
        assert value("cost > 5", {"cost": number(10), "cost_currency": MISSING}) is MISSING

    def test_a_default_for_money_in_a_column_takes_the_currency_of_the_row(self):
        assert value("fx(default(cost, 5))", {"cost_currency": "USD"}) == eur("4.60")
        assert value("fx(cost if clearance else 5)", FULL) == eur("4.60")
        assert outcome("fx(default(cost, 5))", {}).missing == ("cost_currency",)
        assert value("default(cost, 5) > 3", {}) is True

    def test_the_currency_of_missing_money_is_missing(self):
        assert value("foreign(cost)", {"cost_currency": "USD"}) is MISSING
        assert value("foreign(cost)", FULL) is True
        assert value("foreign(price)", FULL) is False

    def test_a_callable_definition_is_given_the_literals(self):
        assert value("charm(price, 0.99)", FULL) == eur("20.99")
        assert value("charm(price, 0.99, 'down')", FULL) == eur("19.99")
        assert value("charm(weight, 0.2)", FULL) == Fraction("1.2")

    def test_defines_do_not_reach_into_definitions(self):
        assert value("fx(2 USD)", defines={"given": "5 USD"}) == eur("1.84")


class TestDefines:
    """'each define is evaluated at most once per offer'."""

    def test_once(self):
        row = Counting({"stock": number(2)})
        assert value("a + a + b", row, defines={"a": "stock * 2", "b": "a + a"}) == 16
        assert row.read == ["stock"]

    def test_not_at_all_where_it_is_not_needed(self):
        row = Counting({})
        assert value("true or a > 1", row, defines={"a": "stock * 2"}) is True
        assert row.read == []

    @pytest.mark.timeout(120)
    def test_twenty_doublings_are_instant(self):
        defines = {"d0": "stock"} | {f"d{step}": f"d{step - 1} + d{step - 1}" for step in range(1, 21)}
        assert value("d20", {"stock": number(1)}, defines=defines) == 2**20

    @pytest.mark.timeout(120)
    def test_twenty_doublings_of_money_behind_conditionals_are_instant(self):
        defines = {"d0": "default(price, 1)"}
        defines |= {f"d{step}": f"default(d{step - 1} + d{step - 1}, 1)" for step in range(1, 21)}
        assert value("d20", {}, defines=defines) == eur(2**20)

    def test_the_deepest_expression_that_is_allowed_runs(self):
        defines = {"d0": "-" * 99 + "stock"} | {f"d{step}": "-" * 99 + f"d{step - 1}" for step in range(1, 21)}
        assert value("d20", {"stock": number(1)}, defines=defines) == -1
        assert value("-" * 100 + "a", {"stock": number(1)}, defines={"a": "-" * 100 + "stock"}) == 1

    def test_a_long_chain_and_a_long_and_run(self):
        assert value("<".join(str(step) for step in range(500))) is True
        assert value(" and ".join(["bulky"] * 200), FULL) is True


class TestContainment:
    """'simpleeval's own defaults are a deny list with hangs of their own: none of them stays reachable'."""

    @pytest.fixture
    def walk(self):
        return _Walk(Reference(scope(), TABLES, TODAY), scope(), {})

    def test_nodes_are_replaced_by_the_allow_list(self, walk):
        # A list is only ever read by ``in``; it has no meaning of its own.
        assert set(walk.nodes) == EXPRESSIONS - {ast.List}

    def test_no_handler_is_one_of_simpleevals(self, walk):
        for handler in walk.nodes.values():
            assert handler.__func__ is not getattr(simpleeval.SimpleEval, handler.__name__, None)
            assert inspect.getmodule(handler).__name__ == "acorn_engine.language.reference"

    def test_operators_are_replaced_by_the_allow_list(self, walk):
        assert set(walk.operators) == OPERATORS - {ast.And, ast.Or}
        for kind, operator in walk.operators.items():
            assert kind is ast.Not or operator is not simpleeval.DEFAULT_OPERATORS.get(kind)

    def test_functions_are_replaced_by_the_allow_list(self, walk):
        assert set(walk.functions) == set(STANDARD_FUNCTIONS) - {"default", "is_missing"}
        assert not set(walk.functions) & set(simpleeval.DEFAULT_FUNCTIONS)
        assert not set(map(id, walk.functions.values())) & set(map(id, simpleeval.DEFAULT_FUNCTIONS.values()))

    def test_names_are_replaced_by_the_allow_list(self, walk):
        assert set(walk.names) == {"today", "tick", "site", "currency"}

    def test_every_other_kind_of_node_is_refused(self, walk):
        kinds = [getattr(ast, name) for name in dir(ast) if inspect.isclass(getattr(ast, name))]
        refused = 0
        for kind in kinds:
            if issubclass(kind, ast.expr | ast.stmt) and kind not in walk.nodes and kind not in {ast.expr, ast.stmt}:
                if kind.__name__ in {"Num", "Str", "Bytes", "NameConstant", "Ellipsis"}:
                    continue
                with pytest.raises(simpleeval.FeatureNotAvailable):
                    walk._eval(kind.__new__(kind))
                refused += 1
        assert refused > 30

    def test_text_cannot_be_evaluated(self, walk):
        with pytest.raises(simpleeval.FeatureNotAvailable, match="is not a checked expression"):
            walk.eval("1 + 1")
        with pytest.raises(simpleeval.FeatureNotAvailable, match="is not a checked expression"):
            walk.parse("().__class__")

    def test_an_unchecked_tree_with_more_in_it_gets_nowhere(self, walk):
        for text in ("().__class__", "a[0]", "[x for x in y]", "f'{site}'", "lambda: 1", "(a := 1)"):
            with pytest.raises(simpleeval.FeatureNotAvailable):
                walk.eval("", ast.parse(text, mode="eval").body)

    def test_runaway_definitions_are_contained(self):
        used = scope(defines={"d0": "stock"})
        found = check(parse("-" * 100 + "d0"), used)
        limit = sys.getrecursionlimit()
        depth = len(inspect.stack(0))
        try:
            sys.setrecursionlimit(depth + 120)
            result = Reference(used, TABLES, TODAY).evaluate(found, {"stock": number(1)})
        finally:
            sys.setrecursionlimit(limit)
        assert result.value.code == "too_deep"


def test_the_scope_of_the_expression_counts_not_the_reference_s():
    found = checked("margin * a", defines={"a": "2"}, parameters={"margin": Fraction(5)})
    assert Reference(scope(), TABLES, TODAY).evaluate(found, {}).value == 10


def test_the_same_expression_gives_the_same_result_twice():
    used = scope()
    reference = Reference(used, TABLES, TODAY)
    found = check(parse("charm(fx(cost) * (1 + margin), 0.99)"), used, SITE_MONEY)
    first = reference.evaluate(found, FULL)
    assert first == reference.evaluate(found, FULL)
    assert first.value == eur("11.99")
    assert reference.evaluate(check(parse("price > 1"), used, BOOLEAN), FULL).value is True
    assert GERMANY.currency == "EUR"
    assert set(FUNCTIONS) == {"fx", "foreign", "charm"}


class Counting(dict):
    """A row that notes which facts were read."""

    def __init__(self, values):
        super().__init__(values)
        self.read = []

    def get(self, name, default=None):
        self.read.append(name)
        return super().get(name, default)
