"""What holds secrets on its way out, and is shown by no tool that shows local variables."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Sealed:
    """The body of a request that holds secrets."""

    body: bytes = field(repr=False)
