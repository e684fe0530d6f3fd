"""The operations that the sandbox serves: paths, parameters, bodies and usage plans, from data.

A request outside the model is refused here, before any handler sees it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Final
from urllib.parse import unquote

import jsonschema_rs

from acorn_sandbox import exact
from acorn_sandbox.errors import ApiError, invalid
from acorn_sandbox.model import DATA

_NUMBER: Final = re.compile(r"-?\d{1,20}(\.\d{1,20})?")
_CONVERTED: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Operation:
    """One operation of Amazon's API.

    ``rate`` is requests per second, ``burst`` the bucket's size; ``statuses`` are what it can
    answer, ``limited`` those whose answers carry ``x-amzn-RateLimit-Limit``; ``listed_errors`` says
    that the body of an error is a bare list.
    """

    name: str
    model: str
    method: str
    segments: tuple[str, ...]
    rate: float
    burst: int
    parameters: dict[str, dict[str, Any]]
    schema: Any
    body: Any
    body_schema: Any
    statuses: frozenset[int]
    limited: frozenset[int]
    listed_errors: bool

    def query(self, pairs: list[tuple[str, str]]) -> dict[str, Any]:
        """Return the query parameters by name: arrays as lists, defaults filled in.

        A parameter that the model does not know is ignored, as at Amazon: widely used clients send
        some with every request. Raises ``ApiError`` 400 for one that the model does not allow.
        """
        values: dict[str, Any] = {}
        for name, text in pairs:
            parameter = self.parameters.get(name)
            if parameter is None:
                continue
            if parameter["type"] == "array":
                values.setdefault(name, []).extend(part for part in text.split(",") if part)
            elif name in values:
                raise invalid(f"Parameter '{name}' is given more than once.")
            else:
                values[name] = _converted(text, parameter["type"])
        fault = next(iter(self.schema.iter_errors(values)), None)
        if fault is not None:
            raise invalid(f"Invalid parameter: {fault.message}", "/".join(map(str, fault.instance_path)))
        for name, parameter in self.parameters.items():
            if "default" in parameter:
                values.setdefault(name, parameter["default"])
        return values

    def read_body(self, content: bytes, content_type: str) -> Any:
        """Return the request's body with exact numbers.

        A null for a property that may be left out counts as left out: widely used clients send some.
        Raises ``ApiError`` 400, or 415 where the model has it.
        """
        if self.body is None:
            return None
        if content_type.partition(";")[0].strip().lower() != "application/json":
            text = "The request's Content-Type header is invalid."
            raise ApiError(415, "UnsupportedMediaType", text) if 415 in self.statuses else invalid(text)
        try:
            value = exact.loads(content)
        except (ValueError, RecursionError) as error:
            raise invalid("Request body is not JSON.", str(error)) from None
        value = _without_nulls(value, self.body_schema)
        fault = next(iter(self.body.iter_errors(value)), None)
        if fault is not None:
            raise invalid(f"Invalid body: {fault.message[:500]}", "/".join(map(str, fault.instance_path)))
        return value

    def error_body(self, error: ApiError) -> Any:
        """Return the body of an error in the shape that the operation's model has."""
        return error.body["errors"] if self.listed_errors else error.body


def match(method: str, raw_path: str) -> tuple[Operation | None, dict[str, str]]:
    """Return the operation for a path as it came over the wire, and its path parameters.

    Segments are decoded one by one, so that a SKU may contain a slash.
    """
    segments = [unquote(part) for part in raw_path.strip("/").split("/")]
    for operation in operations().values():
        if operation.method != method or len(operation.segments) != len(segments):
            continue
        values = {}
        for pattern, segment in zip(operation.segments, segments, strict=True):
            if pattern.startswith("{") and segment:
                values[pattern[1:-1]] = segment
            elif pattern != segment:
                break
        else:
            return operation, values
    return None, {}


@cache
def operations() -> dict[str, Operation]:
    """Return every served operation by its operationId."""
    records = json.loads(DATA.read_text(encoding="utf-8"))
    return {record["operation"]: _operation(record) for record in records}


def _operation(record: dict[str, Any]) -> Operation:
    parameters = {p["name"]: p for p in record["parameters"] if p["in"] == "query"}
    properties = {
        name: {key: value for key, value in p.items() if key not in {"in", "name", "required", "collectionFormat"}}
        for name, p in parameters.items()
    }
    for part in properties.values():
        if part["type"] == "array":
            part.setdefault("minItems", 1)
    required = [name for name, p in parameters.items() if p["required"]]
    schema = {"type": "object", "properties": properties, "required": required}
    return Operation(
        name=record["operation"],
        model=record["model"],
        method=record["method"],
        segments=tuple(record["path"].strip("/").split("/")),
        rate=record["rate"],
        burst=record["burst"],
        parameters=parameters,
        schema=jsonschema_rs.Draft7Validator(schema, validate_formats=True),
        body=jsonschema_rs.Draft7Validator(record["body"]) if record["body"] else None,
        body_schema=record["body"],
        statuses=frozenset(record["statuses"]),
        limited=frozenset(record["limited"]),
        listed_errors=record["listed_errors"],
    )


def _without_nulls(value: Any, schema: dict[str, Any]) -> Any:
    """Return a body without nulls where the schema names a property and does not require it."""
    if isinstance(value, list) and "items" in schema:
        return [_without_nulls(part, schema["items"]) for part in value]
    if not isinstance(value, dict):
        return value
    parts = [schema, *schema.get("allOf", ())]
    named = {name: inner for part in parts for name, inner in part.get("properties", {}).items()}
    required = {name for part in parts for name in part.get("required", ())}
    return {
        name: _without_nulls(inner, named.get(name, {}))
        for name, inner in value.items()
        if inner is not None or name not in named or name in required
    }


def _converted(text: str, kind: str) -> Any:
    if kind == "boolean":
        return _CONVERTED.get(text.lower(), text)
    if kind == "integer" and text.lstrip("-").isdigit() and len(text) < 20:
        return int(text)
    if kind == "number" and _NUMBER.fullmatch(text):
        return Decimal(text)
    return text
