from __future__ import annotations

import pytest

from acorn_engine.catalog.encoding import decode
from acorn_engine.problems import CatalogError


def message(data, encoding=None, delimiter=","):
    with pytest.raises(CatalogError) as caught:
        decode(data, encoding, "产品.csv", delimiter)
    return str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "cp932", "shift_jis", "utf-16", "big5"])
def test_what_is_declared_is_read(encoding):
    assert decode("sku,表\nA,中\n".encode(encoding), encoding, "a.csv") == "sku,表\nA,中\n"


def test_a_byte_order_mark_is_no_part_of_the_first_header():
    assert decode(b"\xef\xbb\xbfsku\n", None, "a.csv") == "sku\n"


def test_gb18030_read_as_utf8_names_file_row_column_bytes_and_what_to_set():
    shown = message("sku,name\nA,ok\nB,产品\n".encode("gb18030"))
    assert shown.startswith(
        "产品.csv, row 3: the file is read as utf-8, the default, but these bytes in column 2 are not"
    )
    assert "B2 FA C6 B7; nothing was read" in shown
    assert 'this looks like GB18030: set encoding = "gb18030"' in shown


@pytest.mark.parametrize(
    ("written", "encoding", "hint"),
    [
        ("sku,n\n1,テスト商品の名前\n", "cp932", 'Shift_JIS (cp932): set encoding = "cp932"'),
        ("sku,n\n1,Größe für Übermut\n", "cp1252", 'Windows-1252: set encoding = "cp1252"'),
        ("sku,n\n1,łąka źdźbło świeży\n", "cp1250", 'set encoding = "cp1250"'),
        ("sku,n\n1,x\n", "utf-16", 'UTF-16: set encoding = "utf-16"'),
        ("sku,n\n1,x\n", "utf-16-le", 'UTF-16: set encoding = "utf-16-le"'),
        ("sku,n\n1,x\n", "utf-16-be", 'UTF-16: set encoding = "utf-16-be"'),
    ],
)
def test_what_the_bytes_look_like_is_a_hint(written, encoding, hint):
    assert hint in message(written.encode(encoding))


def test_bytes_that_look_like_nothing_still_say_what_to_do():
    assert 'save the file as "CSV UTF-8"' in message(b"sku\n\x81\xff\xfe\x00"[:-1])


@pytest.mark.parametrize("declared", ["cp1252", "gb18030", "cp932"])
def test_utf8_declared_as_something_else_is_refused_although_it_would_decode(declared):
    assert 'this looks like UTF-8: set encoding = "utf-8"' in message("产品名称与价格".encode(), declared)


def test_a_declared_encoding_that_does_not_fit_is_named():
    shown = message("a,café\n".encode("cp1252"), "gb18030")
    assert "the file is declared as gb18030, but these bytes in column 2 are not" in shown


def test_an_unknown_encoding_is_refused_with_the_nearest():
    assert "did you mean 'gb18030'?" in message(b"", "gb18003")
    assert "'rot13' is not an encoding that Acorn reads" in message(b"", "rot13")


def test_a_workbook_that_is_read_as_text_is_called_one():
    assert 'for a workbook, set source = "xlsx"' in message(b"PK\x03\x04\x14\0\0\0")
