"""The Sellers API v1."""

from __future__ import annotations

from acorn_sandbox.calls import Answer, Call, Handler
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.state import State


class Sellers:
    """Where a seller sells."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.handlers: dict[str, Handler] = {"getMarketplaceParticipations": self.participations}

    def participations(self, call: Call) -> Answer:
        """Return the sites of the regions in which a seller has listings; all where it has none."""
        sites = set(self._state.sites_of(call.account))
        regions = {MARKETPLACES[site].region for site in sites}
        payload = [
            {
                "marketplace": {
                    "id": store.id,
                    "name": store.name,
                    "countryCode": store.country,
                    "defaultCurrencyCode": store.currency,
                    "defaultLanguageCode": store.language,
                    "domainName": store.domain,
                },
                "participation": {
                    "isParticipating": store.id in sites or not sites,
                    "hasSuspendedListings": False,
                },
                "storeName": f"{call.account} on {store.domain}",
            }
            for store in MARKETPLACES.values()
            if store.region in regions or not regions
        ]
        return Answer(body={"payload": payload})
