"""Reports: their way from IN_QUEUE to a document, and what stands in it."""

from __future__ import annotations

import gzip
import time

import httpx2
import pytest
from acorn_sandbox.clock import Timing
from acorn_sandbox.report_files import KINDS
from acorn_sandbox.server import SandboxServer

DE, FR, US, JP = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "ATVPDKIKX0DER", "A1VC38T7YXB528"
PATH = "/reports/2021-06-30"
ALL = "GET_MERCHANT_LISTINGS_ALL_DATA"
STOCK = "GET_FBA_MYI_UNSUPPRESSED_INVENTORY_DATA"


def create(seller, kind=ALL, site=DE, **more):
    return seller.call("POST", f"{PATH}/reports", json={"reportType": kind, "marketplaceIds": [site], **more})


def ended(seller, report_id):
    for _ in range(500):
        report = seller.call("GET", f"{PATH}/reports/{report_id}").json()
        if report["processingStatus"] in {"DONE", "FATAL", "CANCELLED"}:
            return report
        time.sleep(0.01)
    raise AssertionError(f"the report {report_id} did not end: {report}")


def fetched(seller, report):
    document = seller.call("GET", f"{PATH}/documents/{report['reportDocumentId']}").json()
    assert document["compressionAlgorithm"] == "GZIP"
    response = httpx2.get(document["url"])
    assert response.status_code == 200
    return gzip.decompress(response.content), response.headers["content-type"]


def rows(content, encoding):
    head, *lines = content.decode(encoding).splitlines()
    return [dict(zip(head.split("\t"), line.split("\t"), strict=True)) for line in lines]


def run(seller, kind=ALL, site=DE, **more):
    report = ended(seller, create(seller, kind, site, **more).json()["reportId"])
    assert report["processingStatus"] == "DONE"
    return fetched(seller, report)


def seeded(*names, site=DE):
    return [
        {
            "seller_id": "A2EXAMPLE",
            "marketplace_id": site,
            "sku": f"K{number}",
            "product_type": "LAMP",
            "attributes": {"item_name": [{"value": name}]},
        }
        for number, name in enumerate(names)
    ]


def test_all_listings_agree_with_the_truth(seller, offer):
    seller.replace("ACORN-LAMP", "purchasable_offer", offer(21, sale={"value_with_tax": 15, "start_at": "2020-01-01",
                                                                       "end_at": "2090-01-01"}))  # fmt: skip
    content, content_type = run(seller)
    assert content_type == "text/plain; charset=Cp1252"
    found = {row["seller-sku"]: row for row in rows(content, "cp1252")}
    assert set(found) == {"ACORN-KETTLE", "ACORN-LAMP", "ACORN-CASE", "ACORN-BOTTLE"}
    lamp, case = found["ACORN-LAMP"], found["ACORN-CASE"]
    assert (lamp["price"], lamp["quantity"], lamp["fulfillment-channel"], lamp["status"]) == (
        "21",
        "12",
        "DEFAULT",
        "Active",
    )
    assert (case["price"], case["quantity"], case["fulfillment-channel"]) == ("79.00", "", "AMAZON_EU")
    assert found["ACORN-BOTTLE"]["status"] == "Inactive"
    item = seller.get_item("ACORN-LAMP").json()
    assert lamp["asin1"] == item["summaries"][0]["asin"]
    assert {row["seller-sku"] for row in rows(run(seller, "GET_MERCHANT_LISTINGS_DATA")[0], "cp1252")} == (
        set(found) - {"ACORN-BOTTLE"}
    )
    (bottle,) = rows(run(seller, "GET_MERCHANT_LISTINGS_INACTIVE_DATA")[0], "cp1252")
    assert bottle["seller-sku"] == "ACORN-BOTTLE"
    prices = {row["sku"]: row["price"] for row in rows(run(seller, "GET_FLAT_FILE_OPEN_LISTINGS_DATA")[0], "cp1252")}
    assert prices == {"ACORN-KETTLE": "29.99", "ACORN-LAMP": "21", "ACORN-CASE": "79.00"}


def test_letters_that_cp1252_lacks_are_lost(connect):
    with SandboxServer(seed=seeded("Żółta lampa €\t1", "Größe"), speed=5000) as server:
        content, _ = run(connect(server))
        assert [row["item-name"] for row in rows(content, "cp1252")] == ["?ó?ta lampa € 1", "Größe"]


def test_japan_has_its_own_encoding_and_column_names(connect):
    with SandboxServer(seed=seeded("電気ケトル", site=JP), speed=5000) as server:
        seller = connect(server)
        content, content_type = run(seller, site=JP)
        assert content_type == "text/plain"
        (row,) = rows(content, "cp932")
        assert (row["商品名"], row["出品者SKU"]) == ("電気ケトル", "K0")
        content, _ = run(seller, site=JP, reportOptions={"preferredReportDocumentLocale": "en_US"})
        assert rows(content, "cp932")[0]["item-name"] == "電気ケトル"


def test_amazons_stock_agrees_with_the_inventory(seller):
    (row,) = rows(run(seller, STOCK)[0], "cp1252")
    query = {"granularityType": "Marketplace", "granularityId": DE, "marketplaceIds": DE, "details": "true"}
    answer = seller.call("GET", "/fba/inventory/v1/summaries", params=query).json()
    (summary,) = answer["payload"]["inventorySummaries"]
    assert row["sku"] == summary["sellerSku"] == "ACORN-CASE"
    assert row["fnsku"] == summary["fnSku"]
    assert int(row["afn-fulfillable-quantity"]) == summary["inventoryDetails"]["fulfillableQuantity"] > 0
    assert int(row["afn-total-quantity"]) == summary["totalQuantity"]
    (available,) = rows(run(seller, "GET_AFN_INVENTORY_DATA")[0], "cp1252")
    assert available["Quantity Available"] == row["afn-fulfillable-quantity"]


def test_nothing_to_return_ends_cancelled(connect):
    with SandboxServer(seed=seeded("x"), speed=5000) as server:
        seller = connect(server)
        report = ended(seller, create(seller, STOCK).json()["reportId"])
        assert report["processingStatus"] == "CANCELLED"
        assert "reportDocumentId" not in report


def test_a_report_takes_its_time_and_can_be_cancelled_before(connect):
    now = [time.time()]
    with SandboxServer(timing=Timing(now=lambda: now[0])) as server:
        seller = connect(server)
        first, second = (create(seller).json()["reportId"] for _ in range(2))

        def status(report_id):
            return seller.call("GET", f"{PATH}/reports/{report_id}").json()["processingStatus"]

        assert status(first) == "IN_QUEUE"
        assert seller.call("DELETE", f"{PATH}/reports/{second}").status_code == 200
        assert seller.call("DELETE", f"{PATH}/reports/{second}").status_code == 400
        now[0] += 31
        assert status(first) == "IN_PROGRESS"
        assert seller.call("DELETE", f"{PATH}/reports/{first}").status_code == 400
        now[0] += 61
        assert (status(first), status(second)) == ("DONE", "CANCELLED")


def test_reports_are_forgotten_after_ninety_days_and_documents_before(connect):
    now = [time.time()]
    with SandboxServer(timing=Timing(now=lambda: now[0])) as server:
        seller = connect(server)
        first = create(seller).json()["reportId"]
        now[0] += 100
        seller.call("GET", f"{PATH}/reports/{first}")
        now[0] += 100
        document = seller.call("GET", f"{PATH}/reports/{first}").json()["reportDocumentId"]
        now[0] += 29 * 86400
        seller.token = seller.refresh()
        assert seller.call("GET", f"{PATH}/documents/{document}").status_code == 404
        assert seller.call("GET", f"{PATH}/reports/{first}").status_code == 200
        now[0] += 62 * 86400
        seller.token = seller.refresh()
        assert seller.call("GET", f"{PATH}/reports/{first}").status_code == 404
        assert int(create(seller).json()["reportId"]) > int(first)


def test_reports_are_found_page_by_page(seller):
    ids = [create(seller, kind).json()["reportId"] for kind in (ALL, STOCK, ALL, ALL)]
    query = {"reportTypes": ALL, "pageSize": 2}
    first = seller.call("GET", f"{PATH}/reports", params=query).json()
    assert [one["reportId"] for one in first["reports"]] == [ids[3], ids[2]]
    rest = seller.call("GET", f"{PATH}/reports", params={"nextToken": first["nextToken"]}).json()
    assert [one["reportId"] for one in rest["reports"]] == [ids[0]]
    assert "nextToken" not in rest
    both = {"nextToken": first["nextToken"], "pageSize": 2}
    assert seller.call("GET", f"{PATH}/reports", params=both).status_code == 400
    assert seller.call("GET", f"{PATH}/reports").status_code == 400
    assert seller.call("GET", f"{PATH}/reports", params={"nextToken": "eyJ9"}).status_code == 400
    none = seller.call("GET", f"{PATH}/reports", params=query | {"marketplaceIds": US}).json()
    assert none == {"reports": []}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"reportType": ALL},
        {"reportType": ALL, "marketplaceIds": []},
        {"reportType": ALL, "marketplaceIds": ["nowhere"]},
        {"reportType": "GET_NO_SUCH_REPORT", "marketplaceIds": [DE]},
        {"reportType": ALL, "marketplaceIds": [DE], "dataStartTime": "yesterday"},
        {"reportType": ALL, "marketplaceIds": [DE], "dataStartTime": "2026-02-01T00:00:00Z",
         "dataEndTime": "2026-01-01T00:00:00Z"},
        {"reportType": ALL, "marketplaceIds": [DE], "reportOptions": {"x": 1}},
    ],
)  # fmt: skip
def test_what_is_refused(refusing, connect, body):
    answer = connect(refusing).call("POST", f"{PATH}/reports", json=body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["code"] == "InvalidInput"


def test_what_is_not_there(seller, connect):
    report = ended(seller, create(seller).json()["reportId"])
    other = connect(seller.server, "B1OTHER")
    for path in (f"reports/{report['reportId']}", f"documents/{report['reportDocumentId']}"):
        assert seller.call("GET", f"{PATH}/{path}").status_code == 200
        assert other.call("GET", f"{PATH}/{path}").status_code == 404
    assert seller.call("GET", f"{PATH}/documents/{seller.upload(b'{}')}").status_code == 404


@pytest.mark.parametrize(("kind", "status"), [("fatal", "FATAL"), ("cancelled", "CANCELLED")])
def test_reports_fail_on_request(seller, kind, status):
    seller.server.add_faults({"operation": "createReport", "kind": kind, "times": 1})
    report = ended(seller, create(seller).json()["reportId"])
    assert report["processingStatus"] == status
    assert "reportDocumentId" not in report


def test_links_expire_and_bodies_break_off_on_request(seller):
    report = ended(seller, create(seller).json()["reportId"])
    whole, _ = fetched(seller, report)
    seller.server.add_faults({"operation": "getReportDocument", "kind": "truncated_report", "times": 1})
    assert fetched(seller, report)[0] == whole[: len(whole) // 2]
    seller.server.add_faults({"operation": "getReportDocument", "kind": "expired_url", "times": 1})
    url = seller.call("GET", f"{PATH}/documents/{report['reportDocumentId']}").json()["url"]
    assert httpx2.get(url).status_code == 403
    seller.server.add_faults({"operation": "createReport", "kind": "stuck", "times": 1})
    stuck = create(seller).json()["reportId"]
    time.sleep(0.1)
    assert seller.call("GET", f"{PATH}/reports/{stuck}").json()["processingStatus"] == "IN_PROGRESS"


def test_reports_survive_a_restart(tmp_path, connect):
    state = tmp_path / "state.db"
    with SandboxServer(state=state, speed=5000) as server:
        seller = connect(server)
        done = ended(seller, create(seller).json()["reportId"])
        content = fetched(seller, done)
        server.add_faults({"operation": "createReport", "kind": "stuck", "times": 1})
        stuck = create(seller).json()["reportId"]
    with SandboxServer(state=state, speed=5000) as server:
        seller = connect(server)
        assert ended(seller, done["reportId"]) == done
        assert fetched(seller, done) == content
        assert seller.call("GET", f"{PATH}/reports/{stuck}").json()["processingStatus"] == "IN_PROGRESS"
        assert int(create(seller).json()["reportId"]) > int(stuck)


def test_every_type_of_report_can_be_made(connect):
    with SandboxServer(speed=5000, alive=True) as server:
        seller = connect(server)
        time.sleep(0.3)
        for kind in KINDS:
            content, _ = run(seller, kind)
            assert rows(content, "cp1252"), kind
