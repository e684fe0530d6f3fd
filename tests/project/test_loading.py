"""The project file: every problem at once, each where it stands."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from acorn_engine.problems import ProjectError
from acorn_engine.project import chain_files, load_project, project_from
from acorn_engine.project.credentials import find, variable
from acorn_engine.project.loading import plugins_section, read_document
from acorn_engine.sites import Site

SITES = {
    name: Site(name, "amazon", name, country, "EUR", 2, "de_DE", region, "Europe/Berlin", tax_included=True)
    for name, country, region in (("amazon.de", "DE", "eu"), ("amazon.fr", "FR", "eu"), ("amazon.com", "US", "na"))
}


class Currency(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rates: str | None = None


GOOD = """\
[project]
name = "northwind"
database = "sqlite:///acorn.db"

[sites]
"amazon.de" = ["eu", "de"]

[catalog.products]
source = "csv"
path = "产品.csv"

[accounts.eu]
seller_id = "A2EXAMPLE"
sites = ["amazon.de", "amazon.fr"]

[currency]
rates = "rates.csv"

[run]
plan_ttl = "90m"
"""


def load(text: str, folder: Path):
    (folder / "acorn.toml").write_text(text, encoding="utf-8")
    return load_project(read_document(folder), {"currency": Currency}, SITES, {})


def problems(text: str, folder: Path):
    with pytest.raises(ProjectError) as caught:
        load(text, folder)
    return [problem.render() for problem in caught.value.problems]


def test_a_good_project(tmp_path: Path):
    project = load(GOOD, tmp_path)
    assert project.project.name == "northwind"
    assert project.sites == {"amazon.de": ("eu", "de")}
    assert project.accounts["eu"].sites == ("amazon.de", "amazon.fr")
    assert project.accounts["eu"].patch_up_to == 50
    assert project.run.plan_ttl == timedelta(minutes=90)
    assert project.sections["currency"].rates == "rates.csv"
    assert [account.name for account in project.accounts_of("amazon.fr")] == ["eu"]


def test_relative_paths_the_sqlite_files_too_are_relative_to_the_project_file(tmp_path: Path):
    assert load(GOOD, tmp_path).database == f"sqlite:///{tmp_path.resolve()}/acorn.db"
    absolute = GOOD.replace("sqlite:///acorn.db", "sqlite:////var/acorn.db")
    assert load(absolute, tmp_path).database == "sqlite:////var/acorn.db"


def test_all_problems_at_once_each_with_its_place(tmp_path: Path):
    text = (
        GOOD.replace("seller_id", "seler_id")
        .replace('"amazon.de" = ["eu", "de"]', '"amazon.dd" = ["eu"]\n"amazon.com" = "eu"')
        .replace("[currency]", "[curency]")
        .replace('"90m"', '"soon"')
    )
    assert problems(text, tmp_path) == [
        "acorn.toml:17:2: unknown section [curency].\n    [curency]\n     ^\n    did you mean 'currency'?",
        'acorn.toml:21:1: \'plan_ttl\' in [run]: \'soon\' is not a length of time; write it like "90s", "15m", "4h" or "2d".'
        '\n    plan_ttl = "soon"\n    ^',
        "acorn.toml:13:2: [accounts.eu] needs 'seller_id'.\n    [accounts.eu]\n     ^\n    the seller's id with the marketplace",
        "acorn.toml:14:1: unknown key 'seler_id' in [accounts.eu].\n    seler_id = \"A2EXAMPLE\"\n    ^\n"
        "    did you mean 'seller_id'?",
        "acorn.toml:6:1: unknown site 'amazon.dd'.\n    \"amazon.dd\" = [\"eu\"]\n    ^\n    did you mean 'amazon.de'?",
        "acorn.toml:7:1: the chain of amazon.com must be a list of folders or files of rules/.\n"
        '    "amazon.com" = "eu"\n    ^\n    "amazon.com" = ["eu", "de"]',
    ]


def test_a_broken_plugin_explains_a_missing_section():
    document = project_from({"currency": {}})
    with pytest.raises(ProjectError, match="acorn-currency is off: could not be loaded"):
        load_project(document, {}, SITES, {"acorn-currency": "could not be loaded"})


def test_a_file_that_is_not_toml(tmp_path: Path):
    [shown] = problems("[project]\nname = northwind\n", tmp_path)
    assert shown.startswith("acorn.toml:2:8: this is not TOML: Invalid value.\n    name = northwind\n           ^")


def test_no_file_and_another_encoding(tmp_path: Path):
    with pytest.raises(ProjectError, match="there is no project file acorn.toml in"):
        read_document(tmp_path)
    (tmp_path / "acorn.toml").write_bytes("[project]\nname = 'Müller'".encode("cp1252"))
    with pytest.raises(ProjectError, match="acorn.toml is not UTF-8."):
        read_document(tmp_path)


def test_a_byte_order_mark_is_no_problem(tmp_path: Path):
    (tmp_path / "acorn.toml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert plugins_section(read_document(tmp_path)).directory is None


def test_an_account_is_one_seller_in_one_region(tmp_path: Path):
    [shown] = problems(GOOD.replace('"amazon.fr"]', '"amazon.com"]'), tmp_path)
    assert "account 'eu' has sites of several regions (eu, na)" in shown


def test_the_quantity_site_is_one_of_the_sites(tmp_path: Path):
    [shown] = problems(GOOD.replace("[currency]", 'quantity_site = "amazon.nl"\n[currency]'), tmp_path)
    assert "quantity_site 'amazon.nl' is not one of the sites of account 'eu'." in shown


def test_settings_need_no_file():
    project = load_project(project_from({"project": {"name": "p"}}), {}, SITES, {})
    assert project.source is None
    assert project.accounts == {}


def test_a_chain_is_folders_and_files_in_order(tmp_path: Path):
    for name in ("eu/b.yaml", "eu/a.yml", "de/x.yaml", "extra.yaml"):
        path = tmp_path / "rules" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    names = [name for name, _ in chain_files(["extra", "eu", "de/x.yaml"], tmp_path, "amazon.de")]
    assert names == ["rules/extra.yaml", "rules/eu/a.yml", "rules/eu/b.yaml", "rules/de/x.yaml"]


def test_a_chain_entry_that_holds_nothing(tmp_path: Path):
    with pytest.raises(
        ProjectError, match="the chain of amazon.de names 'euro', which holds no rule file.\n.*did you mean 'eur'"
    ):
        chain_files(["euro"], tmp_path, "amazon.de", {"eur/a.yaml": ""})


def test_rules_from_memory():
    assert chain_files(["eu"], Path(), "amazon.de", {"eu/a.yaml": "A", "fr/b.yaml": "B"}) == [("eu/a.yaml", "A")]


def test_a_rule_file_that_runs_twice(tmp_path: Path):
    with pytest.raises(ProjectError, match="the chain of amazon.de runs eu/a.yaml twice."):
        chain_files(["eu", "eu/a"], tmp_path, "amazon.de", {"eu/a.yaml": "A"})


def test_secrets_come_from_the_environment_and_are_never_shown(tmp_path: Path, monkeypatch):
    account = load(GOOD, tmp_path).accounts["eu"]
    monkeypatch.setenv("ACORN_EU_CLIENT_ID", "id")
    monkeypatch.setenv("ACORN_EU_CLIENT_SECRET", "very-secret")
    with pytest.raises(ProjectError) as caught:
        find(account, None)
    assert "account 'eu' has no ACORN_EU_REFRESH_TOKEN. Nothing was sent or read." in str(caught.value)
    assert "very-secret" not in str(caught.value)
    monkeypatch.setenv("ACORN_EU_REFRESH_TOKEN", "token")
    found = find(account, None).credentials
    assert found.client_secret == "very-secret"
    assert "very-secret" not in repr(found)


def test_secrets_come_from_the_embedding_program(tmp_path: Path):
    account = load(GOOD, tmp_path).accounts["eu"]
    given = {"client_id": "a", "client_secret": "b", "refresh_token": "c"}
    assert find(account, lambda _: given).credentials.refresh_token == "c"
    with pytest.raises(ProjectError, match="account 'eu' has no client_secret, refresh_token"):
        find(account, lambda _: {"client_id": "a"})
    assert variable("my-eu.1", "client_id") == "ACORN_MY_EU_1_CLIENT_ID"


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('重量 = "number"', 'needs quotes: "重量" = …'),
        ("name = “northwind”", "these marks are not TOML's: “ ”; press"),
        ("name: northwind", 'a key is followed by = here: name = "northwind"'),
        ("name = northwind", 'text needs quotes: name = "northwind"'),
        ("[project]", "put the keys of both sections under one of them"),
    ],
)
def test_the_usual_slips_in_a_project_file_name_the_key_to_press(tmp_path, line, hint):
    path = tmp_path / "acorn.toml"
    path.write_text(f"[project]\n{line}\n", encoding="utf-8")
    with pytest.raises(ProjectError) as caught:
        read_document(path)
    assert hint in str(caught.value)
    assert "acorn.toml:2:" in str(caught.value)
