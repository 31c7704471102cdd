"""The adapter's settings: what the sidecar is given is enough, and every mistake is told."""

import json
from pathlib import Path
from typing import Any

import pytest
from legacy_php_adapter.settings import Settings, SettingsError, read_settings

from components.containers import containers
from local.state import CHECKOUT
from tests.unit.catalog_workbench import service

NEEDED = {
    "ADAPTER_PORT": "8010",
    "ADAPTER_UPSTREAM": "http://127.0.0.1:8080",
    "ADAPTER_SERVICE": "mpcstudy-api",
}


def faults(**settings: str) -> list[str]:
    with pytest.raises(SettingsError) as raised:
        read_settings({**NEEDED, **settings})
    return str(raised.value).splitlines()


def test_the_three_that_are_needed_are_enough() -> None:
    assert read_settings(NEEDED) == Settings(8010, "http://127.0.0.1:8080", "mpcstudy-api")


def test_all_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        read_settings({})
    assert str(raised.value).splitlines() == [
        "ADAPTER_PORT is missing: the port to listen on",
        "ADAPTER_UPSTREAM is missing: where PHP listens, such as http://127.0.0.1:8080",
        "ADAPTER_SERVICE is missing: the value of the label `service`",
    ]


@pytest.mark.parametrize(
    ("name", "text", "fault"),
    [
        ("PORT", "0", "'0' is not a port (1–65535)"),
        ("PORT", "80800", "'80800' is not a port (1–65535)"),
        ("UPSTREAM", "127.0.0.1:8080", "'127.0.0.1:8080' is not an address such as http://127.0.0.1:8080"),
        ("UPSTREAM", "http://a:1/path", "'http://a:1/path' is not an address such as http://127.0.0.1:8080"),
        ("UPSTREAM", "http://a:99999", "'http://a:99999' is not an address such as http://127.0.0.1:8080"),
        ("SERVICE", "Mpc Study", "'Mpc Study' is not the name of a Kubernetes Service such as mpcstudy-api"),
        ("ROUTES", "/users", """'/users' is not a JSON list such as ["/users", "/users/{id}"]"""),
        ("ROUTES", '["users"]', "'users' is not a path that begins with '/'"),
        ("ROUTES", '["/a{b}"]', "'/a{b}': 'a{b}' is not a whole segment such as {id}"),
        ("BUCKETS", "[1, 0.3]", "'[1, 0.3]' does not ascend"),
        ("BUCKETS", "[0]", "'[0]' is not a list of 1–100 times in seconds"),
        ("RESPONSE_TIMEOUT", "0", "'0' is not a time in seconds (more than 0, at most 86400)"),
        ("RESPONSE_TIMEOUT", "1m", "'1m' is not a time in seconds (more than 0, at most 86400)"),
        ("CONNECTIONS", "-1", "'-1' is not a number of connections (1–100000)"),
        ("MAX_BODY", "10M", "'10M' is not a number of bytes (0–1152921504606846976)"),
        ("HOST", "localhost", "'localhost' is not an IP address"),
        ("LOG_LEVEL", "debug", "'debug' is not one of info, warning, error"),
    ],
)
def test_a_value_that_makes_no_sense_is_told_with_what_would(name: str, text: str, fault: str) -> None:
    assert faults(**{f"ADAPTER_{name}": text}) == [f"ADAPTER_{name}: {fault}"]


def test_a_name_that_is_none_is_told_with_those_there_are() -> None:
    (fault,) = faults(ADAPTER_TIMEOUT="5")
    assert fault.startswith("ADAPTER_TIMEOUT is no setting; there are ADAPTER_PORT, ADAPTER_UPSTREAM, ")


def test_what_kubernetes_sets_for_a_service_called_adapter_is_no_setting() -> None:
    links = ("ADAPTER_SERVICE_HOST", "ADAPTER_SERVICE_PORT_HTTP", "ADAPTER_PORT_80_TCP_ADDR", "ADAPTER_X_PORT")
    assert read_settings({**NEEDED, **dict.fromkeys(links, "tcp://10.0.0.1:80")}) == read_settings(NEEDED)


def test_routes_for_which_there_is_no_room_are_told() -> None:
    routes = json.dumps([f"/page-{number}" for number in range(60)])
    assert faults(ADAPTER_ROUTES=routes) == ["ADAPTER_ROUTES: 60 routes need ADAPTER_MAX_SERIES of 861 at least"]


def given(folder: Path, entry: str) -> Settings:
    """What the adapter reads of what a service's entry makes of its environment."""
    (adapter,) = [each for each in containers(service(folder, entry)) if each["name"] == "adapter"]
    return read_settings({each["name"]: each["value"] for each in adapter["env"]})


def test_what_the_catalog_gives_the_sidecar_is_what_the_adapter_reads(tmp_path: Path) -> None:
    found = given(tmp_path, "adapter: {image: 'a:1', upstreamPort: 8080, routes: [/users, '/users/{id}', '/강의']}")
    assert found == Settings(
        8001,
        "http://127.0.0.1:8080",
        "a-api",
        routes=("/users", "/users/{id}", "/강의"),
        max_series=681,
        shutdown_timeout=20,
    )


def test_every_setting_that_the_catalog_can_say_arrives(tmp_path: Path) -> None:
    limits = "learnedPaths: 3, connections: 8, maxBody: 50Mi, logLevel: warning"
    times = "connectTimeout: 2s, responseTimeout: 24h, clientTimeout: 30s, keepaliveTimeout: 2m"
    adapter = f"adapter: {{image: 'a:1', upstreamPort: 8080, {limits}, {times}}}"
    found = given(tmp_path, f"{adapter}, metrics: {{buckets: [1s, 1500ms, 300ms]}}, shutdown: {{grace: 1h}}")
    assert found == Settings(
        8001,
        "http://127.0.0.1:8080",
        "a-api",
        buckets=(0.3, 1, 1.5),
        connections=8,
        connect_timeout=2,
        response_timeout=86_400,
        client_timeout=30,
        keepalive_timeout=120,
        max_body=50 * 2**20,
        shutdown_timeout=3600 - 5 - 5,
        learned_paths=3,
        max_series=2142,
        log_level="warning",
    )


def test_every_setting_is_on_the_page() -> None:
    page = (CHECKOUT / "docs" / "legacy-php.md").read_text(encoding="utf-8")
    values: dict[str, Any] = vars(Settings(1, "", ""))
    assert [name for name in values if f"`ADAPTER_{name.upper()}`" not in page] == []
