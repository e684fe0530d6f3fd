"""acorn-amazon keeps to what every plugin and every marketplace must."""

from __future__ import annotations

from acorn_amazon import plugin as plugin_module
from acorn_amazon.marketplace import AmazonMarketplace

from acorn_engine.testing import MarketplaceContract, PluginContract


class TestContract(PluginContract):
    plugin = plugin_module


class TestMarketplace(MarketplaceContract):
    marketplace = AmazonMarketplace()
