"""May this account sell this item? (Listings Restrictions 2021-08-01)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from acorn_amazon.answers import Part
from acorn_amazon.documents import ISSUE_LOCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from acorn_amazon.client import Client
    from acorn_engine.sites import Site

_OPERATION: Final = "getListingsRestrictions"


@dataclass(frozen=True, slots=True)
class Restriction:
    """Why an item may not be listed in one condition.

    ``reason`` is Amazon's code (APPROVAL_REQUIRED, ASIN_NOT_FOUND, NOT_ELIGIBLE, or a newer one),
    ``links`` where a person asks for approval.
    """

    condition: str | None
    reason: str | None
    message: str
    links: tuple[str, ...] = ()


def restrictions(
    client: Client,
    seller_id: str,
    site: Site,
    asin: str,
    condition: str | None = None,
    product_type: str | None = None,
) -> Sequence[Restriction]:
    """Return what keeps an ASIN from being listed on a site; an empty list means that nothing does.

    ``condition`` is like ``new_new``; without one all conditions are looked at. A restriction that
    Amazon gives without any reason has ``reason`` ``None``: it restricts all the same.
    """
    query: dict[str, str | Sequence[str]] = {
        "asin": asin,
        "sellerId": seller_id,
        "marketplaceIds": [site.marketplace_id],
        "reasonLocale": ISSUE_LOCALE,
    }
    if condition is not None:
        query["conditionType"] = condition
    if product_type is not None:
        query["productType"] = product_type
    answer = Part(_OPERATION, client.call(_OPERATION, query=query))
    found: list[Restriction] = []
    for part in answer.parts("restrictions"):
        if part.text("marketplaceId") != site.marketplace_id:
            continue
        shown = part.optional_text("conditionType")
        reasons = part.optional_parts("reasons")
        if not reasons:
            found.append(Restriction(shown, None, "Amazon gave no reason"))
        found += [
            Restriction(
                shown,
                reason.optional_text("reasonCode"),
                reason.text("message"),
                tuple(link.text("resource") for link in reason.optional_parts("links")),
            )
            for reason in reasons
        ]
    return found
