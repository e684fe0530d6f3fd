"""The rule kinds ``gpsr`` and ``epr_gate``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from acorn_engine.plugins import RuleSpec


class SafetyOptions(BaseModel):
    """``with:`` of the rule kind ``gpsr``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    manufacturer: bool = Field(True, description="send the manufacturer's contact")
    responsible_person: bool = Field(True, description="send the EU responsible person's contact")


def expand_safety(options: SafetyOptions) -> Iterable[RuleSpec]:
    """Expand to one rule a contact, so that a missing one holds only its own attribute.

    The safety attestation is a legal statement: it is never sent from here.
    """
    if options.manufacturer:
        yield RuleSpec(
            when="gpsr_applies",
            set={"attributes.gpsr_manufacturer_reference": "=gpsr_manufacturer"},
            because="GPSR asks for the manufacturer's contact",
            suffix="manufacturer",
        )
    if options.responsible_person:
        yield RuleSpec(
            when="gpsr_applies",
            set={"attributes.dsa_responsible_party_address": "=gpsr_responsible_person"},
            because="GPSR asks for a responsible person in the EU",
            suffix="responsible-person",
        )


class GateOptions(BaseModel):
    """``with:`` of the rule kind ``epr_gate``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    live_offer: Literal["warn", "hold", "zero"] = Field(
        "hold", description="what happens to an offer that is live already: warn, hold its changes, or show no stock"
    )


def expand_gate(options: GateOptions) -> Iterable[RuleSpec]:
    """Expand to the gate: without every registration an offer is not eligible; unknown counts as absent."""
    absent = "not default(epr_ready, false)"
    words = "no valid EPR registration for {epr_missing}"
    if options.live_offer == "zero":
        yield RuleSpec(
            when=f"{absent} and fulfilment == 'merchant'",
            set={"quantity": "0"},
            because=words,
            final=True,
            suffix="zero",
        )
    condition = f"{absent} and is_missing(current_price)" if options.live_offer == "warn" else absent
    yield RuleSpec(when=condition, set={"eligible": "false"}, because=words)
