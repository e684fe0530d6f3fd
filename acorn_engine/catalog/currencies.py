"""The currency codes that a catalogue may name: ISO 4217 list one, without test and metal codes; checked 2026-11."""

from __future__ import annotations

from typing import Final

from acorn_engine.problems import did_you_mean

CURRENCIES: Final = frozenset(
    """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY
    COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP
    MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR
    SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND
    VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
    """.split()  # noqa: SIM905 -- a table reads better in lines
)

EVERYDAY_NAMES: Final = {
    "RMB": "CNY",
    "CNH": "CNY",
    "人民币": "CNY",
    "元": "CNY",
    "EURO": "EUR",
    "EUROS": "EUR",
    "€": "EUR",
    "欧元": "EUR",
    "£": "GBP",
    "UKP": "GBP",
    "英镑": "GBP",
    "$": "USD",
    "US$": "USD",
    "DOLLAR": "USD",
    "美元": "USD",
    "日元": "JPY",
    "YEN": "JPY",
    "NT$": "TWD",
    "NTD": "TWD",
    "TL": "TRY",
    "ZŁ": "PLN",
}
"""What people write instead of a code, for hints only: nothing is converted by it."""


def currency_hint(column: str, written: str) -> str:
    """Return what to write instead of ``written`` in ``column``."""
    code = EVERYDAY_NAMES.get(written.upper())
    if code:
        return f'if it means {code}, say so: values.{column} = {{ "{written}" = "{code}" }}'
    return did_you_mean(written.upper(), sorted(CURRENCIES)) or "write an ISO 4217 code such as EUR, USD or CNY"
