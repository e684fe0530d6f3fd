"""Hostile files: refused, quickly, with a message of bearable length."""

from __future__ import annotations

import os

import pytest

from acorn_engine.problems import RuleError

RULE = "acorn: 1\nrules:\n  - id: r\n    set:\n      price: "


def doubling(count: int, join: str, start: str) -> str:
    lines = [f"  d0: {start} {join} {start}"] + [f"  d{i}: d{i - 1} {join} d{i - 1}" for i in range(1, count)]
    return "acorn: 1\ndefine:\n" + "\n".join(lines) + "\n"


LAUGHS = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 30)
)

REFUSED = {
    "deep brackets": ("[" * 100_000, "lists and mappings stand more than 50 deep"),
    "deep braces": ("{" * 100_000, "lists and mappings stand more than 50 deep"),
    "deep dashes": ("- " * 100_000, "lists and mappings stand more than 50 deep"),
    "deep questions": ("? " * 500_000, "lists and mappings stand more than 50 deep"),
    "deep block": ("\n".join("  " * i + "- a:" for i in range(900)), "lists and mappings stand more than 50 deep"),
    "too large": ("a" * 2_000_001, "the file has 2,000,001 characters; a rule file may have 2,000,000"),
    "long key": ("a" * 1_900_000 + ": 1", "f.yaml:1:1"),
    "long unknown key": ('acorn: 1\n? "' + "a" * 500_000 + '"\n: 1\n', "unknown key 'aaa"),
    "endless quote": ('acorn: "' + "a" * 1_900_000, "the quotation mark that opens here is never closed"),
    "many lines": ("acorn: 1\n" + "a\n" * 900_000, "a key stands here without a colon"),
    "many values": ("acorn: 1\n" + "".join(f"k{i}: 1\n" for i in range(90_000)), "the file has more than 100,000 values"),
    "many twice": ("acorn: 1\n" + "a: 1\n" * 45_000, "there are more problems in this file; mend these first"),
    "colons": (": " * 900_000, "f.yaml:1:1"),
    "commas": ("[" + "," * 1_900_000, "a bracket is not closed here, or a comma is missing or too many"),
    "quotes": ("acorn: 1\nx: " + '"a" ' * 400_000, "the value begins with a quotation mark"),
    "aliases": ("a: &a [x]\n" + "".join(f"b{i}: [*a,*a]\n" for i in range(30_000)), "the alias '*a' is not used"),
    "laughs": (LAUGHS, "the anchor '&a0' is not used in rule files"),
    "recursive": ("acorn: &a\n  - *a\n", "the alias '*a' is not used in rule files"),
    "python": ("a: !!python/object/new:os.system [echo]\n", "the tag 'tag:yaml.org,2002:python/object/new:os.system'"),
    "control": ("\x00" * 100_000, "the invisible character U+0000 stands here"),
    "blank lines": ("\n" * 1_900_000, "the file is empty"),
    "long expression": (RULE + "1+" * 900_000 + "1\n", "at most 2,000 are allowed"),
    "deep expression": (RULE + "(" * 900 + "1" + ")" * 900 + "\n", "brackets nest more than 100 deep"),
    "deep minus": (RULE + "1" + "-" * 1_500 + "1\n", "the expression nests more than 100 levels deep"),
    "folded": ("acorn: 1\nrules:\n  - id: r\n    set:\n      price: >\n" + "        + 1\n" * 90_000, "at most 2,000 are allowed"),
    "infinity": (RULE + "1e999\n", "'1e999' is out of range: exponents go from -30 to 30"),
    "long number": ("acorn: 1\nparameters:\n  a: " + "9" * 100_000 + "\n", "is beyond the limits: at most 40 digits"),
    "doubling": (doubling(100, "+", "cost") + "rules:\n  - {id: r, set: {price: fx(d99)}}\n", "nests more than 20 definitions"),
    "braces": (f"acorn: 1\nrules:\n  - {{id: r, set: {{price: 1}}, because: \"{'{' * 900_000}\"}}\n", "'because' has 900,000 characters; 1,000 are allowed"),
    "bad fields": ("acorn: 1\nrules:\n  - id: r\n    set:\n" + "".join(f"      prise{i}: 1\n" for i in range(20_000)), "did you mean 'price'?"),
    "bad names": (
        "acorn: 1\nrules:\n" + "".join(f"  - {{id: r{i}, set: {{price: competitor_prise + {i}}}}}\n" for i in range(9_000)),
        "did you mean 'competitor_price'?",
    ),
    "bad facts": (
        "acorn: 1\nexamples:\n  - name: x\n    site: s\n    expect: {}\n    given:\n"
        + "".join(f"      stok{i}: 1\n" for i in range(20_000)),
        "did you mean 'stock'?",
    ),
    "bad disables": ("acorn: 1\nbecause: x\ndisable:\n" + "".join(f"  - p{i}\n" for i in range(20_000)), "there is no rule 'p0' in the chain"),
    "cycle": ("acorn: 1\ndefine:\n" + "".join(f"  d{i}: d{(i + 1) % 3_000}\n" for i in range(3_000)), "the file has 3000 definitions; 200 are allowed"),
    "circle": ("acorn: 1\ndefine:\n" + "".join(f"  d{i}: d{(i + 1) % 200}\n" for i in range(200)), "'d0' is defined by itself: d0 → d1 → d2"),
    "wide": ("acorn: 1\ndefine:\n" + "".join(f"  d{i}: " + " + ".join(f"d{k}" for k in range((i // 10 + 1) * 10, min((i // 10 + 2) * 10, 200))) + " + cots\n" for i in range(190)), "unknown name 'cots'"),
}  # fmt: skip


@pytest.mark.timeout(120)
@pytest.mark.parametrize("name", REFUSED)
def test_hostile_files_are_refused_quickly(name, load):
    text, expected = REFUSED[name]
    with pytest.raises(RuleError) as caught:
        load(text)
    said = str(caught.value)
    assert expected in said
    assert len(said) < 150_000
    assert len(caught.value.problems) <= 101


@pytest.mark.timeout(120)
def test_harmless_oddities_load_quickly(load):
    load("acorn: 1\ndescription: " + "a" * 1_900_000)
    load("acorn: 1\n" + " " * 1_900_000 + "\n")
    load('acorn: 1\ndescription: "' + "\\u0041" * 300_000 + '"\n')
    load(doubling(19, "or", "clearance") + "rules:\n  - {id: r, when: d18, set: {price: 1}}\n")
    again = "acorn: 1\nparameters:\n" + "".join(f"  p{i}: {i}\n" for i in range(20_000))
    chain = load(again, again)
    assert len(chain.warnings) == 101
    assert chain.warnings[-1].effect == "warns"


def test_a_file_cannot_run_code(load, tmp_path):
    target = tmp_path / "touched"
    with pytest.raises(RuleError):
        load(f"acorn: 1\nx: !!python/object/apply:os.system ['touch {target}']\n")
    with pytest.raises(RuleError):
        load(RULE + f"\"__import__('os').system('touch {target}')\"\n")
    assert not os.path.exists(target)  # noqa: PTH110


@pytest.mark.timeout(120)
def test_two_thousand_rules_load_in_seconds(load):
    rules = "".join(
        f"  - id: r{i}\n    when: fulfilment == 'merchant' and not clearance\n    set:\n      price: fx(cost) * 1.{i + 1}\n"
        for i in range(2_000)
    )
    chain = load("acorn: 1\nrules:\n" + rules)
    assert len(chain.rules) == 2_000
