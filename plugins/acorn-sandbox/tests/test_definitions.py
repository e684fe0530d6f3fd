"""Product type definitions: what a schema says is what feeds and VALIDATION_PREVIEW demand."""

from __future__ import annotations

import base64
import hashlib
import time

import httpx2
import jsonschema_rs
import pytest
from acorn_sandbox.attributes import vocabulary
from acorn_sandbox.clock import Timing
from acorn_sandbox.marketplaces import MARKETPLACES
from acorn_sandbox.server import SandboxServer

DE, GB, US, JP = "A1PA6795UKMFR9", "A1F83G8C2ARO7P", "ATVPDKIKX0DER", "A1VC38T7YXB528"
LAMP = "ACORN-LAMP"
PATH = "/definitions/2020-09-01/productTypes"


def got(seller, product_type="LAMP", site=DE, **query):
    answer = seller.call("GET", f"{PATH}/{product_type}", params={"marketplaceIds": site, **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


def downloaded(link):
    response = httpx2.get(link["link"]["resource"])
    assert response.status_code == 200
    assert base64.b64encode(hashlib.md5(response.content).digest()).decode() == link["checksum"]
    return response.json()


def schema_of(seller, site=DE, **query):
    return downloaded(got(seller, site=site, **query)["schema"])


def validator(schema):
    """Judge by plain 2019-09; Amazon's own keywords are checked apart."""
    return jsonschema_rs.Draft201909Validator({key: value for key, value in schema.items() if key != "$schema"})


def sample(schema, definitions):
    """The least that a schema asks for."""
    if "$ref" in schema:
        return sample(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {key: sample(schema["properties"][key], definitions) for key in schema["required"]}
    if kind == "array":
        return [sample(schema["items"], definitions)]
    return {"string": "2027-01-31", "boolean": False, "integer": 3, "number": 5}[kind]


def test_a_definition_links_a_schema_that_the_sandbox_serves(seller):
    answer = got(seller)
    assert (answer["productType"], answer["displayName"], answer["locale"]) == ("LAMP", "Lamp", "de_DE")
    schema, meta = downloaded(answer["schema"]), downloaded(answer["metaSchema"])
    assert schema["$schema"] == meta["$id"]
    plain = {key: value for key, value in meta.items() if key not in {"$id", "$vocabulary"}}
    jsonschema_rs.Draft201909Validator(plain).validate(schema)
    grouped = [name for group in answer["propertyGroups"].values() for name in group["propertyNames"]]
    assert sorted(grouped) == sorted(schema["properties"])
    again = got(seller)
    assert again["schema"]["checksum"] == answer["schema"]["checksum"]
    assert again["productTypeVersion"] == answer["productTypeVersion"]


def test_schemas_differ_by_site(seller):
    schemas = {site: schema_of(seller, site) for site in (DE, GB, US, JP)}
    for site, schema in schemas.items():
        assert set(schema["properties"]) == vocabulary(MARKETPLACES[site])
        assert schema["$defs"]["marketplace_id"]["enum"] == [site]
    assert "dsa_responsible_party_address" not in schemas[GB]["properties"]
    assert schemas[US]["$defs"]["currency"]["enum"] == ["USD"]
    assert schemas[US]["$defs"]["language_tag"]["enum"] == ["en_US", "es_US"]
    offer = {site: [{"currency": currency, "our_price": [{"schedule": [{"value_with_tax": 10.5}]}]}]
             for site, currency in ((DE, "EUR"), (JP, "JPY"))}  # fmt: skip
    accepted = {
        site: validator(schema_of(seller, site, requirementsEnforced="NOT_ENFORCED")).is_valid(
            {"purchasable_offer": offer[site]}
        )
        for site in (DE, JP)
    }
    assert accepted == {DE: True, JP: False}


@pytest.mark.parametrize("site", [DE, US, JP])
def test_what_the_schema_asks_for_is_taken_and_what_it_lacks_is_not(seller, site):
    schema = schema_of(seller, site, requirementsEnforced="NOT_ENFORCED")
    judge = validator(schema)
    values = {name: sample(part, schema["$defs"]) for name, part in schema["properties"].items()}
    assert judge.is_valid(values)
    patches = [{"op": "replace", "path": f"/attributes/{name}", "value": value} for name, value in values.items()]
    answer = seller.patch(LAMP, *patches, sites=[site], mode="VALIDATION_PREVIEW").json()
    assert (answer["status"], answer["issues"]) == ("VALID", [])
    foreign = set().union(*map(vocabulary, MARKETPLACES.values())) - set(values)
    assert foreign
    for name in foreign:
        assert not judge.is_valid({name: [{"value": "x"}]})
        assert seller.replace(LAMP, name, {"value": "x"}, sites=[site], mode="VALIDATION_PREVIEW").json()["status"] == (
            "INVALID"
        )


def test_what_the_schema_refuses_a_preview_refuses(seller, offer):
    schema = schema_of(seller, requirementsEnforced="NOT_ENFORCED")
    judge = validator(schema)
    refused = []
    for name, part in schema["properties"].items():
        whole = sample(part, schema["$defs"])[0]
        for key in part["items"]["required"]:
            refused.append((name, {other: value for other, value in whole.items() if other != key}))
        for key, inner in part["items"]["properties"].items():
            if "enum" in inner:
                refused.append((name, whole | {key: "no such value"}))
        if part["items"].get("additionalProperties") is False:
            refused.append((name, whole | {"no_such_key": 1}))
    sale = offer(20, sale={"value_with_tax": 15})
    refused += [("purchasable_offer", offer(-1)), ("purchasable_offer", sale)]
    refused += [("fulfillment_availability", {"fulfillment_channel_code": "DEFAULT", "quantity": -1})]
    assert len(refused) > 15
    for name, instance in refused:
        assert not judge.is_valid({name: [instance]}), (name, instance)
        answer = seller.replace(LAMP, name, instance, mode="VALIDATION_PREVIEW").json()
        assert answer["status"] == "INVALID", (name, instance)


@pytest.mark.parametrize("requirements", ["LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"])
def test_required_attributes_are_those_that_a_put_demands(seller, requirements):
    schema = schema_of(seller, requirements=requirements)
    assert ("purchasable_offer" in schema["properties"]) == (requirements != "LISTING_PRODUCT_ONLY")
    whole = {name: sample(schema["properties"][name], schema["$defs"]) for name in schema["required"]}
    assert whole

    def put(attributes):
        body = {"productType": "LAMP", "requirements": requirements, "attributes": attributes}
        query = {"marketplaceIds": DE, "mode": "VALIDATION_PREVIEW"}
        path = f"/listings/2021-08-01/items/{seller.id}/NEW"
        return seller.call("PUT", path, params=query, json=body).json()["status"]

    assert put(whole) == "VALID"
    assert validator(schema).is_valid(whole)
    for name in whole:
        less = {other: value for other, value in whole.items() if other != name} | {"skip_offer": [{"value": False}]}
        assert put(less) == "INVALID"
        assert not validator(schema).is_valid({key: value for key, value in less.items() if key != "skip_offer"})
    assert schema_of(seller, requirements=requirements, requirementsEnforced="NOT_ENFORCED")["required"] == []


def test_a_sellers_own_attributes_and_types_are_known(connect):
    row = {"seller_id": "S", "marketplace_id": DE, "sku": "K", "product_type": "ANVIL"}
    with SandboxServer(seed=[row | {"attributes": {"hardness": [{"value": "60 HRC"}]}}], speed=5000) as server:
        mine, other = connect(server, "S"), connect(server, "T")
        assert "hardness" in downloaded(got(mine, "ANVIL")["schema"])["properties"]
        assert "hardness" not in schema_of(mine)["properties"]
        assert other.call("GET", f"{PATH}/ANVIL", params={"marketplaceIds": DE}).status_code == 404
        found = mine.call("GET", PATH, params={"marketplaceIds": DE, "keywords": "anv,shoe"}).json()["productTypes"]
        assert [one["name"] for one in found] == ["ANVIL", "SHOES"]


def test_searching_product_types(refusing, connect):
    seller = connect(refusing)

    def names(**query):
        answer = seller.call("GET", PATH, params={"marketplaceIds": f"{DE},{US}", **query}).json()
        assert all(one["marketplaceIds"] == [DE, US] for one in answer["productTypes"])
        return [one["name"] for one in answer["productTypes"]]

    assert {"LAMP", "LUGGAGE", "PRODUCT"} <= set(names())
    assert names(itemName="A brass lamp with shade") == ["LAMP"]
    assert names(itemName="A gizmo") == ["PRODUCT"]


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        (PATH, {}, 400),
        (PATH, {"marketplaceIds": "nowhere"}, 400),
        (PATH, {"marketplaceIds": DE, "keywords": "a", "itemName": "b"}, 400),
        (f"{PATH}/LAMP", {"marketplaceIds": f"{DE},{US}"}, 400),
        (f"{PATH}/LAMP", {"marketplaceIds": DE, "requirements": "SOME"}, 400),
        (f"{PATH}/LAMP", {"marketplaceIds": DE, "locale": "xx"}, 400),
        (f"{PATH}/LAMP", {"marketplaceIds": DE, "sellerId": "OTHER"}, 403),
        (f"{PATH}/NONSUCH", {"marketplaceIds": DE}, 404),
    ],
)
def test_what_is_refused(refusing, connect, path, query, status):
    assert connect(refusing).call("GET", path, params=query).status_code == status


def test_links_live_a_week_and_the_quota_is_ten_at_once(connect):
    now = [time.time()]
    with SandboxServer(timing=Timing(now=lambda: now[0])) as server:
        seller = connect(server)
        url = got(seller)["schema"]["link"]["resource"]
        now[0] += 7 * 86400 - 1
        assert httpx2.get(url).status_code == 200
        now[0] += 2
        assert httpx2.get(url).status_code == 403
        seller.token = seller.refresh()
        codes = [seller.call("GET", f"{PATH}/LAMP?marketplaceIds={DE}").status_code for _ in range(11)]
        assert codes == [200] * 10 + [429]
