"""``[currency]`` in the project file."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from acorn_currency.calendar import Age, LargestAge
from acorn_engine.plugins import ProjectPath


class CurrencySettings(BaseModel):
    """Where the operator's rates stand, and how old a rate may be."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    rates: ProjectPath | tuple[dict[str, Any], ...] | None = Field(
        None, description="the operator's own rates: a CSV file of base, quote, rate, as_of, source, or such rows"
    )
    max_age: Age = Field(
        LargestAge(publication_days=2), description='how old a rate may be: "2 publication days" or "36h"'
    )
    snapshot: bool = Field(
        True, description="whether the packaged snapshot of the ECB's rates may fill what the operator's file lacks"
    )
