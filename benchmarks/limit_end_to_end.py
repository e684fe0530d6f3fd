"""The limit, end to end: Parquet files to feed documents, written by hand for this one catalogue.

It does what a plan does: joins products and listings, works out the twenty rules, asks the guards
that Acorn always asks, compares with what the sites show, keeps every change with its rule,
verdict and reason in SQLite, takes digests, and writes the same messages into documents that
Amazon accepts. It has no rule text, no types, no checks of the input and no explanations, and
nobody can change it without a programmer.

Arithmetic is that of ``limit``, over both files at once; only what changes leaves the query. While
one thread writes the change rows, the main one writes documents.
"""

from __future__ import annotations

import hashlib
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from benchmarks.catalogue import ACCOUNTS, SELLERS
from benchmarks.limit import COMMA_95, ENDS_IN_99, EUROPEAN, POINT_99, REGISTERED, YEN_80, landed, market
from benchmarks.workload import EPR_DE, EPR_FR, RESPONSIBLE_PERSON, RULES, SHOPS, rule_ids

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MESSAGES: Final = 25_000
BYTES: Final = 9 * 1024 * 1024
ENVELOPE: Final = 4096
PER_MESSAGE: Final = 48
LARGEST_SHARE: Final = 0.4

_NAMES: Final = [shop.name for shop in SHOPS]
_SITE: Final = pl.Enum(_NAMES)
_EUROPEAN: Final = [shop.name for shop in SHOPS if shop.key in EUROPEAN]
_POINT: Final = [shop.name for shop in SHOPS if shop.key in ENDS_IN_99]
_JP: Final = "amazon.co.jp"
_RULES: Final = pl.Enum(rule_ids())
_BECAUSE: Final = dict(
    zip(
        rule_ids(),
        (line.split("because: ")[1].strip('"') for line in RULES.splitlines() if "because: " in line),
        strict=True,
    )
)
_LIMITS: Final = "follows the working limits of the offer"
_OTHER_SITE: Final = "another site of the account writes the quantity of this pool"

c, when, lit = pl.col, pl.when, pl.lit
CHANGE: Final = (
    "account",
    "site",
    "seller_sku",
    "wave",
    "field",
    "from",
    "to",
    "currency",
    "rule",
    "verdict",
    "because",
)
"""What is kept of a change."""


def of_site(column: str, values: dict[str, Any], dtype: Any) -> pl.Expr:
    """Return what stands for each row's site."""
    return c(column).replace_strict(values, return_dtype=dtype)


def _minor(name: str, scale: int) -> pl.Expr:
    """Return a decimal column as the integer that stands behind it."""
    return c(name).cast(pl.Decimal(18, scale)).to_physical().cast(pl.Int64)


def evaluated(folder: Path) -> pl.LazyFrame:
    """Return every offer with what the rules want and what stands there."""
    amounts = ("price", "minimum_price", "maximum_price", "floor_price", "ceiling_price", "competitor_price")
    products = pl.scan_parquet(folder / "products.parquet").select(
        "sku",
        "weight_g",
        "hazmat",
        "category",
        "cost_currency",
        *(_minor(n, s).alias(n) for n, s in (("cost", 2), ("margin", 4), ("referral_fee", 4))),
    )
    listings = pl.scan_parquet(folder / "listings.parquet").with_columns(
        *(_minor(name, 2).alias(name) for name in (*amounts, "map_price", "heavy_fee")),
        vat=_minor("vat", 4),
        site=c("site").cast(_SITE),
    )
    usd = of_site("site", {shop.name: shop.usd for shop in SHOPS}, pl.Int64)
    cny = of_site("site", {shop.name: shop.cny for shop in SHOPS}, pl.Int64)
    offers = listings.join(products, on="sku", how="left").rename(
        {
            "price": "cur_price",
            "quantity": "cur_qty",
            "floor_price": "min_price",
            "ceiling_price": "max_price",
            "competitor_price": "comp",
            "lead_days": "lead",
            "weight_g": "weight",
            "category": "cat",
            "referral_fee": "ref",
        }
    )
    offers = offers.with_columns(
        fx=when(c("cost_currency") == "USD").then(usd).otherwise(cny),
        step=when(c("site") == _JP).then(lit(100, pl.Int64)).otherwise(lit(1, pl.Int64)),
    )
    priced = market(offers.with_columns(price=landed(c("vat"), c("step"))), c("heavy_fee"), c("step"))
    yen, point = c("site") == _JP, c("site").is_in(_POINT)
    ending = when(yen).then(YEN_80).when(point).then(POINT_99).otherwise(COMMA_95)
    price, free = c("price"), ~c("locked")
    ended = priced.with_columns(price=when(free).then(ending))
    ended = ended.with_columns(_low=price < c("min_price"), _high=price > c("max_price"))
    ended = ended.with_columns(
        price=when("_low").then(c("min_price")).when("_high").then(c("max_price")).otherwise(price)
    )
    advertised = pl.coalesce(price, c("cur_price")) < c("map_price")
    sold_out = (c("stock") < 5) | (c("hazmat") & yen)
    european = c("site").is_in(_EUROPEAN) & ~c("on_file")
    return ended.with_columns(
        price=when(advertised).then(c("map_price")).otherwise(price),
        rule=when(advertised)
        .then(_rule(14))
        .when("_low")
        .then(_rule(12))
        .when("_high")
        .then(_rule(13))
        .when(yen)
        .then(_rule(11))
        .when(point)
        .then(_rule(9))
        .otherwise(_rule(10)),
        qty=when(sold_out).then(0).when("clearance").then(c("stock")).otherwise(pl.min_horizontal(c("stock") - 2, 50)),
        qty_rule=when(sold_out).then(_rule(15)).when("clearance").then(_rule(16)).otherwise(_rule(17)),
        handling=when(c("lead") > 5).then(when(c("lead") < 29).then(c("lead") + 1).otherwise(30)),
        epr=european & c("site").is_in(["amazon.de", "amazon.fr"]) & c("cat").is_in(REGISTERED),
        rp=european & ~c("sku").str.starts_with("X"),
    )


def _rule(number: int) -> pl.Expr:
    return lit(rule_ids()[number - 1], _RULES)


def judged(offers: pl.LazyFrame) -> pl.LazyFrame:
    """Return the offers that change, with what speaks against a change of their price or quantity."""
    price, floor, ceiling, current = c("price"), c("min_price"), c("max_price"), c("cur_price")
    changed = (
        price.ne_missing(current) & price.is_not_null(),
        c("qty").ne_missing(c("cur_qty")),
        c("handling").is_not_null() & c("handling").ne_missing(c("handling_days")),
    )
    offers = offers.with_columns(d_price=changed[0], d_qty=changed[1], d_days=changed[2])
    offers = offers.filter(c("d_price") | c("d_qty") | c("d_days") | c("epr") | c("rp"))
    against = (
        when(price < floor)
        .then(lit("the price is below the floor"))
        .when((price > ceiling) | (price > c("max_price")))
        .then(lit("the price is above the ceiling"))
        .when((price >= current * 5) | (price * 5 <= current))
        .then(lit("the decimal point has moved"))
        .when(floor.is_null() | (floor <= 0))
        .then(lit("there is no floor price"))
        .when(current.is_null())
        .then(lit("there is no current price"))
    )
    return offers.with_columns(
        d_min=c("d_price") & floor.ne_missing(c("minimum_price")),
        d_max=c("d_price") & ceiling.ne_missing(c("maximum_price")),
        against_price=against,
        against_qty=when(c("qty") > c("stock"))
        .then(lit("the quantity is above the stock"))
        .when(c("qty") < 0)
        .then(lit("the quantity is below zero")),
        lower=c("qty") < c("cur_qty"),
    )


def amount(name: str) -> pl.Expr:
    """Return hundredths as the plain text of an amount; yen have no decimals."""
    value = c(name)
    decimals = pl.concat_str((value // 100).cast(pl.String), lit("."), (value % 100).cast(pl.String).str.zfill(2))
    return when(c("site") == _JP).then((value // 100).cast(pl.String)).otherwise(decimals)


def change_rows(frame: pl.DataFrame) -> pl.DataFrame:
    """Return one row for every change, field by field, offers in order."""
    unit = pl.concat_str(lit(" "), "currency")
    texts = {name: text for name, text in _BECAUSE.items() if "{" not in text}
    told = when(c("rule") == rule_ids()[11]).then(
        pl.concat_str(lit(_BECAUSE[rule_ids()[11]].split("{")[0]), amount("min_price"), unit)
    )
    told = told.when(c("rule") == rule_ids()[12]).then(
        pl.concat_str(lit(_BECAUSE[rule_ids()[12]].split("{")[0]), amount("max_price"), unit)
    )
    price_words = told.otherwise(c("rule").cast(pl.String).replace_strict(texts, default=None))
    price_verdict = when(c("against_price").is_null()).then(lit("send")).otherwise(lit("reject"))
    owner = c("owner")
    qty_verdict = (
        when(~owner)
        .then(lit("not_owned"))
        .when(c("against_qty").is_not_null())
        .then(lit("reject"))
        .otherwise(lit("send"))
    )
    none = lit(None, pl.String)

    def rows(
        where: str,
        field: str,
        wave: pl.Expr,
        old: pl.Expr,
        new: pl.Expr,
        rule: pl.Expr,
        verdict: pl.Expr,
        because: pl.Expr,
        currency: pl.Expr = none,
    ) -> pl.LazyFrame:
        return (
            frame.lazy()
            .filter(where)
            .select(
                "account",
                c("site").cast(pl.String),
                "seller_sku",
                wave=wave,
                field=lit(field),
                **{"from": old, "to": new},
                currency=currency,
                rule=rule,
                verdict=verdict,
                because=because,
            )
        )

    one, two = lit(1, pl.Int8), lit(2, pl.Int8)
    epr_rule, person_rule, days_rule = (lit(rule_ids()[number]) for number in (18, 19, 17))
    epr = when(c("site") == "amazon.de").then(lit(f'"{EPR_DE}"')).otherwise(lit(f'"{EPR_FR}"'))

    def available(words: pl.Expr) -> pl.Expr:
        return when(~owner).then(lit(_OTHER_SITE)).otherwise(pl.coalesce("against_qty", words))

    qty_words = c("qty_rule").cast(pl.String).replace_strict(_BECAUSE, default=None)
    parts = [
        rows(
            "d_price",
            "price",
            one,
            amount("cur_price"),
            amount("price"),
            c("rule").cast(pl.String),
            price_verdict,
            pl.coalesce("against_price", price_words),
            c("currency"),
        ),
        rows(
            "d_min",
            "minimum_price",
            one,
            amount("minimum_price"),
            amount("min_price"),
            none,
            price_verdict,
            pl.coalesce("against_price", lit(_LIMITS)),
            c("currency"),
        ),
        rows(
            "d_max",
            "maximum_price",
            one,
            amount("maximum_price"),
            amount("max_price"),
            none,
            price_verdict,
            pl.coalesce("against_price", lit(_LIMITS)),
            c("currency"),
        ),
        rows(
            "d_qty",
            "quantity",
            when("lower").then(lit(0, pl.Int8)).otherwise(two),
            c("cur_qty").cast(pl.String),
            c("qty").cast(pl.String),
            c("qty_rule").cast(pl.String),
            qty_verdict,
            available(qty_words),
        ),
        rows(
            "d_days",
            "handling_days",
            two,
            c("handling_days").cast(pl.String),
            c("handling").cast(pl.String),
            days_rule,
            qty_verdict,
            available(lit(_BECAUSE[rule_ids()[17]])),
        ),
        rows("epr", "attributes.epr_number", one, none, epr, epr_rule, lit("send"), lit(_BECAUSE[rule_ids()[18]])),
        rows(
            "rp",
            "attributes.responsible_person",
            one,
            none,
            lit(f'"{RESPONSIBLE_PERSON}"'),
            person_rule,
            lit("send"),
            lit(_BECAUSE[rule_ids()[19]]),
        ),
    ]
    return pl.concat(pl.collect_all(parts))


def messages(frame: pl.DataFrame) -> Iterator[tuple[str, str, int, pl.DataFrame]]:
    """Yield the messages of every site and wave: account, site, wave, and a column of texts without ids."""
    path = '"path":"/attributes/fulfillment_availability","value":[{"fulfillment_channel_code":"DEFAULT"'
    whole = frame.with_columns(_sku=_quoted(frame["seller_sku"]), _type=_quoted(frame["product_type"]))
    good = c("against_qty").is_null() & c("owner")
    for shop in SHOPS:
        offers = whole.filter(c("site") == shop.name)
        start = (
            lit(',"sku":'),
            c("_sku"),
            lit(',"operationType":"PATCH","productType":'),
            c("_type"),
            lit(',"patches":['),
        )
        merged = pl.concat_str(lit('{"op":"merge",' + path + ',"quantity":'), "qty", lit("}]}"))
        replaced = pl.concat_str(
            lit('{"op":"replace",' + path + ',"quantity":'),
            "qty",
            lit(',"lead_time_to_ship_max_days":'),
            "handling",
            lit("}]}"),
        )
        availability = when("d_days").then(replaced).otherwise(merged)
        offer_patch = _offer_patch(shop.site.marketplace_id, shop.site.currency)
        patches = [when(c("d_price") & c("against_price").is_null()).then(offer_patch)]
        for flag, name, value in (
            ("epr", "epr_number", EPR_DE if shop.key == "DE" else EPR_FR),
            ("rp", "responsible_person", RESPONSIBLE_PERSON),
        ):
            text = f'{{"op":"replace","path":"/attributes/{name}","value":[{{"value":"{value}","marketplace_id":"{shop.site.marketplace_id}"}}]}}'
            patches.append(when(flag).then(lit(text)))
        waves = (
            (0, good & c("d_qty") & c("lower"), merged),
            (
                1,
                (c("d_price") & c("against_price").is_null()) | c("epr") | c("rp"),
                pl.concat_str(patches, separator=",", ignore_nulls=True),
            ),
            (2, good & ((c("d_qty") & ~c("lower")) | c("d_days")), availability),
        )
        for wave, where, text in waves:
            made = (
                offers.lazy().filter(where).select("seller_sku", text=pl.concat_str(*start, text, lit("]}"))).collect()
            )
            if made.height:
                yield shop.account, shop.name, wave, made


def _offer_patch(marketplace: str, currency: str) -> pl.Expr:
    def schedule(member: str, name: str) -> list[pl.Expr]:
        return [lit(f',"{member}":[{{"schedule":[{{"value_with_tax":'), amount(name), lit("}]}]")]

    return pl.concat_str(
        lit(
            f'{{"op":"replace","path":"/attributes/purchasable_offer","value":[{{"marketplace_id":"{marketplace}","currency":"{currency}","audience":"ALL"'
        ),
        *schedule("our_price", "price"),
        *schedule("minimum_seller_allowed_price", "min_price"),
        *schedule("maximum_seller_allowed_price", "max_price"),
        lit("}]}"),
    )


def _quoted(texts: pl.Series) -> pl.Series:
    """Return texts as JSON; only where something must be escaped is anything looked at twice."""
    if texts.str.contains(r'["\\\x00-\x1f]').any():
        inner = pl.DataFrame({"v": texts}).select(pl.struct("v").struct.json_encode().str.slice(5).str.head(-1))
        return inner.to_series()
    return pl.DataFrame({"v": texts}).select(pl.concat_str(lit('"'), "v", lit('"'))).to_series()


def buffer(texts: pl.Series) -> memoryview:
    """Return all texts of a column, one after the other, without copying them into Python."""
    array = texts.rechunk().to_arrow(compat_level=pl.CompatLevel.oldest())
    offsets = memoryview(array.buffers()[1]).cast("q")
    return memoryview(array.buffers()[2])[offsets[array.offset] : offsets[array.offset + len(array)]]


def write_documents(account: str, site: str, wave: int, made: pl.DataFrame, directory: Path, digest: Any) -> int:
    """Write the documents of one site and wave; return how many messages they hold."""
    ends = (made["text"].str.len_bytes().cast(pl.Int64) + PER_MESSAGE).cum_sum()
    header = (
        f'{{"header":{{"sellerId":"{SELLERS[account]}","version":"2.0","issueLocale":"en_US"}},"messages":['.encode()
    )
    at = used = part = 0
    while at < made.height:
        fits = int(ends.search_sorted(used + BYTES - ENVELOPE, side="right"))
        end = max(at + 1, min(at + MESSAGES, fits))
        piece = (
            made["text"]
            .slice(at, end - at)
            .to_frame()
            .select(
                when(pl.int_range(pl.len()) == 0).then(lit('{"messageId":')).otherwise(lit(',{"messageId":'))
                + pl.int_range(1, pl.len() + 1).cast(pl.String)
                + c("text")
            )
        )
        body = buffer(piece.to_series())
        part += 1
        with (directory / f"{site}-{account}-{wave}-{part}.json").open("wb") as file:
            file.write(header)
            file.write(body)
            file.write(b"]}")
        digest.update(body)
        used, at = int(ends[end - 1]), end
    return made.height


def store(path: Path, rows: pl.DataFrame, digest: str, summary: str) -> None:
    """Write the plan and its change rows into SQLite, in one transaction that is on disk when it returns."""
    from adbc_driver_sqlite import dbapi

    with dbapi.connect(f"file:{path}") as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO plans VALUES (?, ?)", (digest, summary))
        cursor.adbc_ingest("changes", rows.to_arrow(compat_level=pl.CompatLevel.oldest()), mode="append")
        connection.commit()


def prepare(path: Path) -> None:
    """Make an empty database, as Acorn's is when a project has been set up."""
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        columns = ", ".join(f'"{name}" {"INTEGER" if name == "wave" else "TEXT"}' for name in CHANGE)
        connection.execute(f"CREATE TABLE changes (number INTEGER PRIMARY KEY, {columns})")
        connection.execute("CREATE TABLE plans (digest TEXT, summary TEXT)")


def changing(folder: Path) -> pl.DataFrame:
    """Return the offers that change, in order. Raises where a site would change too much at once."""
    accounts = {name: account for account, names in ACCOUNTS.items() for name in names}
    first = {names[0] for names in ACCOUNTS.values()}
    frame = (
        judged(evaluated(folder))
        .select(
            "site",
            "seller_sku",
            "product_type",
            "cur_price",
            "price",
            "rule",
            "minimum_price",
            "min_price",
            "maximum_price",
            "max_price",
            "cur_qty",
            "qty",
            "qty_rule",
            "lower",
            "handling_days",
            "handling",
            "epr",
            "rp",
            "d_price",
            "d_min",
            "d_max",
            "d_qty",
            "d_days",
            "against_price",
            "against_qty",
        )
        .collect(engine="streaming")
        .sort("site", "seller_sku")
        .with_columns(
            account=of_site("site", accounts, pl.String),
            currency=of_site("site", {shop.name: shop.site.currency for shop in SHOPS}, pl.String),
            owner=c("site").is_in(sorted(first)),
        )
    )
    offers = dict(pl.scan_parquet(folder / "listings.parquet").group_by("site").len().collect().iter_rows())
    for site, count in frame.group_by("site").len().iter_rows():
        if count > LARGEST_SHARE * offers[site] and offers[site] >= 50:
            raise RuntimeError(f"{site} would change {count} of {offers[site]} offers")
    return frame


def run(folder: Path, database: Path, directory: Path) -> int:
    """Do everything; return how many messages were written."""
    directory.mkdir(parents=True, exist_ok=True)
    frame = changing(folder)
    rows = change_rows(frame).with_row_index("number")
    lines = rows.select(pl.concat_str(pl.all().cast(pl.String).fill_null(""), separator="\x1f") + "\n").to_series()
    digest = hashlib.sha256(buffer(lines))
    with ThreadPoolExecutor(1) as pool:
        stored = pool.submit(store, database, rows, digest.hexdigest(), f"{frame.height} offers, {rows.height} changes")
        written = sum(write_documents(*made, directory, digest) for made in messages(frame))
        stored.result()
    return written
