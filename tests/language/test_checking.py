"""Types, currencies and names: what is refused before anything runs, in which words."""

from __future__ import annotations

from fractions import Fraction

import pytest
from expression_tools import JAPAN, checked, faults, messages, scope

from acorn_engine.language import ExpressionError, check, core, parse
from acorn_engine.types import BOOLEAN, DATE, INTEGER, NUMBER, SITE_MONEY, TEXT, Kind, Type, money

EUR = Type(Kind.MONEY, "EUR")
COLUMNS = "give the fact the type money under [catalog.columns]"


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("1 + 2", NUMBER),
        ("stock", INTEGER),
        ("stock + 1", NUMBER),
        ("price", EUR),
        ("0.50 EUR", EUR),
        ("tick", EUR),
        ("price + 1", EUR),
        ("1 + price", EUR),
        ("price + 0.50 EUR", EUR),
        ("price + handling_fee", EUR),
        ("price * 1.1", EUR),
        ("1.1 * price", EUR),
        ("price * stock", EUR),
        ("price / 2", EUR),
        ("price / stock", EUR),
        ("price / current_price", NUMBER),
        ("-price", EUR),
        ("abs(price - current_price)", EUR),
        ("cost", money("cost_currency")),
        ("cost + freight", money("cost_currency")),
        ("cost + 1", money("cost_currency")),
        ("cost / freight", NUMBER),
        ("cny_cost", Type(Kind.MONEY, "CNY")),
        ("fx(cost)", EUR),
        ("fx(cost) + price", EUR),
        ("charm(price, 0.99)", EUR),
        ("charm(weight, 0.99)", NUMBER),
        ("min(price, 5, current_price)", EUR),
        ("max(1, 2)", NUMBER),
        ("min(launch, today)", DATE),
        ("round(price, 0.05)", EUR),
        ("round(weight, 0.5)", NUMBER),
        ("round_up(price, tick)", EUR),
        ("price if clearance else 5", EUR),
        ("5 if clearance else price", EUR),
        ("default(price, 5)", EUR),
        ("default(5, price)", EUR),
        ("price < 5", BOOLEAN),
        ("floor_price <= competitor_price - tick < price", BOOLEAN),
        ("price in [9.99, 19.99]", BOOLEAN),
        ("brand in brands", BOOLEAN),
        ("brand not in nothing", BOOLEAN),
        ("clearance == true", BOOLEAN),
        ("not clearance or bulky and always", BOOLEAN),
        ("is_missing(price)", BOOLEAN),
        ("lower(brand)", TEXT),
        ("weekday(today)", TEXT),
        ("length(brand)", NUMBER),
        ("days_between(launch, today)", NUMBER),
        ("date('2026-12-24')", DATE),
        ("site", TEXT),
        ("currency", TEXT),
        ("season", TEXT),
        ("start", DATE),
    ],
)
def test_the_type_of_an_expression(text, type_):
    assert checked(text).type == type_


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("cny_cost + price", "money in CNY and money in EUR cannot be added", "bring it into EUR: fx(cny_cost)"),
        ("price - cny_cost", "money in EUR and money in CNY cannot be subtracted", "bring it into EUR: fx(cny_cost)"),
        ("1 CNY + 1 EUR", "money in CNY and money in EUR cannot be added", "bring it into EUR: fx(1 CNY)"),
        ("price < cny_cost", "money in EUR and money in CNY cannot be compared", "bring it into EUR: fx(cny_cost)"),
        ("price / cny_cost", "money in EUR and money in CNY cannot be divided", "bring it into EUR: fx(cny_cost)"),
        ("min(price, 1, cny_cost)", "money in EUR and money in CNY cannot be compared", "bring it into EUR: fx(cny_cost)"),
        ("price in [1, 2 CNY]", "money in EUR and money in CNY cannot be compared", "bring it into EUR: fx(2 CNY)"),
        ("cost + price", "money in the currency of column 'cost_currency' and money in EUR cannot be added",
         "bring it into EUR: fx(cost)"),
        ("cost + duty", "money in the currency of column 'cost_currency' and money in the currency of column "
         "'duty_currency' cannot be added", "bring it into EUR: fx(cost) and fx(duty)"),
        ("price if clearance else cny_cost", "money in EUR and money in CNY cannot be two ends of one condition",
         "bring it into EUR: fx(cny_cost)"),
        ("default(price, cny_cost)", "money in EUR and money in CNY cannot be each other's default",
         "bring it into EUR: fx(cny_cost)"),
        ("round(price, 1 CNY)", "money in EUR and money in CNY cannot be rounded to each other",
         "bring it into EUR: fx(1 CNY)"),
    ],
)  # fmt: skip
def test_money_of_two_currencies_names_both_and_suggests_fx(text, message, hint):
    (fault,) = faults(text)
    assert (fault.code, fault.message, fault.hint) == ("currency", message, hint)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("price * current_price", "money and money cannot be multiplied", "one of the two must be a number"),
        ("5 / price", "a number cannot be divided by money in EUR", "money divided by money is a number"),
        ("stock / price", "a number cannot be divided by money in EUR", "money divided by money is a number"),
        ("price + stock", "money in EUR and a number cannot be added",
         f"only a number written down takes a currency; {COLUMNS}"),
        ("stock < price", "a number and money in EUR cannot be compared",
         f"only a number written down takes a currency; {COLUMNS}"),
        ("price if clearance else stock", "money in EUR and a number cannot be two ends of one condition",
         f"only a number written down takes a currency; {COLUMNS}"),
        ("brand > 5", "text and a number cannot be compared",
         "if 'brand' holds numbers, give it a type under [catalog.columns]"),
        ("stock == '5'", "a number and text cannot be compared", "write numbers without quotes"),
        ("launch == '2026-01-01'", "a date and text cannot be compared", "write a date as date('2026-12-24')"),
        ("clearance == 'true'", "true or false and text cannot be compared", "write true and false without quotes"),
        ("clearance == 1", "true or false and a number cannot be compared", None),
        ("brand < 'm'", "text has no order: '<' needs numbers, money or dates",
         "if 'brand' holds numbers, give it a type under [catalog.columns]"),
        ("clearance >= bulky", "true or false has no order: '>=' needs numbers, money or dates", "write == or !="),
        ("brand + 1", "'+' needs numbers or money, not text",
         "if 'brand' holds numbers, give it a type under [catalog.columns]"),
        ("'5' * 2", "'*' needs numbers or money, not text", "write numbers without quotes"),
        ("launch + 7", "'+' needs numbers or money, not a date", "days_between(a, b) counts the days"),
        ("-clearance", "'-' needs numbers or money, not true or false",
         "if 'clearance' holds numbers, give it a type under [catalog.columns]"),
        ("abs(brand)", "abs needs numbers or money, not text",
         "if 'brand' holds numbers, give it a type under [catalog.columns]"),
        ("max('a', 1)", "max needs numbers or money, not text", "write numbers without quotes"),
        ("min(launch, 1)", "a date and a number cannot be compared", None),
        ("round(brand, 1)", "round needs numbers or money, not text",
         "if 'brand' holds numbers, give it a type under [catalog.columns]"),
        ("round(weight, 1 EUR)", "a number cannot be rounded to money", "write the step as a number"),
        ("round(price, weight)", "money in EUR and a number cannot be rounded to each other",
         f"only a number written down takes a currency; {COLUMNS}"),
        ("price and clearance", "'and' needs true or false, not money in EUR", "compare it with something"),
        ("brand or clearance", "'or' needs true or false, not text",
         "if 'brand' is true or false, give it the type boolean under [catalog.columns]"),
        ("not stock", "'not' needs true or false, not a number", "compare it with something"),
        ("1 if stock else 2", "the test after 'if' needs true or false, not a number", "compare it with something"),
        ("brand in [1, 2]", "text and a number cannot be compared",
         "if 'brand' holds numbers, give it a type under [catalog.columns]"),
        ("stock in brands", "a number and text cannot be compared", "write numbers without quotes"),
        ("brand in category", "after 'in' stands a list, not text", "write x in ['a', 'b']"),
        ("brands", "a list stands only after 'in'", "write x in the_list"),
        ("brands == 'a'", "'brands' is a list: it stands only after 'in'", "write x in the_list"),
        ("length(brands)", "'brands' is a list: it stands only after 'in'", "write x in the_list"),
        ("brand in mixed", "the list 'mixed' holds values of several types", None),
        ("lower(5)", "text is needed here, not a number", None),
        ("starts_with(brand, 5)", "text is needed here, not a number", None),
        ("days_between(launch, '2026-01-01')", "days_between needs dates, not text",
         "write a date as date('2026-12-24')"),
        ("weekday(stock)", "weekday needs dates, not a number", None),
        ("date('2026-02-30')", "'2026-02-30' is not a day of the calendar", "write date('2026-12-24')"),
        ("date('20261224')", "'20261224' is not a day of the calendar", "write date('2026-12-24')"),
        ("date(brand)", "date needs a text written down", "write date('2026-12-24')"),
        ("date(5)", "date needs a text written down", "write date('2026-12-24')"),
        ("weekday(today) == 'Saturday'", "weekday(...) is never 'Saturday'", "write 'sat'"),
        ("'so' == weekday(today)", "weekday(...) is never 'so'",
         "weekdays are 'mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'"),
        ("lower(brand) in ['acme', 'Zenith']", "lower(...) is never 'Zenith'", "write 'zenith'"),
        ("upper(brand) == 'acme'", "upper(...) is never 'acme'", "write 'ACME'"),
        ("min(price)", "min takes 2 or more arguments, not 1", "write min(a, b, ...)"),
        ("abs()", "abs takes 1 argument, not 0", "write abs(x)"),
        ("round(price)", "round takes 2 arguments, not 1", "write round(x, step)"),
        ("fx()", "fx takes 1 argument, not 0", "write fx(cost)"),
        ("charm(price)", "charm takes 2 to 3 arguments, not 1", "write charm(price, 0.99, 'up')"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(text, message, hint):
    assert (message, hint) in [(fault.message, fault.hint) for fault in faults(text)]
    assert len(faults(text)) == 1


@pytest.mark.parametrize(
    ("text", "code", "message", "hint"),
    [
        ("pric + 1", "unknown_name", "there is no 'pric' here", "did you mean 'price'?"),
        ("margn", "unknown_name", "there is no 'margn' here", "did you mean 'margin'?"),
        ("zzz", "unknown_name", "there is no 'zzz' here", "put text in quotes"),
        ("todya", "unknown_name", "there is no 'todya' here", "did you mean 'today'?"),
        ("min", "unknown_name", "there is no 'min' here", "'min' is a function: write min(...)"),
        ("fx", "unknown_name", "there is no 'fx' here", "'fx' is a function: write fx(...)"),
        ("price == null", "unknown_name", "there is no 'null' here", "write is_missing(x) or default(x, y)"),
        ("TRUE", "unknown_name", "there is no 'TRUE' here", "write 'true'"),
        ("rond(price, 1)", "unknown_function", "there is no function 'rond'", "did you mean 'round'?"),
        ("chram(price, 0.99)", "unknown_function", "there is no function 'chram'", "did you mean 'charm'?"),
        ("price(1)", "unknown_function", "there is no function 'price'", "'price' is a value, not a function"),
        ("eval('1')", "unknown_function", "there is no function 'eval'", None),
        ("currency_of(cost)", "unknown_function", "there is no function 'currency_of'",
         "it exists in the definitions of plugins only; write fx(...)"),
    ],
)  # fmt: skip
def test_unknown_names_and_functions(text, code, message, hint):
    fault = faults(text)[0]
    assert (fault.code, fault.message, fault.hint) == (code, message, hint)


def test_all_faults_come_at_once_in_the_order_of_the_text():
    assert messages("pric + stok * 'x' + rond(1)") == [
        "there is no 'pric' here",
        "there is no 'stok' here",
        "'*' needs numbers or money, not text",
        "there is no function 'rond'",
    ]


def test_a_fault_stands_where_it_is():
    text = "'漢' == brand and pric > 1"
    (fault,) = faults(text)
    assert text[fault.start : fault.end] == "pric"


@pytest.mark.parametrize(
    ("text", "expected", "type_"),
    [
        ("9.99", SITE_MONEY, EUR),
        ("margin", SITE_MONEY, EUR),
        ("1 + 2 * 3", SITE_MONEY, EUR),
        ("9.99 if clearance else 19.99", SITE_MONEY, EUR),
        ("price", SITE_MONEY, EUR),
        ("stock / 2", INTEGER, NUMBER),
        ("true", BOOLEAN, BOOLEAN),
        ("today", DATE, DATE),
        ("'a'", TEXT, TEXT),
        ("cost", Type(Kind.MONEY, None), money("cost_currency")),
    ],
)
def test_what_may_be_set(text, expected, type_):
    assert checked(text, expected).type == type_


@pytest.mark.parametrize(
    ("text", "expected", "message", "hint"),
    [
        ("stock", SITE_MONEY, "money in EUR is needed here, not a number",
         f"{COLUMNS}, or multiply it by an amount such as 1.00 EUR"),
        ("stock * 2", SITE_MONEY, "money in EUR is needed here, not a number",
         f"{COLUMNS}, or multiply it by an amount such as 1.00 EUR"),
        ("cny_cost", SITE_MONEY, "money in EUR is needed here, not money in CNY", "bring it into EUR: fx(cny_cost)"),
        ("cost * 2", SITE_MONEY, "money in EUR is needed here, not money in the currency of column 'cost_currency'",
         "bring it into EUR: fx(cost * 2)"),
        ("price", INTEGER, "a number is needed here, not money in EUR", "money divided by money is a number"),
        ("price", BOOLEAN, "a condition is needed here: true or false, not money in EUR", "compare it with something"),
        ("brand", BOOLEAN, "a condition is needed here: true or false, not text", None),
        ("'2026-12-24'", DATE, "a date is needed here, not text", None),
        ("5", TEXT, "text is needed here, not a number", None),
        ("5", Type(Kind.MONEY, None), "money is needed here, not a number", "write the currency: 5 EUR"),
        ("brands", BOOLEAN, "a list stands only after 'in'", "write x in the_list"),
    ],
)  # fmt: skip
def test_what_may_not_be_set(text, expected, message, hint):
    (fault,) = faults(text, expected)
    assert (fault.message, fault.hint) == (message, hint)


def test_bare_means_that_only_literals_and_parameters_stand_in_it():
    assert checked("1 + margin * 2").bare
    assert checked("round(1.234, 0.01)").bare
    assert not checked("1 + stock").bare
    assert not checked("tick").bare
    assert not checked("0.50 EUR").bare


def test_check_warns_where_a_bare_literal_meets_money_in_a_file_of_several_currencies():
    (warning,) = checked("price + 1.50", several=True).warnings
    assert warning.code == "bare_money"
    assert warning.message == "'1.50' is EUR here, and another currency on other sites of this file"
    assert warning.hint == "write the currency: 1.50 EUR"
    assert (warning.start, warning.end) == (8, 12)


@pytest.mark.parametrize("text", ["price > 5", "min(price, 5)", "default(price, 5)", "price in [5]", "round(price - 5, 1)",
                                  "price if clearance else 5", "price + margin", "cost + 5"])  # fmt: skip
def test_every_meeting_of_a_bare_literal_with_money_warns(text):
    assert len(checked(text, several=True).warnings) == 1
    assert checked(text).warnings == ()


@pytest.mark.parametrize("text", ["price * 1.5", "price > 0", "price + tick", "price + 1 EUR", "cny_cost + 1",
                                  "round(price, 0.05)", "charm(price, 0.99)", "stock > 5"])  # fmt: skip
def test_a_factor_a_zero_a_step_and_a_currency_do_not_warn(text):
    assert checked(text, several=True).warnings == ()


def test_a_parameter_gets_its_currency_where_it_is_written():
    (warning,) = checked("price + margin", several=True).warnings
    assert warning.hint == "give 'margin' a currency where it is written, as in 0.50 EUR"


def test_setting_a_bare_literal_warns_too():
    assert len(checked("9.99", SITE_MONEY, several=True).warnings) == 1


def test_the_site_fixes_tick_currency_and_the_tag_of_its_money():
    assert checked("tick", site=JAPAN).node == core.Literal(Fraction(1))
    assert checked("currency", site=JAPAN).node == core.Literal("JPY")
    assert checked("price + 1 JPY", site=JAPAN).type == Type(Kind.MONEY, "JPY")
    assert messages("price + 1 EUR", site=JAPAN) == ["money in JPY and money in EUR cannot be added"]


def test_reads_go_through_defines_and_functions_and_name_the_column_of_a_currency():
    found = checked("landed > price and site == 'amazon.de'", defines={"landed": "fx(cost + freight) * (1 + margin)"})
    assert found.reads == {"price", "cost", "freight", "cost_currency"}
    assert checked("today > start and tick > 0").reads == set()


def test_lookups_name_the_table_and_the_key_or_its_column():
    assert checked("fx(cost) + fx(2 USD) + fx(price)").lookups == {
        ("rate", None, "cost_currency"),
        ("rate", "USD", None),
        ("rate", "EUR", None),
    }


def test_parameters_go_before_defines_and_those_before_facts():
    assert checked("price", parameters={"price": Fraction(5)}).node == core.Literal(Fraction(5))
    assert checked("price", defines={"price": "2 + 3"}).type == NUMBER
    assert checked("price", parameters={"price": Fraction(5)}, defines={"price": "'x'"}).type == NUMBER


def test_a_define_may_refer_to_earlier_and_later_ones():
    found = checked("b", defines={"a": "stock + 1", "b": "a + c", "c": "a * 2"})
    plus = core.Arithmetic("+", core.Name("stock", Kind.NUMBER), core.Literal(Fraction(1)))
    assert found.node == core.Arithmetic("+", plus, core.Arithmetic("*", plus, core.Literal(Fraction(2))))


@pytest.mark.parametrize(
    ("defines", "message"),
    [
        ({"a": "a + 1"}, "'a' is defined by itself: a → a"),
        ({"a": "b", "b": "c", "c": "a"}, "'a' is defined by itself: a → b → c → a"),
    ],
)
def test_a_cycle_of_defines_is_named(defines, message):
    (fault,) = faults("1 + a", defines=defines)
    assert (fault.code, fault.message, fault.start) == ("cycle", message, 4)


def test_a_define_that_leads_to_a_cycle_says_so():
    (fault,) = faults("x", defines={"x": "1 + a", "a": "b", "b": "a"})
    assert (fault.code, fault.message) == ("cycle", "'a' is defined by itself: a → b → a") or fault.code == "define"
    assert "a → b → a" in fault.message


def test_a_fault_in_a_define_is_one_fault_where_it_is_used():
    (fault,) = faults("1 + outer", defines={"outer": "inner * 2", "inner": "price + stock + pric"})
    assert (fault.code, fault.start, fault.end) == ("define", 4, 9)
    assert fault.message == "the definition of 'inner' has a fault: money in EUR and a number cannot be added"


@pytest.mark.timeout(120)
def test_twenty_doubling_defines_are_instant():
    defines = {"d0": "price"} | {f"d{step}": f"d{step - 1} + d{step - 1}" for step in range(1, 21)}
    found = checked("d20 + d20", defines=defines)
    assert found.node.depth == 21
    assert len(list(core.post_order(found.node))) == 22


def test_defines_nest_twenty_deep_and_no_deeper():
    defines = {"d0": "price"} | {f"d{step}": f"d{step - 1} + 1" for step in range(1, 22)}
    assert checked("d20", defines=defines).reads == {"price"}
    (fault,) = faults("d21", defines=defines)
    assert (fault.code, fault.message) == ("too_deep", "'d21' nests more than 20 defines")


def test_a_thousand_defines_in_a_row_are_refused_without_recursion():
    defines = {"d0": "price"} | {f"d{step}": f"d{step - 1} + 1" for step in range(1, 1000)}
    assert faults("d999", defines=defines)


def test_each_define_is_lowered_once_for_a_scope():
    used = scope(defines={"landed": "fx(cost) * 2"})
    check(parse("landed > 1"), used)
    first = used.checked_defines["landed"]
    check(parse("landed > 2"), used)
    assert used.checked_defines["landed"] is first


def test_defines_at_the_limit_of_depth_nest_without_recursion():
    defines = {"d0": "-" * 99 + "stock"} | {f"d{step}": "-" * 99 + f"d{step - 1}" for step in range(1, 21)}
    assert checked("d20", defines=defines).node.depth == 99 * 21


def test_a_chain_shares_its_middle_operand():
    node = checked("floor_price <= competitor_price - tick < price").node
    assert isinstance(node, core.Logic)
    assert node.items[0].b is node.items[1].a


def test_the_error_lists_every_fault():
    with pytest.raises(
        ExpressionError, match=r"column 1: there is no 'pric' here \(did you mean 'price'\?\)\ncolumn 8"
    ):
        checked("pric + stok")
