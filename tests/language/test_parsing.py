"""The grammar: an allow list, tested against every kind of node that Python has."""

from __future__ import annotations

import ast
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acorn_engine.language import ExpressionError, parse
from acorn_engine.language.parsing import EXPRESSIONS, OPERATORS
from acorn_engine.types import Money

SAMPLES = {
    ast.BoolOp: "a and b",
    ast.NamedExpr: "(a := 1)",
    ast.BinOp: "a + b",
    ast.UnaryOp: "-a",
    ast.Lambda: "lambda: 1",
    ast.IfExp: "a if b else c",
    ast.Dict: "{1: 2}",
    ast.Set: "{1}",
    ast.ListComp: "[x for x in y]",
    ast.SetComp: "{x for x in y}",
    ast.DictComp: "{x: 1 for x in y}",
    ast.GeneratorExp: "(x for x in y)",
    ast.Await: "await x",
    ast.Yield: "(yield x)",
    ast.YieldFrom: "(yield from x)",
    ast.Compare: "a < b",
    ast.Call: "f(a)",
    ast.FormattedValue: "f'{a}'",
    ast.JoinedStr: "f'{a}'",
    ast.Constant: "1",
    ast.Attribute: "a.b",
    ast.Subscript: "a[0]",
    ast.Starred: "f(*a)",
    ast.Name: "a",
    ast.List: "a in ['x']",
    ast.Tuple: "(a, b)",
    ast.Slice: "a[1:2]",
    ast.And: "a and b",
    ast.Or: "a or b",
    ast.Add: "a + b",
    ast.Sub: "a - b",
    ast.Mult: "a * b",
    ast.MatMult: "a @ b",
    ast.Div: "a / b",
    ast.Mod: "a % b",
    ast.Pow: "a ** b",
    ast.LShift: "a << b",
    ast.RShift: "a >> b",
    ast.BitOr: "a | b",
    ast.BitXor: "a ^ b",
    ast.BitAnd: "a & b",
    ast.FloorDiv: "a // b",
    ast.Invert: "~a",
    ast.Not: "not a",
    ast.UAdd: "+a",
    ast.USub: "-a",
    ast.Eq: "a == b",
    ast.NotEq: "a != b",
    ast.Lt: "a < b",
    ast.LtE: "a <= b",
    ast.Gt: "a > b",
    ast.GtE: "a >= b",
    ast.Is: "a is b",
    ast.IsNot: "a is not b",
    ast.In: "a in ['x']",
    ast.NotIn: "a not in ['x']",
}
STATEMENTS = ["import os", "x = 5", "x += 1", "del x", "pass", "return x", "def f(): pass", "class A: pass", "a; b", "raise x",
              "assert x", "global x", "with x: pass", "while x: pass", "try: x", "for x in y: pass", "@x", "if x: y"]  # fmt: skip


def kinds_of_node():
    """Every concrete kind of expression and operator that this Python knows."""
    legacy = {"Num", "Str", "Bytes", "NameConstant", "Ellipsis", "Index", "ExtSlice", "TemplateStr", "Interpolation"}
    found = set()
    for base in (ast.expr, ast.boolop, ast.operator, ast.unaryop, ast.cmpop):
        found |= {kind for kind in base.__subclasses__() if kind.__name__ not in legacy}
    return found


def faults(text):
    with pytest.raises(ExpressionError) as caught:
        parse(text)
    return caught.value.faults


def test_every_kind_of_node_has_a_sample():
    assert kinds_of_node() == set(SAMPLES)


@pytest.mark.parametrize("kind", SAMPLES, ids=lambda kind: kind.__name__)
def test_every_kind_of_node_is_either_allowed_or_refused(kind):
    text = SAMPLES[kind]
    allowed = kind in EXPRESSIONS | OPERATORS
    if allowed:
        assert kind in {type(node) for node in ast.walk(parse(text).tree)}
    else:
        assert faults(text)
        # The refusal does not hang on the scan alone: the reader refuses the node as well.
        assert kind not in EXPRESSIONS | OPERATORS


@pytest.mark.parametrize("text", STATEMENTS)
def test_statements_are_refused(text):
    assert faults(text)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a[0]", "nothing can be taken out of a value with [...]", None),
        ("+a", "a number has no plus sign here", "leave the '+' out"),
        ("a is b", "'is' is not known here", "write '==', or is_missing(x)"),
        ("a is not b", "'is not' is not known here", "write '!=', or not is_missing(x)"),
        ("None", "'None' is not known here", "write is_missing(x) or default(x, y)"),
        ("f(*a)", "'*' stands only between two values", None),
        ("f(a)(b)", "only a function's name can be called", None),
        ("a, b", "a comma stands only between arguments and in lists", "write decimals with a point: 1234.50"),
        ("['a']", "a list stands only after 'in'", "write x in ['a', 'b']"),
        ("f(['a'])", "a list stands only after 'in'", "write x in ['a', 'b']"),
        ("a in ('x', 'y')", "after 'in' stands a list of literals", "write x in ['a', 'b']"),
        ("a in b in ['x']", "'in' cannot be chained", "join the comparisons with 'and'"),
        ("a < b in ['x']", "'in' cannot be chained", "join the comparisons with 'and'"),
        ("a in []", "the list is empty", "write x in ['a', 'b']"),
        ("a in [b]", "a list holds literals only", "write x == a or x == b"),
        ("a in [1 + 1]", "a list holds literals only", "write x == a or x == b"),
        ("a in [['x']]", "a list holds literals only", "write x == a or x == b"),
        ("a in [-'x']", "only numbers and money have a minus sign", None),
        ("'a' 'b'", "two texts stand side by side", "join them in one pair of quotes"),
        ("a AND b", "'AND' is not known here", "write 'and'"),
        ("a b", "two values stand side by side", "write an operator or ',' between them"),
        ("a if b", "'if' needs 'else'", "write a if test else b"),
        ("a +", "the expression is not complete", None),
        ("a * / b", "the expression cannot be read at '/'", None),
        ("()", "a comma stands only between arguments and in lists", "write decimals with a point: 1234.50"),
    ],
)
def test_what_the_parser_knows_and_the_language_does_not(text, message, hint):
    found = faults(text)[0]
    assert (found.message, found.hint) == (message, hint)
    assert 0 <= found.start <= found.end <= len(text)


def test_literals_in_the_tree_are_exact_and_offsets_count_characters():
    text = "'ü漢' == a and 12% * b > 0.50 EUR"
    tree = parse(text).tree
    constants = sorted(
        (node for node in ast.walk(tree) if isinstance(node, ast.Constant)), key=lambda node: node.col_offset
    )
    assert [node.value for node in constants] == ["ü漢", Fraction(12, 100), Money(Fraction(1, 2), "EUR")]
    assert [text[node.col_offset : node.end_col_offset] for node in constants] == ["'ü漢'", "12%", "0.50 EUR"]
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    assert sorted(text[node.col_offset : node.end_col_offset] for node in names) == ["a", "b"]


def test_members_of_a_list_are_exact_and_may_be_negative():
    members = parse("a in [-1.5, 12%, 'x', true, -0.50 EUR]").tree.comparators[0].elts
    assert members[0].operand.value == Fraction(3, 2)
    assert [member.value for member in members[1:4]] == [Fraction(12, 100), "x", True]
    assert members[4].operand.value == Money(Fraction(1, 2), "EUR")


def test_names_and_calls_are_listed():
    syntax = parse("min(a, b) if true and c in brands else fx(a)")
    assert syntax.names == {"a", "b", "c", "brands"}
    assert syntax.calls == {"min", "fx"}


def test_an_expression_may_run_over_lines():
    assert parse("\n  a\n  + 1\n").names == {"a"}


def test_nesting_of_one_hundred_is_the_limit():
    parse("-" * 100 + "a")
    parse("(" * 100 + "a" + ")" * 100)
    parse("abs(" * 50 + "a" + ")" * 50)
    assert faults("-" * 101 + "a")[0].message == "the expression nests more than 100 levels deep"
    assert faults("(" * 101 + "a" + ")" * 101)[0].message == "brackets nest more than 100 deep"
    assert faults("+".join(["1"] * 200))[0].code == "too_deep"


HOSTILE = [
    "().__class__",
    "().__class__.__bases__[0].__subclasses__()",
    "9**9**9",
    "9**3999999",
    "'a'.zfill(500000000)",
    "'%100000000d' % 1",
    "'a' * 'b' ** 9",
    "1e999",
    "1e99999999999999999999",
    "0x" + "f" * 1900,
    "9" * 1999,
    "-" * 1900 + "1",
    "not " * 490 + "a",
    "(" * 250 + "1" + ")" * 250,
    "[" * 250 + "]" * 250,
    "abs(" * 300 + "1" + ")" * 300,
    "a if b else " * 160 + "c",
    "1+" * 990 + "1",
    "a and " * 330 + "+b",
    "__import__('os').system('x')",
    "eval('1')(2)",
    "(lambda: 1)()",
    "[x for x in x]",
    "f'{a}'",
    "\x00",
    "a\x00b",
    "\ud800",
    "'\ud800'",
    "\ufeffa",
    "a\u202eb",
    "'",
    "\\",
    "a\\\nb",
    "#",
    "(((",
    ")))",
    "x" * 10_000_000,
    "(" * 10_000_000,
    "１" * 10_000_000,
]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: repr(text[:24]))
def test_hostile_texts_are_refused_at_once(text):
    assert faults(text)
    assert len(str(faults(text)[0].message)) < 2_200


def test_a_text_of_ten_megabytes_is_refused_before_it_is_scanned():
    found = faults("（" * 10_000_000)
    assert [fault.code for fault in found] == ["too_long"]
    assert found[0].message == "the expression has 10,000,000 characters; at most 2,000 are allowed"


def test_the_error_shows_every_fault_with_its_column():
    with pytest.raises(ExpressionError) as caught:
        parse("a && b || c")
    assert str(caught.value) == (
        "column 3: '&&' is not known here (write 'and')\ncolumn 8: '||' is not known here (write 'or')"
    )


PIECES = ["a", "1", "12%", "'x'", "0.5 EUR", "(", ")", "[", "]", ",", " ", "+", "-", "*", "/", "<", "==", " in ", " not ", " and ",
          " if ", " else ", "min", "true", ".", "=", "%", "is", "ü", ":", "for", "lambda"]  # fmt: skip


@settings(max_examples=400)
@given(st.lists(st.sampled_from(PIECES), max_size=14).map("".join))
def test_any_sequence_of_pieces_is_read_or_refused_with_positions(text):
    found, syntax = (), None
    try:
        syntax = parse(text)
    except ExpressionError as error:
        found = error.faults
    assert (syntax is None) == bool(found)
    assert all(0 <= fault.start <= fault.end <= len(text) for fault in found)
    for node in ast.walk(syntax.tree) if syntax else ():
        assert not isinstance(node, ast.expr) or type(node) in EXPRESSIONS
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, Fraction | Money | str | bool)


def test_a_text_that_was_read_before_is_the_same_syntax_or_the_same_fault():
    assert parse("price * 2 + 1").tree is parse("price * 2 + 1").tree
    told = []
    for _ in range(2):
        with pytest.raises(ExpressionError) as caught:
            parse("price * * 2")
        told.append(caught.value.faults)
    assert told[0] == told[1]
