"""The scan: literals as written, offsets kept, and a hint for every key pressed wrongly."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acorn_engine.language.source import scan
from acorn_engine.types import Money


def literals(text):
    source = scan(text)
    assert source.faults == []
    return source.literals


def only_fault(text):
    source = scan(text)
    assert len(source.faults) == 1, source.faults
    return source.faults[0]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", Fraction(0)),
        ("12", Fraction(12)),
        ("1.10", Fraction(11, 10)),
        (".5", Fraction(1, 2)),
        ("1.", Fraction(1)),
        ("1e3", Fraction(1000)),
        ("2.5E-2", Fraction(1, 40)),
        ("1e+30", Fraction(10**30)),
        ("12%", Fraction(12, 100)),
        ("0.1%", Fraction(1, 1000)),
        ("0.50 EUR", Money(Fraction(1, 2), "EUR")),
        ("7   JPY", Money(Fraction(7), "JPY")),
        ("'a'", "a"),
        ('"it\'s"', "it's"),
        (r"'it\'s'", "it's"),
        (r"'a\\b'", r"a\b"),
        ("'漢字 ü'", "漢字 ü"),
        ("''", ""),
        ("'12% EUR'", "12% EUR"),
    ],
)
def test_a_literal_is_read_exactly_as_written(text, value):
    assert literals(text) == {0: value}


def test_the_image_keeps_every_offset_and_nothing_from_inside_quotes():
    text = "'ü\\'x' + 12.50 EUR * 3% in true"
    source = scan(text)
    assert source.image == "'xxxx' + 11111     * 1  in True"
    assert len(source.image) == len(text)
    assert source.ends == {0: 6, 9: 18, 21: 23}


@pytest.mark.parametrize("text", ["5 and", "5 not", "12 EURO", "5 abcd"])
def test_a_word_that_is_no_currency_stays_for_the_parser(text):
    assert literals(text)[0] in {Fraction(5), Fraction(12)}


@pytest.mark.parametrize(
    "text", ["12% * 3", "12%)", "(12%)", "12% if a else 2%", "12% and", "12%\n", "12%,", "12% - 3"]
)
def test_a_percent_sign_right_after_a_number_is_a_share(text):
    assert Fraction(12, 100) in scan(text).literals.values()
    assert not [fault for fault in scan(text).faults if "%" in fault.message]


@pytest.mark.parametrize("text", ["12 % 5", "12%5", "12% 5", "12 %", "a % 2", "12%(5)", "12% ab", "12%'a'", "5 EUR %"])
def test_a_percent_sign_elsewhere_is_refused(text):
    fault = only_fault(text)
    assert fault.message == "'%' stands only right after a number, as in 12%"
    assert fault.hint == "there is no remainder; write x - round_down(x, step)"
    assert text[fault.start : fault.end] == "%"


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("5 eur", "'5 eur' is not an amount of money", "write 5 EUR"),
        ("5EUR", "'5EUR' is not an amount of money", "write 5 EUR"),
        ("5 Eur", "'5 Eur' is not an amount of money", "write 5 EUR"),
        ("5% EUR", "'5% EUR' is neither a share nor money", None),
        ("1_000", "'1_000' is not a number", "numbers are written 1234.50"),
        ("0x1F", "'0x1F' is not a number", "numbers are written 1234.50"),
        ("1.2.3", "'1.2.3' is not a number", "numbers are written 1234.50"),
        ("3j", "'3j' is not a number", "numbers are written 1234.50"),
        ("1.__class__", "'1.__class__' is not a number", "numbers are written 1234.50"),
        ("007", "'007' starts with a zero", "write text in quotes, or drop the zero"),
        ("1" * 41, "a number has at most 40 digits; this one has 41", None),
        ("0." + "0" * 40, "a number has at most 40 digits; this one has 41", None),
        ("1e31", "'1e31' is out of range: exponents go from -30 to 30", None),
        ("1e-31", "'1e-31' is out of range: exponents go from -30 to 30", None),
        ("1e999", "'1e999' is out of range: exponents go from -30 to 30", None),
        ("1e" + "9" * 50, f"'1e{'9' * 50}' is out of range: exponents go from -30 to 30", None),
        (r"'\d'", r"'\d' is not known in a text", r"write \\ for a backslash"),
        ("'a", "the text is never closed", "end it with '"),
        ("'a\nb'", "a text cannot hold the character U+000A", None),
        ("'\x00'", "a text cannot hold the character U+0000", None),
        ("f'a'", "a text has no prefix 'f'", "write plain 'text'"),
        ("Rb'a'", "a text has no prefix 'Rb'", "write plain 'text'"),
        ("", "the expression is empty", None),
        (" \n\t", "the expression is empty", None),
    ],
)
def test_literals_that_cannot_be_read(text, message, hint):
    fault = only_fault(text)
    assert (fault.message, fault.hint) == (message, hint)


def test_forty_digits_and_exponents_of_thirty_are_allowed():
    assert literals("1" * 40) == {0: Fraction("1" * 40)}
    assert literals("1e-30") == {0: Fraction(1, 10**30)}
    assert literals("1e0000030") == {0: Fraction(10**30)}


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("a && b", "'&&' is not known here", "write 'and'"),
        ("a || b", "'||' is not known here", "write 'or'"),
        ("!a", "'!' is not known here", "write 'not'"),
        ("a = 5", "'=' does not compare", "write '==' to compare"),
        ("a === 5", "'===' is not known here", "write '=='"),
        ("a !== 5", "'!==' is not known here", "write '!='"),
        ("a <> 5", "'<>' is not known here", "write '!='"),
        ("a =< 5", "'=<' is not known here", "write '<='"),
        ("a => 5", "'=>' is not known here", "write '>='"),
        ("a ** 2", "'**' (power) is not known here", "multiply instead: x * x"),
        ("a ^ 2", "'^' is not known here", "multiply instead: x * x"),
        ("a // 2", "'//' is not known here", "write round_down(a / b, 1)"),
        ("a.b", "'.' is not known here: a name has no parts", "use the plain name of a fact"),
        ("a & b", "'&' is not known here", "write 'and'"),
        ("a | b", "'|' is not known here", "write 'or'"),
        ("~a", "'~' is not known here", "write 'not'"),
        ("(a := 5)", "':=' is not known here", "name a value under 'define:' instead"),
        ("a; b", "';' is not known here", "write ',' between arguments; one expression is one value"),
        ("a # b", "'#' is not known here", "put the comment on a line of its own in the rule file"),
        ("$ + 5", "'$' is not known here", "write the currency's code after the amount: 0.50 USD"),
        ("lambda", "'lambda' is not known here", "an expression is one value; name a part of it under 'define:'"),
        ("for", "'for' is not known here", "there are no loops"),
        ("elif", "'elif' is not known here", "write a if test else b if test else c"),
        ("True", "'True' is not known here", "write 'true'"),
        ("False", "'False' is not known here", "write 'false'"),
        ("'''a", "three quotes are not known here", "write plain 'text'"),
    ],
)
def test_signs_from_other_languages_get_a_hint(text, message, hint):
    found = {(fault.message, fault.hint) for fault in scan(text).faults}
    assert (message, hint) in found


@pytest.mark.parametrize(
    ("character", "hint"),
    [
        ("，", "press the key ,"),
        ("（", "press the key ("),
        ("％", "press the key %"),
        ("＞", "press the key >"),
        ("１", "press the key 1"),
        ("“", 'press the key "'),
        ("’", "press the key '"),
        ("–", "press the key -"),
        ("×", "press the key *"),
        ("≤", "press the key <="),
        ("、", "press the key ,"),
        ("€", "write the currency's code after the amount: 0.50 EUR"),
        ("￥", "write the currency's code after the amount: 0.50 JPY or CNY"),
        ("\u00a0", "delete it, or press the space bar"),
        ("\u200b", "delete it, or press the space bar"),
        ("价", "names are plain letters, digits and _; put text in quotes"),
        ("é", "names are plain letters, digits and _; put text in quotes"),
    ],
)
def test_non_ascii_outside_quotes_is_refused_with_a_hint_that_names_the_key(character, hint):
    fault = only_fault(f"a {character}")
    assert (fault.code, fault.hint, fault.start, fault.end) == ("character", hint, 2, 3)
    assert f"U+{ord(character):04X}" in fault.message
    assert scan(f"'{character}'").faults == []


@pytest.mark.parametrize(
    ("text", "message", "start"),
    [
        ("(a", "'(' is never closed", 0),
        ("f(a))", "')' closes nothing", 4),
        ("(a]", "'(' is closed by ']'", 2),
        ("a in ['x'", "'[' is never closed", 5),
        ("1) + (2", "')' closes nothing", 1),
    ],
)
def test_brackets_must_match(text, message, start):
    fault = scan(text).faults[0]
    assert (fault.message, fault.start) == (message, start)


def test_all_faults_are_found_at_once():
    assert [fault.start for fault in scan("a && b || !c = １").faults] == [2, 7, 10, 13, 15]


def test_two_thousand_characters_are_the_limit():
    assert scan("a" * 2000).faults == []
    fault = only_fault("a" * 2001)
    assert fault.message == "the expression has 2,001 characters; at most 2,000 are allowed"


@given(st.text(max_size=60))
def test_any_text_is_scanned_without_an_exception(text):
    source = scan(text)
    if not source.faults:
        assert len(source.image) == len(text)
        assert source.image.isascii()
    for fault in source.faults:
        assert 0 <= fault.start <= fault.end <= len(text) + 1
