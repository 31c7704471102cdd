"""The JSON Schema that editors use, against the loader that decides."""

from typing import Any

import jsonschema
import pytest
import yaml

from catalog.json_schema import SCHEMA_FILE, schema_text, services_schema
from local.state import CHECKOUT

VALIDATOR = jsonschema.Draft202012Validator(services_schema())


def entry(**values: Any) -> dict[str, Any]:
    return {"services": {"a-api": {"project": "A", "port": 1, "image": "a:1", **values}}}


def test_the_file_is_what_the_models_say() -> None:
    assert (CHECKOUT / SCHEMA_FILE).read_text(encoding="utf-8") == schema_text(), "run `make schema`"


def test_the_schema_is_one_and_services_yaml_names_it_and_meets_it() -> None:
    jsonschema.Draft202012Validator.check_schema(services_schema())
    text = (CHECKOUT / "services.yaml").read_text(encoding="utf-8")
    assert text.startswith(f"# yaml-language-server: $schema={SCHEMA_FILE}\n")
    assert list(VALIDATOR.iter_errors(yaml.safe_load(text))) == []


@pytest.mark.parametrize(
    "values",
    [
        {"replicas": 3, "environments": {"prod": {"canary": {"analysis": {"p95": "800ms"}}}}},
        {"canary": {"steps": [{"setWeight": 10}, {"pause": "forever"}, {"pause": 30}, {"analysis": True}]}},
        {"canary": {"analysis": {"errorRate": "2%"}}, "labels": {"example.com/team": "a"}},
        {"resources": {"requests": {"cpu": "250m"}}, "hosts": ["a.example.com"], "traffic": {"router": "nginx"}},
        {"volumes": {"tmp": None}, "slo": None, "env": {"A": "b", "C": {"secret": "c", "key": "d"}, "E": None}},
        {"network": {"from": [{"service": "b-api"}, {"cidr": "10.0.0.0/8"}]}, "tolerations": [{"operator": "Exists"}]},
        {"patch": {"rollout": {"spec": {"paused": None, "anything": [1]}}}},
    ],
)
def test_what_the_loader_accepts_is_valid(values: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(entry(**values))) == []


@pytest.mark.parametrize(
    "values",
    [
        {"prot": 1},
        {"port": 80800},
        {"replicas": "3"},
        {"image": "a b"},
        {"canary": {"steps": []}},
        {"canary": {"steps": [{"setWeight": 0}]}},
        {"canary": {"steps": [{}]}},
        {"canary": {"analysis": {"p95": "fast"}}},
        {"environments": {"prod": {"environments": {}}}},
        {"labels": {"team": 7}},
        {"labels": {"a b": "c"}},
        {"env": {"A": 7}},
        {"tolerations": [{"efect": "NoExecute"}]},
        {"network": {"from": [{"servce": "b-api"}]}},
        {"patch": {"deployment": {}}},
        {"name": "b-api"},
    ],
)
def test_what_the_loader_refuses_is_marked_in_the_editor(values: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(entry(**values))) != []
