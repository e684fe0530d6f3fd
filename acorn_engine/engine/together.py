"""Sites looked at one after the other, at one instant: what they share is worked out once."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

import polars as pl

from acorn_engine.engine.chains import Shared, site_chain
from acorn_engine.engine.inputs import site_offers
from acorn_engine.sites import SiteClock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.engine.context import Context
    from acorn_engine.engine.inputs import Catalogue
    from acorn_engine.facts import FactInfo, Offers
    from acorn_engine.problems import Problem
    from acorn_engine.ruleset import Chain, Readings


class Together:
    """The rules of a project's sites, and how many offers each has.

    Plugins add their facts once for each account, files are read once for all sites, and sites of
    the same accounts have the same facts. What the database remembers is left out.
    """

    def __init__(self, context: Context, catalogue: Catalogue) -> None:
        self._context = context
        self._catalogue = catalogue
        self._now = context.now().astimezone(UTC)
        self._enriched: dict[str, Offers] = {}
        self._facts: dict[tuple[object, ...], Mapping[str, FactInfo]] = {}
        self._shared = Shared()

    @property
    def readings(self) -> Readings:
        """The rule files that were read."""
        return self._shared.readings

    def clock(self, name: str) -> SiteClock:
        """Return a site at the instant at which all are looked at."""
        return SiteClock(self._context.site(name), self._now)

    def chain(self, name: str) -> tuple[Chain, list[Problem]]:
        """Return the checked chain of a site, and the problems that halt every plan of it."""
        clock = self.clock(name)
        accounts = self._context.accounts(name)
        # A column may have as many decimals as the site's currency.
        key = (*(account.name for account in accounts), clock.site.digits)
        if key not in self._facts:
            offers = site_offers(self._context, self._catalogue, clock, accounts, enriched=self._enriched)
            self._facts[key] = offers.facts
        return site_chain(self._context, clock.site, self._facts[key], self._shared)

    def counts(self) -> dict[str, tuple[int, int]]:
        """Return for each site with offers how many it has, and how many of these are held by their row.

        Counted are the accounts of the sites whose chains were asked for.
        """
        frames = [offers.frame.select("site", "_fact_problem") for offers in self._enriched.values()]
        if not frames:
            return {}
        counted = pl.concat(frames).group_by("site").agg(pl.len(), held=pl.col("_fact_problem").is_not_null().sum())
        return {site: (offers, held) for site, offers, held in counted.iter_rows()}
