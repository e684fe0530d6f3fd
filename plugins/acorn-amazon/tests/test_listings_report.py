from __future__ import annotations

from decimal import Decimal

import pytest
from acorn_amazon.listings_report import CATALOG_SOURCE
from acorn_amazon.sites import SITES

from acorn_engine.catalog import CatalogOptions, read_role, type_table
from acorn_engine.problems import CatalogError, ProjectError

HEADER = "item-name\tlisting-id\tseller-sku\tprice\tquantity\topen-date\tasin1\tfulfillment-channel\tstatus"
ROWS = (
    'Größe 5" "Pro\t0101L\t00123\t19.99\t7\t2024-01-02 10:00:00 MET\tB000000001\tDEFAULT\tActive',
    "Zwei\t0102L\tAB-2\t5\t\t2024-01-02 10:00:00 MET\tB000000002\tAMAZON_EU\tInactive",
)
SITE_TABLE = {site.name: site for site in SITES}


TEXT = "\n".join((HEADER, *ROWS)) + "\n"


def write(folder, text=TEXT, encoding="cp1252"):
    (folder / "report.txt").write_bytes(text.encode(encoding))
    return folder


def read(folder, role="listings", **options):
    wanted = {"source": "amazon-listings-report", "path": "report.txt", "site": "amazon.de", **options}
    return read_role(role, CatalogOptions(**wanted), CATALOG_SOURCE, folder)


def test_rows_come_under_the_engine_s_names_and_skus_keep_their_zeros(tmp_path):
    raw = read(write(tmp_path), encoding="cp1252")
    assert raw.frame.select("site", "seller_sku", "sku", "asin", "fulfilment").rows() == [
        ("amazon.de", "00123", "00123", "B000000001", "merchant"),
        ("amazon.de", "AB-2", "AB-2", "B000000002", "amazon"),
    ]
    assert raw.frame["_row"].to_list() == [2, 3]
    assert raw.as_of is not None


def test_typed_prices_are_exact_and_a_blank_quantity_is_missing(tmp_path):
    table = type_table(read(write(tmp_path), encoding="cp1252"), {}, SITE_TABLE)
    assert table.frame["current_price"].to_list() == [Decimal("19.99"), Decimal("5.00")]
    assert table.frame["current_quantity"].to_list() == [7, None]
    assert table.problems == ()


def test_a_lone_quotation_mark_is_a_character_like_any_other(tmp_path):
    text = f'{HEADER}\n"x\t1\tA"1\t1.00\t1\t\tB000000001\tDEFAULT\tActive\n{ROWS[1]}\n'
    assert read(write(tmp_path, text), encoding="cp1252").frame["seller_sku"].to_list() == ['A"1', "AB-2"]


def test_another_encoding_than_declared_is_named(tmp_path):
    with pytest.raises(CatalogError) as caught:
        read(write(tmp_path))
    assert 'this looks like Windows-1252: set encoding = "cp1252"' in str(caught.value)


def test_a_japanese_report_is_read_as_cp932(tmp_path):
    text = f"{HEADER}\n商品名\t1\t棚-01\t1980\t1\t\tB000000001\tDEFAULT\tActive\n"
    raw = read(write(tmp_path, text, "cp932"), encoding="cp932", site="amazon.co.jp")
    assert raw.frame["seller_sku"].to_list() == ["棚-01"]


def test_localised_headers_are_refused_with_the_report_option_to_set(tmp_path):
    with pytest.raises(CatalogError) as caught:
        read(write(tmp_path, "Artikelbezeichnung\tHändler-SKU\tPreis\nx\ty\t1\n"), encoding="cp1252")
    assert "the report has no column 'seller-sku'" in str(caught.value)
    assert "preferredReportDocumentLocale=en_US" in str(caught.value)


def test_question_marks_in_skus_are_told(tmp_path):
    text = f"{HEADER}\nx\t1\tPL-?-1\t1.00\t1\t\tB000000001\tDEFAULT\tActive\n"
    (problem,) = read(write(tmp_path, text)).problems
    assert problem.effect == "warns"
    assert "seller SKUs with question marks: 1, first 'PL-?-1'" in problem.message


def test_an_unknown_fulfilment_channel_holds_its_row(tmp_path):
    text = f"{HEADER}\nx\t1\tA\t1.00\t1\t\tB000000001\tSPACESHIP\tActive\n"
    table = type_table(read(write(tmp_path, text)), {}, SITE_TABLE)
    assert table.frame["_fact_problem"].to_list() == ["unknown_fulfilment"]


def test_a_report_that_was_cut_off_is_refused(tmp_path):
    with pytest.raises(CatalogError) as caught:
        read(write(tmp_path, f"{HEADER}\n{ROWS[1]}\nDrei\t0103L\tAB"))
    assert "row 3: the row has 3 fields, the header has 9" in str(caught.value)
    assert "half written" in str(caught.value)


def test_the_site_must_be_named(tmp_path):
    with pytest.raises(ProjectError) as caught:
        read_role(
            "listings",
            CatalogOptions(source="amazon-listings-report", path="report.txt"),
            CATALOG_SOURCE,
            write(tmp_path),
        )
    assert "the source 'amazon-listings-report' needs 'site'" in str(caught.value)


def test_it_holds_no_products(tmp_path):
    with pytest.raises(CatalogError, match="holds listings, not products"):
        read(write(tmp_path), role="products", encoding="cp1252")
