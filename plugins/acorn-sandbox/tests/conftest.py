"""A client that holds every answer against Amazon's models, and sandboxes to talk to."""

from __future__ import annotations

import gzip
import json
import time
from pathlib import Path

import httpx2
import jsonschema_rs
import pytest
from acorn_sandbox import exact
from acorn_sandbox.model import SERVED
from acorn_sandbox.operations import match
from acorn_sandbox.server import SandboxServer

SPAPI = Path(__file__).resolve().parents[3].parent / "shared" / "spapi"
DE, FR, GB, US, JP = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "A1F83G8C2ARO7P", "ATVPDKIKX0DER", "A1VC38T7YXB528"
SELLER = "A2EXAMPLE"
METHODS = {"get", "put", "post", "patch", "delete"}
JSON_TYPE = "application/json; charset=UTF-8"


def strict(schema, definitions):
    """Swagger 2.0 to JSON Schema, where an object has no properties but those that the model names."""
    if isinstance(schema, list):
        return [strict(part, definitions) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "allOf" in schema:
        schema = joined(schema["allOf"], definitions)
    converted = {
        key: strict(value, definitions) for key, value in schema.items() if key not in {"readOnly", "example", "xml"}
    }
    if isinstance(converted.get("properties"), dict) and "type" in converted:
        converted.setdefault("additionalProperties", False)
    return converted


def joined(parts, definitions):
    """One object schema of several that hold at once: its properties are all of theirs."""
    whole = {"type": "object", "properties": {}, "required": []}
    for part in parts:
        named = definitions[part["$ref"].removeprefix("#/definitions/")] if "$ref" in part else part
        one = joined(named["allOf"], definitions) if "allOf" in named else named
        whole["properties"] |= one.get("properties", {})
        whole["required"] += one.get("required", [])
    return whole


class Models:
    """Amazon's models: validators of every answer by operation and status."""

    def __init__(self, folder: Path) -> None:
        assert folder.is_dir(), f"Amazon's models are not at {folder}: the contract cannot be checked"
        self.folder = folder
        self.answers = {}
        self.headers = {}
        for file, operations in SERVED.items():
            model = json.loads((folder / "models" / file).read_text(encoding="utf-8"))
            for methods in model["paths"].values():
                for method, operation in methods.items():
                    if method in METHODS and operation["operationId"] in operations:
                        self._add(operation, model["definitions"])
        schemas = folder / "schemas"
        self.report = self.validator(schemas / "listings-feed-processing-report-schema-v2.json")
        self.feed = self.validator(schemas / "listings-feed-schema-v2.json")

    def validator(self, path):
        return jsonschema_rs.Draft7Validator(json.loads(path.read_text(encoding="utf-8")))

    def _add(self, operation, definitions):
        for status, answer in operation["responses"].items():
            key = operation["operationId"], int(status)
            schema = answer.get("schema")
            self.headers[key] = {name.lower() for name in answer.get("headers", {})}
            self.answers[key] = schema and jsonschema_rs.Draft7Validator(
                {**strict(schema, definitions), "definitions": strict(definitions, definitions)}, validate_formats=True
            )

    def check(self, operation, response):
        key = operation, response.status_code
        assert key in self.answers, f"{operation} cannot answer {response.status_code}"
        validator = self.answers[key]
        if validator is None:
            assert response.content == b""
        else:
            assert response.headers["content-type"] == "application/json"
            faults = list(validator.iter_errors(exact.loads(response.content)))
            assert not faults, f"{operation} {response.status_code}: {faults} in {response.text[:500]}"
        shown = {name for name in response.headers if name.startswith("x-amzn-r")}
        assert shown == self.headers[key], f"{operation} {response.status_code}: headers {shown}"


class Seller:
    """A client of one seller; every answer is checked against the models."""

    def __init__(self, server, models, seller_id=SELLER):
        self.server, self.models, self.id = server, models, seller_id
        self.http = httpx2.Client(timeout=30)
        self.token = self.refresh()

    def refresh(self):
        form = {
            "grant_type": "refresh_token",
            "refresh_token": f"Atzr|{self.id}",
            "client_id": "c",
            "client_secret": "s",
        }
        response = self.http.post(self.server.auth_url, data=form)
        assert response.status_code == 200, response.text
        return response.json()["access_token"]

    def call(self, method, path, *, headers=None, **more):
        sent = {"x-amz-access-token": self.token} if headers is None else headers
        response = self.http.request(method, self.server.url + path, headers=sent, **more)
        operation, _ = match(method, response.request.url.raw_path.decode().partition("?")[0])
        assert response.headers["x-amzn-requestid"]
        if operation is not None and "html" not in response.headers.get("content-type", ""):
            self.models.check(operation.name, response)
        return response

    def get_item(self, sku, *sites, included="attributes,issues,summaries,offers,fulfillmentAvailability"):
        query = {"marketplaceIds": ",".join(sites or [DE]), "includedData": included}
        return self.call("GET", f"/listings/2021-08-01/items/{self.id}/{sku}", params=query)

    def attribute(self, sku, name, site=DE):
        return exact.loads(self.get_item(sku, site).content)["attributes"].get(name)

    def patch(self, sku, *patches, sites=(DE,), product_type="PRODUCT", **query):
        body = {"productType": product_type, "patches": list(patches)}
        query["marketplaceIds"] = ",".join(sites)
        headers = {"x-amz-access-token": self.token, "content-type": "application/json"}
        path = f"/listings/2021-08-01/items/{self.id}/{sku}"
        return self.call("PATCH", path, params=query, content=exact.dumps(body), headers=headers)

    def replace(self, sku, name, *value, **more):
        return self.patch(sku, {"op": "replace", "path": f"/attributes/{name}", "value": list(value)}, **more)

    def upload(self, content, content_type=JSON_TYPE):
        created = self.call("POST", "/feeds/2021-06-30/documents", json={"contentType": content_type})
        assert created.status_code == 201
        document = created.json()
        put = self.http.put(document["url"], content=content, headers={"content-type": content_type})
        assert put.status_code == 200, put.text
        assert put.content == b""
        return document["feedDocumentId"]

    def create_feed(self, document, site=DE, **more):
        body = {"feedType": "JSON_LISTINGS_FEED", "marketplaceIds": [site], "inputFeedDocumentId": document, **more}
        return self.call("POST", "/feeds/2021-06-30/feeds", json=body)

    def submit(self, messages, site=DE, *, header=None):
        """Upload messages, create the feed and return its id."""
        document = {"header": {"sellerId": self.id, "version": "2.0"} if header is None else header}
        document["messages"] = messages
        created = self.create_feed(self.upload(exact.dumps(document).encode()), site)
        assert created.status_code == 202, created.text
        return created.json()["feedId"]

    def feed(self, feed_id):
        return self.call("GET", f"/feeds/2021-06-30/feeds/{feed_id}").json()

    def wait(self, feed_id, seconds=10.0):
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            feed = self.feed(feed_id)
            if feed["processingStatus"] in {"DONE", "FATAL", "CANCELLED"}:
                return feed
            time.sleep(0.01)
        raise AssertionError(f"the feed {feed_id} did not end: {feed}")

    def report_of(self, feed):
        """Download a processing report and check it against Amazon's schema."""
        document = self.call("GET", f"/feeds/2021-06-30/documents/{feed['resultFeedDocumentId']}").json()
        assert document["compressionAlgorithm"] == "GZIP"
        got = self.http.get(document["url"])
        assert got.status_code == 200
        report = json.loads(gzip.decompress(got.content))
        faults = list(self.models.report.iter_errors(report))
        assert not faults, faults
        return report

    def run(self, messages, site=DE, **more):
        """Submit messages and return the processing report."""
        feed = self.wait(self.submit(messages, site, **more))
        assert feed["processingStatus"] == "DONE"
        return self.report_of(feed)


@pytest.fixture(scope="session")
def models():
    return Models(SPAPI)


@pytest.fixture
def server():
    with SandboxServer(speed=5000) as running:
        yield running


@pytest.fixture(scope="session")
def refusing():
    """A sandbox for requests that change nothing."""
    with SandboxServer(speed=5000) as running:
        yield running


@pytest.fixture
def connect(models):
    """Make clients, and close them after the test."""
    made = []

    def make(server, seller_id=SELLER):
        made.append(Seller(server, models, seller_id))
        return made[-1]

    yield make
    for seller in made:
        seller.http.close()


@pytest.fixture
def seller(server, connect):
    return connect(server)


@pytest.fixture
def offer():
    def make(price, *, site=DE, currency="EUR", audience="ALL", **prices):
        def schedule(value):
            return [{"schedule": [value if isinstance(value, dict) else {"value_with_tax": value}]}]

        built = {"marketplace_id": site, "currency": currency, "audience": audience, "our_price": schedule(price)}
        names = {
            "minimum": "minimum_seller_allowed_price",
            "maximum": "maximum_seller_allowed_price",
            "sale": "discounted_price",
        }
        return built | {names[name]: schedule(value) for name, value in prices.items()}

    return make


@pytest.fixture
def message():
    def make(message_id, sku, name, *value, op="replace", product_type="PRODUCT"):
        patch = {"op": op, "path": f"/attributes/{name}", "value": list(value)}
        return {
            "messageId": message_id,
            "sku": sku,
            "operationType": "PATCH",
            "productType": product_type,
            "patches": [patch],
        }

    return make
