from __future__ import annotations

import polars as pl
import pytest

from acorn_engine.catalog.mojibake import misread_rows

MISREAD = (
    "GrÃ¼n",
    "a\ufffdb",
    "é”®",
    "å·¥å…·",
    "itâ€™s",
    "biaÅ‚y",
    "产品名称".encode().decode("gb18030"),
    "Привет".encode().decode("latin-1"),
    "łąka".encode().decode("cp1252"),
)
HONEST = (
    "„Spaß“",
    "« café »",
    "« café\u00a0»",
    "CAFÉ®",
    "Nescafé®™",
    "30×40",
    "30×™",
    "prêt à\u00a0« porter",
    "Größe",
    "产品",
    "联通",
    "日本語テスト",
    "Łódź",
    "Привет",
    "naïve…",
    "Maß–Set",
    "ESPAÑA",
)


@pytest.mark.parametrize("value", MISREAD)
def test_text_read_with_a_wrong_encoding_is_found(value):
    assert misread_rows(pl.Series(["ok", value, None])).to_list() == [False, True, False]


@pytest.mark.parametrize("value", HONEST)
def test_honest_text_is_left_alone(value):
    assert not misread_rows(pl.Series([value])).any()
