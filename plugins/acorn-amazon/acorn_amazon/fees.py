"""What Amazon would charge for a sale at a price (Product Fees v0), for margins and floors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from acorn_amazon import exact_json
from acorn_amazon.answers import Money, Part, amount_of, currency_of
from acorn_amazon.batches import PATIENCE, Fault, fault_frame
from acorn_amazon.errors import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from acorn_amazon.client import Client
    from acorn_engine.sites import Site

IdType = Literal["SellerSKU", "ASIN"]

PER_CALL: Final = 20
_OPERATION: Final = "getMyFeesEstimates"
_SUCCESS: Final = "Success"

TOTALS: Final = {"key": pl.String, "id": pl.String, "fees": pl.String, "currency": pl.String}
"""Columns of totals: the question's key and id, all fees together as plain decimal text in ``currency``."""

DETAILS: Final = {
    "key": pl.String,
    "id": pl.String,
    "fee": pl.String,
    "part_of": pl.String,
    "amount": pl.String,
    "promotion": pl.String,
    "tax": pl.String,
    "final": pl.String,
    "currency": pl.String,
}
"""Columns of single fees: Amazon's name (ReferralFee, FBAFees …), the fee that it is a part of (null for a whole
one; parts are not added to totals again), the amount, what is taken off, the tax, and what is charged in the end."""


@dataclass(frozen=True, slots=True)
class FeeQuestion:
    """One sale to estimate: ``id`` is a seller SKU or an ASIN, ``price`` and ``shipping`` what the buyer pays.

    ``key`` comes back with the answer; without one it is the position of the question, from 0.
    """

    id: str
    price: Money
    id_type: IdType = "SellerSKU"
    by_amazon: bool = False
    shipping: Money | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Fees:
    """Estimates: frames with the columns of ``TOTALS``, ``DETAILS`` and ``batches.FAULTS`` (its id is the key)."""

    totals: pl.DataFrame
    details: pl.DataFrame
    faults: pl.DataFrame


def _money(money: Money) -> dict[str, object]:
    return {"CurrencyCode": money.currency, "Amount": money.amount}


def _request(key: str, question: FeeQuestion, site: Site) -> dict[str, object]:
    price: dict[str, object] = {"ListingPrice": _money(question.price)}
    if question.shipping is not None:
        price["Shipping"] = _money(question.shipping)
    return {
        "FeesEstimateRequest": {
            "MarketplaceId": site.marketplace_id,
            "IsAmazonFulfilled": question.by_amazon,
            "PriceToEstimateFees": price,
            "Identifier": key,
        },
        "IdType": question.id_type,
        "IdValue": question.id,
    }


def _detail(key: str, id: str, fee: Part, part_of: str | None) -> dict[str, Any]:  # noqa: A002 - the column's name
    final = fee.money("FinalFee")
    return {
        "key": key,
        "id": id,
        "fee": fee.text("FeeType"),
        "part_of": part_of,
        "amount": fee.money("FeeAmount").text,
        "promotion": amount_of(fee.optional_money("FeePromotion")),
        "tax": amount_of(fee.optional_money("TaxAmount")),
        "final": final.text,
        "currency": final.currency,
    }


def _details(key: str, id: str, estimate: Part) -> Iterator[dict[str, Any]]:  # noqa: A002 - the column's name
    for fee in estimate.optional_parts("FeeDetailList"):
        yield _detail(key, id, fee, None)
        for included in fee.optional_parts("IncludedFeeDetailList"):
            yield _detail(key, id, included, fee.text("FeeType"))


def estimate_fees(client: Client, site: Site, questions: Sequence[FeeQuestion]) -> Fees:
    """Estimate the fees of sales on one site; 20 a call, one call in 2 seconds.

    Raises ``ValueError`` where two questions have one key, or a price has another currency than the site.
    """
    keyed = {
        question.key if question.key is not None else str(index): question for index, question in enumerate(questions)
    }
    if len(keyed) != len(questions):
        raise ValueError("two questions have the same key; give each its own")
    for question in questions:
        for money in (question.price, question.shipping):
            if money is not None and money.currency != site.currency:
                raise ValueError(
                    f"'{question.id}' has a price in {money.currency}; {site.name} sells in {site.currency}"
                )
    totals: list[dict[str, Any]] = []
    details: list[dict[str, Any]] = []
    faults: list[Fault] = []
    keys = list(keyed)
    for start in range(0, len(keys), PER_CALL):
        left = {key: keyed[key] for key in keys[start : start + PER_CALL]}
        body = exact_json.dumps([_request(key, question, site) for key, question in left.items()])
        answer = client.patient(PATIENCE).call(_OPERATION, body=body)
        if not isinstance(answer, list):
            raise unreadable(_OPERATION, "its answer is not a list", 200, {})
        for index, item in enumerate(answer):
            result = Part(_OPERATION, item, f"[{index}]")
            identifier = result.optional_part("FeesEstimateIdentifier")
            key = identifier.optional_text("SellerInputIdentifier") if identifier else None
            if key is None or key not in left:
                continue
            question = left.pop(key)
            estimate = result.optional_part("FeesEstimate")
            total = estimate.optional_money("TotalFeesEstimate") if estimate else None
            if result.optional_text("Status") != _SUCCESS or estimate is None or total is None:
                faults.append(_fault(key, result, client))
                continue
            totals.append({"key": key, "id": question.id, "fees": total.text, "currency": currency_of(total)})
            details.extend(_details(key, question.id, estimate))
        faults += [Fault(key, None, "left_out", "Amazon's answer leaves it out; ask again") for key in left]
    return Fees(
        totals=pl.DataFrame(totals, schema=TOTALS, orient="row"),
        details=pl.DataFrame(details, schema=DETAILS, orient="row"),
        faults=fault_frame(faults),
    )


def _fault(key: str, result: Part, client: Client) -> Fault:
    error = result.optional_part("Error")
    code = (error.optional_text("Code") if error else None) or result.optional_text("Status") or "unknown"
    message = (error.optional_text("Message") if error else None) or "Amazon gave no reason"
    return Fault(key, None, client.cleaner.clean(code), client.cleaner.clean(message))
