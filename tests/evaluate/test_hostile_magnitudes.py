"""A million offers of hostile magnitudes: every proposal is exact or held, by plain integer arithmetic."""

from __future__ import annotations

import os
import random as randomness
from dataclasses import dataclass
from fractions import Fraction
from math import prod

import polars as pl
import pytest
from rule_worlds import DE, FX, JP, NOW

from acorn_engine.evaluate import evaluate
from acorn_engine.facts import FactInfo, FactTable, Offers, TableEntry
from acorn_engine.fields import STANDARD_FIELDS, Field
from acorn_engine.ruleset import Vocabulary, load_chain
from acorn_engine.sites import SiteClock
from acorn_engine.types import INTEGER, NUMBER, SITE_MONEY, TEXT, money

SEED = int(os.environ.get("ACORN_TEST_SEED", randomness.randrange(10**9)))
LARGEST = 10**12
"""The largest result, in minor units or whole."""
FACTORS = [f"factor_{number}" for number in range(10)]
CURRENCIES = ["USD", "CNY", "GBP", "IRR", "BTC", "CHF"]
RATES = {"USD": "149.832157000001", "CNY": "20.500000000001", "GBP": "0.000000000001", "IRR": "0.003562000007",
         "BTC": "16500000.123456789012"}  # fmt: skip
"""In units of 10^-12; there is none for CHF."""
RULES = f"""\
acorn: 1
rules:
  - id: tenfold
    set: {{price: "fx(cost) * {" * ".join(FACTORS)}"}}
  - id: over-one-less
    set: {{sale_price: competitor_price / (1 - share)}}
  - id: product
    when: 0.000000001 < weight * volume <= 1e15 and not weight * volume == 1
    set: {{points: weight * volume, attributes.cubic: "=weight * volume * volume"}}
  - id: down
    set: {{quantity: stock * weight}}
  - id: up
    set: {{handling_days: stock / weight}}
"""
FIELDS = {field.name: field for field in (*STANDARD_FIELDS, Field("points", NUMBER, "half_up", "points"))}


@dataclass
class Drawn:
    """Columns of scaled integers (``None`` is missing), each with its decimals."""

    cost: list
    currency: list
    competitor_price: list
    share: list
    weight: list
    volume: list
    stock: list
    factors: list

    @property
    def rows(self):
        return len(self.cost)


def magnitudes(random, rows, largest, *, wild=(), wildness=0.0, signed=True):
    """Return integers of 1 to ``largest`` digits, some 0 or missing, a few ``wild``."""
    pool = [random.randrange(10**digits) for digits in range(1, largest + 1) for _ in range(60)]
    pool += [10**digits for digits in range(largest + 1)] + [5 * 10**digits for digits in range(largest)]
    pool += [-value for value in pool[:: 7 if signed else len(pool)]]
    pool += [0, None] * (len(pool) // 60)
    weights = [1.0] * len(pool) + [wildness * len(pool)] * len(wild)
    return random.choices([*pool, *wild], weights, k=rows)


def draw(random, rows, factor_digits):
    """Return random columns; a few hundred values in a million are beyond what columns compute with."""
    tiny = [1, 10**3 + 1, 10**6, 123456789012, 5 * 10**11, 10**12 - 1, 10**12, 10**12 + 1, 0, 2 * 10**12, None]
    few = [10**factor_digits + step for step in (-9, -5, -1, 0, 1, 2, 5, 9)]
    factors = [
        random.choices([*few, 1, 3 * 10**factor_digits, 0, None], [12] * len(few) + [3, 3, 0.3, 0.3], k=rows)
        for _ in FACTORS
    ]
    wild, rare = (10**17, -(10**17), 10**24), 1e-5
    return Drawn(
        magnitudes(random, rows, 7, wild=(10**17, -(10**17), 10**12, 10**12 + 1), wildness=rare),
        random.choices([*CURRENCIES, None], [9, 9, 3, 9, 3, 1, 1], k=rows),
        magnitudes(random, rows, 12, wild=(10**15, 10**12 + 1, -(10**15)), wildness=rare),
        random.choices(tiny, k=rows),
        magnitudes(random, rows, 15, wild=wild, wildness=rare),
        magnitudes(random, rows, 9, wild=wild, wildness=rare),
        random.choices([0, 1, -1, 7, 999, 10**6, 10**9, 10**12, -(10**12), None], k=rows),
        factors,
    )


def column(name, values, scale):
    """Return scaled integers as the exact column that the catalogue would make of them."""
    if scale == 0:
        return pl.Series(name, values, dtype=pl.Int64)
    whole = pl.Series(name, values, dtype=pl.Int128)
    made = whole.cast(pl.Decimal(38, 0)).cast(pl.Decimal(38, scale)) * pl.Series([f"1e-{scale}"]).cast(
        pl.Decimal(38, scale)
    )
    assert made.to_physical().equals(whole), name
    return made


def evaluated(site, drawn, factor_digits):
    """Return the proposals of the rules above."""
    facts = {
        "cost": money("cost_currency"), "cost_currency": TEXT, "competitor_price": SITE_MONEY, "share": NUMBER,
        "weight": NUMBER, "volume": NUMBER, "stock": INTEGER, **dict.fromkeys(FACTORS, NUMBER),
    }  # fmt: skip
    known = {name: FactInfo(name, of) for name, of in facts.items()}
    chain = load_chain([("hostile.yaml", RULES)], Vocabulary(site, known, FIELDS, {"fx": FX}))
    frame = pl.DataFrame(
        [
            column("cost", drawn.cost, 2),
            pl.Series("cost_currency", drawn.currency),
            column("competitor_price", drawn.competitor_price, site.digits),
            column("share", drawn.share, 12),
            column("weight", drawn.weight, 9),
            column("volume", drawn.volume, 9),
            column("stock", drawn.stock, 0),
            *(column(name, values, factor_digits) for name, values in zip(FACTORS, drawn.factors, strict=True)),
        ]
    )
    rates = {key: TableEntry(Fraction(value)) for key, value in RATES.items()}
    offers = Offers(frame, known, {"rate": FactTable("rate", {site.currency: rates})})
    return evaluate(chain, offers, SiteClock(site, NOW))


def half_up(above, below):
    """Return the nearest integer to a quotient, halves away from zero."""
    if below < 0:
        above, below = -above, -below
    nearest = (2 * abs(above) + below) // (2 * below)
    return nearest if above >= 0 else -nearest


def within(value, largest=LARGEST):
    """Return a result and no code, or none and the code of an overflow."""
    return (value, None) if -largest <= value <= largest else (None, "overflow")


def first_of(*pairs):
    """Return the first (rule, code) that has a code."""
    return next(((rule, code) for rule, code in pairs if code), (None, None))


@dataclass
class Oracle:
    """What every row must come to, in integers of Python, rule by rule."""

    drawn: Drawn
    digits: int
    factor_digits: int

    def tenfold(self):
        below = 10 ** (2 + 12 + 10 * self.factor_digits)
        rates = {key: int(Fraction(value) * 10**12) for key, value in RATES.items()}
        for cost, currency, *factors in zip(self.drawn.cost, self.drawn.currency, *self.drawn.factors, strict=True):
            rate = rates.get(currency)
            if cost is None or rate is None or None in factors:
                yield None, "missing"
            else:
                yield within(half_up(cost * rate * prod(factors) * 10**self.digits, below))

    def over_one_less(self):
        for price, share in zip(self.drawn.competitor_price, self.drawn.share, strict=True):
            if price is None or share is None:
                yield None, "missing"
            elif share == 10**12:
                yield None, "failed"
            else:
                yield within(half_up(price * 10**12, 10**12 - share))

    def product(self):
        """Yield the points, the cubic in millionths, and the code."""
        for weight, volume in zip(self.drawn.weight, self.drawn.volume, strict=True):
            area = None if weight is None or volume is None else weight * volume
            if area is None or not 10**9 < area <= 10**33 or area == 10**18:
                yield None, None, None
                continue
            points, code = within(half_up(area, 10**12), LARGEST * 10**6)
            cubic, other = within(half_up(area * volume, 10**21), LARGEST * 10**6)
            yield (None, None, code or other) if code or other else (points, cubic, None)

    def down(self):
        for stock, weight in zip(self.drawn.stock, self.drawn.weight, strict=True):
            yield (None, "missing") if stock is None or weight is None else within(stock * weight // 10**9)

    def up(self):
        for stock, weight in zip(self.drawn.stock, self.drawn.weight, strict=True):
            if stock is None or weight is None:
                yield None, "missing"
            elif weight == 0:
                yield None, "failed"
            else:
                yield within(-(-stock * 10**9 // weight))

    def columns(self):
        """Return the proposals' columns that must come out."""
        price, price_codes = zip(*self.tenfold(), strict=True)
        sale, sale_codes = zip(*self.over_one_less(), strict=True)
        points, cubic, product_codes = zip(*self.product(), strict=True)
        quantity, down_codes = zip(*self.down(), strict=True)
        days, up_codes = zip(*self.up(), strict=True)
        held = {
            "price": zip(price_codes, sale_codes, strict=True),
            "availability": zip(down_codes, up_codes, strict=True),
            "points": zip(product_codes, strict=True),
        }
        rules = {"price": ("tenfold", "over-one-less"), "availability": ("down", "up"), "points": ("product",)}
        columns = {"to.price": price, "to.sale_price": sale, "to.points": points, "to.quantity": quantity}
        columns |= {
            "to.handling_days": days,
            "to.attributes.cubic": [None if one is None else written(one) for one in cubic],
        }
        for group, codes in held.items():
            holds = [first_of(*zip(rules[group], each, strict=True)) for each in codes]
            columns[f"hold.{group}"], columns[f"hold_code.{group}"] = zip(*holds, strict=True)
        return {name: list(values) for name, values in columns.items()}


def written(millionths):
    """Return millionths as plain decimal text."""
    whole, fraction = divmod(abs(millionths), 10**6)
    text = f"{whole}.{fraction:06}".rstrip("0").rstrip(".")
    return f"-{text}" if millionths < 0 else text


def compare(site, drawn, factor_digits):
    """Hold every proposal against the oracle; return the proposals."""
    proposals = evaluated(site, drawn, factor_digits)
    frame = proposals.frame.with_columns(pl.col("to.points").to_physical())
    assert not [name for name, dtype in proposals.frame.schema.items() if dtype.is_float()]
    assert frame.height == drawn.rows
    for name, wanted in Oracle(drawn, site.digits, factor_digits).columns().items():
        found = frame[name].to_list()
        if found != wanted:
            row = next(row for row, pair in enumerate(zip(found, wanted, strict=True)) if pair[0] != pair[1])
            message = f"ACORN_TEST_SEED={SEED}, row {row}, {name}: {found[row]} instead of {wanted[row]}"
            raise AssertionError(f"{message}: {frame.row(row, named=True)}")
    assert proposals.scalar_rows == proposals.frame["scalar"].sum()
    return proposals


@pytest.mark.slow
def test_a_million_rows_are_exact_or_held_and_few_take_the_scalar_form():
    print(f"ACORN_TEST_SEED={SEED}")
    drawn = draw(randomness.Random(SEED), 1_000_000, 1)
    proposals = compare(JP, drawn, 1)
    frame = proposals.frame
    print(f"{proposals.scalar_rows:,} of {frame.height:,} rows took the scalar form")
    assert 0 < proposals.scalar_rows < 6_000
    sent = {name: frame[name].count() for name in frame.columns if name.startswith("to.") and frame[name].count()}
    codes = frame["hold_code.price"].value_counts().rows()
    print(sent, codes)
    assert min(sent[name] for name in ("to.price", "to.sale_price", "to.points", "to.quantity")) > 100_000
    assert {code for code, _ in codes} >= {"missing", "failed", "overflow", None}


@pytest.mark.parametrize("site", [JP, DE], ids=["JPY", "EUR"])
def test_where_no_row_fits_127_bits_all_take_the_scalar_form_and_are_exact(site):
    drawn = draw(randomness.Random(SEED), 1_500, 12)
    proposals = compare(site, drawn, 12)
    rows = zip(drawn.cost, *drawn.factors, strict=True)
    beyond = [None not in row and abs(prod(row)) > 2**123 for row in rows]
    assert sum(beyond) > 1_000
    assert all(flag for flag, mark in zip(proposals.frame["scalar"], beyond, strict=True) if mark)
