"""How Prometheus finds a service's pods, and what it takes from them."""

import re
from pathlib import Path
from typing import Any

import pytest

from catalog.services import Service
from tests.unit.api_workbench import manifest, recorded
from tests.unit.catalog_workbench import fault, load, service

Sample = dict[str, str]

TARGET = {"service": "a-api", "version": "canary", "namespace": "apis", "pod": "a-api-1"}


def endpoint_of(found: Service, preview: bool = True) -> dict[str, Any]:
    (endpoint,) = manifest(found, "ServiceMonitor", preview)["spec"]["endpoints"]
    return dict(endpoint)


def collected(found: Service, name: str, **labels: str) -> Sample | None:
    """The labels that are left of an application's sample; None where it is dropped.

    After Prometheus's scrape: labels that the target has too are renamed, then relabeled rule by rule (relabel.go).
    """
    sample = {"__name__": name, **TARGET, **{f"exported_{k}" if k in TARGET else k: v for k, v in labels.items()}}
    for rule in endpoint_of(found)["metricRelabelings"]:
        joined = rule.get("separator", ";").join(sample.get(label, "") for label in rule["sourceLabels"])
        if not re.fullmatch(rule["regex"], joined):
            continue
        if rule["action"] == "drop":
            return None
        assert rule["action"] == "replace"
        sample[rule["targetLabel"]] = rule["replacement"]
    return {label: value for label, value in sample.items() if value}


def test_prometheus_picks_the_monitor_up_by_its_labels(tmp_path: Path, preview: bool) -> None:
    found = manifest(service(tmp_path, "metrics: {labels: {tier: gold}}"), "ServiceMonitor", preview, release="mine")
    assert (found["metadata"]["labels"]["release"], found["metadata"]["labels"]["tier"]) == ("mine", "gold")


def test_it_reads_every_fifteen_seconds_and_knows_canary_from_stable(tmp_path: Path, preview: bool) -> None:
    spec = manifest(service(tmp_path, "enabled: true"), "ServiceMonitor", preview)["spec"]
    (endpoint,) = spec["endpoints"]
    assert {key: endpoint[key] for key in ("port", "path", "interval", "honorLabels")} == {
        "port": "http",
        "path": "/metrics",
        "interval": "15s",
        "honorLabels": False,
    }
    assert spec["podTargetLabels"] == ["version", "rollouts-pod-template-hash"]
    assert spec["serviceDiscoveryRole"] == "EndpointSlice"
    assert spec["namespaceSelector"] == {"matchNames": ["apis"]}


def test_path_interval_and_number_of_samples_are_the_services(tmp_path: Path, preview: bool) -> None:
    found = manifest(
        service(tmp_path, "metrics: {path: /m, interval: 45s, sampleLimit: 500}"), "ServiceMonitor", preview
    )
    (endpoint,) = found["spec"]["endpoints"]
    assert (endpoint["path"], endpoint["interval"], found["spec"]["sampleLimit"]) == ("/m", "45s", 500)


def test_metrics_with_a_port_of_their_own_are_read_there(tmp_path: Path, preview: bool) -> None:
    recording = recorded(service(tmp_path, "metrics: {port: 9090}"), preview)
    (endpoint,) = recording.one("ServiceMonitor", "a-api").inputs["spec"]["endpoints"]
    assert endpoint["port"] == "metrics"
    assert recording.one("Service", "a-api").inputs["spec"]["ports"] == [
        {"name": "http", "port": 8001, "targetPort": "http", "protocol": "TCP"},
        {"name": "metrics", "port": 9090, "targetPort": "metrics", "protocol": "TCP"},
    ]


def test_one_port_of_the_service_cannot_lead_to_requests_and_to_metrics(tmp_path: Path) -> None:
    told = fault(tmp_path, "containerPort: 9001, metrics: {port: 8001}")
    assert told == (
        "metrics.port: 8001 is the port of the Service, which leads to the container's 9001; choose another port for "
        "one of the two (in environment dev)"
    )


TWO = """services:
  a-api: {project: A, port: 8001, image: 'a:1', hosts: [a.example.com], traffic: {router: nginx}}
  b-api: {project: A, port: 8002, image: 'b:1', metrics: {port: 9090}}
"""


def test_each_monitor_matches_its_own_root_service_and_no_other(tmp_path: Path, preview: bool) -> None:
    services = load(tmp_path, TWO).services
    recordings = {each.name: recorded(each, preview) for each in services}
    roots = [entry for recording in recordings.values() for entry in recording.of("Service")]
    assert len(roots) == 4
    for name, recording in recordings.items():
        wanted = recording.one("ServiceMonitor", name).inputs["spec"]["selector"]["matchLabels"].items()
        assert [each.name for each in roots if wanted <= each.inputs["metadata"]["labels"].items()] == [name]


@pytest.mark.parametrize("label", ["user_id", "email", "trace_id", "timestamp"])
def test_a_series_with_a_forbidden_label_is_dropped_as_a_whole(tmp_path: Path, label: str) -> None:
    found = service(tmp_path, "enabled: true")
    assert collected(found, "http_requests_total", path="/users/{id}", **{label: "4711"}) is None
    assert collected(found, "cache_hits_total", **{label: "4711"}) is None


def test_the_labels_of_the_contract_are_collected(tmp_path: Path) -> None:
    labels = {"method": "GET", "path": "/users/{id}", "status": "200"}
    found = collected(service(tmp_path, "enabled: true"), "http_requests_total", **labels)
    assert found == {"__name__": "http_requests_total", **TARGET, **labels}


@pytest.mark.parametrize("name", ["http_requests_total", "http_request_duration_seconds_bucket"])
@pytest.mark.parametrize("label", ["service", "version", "namespace", "pod"])
def test_prometheuss_word_counts_and_the_applications_own_is_dropped(tmp_path: Path, name: str, label: str) -> None:
    found = collected(service(tmp_path, "enabled: true"), name, **{label: "mine"}, path="/")
    assert found == {"__name__": name, **TARGET, "path": "/"}


def test_the_version_of_the_interpreter_is_still_there(tmp_path: Path) -> None:
    found = collected(service(tmp_path, "enabled: true"), "python_info", version="3.11.4")
    assert found == {"__name__": "python_info", **TARGET, "exported_version": "3.11.4"}


def test_a_scrape_that_would_flood_prometheus_fails(tmp_path: Path, preview: bool) -> None:
    spec = manifest(service(tmp_path, "enabled: true"), "ServiceMonitor", preview)["spec"]
    assert (spec["sampleLimit"], spec["labelLimit"], spec["labelValueLengthLimit"]) == (20_000, 50, 512)
