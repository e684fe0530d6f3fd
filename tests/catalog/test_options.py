from __future__ import annotations

import pytest
from pydantic import ValidationError

from acorn_engine.catalog import CatalogOptions, ColumnSpec, parse_columns
from acorn_engine.problems import ProjectError
from acorn_engine.types import BOOLEAN, NUMBER, SITE_MONEY, money


def test_types_of_columns():
    assert parse_columns(
        {
            "weight": "number",
            "clearance": {"type": "boolean", "default": False},
            "rival": "money",
            "fee": "money:USD",
            "duty": {"type": "money:duty_currency", "default": "0.50"},
        }
    ) == {
        "weight": ColumnSpec(NUMBER),
        "clearance": ColumnSpec(BOOLEAN, "false"),
        "rival": ColumnSpec(SITE_MONEY),
        "fee": ColumnSpec(money("USD")),
        "duty": ColumnSpec(money("duty_currency"), "0.50"),
    }


def test_all_mistakes_at_once():
    with pytest.raises(ProjectError) as caught:
        parse_columns(
            {
                "a": "numbr",
                "b": {"typ": "text"},
                "c": {"type": "text", "defalt": 1},
                "d": "money:RMB",
                "e": {"type": "number", "default": 0.1},
            }
        )
    shown = str(caught.value)
    assert "column 'a' of [catalog.columns] cannot be read: 'numbr' is not a type" in shown
    assert "did you mean 'number'?" in shown
    assert "column 'b' of [catalog.columns] needs a type" in shown
    assert "column 'c' of [catalog.columns] has the unknown key 'defalt'" in shown
    assert "column 'd' of [catalog.columns] names the unknown currency RMB" in shown
    assert "if it means CNY" in shown
    assert "write the number in quotes" in shown


def test_defaults_may_be_written_as_they_are_but_not_as_floats():
    options = CatalogOptions(source="csv", default={"stock": 0, "clearance": False, "brand": "Acme"})
    assert options.default == {"stock": "0", "clearance": "false", "brand": "Acme"}
    with pytest.raises(ValidationError, match="write the number in quotes"):
        CatalogOptions(source="csv", default={"cost": 0.1})
