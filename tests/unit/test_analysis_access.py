"""How an analysis logs in to a protected Prometheus."""

from typing import Any

import pytest

from catalog.prometheus_settings import Access
from catalog.services import Service
from observability import analysis

TOKEN = {"secret": "prometheus", "key": "token"}
FROM_SECRET = {"valueFrom": {"secretKeyRef": {"name": "prometheus", "key": "token"}}}


def fields(service: Service, access: dict[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The arguments that read a Secret, and the provider of every metric."""
    checked = Access.model_validate(access)
    spec = analysis.template_spec(service, "apis", "http://prometheus:9090", checked)
    providers = [metric["provider"]["prometheus"] for metric in spec["metrics"]]
    first = {key: value for key, value in providers[0].items() if key != "query"}
    assert all(provider == {**first, "query": provider["query"]} for provider in providers)
    return [argument for argument in spec["args"] if "valueFrom" in argument], first


def test_an_open_prometheus_is_asked_without_any_credentials(service: Service) -> None:
    assert fields(service, {}) == ([], {"address": "http://prometheus:9090"})
    open_to_all = analysis.template_spec(service, "apis", "http://prometheus:9090")
    assert open_to_all == analysis.template_spec(service, "apis", "http://prometheus:9090", Access())


def test_a_header_says_which_tenant_asks(service: Service) -> None:
    arguments, provider = fields(service, {"headers": {"X-Scope-OrgID": "team-a"}})
    assert provider["headers"] == [{"key": "X-Scope-OrgID", "value": "team-a"}]
    assert arguments == []


def test_a_header_may_come_from_a_secret(service: Service) -> None:
    arguments, provider = fields(service, {"headers": {"X-Scope-OrgID": "team-a", "X-&-Key": TOKEN}})
    assert provider["headers"][1] == {"key": "X-&-Key", "value": "{{args.prometheus-header-1}}"}
    assert arguments == [{"name": "prometheus-header-1", **FROM_SECRET}]


def test_a_bearer_token_comes_from_a_secret(service: Service) -> None:
    arguments, provider = fields(service, {"bearerToken": TOKEN, "headers": {"X-Scope-OrgID": "team-a"}})
    assert provider["headers"][1] == {"key": "Authorization", "value": "Bearer {{args.prometheus-token}}"}
    assert arguments == [{"name": "prometheus-token", **FROM_SECRET}]


@pytest.mark.parametrize("scopes", [[], ["metrics.read"]])
def test_oauth2_takes_its_credentials_from_secrets(service: Service, scopes: list[str]) -> None:
    client = {"tokenUrl": "https://sso.example.com/token", "clientId": TOKEN, "clientSecret": TOKEN}
    arguments, provider = fields(service, {"oauth2": {**client, "scopes": scopes}})
    assert provider["authentication"]["oauth2"] == {
        "tokenUrl": "https://sso.example.com/token",
        "clientId": "{{args.prometheus-client-id}}",
        "clientSecret": "{{args.prometheus-client-secret}}",
        "scopes": scopes,
    }
    assert [argument["name"] for argument in arguments] == ["prometheus-client-id", "prometheus-client-secret"]
    assert all(argument["valueFrom"] == FROM_SECRET["valueFrom"] for argument in arguments)
