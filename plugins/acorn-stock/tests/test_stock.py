"""The rule kind ``stock`` and its fact."""

from __future__ import annotations

from decimal import Decimal

import polars as pl
import pytest
from acorn_stock.facts import listings_of_stock
from acorn_stock.kind import StockOptions, expand_stock
from pydantic import ValidationError


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "max(stock, 0)"),
        ({"reserve": 2, "cap": 50, "threshold": 5}, "0 if stock < 5 else max(min(stock - 2, 50), 0)"),
        ({"cap": 0}, "max(min(stock, 0), 0)"),
        ({"share": Decimal("0.5"), "reserve": 1}, "max(round_down(stock * 0.5, 1) - 1, 0)"),
        ({"divide": True}, "max(round_down(stock / listings_of_stock, 1), 0)"),
    ],
)
def test_options_become_one_expression(options, text):
    [rule] = expand_stock(StockOptions(**options))
    assert rule.when == "fulfilment == 'merchant'"
    assert rule.set == {"quantity": text}


@pytest.mark.parametrize("options", [{"reserve": -1}, {"share": Decimal("1.5")}, {"cap": 0, "reserve": 3}, {"caps": 3}])
def test_bad_options(options):
    with pytest.raises(ValidationError):
        StockOptions(**options)


def test_listings_that_share_a_stock_are_counted_once_a_seller_sku():
    offers = pl.DataFrame(
        {
            "site": ["de", "fr", "de", "de", "de"],
            "sku": ["A", "A", "A", "A", "B"],
            "seller_sku": ["A-1", "A-1", "A-2", "A-FBA", "B-FBA"],
            "fulfilment": ["merchant", "merchant", "merchant", "amazon", "amazon"],
        }
    )
    assert listings_of_stock(offers).to_list() == [2, 2, 2, 2, 1]
    assert listings_of_stock(offers.clear()).to_list() == []
