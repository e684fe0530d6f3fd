"""``because`` texts and the key to press instead of a character that only looks right."""

from __future__ import annotations

from acorn_engine.ruleset import Part, because_names, because_parts, render_because
from acorn_engine.ruleset.becauses import because_faults, fill_in
from acorn_engine.ruleset.typography import LOOK_ALIKES, typography_hint


def test_parts_names_and_rendering():
    text = "{current_price} to {price} by {price}: 12% more"
    assert because_parts(text) == (
        Part("current_price", name=True),
        Part(" to ", name=False),
        Part("price", name=True),
        Part(" by ", name=False),
        Part("price", name=True),
        Part(": 12% more", name=False),
    )
    assert because_names(text) == ("current_price", "price")
    assert render_because(text, {"price": "9.99 EUR"}) == "missing to 9.99 EUR by 9.99 EUR: 12% more"
    assert fill_in(text, {"price": "1"}) == "{current_price} to 1 by 1: 12% more"
    assert because_parts("") == ()


def test_a_value_is_never_read_as_a_name():
    assert render_because("{a}", {"a": "{b}", "b": "no"}) == "{b}"


def test_only_plain_known_names_stand_in_braces():
    faults = because_faults("{a} {b.c} {a!r} {a:>9} {{a}} {0} {_a} {", {"a", "_a"})
    assert [(fault.start, fault.message) for fault in faults] == [
        (4, "'{b.c}' is not a plain name"),
        (10, "'{a!r}' is not a plain name"),
        (16, "'{a:>9}' is not a plain name"),
        (23, "a single '{' stands here"),
        (27, "a single '}' stands here"),
        (29, "'{0}' is not a plain name"),
        (38, "a single '{' stands here"),
    ]


def test_every_misleading_character_has_a_key():
    assert typography_hint("price") is None
    assert typography_hint("ü") is None
    for character, (_, key) in LOOK_ALIKES.items():
        assert typography_hint(f"a{character}b") == (
            f"'{character}' is a {LOOK_ALIKES[character][0]}: press {key} with the keyboard switched to English"
        )
    assert typography_hint("a\u3000b") == "there is a full-width space here: delete it and press the space bar"
    assert "which nobody can see" in (typography_hint("a\u200bb") or "")
