"""The rule file of DESIGN 4 and the project file of DESIGN 6, word for word, with the first plugins."""

from __future__ import annotations

from real_project import IDS

from acorn_engine import Engine

RULES = """\
acorn: 1
description: Follow the dollar, keep the margin, end in ,99
owner: pricing@example.com

parameters:
  margin: 28%

define:
  landed: fx(cost) * 1.04            # a named expression, for this file's rules

rules:
  - id: de-landed-price
    when: fulfilment == 'merchant' and not clearance
    set:
      price: landed * (1 + margin) * (1 + vat_rate)
    because: landed cost plus margin and VAT

  - id: de-follow-competitor
    when: floor_price <= competitor_price - tick < price
    set:
      price: competitor_price - tick

  - id: de-ending
    use: price_ending                # a rule kind from a plugin
    with: {ending: 0.99, direction: up}

guards:
  - id: de-big-move
    hold: abs(price / current_price - 1) > 12%
    because: "{current_price} to {price} is a move of more than 12%"
  - id: de-rate-feed
    halt: changed_share > 40%
    because: "More than 40% of the offers would change; check the rate feed"

examples:
  - name: dollar goods follow the rate
    site: amazon.de
    given: {cost: 20.00 USD, rate: {USD: 0.92}, fulfilment: merchant, clearance: false, current_price: 27.99,
            floor_price: 20.00, vat_rate: 19%}
    expect: {price: 29.99, rule: de-ending}
"""
PROJECT = """\
# acorn.toml
[project]
name = "northwind"
database = "sqlite:///acorn.db"          # or postgresql+psycopg://…

[sites]                                   # the chain: folders or files of rules/, in the order they run
"amazon.de" = ["eu", "de"]
"amazon.fr" = ["eu", "fr"]

[catalog.products]                        # one row a product
source = "csv"                            # csv, xlsx, parquet, sql, or a plugin's
path = "产品.csv"
encoding = "gb18030"
rename = { sku = "SKU", cost = "采购成本", stock = "可用库存" }
default = { cost_currency = "CNY" }
[catalog.listings]                        # one row a listing
source = "csv"
path = "listings.csv"
values.site = { "德国" = "amazon.de" }
[catalog.columns]                         # types of the ERP's own columns; what is not named here is text
weight_kg = "number"                      # number, integer, boolean, date, text, money, money:USD, money:COLUMN
clearance = { type = "boolean", default = false }     # otherwise blank is missing
competitor_price = "money"                # bare money is the site's currency: for listing columns only

[accounts.eu]
marketplace = "amazon"
seller_id = "A2EXAMPLE"
sites = ["amazon.de", "amazon.fr"]
endpoint = "http://127.0.0.1:8642"        # default: Amazon's for the region; here the sandbox
auth_endpoint = "http://127.0.0.1:8642/auth/o2/token"
quantity_site = "amazon.de"               # default: the first of sites that lists the SKU
patch_up_to = 50                          # so few changes of a plan go by patchListingsItem; more go by feed
neighbours = "read"                       # read: fetch what else stands in an offer before replacing it; none: the seller says nothing does
# secrets: environment (ACORN_<ACCOUNT>_CLIENT_ID, _CLIENT_SECRET, _REFRESH_TOKEN), the encrypted store, or the embedding program; never this file

[currency]
rates = "rates.csv"                       # the operator's own: base, quote, rate, as_of, source; wins over live and packaged rates
max_age = "2 publication days"            # or "36h"; the packaged snapshot serves demos and tests only

[guards]                                  # the built-in ones; an absent key means this default; to switch one off: stale = { off = "why" }
largest_move = "20%"                      # hold
changed_share = "40%"                     # halt; distinct offers sent in the last 24 h or in this plan, of all known offers of the site, from 50 offers on
decimal_shift = 5                         # reject: new ÷ current ≥ 5 or ≤ 1/5
first_price = "hold"                      # no current price to compare with
stale = "hold"                            # a fact read by an applied rule or guard is too old
above_stock = "reject"
below_floor = "reject"                    # raise | hold | reject

[run]
engine = "local"                          # local (Polars, streaming) or dask
plan_ttl = "4h"
"""
OTHERS = "acorn: 1\ndescription: Nothing of its own yet\n"


def write(folder, endpoint="http://127.0.0.1:8642"):
    from datetime import UTC, datetime

    (folder / "acorn.toml").write_text(PROJECT.replace("http://127.0.0.1:8642", endpoint), encoding="utf-8")
    for name, text in {"eu/base": OTHERS, "fr/base": OTHERS, "de/base": RULES}.items():
        (folder / "rules" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "rules" / f"{name}.yaml").write_text(text, encoding="utf-8")
    (folder / "产品.csv").write_bytes("SKU,采购成本,可用库存,名称\n007,150.00,5,箱子\n".encode("gb18030"))
    (folder / "listings.csv").write_text(
        "site,seller_sku,sku,product_type,fulfilment,price,quantity,floor_price,weight_kg,clearance,competitor_price\n"
        "德国,007,007,LUGGAGE,merchant,27.99,5,20.00,1.5,,\namazon.fr,007,007,LUGGAGE,merchant,27.99,5,20.00,1.5,,\n",
        encoding="utf-8",
    )
    today = datetime.now(UTC).date().isoformat()
    (folder / "rates.csv").write_text(f"base,quote,rate,as_of,source\nCNY,EUR,0.128,{today},bank\n", encoding="utf-8")


def test_the_files_of_the_design_work_as_they_stand(tmp_path, serve, secrets, capsys):
    from real_project import RealProject

    from acorn_engine.cli import main

    seller = RealProject(tmp_path, {"amazon.de": [], "amazon.fr": []}, {})
    seller.add("007", stock="5", price="27.99")
    server = serve(seller)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            path.unlink()
    write(tmp_path, server.url)
    here = ["--project", str(tmp_path)]
    assert main(["check", *here]) == 0, capsys.readouterr().err
    assert main(["test", *here]) == 0, capsys.readouterr().out
    assert "1 of 1 examples hold" in capsys.readouterr().out
    with Engine.open(tmp_path) as engine:
        plan = engine.plan("amazon.de")
        # 150 CNY × 0.128 = 19.20 EUR; × 1.04 × 1.28 × 1.19 = 30.4152576, up to 30.99: a move of 10.7 %
        row = plan.changes.filter(field="price").to_dicts()[0]
        assert (row["to"], row["rule"], row["verdict"]) == ("30.99", "de-ending", "send")
        facts = {fact["name"] for fact in engine.facts("amazon.de")}
        assert {"cost", "vat_rate", "rate", "fx", "ending", "competitor_price", "名称"} - facts <= {"名称"}
        assert engine.plan("amazon.fr").changes.is_empty()
    assert set(IDS) >= {"amazon.de", "amazon.fr"}


def test_the_demo_writes_a_project_that_checks(tmp_path, run):
    """The demo's project has no error, its examples hold."""
    from datetime import UTC, datetime

    from acorn_sandbox.demo.writing import write_project

    from acorn_engine.cli import main

    write_project(tmp_path / "demo", "http://127.0.0.1:9", datetime.now(UTC), 60)
    assert main(["check", "--project", str(tmp_path / "demo")]) == 0
    assert main(["test", "--project", str(tmp_path / "demo")]) == 0


def test_init_makes_a_project_that_works(tmp_path, capsys):
    """``acorn init``, then ``acorn check``, ``acorn test`` and ``acorn plan``."""
    from acorn_engine.cli import main

    folder = str(tmp_path / "new")
    assert main(["init", folder, "--site", "amazon.de"]) == 0
    assert main(["check", "--project", folder]) == 0, capsys.readouterr().err
    assert main(["test", "--project", folder]) == 0, capsys.readouterr().out
    assert main(["plan", "amazon.de", "--project", folder]) in {2, 3}, capsys.readouterr().err
    capsys.readouterr()
    assert main(["init", folder]) == 0
