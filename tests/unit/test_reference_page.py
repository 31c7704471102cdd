"""docs/services.md: every key of services.yaml, from the models that check it."""

import re

from catalog.reference_page import REFERENCE_PAGE, reference_page
from catalog.services import ServiceEntry
from local.state import CHECKOUT

PAGE = reference_page()


def test_the_page_is_what_the_models_say() -> None:
    assert (CHECKOUT / REFERENCE_PAGE).read_text(encoding="utf-8") == PAGE, "run `make schema`"


def test_every_key_of_every_model_has_a_row() -> None:
    schema = ServiceEntry.model_json_schema(by_alias=True)
    models = [schema, *schema["$defs"].values()]
    keys = [key for model in models for key in model.get("properties", {})]
    assert len(keys) > 100
    assert [key for key in keys if f"\n| `{key}` | " not in PAGE] == []


def test_every_link_leads_to_a_section() -> None:
    anchors = set(re.findall(r'<a id="(\w+)">', PAGE))
    links = set(re.findall(r"\(#(\w+)\)", PAGE))
    assert links
    assert links <= anchors


def test_defaults_are_those_of_the_program() -> None:
    assert "| `replicas` | whole number, 1–1,000 | `2` |" in PAGE
    assert "| `p95` | duration | `300ms` |" in PAGE
    assert "| `port` | whole number, 1–65,535 | required |" in PAGE


def test_where_the_same_keys_stand_at_several_places_each_default_is_told() -> None:
    assert "| `period` | duration | `startup 2s, readiness 5s, liveness 10s` |" in PAGE
    assert "| `memory` | amount | `requests 128Mi, limits 512Mi` |" in PAGE
