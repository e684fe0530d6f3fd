"""The Product Fees API v0: estimates by fee tables of the sandbox's own.

Not Amazon's fees: a referral fee of a share of what the buyer pays, by product type where a SKU or
ASIN is listed, and a fulfilment fee where Amazon fulfils. Amounts are exact and rounded half up.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from acorn_sandbox.calls import Answer, Call, Handler
from acorn_sandbox.clock import stamp
from acorn_sandbox.errors import invalid
from acorn_sandbox.marketplaces import MARKETPLACES, Marketplace
from acorn_sandbox.state import Listing, State

MOST_ESTIMATES: Final = 20
"""How many estimates one batch may ask for. Source: SP-API reference of getMyFeesEstimates."""

_REFERRAL: Final = Decimal("0.15")
_REFERRAL_OF_TYPE: Final = {"KETTLE": Decimal("0.10"), "SHOES": Decimal("0.16")}
_LOWEST_REFERRAL: Final = {"JPY": Decimal(30)}
_USUAL_LOWEST: Final = Decimal("0.30")
_FULFILMENT: Final = {"JPY": Decimal(434), "SEK": Decimal("41.00"), "PLN": Decimal("13.50"), "MXN": Decimal("75.00")}
_USUAL_FULFILMENT: Final = Decimal("3.60")


class Fees:
    """Estimates for every account."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.handlers: dict[str, Handler] = {
            "getMyFeesEstimateForSKU": self.for_sku,
            "getMyFeesEstimateForASIN": self.for_asin,
            "getMyFeesEstimates": self.batch,
        }

    def for_sku(self, call: Call) -> Answer:
        """Return the fees of one SKU at a price."""
        return self._single(call, "SellerSKU", call.path["SellerSKU"])

    def for_asin(self, call: Call) -> Answer:
        """Return the fees of one ASIN at a price."""
        return self._single(call, "ASIN", call.path["Asin"])

    def batch(self, call: Call) -> Answer:
        """Return the fees of up to 20 SKUs or ASINs, each by itself a success or an error."""
        if not 1 <= len(call.body) <= MOST_ESTIMATES:
            raise invalid(f"A batch has 1 to {MOST_ESTIMATES} requests.")
        if not all("FeesEstimateRequest" in part for part in call.body):
            raise invalid("'FeesEstimateRequest' is required.")
        for part in call.body:
            _site(part["FeesEstimateRequest"])
        results = [
            self._estimate(call.account, part["IdType"], part["IdValue"], part["FeesEstimateRequest"])
            for part in call.body
        ]
        return Answer(body=results)

    def _single(self, call: Call, kind: str, value: str) -> Answer:
        request = call.body.get("FeesEstimateRequest")
        if request is None:
            raise invalid("'FeesEstimateRequest' is required.")
        _site(request)
        return Answer(body={"payload": {"FeesEstimateResult": self._estimate(call.account, kind, value, request)}})

    def _estimate(self, account: str, kind: str, value: str, request: dict[str, Any]) -> dict[str, Any]:
        site, price = _site(request), request["PriceToEstimateFees"]
        identifier = {
            "MarketplaceId": site.id,
            "SellerId": account,
            "IdType": kind,
            "IdValue": value,
            "IsAmazonFulfilled": request.get("IsAmazonFulfilled", False),
            "PriceToEstimateFees": price,
            "SellerInputIdentifier": request["Identifier"],
        }
        if "OptionalFulfillmentProgram" in request:
            identifier["OptionalFulfillmentProgram"] = request["OptionalFulfillmentProgram"]
        listing = self._listing(account, site, kind, value)
        fault = _fault(site, kind, value, listing, price)
        if fault is not None:
            return {"Status": "ClientError", "FeesEstimateIdentifier": identifier, "Error": fault}
        paid = sum(
            (Decimal(price[part]["Amount"]) for part in ("ListingPrice", "Shipping") if part in price), Decimal()
        )
        kinds = {"ReferralFee": _referral(site, listing, paid), "VariableClosingFee": Decimal(0)}
        if identifier["IsAmazonFulfilled"]:
            kinds["FBAFees"] = _FULFILMENT.get(site.currency, _USUAL_FULFILMENT)
        details = [
            {"FeeType": name, "FeeAmount": _money(site, fee), "FinalFee": _money(site, fee)}
            for name, fee in kinds.items()
        ]
        estimate = {
            "TimeOfFeesEstimation": stamp(self._state.now()),
            "TotalFeesEstimate": _money(site, sum(kinds.values(), Decimal())),
            "FeeDetailList": details,
        }
        return {"Status": "Success", "FeesEstimateIdentifier": identifier, "FeesEstimate": estimate}

    def _listing(self, account: str, site: Marketplace, kind: str, value: str) -> Listing | None:
        if kind == "SellerSKU":
            return self._state.listing(account, site.id, value)
        return next(iter(self._state.listings_of_item(site.id, value)), None)


def _site(request: dict[str, Any]) -> Marketplace:
    if request["MarketplaceId"] not in MARKETPLACES:
        raise invalid("Incorrect Marketplace identifier.")
    return MARKETPLACES[request["MarketplaceId"]]


def _fault(
    site: Marketplace, kind: str, value: str, listing: Listing | None, price: dict[str, Any]
) -> dict[str, Any] | None:
    if listing is None:
        return _error(
            "InvalidParameterValue", f"There is an client-side error. {kind} {value} is not known on {site.id}."
        )
    for name, part in price.items():
        amount = part if name != "Points" else part.get("PointsMonetaryValue", {})
        if amount.get("CurrencyCode", site.currency) != site.currency:
            return _error("InvalidParameterValue", f"The currency of {name} must be {site.currency}.")
        if name != "Points" and amount.get("Amount", -1) < 0:
            return _error("InvalidParameterValue", f"The Amount of {name} must be given and not negative.")
    return None


def _error(code: str, message: str) -> dict[str, Any]:
    return {"Type": "Sender", "Code": code, "Message": message, "Detail": []}


def _referral(site: Marketplace, listing: Listing | None, paid: Decimal) -> Decimal:
    share = _REFERRAL_OF_TYPE.get(listing.product_type, _REFERRAL) if listing else _REFERRAL
    unit = Decimal(1).scaleb(-site.digits)
    return max((paid * share).quantize(unit, ROUND_HALF_UP), _LOWEST_REFERRAL.get(site.currency, _USUAL_LOWEST))


def _money(site: Marketplace, amount: Decimal) -> dict[str, Any]:
    return {"CurrencyCode": site.currency, "Amount": amount}
