"""A small vocabulary, and ways to load text with it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from acorn_engine.facts import FactInfo
from acorn_engine.fields import STANDARD_FIELDS
from acorn_engine.plugins import Function, Parameter, RuleKind, RuleSpec
from acorn_engine.problems import RuleError
from acorn_engine.ruleset import Chain, Vocabulary, load_chain
from acorn_engine.sites import Site
from acorn_engine.types import BOOLEAN, INTEGER, NUMBER, SITE_MONEY, TEXT, Kind, Type, money

FACTS = {
    "cost": money("cost_currency"),
    "cost_currency": TEXT,
    "stock": INTEGER,
    "brand": TEXT,
    "fulfilment": TEXT,
    "clearance": BOOLEAN,
    "vat_rate": NUMBER,
    "weight": NUMBER,
    "competitor_price": SITE_MONEY,
    "current_price": SITE_MONEY,
    "floor_price": SITE_MONEY,
    "ceiling_price": SITE_MONEY,
}
FX = Function(
    name="fx",
    parameters=(Parameter("amount_of_money", Type(Kind.MONEY, None)),),
    returns=SITE_MONEY,
    definition="site_money(amount(amount_of_money) * lookup('rate', currency_of(amount_of_money)))",
    example="fx(cost)",
)


class StepOptions(BaseModel):
    model_config = ConfigDict(extra="forbid")

    step: Decimal = Field(gt=0)
    direction: Literal["up", "down", "nearest"] = "up"
    label: str = ""


def expand_step(options: StepOptions) -> Iterable[RuleSpec]:
    name = {"up": "round_up", "down": "round_down", "nearest": "round"}[options.direction]
    yield RuleSpec(
        when="not is_missing(price)",
        set={"price": f"{name}(price, {options.step})", "attributes.label": options.label},
        because=f"prices in steps of {options.step}, {{brand}}",
    )
    yield RuleSpec(set={"quantity": 3, "attributes.note": "=brand"}, suffix="rest", final=True)


STEP = RuleKind("price_step", StepOptions, expand_step, example="use: price_step\nwith: {step: 0.05}")


@pytest.fixture
def site() -> Site:
    return Site("amazon.de", "amazon", "A1PA6795UKMFR9", "DE", "EUR", 2, "de_DE", "eu", "Europe/Berlin", True)


@pytest.fixture
def vocabulary(site) -> Vocabulary:
    return Vocabulary(
        site=site,
        facts={name: FactInfo(name, type_) for name, type_ in FACTS.items()},
        fields={field.name: field for field in STANDARD_FIELDS},
        functions={"fx": FX},
        kinds={"price_step": STEP},
    )


@pytest.fixture
def load(vocabulary) -> Callable[..., Chain]:
    """Load texts as f.yaml, f2.yaml, …; keywords change the vocabulary."""

    def loaded(*texts: str, guards=(), **changes) -> Chain:
        files = [(f"f{number + 1 if number else ''}.yaml", text) for number, text in enumerate(texts)]
        return load_chain(files, replace(vocabulary, **changes), guards)

    return loaded


@pytest.fixture
def refused(load) -> Callable[..., str]:
    """Load texts that must be refused, and return all problems as a person sees them."""

    def told(*texts: str, **changes) -> str:
        with pytest.raises(RuleError) as caught:
            load(*texts, **changes)
        return str(caught.value)

    return told


@pytest.fixture
def one() -> Callable[[str], str]:
    """Make a file of the lines of one rule."""

    def file(body: str) -> str:
        lines = "".join(f"    {line}\n" for line in body.split("\n"))
        return f"acorn: 1\nrules:\n  - id: r\n{lines}"

    return file
