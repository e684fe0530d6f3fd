"""Amazon's 23 stores: ids, currencies, regions, languages, time zones.

Ids, regions and countries are Amazon's list of marketplace ids. Currency, language and tax
convention are the stores' own and agree with what ``getMarketplaceParticipations`` answers.
The time zone is that of the country's largest market; it decides which day "today" is.
"""

from __future__ import annotations

from typing import Final

from acorn_engine.sites import Site

NAME: Final = "amazon"

_DIGITS: Final = {"JPY": 0}
_STANDARD_DIGITS: Final = 2


def _site(name: str, marketplace_id: str, country: str, currency: str, region: str, language: str, zone: str) -> Site:
    return Site(
        name=name,
        marketplace=NAME,
        marketplace_id=marketplace_id,
        country=country,
        currency=currency,
        digits=_DIGITS.get(currency, _STANDARD_DIGITS),
        language=language,
        region=region,
        time_zone=zone,
        # The United States and Canada show prices before sales tax, every other store with it.
        tax_included=country not in {"US", "CA"},
    )


SITES: Final[tuple[Site, ...]] = (
    _site("amazon.com", "ATVPDKIKX0DER", "US", "USD", "na", "en_US", "America/Los_Angeles"),
    _site("amazon.ca", "A2EUQ1WTGCTBG2", "CA", "CAD", "na", "en_CA", "America/Toronto"),
    _site("amazon.com.mx", "A1AM78C64UM0Y8", "MX", "MXN", "na", "es_MX", "America/Mexico_City"),
    _site("amazon.com.br", "A2Q3Y263D00KWC", "BR", "BRL", "na", "pt_BR", "America/Sao_Paulo"),
    _site("amazon.co.uk", "A1F83G8C2ARO7P", "GB", "GBP", "eu", "en_GB", "Europe/London"),
    _site("amazon.de", "A1PA6795UKMFR9", "DE", "EUR", "eu", "de_DE", "Europe/Berlin"),
    _site("amazon.fr", "A13V1IB3VIYZZH", "FR", "EUR", "eu", "fr_FR", "Europe/Paris"),
    _site("amazon.it", "APJ6JRA9NG5V4", "IT", "EUR", "eu", "it_IT", "Europe/Rome"),
    _site("amazon.es", "A1RKKUPIHCS9HS", "ES", "EUR", "eu", "es_ES", "Europe/Madrid"),
    _site("amazon.nl", "A1805IZSGTT6HS", "NL", "EUR", "eu", "nl_NL", "Europe/Amsterdam"),
    _site("amazon.com.be", "AMEN7PMS3EDWL", "BE", "EUR", "eu", "fr_BE", "Europe/Brussels"),
    _site("amazon.ie", "A28R8C7NBKEWEA", "IE", "EUR", "eu", "en_IE", "Europe/Dublin"),
    _site("amazon.se", "A2NODRKZP88ZB9", "SE", "SEK", "eu", "sv_SE", "Europe/Stockholm"),
    _site("amazon.pl", "A1C3SOZRARQ6R3", "PL", "PLN", "eu", "pl_PL", "Europe/Warsaw"),
    _site("amazon.com.tr", "A33AVAJ2PDY3EV", "TR", "TRY", "eu", "tr_TR", "Europe/Istanbul"),
    _site("amazon.ae", "A2VIGQ35RCS4UG", "AE", "AED", "eu", "en_AE", "Asia/Dubai"),
    _site("amazon.sa", "A17E79C6D8DWNP", "SA", "SAR", "eu", "ar_AE", "Asia/Riyadh"),
    _site("amazon.eg", "ARBP9OOSHTCHU", "EG", "EGP", "eu", "ar_AE", "Africa/Cairo"),
    _site("amazon.co.za", "AE08WJ6YKNBMC", "ZA", "ZAR", "eu", "en_ZA", "Africa/Johannesburg"),
    _site("amazon.in", "A21TJRUUN4KGV", "IN", "INR", "eu", "en_IN", "Asia/Kolkata"),
    _site("amazon.sg", "A19VAU5U5O7RUS", "SG", "SGD", "fe", "en_SG", "Asia/Singapore"),
    _site("amazon.com.au", "A39IBJ37TRP1C6", "AU", "AUD", "fe", "en_AU", "Australia/Sydney"),
    _site("amazon.co.jp", "A1VC38T7YXB528", "JP", "JPY", "fe", "ja_JP", "Asia/Tokyo"),
)

SITES_BY_NAME: Final[dict[str, Site]] = {site.name: site for site in SITES}
