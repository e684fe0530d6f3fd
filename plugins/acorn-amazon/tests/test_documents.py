"""Documents up, reports down."""

from __future__ import annotations

import gzip
import json

import polars as pl
import pytest
from acorn_amazon import documents
from acorn_amazon.marketplace import AmazonMarketplace
from acorn_amazon.transport import Answer

from acorn_engine.marketplace import MarketplaceError

MESSAGE = '{"sku":"S","operationType":"PATCH","productType":"PRODUCT","patches":[{"op":"merge","path":"/attributes/a","value":[]}]}'


def test_a_document_validates_against_amazons_schema(models, account, de):
    made = AmazonMarketplace().document([(1, MESSAGE), (7, MESSAGE)], account, de)
    data = json.loads(made)
    assert list(models.schema("listings-feed-schema-v2").iter_errors(data)) == []
    assert data["header"] == {"sellerId": "A2EXAMPLE", "version": "2.0", "issueLocale": "en_US"}
    assert [message["messageId"] for message in data["messages"]] == [1, 7]


def test_the_schema_would_notice_a_wrong_document(models):
    wrong = json.loads(documents.build([(0, MESSAGE)], "S"))
    assert list(models.schema("listings-feed-schema-v2").iter_errors(wrong))


def test_text_is_utf8_and_a_seller_id_is_escaped():
    made = documents.build([(1, MESSAGE.replace('"S"', '"箱😀"'))], 'A"B')
    assert "箱😀".encode() in made
    assert json.loads(made)["header"]["sellerId"] == 'A"B'


def test_limits_leave_room_for_what_wraps_the_messages():
    limits = AmazonMarketplace().limits
    assert (limits.messages, limits.submissions, limits.per_seconds) == (25_000, 5, 300)
    overhead = 25_000 * len('{"messageId":2147483647,') + 1000
    assert limits.bytes + overhead < 10 * 1024 * 1024


def test_too_many_none_or_too_large_messages_are_refused():
    with pytest.raises(MarketplaceError, match="1 to 25000 messages, not 0"):
        documents.build([], "S")
    with pytest.raises(MarketplaceError, match="not 25001"):
        documents.build([(1, MESSAGE)] * 25_001, "S")
    with pytest.raises(MarketplaceError, match="Cut it into smaller parts") as caught:
        documents.build([(1, MESSAGE + " " * (11 * 1024 * 1024))], "S")
    assert caught.value.code == "too_large"


def frame(messages):
    schema = {"message_id": pl.Int32, "message": pl.String}
    return pl.DataFrame(messages, schema=schema, orient="row")


@pytest.mark.parametrize("count", [1, 2, 25_000])
def test_a_document_of_columns_has_the_same_bytes(count):
    messages = [(number, MESSAGE.replace('"S"', f'"箱😀{number}"')) for number in range(1, count + 1)]
    assert b"".join(documents.buffers(frame(messages), 'A"B')) == documents.build(messages, 'A"B')


def test_a_part_of_a_longer_column_has_its_own_messages_only():
    messages = [(number, MESSAGE.replace('"S"', f'"{number}"')) for number in range(100)]
    whole = pl.concat([frame(messages[:50]), frame(messages[50:])], rechunk=False)
    assert b"".join(documents.buffers(whole.slice(40, 20), "A")) == documents.build(messages[40:60], "A")


def test_documents_of_columns_have_the_same_limits():
    with pytest.raises(MarketplaceError, match="1 to 25000 messages, not 0"):
        documents.buffers(frame([]), "S")
    with pytest.raises(MarketplaceError, match="not 25001"):
        documents.buffers(frame([(1, MESSAGE)] * 25_001), "S")
    with pytest.raises(MarketplaceError, match="Cut it into smaller parts"):
        documents.buffers(frame([(1, MESSAGE + " " * (11 * 1024 * 1024))]), "S")


def report(**summary):
    counts = {"errors": 0, "warnings": 0, "messagesProcessed": 2, "messagesAccepted": 2, "messagesInvalid": 0} | summary
    return {"header": {"sellerId": "S", "version": "2.0", "feedId": "1"}, "issues": [], "summary": counts}


def error(message_id, **more):
    return {
        "messageId": message_id,
        "sku": f"S{message_id}",
        "severity": "ERROR",
        "code": "90220",
        "message": "m",
    } | more


def parsed(data):
    return documents.parse_report(json.dumps(data))


def test_amazons_own_example(models):
    path = models.SPAPI / "schemas" / "listings-feed-processing-report-schema-v2.example.json"
    found = documents.parse_report(path.read_text(encoding="utf-8"))
    assert (found.processed, found.accepted, found.invalid, found.complete) == (4, 2, 2, True)
    assert [issue.message_id for issue in found.issues] == [4, 4, 5]
    assert found.issues[2].attribute == "purchasable_offer.our_price"
    assert found.issues[2].code == "99022"
    assert found.issues[2].seller_sku == "My-SKU-C"
    assert {issue.severity for issue in found.issues} == {"error"}


def test_issues_of_the_whole_feed_have_no_message(models):
    data = report(errors=1, messagesAccepted=0, messagesInvalid=2)
    data["issues"] = [{"severity": "ERROR", "code": "4002005", "message": "wrong header"}]
    assert list(models.schema("listings-feed-processing-report-schema-v2").iter_errors(data)) == []
    found = parsed(data)
    assert found.issues[0].message_id is None
    assert found.complete


@pytest.mark.parametrize(
    ("summary", "issues"),
    [
        ({"messagesProcessed": 3}, []),
        ({"messagesProcessed": 1}, []),
        ({"errors": 1}, []),
        ({"errors": 2, "messagesAccepted": 1, "messagesInvalid": 1}, [error(1)]),
        ({"errors": 2, "messagesProcessed": 3, "messagesAccepted": 1, "messagesInvalid": 2}, [error(1), error(1)]),
        ({"messagesAccepted": None}, []),
        ({"messagesAccepted": -2}, []),
        ({"messagesProcessed": "2"}, []),
    ],
)
def test_a_report_that_does_not_account_for_everything_is_not_complete(summary, issues):
    assert not parsed(report(**summary) | {"issues": issues}).complete


def test_issues_that_are_missing_make_a_report_incomplete():
    data = report()
    del data["issues"]
    assert not parsed(data).complete


def test_warnings_do_not_make_a_report_incomplete():
    data = report(warnings=1) | {"issues": [error(1, severity="WARNING")]}
    found = parsed(data)
    assert found.complete
    assert found.issues[0].severity == "warning"


@pytest.mark.parametrize("cut", [1, 20, 200])
def test_a_report_that_is_cut_off_is_not_complete(cut):
    text = json.dumps(report(errors=1) | {"issues": [error(1)]})
    found = documents.parse_report(text[:-cut])
    assert (found.complete, found.processed, found.accepted) == (False, 0, 0)
    assert "cannot be read as JSON" in found.issues[0].message


def test_other_formats_of_a_failed_feed_show_their_first_words():
    found = documents.parse_report("Feed failed:\n  internal error" + "x" * 1000)
    assert "it begins: Feed failed: internal error" in found.issues[0].message
    assert len(found.issues[0].message) < 700
    assert documents.parse_report("").issues[0].message.endswith("it is empty")
    assert documents.parse_report("[]").issues[0].message == "Amazon's report has no summary"


def test_gzip_is_unpacked_by_hand_where_amazon_names_it():
    packed = gzip.compress(b'{"a":1}')
    assert documents.decompressed(Answer(200, {}, packed), "GZIP") == b'{"a":1}'
    assert documents.decompressed(Answer(200, {"Content-Encoding": "gzip"}, packed), None) == b'{"a":1}'
    assert documents.decompressed(Answer(200, {}, b'{"a":1}'), "GZIP") == b'{"a":1}'
    assert documents.decompressed(Answer(200, {}, packed), None) == packed


def test_damaged_cut_and_exploding_gzip_is_a_value_error(monkeypatch):
    packed = gzip.compress(b"0" * 5000)
    with pytest.raises(ValueError, match="cut off"):
        documents.decompressed(Answer(200, {}, packed[:-9]), "GZIP")
    with pytest.raises(ValueError, match="damaged"):
        documents.decompressed(Answer(200, {}, packed[:10] + b"\xff" * 30), "GZIP")
    monkeypatch.setattr(documents, "LARGEST_REPORT", 1000)
    with pytest.raises(ValueError, match="larger than"):
        documents.decompressed(Answer(200, {}, packed), "GZIP")


@pytest.mark.parametrize(
    ("data", "content_type", "text"),
    [
        ("é".encode(), "", "é"),
        ("\ufeffé".encode(), "application/json", "é"),
        ("é".encode("cp1252"), "text/plain; charset=Cp1252", "é"),
        ("箱".encode("cp932"), 'text/plain; x=y; charset="Shift_JIS"', "箱"),
        ("é".encode(), "text/plain; charset=nonsense", "é"),
        (b"a\xff", "text/plain; charset=UTF-8", "a\ufffd"),
    ],
)
def test_the_charset_of_the_content_type_decides(data, content_type, text):
    assert documents.decoded(data, content_type) == text
