"""Digests: the same across processes, hash seeds, row and column order; different for anything else."""

from __future__ import annotations

import hashlib
import json
import os
import random
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging import CLOCK, FACTS, chain, judged, offer, proposals
from planning import freeze_judged, planned

from acorn_engine.evaluate import Proposals
from acorn_engine.facts import KEYS, FactTable, Offers, TableEntry
from acorn_engine.guard import GuardSettings, Known, judge
from acorn_engine.plan import inputs_digest, plan_digest
from acorn_engine.plan.drafting import DRAFT_SCHEMA
from acorn_engine.plan.model import MESSAGE_SCHEMA
from acorn_engine.sites import SiteClock

MESSAGES = ("account", "wave", "seller_sku", "message")
ROWS = [
    offer("b", price="28.00", quantity=1, current_quantity=3, brand='Größe "X" \\ \x07 / ☃'),
    offer("a", price="31.00", current_price="28.00"),
    offer("c", price="19.00", handling_days=2),
    offer("ä", price=None) | {"hold.price": "r1", "hold_code.price": "missing", "hold_facts.price": "cost"},
]


def digest() -> str:
    """Return the digest of the plan of ROWS."""
    return planned(*ROWS, built_in=True).digest


def test_rows_in_any_order_give_one_digest():
    plan = planned(*ROWS, built_in=True)
    assert plan.digest == planned(*reversed(ROWS), built_in=True).digest
    assert plan.changes.equals(planned(*reversed(ROWS), built_in=True).changes)


def test_columns_in_any_order_give_one_digest():
    made = proposals(*ROWS)
    names = made.frame.columns
    random.Random(4).shuffle(names)
    settings = GuardSettings()
    shuffled = Proposals(made.frame.select(names), dict(reversed(made.fields.items())), made.groups)
    result = judge(chain(*settings.specs()), shuffled, CLOCK, settings, Known(4))
    assert freeze_judged(result).digest == digest()


@pytest.mark.parametrize("seed", ["0", "1", "4711"])
def test_processes_and_hash_seeds_give_one_digest(seed):
    here = Path(__file__)
    code = f"import sys; sys.path[:0] = [{str(here.parents[1])!r}, {str(here.parent)!r}]; import test_digests; print(test_digests.digest())"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONHASHSEED": seed, "POLARS_MAX_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.strip() == digest()


def test_ids_and_the_clock_do_not_count():
    later = judged(*ROWS, built_in=True, clock=SiteClock(CLOCK.site, CLOCK.now + timedelta(minutes=5)))
    plan = freeze_judged(later, plan_id="another", project="elsewhere")
    assert plan.digest == digest()
    assert plan.id == "another"


@pytest.mark.parametrize(
    "row", [{"price": "28.01"}, {"quantity": 2}, {"sku": "other"}, {"_neighbours": "x"}, {"product_type": "Y"}]
)
def test_every_change_and_message_counts(row):
    assert planned(ROWS[0] | row, *ROWS[1:], built_in=True).digest != digest()


def test_the_digest_is_what_its_description_says():
    plan = planned(*ROWS, built_in=True)
    rows = [{key: value for key, value in row.items() if key != "id"} for row in plan.changes.to_dicts()]
    rows.sort(key=lambda row: (row["account"], row["site"], row["seller_sku"].encode(), row["field"]))
    hashes = []
    for account, wave in sorted({(row["account"], row["wave"]) for row in plan.messages.to_dicts()}):
        some = plan.messages.filter((pl.col("account") == account) & (pl.col("wave") == wave)).sort("seller_sku")
        lines = "".join(f"{sku}\t{message}\n" for sku, message in some.select("seller_sku", "message").iter_rows())
        hashes.append({"account": account, "wave": wave, "sha256": hashlib.sha256(lines.encode()).hexdigest()})
    text = json.dumps({"changes": rows, "messages": hashes}, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(text.encode()).hexdigest() == plan.digest


def test_an_empty_plan_has_a_digest():
    plan = planned()
    assert plan.digest == hashlib.sha256(b'{"changes":[],"messages":[]}').hexdigest()
    assert plan.status == "ready"


def _offers(**options):
    frame = pl.DataFrame(
        {"account": ["eu", "eu"], "site": ["amazon.de"] * 2, "seller_sku": ["a", "b"], "x": ["1", None], "y": ["", "2"]}
    )
    rate = FactTable("rate", {"EUR": {"USD": TableEntry(Fraction(9, 10), "ECB", CLOCK.now)}})
    return Offers(frame, {"stock": FACTS["stock"]}, {"rate": rate}, **options)


def test_inputs_in_any_order_give_one_digest():
    offers = _offers()
    turned = replace(offers, frame=offers.frame.reverse().select(reversed(offers.frame.columns)))
    assert inputs_digest(turned, "r") == inputs_digest(offers, "r")


def test_every_input_counts():
    offers = _offers()
    base = inputs_digest(offers, "r", {"a": 1})
    other_rate = FactTable("rate", {"EUR": {"USD": TableEntry(Fraction(9, 11), "ECB", CLOCK.now)}})
    others = {
        inputs_digest(offers, "s", {"a": 1}),
        inputs_digest(offers, "r", {"a": 2}),
        inputs_digest(replace(offers, tables={"rate": other_rate}), "r", {"a": 1}),
        inputs_digest(replace(offers, facts={}), "r", {"a": 1}),
        inputs_digest(replace(offers, frame=offers.frame.with_columns(x=pl.Series(["1", ""]))), "r", {"a": 1}),
        inputs_digest(replace(offers, frame=offers.frame.with_columns(x=pl.Series(["", "1"]))), "r", {"a": 1}),
        inputs_digest(replace(offers, frame=offers.frame.rename({"x": "z"})), "r", {"a": 1}),
        inputs_digest(replace(offers, frame=offers.frame.head(1)), "r", {"a": 1}),
    }
    assert len(others) == 8
    assert base not in others


def as_one_text(changes, messages):
    """Return the digest the plain way: every change through the JSON writer, everything joined, then hashed."""
    rows = changes.sort(*KEYS, "field").select(pl.struct(sorted(DRAFT_SCHEMA)).struct.json_encode().alias("row"))["row"]
    hashes = []
    ordered = messages.sort("account", "wave", "seller_sku")
    for (account, wave), some in ordered.group_by("account", "wave", maintain_order=True):
        lines = "".join(f"{sku}\t{message}\n" for sku, message in some.select("seller_sku", "message").iter_rows())
        hashes.append({"account": account, "sha256": hashlib.sha256(lines.encode()).hexdigest(), "wave": wave})
    listed = json.dumps(hashes, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    text = f'{{"changes":[{",".join(rows)}],"messages":{listed}}}'
    return hashlib.sha256(text.encode()).hexdigest()


TEXTS = st.sampled_from(["eu", "", "a,b", 'q"\\', "\x00\x1f\x7f", "\t\n\b\f\r", "Größe ☃ 😀 \u2028"]) | st.text(
    alphabet=st.characters(codec="utf-8"), max_size=4
)
CHANGE = st.fixed_dictionaries(
    {
        name: st.integers(0, 2) if dtype == pl.Int8 else TEXTS if name in {*KEYS, "field"} else st.none() | TEXTS
        for name, dtype in DRAFT_SCHEMA.items()
    }
)
MESSAGE = st.fixed_dictionaries(
    {"account": TEXTS, "wave": st.integers(0, 2), "seller_sku": TEXTS, "message": st.text('{}"é', max_size=5)}
)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(CHANGE, max_size=8, unique_by=lambda row: tuple(row[name] for name in (*KEYS, "field"))),
    st.lists(MESSAGE, max_size=8, unique_by=lambda row: (row["account"], row["wave"], row["seller_sku"])),
    st.sets(st.sampled_from(sorted(set(DRAFT_SCHEMA) - {*KEYS, "field"}))),
)
def test_the_digest_in_columns_is_that_of_one_text(rows, messages, same):
    rows = [row | {name: rows[0][name] for name in same} for row in rows]
    changes = pl.DataFrame(rows, schema=DRAFT_SCHEMA, orient="row")
    made = pl.DataFrame(messages, schema={name: MESSAGE_SCHEMA[name] for name in MESSAGES}, orient="row")
    assert plan_digest(changes, made) == as_one_text(changes, made)


def test_the_digest_of_many_rows_is_that_of_one_text():
    number = pl.int_range(70_000, eager=True)
    changes = pl.select(number.cast(pl.String).alias("seller_sku"), pl.format('"{}"', number % 7).alias("because"))
    changes = changes.with_columns(
        pl.lit("x" if dtype == pl.String else 1, dtype=dtype).alias(name)
        for name, dtype in DRAFT_SCHEMA.items()
        if name not in changes.columns
    )
    messages = changes.select("account", "wave", "seller_sku", message="because")
    assert plan_digest(changes, messages) == as_one_text(changes, messages)
