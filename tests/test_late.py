"""Names of packages whose modules are loaded on first use."""

from __future__ import annotations

from importlib import import_module

import pytest

PACKAGES = ("engine", "guard", "plan", "store")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_name_is_there_and_no_module_hides_one(package):
    module = import_module(f"acorn_engine.{package}")
    for name in module.__all__:
        found = getattr(module, name)
        assert type(found).__name__ != "module", name


@pytest.mark.parametrize("package", PACKAGES)
def test_another_name_is_no_name(package):
    module = import_module(f"acorn_engine.{package}")
    with pytest.raises(AttributeError, match=f"module 'acorn_engine.{package}' has no attribute 'nonesuch'"):
        _ = module.nonesuch
