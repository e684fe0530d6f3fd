"""The ``[amazon]`` section of the project file."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class AmazonSettings(BaseModel):
    """How the client behaves. Secrets and endpoints belong to accounts, not here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    application: str = Field(default="Acorn", min_length=1, max_length=100, description="name in the user agent")
    timeout_seconds: float = Field(default=30, gt=0, le=300, description="longest silence of a connection")
    attempts: int = Field(default=5, ge=1, le=20, description="how often a call that changes nothing is tried")
    first_pause_seconds: float = Field(default=0.5, ge=0, le=60, description="pause before the second try; it doubles")
    longest_wait_seconds: float = Field(
        default=30, ge=0, le=3600, description="longest wait for a quota inside a call; a longer one is handed back"
    )
