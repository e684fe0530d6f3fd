"""``[compliance]`` in the project file: what only the seller can say."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from pydantic import BaseModel, ConfigDict, Field, field_validator

from acorn_engine.plugins import ProjectPath


class Registration(BaseModel):
    """One entry of ``[[compliance.registrations]]``: a number that the seller holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    country: str = Field(pattern=r"^[A-Z]{2}$", description="ISO country code")
    stream: str = Field(min_length=1, description="packaging, electronics, batteries, textiles …")
    number: str = Field(min_length=1, max_length=40, description="the registration number")
    valid_to: date | None = Field(None, description="the last day of its validity")

    @field_validator("number", mode="before")
    @classmethod
    def _clean(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        plain = unicodedata.normalize("NFKC", value)
        plain = "".join(sign for sign in plain if unicodedata.category(sign) not in {"Cf", "Cc"})
        return re.sub(r"\s+", "", plain)


class ComplianceSettings(BaseModel):
    """Contacts and registrations. Nothing here is ever guessed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    vat: ProjectPath | None = Field(None, description="the operator's own VAT table, which wins over the packaged one")
    manufacturer: str | None = Field(
        None, description="the manufacturer's e-mail address or URL, as stored in Seller Central"
    )
    responsible_person: str | None = Field(None, description="the EU responsible person's e-mail address or URL")
    manufacturers: dict[str, str] = Field(default_factory=dict, description="manufacturer contacts by brand")
    responsible_persons: dict[str, str] = Field(default_factory=dict, description="responsible persons by brand")
    streams: tuple[str, ...] = Field(
        ("packaging",), description="the EPR streams of products that do not name their own in the column epr_streams"
    )
    registrations: tuple[Registration, ...] = Field((), description="EPR registrations that the seller holds")
