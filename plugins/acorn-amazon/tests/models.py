"""Amazon's own models and schemas as judges of what the client sends and what the tests answer."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import jsonschema_rs

REPOSITORY = Path(__file__).resolve().parents[3]
SPAPI = REPOSITORY.parent / "shared" / "spapi"
MODELS = (
    "definitionsProductTypes_2020-09-01",
    "fbaInventory",
    "feeds_2021-06-30",
    "listingsItems_2021-08-01",
    "listingsRestrictions_2021-08-01",
    "orders_2026-01-01",
    "productFeesV0",
    "productPricingV0",
    "productPricing_2022-05-01",
    "reports_2021-06-30",
    "sellers",
)


def read_model(name):
    path = SPAPI / "models" / f"{name}.json"
    assert path.is_file(), f"Amazon's model is not there: {path}. These tests prove nothing without it."
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def schema(name):
    path = SPAPI / "schemas" / f"{name}.json"
    assert path.is_file(), f"Amazon's schema is not there: {path}. These tests prove nothing without it."
    return jsonschema_rs.Draft7Validator(json.loads(path.read_text(encoding="utf-8")))


@cache
def operations():
    """Return every operation as (method, pattern of the path, model, operation)."""
    found = []
    for name in MODELS:
        model = read_model(name)
        for path, methods in model["paths"].items():
            pattern = re.compile("^" + re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")
            for method, operation in methods.items():
                if isinstance(operation, dict) and "operationId" in operation:
                    found.append((method.upper(), pattern, model, operation))
    return found


def find(method, raw_path):
    for candidate, pattern, model, operation in operations():
        match = pattern.match(raw_path)
        if candidate == method and match:
            return model, operation, {key: unquote(value) for key, value in match.groupdict().items()}
    raise AssertionError(f"Amazon has no operation {method} {raw_path}")


def check(schema_part, model, value, what):
    validator = jsonschema_rs.Draft4Validator(
        {**schema_part, "definitions": model["definitions"]}, validate_formats=True
    )
    problems = [f"{list(error.instance_path)}: {error.message}" for error in validator.iter_errors(value)]
    assert not problems, f"{what}: {problems}"


def parse_query(text):
    pairs = [part.split("=", 1) for part in text.split("&")] if text else []
    assert len({name for name, _ in pairs}) == len(pairs), f"a parameter is given twice: {text}"
    return {unquote(name): value for name, value in pairs}


def check_request(request):
    """Check an httpx2 request against Amazon's models; return the operation's id, path, query and body."""
    raw_path, _, raw_query = request.url.raw_path.decode().partition("?")
    model, operation, path = find(request.method, raw_path)
    name = operation["operationId"]
    query = parse_query(raw_query)
    declared = {parameter["name"]: parameter for parameter in operation["parameters"] if parameter["in"] == "query"}
    assert set(query) <= set(declared), f"{name} has no parameter {set(query) - set(declared)}"
    values = {}
    for parameter in declared.values():
        given = query.get(parameter["name"])
        if given is None:
            assert not parameter.get("required"), f"{name} needs {parameter['name']}"
            continue
        kind = parameter["type"]
        if kind == "array":
            assert parameter.get("collectionFormat", "csv") == "csv"
            value = [unquote(item) for item in given.split(",")]
        else:
            value = {"integer": int, "boolean": lambda text: text == "true"}.get(kind, str)(unquote(given))
        part = {key: parameter[key] for key in parameter if key not in {"name", "in", "required", "description"}}
        check(part, model, value, f"{name} {parameter['name']}")
        values[parameter["name"]] = value
    bodies = [parameter for parameter in operation["parameters"] if parameter["in"] == "body"]
    body = json.loads(request.content) if request.content else None
    assert bool(bodies) == (body is not None), f"{name}: body"
    for parameter in bodies:
        check(parameter["schema"], model, body, f"{name} body")
    return name, path, values, body


def check_answer(method, raw_path, status, body):
    """Check a JSON answer of a test or of the sandbox against Amazon's models."""
    model, operation, _ = find(method, raw_path)
    responses = operation["responses"]
    assert str(status) in responses, f"{operation['operationId']} never answers {status}"
    part = responses[str(status)].get("schema")
    if part is not None:
        check(part, model, body, f"{operation['operationId']} {status}")


def rates():
    """Return the usage plan printed in each operation's description."""
    found = {}
    for _, _, _, operation in operations():
        plan = re.search(r"\|\s*([\d.]+)\s*\|\s*([\d.]+)\s*\|", operation["description"])
        if plan:
            found[operation["operationId"]] = (float(plan[1]), float(plan[2]))
    return found


def examples(operation_id):
    """Return every success that Amazon's model gives as an example, or as an answer of its static sandbox.

    Some of them break the model themselves: they are what Amazon sends nevertheless.
    """
    found = []
    for _, _, _, operation in operations():
        if operation["operationId"] != operation_id:
            continue
        for status, answer in operation["responses"].items():
            if status.startswith("2"):
                static = answer.get("x-amzn-api-sandbox", {}).get("static", [])
                found += [(int(status), one["response"]) for one in static if one.get("response")]
                found += [(int(status), one) for one in answer.get("examples", {}).values()]
    assert found, f"Amazon's model has no example of {operation_id}"
    return found
