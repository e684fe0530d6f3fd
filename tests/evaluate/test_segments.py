"""Long programs run in pieces and come out the same."""

from __future__ import annotations

import polars as pl
import pytest
from rule_worlds import CLOCK, agree, chain_of, offers_of

from acorn_engine.evaluate import evaluate
from acorn_engine.evaluate.segments import LONGEST, run, segments


def test_pieces_compute_what_one_query_would_and_skip_what_nobody_reads():
    steps = 3 * LONGEST + 1
    levels = [
        [
            (pl.col("a") + pl.col(f"t{number - 1}") if number else pl.col("a")).alias(f"t{number}"),
            pl.lit(1).alias(f"dead{number}"),
        ]
        for number in range(steps)
    ]
    pieces = segments(levels, [f"t{steps - 1}"])
    assert len(pieces) == 4
    assert set(pieces[0].reads) == {"a"}
    assert set(pieces[1].reads) == {"a", f"t{LONGEST - 1}"}
    assert sum(len(level) for piece in pieces for level in piece.levels) == steps
    found = run(pl.DataFrame({"a": [1, 2], "unused": [0, 0]}), pieces, [f"t{steps - 1}"])
    assert found.to_series().to_list() == [steps, 2 * steps]


def test_a_program_without_levels_returns_its_inputs():
    assert run(pl.DataFrame({"a": [1]}), segments([], ["a"]), ["a"]).row(0) == (1,)


def test_a_column_that_is_written_again_is_read_as_it_stood():
    levels = [[pl.lit(1).alias("a")], [(pl.col("a") + 1).alias("a"), pl.col("a").alias("before")]]
    outputs = ["row", "a", "before"]
    found = run(pl.DataFrame({"row": [0, 1], "a": [5, 6]}), segments(levels, outputs), outputs)
    assert found.rows() == [(0, 2, 1), (1, 2, 1)]


@pytest.mark.timeout(120)
def test_two_hundred_rules_plan_and_run_in_seconds():
    rules = "".join(
        f"""
- id: r{number}
  when: stock < {number} and not clearance or brand in ['a{number}', 'b']
  set: {{price: "min(default(price, 20.00 EUR) * 1.0{number % 9 + 1}, default(competitor_price, 9.99))"}}
"""
        for number in range(200)
    )
    chain = chain_of(rules)
    offers = offers_of(
        *[{"stock": stock, "clearance": stock % 3 == 0, "brand": f"a{stock}"} for stock in range(0, 200, 20)]
    )
    proposals = evaluate(chain, offers, CLOCK)
    agree(chain, offers, proposals)
