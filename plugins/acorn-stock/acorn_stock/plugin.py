"""The hooks of acorn-stock."""

from __future__ import annotations

from collections.abc import Iterable

from acorn_engine.plugins import Fact, RuleKind, hookimpl


@hookimpl
def acorn_facts() -> Iterable[Fact]:
    """Provide ``listings_of_stock``."""
    from acorn_stock.facts import FACTS

    return FACTS


@hookimpl
def acorn_rule_kinds() -> Iterable[RuleKind]:
    """Provide ``stock``."""
    from acorn_stock.kind import StockOptions, expand_stock

    yield RuleKind(
        name="stock",
        model=StockOptions,
        expand=expand_stock,
        description="show a part of the stock: share, reserve, cap, threshold; merchant-fulfilled only",
        example="use: stock\nwith: {reserve: 2, cap: 50, threshold: 5}",
    )
