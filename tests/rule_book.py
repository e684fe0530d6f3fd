"""The starter rule book as its sites load it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from acorn_amazon.sites import SITES
from acorn_compliance import plugin as compliance
from acorn_currency import plugin as currency
from acorn_stock import plugin as stock

from acorn_engine.facts import FactInfo
from acorn_engine.fields import STANDARD_FIELDS
from acorn_engine.ruleset import Vocabulary
from acorn_engine.types import BOOLEAN, INTEGER, NUMBER, SITE_MONEY, TEXT, money

BOOK = Path(__file__).parents[1] / "rules"
CHAINS = {
    "amazon.de": ("eu", "de"),
    "amazon.fr": ("eu", "fr"),
    "amazon.co.uk": ("uk",),
    "amazon.com": ("us",),
    "amazon.co.jp": ("jp",),
}
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)  # a Saturday
FACTS = {
    "cost": money("cost_currency"),
    "cost_currency": TEXT,
    "stock": INTEGER,
    "fulfilment": TEXT,
    "clearance": BOOLEAN,
    "competitor_price": SITE_MONEY,
    "current_price": SITE_MONEY,
    "floor_price": SITE_MONEY,
    "ceiling_price": SITE_MONEY,
    "listings_of_stock": INTEGER,
    "vat_rate": NUMBER,
    "gpsr_applies": BOOLEAN,
    "gpsr_manufacturer": TEXT,
    "gpsr_responsible_person": TEXT,
    "epr_ready": BOOLEAN,
    "epr_missing": TEXT,
}
KINDS = {kind.name: kind for plugin in (currency, stock, compliance) for kind in plugin.acorn_rule_kinds()}


def vocabulary(site):
    """Return what the rules of a site may name."""
    return Vocabulary(
        site=next(each for each in SITES if each.name == site),
        facts={name: FactInfo(name, type_) for name, type_ in FACTS.items()},
        fields={field.name: field for field in STANDARD_FIELDS},
        functions={function.name: function for function in currency.acorn_functions()},
        kinds=KINDS,
    )


def files(site):
    """Return the files of a site's chain."""
    return [
        (path.relative_to(BOOK.parent).as_posix(), path.read_text(encoding="utf-8"))
        for folder in CHAINS[site]
        for path in sorted((BOOK / folder).glob("*.yaml"))
    ]
