"""The compliance facts over frames of offers."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from acorn_compliance.facts import compliance_facts
from acorn_compliance.packs import obligations, packaged_rates, rate_on, read_rates
from acorn_compliance.settings import ComplianceSettings, Registration

from acorn_engine.problems import ProjectError

DAY = date(2026, 11, 23)


def offers(**columns):
    rows = len(next(iter(columns.values()))) if columns else 3
    base = {
        "_country": ["DE", "FR", "US"][:rows],
        "_tax_included": [True, True, False][:rows],
        "_today": [DAY] * rows,
    }
    return pl.DataFrame({**base, **columns})


def facts(frame, **settings):
    made = {fact.name: fact for fact in compliance_facts(ComplianceSettings(**settings))}
    return {name: fact.values(frame).to_list() for name, fact in made.items()}


def test_the_vat_rate_is_zero_and_never_missing_on_tax_exclusive_sites():
    assert facts(offers())["vat_rate"] == [Decimal("0.19"), Decimal("0.20"), Decimal(0)]


def test_the_vat_rate_is_dated():
    assert rate_on(packaged_rates(), "DE", "standard", date(2020, 8, 1)).rate * 100 == 16
    assert rate_on(packaged_rates(), "DE", "standard", date(2021, 1, 1)).rate * 100 == 19
    assert rate_on(packaged_rates(), "DE", "standard", date(2000, 1, 1)) is None


def test_a_category_without_a_rate_is_missing_not_standard():
    frame = offers(vat_category=["reduced", "reduced", None])
    assert facts(frame)["vat_rate"] == [Decimal("0.07"), None, Decimal(0)]


def test_the_operators_table_wins(tmp_path: Path):
    path = tmp_path / "vat.csv"
    path.write_text(
        "country,category,rate,valid_from,valid_to,source\nDE,standard,20%,2026-01-01,,me\n", encoding="utf-8"
    )
    assert facts(offers(), vat=path)["vat_rate"][:2] == [Decimal("0.20"), Decimal("0.20")]


def test_a_bad_table_names_every_row(tmp_path: Path):
    path = tmp_path / "vat.csv"
    path.write_text(
        "country,category,rate,valid_from\nDE,standard,20,2026-01-01\nDE,standard,120%,2026-01-01\n", encoding="utf-8"
    )
    with pytest.raises(ProjectError) as caught:
        read_rates(path)
    assert [str(problem.place) for problem in caught.value.problems] == ["vat.csv, row 2", "vat.csv, row 3"]


def test_every_tax_inclusive_marketplace_country_has_a_standard_rate():
    countries = [
        "DE",
        "FR",
        "IT",
        "ES",
        "NL",
        "BE",
        "IE",
        "SE",
        "PL",
        "GB",
        "TR",
        "AE",
        "SA",
        "EG",
        "ZA",
        "IN",
        "JP",
        "AU",
        "SG",
        "MX",
        "BR",
    ]
    assert [country for country in countries if rate_on(packaged_rates(), country, "standard", DAY) is None] == []


def test_contacts_come_from_the_product_then_the_brand_then_the_seller():
    frame = offers(brand=["A", "B", "B"], manufacturer_contact=["own@example.com", None, None])
    found = facts(frame, manufacturer="seller@example.com", manufacturers={"B": "b@example.com"})
    assert found["gpsr_manufacturer"] == ["own@example.com", "b@example.com", "b@example.com"]
    assert found["gpsr_responsible_person"] == [None, None, None]


def test_the_safety_regulation_applies_in_the_union_only():
    assert facts(offers())["gpsr_applies"] == [True, True, False]
    assert facts(offers(gpsr_exempt=["yes", None, None]))["gpsr_applies"] == [False, True, False]


def test_without_a_registration_nothing_is_ready_in_germany_and_france():
    found = facts(offers())
    assert found["epr_ready"] == [False, False, True]
    assert found["epr_missing"] == ["packaging", "packaging", None]


def test_registrations_count_until_they_run_out():
    held = [
        Registration(country="DE", stream="packaging", number="DE 1234567890123"),
        Registration(country="FR", stream="packaging", number="FR123456_01ABCD", valid_to=date(2026, 1, 1)),
    ]
    found = facts(offers(), registrations=held)
    assert found["epr_ready"] == [True, False, True]
    assert found["epr_note"] == [None, None, None]


def test_an_unknown_stream_is_never_ready():
    held = [Registration(country="DE", stream="packaging", number="DE1234567890123")]
    found = facts(offers(epr_streams=["packaging; gadgets", "", "x"]), registrations=held)
    assert found["epr_ready"] == [False, False, True]
    assert found["epr_missing"][0] == "gadgets"


def test_an_odd_number_is_noted_and_does_not_block():
    held = [Registration(country="DE", stream="packaging", number="ＤＥ12345678\u200b")]
    found = facts(offers(), registrations=held)
    assert found["epr_ready"][0] is True
    assert found["epr_note"][0] == "packaging DE12345678 (expected like DE1234567890123)"


def test_no_offers_give_no_values():
    assert all(values == [] for values in facts(offers().clear(), manufacturer="m").values())


def test_every_pattern_fits_its_example():
    import re

    assert all(re.fullmatch(obligation.pattern, obligation.example) for obligation in obligations())
