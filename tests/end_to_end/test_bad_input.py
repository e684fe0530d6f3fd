"""Bad input by the command line: a clear, located error or a held change, and nothing unsafe goes out."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from real_project import PRICE_RULES, answered, price_of

HEAD = "acorn: 1\nrules:\n"
BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{', '.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(9)
)


@pytest.fixture
def seller(project, secrets):
    made = project({"amazon.de": ["price.yaml"]}, {"price.yaml": PRICE_RULES})
    made.add("GOOD", "11.00")
    made.url = "http://127.0.0.1:9"
    return made


@pytest.fixture
def refused(seller, run):
    """Run ``check`` and ``plan``: both end with 1, nothing is saved; return what was said."""

    def look(*expected):
        code, out, err = run(seller, "check")
        assert code == 1, out + err
        for words in expected:
            assert words in err, err
        code, out, err = run(seller, "plan", "amazon.de")
        assert (code, out) == (1, "")
        for words in expected:
            assert words in err, err
        assert "Traceback" not in err
        code, out, _ = run(seller, "plan", "amazon.de", "--json")
        assert code == 1
        assert json.loads(out)["problems"]
        assert not seller.folder.joinpath("acorn.db").exists() or not run_plans(seller)
        return err

    return look


def run_plans(seller):
    with sqlite3.connect(seller.folder / "acorn.db") as connection:
        return connection.execute("select count(*) from plans").fetchone()[0]


def plan_json(run, seller, *words):
    code, out, err = run(seller, "plan", "amazon.de", "--json", *words)
    return code, json.loads(out), err


def verdicts(plan, sku, field="price"):
    return {row["verdict"] for row in plan["changes"] if row["seller_sku"] == sku and row["field"] == field}


# Rules


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        (HEAD + "  - id: a\n    wen: cost > 1\n    set: {price: 1}\n", ("price.yaml:4:5", "did you mean 'when'?")),
        (HEAD + "  - id: a\n    set: {price: fx(csot)}\n", ("price.yaml:4:21", "did you mean 'cost'?")),
        (HEAD + "  - id: a\n    set: {price: brand}\n", ("price.yaml:4:18", "brand")),
        (HEAD + "  - id: a\n    set: {price: 1 CNY + 1 EUR}\n", ("price.yaml:4:", "CNY", "EUR", "fx")),
        (HEAD + "  - id: a\n    set: {price: ().__class__}\n", ("price.yaml:4:",)),
        (HEAD + "  - id: a\n    set: {price: 9**9**9}\n", ("price.yaml:4:", "**")),
        (HEAD + "  - id: a\n    set: {price: " + "1+" * 5_000_000 + "1}\n", ("price.yaml",)),
        (HEAD + "  - id: a\n    set: {price: " + "1+" * 900_000 + "1}\n", ("price.yaml",)),
        (BOMB, ("price.yaml:",)),
        ("acorn: 1\nrules: [" + "[" * 5000 + "\n", ("price.yaml",)),
        ("", ("price.yaml",)),
        ("acorn: 1\nrules:\n  - id: a\n    set: {pri", ("price.yaml:",)),
        ("acorn: 2\nrules: []\n", ("price.yaml:1:",)),
        ("!!python/object/apply:os.system ['true']\n", ("price.yaml:1:",)),
    ],
    ids=["key", "name", "type", "currencies", "dunder", "power", "10 MB", "2 MB", "bomb", "deep", "empty", "half", "version", "tag"],
)  # fmt: skip
def test_rules(seller, refused, rules, expected):
    """Unknown key, misspelt name, wrong type, CNY + EUR, ``().__class__``, ``9**9**9``, a 10 MB expression, a YAML bomb: a clear, located error."""
    seller.rules["price.yaml"] = rules
    seller.write()
    said = refused(*expected)
    assert len(said) < 50_000


def test_conflicting_plugins(seller, refused):
    """Conflicting plugins: both are named."""
    seller.extra = '[plugins]\ndirectory = "plugins"\n'
    seller.write()
    (seller.folder / "plugins").mkdir()
    (seller.folder / "plugins" / "mine.py").write_text(
        "from acorn_engine.plugins import Function, Parameter, hookimpl\nfrom acorn_engine.types import NUMBER\n"
        "@hookimpl\ndef acorn_functions():\n    yield Function('fx', (Parameter('x', NUMBER),), NUMBER, 'x', 'fx(1)')\n",
        encoding="utf-8",
    )
    refused("'fx'", "mine", "currency")


# Catalogue


@pytest.mark.parametrize(
    ("file", "content", "expected"),
    [
        ("products.csv", b"", ("products.csv",)),
        ("products.csv", b"sku,cost,cost_currency,stock\n", ("products.csv",)),
        ("listings.csv", b"site,seller_sku\namazon.de,GOOD\n", ("listings.csv", "'sku'")),
        ("listings.csv", b'site,seller_sku,sku\namazon.de,"GO', ("listings.csv", "2")),
        ("products.csv", "sku,cost,cost_currency,title\nGOOD,1,USD,Größe\n".encode("cp1252"), ("products.csv", "utf-8")),
        ("products.csv", b"PK\x03\x04nonsense", ("products.csv",)),
        ("products.csv", None, ("products.csv",)),
    ],
    ids=["empty", "header only", "missing column", "half-written", "encoding", "not csv", "absent"],
)  # fmt: skip
def test_files_that_cannot_be_used(seller, refused, file, content, expected):
    """An empty file, a half-written file, a missing column: a clear error that names the file."""
    seller.write()
    if content is None:
        (seller.folder / file).unlink()
    else:
        (seller.folder / file).write_bytes(content)
    refused(*expected)


def test_rows_that_cannot_be_used_are_held_and_the_rest_goes_on(seller, serve, run):
    """A blank minimum, a zero limit, a 100× price from a shifted decimal, a duplicate SKU, a currency that is not the site's, mojibake: held or rejected, located, and the good offer goes out."""
    seller.columns += 'title = "text"\n'
    seller.add("BLANK-MINIMUM", "11.00", floor_price=None)
    seller.add("ZERO-LIMIT", "11.00", floor_price="0")
    seller.add("ZERO-CEILING", "11.00", ceiling_price="0")
    seller.add("SHIFTED", "1100.00")
    seller.add("SHIFTED-DOWN", "0.11", floor_price="0.01")
    seller.add("TWICE", "11.00")
    seller.add("FOREIGN", "11.00", price_currency="GBP")
    seller.add("NOT-A-NUMBER", "11,0,0")
    seller.add("NEGATIVE", "11.00", stock="-5")
    seller.add("NO-RATE", "11.00", currency="CHF")
    server = serve(seller)
    seller.listings.append(dict(next(row for row in seller.listings if row["seller_sku"] == "TWICE")))
    seller.write()
    code, plan, _ = plan_json(run, seller)
    assert code in {2, 3}
    sent = {row["seller_sku"] for row in plan["changes"] if row["verdict"] == "send"}
    assert sent == {"GOOD"}
    assert verdicts(plan, "BLANK-MINIMUM") == verdicts(plan, "ZERO-LIMIT") == {"hold"}
    assert verdicts(plan, "ZERO-CEILING") <= {"hold", "reject"}
    assert verdicts(plan, "SHIFTED") == verdicts(plan, "SHIFTED-DOWN") == {"reject"}
    located = {problem["file"]: problem for problem in plan["problems"] if problem["effect"] == "holds"}
    assert {"products.csv", "listings.csv"} <= set(located)
    assert all(problem["row"] and problem["message"] for problem in located.values())
    assert run(seller, "approve", plan["plan"])[0] == 0
    assert run(seller, "submit", plan["plan"], "--wait")[0] == 0
    for row in server.truth():
        expected = "20.99" if row["sku"] == "GOOD" else "18.99"
        assert price_of(server, row["sku"]) == expected, row["sku"]


def test_mojibake(seller, run):
    """Mojibake: a warning or an error that names file and column, never a silent guess."""
    seller.products[0]["title"] = "GrÃ¶ÃŸe"
    seller.columns += 'title = "text"\n'
    seller.write()
    _, _, err = run(seller, "check")
    assert "products.csv" in err
    assert "title" in err


# Ten thousand


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    from real_project import RealProject

    made = RealProject(tmp_path_factory.mktemp("many"), {"amazon.de": ["price.yaml"]}, {"price.yaml": PRICE_RULES})
    made.accounts_extra["eu"] = 'neighbours = "none"'
    made.url = "http://127.0.0.1:9"
    for number in range(10_000):
        # every second one would move, by 10 %
        made.add(f"S{number:05d}", "11.00" if number % 2 else "10.00", price="18.99")
    return made


def test_one_new_sku_among_ten_thousand(many, run, secrets):
    """One new SKU among 10,000 (it is held, the site goes on)."""
    many.extra = '[guards]\nchanged_share = "60%"\n'
    many.add("NEW", "11.00", price=None)
    many.write()
    code, plan, _ = plan_json(run, many)
    many.products.pop()
    many.listings.pop()
    assert (code, plan["status"]) == (3, "ready")
    assert plan["summary"]["offers"] == 10_001
    assert [(row["verdict"], row["guard"]) for row in plan["changes"] if row["seller_sku"] == "NEW"][-1:] == [
        ("hold", "first_price")
    ]
    assert sum(1 for row in plan["changes"] if row["verdict"] == "send" and row["field"] == "price") == 5000


def test_a_run_of_200_skus_counts_the_whole_site(many, run, secrets):
    """A run of 200 SKUs (shares count the whole site)."""
    many.extra = ""
    many.write()
    few = [f"S{number:05d}" for number in range(200)]
    _, plan, _ = plan_json(run, many, *(word for sku in few for word in ("--only", sku)))
    assert plan["status"] == "ready"
    assert (plan["summary"]["offers"], plan["summary"]["considered"]) == (10_000, 200)
    assert plan["summary"]["shares"]["changed_share"] == "1%"
    code, plan, _ = plan_json(run, many)
    assert (code, plan["status"]) == (4, "halted")


# The database


def test_locked(seller, serve, run, monkeypatch):
    """The database locked: said so, with what to do, and nothing half done."""
    from acorn_engine.store import Store

    serve(seller)
    assert run(seller, "plan", "amazon.de")[0] == 2
    opened = Store.open.__func__
    monkeypatch.setattr(Store, "open", classmethod(lambda cls, *a, **k: opened(cls, *a, **(k | {"patience": 0.2}))))
    other = sqlite3.connect(seller.folder / "acorn.db", isolation_level=None)
    other.execute("begin exclusive")
    try:
        code, out, err = run(seller, "plan", "amazon.de")
    finally:
        other.execute("rollback")
        other.close()
    assert (code, out) == (1, "")
    assert "locked" in err or "busy" in err
    assert "Traceback" not in err
    assert run(seller, "plan", "amazon.de")[0] == 2


def test_read_only(seller, serve, run):
    """The database read-only."""
    serve(seller)
    assert run(seller, "plan", "amazon.de")[0] == 2
    database = seller.folder / "acorn.db"
    database.write_bytes(b"SQLite format 3\x00" + b"\x00" * 84)  # is no database; then one that cannot be written
    code, out, err = run(seller, "plan", "amazon.de")
    assert (code, out) == (1, "")
    assert "acorn.db" in err or "database" in err
    seller.extra = ""
    text = (seller.folder / "acorn.toml").read_text(encoding="utf-8")
    (seller.folder / "acorn.toml").write_text(
        text.replace("sqlite:///acorn.db", "sqlite:////proc/acorn.db"), encoding="utf-8"
    )
    code, out, err = run(seller, "plan", "amazon.de")
    assert (code, out) == (1, "")
    assert "Traceback" not in err
    assert "proc" in err or "database" in err


def test_full(seller, serve, run, monkeypatch):
    """The database full: SQLite's own "database or disk is full", said in words; what was saved stays whole."""
    serve(seller)
    for number in range(300):
        seller.add(f"MORE{number}", "11.00")
    seller.accounts_extra["eu"] = 'neighbours = "none"'
    seller.extra = '[guards]\nchanged_share = { off = "a test" }\n'
    seller.write(seller.url)
    assert run(seller, "plan", "amazon.de", "--only", "GOOD")[0] == 2
    connect = sqlite3.connect
    with connect(seller.folder / "acorn.db") as connection:
        pages = connection.execute("pragma page_count").fetchone()[0]

    def small(*arguments, **named):
        connection = connect(*arguments, **named)
        connection.execute(f"pragma max_page_count = {pages}")
        return connection

    monkeypatch.setattr("sqlite3.connect", small)
    monkeypatch.setattr("sqlite3.dbapi2.connect", small)
    code, out, err = run(seller, "plan", "amazon.de")
    assert (code, out) == (1, "")
    assert "full" in err
    assert "Traceback" not in err
    monkeypatch.undo()
    assert run_plans(seller) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="ulimit")
def test_a_file_that_may_not_grow(seller, serve):
    """The disk refuses to take more (a real limit of the operating system): an error, not a traceback."""
    server = serve(seller)
    program = Path(sys.executable).with_name("acorn")
    script = f"trap '' XFSZ; ulimit -f 64; exec {program} plan amazon.de --project {seller.folder}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert "Traceback" not in done.stderr
    assert "database" in done.stderr
    assert answered(server, "patchListingsItem") == 0


def test_newer(seller, serve, run):
    """The database from a newer version is left alone."""
    serve(seller)
    assert run(seller, "plan", "amazon.de")[0] == 2
    with sqlite3.connect(seller.folder / "acorn.db") as connection:
        (name,) = [
            row[0]
            for row in connection.execute(
                "select name from sqlite_master where name like '%version%' and type = 'table'"
            )
        ]
        connection.execute(f"update {name} set version_num = '9999'")
    connection.close()
    for words in (["plan", "amazon.de"], ["status"], ["submit"], ["init"]):
        code, out, err = run(seller, *words)
        assert (code, out) == (1, ""), words
        assert "newer" in err


# The marketplace


def test_nobody_answers(seller, run):
    """The marketplace cannot be reached: planning goes on, price changes of unread offers are held."""
    seller.write("http://127.0.0.1:9")
    code, plan, _ = plan_json(run, seller)
    assert code == 3
    assert verdicts(plan, "GOOD") == {"hold"}
    assert any("could not be read" in problem["message"] for problem in plan["problems"])


def test_no_credentials(seller, serve, run, monkeypatch):
    """Without credentials planning goes on; submitting says which variables are not set."""
    serve(seller)
    _, plan, _ = plan_json(run, seller)
    assert run(seller, "approve", plan["plan"])[0] == 0
    monkeypatch.delenv("ACORN_EU_REFRESH_TOKEN")
    code, out, err = run(seller, "submit", plan["plan"])
    assert "ACORN_EU_REFRESH_TOKEN" in out + err
    assert code == 1, out + err
