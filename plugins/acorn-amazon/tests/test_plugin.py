"""The hooks, found the way the host finds them."""

from __future__ import annotations

import subprocess
import sys

import pluggy
import pytest
from acorn_amazon import plugin
from acorn_amazon.settings import AmazonSettings
from pydantic import ValidationError

from acorn_engine.plugins import hookspecs


@pytest.fixture
def manager():
    made = pluggy.PluginManager("acorn")
    made.add_hookspecs(hookspecs)
    made.register(plugin)
    made.check_pending()
    return made


def test_amazon_is_provided_with_all_its_sites(manager):
    (provided,) = [list(found) for found in manager.hook.acorn_marketplaces()]
    (marketplace,) = provided
    assert marketplace.name == "amazon"
    assert len(marketplace.sites) == 23
    assert {site.marketplace for site in marketplace.sites} == {"amazon"}


def test_its_section_forbids_unknown_keys_and_has_defaults(manager):
    (settings,) = list(manager.hook.acorn_settings()[0])
    assert settings.section == "amazon"
    assert settings.model() == AmazonSettings()
    with pytest.raises(ValidationError):
        settings.model(secret="x")
    assert all(field.description for field in AmazonSettings.model_fields.values())


def test_the_listings_report_is_offered_as_a_source(manager):
    assert [source.name for source in manager.hook.acorn_catalog_sources()[0]] == ["amazon-listings-report"]


def test_the_stores_are_known_without_the_network_library() -> None:
    program = "import sys; from acorn_amazon.marketplace import AmazonMarketplace; AmazonMarketplace(); print('httpx2' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]
