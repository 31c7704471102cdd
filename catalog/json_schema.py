"""A JSON Schema of services.yaml, for editors that complete and check while one writes."""

import json
from typing import Any

from catalog.services import LONGEST_SERVICE_NAME, SERVICE_NAME, ServiceEntry

SCHEMA_FILE = "schema/services.schema.json"
"""Where it is in the checkout; services.yaml names it in its first line."""


def services_schema() -> dict[str, Any]:
    """The schema of the whole file. No key of an entry is required: any layer may give it."""
    entry = _as_a_layer(ServiceEntry.model_json_schema(by_alias=True))
    definitions = entry.pop("$defs")
    layer = {**entry, "title": "ServiceLayer"}
    environments = {
        "type": "object",
        "description": "What differs per environment, by the environment's name.",
        "additionalProperties": {"$ref": "#/$defs/ServiceLayer"},
    }
    whole = {**entry, "title": "ServiceEntry", "properties": {**entry["properties"], "environments": environments}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "services.yaml of api-observability",
        "type": "object",
        "additionalProperties": False,
        "required": ["services"],
        "properties": {
            "defaults": {"$ref": "#/$defs/ServiceEntry", "description": "What an entry leaves out."},
            "services": {
                "type": "object",
                "minProperties": 1,
                "description": "One entry a service, by its name.",
                "propertyNames": {"pattern": f"^{SERVICE_NAME}$", "maxLength": LONGEST_SERVICE_NAME},
                "additionalProperties": {"anyOf": [{"$ref": "#/$defs/ServiceEntry"}, {"type": "null"}]},
            },
        },
        "$defs": {**definitions, "ServiceLayer": layer, "ServiceEntry": whole},
    }


def schema_text() -> str:
    """The schema as the file holds it."""
    return json.dumps(services_schema(), indent=2, ensure_ascii=False) + "\n"


def _as_a_layer(schema: Any, name: str = "") -> Any:
    """`schema` of what may be said in part only: no key is required, and a null takes away what a weaker layer says.

    The items of lists are as they are: lists are never merged.
    """
    if isinstance(schema, list):
        return [_as_a_layer(each) for each in schema]
    if not isinstance(schema, dict) or name in _WHOLE:
        return schema
    layer = {key: _as_a_layer(value, key) for key, value in schema.items() if key != "required"}
    if "properties" in schema and name != "properties":
        layer["properties"] = {key: _or_null(value) for key, value in layer["properties"].items()}
    for key in ("additionalProperties", "patternProperties"):
        if isinstance(schema.get(key), dict) and schema.get("type") == "object":
            inner = layer[key]
            layer[key] = (
                _or_null(inner) if key == "additionalProperties" else {k: _or_null(v) for k, v in inner.items()}
            )
    if "patternProperties" in schema:
        layer["additionalProperties"] = False
    return layer


def _or_null(schema: dict[str, Any]) -> dict[str, Any]:
    null = {"type": "null"}
    if schema == {} or null in schema.get("anyOf", ()):
        return schema
    described: dict[str, Any] = {key: schema[key] for key in ("description", "title") if key in schema}
    return {**described, "anyOf": [schema, null]}


_WHOLE = (
    *("SetWeight", "Pause", "Analysis", "SetCanaryScale", "FromSecret", "FromConfigMap", "InitContainer", "Toleration"),
    *("PeerService", "PeerNamespace", "PeerNetwork", "Patch"),
)
"""What stands in lists, and the patch, whose nulls are its own."""
