"""Amazon's marketplaces as the sandbox knows them.

The sandbox keeps a table of its own, so that a mistake in a client's table shows.
Source: Amazon's marketplace ids page; sellers v1 answers ``GB`` where other pages say UK.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Marketplace:
    """One store; ``digits`` are the decimals of its currency, ``region`` is NA, EU or FE."""

    id: str
    country: str
    name: str
    domain: str
    currency: str
    region: str
    language: str
    digits: int = 2

    @property
    def channel(self) -> str:
        """The fulfilment channel code of Amazon's own warehouses for this store."""
        return f"AMAZON_{'JP' if self.country == 'JP' else self.region}"


def _store(line: str) -> Marketplace:
    identifier, country, domain, currency, region, language, name = line.split(maxsplit=6)
    return Marketplace(
        identifier, country, name, f"www.{domain}", currency, region, language, 0 if currency == "JPY" else 2
    )


MARKETPLACES: Final[dict[str, Marketplace]] = {
    store.id: store
    for store in map(
        _store,
        (
            "ATVPDKIKX0DER  US amazon.com    USD NA en_US United States",
            "A2EUQ1WTGCTBG2 CA amazon.ca     CAD NA en_CA Canada",
            "A1AM78C64UM0Y8 MX amazon.com.mx MXN NA es_MX Mexico",
            "A2Q3Y263D00KWC BR amazon.com.br BRL NA pt_BR Brazil",
            "A1F83G8C2ARO7P GB amazon.co.uk  GBP EU en_GB United Kingdom",
            "A1PA6795UKMFR9 DE amazon.de     EUR EU de_DE Germany",
            "A13V1IB3VIYZZH FR amazon.fr     EUR EU fr_FR France",
            "APJ6JRA9NG5V4  IT amazon.it     EUR EU it_IT Italy",
            "A1RKKUPIHCS9HS ES amazon.es     EUR EU es_ES Spain",
            "A1805IZSGTT6HS NL amazon.nl     EUR EU nl_NL Netherlands",
            "AMEN7PMS3EDWL  BE amazon.com.be EUR EU fr_BE Belgium",
            "A28R8C7NBKEWEA IE amazon.ie     EUR EU en_IE Ireland",
            "A2NODRKZP88ZB9 SE amazon.se     SEK EU sv_SE Sweden",
            "A1C3SOZRARQ6R3 PL amazon.pl     PLN EU pl_PL Poland",
            "A33AVAJ2PDY3EV TR amazon.com.tr TRY EU tr_TR Turkey",
            "A2VIGQ35RCS4UG AE amazon.ae     AED EU en_AE United Arab Emirates",
            "A17E79C6D8DWNP SA amazon.sa     SAR EU ar_AE Saudi Arabia",
            "ARBP9OOSHTCHU  EG amazon.eg     EGP EU ar_AE Egypt",
            "AE08WJ6YKNBMC  ZA amazon.co.za  ZAR EU en_ZA South Africa",
            "A21TJRUUN4KGV  IN amazon.in     INR EU en_IN India",
            "A19VAU5U5O7RUS SG amazon.sg     SGD FE en_SG Singapore",
            "A39IBJ37TRP1C6 AU amazon.com.au AUD FE en_AU Australia",
            "A1VC38T7YXB528 JP amazon.co.jp  JPY FE ja_JP Japan",
        ),
    )
}
