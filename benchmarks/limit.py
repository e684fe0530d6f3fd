"""The limit: the twenty rules written by hand for Polars, exact, as fast as we know how.

No rule text, no types, no reasons, no holds and no bounds checks: every shortcut that somebody who
knows the data may take is taken. Amounts are integers of hundredths, shares ten-thousandths, rates
millionths; only the landed cost needs 128 bits. The conditions of rules 9 to 11 exclude each other
and always hold for offers that are not locked, so the number of the last price rule is found from
the last rules alone.

``whole_program`` is one program over all offers, ``site_program`` one for each site with the site's
constants written into it. Both give the columns of ``workload.RESULTS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from benchmarks.workload import EPR_DE, EPR_FR, RESPONSIBLE_PERSON, SHOPS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from benchmarks.workload import Shop

EUROPEAN: Final = ("DE", "FR", "IT", "ES", "PL")
ENDS_IN_99: Final = ("US", "UK")
REGISTERED: Final = ("electronics", "battery", "toys", "apparel")
FAMILY: Final = ("toys", "baby", "pet")

c, when, lit = pl.col, pl.when, pl.lit
price = c("price")


def _number(rule: int) -> pl.Expr:
    return lit(rule, pl.UInt8)


def landed(vat: pl.Expr | int, step: pl.Expr | int) -> pl.Expr:
    """Return cost × rate × (1 + margin) × (1 + VAT) / (1 − fee), half up to the step, in hundredths."""
    numerator = (c("cost") * c("fx") * (10_000 + vat)).cast(pl.Int128) * (10_000 + c("margin"))
    denominator = (10_000 - c("ref")) * (10**10 * step)
    return ((numerator * 2 + denominator) // (denominator * 2)).cast(pl.Int64) * step


def _percent(share: int, step: pl.Expr | int) -> pl.Expr:
    """The price times a share in percent, half up to the step."""
    if isinstance(step, int):
        return (price * share + 50 * step) // (100 * step) * step
    return (price * share + step * 50) // (step * 100) * step


def market(offers: pl.LazyFrame, heavy_fee: pl.Expr | int, step: pl.Expr | int) -> pl.LazyFrame:
    """Return the offers with the price as rules 2 to 8 leave it."""
    undercut = c("comp") - step
    for condition, value in (
        (c("weight") > 2000, price + heavy_fee),
        (c("lead") > 7, _percent(98, step)),
        (c("clearance"), _percent(85, step)),
        (c("cat").is_in(FAMILY), _percent(103, step)),
        (undercut >= c("min_price"), pl.min_horizontal(price, undercut)),
        (c("comp") * 10 > price * 12, _percent(105, step)),
        ((c("stock") >= 5) & (c("stock") < 20), _percent(108, step)),
    ):
        offers = offers.with_columns(price=when(condition).then(value).otherwise(price))
    return offers


POINT_99: Final = price // 100 * 100 + 99
COMMA_95: Final = when(price >= 500).then(price // 100 * 100 + 95).otherwise(price)
YEN_80: Final = price // 10_000 * 10_000 + 8_000


def _results(
    offers: pl.LazyFrame, ending_rule: pl.Expr, sold_out: pl.Expr, epr: pl.Expr, person: pl.Expr
) -> pl.LazyFrame:
    """Rules 12 to 20, on prices with their ending; a locked offer's price is the current one."""
    free = ~c("locked")
    offers = offers.with_columns(_low=free & (price < c("min_price")), _high=free & (price > c("max_price")))
    offers = offers.with_columns(
        price=when("_low").then(c("min_price")).when("_high").then(c("max_price")).otherwise(price)
    )
    advertised = price < c("map_price")
    return offers.select(
        price=when(advertised).then(c("map_price")).otherwise(price),
        qty=when(sold_out).then(0).when("clearance").then(c("stock")).otherwise(pl.min_horizontal(c("stock") - 2, 50)),
        handling=when(c("lead") > 5).then(when(c("lead") < 29).then(c("lead") + 1).otherwise(30)),
        epr=epr,
        rp=person,
        price_rule=when(advertised)
        .then(_number(14))
        .when("_low")
        .then(_number(12))
        .when("_high")
        .then(_number(13))
        .when("locked")
        .then(_number(0))
        .otherwise(ending_rule),
        qty_rule=when(sold_out).then(_number(15)).when("clearance").then(_number(16)).otherwise(_number(17)),
    )


def _person() -> pl.Expr:
    return when(~c("sku").str.starts_with("X")).then(lit(RESPONSIBLE_PERSON))


def whole_program(flat: pl.LazyFrame) -> pl.LazyFrame:
    """Return the results of all offers, in their order."""
    site = c("site")
    priced = market(flat.with_columns(price=landed(c("vat"), c("step"))), c("heavy_fee"), c("step"))
    ending = when(site == "JP").then(YEN_80).when(site.is_in(ENDS_IN_99)).then(POINT_99).otherwise(COMMA_95)
    ended = priced.with_columns(price=when("locked").then(c("cur_price")).otherwise(ending))
    epr = when(site.is_in(("DE", "FR")) & c("cat").is_in(REGISTERED)).then(
        when(site == "DE").then(lit(EPR_DE)).otherwise(lit(EPR_FR))
    )
    rule = when(site == "JP").then(_number(11)).when(site.is_in(ENDS_IN_99)).then(_number(9)).otherwise(_number(10))
    sold_out = (c("stock") < 5) | (c("hazmat") & (site == "JP"))
    return _results(ended, rule, sold_out, epr, when(site.is_in(EUROPEAN)).then(_person()))


def site_program(offers: pl.LazyFrame, shop: Shop) -> pl.LazyFrame:
    """Return the results of one site's offers, in their order."""
    priced = market(offers.with_columns(price=landed(shop.vat, shop.step)), shop.heavy_fee, shop.step)
    ending, rule = (POINT_99, 9) if shop.key in ENDS_IN_99 else (YEN_80, 11) if shop.key == "JP" else (COMMA_95, 10)
    ended = priced.with_columns(price=when("locked").then(c("cur_price")).otherwise(ending))
    number = {"DE": EPR_DE, "FR": EPR_FR}.get(shop.key)
    none = lit(None, pl.String)
    epr = none if number is None else when(c("cat").is_in(REGISTERED)).then(lit(number))
    sold_out = (c("stock") < 5) | c("hazmat") if shop.key == "JP" else c("stock") < 5
    return _results(ended, _number(rule), sold_out, epr, _person() if shop.key in EUROPEAN else none)


def site_programs(parts: Mapping[str, pl.DataFrame]) -> dict[str, pl.LazyFrame]:
    """Return the program of every site, by its key, over the offers of that site."""
    return {shop.key: site_program(parts[shop.key].lazy(), shop) for shop in SHOPS}


def run(program: pl.LazyFrame) -> pl.DataFrame:
    """Run one program."""
    return program.collect(engine="streaming")


def run_all(programs: Mapping[str, pl.LazyFrame]) -> dict[str, pl.DataFrame]:
    """Run the programs of all sites, one after the other."""
    return {key: run(program) for key, program in programs.items()}


def split(flat: pl.DataFrame) -> dict[str, pl.DataFrame]:
    """Return the flat frame cut by site."""
    return {shop.key: flat.filter(c("site") == shop.key) for shop in SHOPS}
