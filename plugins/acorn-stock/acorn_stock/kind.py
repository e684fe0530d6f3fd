"""The rule kind ``stock``: what part of the stock a site shows."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from acorn_engine.plugins import RuleSpec


class StockOptions(BaseModel):
    """``with:`` of the rule kind ``stock``; quantities are units."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reserve: int = Field(0, ge=0, description="units kept back for other channels")
    cap: int | None = Field(None, ge=0, description="units shown at most")
    threshold: int = Field(0, ge=0, description="below this stock nothing is shown")
    share: Decimal = Field(Decimal(1), ge=0, le=1, description="the part of the stock that this account may sell")
    divide: bool = Field(False, description="divide the stock between the account's listings of one product")

    @model_validator(mode="after")
    def _cap_above_nothing(self) -> StockOptions:
        if self.cap == 0 and self.reserve:
            raise ValueError("a cap of 0 shows nothing, whatever the reserve; leave the reserve out")
        return self


def expand_stock(options: StockOptions) -> Iterable[RuleSpec]:
    """Expand to one rule for merchant-fulfilled offers: share, then reserve, then cap; 0 below the threshold.

    The marketplace ships what it holds itself, so its offers are never touched. Where the stock
    is missing the quantity comes out missing, which holds it.
    """
    shown = "stock"
    if options.share != 1:
        shown = f"round_down({shown} * {format(options.share, 'f')}, 1)"
    if options.divide:
        shown = f"round_down({shown} / listings_of_stock, 1)"
    if options.reserve:
        shown = f"{shown} - {options.reserve}"
    if options.cap is not None:
        shown = f"min({shown}, {options.cap})"
    shown = f"max({shown}, 0)"
    if options.threshold:
        shown = f"0 if stock < {options.threshold} else {shown}"
    parts = [
        f"threshold {options.threshold}" if options.threshold else "",
        f"reserve {options.reserve}" if options.reserve else "",
    ]
    parts.append(f"cap {options.cap}" if options.cap is not None else "")
    words = ", ".join(part for part in parts if part)
    yield RuleSpec(
        when="fulfilment == 'merchant'",
        set={"quantity": shown},
        because=f"stock with {words}" if words else "the stock",
    )
