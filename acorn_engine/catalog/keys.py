"""Whose listing is it: the site and the account of every row, or why it has none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.catalog.findings import Finding
from acorn_engine.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.marketplace import Account
    from acorn_engine.sites import Site


def resolve_keys(
    frame: pl.DataFrame, sites: Mapping[str, Site], accounts: Mapping[str, Account]
) -> tuple[pl.DataFrame, list[Finding], pl.Series]:
    """Fill in the account where only one serves the site.

    Returns the frame with ``account``, what is wrong, and which rows are offers at all: those with
    a known site and account, and a seller SKU.
    """
    if "account" not in frame.columns:
        frame = frame.with_columns(account=pl.lit(None, dtype=pl.String))
    serving = {name: [account.name for account in accounts.values() if name in account.sites] for name in sites}
    only = {name: names[0] for name, names in serving.items() if len(names) == 1}
    site = frame["site"]
    given = frame["account"]
    filled = given.fill_null(site.replace_strict(only, default=None, return_dtype=pl.String))
    pairs = [f"{account}\0{name}" for name, names in serving.items() for account in names]
    known_site = site.is_in(list(sites)).fill_null(value=False)
    served = site.is_in([name for name, names in serving.items() if names]).fill_null(value=False)
    known_account = given.is_in(list(accounts)).fill_null(value=False)
    fits = pl.DataFrame([filled, site]).select(pl.concat_str(filled.name, pl.lit("\0"), site.name)).to_series()
    fits = fits.is_in(pairs).fill_null(value=False)
    open_choice = known_site & served & filled.is_null()
    findings: list[Finding] = []

    def find(code: str, mask: pl.Series, column: str, message: str, hint: object) -> None:
        if mask.any():
            findings.append(
                Finding(
                    code,
                    frame["_position"].filter(mask),
                    message,
                    frame[column].filter(mask),
                    column,
                    hint if callable(hint) or hint is None else str(hint),
                )
            )

    find("no_site", site.is_null(), "site", "the row names no site", "write the site, such as amazon.de")
    find("no_seller_sku", frame["seller_sku"].is_null(), "seller_sku", "the row has no seller SKU", "fill it in")
    find(
        "unknown_site",
        site.is_not_null() & ~known_site,
        "site",
        "{value} is not a known site",
        partial(_site_hint, sites=sites),
    )
    find(
        "unknown_account",
        given.is_not_null() & ~known_account,
        "account",
        "there is no account {value}",
        lambda value: (
            did_you_mean(value, accounts) or f"the accounts are {', '.join(accounts) or 'none: add [accounts.…]'}"
        ),
    )
    find(
        "no_account",
        known_site & ~served & ~(given.is_not_null() & ~known_account),
        "site",
        "no account sells on {value}",
        lambda value: f'add it to an account: [accounts.…] sites = [… "{value}"]',
    )
    find(
        "account_needed",
        open_choice,
        "site",
        "several accounts sell on {value}, and the row does not say which",
        lambda value: f"add a column 'account' with one of {', '.join(serving.get(value, ()))}",
    )
    find(
        "account_without_site",
        known_account & known_site & served & ~fits,
        "account",
        "the account {value} does not sell on the site of this row",
        "correct the account or the site, or add the site to the account",
    )
    offers = known_site & fits & frame["seller_sku"].is_not_null()
    return frame.with_columns(filled.alias("account")), findings, offers


def _site_hint(value: str, sites: Mapping[str, Site]) -> str:
    return did_you_mean(value, sites) or (
        f'the sites are {", ".join(sites)}; or say what it means: values.site = {{ "{value}" = "amazon.de" }}'
    )
