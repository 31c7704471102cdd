"""A JSON Schema of services.yaml, for editors that complete and check while one writes."""

import json
from typing import Any

from catalog.services import LONGEST_SERVICE_NAME, SERVICE_NAME, ServiceEntry

SCHEMA_FILE = "schema/services.schema.json"
"""Where it is in the checkout; services.yaml names it in its first line."""


def services_schema() -> dict[str, Any]:
    """The schema of the whole file. No key of an entry is required: any layer may give it."""
    entry = _without_requirements(ServiceEntry.model_json_schema(by_alias=True))
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


def _without_requirements(schema: Any, name: str = "") -> Any:
    """`schema` with no key required, but for the steps: each is known by the only key it has."""
    if isinstance(schema, list):
        return [_without_requirements(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: value for key, value in schema.items() if key != "required" or name in _STEPS}
    return {key: _without_requirements(value, key) for key, value in kept.items()}


_STEPS = ("SetWeight", "Pause", "Analysis")
