from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acorn_engine.catalog import plain_text
from acorn_engine.catalog.delimited import read_delimited
from acorn_engine.problems import CatalogError


def read(text, **options):
    told = []
    return read_delimited(text, "a.csv", report=told.append, **options), told


def refused(text, **options):
    with pytest.raises(CatalogError) as caught:
        read(text, **options)
    return str(caught.value)


def test_everything_is_text_and_rows_are_numbered_as_a_spreadsheet_does():
    frame, _ = read('sku,ean\r\n00123,0401\r\n"a\r\nb","say ""x"""\r\n')
    assert frame.rows() == [("00123", "0401", 2), ("a\r\nb", 'say "x"', 3)]


def test_blank_lines_count_as_rows():
    assert read("a,b\n1,2\n\n\n3,4\n\n")[0]["_row"].to_list() == [2, 5]


def test_an_inch_mark_inside_a_value_is_no_quote():
    assert read('a,b\nx,5" pipe\ny,2\n')[0]["b"].to_list() == ['5" pipe', "2"]


def test_an_empty_file():
    assert "the file is empty; nothing was read" in refused("")
    assert "the file is empty" in refused(" \n\n")


def test_a_half_written_file():
    shown = refused("a,b,c\n1,2,3\n4,5")
    assert "a.csv, row 3: the row has 2 fields, the header has 3; nothing was read" in shown
    assert "it is the last row: the file looks half written" in shown


def test_a_quote_that_never_ends():
    assert "row 3: a quoted value never ends" in refused('a,b\n1,2\n3,"x\n5,6\n')


def test_rows_that_a_stray_quote_swallowed_are_told():
    _, told = read('a,b,c\n1,2,3\n4,5,"x\n6,7,"8"\n9,9,9\n')
    assert [problem.code for problem in told] == ["swallowed_rows"]
    assert told[0].place.row == 3


def test_all_rows_of_another_length_are_named_at_once():
    shown = refused("a,b\n1\n2,3,4\n" + "5\n" * 6 + "7,8\n")
    assert "row 2: the row has 1 field, the header has 2" in shown
    assert "row 3: the row has 3 fields, the header has 2" in shown
    assert "and 3 more rows of another length than the header" in shown


def test_decimal_commas_in_a_comma_file_get_a_hint():
    assert 'with decimal commas, export with semicolons and set delimiter = ";"' in refused("a,b\n1,2,99\n3,4\n")


@pytest.mark.parametrize(
    ("mark", "shown"), [(";", 'delimiter = ";"'), ("\t", 'delimiter = "\\t"'), ("|", 'delimiter = "|"')]
)
def test_a_wrong_delimiter_is_found_out(mark, shown):
    assert shown in refused(f"sku{mark}cost\n1{mark}2\n")


def test_a_declared_delimiter_is_used():
    assert read("a;b\n1,5;2\n", delimiter=";")[0].rows() == [("1,5", "2", 2)]


def test_duplicate_headers():
    assert "the header 'a' stands in columns 1, 3; nothing was read" in refused("a,b, a\n1,2,3\n")


def test_a_column_without_header_is_left_out_and_told_where_it_has_values():
    frame, told = read("a,,\n1,,x\n")
    assert frame.columns == ["a", "_row"]
    assert "column 3 has values but no header; it is left out" in told[0].render()
    assert len(told) == 1


def test_without_quoting_a_quotation_mark_is_a_character():
    assert read('a\tb\n"x\ty\n', delimiter="\t", quote=None)[0].rows() == [('"x', "y", 2)]


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELL, CELL, CELL), min_size=1, max_size=6))
def test_what_csv_writes_is_read_back(rows):
    out = io.StringIO()
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows([("a", "b", "c"), *rows])
    assert read(out.getvalue())[0].select("a", "b", "c").rows() == rows


PIECES = st.lists(
    st.sampled_from(["a", "ä", "1", " ", ",", ";", "\n", "\r\n", "\r", '"', "\0", "\u2028", "\x0b", "#"]), max_size=40
)


@given(PIECES, st.sampled_from([",", ";"]), st.sampled_from(['"', None]))
@settings(max_examples=500, deadline=None)
def test_a_plain_text_reads_as_the_strict_reader_reads_it(pieces, delimiter, quote):
    text = "a,b;c\n" + "".join(pieces)
    with pytest.MonkeyPatch.context() as patch:
        outcomes = []
        for largest in (plain_text.LARGEST, -1):
            patch.setattr(plain_text, "LARGEST", largest)
            try:
                frame, told = read(text, delimiter=delimiter, quote=quote)
                outcomes.append((frame.to_dicts(), frame.schema, told))
            except CatalogError as error:
                outcomes.append(error.problems)
    assert outcomes[0] == outcomes[1]


def test_a_text_with_quotes_and_a_large_one_are_the_strict_readers():
    assert plain_text.split_plain('a,b\n"1",2\n', ",", '"', 2) is None
    assert plain_text.split_plain("a,b\n" + "1,2\n" * plain_text.LARGEST, ",", '"', 2) is None
    assert [column.to_list() for column in plain_text.split_plain("a,b\n\n1,2\n", ",", '"', 2)] == [["1"], ["2"]]
