"""acorn-currency keeps to what every plugin must."""

from __future__ import annotations

from acorn_currency import plugin as plugin_module

from acorn_engine.testing import PluginContract


class TestContract(PluginContract):
    plugin = plugin_module
