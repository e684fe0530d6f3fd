"""The ``[guards]`` section: the built-in guards, their limits, and how to switch one off."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from acorn_engine.plugins.records import GuardSpec

SMALL_CATALOGUE: Final = 50
"""Below so many known offers a share says little, and ``changed_share`` does not halt."""

MOVES: Final = frozenset({"largest_move", "largest_move_sale", "decimal_shift", "decimal_shift_sale"})
"""The built-in guards that compare a price with the current one."""
NO_MOVES: Final = frozenset({"first_price", "above_stock"})
"""Built-in guards that read a current value, but say nothing of how far it moves."""

_PERCENT: Final = re.compile(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*%\s*")


class Off(BaseModel):
    """A guard that is switched off, with the reason that the plan's summary repeats."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    off: str = Field(min_length=1, description="why the guard is switched off")


def _percent(value: Any) -> Any:
    if isinstance(value, dict | Off | Fraction):
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value == 0:
        return Fraction(0)
    found = _PERCENT.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise ValueError(f'{value!r} is not a share; write it as text with a percent sign, like "20%"')
    return Fraction(found[1]) / 100


def _factor(value: Any) -> Any:
    if isinstance(value, dict | Off | Fraction):
        return value
    try:
        # A TOML float is read back as it was written: its shortest text is exact.
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except (InvalidOperation, TypeError, ValueError):
        number = Decimal(-1)
    if isinstance(value, bool) or not number.is_finite() or number < 0 or len(number.as_tuple().digits) > 18:
        raise ValueError(f"{value!r} is not a factor; write a number such as 5")
    return Fraction(number)


Percent = Annotated[Fraction, WithJsonSchema({"type": "string", "pattern": r"^\d+(\.\d+)?%$"})]
Factor = Annotated[Fraction, WithJsonSchema({"type": "number", "minimum": 0})]


class GuardSettings(BaseModel):
    """The built-in guards. An absent key means the default; ``{ off = "why" }`` switches one off.

    Shares are exact fractions. A limit of zero means zero: ``largest_move = "0%"`` holds every
    move, ``changed_share = "0%"`` halts on any change. The floor can't be switched off.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    largest_move: Annotated[Percent | Off, BeforeValidator(_percent)] = Field(
        Fraction(20, 100), description="hold: a price that moves by more than this share of the current one"
    )
    changed_share: Annotated[Percent | Off, BeforeValidator(_percent)] = Field(
        Fraction(40, 100),
        description="halt: offers sent in the last 24 hours or in this plan, of all known offers of the site,"
        f" from {SMALL_CATALOGUE} offers on",
    )
    decimal_shift: Annotated[Factor | Off, BeforeValidator(_factor)] = Field(
        Fraction(5), description="reject: new divided by current is at least this, or at most one over this"
    )
    first_price: Literal["hold", "reject"] | Off = Field(
        "hold", description="what to do with a price where there is no current one to compare with"
    )
    stale: Literal["hold"] | Off = Field(
        "hold", description="what to do where a fact read by an applied rule or guard is too old"
    )
    above_stock: Literal["reject", "hold"] | Off = Field(
        "reject", description="what to do with a quantity above the stock"
    )
    below_floor: Literal["reject", "raise", "hold"] = Field(
        "reject", description="what to do with a price below the floor; raise lifts it to the floor"
    )

    @property
    def switched_off(self) -> dict[str, str]:
        """The guards that are off, each with its reason."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value.off for name, value in values.items() if isinstance(value, Off)}

    def specs(self) -> tuple[GuardSpec, ...]:
        """Return the built-in guards as guards in the language, in the order they are asked.

        They never fire where there is nothing to compare with: that is ``first_price``'s answer.
        """
        guards: list[GuardSpec] = []
        if not isinstance(self.decimal_shift, Off):
            guards += _decimal_shift(_number_text(self.decimal_shift))
        if not isinstance(self.first_price, Off):
            guards.append(
                GuardSpec(
                    id="first_price",
                    verdict=self.first_price,
                    condition="is_missing(current_price) or current_price <= 0",
                    because="there is no current price to compare {price} with",
                    fields=("price",),
                )
            )
        if not isinstance(self.largest_move, Off):
            guards += _largest_move(percent_text(self.largest_move))
        if not isinstance(self.above_stock, Off):
            guards.append(_above_stock(self.above_stock))
        if not isinstance(self.changed_share, Off):
            guards.append(_changed_share(self.changed_share))
        return tuple(guards)


def _decimal_shift(factor: str) -> list[GuardSpec]:
    shift = "({new} >= {old} * {factor} or {new} * {factor} <= {old})"
    sale_base = "default(current_sale_price, current_price)"
    return [
        GuardSpec(
            id="decimal_shift",
            verdict="reject",
            condition="default(current_price > 0, false) and not is_missing(price) and "
            + shift.format(new="price", old="current_price", factor=factor),
            because=f"{{current_price}} to {{price}} is a factor of {factor} or more: a decimal point may have moved",
            fields=("price",),
        ),
        GuardSpec(
            id="decimal_shift_sale",
            verdict="reject",
            condition=f"default({sale_base} > 0, false) and not is_missing(sale_price) and "
            + shift.format(new="sale_price", old=sale_base, factor=factor),
            because=f"the sale price {{sale_price}} is off by a factor of {factor} or more:"
            " a decimal point may have moved",
            fields=("sale_price",),
        ),
    ]


def _largest_move(limit: str) -> list[GuardSpec]:
    return [
        GuardSpec(
            id=name,
            verdict="hold",
            condition=f"default(current_{field} > 0, false) and not is_missing({field})"
            f" and abs({field} - current_{field}) > current_{field} * {limit}",
            because=f"{{current_{field}}} to {{{field}}} is a move of more than {limit}",
            fields=(field,),
        )
        for name, field in (("largest_move", "price"), ("largest_move_sale", "sale_price"))
    ]


def _above_stock(verdict: Literal["reject", "hold"]) -> GuardSpec:
    # Where the stock is unknown only a decrease may pass.
    return GuardSpec(
        id="above_stock",
        verdict=verdict,
        condition="quantity > stock and not default(is_missing(stock) and quantity <= current_quantity, false)",
        because="the quantity {quantity} is above the stock of {stock}",
        fields=("quantity",),
    )


def _changed_share(limit: Fraction) -> GuardSpec:
    text = percent_text(limit)
    enough = f"offers >= {SMALL_CATALOGUE} and " if limit else ""
    return GuardSpec(
        id="changed_share",
        verdict="halt",
        condition=f"{enough}changed_share > {text}",
        because=f"{{changed_count}} of {{offers}} offers were sent in the last 24 hours or would be: more than {text}",
    )


def percent_text(share: Fraction) -> str:
    """Return an exact share with a percent sign: 1/5 is ``20%``."""
    return f"{_number_text(share * 100)}%"


def _number_text(number: Fraction) -> str:
    text = format(Decimal(number.numerator) / Decimal(number.denominator), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
