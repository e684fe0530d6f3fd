"""Product type definitions: fetched, checked and kept by their checksum."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from acorn_amazon.product_types import ProductTypes
from acorn_amazon.schema_cache import FolderCache, MemoryCache, matches

from acorn_engine.marketplace import MarketplaceError

API = "http://127.0.0.1:9"
DE = "A1PA6795UKMFR9"
SCHEMA = json.dumps(
    {
        "$schema": "https://schemas.amazon.com/selling-partners/definitions/product-types/meta-schema/v1",
        "properties": {"item_name": {}, "brand": {}, "color": {"maximum": 0.1}},
        "required": ["item_name", "brand"],
    }
).encode()


def checksum(document):
    return base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode()


def link(document=SCHEMA):
    return {
        "link": {"resource": f"{API}/storage/schema?X-Amz-Signature=beefcafe", "verb": "GET"},
        "checksum": checksum(document),
    }


def definition(document=SCHEMA, **more):
    return (
        200,
        {
            "schema": link(document),
            "requirements": "LISTING",
            "requirementsEnforced": "ENFORCED",
            "propertyGroups": {"identity": {"title": "Identity", "propertyNames": ["item_name", "brand"]}},
            "locale": "de_DE",
            "marketplaceIds": [DE],
            "productType": "LUGGAGE",
            "displayName": "Gepäck",
            "productTypeVersion": {"version": "v1=", "latest": True},
        }
        | more,
    )


@pytest.fixture
def now():
    return [0.0]


@pytest.fixture
def types(connection, now):
    return ProductTypes(connection.client, seller_id="A2EXAMPLE", clock=lambda: now[0])


def test_a_definition_says_what_is_known_and_required(amazon, types, de):
    amazon.on("getDefinitionsProductType", definition())
    amazon.other_script = [(200, SCHEMA)]
    found = types.definition(de, "LUGGAGE")
    assert amazon.calls("getDefinitionsProductType")[0][2] == {
        "marketplaceIds": [DE],
        "requirements": "LISTING",
        "requirementsEnforced": "ENFORCED",
        "locale": "DEFAULT",
        "sellerId": "A2EXAMPLE",
    }
    assert found.knows("color")
    assert not found.knows("epr_eco_fee_eubr")
    assert found.missing(["brand"]) == ["item_name"]
    assert (found.display_name, found.version, found.groups) == ("Gepäck", "v1=", {"identity": ("item_name", "brand")})
    assert str(found.schema()["properties"]["color"]["maximum"]) == "0.1"
    assert "beefcafe" not in repr(found)


def test_a_schema_is_fetched_once_as_long_as_its_checksum_stays(amazon, types, de, now):
    amazon.on("getDefinitionsProductType", definition())
    amazon.other_script = [(200, SCHEMA)]
    first = types.definition(de, "LUGGAGE")
    assert types.definition(de, "LUGGAGE") == first
    assert len(amazon.calls("getDefinitionsProductType")) == 1
    now[0] += 3601
    assert types.definition(de, "LUGGAGE") == first
    assert len(amazon.calls("getDefinitionsProductType")) == 2
    assert len(amazon.other) == 1


def test_a_schema_that_changed_is_fetched_again(amazon, types, de, now):
    changed = b'{"properties": {"item_name": {}}}'
    amazon.on("getDefinitionsProductType", definition(), definition(changed))
    amazon.other_script = [(200, SCHEMA), (200, changed)]
    assert types.definition(de, "LUGGAGE").knows("color")
    now[0] += 3601
    found = types.definition(de, "LUGGAGE")
    assert not found.knows("color")
    assert found.required == frozenset()


def test_two_sites_with_one_schema_share_the_document(amazon, types, de):
    from acorn_amazon.sites import SITES_BY_NAME

    amazon.on("getDefinitionsProductType", definition())
    amazon.other_script = [(200, SCHEMA)]
    types.definition(de, "LUGGAGE")
    types.definition(SITES_BY_NAME["amazon.fr"], "LUGGAGE")
    assert len(amazon.other) == 1


def test_a_document_that_is_not_what_its_checksum_names_is_not_used(amazon, types, de):
    amazon.on("getDefinitionsProductType", definition())
    amazon.other_script = [(200, SCHEMA + b" "), (200, b""), (200, SCHEMA[:-1])]
    with pytest.raises(MarketplaceError, match="is not the one that its checksum names"):
        types.definition(de, "LUGGAGE")
    assert len(amazon.other) == 3


@pytest.mark.parametrize("document", [b"[]", b"{}", b"{", b'{"properties": {}, "required": "brand"}'], ids=repr)
def test_a_schema_that_makes_no_sense_is_an_error(amazon, types, de, document):
    amazon.on("getDefinitionsProductType", definition(document))
    amazon.other_script = [(200, document)]
    with pytest.raises(MarketplaceError, match="no usable|is not JSON"):
        types.definition(de, "LUGGAGE")


def test_another_product_type_than_asked_for_is_an_error(amazon, types, de):
    amazon.on("getDefinitionsProductType", definition(productType="SHOES"))
    with pytest.raises(MarketplaceError, match="another product type"):
        types.definition(de, "LUGGAGE")


def test_product_types_are_searched(amazon, types, de, models):
    for status, body in models.examples("searchDefinitionsProductTypes"):
        amazon.script["searchDefinitionsProductTypes"] = [(status, body)]
        found = types.search(de, ["LUGGAGE"])
        assert [one.name for one in found] == [one["name"] for one in body["productTypes"]]
    types.search(de, item_name="Koffer, groß")
    assert amazon.calls("searchDefinitionsProductTypes")[-1][2]["itemName"] == "Koffer, groß"
    with pytest.raises(ValueError, match="exclude each other"):
        types.search(de, ["x"], "y")


# the caches


def test_a_checksum_is_base64_or_hexadecimal():
    assert matches(SCHEMA, checksum(SCHEMA))
    assert matches(SCHEMA, hashlib.md5(SCHEMA, usedforsecurity=False).hexdigest().upper())
    for wrong in ("", "!", checksum(b"x"), checksum(SCHEMA)[:-4]):
        assert not matches(SCHEMA, wrong)


def test_memory_is_bounded_and_keeps_what_was_used_last():
    cache = MemoryCache(largest=10)
    cache.keep("a", b"12345")
    cache.keep("b", b"12345")
    assert cache.get("a")
    cache.keep("c", b"12345")
    assert [name for name in "abc" if cache.get(name)] == ["a", "c"]
    cache.keep("d", b"x" * 11)
    assert cache.get("d") is None
    cache.keep("a", b"1234567890")
    assert [name for name in "abc" if cache.get(name)] == ["a"]


def test_a_folder_keeps_documents_for_the_next_process_and_distrusts_damage(tmp_path, connection, amazon, de):
    amazon.on("getDefinitionsProductType", definition())
    amazon.other_script = [(200, SCHEMA)]
    folder = tmp_path / "schemas"
    for _ in range(2):
        ProductTypes(connection.client, cache=FolderCache(folder)).definition(de, "LUGGAGE")
    assert len(amazon.other) == 1
    (kept,) = folder.iterdir()
    kept.write_bytes(SCHEMA[:-1])
    amazon.other_script = [(200, SCHEMA)]
    ProductTypes(connection.client, cache=FolderCache(folder)).definition(de, "LUGGAGE")
    assert kept.read_bytes() == SCHEMA
