"""Sites and accounts as the engine knows them: plain data, provided by marketplace plugins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Site:
    """One store of a marketplace.

    ``name`` is what people write (``amazon.de``), ``marketplace`` the provider (``amazon``),
    ``marketplace_id`` the provider's own id, ``country`` ISO 3166-1 alpha-2, ``currency``
    ISO 4217, ``digits`` the decimals of its minor unit (JPY 0), ``language`` like ``de_DE``,
    ``region`` the provider's API region, ``time_zone`` an IANA name, ``tax_included`` whether
    displayed prices contain the tax.
    """

    name: str
    marketplace: str
    marketplace_id: str
    country: str
    currency: str
    digits: int
    language: str
    region: str
    time_zone: str
    tax_included: bool

    @property
    def tick(self) -> Fraction:
        """The smallest step of a price, in major units of the site's currency."""
        return Fraction(1, 10**self.digits)

    @property
    def tick_text(self) -> str:
        """The smallest step of a price as plain decimal text."""
        return format(Decimal(1).scaleb(-self.digits), "f")


@dataclass(frozen=True, slots=True)
class SiteClock:
    """A site at one instant; ``now`` is aware."""

    site: Site
    now: datetime

    @property
    def local(self) -> datetime:
        """The site-local time."""
        return self.now.astimezone(ZoneInfo(self.site.time_zone))

    @property
    def today(self) -> date:
        """The site-local date."""
        return self.local.date()


def utc(moment: datetime) -> str:
    """Return an aware instant as RFC 3339 UTC text with whole seconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
