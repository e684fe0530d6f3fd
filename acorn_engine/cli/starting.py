"""Verbs to begin with: ``init``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from acorn_engine.cli.app import Common, verb
from acorn_engine.problems import Problem, ProjectError, did_you_mean

if TYPE_CHECKING:
    from cyclopts import App

_PROJECT: Final = """\
# What is sold where, from which files, under which rules.
[project]
name = "{name}"
database = "sqlite:///acorn.db"

[sites]                          # the chain of each site: folders or files of rules/, in the order they run
"{site}" = ["prices.yaml"]

[catalog.products]               # one row a product
source = "csv"
path = "products.csv"
# encoding = "gb18030"           # default: utf-8
# rename = {{ sku = "SKU", cost = "采购成本" }}
default = {{ cost_currency = "{currency}" }}   # where no column says in which currency a cost is

[catalog.listings]               # one row a listing
source = "csv"
path = "listings.csv"

[catalog.columns]                # types of your own columns; what is not named here is text
# weight_kg = "number"

[accounts.{account}]
marketplace = "{marketplace}"
seller_id = "YOUR-SELLER-ID"
sites = ["{site}"]
# Secrets come from the environment: {variables}
"""
_RULES: Final = """\
acorn: 1
description: Cost plus a margin
owner: you@example.com

parameters:
  margin: 30%

rules:
  - id: cost-plus-margin
    set:
      price: fx(cost) * (1 + margin)
    because: cost plus margin

examples:
  - name: thirty percent on top
    site: {site}
    given: {{cost: 10.00 {currency}}}
    expect: {{price: {target}, rule: cost-plus-margin}}
"""
_PRODUCTS: Final = "sku,cost,stock\nEXAMPLE-1,10.00,25\n"
_LISTINGS: Final = "site,seller_sku,sku,product_type,fulfilment,price,quantity,floor_price,ceiling_price\n{site},EXAMPLE-1,EXAMPLE-1,PRODUCT,merchant,{price},20,{floor},{ceiling}\n"


def init(directory: Path = Path(), *, site: str | None = None, common: Common | None = None) -> int:
    """Make a project folder that works, or bring the database of an existing one up to date.

    Parameters
    ----------
    directory:
        The folder; it is made when absent. Files that are there already are left alone.
    site:
        The site to begin with, such as amazon.de.
    """
    common = common or Common()
    output = common.output
    folder = directory if directory != Path() else common.project
    if (folder / "acorn.toml").exists():
        from acorn_engine import Engine

        with Engine.open(folder) as engine:
            version = engine.migrate()
        output.line(f"{folder / 'acorn.toml'} is there already; its database is at version {version}.")
        if common.json:
            output.document({"created": [], "database_version": version})
        return 0
    created = _write(folder, _texts(folder, site))
    output.line(f"Made {', '.join(created)} in {folder.resolve().name}/.")
    output.line("Next: acorn check, then acorn plan" + (f" --project {folder}" if folder != Path() else "") + ".")
    if common.json:
        output.document({"created": created})
    return 0


def _texts(folder: Path, wanted: str | None) -> dict[str, str]:
    from acorn_engine.plugins.host import PluginHost
    from acorn_engine.plugins.registry import build_registry
    from acorn_engine.project.credentials import variable

    sites = build_registry(PluginHost()).sites
    if not sites:
        raise ProjectError(
            Problem(
                code="no-sites",
                message="no plugin provides a site, so no project was made.",
                hint="install a marketplace plugin, such as acorn-amazon",
            )
        )
    if wanted is not None and wanted not in sites:
        raise ProjectError(
            Problem(
                code="unknown-site",
                message=f"unknown site '{wanted}'. Nothing was made.",
                hint=did_you_mean(wanted, sites) or f"known sites: {', '.join(sites)}",
            )
        )
    site = sites[wanted] if wanted else sites.get("amazon.de") or next(iter(sites.values()))
    values: dict[str, Any] = {
        "name": folder.resolve().name or "shop",
        "site": site.name,
        "currency": site.currency,
        "marketplace": site.marketplace,
        "account": site.region,
        "variables": ", ".join(variable(site.region, part) for part in ("client_id", "client_secret", "refresh_token")),
        "target": "13.00" if site.digits else "13",
        "price": "12.50" if site.digits else "12",
        "floor": "9.00" if site.digits else "9",
        "ceiling": "30.00" if site.digits else "30",
    }
    return {
        "acorn.toml": _PROJECT.format(**values),
        "rules/prices.yaml": _RULES.format(**values),
        "products.csv": _PRODUCTS,
        "listings.csv": _LISTINGS.format(**values),
    }


def _write(folder: Path, texts: dict[str, str]) -> list[str]:
    created = []
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(text, encoding="utf-8")
            created.append(name)
    return created


def add_verbs(app: App) -> None:
    """Add this module's verbs."""
    app.command(verb(init), name="init")
