"""Amazon's stores and hosts."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from acorn_amazon.endpoints import endpoint_of, is_loopback, require_private, token_endpoint_of
from acorn_amazon.sites import SITES, SITES_BY_NAME

from acorn_engine.marketplace import MarketplaceError


def test_there_are_23_sites_each_with_its_own_name_id_and_country():
    assert len(SITES) == 23
    for key in ("name", "marketplace_id", "country"):
        assert len({getattr(site, key) for site in SITES}) == 23


def test_every_site_has_a_real_time_zone_currency_and_language():
    for site in SITES:
        ZoneInfo(site.time_zone)
        assert len(site.currency) == 3
        assert site.currency.isupper()
        assert len(site.language) == 5
        assert site.language[2] == "_"
        assert site.region in {"na", "eu", "fe"}


def test_only_the_yen_has_no_decimals_and_only_north_america_shows_prices_before_tax():
    assert [site.name for site in SITES if site.digits == 0] == ["amazon.co.jp"]
    assert all(site.digits == 2 for site in SITES if site.currency != "JPY")
    assert [site.name for site in SITES if not site.tax_included] == ["amazon.com", "amazon.ca"]


def test_ids_are_those_of_amazons_own_examples():
    assert SITES_BY_NAME["amazon.com"].marketplace_id == "ATVPDKIKX0DER"
    assert SITES_BY_NAME["amazon.co.uk"].country == "GB"
    assert SITES_BY_NAME["amazon.de"].currency == "EUR"


def test_the_region_decides_the_host(account):
    bare = replace(account, endpoint=None, auth_endpoint=None)
    assert endpoint_of(bare) == "https://sellingpartnerapi-eu.amazon.com"
    assert endpoint_of(replace(bare, sites=("amazon.com",))) == "https://sellingpartnerapi-na.amazon.com"
    assert endpoint_of(replace(bare, sites=("amazon.co.jp",))) == "https://sellingpartnerapi-fe.amazon.com"
    assert token_endpoint_of(bare) == "https://api.amazon.com/auth/o2/token"


def test_an_account_has_one_region_and_known_sites(account):
    with pytest.raises(MarketplaceError, match="found eu and na"):
        endpoint_of(replace(account, sites=("amazon.de", "amazon.com")))
    with pytest.raises(MarketplaceError, match="amazon.xx, which Amazon does not have"):
        endpoint_of(replace(account, sites=("amazon.xx",)))


def test_a_slash_at_the_end_of_an_endpoint_is_dropped(account):
    assert endpoint_of(replace(account, endpoint="http://127.0.0.1:1/")) == "http://127.0.0.1:1"


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://127.0.0.1/", "https:///nohost", "127.0.0.1:80"])
def test_secrets_never_leave_the_machine_in_the_clear(url):
    with pytest.raises(MarketplaceError, match="not an https address") as caught:
        require_private(url, "it")
    assert url not in str(caught.value)


def test_loopback_may_be_plain():
    assert require_private("http://127.0.0.1:8642", "it") == "http://127.0.0.1:8642"
    assert is_loopback("http://[::1]:80/")
    assert not is_loopback("https://example.com")
