"""YAML text to trees: scalars as YAML 1.2 means them, positions, friendly problems."""

from __future__ import annotations

from decimal import Decimal

import pytest
import yaml

from acorn_engine.ruleset import yaml_source
from acorn_engine.ruleset.positions import locate
from acorn_engine.ruleset.tree import ListNode, MapNode, Report, Scalar, Source
from acorn_engine.ruleset.yaml_source import read_tree


@pytest.fixture(params=["c", "pure"], autouse=True)
def loader(request, monkeypatch):
    """Both parsers of PyYAML must say the same."""
    monkeypatch.setattr(yaml_source, "_LOADER", yaml.CSafeLoader if request.param == "c" else yaml.SafeLoader)


def tree(text):
    report = Report()
    source = Source.of("f.yaml", text)
    root = read_tree(source, report)
    assert not report.problems, [problem.render() for problem in report.problems]
    return source, root


def problems(text):
    report = Report()
    read_tree(Source.of("f.yaml", text), report)
    return "\n".join(problem.render() for problem in report.all())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("TRUE", True),
        ("tRue", "tRue"),
        ("null", None),
        ("~", None),
        ("", None),
        ("012", "012"),
        ("0401234", "0401234"),
        ("-012", "-012"),
        ("00.5", "00.5"),
        ("12:30:45", "12:30:45"),
        ("+4930123456", "+4930123456"),
        ("0x1F", "0x1F"),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("12", 12),
        ("-7", -7),
        ("0", 0),
        ("1.10", Decimal("1.10")),
        (".5", Decimal("0.5")),
        ("1e3", Decimal("1E+3")),
        ("0.1", Decimal("0.1")),
        ("1e999", "1e999"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("28%", "28%"),
        ("20.00 USD", "20.00 USD"),
        ("2026-12-24", "2026-12-24"),
        ('"12"', "12"),
        ("'true'", "true"),
        ('""', ""),
        ("1" * 41, "1" * 41),
        ("1" * 5000, "1" * 5000),
    ],
)
def test_core_scalars(text, value):
    _, root = tree(f"a: {text}\n")
    got = root.entries["a"].value.value
    assert got == value
    assert type(got) is type(value)


def test_nodes_know_where_they_stand():
    source, root = tree("\ufeffa:\n  - {b: 'c', d: [1, 2]}\n")
    assert isinstance(root, MapNode)
    assert not root.flow
    items = root.entries["a"].value
    assert isinstance(items, ListNode)
    inner = items.items[0]
    assert isinstance(inner, MapNode)
    assert inner.flow
    place = source.place(inner.entries["d"].key.start)
    assert (place.line, place.column, place.text) == (2, 14, "  - {b: 'c', d: [1, 2]}")
    assert str(place) == "f.yaml:2:14"


STYLES = """\
😀: x
plain: one + two
   going on

   and on
double: "on\\u0065 + \\"two\\" \\
    three  four

   five"
single: 'on''e  +
   two'
folded: >-
   one
     more
   two

   three
literal: |2
    x + y
   z
# comment
last: >
   a
"""


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_visible_character_is_found_again_in_every_style(end):
    source, root = tree(STYLES.replace("\n", end))
    for entry in root.entries.values():
        value = entry.value
        assert isinstance(value, Scalar)
        for offset, character in enumerate(value.text):
            mark = locate(source, value, offset)
            typed = source.lines[mark.line][mark.column : mark.column + 1]
            assert source.text[mark.offset : mark.offset + 1] == typed or character.isspace()
            if not character.isspace():
                assert typed in (character, "\\", "'"), (value.text, offset)


def test_the_offset_behind_the_last_character_is_behind_it():
    source, root = tree("a: 'b c'  \n")
    mark = locate(source, root.entries["a"].value, 3)
    assert (mark.line, mark.column) == (0, 7)
    source, root = tree('a: ""\n')
    assert locate(source, root.entries["a"].value, 0).column == 3


PROBLEMS = {
    "a:\n\tb: 1\n": """\
f.yaml:2:1: a tab stands where YAML wants spaces
    \tb: 1
    ^
    delete it and press the space bar; two spaces for each step""",
    "a:\n  b: 1\n\tc: 2\n": """\
f.yaml:3:1: a tab stands where YAML wants spaces
    \tc: 2
    ^
    delete it and press the space bar; two spaces for each step""",
    'a: "x\nb: 1\n': """\
f.yaml:1:4: the quotation mark that opens here is never closed
    a: "x
       ^
    press " at the end of the text""",
    "a: 'x\n": """\
f.yaml:1:4: the quotation mark that opens here is never closed
    a: 'x
       ^
    press ' at the end of the text""",
    'a: "x\nb: "y"\n': """\
f.yaml:1:4: the quotation mark that opens here is never closed
    a: "x
       ^
    press " at the end of the text""",
    "because: more: less\n": """\
f.yaml:1:14: a colon with a space after it inside a value reads as a second key
    because: more: less
                 ^
    put the whole value in quotes: press " at both ends""",
    "a:\n  - id: x\n     when: y\n": """\
f.yaml:3:6: this line does not stand under its neighbours
         when: y
         ^
    begin it in the same column as the lines that it belongs to: two spaces for each step, '- ' before each item""",
    "a:\n    b: 1\n  c: 2\n": """\
f.yaml:3:3: this line does not stand under its neighbours
      c: 2
      ^
    begin it in the same column as the lines that it belongs to: two spaces for each step, '- ' before each item""",
    "a: 1\nb\nc: 2\n": """\
f.yaml:2:1: a key stands here without a colon
    b
    ^
    press : and the space bar after the key""",
    "a:\n  b\n  c: 1\n": """\
f.yaml:2:3: a key stands here without a colon
      b
      ^
    press : and the space bar after the key""",
    "a: 1\nb：2\n": """\
f.yaml:2:2: '：' means nothing here
    b：2
     ^
    '：' is a full-width colon: press : with the keyboard switched to English""",
    "a：1\nb: 2\n": """\
f.yaml:1:2: '：' means nothing here
    a：1
     ^
    '：' is a full-width colon: press : with the keyboard switched to English""",
    "a: {b: 1，c: 2}\nd: 1\n": """\
f.yaml:1:9: '，' means nothing here
    a: {b: 1，c: 2}
            ^
    '，' is a full-width comma: press , with the keyboard switched to English""",
    "a: “x”\nb”: c: 1\n": """\
f.yaml:2:2: '”' means nothing here
    b”: c: 1
     ^
    '”' is a typographic quote: press " with the keyboard switched to English""",
    "a:\u00a01\nb: 2\n": """\
f.yaml:1:3: a strange space stands here
    a:\u00a01
      ^
    there is a no-break space here: delete it and press the space bar""",
    "when: 'a' in x\n": """\
f.yaml:1:11: the value begins with a quotation mark and goes on after the closing one
    when: 'a' in x
              ^
    put the whole value in quotes of the other kind, or begin it with a bracket: ('a' in names)""",
    "because: {price} moved\n": """\
f.yaml:1:18: the value begins with a bracket and goes on after the closing one
    because: {price} moved
                     ^
    put the whole value in quotes: press " at both ends""",
    "a: [1, 2\nb: 3\n": """\
f.yaml:1:4: the '[' that opens here is not closed, or a comma is missing in it
    a: [1, 2
       ^
    press , between two values and ] at the end; a text with a comma, a colon or a bracket needs quotes""",
    "a: {b: 1, c: 2\nd: 1\n": """\
f.yaml:1:4: the '{' that opens here is not closed, or a comma is missing in it
    a: {b: 1, c: 2
       ^
    press , between two values and } at the end; a text with a comma, a colon or a bracket needs quotes""",
    "a: @x\n": """\
f.yaml:1:4: a value cannot begin with '@'
    a: @x
       ^
    put the whole value in quotes: press " at both ends""",
    "a: * 2\n": """\
f.yaml:1:4: a value cannot begin with '*'
    a: * 2
       ^
    put the whole value in quotes: press " at both ends""",
    "a: ]\n": """\
f.yaml:1:4: a value cannot begin with ']'
    a: ]
       ^
    put the whole value in quotes: press " at both ends""",
    "a: > 5\n": """\
f.yaml:1:4: after '>' the text must begin on a new line
    a: > 5
       ^
    put the whole value in quotes: press " at both ends""",
    "a: - b\n": """\
f.yaml:1:4: a list cannot begin on the line of its key
    a: - b
       ^
    press Enter before '- '; for an expression that begins with '-', put it in quotes""",
    'a: "\\d"\n': """\
f.yaml:1:5: a backslash in double quotes begins an escape, and this one is unknown
    a: "\\d"
        ^
    use single quotes: press ' at both ends of the text""",
    "a: !!python/object/apply:os.system ['id']\n": """\
f.yaml:1:4: the tag 'tag:yaml.org,2002:python/object/apply:os.system' is not used in rule files
    a: !!python/object/apply:os.system ['id']
       ^
    for 'not', write the word not; text that begins with '!' needs quotes""",
    "a: !e!x y\n": """\
f.yaml:1:4: tags ('!name') are not used in rule files
    a: !e!x y
       ^
    for 'not', write the word not; text that begins with '!' needs quotes""",
    "%FOO\na: 1\n": """\
f.yaml:1:1: lines that begin with '%' are not used in rule files
    %FOO
    ^
    delete the line""",
    "a: &x 1\nb: *x\n": """\
f.yaml:1:4: the anchor '&x' is not used in rule files
    a: &x 1
       ^
    put the value in quotes if it is text; otherwise delete the anchor
f.yaml:2:4: the alias '*x' is not used in rule files
    b: *x
       ^
    put the value in quotes if it is an expression; otherwise write it out, or give it a name in 'define'""",
    "<<: {a: 1}\n": """\
f.yaml:1:1: the merge key '<<' is not used in rule files
    <<: {a: 1}
    ^
    write the keys out""",
    "a: 1\nb: 2\na: 3\n": """\
f.yaml:3:1: the key 'a' stands here a second time; first in line 1
    a: 3
    ^
    delete one of the two""",
    "{a: 1}: 2\n": """\
f.yaml:1:1: a key must be a word, not a list or mapping
    {a: 1}: 2
    ^
    text in braces or brackets needs quotes""",
    "a: 1\n---\nb: 2\n": """\
f.yaml:2:1: a second YAML document begins here; a rule file holds one
    ---
    ^
    delete the line '---', or move what follows into a file of its own""",
    "# nothing\n": """\
f.yaml:1:1: the file is empty
    # nothing
    ^
    begin it with the line 'acorn: 1', or delete it""",
    "a: \x07\n": """\
f.yaml:1:4: the invisible character U+0007 stands here
    a: \ufffd
       ^
    delete it with the Delete key; if there are many, save the file again as UTF-8 text""",
    "a: x\u2028y\u202e\n": """\
f.yaml:1:5: the invisible character U+2028 stands here
    a: x\ufffdy\ufffd
        ^
    delete it with the Delete key; if there are many, save the file again as UTF-8 text
f.yaml:1:7: the invisible character U+202E stands here
    a: x\ufffdy\ufffd
          ^
    delete it with the Delete key; if there are many, save the file again as UTF-8 text""",
    "a: \ud800\n": """\
f.yaml:1:4: the invisible character U+D800 stands here
    a: \ufffd
       ^
    delete it with the Delete key; if there are many, save the file again as UTF-8 text""",
}


@pytest.mark.parametrize("text", PROBLEMS, ids=lambda text: ascii(text)[:40])
def test_the_whole_text_of_each_problem(text):
    assert problems(text) == PROBLEMS[text]


def test_a_typed_tag_that_reads_as_not():
    assert "for 'not', write the word not" in problems("when: !is_missing(price)\n")


def test_one_document_may_be_marked():
    _, root = tree("---\na: 1\n...\n")
    assert root.entries["a"].value.value == 1
