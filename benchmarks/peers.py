"""The peers: rule engines that evaluate one offer after the other, each in its fastest form that we know.

Every expression is compiled once. A call is given only the names that its expression uses, or,
where a language looks names up by itself, the offer as one mapping that is never copied. One
generated Python function drives all of them: it passes the price on from rule to rule and rounds it
half up, since none of these languages does that at an assignment. Not counted: compiling, and
turning the offers into Python values. Everything runs on one thread.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from benchmarks import dialects, oracle, workload
from benchmarks.oracle import INPUTS, OTHER_RULES, PRICE_RULES, QUANTITY_RULES

if TYPE_CHECKING:
    import polars as pl

    from benchmarks.oracle import Rule

_BOOLEANS: Final = ("locked", "clearance", "hazmat")


class Peer(NamedTuple):
    """An engine: ``make`` gives a function of an offer's values; ``numbers`` says how they stand."""

    name: str
    distribution: str
    make: Callable[[], Callable[..., tuple[Any, ...]]]
    numbers: str
    offers: int


def _driver(compiled: Callable[[Rule], Any], call: Callable[[int, Rule], str], **options: Any) -> Callable[..., Any]:
    """Return a function of an offer's values that asks every rule in turn.

    ``call`` gives the Python text that evaluates the expression ``e<number>``. ``start`` is run
    first, ``changed`` whenever the price has changed.
    """
    start, changed = options.get("start", "pass"), options.get("changed", "pass")
    lines = [f"def offer({', '.join(INPUTS)}):", " price = cur_price; price_rule = 0", f" {start}"]
    for rule in PRICE_RULES:
        lines.append(f" value = {call(rule.number, rule)}")
        lines.append(f" if value is not None: price = rounded(value, step); price_rule = {rule.number}; {changed}")
    first, second, last = QUANTITY_RULES
    lines.append(f" qty = {call(first.number, first)}; qty_rule = {first.number}")
    lines.append(" if qty is None:")
    lines.append(f"  qty = {call(second.number, second)}; qty_rule = {second.number}")
    lines.append(f"  if qty is None: qty = {call(last.number, last)}; qty_rule = {last.number}")
    lines += [f" {rule.sets} = {call(rule.number, rule)}" for rule in OTHER_RULES]
    lines.append(" return price, qty, handling, epr, rp, price_rule, qty_rule")
    names = {f"e{rule.number}": compiled(rule) for rule in (*PRICE_RULES, *QUANTITY_RULES, *OTHER_RULES)}
    names |= {"rounded": options.get("rounded", _rounded), **options.get("names", {})}
    exec(compile("\n".join(lines), "<driver>", "exec"), names)
    return names["offer"]


def _rounded(value: float, step: float) -> float:
    """Round half up to the step: 0.01, or 1 for the yen."""
    return float(math.floor(value + 0.5)) if step == 1 else math.floor(value * 100 + 0.5) / 100


def _trimmed(rule: Rule) -> str:
    """Return a mapping of the names that a rule uses, as Python text."""
    return "{" + ", ".join(f"'{name}': {name}" for name in dialects.names_of(dialects.python(rule))) + "}"


_OFFER: Final = "{" + ", ".join(f"'{name}': {name}" for name in INPUTS) + ", 'price': cur_price}"


def zen_rules() -> Callable[..., Any]:
    """zen-engine, one compiled expression a rule."""
    import zen

    language = dialects.Zen()
    return _driver(
        lambda rule: zen.compile_expression(language.text(dialects.python(rule))).evaluate,
        lambda number, rule: f"e{number}({_trimmed(rule)})",
    )


def zen_program() -> Callable[..., Any]:
    """zen-engine, all rules as one compiled program of assignments, with its own rounding."""
    import zen

    language = dialects.Zen()
    parts = ["price = cur_price", "price_rule = 0", "digits = step == 1 ? 0 : 2"]
    for rule in PRICE_RULES:
        parts.append(f"applies = {language.text(rule.when)}")
        parts.append(f"price = applies ? round({language.text(rule.to)}, digits) : price")
        parts.append(f"price_rule = applies ? {rule.number} : price_rule")
    first, second, last = QUANTITY_RULES
    zero, clear = language.text(first.when), language.text(second.when)
    results = [f"{zero} ? 0 : {clear} ? stock : {language.text(last.to)}"]
    results += [language.text(dialects.python(rule)) for rule in OTHER_RULES]
    rule = f"{zero} ? {first.number} : {clear} ? {second.number} : {last.number}"
    program = zen.compile_expression("; ".join([*parts, f"[price, {', '.join(results)}, price_rule, {rule}]"]))
    text = f"def offer({', '.join(INPUTS)}):\n return program({_OFFER})"
    names: dict[str, Any] = {"program": program.evaluate}
    exec(compile(text, "<driver>", "exec"), names)
    return names["offer"]


def data_logic() -> Callable[..., Any]:
    """datalogic-py: a session, and one handle of the offer for the rules that do not read the price."""
    import datalogic_py

    engine = datalogic_py.Engine()
    session = engine.session()
    fixed = sorted(
        {name for rule in (*QUANTITY_RULES, *OTHER_RULES) for name in dialects.names_of(dialects.python(rule))}
    )
    offer = "{" + ", ".join(f"'{name}': {name}" for name in fixed) + "}"

    def call(number: int, rule: Rule) -> str:
        if rule in PRICE_RULES:
            return f"evaluate(e{number}, {_trimmed(rule)})"
        return f"evaluate_data(e{number}, data)"

    return _driver(
        lambda rule: engine.compile(dialects.json_logic(dialects.python(rule))),
        call,
        start=f"data = Handle({offer})",
        names={
            "evaluate": session.evaluate,
            "evaluate_data": session.evaluate_data,
            "Handle": datalogic_py.DataHandle,
        },
    )


def cel() -> Callable[..., Any]:
    """Common Expression Language (Rust): one context an offer, in which only the price is set anew."""
    import cel as common_expression_language

    language = dialects.Cel()
    context = common_expression_language.Context()
    return _driver(
        lambda rule: common_expression_language.compile(language.text(dialects.python(rule))).execute,
        lambda number, _: f"e{number}(context)",
        start=f"update({_OFFER})",
        changed="add('price', price)",
        names={"context": context, "update": context.update, "add": context.add_variable},
    )


def rule_engine() -> Callable[..., Any]:
    """rule-engine, on decimals; it looks up the names that it needs in the offer."""
    import rule_engine as peer

    language = dialects.RuleEngine()
    return _driver(
        lambda rule: peer.Rule(language.text(dialects.python(rule))).evaluate,
        lambda number, _: f"e{number}(values)",
        start=f"values = {_OFFER}",
        changed="values['price'] = price",
        rounded=lambda value, step: Decimal(value).quantize(step, ROUND_HALF_UP),
    )


def simple_eval() -> Callable[..., Any]:
    """simpleeval, on floats, every expression parsed once."""
    import simpleeval

    evaluator = simpleeval.EvalWithCompoundTypes(
        functions={"min": min, "floor": math.floor, "startswith": str.startswith}, names={}
    )
    return _driver(
        lambda rule: evaluator.parse(dialects.python(rule)),
        lambda number, _: f"ask('', e{number})",
        start=f"values = evaluator.names = {_OFFER}",
        changed="values['price'] = price",
        names={"evaluator": evaluator, "ask": evaluator.eval},
    )


PEERS: Final = (
    Peer("zen-engine", "zen-engine", zen_rules, "float", 5_000),
    Peer("zen-engine", "zen-engine", zen_program, "float", 5_000),
    Peer("datalogic-py", "datalogic-py", data_logic, "float", 20_000),
    Peer("cel", "common-expression-language", cel, "all float", 10_000),
    Peer("rule-engine", "rule-engine", rule_engine, "decimal", 5_000),
    Peer("simpleeval", "simpleeval", simple_eval, "float", 10_000),
)
"""Where an engine has two forms, the faster one counts."""


def _values(flat: pl.DataFrame, numbers: str) -> list[tuple[Any, ...]]:
    """Return the offers as Python values: decimals, or floats where the engine takes no decimals."""

    def plain(name: str, value: Any) -> Any:
        if isinstance(value, Decimal) or (numbers == "all float" and isinstance(value, int) and name not in _BOOLEANS):
            return float(value)
        return value

    if numbers == "decimal":
        return list(oracle.rows(flat))
    return [tuple(plain(name, value) for name, value in zip(INPUTS, row, strict=True)) for row in oracle.rows(flat)]


def _as_frame(results: list[tuple[Any, ...]]) -> pl.DataFrame:
    exact = [
        (
            Decimal(repr(row[0]) if isinstance(row[0], float) else row[0]),
            *(int(v) if isinstance(v, float | Decimal) else v for v in row[1:]),
        )
        for row in results
    ]
    return oracle.as_frame(exact)


class Prepared(NamedTuple):
    """A peer with its compiled rules and its offers, ready to be timed."""

    peer: Peer
    offer: Callable[..., tuple[Any, ...]]
    values: list[tuple[Any, ...]]

    def run(self) -> tuple[float, list[tuple[Any, ...]]]:
        """Return offers per second, and the results."""
        oracle.exactly()
        offer, values = self.offer, self.values
        gc.collect()
        gc.disable()
        try:
            started = time.perf_counter()
            results = [offer(*row) for row in values]
            return len(values) / (time.perf_counter() - started), results
        finally:
            gc.enable()

    def wrong(self, results: list[tuple[Any, ...]], truth: pl.DataFrame) -> int:
        """Return how many of the offers have a result that the oracle does not have."""
        return workload.wrong(_as_frame(results), truth.head(len(results)))


def prepare(flat: pl.DataFrame, share: float = 1.0) -> list[Prepared]:
    """Return every peer, ready for the first offers of the flat frame."""
    return [Prepared(peer, peer.make(), _values(flat.head(int(peer.offers * share)), peer.numbers)) for peer in PEERS]
