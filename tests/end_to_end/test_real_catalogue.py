"""The main job over 92,331 real products on three sites, against a recomputation from first principles."""

from __future__ import annotations

import json
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import jsonschema_rs
import polars as pl
import pytest
from real_catalogue import ACCOUNTS, DAY, NOW, write_project
from real_oracle import STORES, dollar_in, price_of, verdicts

SCHEMA = Path(__file__).parents[3] / "shared" / "spapi" / "schemas" / "listings-feed-schema-v2.json"
MARKETPLACES = {"amazon.com": "ATVPDKIKX0DER", "amazon.de": "A1PA6795UKMFR9", "amazon.co.jp": "A1VC38T7YXB528"}
SELLERS = {"amazon.com": "A1GROCER", "amazon.de": "A2GROCER", "amazon.co.jp": "A3GROCER"}
PRICES = ("our_price", "minimum_seller_allowed_price", "maximum_seller_allowed_price")
SENT = {"account": pl.String, "site": pl.String, "seller_sku": pl.String, "wave": pl.Int64}
GIBIBYTE = 2**30
SITES = list(STORES)


def test_the_oracle_itself_by_hand():
    # 1 USD = 1 / 1.1172 EUR; 10.00 × 0.895095 × 1.04 × 1.30 × 1.19 = 14.4010… → 14.99 EUR.
    assert str(float(dollar_in("EUR", DAY)))[:8] == "0.895094"
    assert price_of(Fraction(10), "other", "standard", STORES["amazon.de"], dollar_in("EUR", DAY)) == 1499
    # 175.68 / 1.1172 = 157.250269 JPY; 3.99 × 157.250269 × 1.04 × 1.18 × 1.08 = 831.57… → 880 JPY.
    assert price_of(Fraction("3.99"), "food", "reduced", STORES["amazon.co.jp"], dollar_in("JPY", DAY)) == 880
    assert price_of(Fraction("1.00"), "food", "reduced", STORES["amazon.com"], dollar_in("USD", DAY)) == 199


class Run:
    """One run of the main job: the offers as they should come out, the plans, and every document."""

    def __init__(self, folder):
        self.folder = folder
        self.offers = verdicts(write_project(folder))
        job = [sys.executable, str(Path(__file__).with_name("real_job.py")), str(folder), NOW.isoformat()]
        done = subprocess.run(job, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        self.figures = json.loads(done.stdout)
        self.plans = self.figures["plans"]
        self.changes = {site: pl.read_parquet(folder / f"changes-{site}.parquet") for site in SITES}
        self.documents = sorted((folder / "export").glob("*.json"))
        self.prices, self.quantities = self._read_documents()

    def _read_documents(self):
        prices, quantities = [], []
        for path in self.documents:
            site, account, wave, _ = path.stem.rsplit("-", 3)
            document = json.loads(path.read_bytes(), parse_float=Decimal)
            assert document["header"]["sellerId"] == SELLERS[site]
            assert [one["messageId"] for one in document["messages"]] == list(range(1, len(document["messages"]) + 1))
            for message in document["messages"]:
                key = (account, site, message["sku"], int(wave))
                assert message["operationType"] == "PATCH"
                for patch in message["patches"]:
                    (value,) = patch["value"]
                    if patch["path"] == "/attributes/purchasable_offer":
                        prices.append((*key, *read_price(value, site)))
                    else:
                        assert patch["path"] == "/attributes/fulfillment_availability"
                        assert (patch["op"], value["fulfillment_channel_code"]) == ("merge", "DEFAULT")
                        assert set(value) == {"fulfillment_channel_code", "quantity"}
                        quantities.append((*key, value["quantity"]))
        names = ("price", "minimum", "maximum")
        return (
            pl.DataFrame(prices, schema={**SENT, **dict.fromkeys(names, pl.Int64)}, orient="row"),
            pl.DataFrame(quantities, schema={**SENT, "units": pl.Int64}, orient="row"),
        )


def read_price(value, site):
    """Return price, minimum and maximum in minor units; anything that is not plain money of the site fails."""
    store = STORES[site]
    assert value["marketplace_id"] == MARKETPLACES[site]
    assert value["currency"] == store.currency
    assert set(value) <= {"marketplace_id", "currency", "audience", *PRICES}
    return [
        None if name not in value else minor(value[name][0]["schedule"][0]["value_with_tax"], store.digits)
        for name in PRICES
    ]


def minor(number, digits):
    """Return an amount in minor units; it must not be finer than these."""
    amount = Decimal(number)
    assert -amount.as_tuple().exponent <= digits, f"{number} has decimals that the currency does not have"
    units = amount.scaleb(digits)
    assert units == int(units)
    return int(units)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return Run(tmp_path_factory.mktemp("grocer"))


def keyed(frame, *columns, **named):
    return frame.select("account", "site", "seller_sku", *columns, **named).sort("site", "seller_sku")


def test_time_and_memory_are_told_and_bounded(run, capsys):
    seconds = run.figures["seconds"]
    processor = sum(spent for _, spent in seconds.values())
    with capsys.disabled():
        stages = ", ".join(
            f"{name} {wall:.1f} s ({spent:.1f} s of processor)" for name, (wall, spent) in seconds.items()
        )
        print(f"\n{run.offers.height:,} offers: {stages}; peak memory {run.figures['peak_bytes'] / GIBIBYTE:.2f} GiB")
    assert run.offers.height == 3 * 92_331
    assert run.figures["peak_bytes"] < 2 * GIBIBYTE
    assert processor < 90


def test_thousands_of_holds_are_released_at_once(run):
    assert run.figures["released"]["offers"] == run.figures["released"]["asked"] > 1_000
    wall, processor = run.figures["seconds"]["release"]
    assert processor < 20, f"{wall} s by the clock"


def test_every_document_validates_against_amazons_schema(run):
    assert SCHEMA.is_file(), f"Amazon's schema is not at {SCHEMA}: the contract cannot be checked"
    validator = jsonschema_rs.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert len(run.documents) >= 9
    for path in run.documents:
        assert path.stat().st_size <= 10 * 1024 * 1024
        validator.validate(json.loads(path.read_bytes()))


def test_every_plan_is_ready_and_counts_what_was_sent(run):
    for site in SITES:
        plan = run.plans[site]
        assert (plan["status"], plan["problems"]) == ("ready", [])
        assert plan["summary"]["considered"] == 92_331
        prices, quantities = (frame.filter(pl.col("site") == site).height for frame in (run.prices, run.quantities))
        assert plan["summary"]["fields"]["price"] == prices > 20_000
        assert plan["summary"]["fields"]["quantity"] == quantities > 15_000


def test_every_price_is_the_exact_one_and_no_safe_change_is_left_out(run):
    wanted = run.offers.filter("price_sent")
    assert keyed(run.prices, "price").equals(keyed(wanted, price="target"))
    limits = keyed(wanted, minimum="floor", maximum="ceiling")
    sent = keyed(run.prices, "minimum", "maximum")
    assert sent.equals(limits)


def test_every_quantity_is_the_exact_one_in_its_wave(run):
    wanted = run.offers.filter("quantity_sent")
    wave = pl.when(pl.col("wanted") < pl.col("quantity")).then(0).otherwise(2).cast(pl.Int64)
    assert keyed(run.quantities, "units", "wave").equals(keyed(wanted, units="wanted", wave=wave))
    assert run.prices["wave"].unique().to_list() == [1]


def test_nothing_unsafe_is_sent(run):
    known = run.offers.select("account", "site", "seller_sku", "floor", "cost", "shown", "stock", "fulfilment")
    prices = run.prices.join(known, on=["account", "site", "seller_sku"], how="left")
    assert prices.filter(pl.col("floor").is_null() | (pl.col("floor") <= 0)).is_empty()
    assert prices.filter((pl.col("price") < pl.col("floor")) | (pl.col("minimum") < pl.col("floor"))).is_empty()
    assert prices.filter(pl.col("cost").is_null()).is_empty()
    assert prices.filter((pl.col("price") - pl.col("shown")).abs() * 5 > pl.col("shown")).is_empty()
    quantities = run.quantities.join(known, on=["account", "site", "seller_sku"], how="left")
    assert quantities.filter(pl.col("units") > pl.col("stock")).is_empty()
    assert quantities.filter(pl.col("stock").is_null() | (pl.col("units") < 0)).is_empty()
    assert quantities["fulfilment"].unique().to_list() == ["merchant"]
    for frame in (prices, quantities):
        assert frame.select("account", "site", "seller_sku").is_duplicated().sum() == 0
    for site, account in ACCOUNTS.items():
        assert set(prices.filter(pl.col("site") == site)["account"]) == {account}


def test_the_accidents_that_the_data_has_are_all_there(run):
    offers = run.offers
    for accident in (
        pl.col("cost").is_null(),
        pl.col("floor").is_null(),
        pl.col("floor") == 0,
        pl.col("target") < pl.col("floor"),
        pl.col("target") > pl.col("ceiling"),
        pl.col("shown").is_null(),
        pl.col("shown") >= pl.col("target") * 5,
        pl.col("stock").is_null(),
        pl.col("fulfilment").is_null(),
        pl.col("product_type").is_null(),
        pl.col("seller_sku").str.starts_with("000"),
    ):
        assert offers.filter(accident).height > 100, str(accident)


def test_every_offer_is_accounted_for(run):
    for site in SITES:
        offers, changes = run.offers.filter(pl.col("site") == site), run.changes[site]
        assert set(changes["verdict"]) == {"send", "hold", "reject"}
        held = changes.filter(pl.col("verdict") != "send")
        assert held.filter((pl.col("because").fill_null("") == "") | pl.col("code").is_null()).is_empty()
        for field, changed, sent in (
            ("price", pl.col("price_change") | pl.col("target").is_null(), "price_sent"),
            ("quantity", pl.col("quantity_change") | missing_stock(), "quantity_sent"),
        ):
            of_field = changes.filter(pl.col("field") == field)
            assert of_field["seller_sku"].is_unique().all()
            assert set(of_field["seller_sku"]) == set(offers.filter(changed)["seller_sku"])
            assert set(of_field.filter(pl.col("verdict") == "send")["seller_sku"]) == set(
                offers.filter(sent)["seller_sku"]
            )


def missing_stock():
    return (pl.col("stock").is_null() & (pl.col("fulfilment") == "merchant")).fill_null(value=False)


@pytest.mark.parametrize(
    ("accident", "codes"),
    [
        (pl.col("cost").is_null(), {"missing"}),
        (
            pl.col("cost").is_not_null() & ~(pl.col("floor") > 0).fill_null(value=False),
            {"no_floor", "guard", "above_maximum"},
        ),
        (
            pl.col("shown").is_null() & pl.col("cost").is_not_null(),
            {"guard", "no_floor", "below_floor", "above_maximum"},
        ),
        (pl.col("target") < pl.col("floor"), {"below_floor", "guard", "minimum_below_floor"}),
    ],
    ids=["no cost", "no floor", "no current price", "below the floor"],
)
def test_held_prices_say_why(run, accident, codes):
    for site in SITES:
        some = run.offers.filter(accident & (pl.col("site") == site)).select("seller_sku")
        changes = run.changes[site].filter(pl.col("field") == "price").join(some, on="seller_sku", how="semi")
        assert changes.height > 20
        assert set(changes["code"]) <= codes
        assert set(changes["verdict"]) <= {"hold", "reject"}
