from __future__ import annotations

import pytest
from acorn_sandbox.seeds import small_catalogue

from acorn_engine.problems import AcornError

DE, GB, US = "A1PA6795UKMFR9", "A1F83G8C2ARO7P", "ATVPDKIKX0DER"
SELLER, LAMP, BOTTLE, KETTLE = "A2EXAMPLE", "ACORN-LAMP", "ACORN-BOTTLE", "ACORN-KETTLE"


def codes(issues):
    return [(issue["code"], issue["severity"]) for issue in issues]


def status(seller, sku, site=DE):
    (summary,) = seller.get_item(sku, site).json()["summaries"]
    return summary["status"]


def whole(**attributes):
    names = {"item_name": [{"value": "Lampe"}], "condition_type": [{"value": "new_new"}]} | attributes
    return {"messageId": 1, "sku": "NEW", "operationType": "UPDATE", "productType": "LAMP", "attributes": names}


def test_missing_safety_contacts_warn_where_the_regulation_holds(seller):
    (issue,) = seller.get_item(BOTTLE, DE).json()["issues"]
    assert (issue["code"], issue["severity"], issue["marketplaceIds"]) == ("100390", "WARNING", [DE])
    assert issue["attributeNames"] == [
        "gpsr_manufacturer_reference",
        "dsa_responsible_party_address",
        "gpsr_safety_attestation",
    ]
    assert seller.get_item(BOTTLE, GB).json()["issues"] == []
    assert seller.get_item(BOTTLE, US).json()["issues"] == []
    assert seller.get_item(LAMP, DE).json()["issues"] == []


def test_a_warning_goes_attribute_by_attribute(seller):
    seller.replace(BOTTLE, "gpsr_manufacturer_reference", {"gpsr_manufacturer_email_address": "a@example.com"})
    (issue,) = seller.get_item(BOTTLE).json()["issues"]
    assert issue["attributeNames"] == ["dsa_responsible_party_address", "gpsr_safety_attestation"]
    seller.replace(BOTTLE, "dsa_responsible_party_address", {"value": "b@example.com"})
    document = {
        "content_type": "safety_information",
        "content_language": "de_DE",
        "source_location": "https://e.x/a.pdf",
    }
    seller.replace(BOTTLE, "compliance_media", document)
    assert seller.get_item(BOTTLE).json()["issues"] == []
    (truth,) = seller.server.truth(sku=BOTTLE, marketplace_id=DE)
    assert truth["issues"] == []


def test_warnings_do_not_refuse_a_price(seller, offer):
    answer = seller.replace(BOTTLE, "purchasable_offer", offer(18)).json()
    assert (answer["status"], answer["issues"]) == ("ACCEPTED", [])
    query = {"marketplaceIds": DE, "withIssueSeverity": "WARNING"}
    found = seller.call("GET", f"/listings/2021-08-01/items/{SELLER}", params=query).json()
    assert [item["sku"] for item in found["items"]] == [BOTTLE]


def test_a_new_product_is_accepted_with_warnings_and_hidden_until_it_has_an_image(seller, offer):
    stock = {"fulfillment_channel_code": "DEFAULT", "quantity": 3}
    report = seller.run([whole(purchasable_offer=[offer(9)], fulfillment_availability=[stock])])
    assert codes(report["issues"]) == [("100390", "WARNING"), ("18448", "WARNING"), ("18320", "WARNING")]
    assert report["summary"] == {
        "errors": 0,
        "warnings": 3,
        "messagesProcessed": 1,
        "messagesAccepted": 1,
        "messagesInvalid": 0,
    }
    issue = seller.get_item("NEW").json()["issues"][2]
    assert issue["enforcements"]["actions"] == [{"action": "SEARCH_SUPPRESSED"}]
    assert status(seller, "NEW") == ["BUYABLE"]
    seller.replace("NEW", "main_product_image_locator", {"media_location": "https://example.com/a.jpg"})
    assert status(seller, "NEW") == ["BUYABLE", "DISCOVERABLE"]
    assert codes(seller.get_item("NEW").json()["issues"]) == [("100390", "WARNING"), ("18448", "WARNING")]


def test_an_offer_for_a_known_product_is_not_asked_for_what_the_catalogue_has(seller, offer):
    message = whole(purchasable_offer=[offer(9)]) | {"requirements": "LISTING_OFFER_ONLY"}
    assert codes(seller.run([message])["issues"]) == [("100390", "WARNING")]


def test_an_issue_can_be_staged_and_suppresses(seller, offer):
    at = {"seller_id": SELLER, "marketplace_id": DE, "sku": KETTLE}
    seller.server.stage("issues", at | {"code": "18742", "action": "CATALOG_ITEM_REMOVED"})
    assert codes(seller.get_item(KETTLE).json()["issues"]) == [("18742", "ERROR")]
    assert status(seller, KETTLE) == []
    seller.replace(KETTLE, "purchasable_offer", offer(30))
    assert status(seller, KETTLE) == []
    named = {"attributeNames": ["purchasable_offer"], "categories": ["INVALID_PRICE"], "action": "LISTING_SUPPRESSED"}
    seller.server.stage("issues", at | {"code": "18742", "severity": None}, at | {"code": "18155"} | named)
    assert status(seller, KETTLE) == ["DISCOVERABLE"]
    seller.replace(KETTLE, "purchasable_offer", offer(31))
    assert status(seller, KETTLE) == ["BUYABLE", "DISCOVERABLE"]


@pytest.mark.parametrize("wrong", [{"severity": "BAD"}, {"code": ""}, {"categories": "X"}, {"action": 3}])
def test_an_issue_that_makes_no_sense_is_refused(refusing, wrong):
    with pytest.raises(AcornError, match=next(iter(wrong))):
        refusing.stage("issues", {"seller_id": SELLER, "marketplace_id": DE, "sku": LAMP, "code": "1"} | wrong)


def test_the_small_catalogue_lacks_safety_contacts_once():
    without = {
        row["sku"]
        for row in small_catalogue()
        if row["marketplace_id"] == DE and "gpsr_manufacturer_reference" not in row["attributes"]
    }
    assert without == {BOTTLE}
