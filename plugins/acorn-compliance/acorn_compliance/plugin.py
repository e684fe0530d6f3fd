"""The hooks of acorn-compliance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from acorn_engine.plugins import Fact, RuleKind, Settings, hookimpl

if TYPE_CHECKING:
    from pydantic import BaseModel


@hookimpl
def acorn_settings() -> Iterable[Settings]:
    """``[compliance]``."""
    from acorn_compliance.settings import ComplianceSettings

    yield Settings("compliance", ComplianceSettings)


@hookimpl
def acorn_facts(settings: Mapping[str, BaseModel]) -> Iterable[Fact]:
    """Provide ``vat_rate``, the safety contacts and the state of the registrations."""
    from acorn_compliance.facts import compliance_facts
    from acorn_compliance.settings import ComplianceSettings

    section = settings.get("compliance")
    return compliance_facts(section if isinstance(section, ComplianceSettings) else ComplianceSettings())


@hookimpl
def acorn_rule_kinds() -> Iterable[RuleKind]:
    """Provide ``gpsr`` and ``epr_gate``."""
    from acorn_compliance.kinds import GateOptions, SafetyOptions, expand_gate, expand_safety

    yield RuleKind(
        name="gpsr",
        model=SafetyOptions,
        expand=expand_safety,
        description="send the safety contacts that the EU asks for, from the seller's data",
        example="use: gpsr\nwith: {manufacturer: true, responsible_person: true}",
    )
    yield RuleKind(
        name="epr_gate",
        model=GateOptions,
        expand=expand_gate,
        description="hold offers without the EPR registrations that the country asks for",
        example="use: epr_gate\nwith: {live_offer: hold}",
    )
