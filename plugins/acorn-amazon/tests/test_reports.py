"""Reports: asked for, waited for, fetched, decoded."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import httpx2
import pytest
from acorn_amazon import report_text, reports
from acorn_amazon.sites import SITES_BY_NAME

from acorn_engine.marketplace import MarketplaceError, UnansweredError
from acorn_engine.problems import CatalogError

API = "http://127.0.0.1:9"
STORAGE = f"{API}/storage/1?X-Amz-Signature=beefcafe"
TYPE = "GET_MERCHANT_LISTINGS_ALL_DATA"
START = datetime(2026, 11, 1, tzinfo=UTC)
LISTINGS = 'seller-sku\titem-name\nS1\tKöfferchen "XL"\n'


def report(number=1, status="DONE", **more):
    return {
        "reportId": str(number),
        "reportType": TYPE,
        "createdTime": "2026-11-23T12:00:01Z",
        "processingStatus": status,
    } | more


def clockwork():
    now = [0.0]
    return {"clock": lambda: now[0], "sleep": lambda seconds: now.__setitem__(0, now[0] + seconds)}


@pytest.fixture
def document(amazon):
    amazon.on("getReportDocument", (200, {"reportDocumentId": "d1", "url": STORAGE, "compressionAlgorithm": "GZIP"}))

    def serve(data, content_type="text/plain; charset=Cp1252"):
        amazon.other_script.append((200, gzip.compress(data), {"content-type": content_type}))

    return serve


def test_a_report_is_asked_for_waited_for_and_fetched(amazon, connection, de, document):
    amazon.on("createReport", (202, {"reportId": "1"}))
    amazon.on(
        "getReport",
        (200, report(status="IN_QUEUE")),
        (200, report(status="IN_PROGRESS")),
        (200, report(reportDocumentId="d1")),
    )
    document(LISTINGS.encode("cp1252"))
    found = reports.request_report(
        connection.client, TYPE, [de], start=START, options={"preferredReportDocumentLocale": "en_US"}, **clockwork()
    )
    assert amazon.calls("createReport")[0][3] == {
        "reportType": TYPE,
        "marketplaceIds": ["A1PA6795UKMFR9"],
        "dataStartTime": "2026-11-01T00:00:00Z",
        "reportOptions": {"preferredReportDocumentLocale": "en_US"},
    }
    assert found.text(de) == LISTINGS
    told = []
    assert found.table(told.append, de).rows() == [("S1", 'Köfferchen "XL"')]
    assert told == []


def test_a_report_that_takes_longer_may_be_waited_for_again(amazon, connection):
    amazon.on("getReport", (200, report(status="IN_PROGRESS")))
    with pytest.raises(MarketplaceError, match="wait for the same report id again") as caught:
        reports.wait_for_report(connection.client, "1", longest=60, interval=15, **clockwork())
    assert (caught.value.cause, caught.value.retryable, caught.value.who) == ("waiting", True, "time")
    assert len(amazon.calls("getReport")) == 5


def test_a_cancelled_report_may_mean_that_there_is_no_data(amazon, connection):
    amazon.on("getReport", (200, report(status="CANCELLED")))
    with pytest.raises(MarketplaceError, match="no data") as caught:
        reports.wait_for_report(connection.client, "1", **clockwork())
    assert (caught.value.code, caught.value.cause) == ("not_found", "no_data")


def test_a_failed_report_tells_its_reason_where_it_has_one(amazon, connection, document):
    amazon.on("getReport", (200, report(status="FATAL", reportDocumentId="d1")))
    document(b'{"errorDetails": "dataStartTime is too old"}')
    with pytest.raises(MarketplaceError, match="dataStartTime is too old") as caught:
        reports.wait_for_report(connection.client, "1", **clockwork())
    assert caught.value.cause == "report_failed"
    amazon.script["getReport"] = [(200, report(status="FATAL"))]
    with pytest.raises(MarketplaceError, match=r"report 1 failed\. Look at"):
        reports.wait_for_report(connection.client, "1", **clockwork())


def test_a_report_whose_creation_was_not_answered_is_found_again(amazon, connection, de, document):
    amazon.on("createReport", httpx2.ReadTimeout("slow"))
    here = {"marketplaceIds": [de.marketplace_id]}
    amazon.on(
        "getReports",
        (
            200,
            {
                "reports": [
                    report(1, "IN_QUEUE", dataStartTime="2026-11-01T00:00:00Z", **here),
                    report(2, "IN_QUEUE", dataStartTime="2026-10-01T00:00:00Z", **here),
                    report(3, "IN_QUEUE", dataStartTime="2026-11-01T00:00:00Z", marketplaceIds=["OTHER"]),
                ]
            },
        ),
    )
    amazon.on("getReport", (200, report(1, reportDocumentId="d1")))
    document(b"x\n")
    found = reports.request_report(connection.client, TYPE, [de], start=START, **clockwork())
    assert found.report_id == "1"
    assert len(amazon.calls("createReport")) == 1


def test_a_report_that_cannot_be_found_again_is_not_asked_for_twice(amazon, connection, de):
    amazon.on("createReport", (500, b""))
    amazon.on("getReports", (200, {"reports": []}))
    with pytest.raises(UnansweredError):
        reports.request_report(connection.client, TYPE, [de], **clockwork())
    assert len(amazon.calls("createReport")) == 1


def test_reports_are_listed_over_all_pages_and_a_token_goes_alone(amazon, connection, de):
    amazon.on("getReports", (200, {"reports": [report(1)], "nextToken": "n"}), (200, {"reports": [report(2)]}))
    found = reports.find_reports(connection.client, [TYPE], since=START, sites=[de])
    assert [one.id for one in found] == ["2", "1"]
    assert amazon.calls("getReports")[1][2] == {"nextToken": "n"}


def test_a_queued_report_is_cancelled(amazon, connection):
    amazon.on("cancelReport", (200, b""))
    reports.cancel_report(connection.client, "1")
    assert amazon.calls("cancelReport")[0][1] == {"reportId": "1"}


def test_a_damaged_or_expired_download_takes_a_new_address(amazon, connection, document):
    whole = gzip.compress(b"x\n")
    amazon.other_script += [(403, b"<Error>Request has expired</Error>"), (200, whole[:-4])]
    document(b"x\n")
    shown = reports.RemoteReport("1", TYPE, "DONE", START, "d1")
    assert reports.fetch_report(connection.client, shown).data == b"x\n"
    assert len(amazon.calls("getReportDocument")) == 3


def test_an_expired_address_that_stays_is_told_without_its_signature(amazon, connection):
    amazon.on("getReportDocument", (200, {"reportDocumentId": "d1", "url": STORAGE}))
    amazon.other_script = [(403, b"<Error>expired X-Amz-Signature=beefcafe</Error>")] * 3
    with pytest.raises(MarketplaceError, match="Amazon's storage answered 403: expired") as caught:
        reports.fetch_report(connection.client, reports.RemoteReport("1", TYPE, "DONE", START, "d1"))
    assert "beefcafe" not in str(caught.value)
    assert (caught.value.cause, caught.value.who) == ("address", "time")


def test_a_report_without_a_document_is_not_fetched(connection):
    with pytest.raises(ValueError, match="has no document"):
        reports.fetch_report(connection.client, reports.RemoteReport("1", TYPE, "IN_QUEUE", START))


@pytest.mark.parametrize("body", [{"processingStatus": "FINISHED"}, {"createdTime": "soon"}, {"reportId": 1}])
def test_a_state_that_amazon_does_not_have_is_an_error(amazon, connection, body):
    amazon.on("getReport", (200, json.dumps(report() | body).encode()))
    with pytest.raises(MarketplaceError, match=f"no usable '{next(iter(body))}'"):
        reports.get_report(connection.client, "1")


def test_amazons_examples_of_reports_are_read(amazon, connection, models):
    for status, body in models.examples("getReport"):
        amazon.script["getReport"] = [(status, body)]
        assert reports.get_report(connection.client, body["reportId"]).id == body["reportId"]
    for status, body in models.examples("getReports"):
        amazon.script["getReports"] = [(status, json.dumps({**body, "nextToken": None}).encode())]
        assert len(reports.find_reports(connection.client, ["X"])) == len({one["reportId"] for one in body["reports"]})


def test_requests_that_make_no_sense_are_refused_before_anything_is_sent(connection, de):
    with pytest.raises(ValueError, match="1 to 25 sites"):
        reports.create_report(connection.client, TYPE, [])
    with pytest.raises(ValueError, match="no time zone"):
        reports.create_report(connection.client, TYPE, [de], start=datetime(2026, 11, 1))  # noqa: DTZ001


# text

POLISH = "żółć"
JAPANESE = "スーツケース"


@pytest.mark.parametrize(
    ("data", "content_type", "country", "text"),
    [
        ("Ä€".encode("cp1252"), "text/plain; charset=Cp1252", "DE", "Ä€"),
        ("Ä€".encode("cp1252"), 'text/plain;charset="windows-1252"', "DE", "Ä€"),
        ("Köfferchen €".encode("cp1252"), "text/plain", "DE", "Köfferchen €"),
        ("Ä€".encode(), "text/plain", "DE", "Ä€"),
        (POLISH.encode("utf-8-sig"), "text/plain; charset=UTF-8", "PL", POLISH),
        (JAPANESE.encode("cp932"), "text/plain", "JP", JAPANESE),
        (JAPANESE.encode("cp932"), "text/plain; charset=Shift_JIS", "JP", JAPANESE),
        (JAPANESE.encode(), "", "JP", JAPANESE),
        ("Ä".encode("cp1252"), "text/plain; charset=UTF-8", "DE", "Ä"),
        ("Ä".encode("cp1252"), "text/plain; charset=nonsense", "DE", "Ä"),
    ],
)
def test_a_charset_is_told_or_found(data, content_type, country, text):
    assert report_text.decoded(data, content_type, country=country) == text


def test_bytes_are_never_replaced():
    with pytest.raises(ValueError, match="utf-8-sig, cp932; say which encoding"):
        report_text.decoded(b"\x85\xff\x81", "", country="JP")
    with pytest.raises(ValueError, match="in any of ascii"):
        report_text.decoded(b"\xff", "", encoding="ascii")


def test_a_table_that_is_none_is_refused():
    with pytest.raises(CatalogError):
        report_text.table("", TYPE, print)
    assert reports.ReportDocument("1", TYPE, b"a\tb\n1\t\n", "").table(print, SITES_BY_NAME["amazon.de"]).rows() == [
        ("1", "")
    ]
