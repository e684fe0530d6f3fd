"""Fees estimates, and what may be listed at all."""

from __future__ import annotations

import time
from decimal import Decimal

import pytest
from acorn_sandbox import exact
from acorn_sandbox.clock import Timing
from acorn_sandbox.server import SandboxServer

DE, JP = "A1PA6795UKMFR9", "A1VC38T7YXB528"
FEES = "/products/fees/v0"
RESTRICTIONS = "/listings/2021-08-01/restrictions"


@pytest.fixture
def shop(connect):
    now = [time.time()]

    def tick():
        now[0] += 2
        return now[0]

    with SandboxServer(timing=Timing(now=tick)) as server:
        yield connect(server)


def request(amount, site=DE, currency="EUR", **more):
    price = {"ListingPrice": {"CurrencyCode": currency, "Amount": amount}}
    return {"MarketplaceId": site, "PriceToEstimateFees": price, "Identifier": "one", **more}


def estimate(seller, path, asked):
    body = exact.dumps({"FeesEstimateRequest": asked})
    headers = {"x-amz-access-token": seller.token, "content-type": "application/json"}
    answer = seller.call("POST", f"{FEES}/{path}/feesEstimate", content=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return exact.loads(answer.content)["payload"]["FeesEstimateResult"]


def total(result):
    return result["FeesEstimate"]["TotalFeesEstimate"]


def test_fees_are_exact_and_add_up(shop):
    result = estimate(shop, "listings/ACORN-LAMP", request(Decimal("24.50")))
    assert result["Status"] == "Success"
    assert total(result) == {"CurrencyCode": "EUR", "Amount": Decimal("3.68")}
    assert '"Amount":24.50' in exact.dumps(result["FeesEstimateIdentifier"])
    asked = request(Decimal("24.50"), IsAmazonFulfilled=True)
    asked["PriceToEstimateFees"]["Shipping"] = {"CurrencyCode": "EUR", "Amount": Decimal("1.10")}
    result = estimate(shop, "listings/ACORN-LAMP", asked)
    details = {one["FeeType"]: one["FinalFee"]["Amount"] for one in result["FeesEstimate"]["FeeDetailList"]}
    assert details == {"ReferralFee": Decimal("3.84"), "VariableClosingFee": 0, "FBAFees": Decimal("3.60")}
    assert total(result)["Amount"] == sum(details.values())
    assert total(estimate(shop, "listings/ACORN-LAMP", request(Decimal("0.50"))))["Amount"] == Decimal("0.30")
    assert total(estimate(shop, "listings/ACORN-KETTLE", request(3333, JP, "JPY")))["Amount"] == 333
    asin = shop.server._sandbox.state.listing(shop.id, DE, "ACORN-KETTLE").asin
    assert total(estimate(shop, f"items/{asin}", request(20)))["Amount"] == 2


def test_a_batch_answers_each_by_itself(shop):
    parts = [
        {"IdType": "SellerSKU", "IdValue": "ACORN-LAMP", "FeesEstimateRequest": request(20)},
        {"IdType": "SellerSKU", "IdValue": "NONE", "FeesEstimateRequest": request(20)},
        {"IdType": "ASIN", "IdValue": "B000000000", "FeesEstimateRequest": request(20)},
        {"IdType": "SellerSKU", "IdValue": "ACORN-LAMP", "FeesEstimateRequest": request(20, currency="USD")},
        {"IdType": "SellerSKU", "IdValue": "ACORN-LAMP", "FeesEstimateRequest": request(-1)},
    ]
    results = shop.call("POST", f"{FEES}/feesEstimate", json=parts).json()
    assert [one["Status"] for one in results] == ["Success"] + ["ClientError"] * 4
    assert all(one["Error"]["Code"] and "FeesEstimate" not in one for one in results[1:])


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("listings/ACORN-LAMP/feesEstimate", {}),
        ("listings/ACORN-LAMP/feesEstimate", {"FeesEstimateRequest": {"MarketplaceId": DE}}),
        ("listings/ACORN-LAMP/feesEstimate", {"FeesEstimateRequest": request(1, "nowhere")}),
        ("listings/ACORN-LAMP/feesEstimate", {"FeesEstimateRequest": request("1")}),
        ("feesEstimate", []),
        ("feesEstimate", [{"IdType": "SellerSKU", "IdValue": "x"}]),
        ("feesEstimate", [{"IdType": "SellerSKU", "IdValue": "x", "FeesEstimateRequest": request(1)}] * 21),
        ("feesEstimate", [{"IdType": "EAN", "IdValue": "x", "FeesEstimateRequest": request(1)}]),
    ],
)
def test_what_is_refused(shop, path, body):
    answer = shop.call("POST", f"{FEES}/{path}", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"]


def test_null_is_taken_for_left_out_but_not_for_a_required_property(shop):
    asked = request(Decimal("24.50"), OptionalFulfillmentProgram=None)
    asked["PriceToEstimateFees"]["Points"] = None
    result = estimate(shop, "listings/ACORN-LAMP", asked)
    assert result["Status"] == "Success"
    assert "Points" not in result["FeesEstimateIdentifier"]["PriceToEstimateFees"]
    body = {"FeesEstimateRequest": request(1, Identifier=None)}
    assert shop.call("POST", f"{FEES}/listings/ACORN-LAMP/feesEstimate", json=body).status_code == 400


def restrictions(seller, asin, **query):
    return seller.call("GET", RESTRICTIONS, params={"asin": asin, "sellerId": seller.id, "marketplaceIds": DE, **query})


def test_restrictions(shop):
    asin = shop.server._sandbox.state.listing(shop.id, DE, "ACORN-LAMP").asin
    assert restrictions(shop, asin, conditionType="new_new").json() == {"restrictions": []}
    (used,) = restrictions(shop, asin, conditionType="used_good").json()["restrictions"]
    assert used["reasons"][0]["reasonCode"] == "APPROVAL_REQUIRED"
    assert len(restrictions(shop, asin).json()["restrictions"]) > 5
    (unknown,) = restrictions(shop, "B000000000").json()["restrictions"]
    assert unknown["reasons"][0]["reasonCode"] == "ASIN_NOT_FOUND"


def test_refused_restrictions_have_a_list_of_errors_as_body(shop):
    for answer in (
        restrictions(shop, "BAD_ASIN"),
        restrictions(shop, "B000000000", marketplaceIds="nowhere"),
        restrictions(shop, "B000000000", conditionType="worn"),
        shop.call("GET", RESTRICTIONS, params={"asin": "B000000000"}),
    ):
        assert answer.status_code == 400
        assert isinstance(answer.json(), list)
    assert restrictions(shop, "B000000000", sellerId="OTHER").status_code == 403
