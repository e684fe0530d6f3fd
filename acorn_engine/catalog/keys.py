"""Whose listing is it: the site and the account of every row, or why it has none."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.catalog.distinct import Distinct
from acorn_engine.catalog.findings import Finding
from acorn_engine.problems import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.marketplace import Account
    from acorn_engine.sites import Site


def resolve_keys(
    frame: pl.DataFrame, sites: Mapping[str, Site], accounts: Mapping[str, Account]
) -> tuple[pl.DataFrame, list[Finding], pl.Series | None]:
    """Fill in the account where only one serves the site.

    Returns the frame with ``account``, what is wrong, and which rows are offers at all: those with
    a known site and account, and a seller SKU; ``None`` says that all are.
    """
    if "account" not in frame.columns:
        frame = frame.with_columns(account=pl.lit(None, dtype=pl.String))
    # Sites and accounts are few, however many the rows: each combination is judged once.
    named = frame["account"].null_count() < frame.height
    distinct = Distinct(frame["site"], frame["account"]) if named else Distinct(frame["site"])
    table = distinct.table if named else distinct.table.with_columns(account=pl.lit(None, dtype=pl.String))
    serving = {name: [account.name for account in accounts.values() if name in account.sites] for name in sites}
    only = {name: names[0] for name, names in serving.items() if len(names) == 1}
    site = table["site"]
    given = table["account"]
    filled = given.fill_null(site.replace_strict(only, default=None, return_dtype=pl.String))
    pairs = [f"{account}\0{name}" for name, names in serving.items() for account in names]
    known_site = site.is_in(list(sites)).fill_null(value=False)
    served = site.is_in([name for name, names in serving.items() if names]).fill_null(value=False)
    known_account = given.is_in(list(accounts)).fill_null(value=False)
    fits = pl.DataFrame([filled, site]).select(pl.concat_str(filled.name, pl.lit("\0"), site.name)).to_series()
    fits = fits.is_in(pairs).fill_null(value=False)
    open_choice = known_site & served & filled.is_null()
    findings: list[Finding] = []

    def find(code: str, mask: pl.Series | None, column: str, message: str, hint: object) -> None:
        if mask is not None and mask.any():
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

    rows = distinct.rows
    no_sku = frame["seller_sku"].is_null() if frame["seller_sku"].null_count() else None
    find("no_site", rows(site.is_null()), "site", "the row names no site", "write the site, such as amazon.de")
    find("no_seller_sku", no_sku, "seller_sku", "the row has no seller SKU", "fill it in")
    find(
        "unknown_site",
        rows(site.is_not_null() & ~known_site),
        "site",
        "{value} is not a known site",
        partial(_site_hint, sites=sites),
    )
    find(
        "unknown_account",
        rows(given.is_not_null() & ~known_account),
        "account",
        "there is no account {value}",
        lambda value: (
            did_you_mean(value, accounts) or f"the accounts are {', '.join(accounts) or 'none: add [accounts.…]'}"
        ),
    )
    find(
        "no_account",
        rows(known_site & ~served & ~(given.is_not_null() & ~known_account)),
        "site",
        "no account sells on {value}",
        lambda value: f'add it to an account: [accounts.…] sites = [… "{value}"]',
    )
    find(
        "account_needed",
        rows(open_choice),
        "site",
        "several accounts sell on {value}, and the row does not say which",
        lambda value: f"add a column 'account' with one of {', '.join(serving.get(value, ()))}",
    )
    find(
        "account_without_site",
        rows(known_account & known_site & served & ~fits),
        "account",
        "the account {value} does not sell on the site of this row",
        "correct the account or the site, or add the site to the account",
    )
    frame = frame.with_columns(distinct.spread(filled).alias("account"))
    offers = distinct.rows(known_site & fits)
    if offers is None:
        offers = pl.Series([False]).new_from_index(0, frame.height)
    elif no_sku is None and offers.all():
        return frame, findings, None
    return frame, findings, offers & ~no_sku if no_sku is not None else offers


def _site_hint(value: str, sites: Mapping[str, Site]) -> str:
    return did_you_mean(value, sites) or (
        f'the sites are {", ".join(sites)}; or say what it means: values.site = {{ "{value}" = "amazon.de" }}'
    )
