"""The Listings Restrictions API v2021-08-01.

The sandbox's own rule: an item that it does not know cannot be found; everything else may be sold
new, and in any other condition only after approval.
"""

from __future__ import annotations

import re
from typing import Any, Final

from acorn_sandbox.calls import Answer, Call, Handler, stores
from acorn_sandbox.checks import ENUMS
from acorn_sandbox.errors import ApiError, unauthorized
from acorn_sandbox.marketplaces import Marketplace
from acorn_sandbox.state import State

_ASIN: Final = re.compile(r"[A-Z0-9]{10}")


class Restrictions:
    """What a seller may list."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.handlers: dict[str, Handler] = {"getListingsRestrictions": self.get}

    def get(self, call: Call) -> Answer:
        """Return the restrictions of an item; an empty list means that it may be listed."""
        query, asin = call.query, call.query["asin"]
        if query["sellerId"] != call.account:
            raise unauthorized("The access token is not of this seller.")
        if not _ASIN.fullmatch(asin):
            raise ApiError(400, "BAD_REQUEST", "Invalid 'asin' provided.")
        conditions = [query["conditionType"]] if "conditionType" in query else sorted(ENUMS["condition_type", "value"])
        found = []
        for site in stores(query["marketplaceIds"]):
            if not self._state.listings_of_item(site.id, asin):
                reason = {"message": f"The ASIN was not found on {site.domain}.", "reasonCode": "ASIN_NOT_FOUND"}
                found.append({"marketplaceId": site.id, "reasons": [reason]})
                continue
            found += [_approval(site, asin, name) for name in conditions if not name.startswith("new_")]
        return Answer(body={"restrictions": found})


def _approval(site: Marketplace, asin: str, condition: str) -> dict[str, Any]:
    link = {
        "resource": f"https://{site.domain}/hz/approvalrequest/restrictions/approve?asin={asin}",
        "verb": "GET",
        "title": "Request approval in Seller Central.",
        "type": "text/html",
    }
    reason = {
        "message": "You need approval to list in this condition.",
        "reasonCode": "APPROVAL_REQUIRED",
        "links": [link],
    }
    return {"marketplaceId": site.id, "conditionType": condition, "reasons": [reason]}
