"""Which registrations a country asks for, and which of them the seller holds."""

from __future__ import annotations

import re
from datetime import date
from typing import Final

from acorn_compliance.packs import obligations
from acorn_compliance.settings import ComplianceSettings

_SEPARATORS: Final = re.compile(r"[;,|/\s]+")


class Registrations:
    """The seller's registrations against the countries' obligations.

    Products name their streams as text ("packaging; batteries"); without any the settings'
    ``streams`` hold. A stream that no pack knows is never registered.
    """

    def __init__(self, settings: ComplianceSettings) -> None:
        self._default = settings.streams
        self._known = {(obligation.country, obligation.stream): obligation for obligation in obligations()}
        self._gated = {country for country, _ in self._known}
        self._streams = {stream for _, stream in self._known}
        self._held = {(entry.country, entry.stream): entry for entry in settings.registrations}

    def ready(self, country: str, day: date, streams: str | None) -> bool:
        """Say whether nothing is missing on a day; countries without a pack ask for nothing."""
        return country not in self._gated or not self._lacking(country, day, streams)

    def missing(self, country: str, day: date, streams: str | None) -> str | None:
        """Return the missing streams in words, or ``None``."""
        return ", ".join(self._lacking(country, day, streams)) or None if country in self._gated else None

    def note(self, country: str, _day: date, streams: str | None) -> str | None:
        """Return the numbers that do not look as their register writes them, or ``None``."""
        odd = []
        for stream in self._named(streams):
            obligation, entry = self._known.get((country, stream)), self._held.get((country, stream))
            if obligation and entry and not re.fullmatch(obligation.pattern, entry.number):
                odd.append(f"{stream} {entry.number} (expected like {obligation.example})")
        return "; ".join(odd) or None

    def _named(self, streams: str | None) -> list[str]:
        words = [word for word in _SEPARATORS.split(streams.casefold()) if word] if streams else list(self._default)
        return sorted(set(words))

    def _lacking(self, country: str, day: date, streams: str | None) -> list[str]:
        return [stream for stream in self._named(streams) if not self._covered(country, stream, day)]

    def _covered(self, country: str, stream: str, day: date) -> bool:
        obligation = self._known.get((country, stream))
        if obligation is None and stream in self._streams:
            return True
        if obligation is not None and obligation.valid_from > day:
            return True
        entry = self._held.get((country, stream))
        return entry is not None and (entry.valid_to is None or day <= entry.valid_to)
