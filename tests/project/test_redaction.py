"""Lines and settings that are shown to others hold no secret."""

from __future__ import annotations

import json
from datetime import date

import pytest

from acorn_engine.problems import ProjectError
from acorn_engine.project.loading import load_project, read_document
from acorn_engine.project.redaction import is_secret_name, shown_settings, without_secrets


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('client_secret = "abc"', 'client_secret = "…"'),
        ("client_secret = abc def", 'client_secret = "…"'),
        ("client_secret = “abc def”", 'client_secret = "…"'),
        ('refresh_token = "abc', 'refresh_token = "…"'),
        ("  api-key='a b'", '  api-key="…"'),
        ("apikey='a b', seller = 1", 'apikey="…", seller = 1'),
        ('eu = { client_id = "abc", seller_id = "S" }', 'eu = { client_id = "…", seller_id = "S" }'),
        ("secret_issued = 2026-01-01", "secret_issued = 2026-01-01"),
        ('database = "postgresql+psycopg://ada:pw@host/db"', 'database = "postgresql+psycopg://…@host/db"'),
        ('sites = ["amazon.de"]', 'sites = ["amazon.de"]'),
    ],
)
def test_lines(line, shown):
    assert without_secrets(line) == shown


def test_names():
    assert [
        name for name in ("client_secret", "Token", "password", "seller_id", "secret_issued") if is_secret_name(name)
    ] == [
        "client_secret",
        "Token",
        "password",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[accounts.eu]\nseller_id = "S"\nsites = ["shop.de"]\nclient_secret = "abcdefgh"\n',
        "[accounts.eu]\nclient_secret = abcdefgh\n",
        '[project]\ndatabase = ["postgresql://ada:abcdefgh@host/db"]\n',
    ],
)
def test_a_secret_in_the_project_file_is_not_repeated(tmp_path, text):
    (tmp_path / "acorn.toml").write_text(text)
    with pytest.raises(ProjectError) as caught:
        load_project(read_document(tmp_path), {}, {}, {})
    told = str(caught.value) + json.dumps([problem.to_dict() for problem in caught.value.problems])
    assert "abcdefgh" not in told
    assert "seller_id" not in text or "secrets never stand in this file" in told


def test_settings():
    data = {
        "project": {"name": "northwind", "database": "postgresql://ada:abcdefgh@host/db?sslpassword=x"},
        "accounts": {"eu": {"seller_id": "S", "authorised": date(2026, 1, 1), "client_secret": "abcdefgh"}},
        "catalog": {
            "products": {
                "source": "sql",
                "url": "env:ERP",
                "query": "select 1",
                "rename": {"sku": "SKU"},
                "path": "p.csv",
            },
            "columns": {"weight": "number"},
            "listings": "abcdefgh",
        },
        "compliance": {"manufacturer": "ada@example.com", "registrations": [{"number": "DE123"}]},
        "run": {"partition_offers": 5},
        "odd": "abcdefgh",
    }
    assert shown_settings(data) == {
        "project": {"name": "northwind", "database": "postgresql://…@host/db?…"},
        "accounts": {"eu": {"seller_id": "S", "authorised": "2026-01-01", "client_secret": "…"}},
        "catalog": {
            "products": {"source": "sql", "url": "…", "query": "…", "rename": {"sku": "SKU"}, "path": "p.csv"},
            "columns": {"weight": "number"},
            "listings": "…",
        },
        "run": {"partition_offers": 5},
        "compliance": {"manufacturer": "…", "registrations": "…"},
        "odd": "…",
    }
