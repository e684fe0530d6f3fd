"""The oracle: the twenty rules once more, as Python with ``decimal``, one offer at a time.

It shares nothing with Acorn: its own short table of the rules, from which one Python function is
generated, with decimals of 40 digits and ROUND_HALF_UP wherever a price is set. What it says is
what is right. It is also the fastest row-by-row form that we know of that is exact, so it stands
among the peers as ``generated-python``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, setcontext
from typing import Any, Final

import polars as pl

from benchmarks.workload import EPR_DE, EPR_FR, RESPONSIBLE_PERSON

DIGITS: Final = 40
"""Enough: a landed cost has at most 26 digits before its division, whose tie would end after 28."""
SLICE: Final = 50_000


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in Python's syntax. ``when`` and ``to`` name columns; an empty ``when`` always holds."""

    number: int
    sets: str
    when: str
    to: str


_OPEN: Final = "not locked"
PRICE_RULES: Final = (
    Rule(1, "price", _OPEN, "cost * fx * (1 + margin) * (1 + vat) / (1 - ref)"),
    Rule(2, "price", f"{_OPEN} and weight > 2000", "price + heavy_fee"),
    Rule(3, "price", f"{_OPEN} and lead > 7", "price * 0.98"),
    Rule(4, "price", f"{_OPEN} and clearance", "price * 0.85"),
    Rule(5, "price", f"{_OPEN} and cat in ('toys', 'baby', 'pet')", "price * 1.03"),
    Rule(6, "price", f"{_OPEN} and comp is not None and comp - step >= min_price", "min(price, comp - step)"),
    Rule(7, "price", f"{_OPEN} and comp is not None and comp > price * 1.2", "price * 1.05"),
    Rule(8, "price", f"{_OPEN} and stock >= 5 and stock < 20", "price * 1.08"),
    Rule(9, "price", f"{_OPEN} and site in ('US', 'UK')", "floor(price) + 0.99"),
    Rule(
        10,
        "price",
        f"{_OPEN} and site in ('DE', 'FR', 'IT', 'ES', 'PL')",
        "floor(price) + 0.95 if price >= 5 else price",
    ),
    Rule(11, "price", f"{_OPEN} and site == 'JP'", "floor(price / 100) * 100 + 80"),
    Rule(12, "price", f"{_OPEN} and price < min_price", "min_price"),
    Rule(13, "price", f"{_OPEN} and price > max_price", "max_price"),
    Rule(14, "price", "map_price is not None and price < map_price", "map_price"),
)
"""Run one after the other; each reads the price that the one before has left."""
QUANTITY_RULES: Final = (
    Rule(15, "qty", "stock < 5 or hazmat and site == 'JP'", "0"),
    Rule(16, "qty", "clearance", "stock"),
    Rule(17, "qty", "", "min(stock - 2, 50)"),
)
"""The first one that holds."""
OTHER_RULES: Final = (
    Rule(18, "handling", "lead > 5", "lead + 1 if lead < 29 else 30"),
    Rule(
        19,
        "epr",
        "site in ('DE', 'FR') and cat in ('electronics', 'battery', 'toys', 'apparel')",
        f"'{EPR_DE}' if site == 'DE' else '{EPR_FR}'",
    ),
    Rule(20, "rp", "site in ('DE', 'FR', 'IT', 'ES', 'PL') and not startswith(sku, 'X')", f"'{RESPONSIBLE_PERSON}'"),
)

INPUTS: Final = (
    *("sku", "site", "cat", "cost", "fx", "vat", "ref", "margin", "min_price", "max_price", "comp", "map_price"),
    *("cur_price", "heavy_fee", "step", "stock", "lead", "weight", "locked", "clearance", "hazmat"),
)
"""What a rule may name, in the order in which ``rows`` gives it."""
_SCALES: Final = {
    **dict.fromkeys(("cost", "min_price", "max_price", "comp", "map_price", "cur_price", "heavy_fee", "step"), 2),
    **dict.fromkeys(("vat", "ref", "margin"), 4),
    "fx": 6,
}


def generate() -> Callable[..., tuple[Any, ...]]:
    """Return a function of an offer's values, in the order of ``INPUTS``, that gives its results."""
    lines = [f"def offer({', '.join(INPUTS)}):", " price = cur_price; price_rule = 0"]
    lines += [f" if {rule.when}: price = rounded({rule.to}, step); price_rule = {rule.number}" for rule in PRICE_RULES]
    for number, rule in enumerate(QUANTITY_RULES):
        test = f"if {rule.when}:" if number == 0 else f"elif {rule.when}:" if rule.when else "else:"
        lines.append(f" {test} qty = {rule.to}; qty_rule = {rule.number}")
    for rule in OTHER_RULES:
        lines.append(f" {rule.sets} = None")
        lines.append(f" if {rule.when}: {rule.sets} = {rule.to}")
    lines.append(" return price, qty, handling, epr, rp, price_rule, qty_rule")
    text = "\n".join(lines)
    names: dict[str, Any] = {
        "rounded": Decimal.quantize,
        "floor": lambda value: value // 1,
        "min": min,
        "startswith": str.startswith,
    }
    for number, literal in enumerate(_literals(text)):
        # A decimal that is written with a point stands for itself, never for a binary float.
        names[f"_literal_{number}"] = Decimal(literal)
        text = text.replace(literal, f"_literal_{number}")
    exec(compile(text, "<rules>", "exec"), names)
    return names["offer"]


def _literals(text: str) -> list[str]:
    import re

    return sorted(set(re.findall(r"\b\d+\.\d+\b", text)), key=len, reverse=True)


def exactly() -> None:
    """Let decimals of this thread have enough digits, and round half up."""
    setcontext(Context(prec=DIGITS, rounding=ROUND_HALF_UP))


def rows(flat: pl.DataFrame) -> Iterator[tuple[Any, ...]]:
    """Yield every offer's values as Python has them: amounts, shares and rates as ``Decimal``."""
    columns: list[list[Any]] = []
    for name in INPUTS:
        if name == "step":
            # ``quantize`` looks at the exponent: 1 for the yen, 0.01 for the others.
            columns.append([Decimal(1) if step == 100 else Decimal("0.01") for step in flat["step"].to_list()])
        elif name in _SCALES:
            wide = pl.Decimal(38, _SCALES[name])
            unit = pl.Series([Decimal(1).scaleb(-_SCALES[name])], dtype=wide)
            columns.append((flat[name].cast(wide) * unit).to_list())
        else:
            columns.append(flat[name].to_list())
    return zip(*columns, strict=True)


def evaluate(offers: Iterable[tuple[Any, ...]], offer: Callable[..., tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Run the generated function over offers."""
    exactly()
    return [offer(*values) for values in offers]


def as_frame(results: list[tuple[Any, ...]]) -> pl.DataFrame:
    """Return results in the columns of ``workload.RESULTS``, the price as hundredths."""
    prices, *others = zip(*results, strict=True)
    names = ("qty", "handling", "epr", "rp", "price_rule", "qty_rule")
    kinds = (pl.Int64, pl.Int64, pl.String, pl.String, pl.Int64, pl.Int64)
    hundredths = [int(value.scaleb(2)) for value in prices]
    return pl.DataFrame(
        {"price": hundredths, **dict(zip(names, others, strict=True))},
        schema={"price": pl.Int64, **dict(zip(names, kinds, strict=True))},
    )


def run(flat: pl.DataFrame, clock: Callable[[], float] = lambda: 0.0) -> tuple[pl.DataFrame, float]:
    """Return the results of all offers, and the seconds of evaluating them; making the values does not count."""
    offer, parts, seconds = generate(), [], 0.0
    for piece in flat.iter_slices(SLICE):
        offers = list(rows(piece))
        started = clock()
        results = evaluate(offers, offer)
        seconds += clock() - started
        parts.append(as_frame(results))
    return pl.concat(parts), seconds
