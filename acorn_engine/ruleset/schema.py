"""The JSON Schema of rule files, for editors that complete and check while a person types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from acorn_engine.fields import STANDARD_FIELDS
from acorn_engine.ruleset.examples import OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acorn_engine.fields import Field
    from acorn_engine.plugins.records import RuleKind

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_EXPRESSION: Final = {"type": ["string", "number", "boolean"]}
_TEXT: Final = {"type": ["string", "number"]}
_ID: Final = {"type": ["string", "number"], "description": "unique in the site's chain: letters, digits, - _ and ."}
_VALUE: Final = {"type": ["string", "number", "boolean", "null"]}
_DAY: Final = {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
_WINDOW: Final = {
    "type": "string",
    "pattern": "^\\s*[A-Za-z]{3}\\s+[0-9]{1,2}:[0-9]{2}\\s*-\\s*[A-Za-z]{3}\\s+[0-9]{1,2}:[0-9]{2}\\s*$",
}


def rule_schema(
    kinds: Mapping[str, RuleKind] | None = None, fields: Mapping[str, Field] | None = None
) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a rule file with these rule kinds and settable fields."""
    settable = fields if fields is not None else {field.name: field for field in STANDARD_FIELDS}
    rule = _object(
        "when a condition holds, set fields",
        {
            "id": _ID,
            "when": _described(_EXPRESSION, "the rule applies only where this is true"),
            "set": _set(settable),
            "use": {"type": "string", "description": "a rule kind from a plugin"},
            "with": {"type": ["object", "null"], "description": "the rule kind's options"},
            "because": _described(_TEXT, "why, for people; {name} shows a value"),
            "final": {"type": "boolean", "description": "no later rule touches the fields that this rule has set"},
            "valid_from": _described(_DAY, "the first day, in the site's own time"),
            "valid_to": _described(_DAY, "the last day, in the site's own time"),
            "active": {
                "description": "weekly hours in the site's own time: sat 00:00 - mon 00:00",
                "oneOf": [_WINDOW, {"type": "array", "items": _WINDOW}],
            },
        },
        ["id"],
    )
    rule["oneOf"] = [{"required": ["set"]}, {"required": ["use"]}]
    rule["dependentRequired"] = {"with": ["use"]}
    named = dict(sorted((kinds or {}).items()))
    if named:
        rule["properties"]["use"]["enum"] = list(named)
        rule["allOf"] = [_kind(name) for name in named]
    guard = _object(
        "a condition that must not hold",
        {
            "id": _ID,
            "reject": _described(_EXPRESSION, "the change is not sent where this is true"),
            "hold": _described(_EXPRESSION, "the change waits for a person where this is true"),
            "halt": _described(
                _EXPRESSION, "nothing of the plan is sent; sees changed_share, changed_count, held_share, offers"
            ),
            "because": _described(_TEXT, "why, for people; {name} shows a value"),
        },
        ["id", "because"],
    )
    guard["oneOf"] = [{"required": [verdict]} for verdict in ("reject", "hold", "halt")]
    schema = _object(
        "a rule file of Acorn",
        {
            "acorn": {"const": 1, "description": "the version of the format"},
            "description": _TEXT,
            "owner": _described(_TEXT, "who answers questions about this file"),
            "parameters": _map("values with a name, for the whole chain: 28%, 20.00 USD, a list", _parameter()),
            "define": _map("expressions with a name, for this file", _EXPRESSION),
            "disable": {"type": ["array", "null"], "items": _TEXT, "description": "ids of earlier rules to switch off"},
            "because": _described(_TEXT, "why the rules are switched off"),
            "rules": {"type": ["array", "null"], "items": rule},
            "guards": {"type": ["array", "null"], "items": guard},
            "examples": {"type": ["array", "null"], "items": _example(settable)},
        },
        ["acorn"],
    )
    schema["dependentRequired"] = {"disable": ["because"], "because": ["disable"]}
    return {
        "$schema": DIALECT,
        "title": "Acorn rule file",
        **schema,
        "$defs": {name: _options(kind) for name, kind in named.items()},
    }


def _object(description: str, properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _described(schema: Mapping[str, Any], description: str) -> dict[str, Any]:
    return {**schema, "description": description}


def _map(description: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
        "additionalProperties": dict(values),
    }


def _parameter() -> dict[str, Any]:
    single = {"type": ["string", "number", "boolean"]}
    return {"oneOf": [single, {"type": "array", "items": single, "minItems": 1}]}


def _set(fields: Mapping[str, Field]) -> dict[str, Any]:
    return {
        "type": "object",
        "description": "fields and the expressions that they are set to",
        "minProperties": 1,
        "properties": {name: _described(_EXPRESSION, field.description) for name, field in fields.items()},
        "patternProperties": {
            "^attributes\\.[A-Za-z][A-Za-z0-9_]*$": {
                "description": "literal data; an expression where the text begins with ="
            }
        },
        "additionalProperties": False,
    }


def _example(fields: Mapping[str, Field]) -> dict[str, Any]:
    expected = dict.fromkeys((*fields, *OUTCOMES), _VALUE)
    return _object(
        "facts, and what the rules of this file make of them",
        {
            "name": _TEXT,
            "site": {"type": "string", "description": "gives currency, date and tax: amazon.de"},
            "given": {
                "type": "object",
                "description": "facts; what is not named is missing",
                "additionalProperties": {
                    "oneOf": [_VALUE, {"type": "object", "additionalProperties": _VALUE}],
                },
            },
            "expect": {
                "type": "object",
                "properties": expected,
                "patternProperties": {"^attributes\\.[A-Za-z][A-Za-z0-9_]*$": {}},
                "additionalProperties": False,
            },
        },
        ["name", "site", "given", "expect"],
    )


def _kind(name: str) -> dict[str, Any]:
    return {
        "if": {"properties": {"use": {"const": name}}, "required": ["use"]},
        "then": {"properties": {"with": {"$ref": f"#/$defs/{name}"}}},
    }


def _options(kind: RuleKind) -> dict[str, Any]:
    """The schema of a kind's options, whose own definitions move to where its references look for them."""
    schema: dict[str, Any] = kind.model.model_json_schema(ref_template=f"#/$defs/{kind.name}/$defs/{{model}}")
    if kind.description:
        schema["description"] = kind.description
    if not schema.get("required"):
        schema["type"] = ["object", "null"]
    return schema
