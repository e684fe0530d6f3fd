"""Whatever a file is turned into, it loads or is refused with located problems: never anything else."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acorn_engine.problems import RuleError
from acorn_engine.ruleset import load_chain

TEXT = """\
acorn: 1
parameters: {margin: 28%, brands: [a, b]}
define:
  landed: fx(cost) * 1.04
rules:
  - id: a
    when: fulfilment == 'merchant' and brand in brands
    set: {price: landed * (1 + margin), attributes.x: {y: [1, 2.5]}}
    because: "{margin} of {cost}"
    active: sat 00:00 - mon 00:00
  - id: b
    use: price_step
    with: {step: 0.05, direction: up}
guards:
  - id: g
    hold: abs(price / current_price - 1) > 12%
    because: "{price}"
  - {id: h, halt: changed_share > 40%, because: x}
examples:
  - name: n
    site: amazon.de
    given: {cost: 20.00 USD, rate: {USD: 0.92}}
    expect: {price: null, rule: b}
"""
PIECES = [*"\n \t:,'\"{}[]()#&*!|>%@-+=.0a", "：", "，", "”", "\u00a0", "\x00", "\ud800", "\u2028", "\r", "- ", ": ", "id", "set",
          "null", "1e99", "2026-02-30", "price", "? ", "<<", "---\n", "\ufeff", "{x}", "999999999999999999999999999999999999999999"]  # fmt: skip
EDIT = st.tuples(st.integers(0, len(TEXT)), st.integers(0, 12), st.sampled_from(PIECES))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDIT, min_size=1, max_size=4))
def test_any_text_loads_or_is_refused(vocabulary, edits):
    text = TEXT
    for start, removed, piece in edits:
        text = text[:start] + piece + text[start + removed :]
    try:
        chain = load_chain([("f.yaml", text)], vocabulary)
    except RuleError as error:
        problems = error.problems
        assert problems
        for problem in problems:
            assert problem.effect == "stops"
            assert problem.message
            assert problem.place is not None
            assert problem.place.file == "f.yaml"
            if problem.place.line is not None and problem.place.text is not None:
                assert problem.place.column is not None
                assert 1 <= problem.place.column <= len(problem.place.text) + 1
    else:
        assert len(chain.digest) == 64
        assert all(problem.effect == "warns" for problem in chain.warnings)
