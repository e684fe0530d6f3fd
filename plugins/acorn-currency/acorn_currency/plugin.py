"""The hooks of acorn-currency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from acorn_engine.plugins import FactTable, Function, Parameter, RuleKind, Settings, hookimpl
from acorn_engine.types import NUMBER, SITE_MONEY, TEXT, Kind, Type

if TYPE_CHECKING:
    from pydantic import BaseModel


@hookimpl
def acorn_settings() -> Iterable[Settings]:
    """``[currency]``."""
    from acorn_currency.settings import CurrencySettings

    yield Settings("currency", CurrencySettings)


@hookimpl
def acorn_facts(now: datetime, settings: Mapping[str, BaseModel]) -> Iterable[FactTable]:
    """Provide the table ``rate``."""
    from acorn_currency.settings import CurrencySettings
    from acorn_currency.table import rate_table

    section = settings.get("currency")
    yield rate_table(section if isinstance(section, CurrencySettings) else CurrencySettings(), now)


@hookimpl
def acorn_functions() -> Iterable[Function]:
    """Provide ``fx`` and ``ending``."""
    from acorn_currency.endings import DIRECTIONS, ending_definition

    yield Function(
        name="fx",
        parameters=(Parameter("amount_of_money", Type(Kind.MONEY, None)),),
        returns=SITE_MONEY,
        definition="site_money(amount(amount_of_money) * lookup('rate', currency_of(amount_of_money)))",
        example="fx(cost)",
        description="the money in the site's currency; missing where there is no rate",
    )
    yield Function(
        name="ending",
        parameters=(
            Parameter("x", None),
            Parameter("ending", NUMBER, literal=True),
            Parameter("direction", TEXT, literal=True, choices=DIRECTIONS),
        ),
        returns=None,
        definition=ending_definition,
        example="ending(price, 0.99, 'up')",
        description="the nearest value in that direction, x itself included, that ends so",
    )


@hookimpl
def acorn_rule_kinds() -> Iterable[RuleKind]:
    """Provide ``price_ending``."""
    from acorn_currency.endings import PriceEnding, expand_price_ending

    yield RuleKind(
        name="price_ending",
        model=PriceEnding,
        expand=expand_price_ending,
        description="move a proposed price to a price ending",
        example="use: price_ending\nwith: {ending: 0.99, direction: up}",
    )
