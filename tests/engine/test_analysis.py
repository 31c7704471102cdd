"""Analyses judged by the real controller, which asks a Prometheus whose answers the test chooses."""

import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import lightkube
import pytest
from lightkube import codecs
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import ReplicaSet
from lightkube.resources.core_v1 import Secret
from lightkube.types import PatchType

from catalog.prometheus_settings import Access
from catalog.services import Service
from local.cluster.ports import LOOPBACK
from local.waiting import wait_until
from observability import analysis, metrics
from tests.engine import plugin_harness as harness
from tests.engine.cluster_view import Rollout
from tests.unit.catalog_workbench import service as service_with

AnalysisRun = create_namespaced_resource("argoproj.io", "v1alpha1", "AnalysisRun", "analysisruns")
AnalysisTemplate = create_namespaced_resource("argoproj.io", "v1alpha1", "AnalysisTemplate", "analysistemplates")

NOTHING, UNAVAILABLE = "nothing", "unavailable"
ANALYSIS: dict[str, Any] = {"analysis": True}
Release = Callable[..., None]


@dataclass
class FakePrometheus:
    """Answers each query with the next of the values that its path was given; the last one goes on for ever."""

    url: str
    answers: dict[str, list[str]] = field(default_factory=dict)
    asked: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    """Path, query and headers of each request."""

    def next(self, path: str) -> str:
        values = self.answers[path]
        return values.pop(0) if len(values) > 1 else values[0]


@pytest.fixture(scope="module")
def prometheus() -> Iterator[FakePrometheus]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            path = self.path.split("/")[1]
            fake.asked.append((path, form["query"][0], dict(self.headers.items())))
            value = fake.next(path)
            result = [] if value == NOTHING else [{"metric": {}, "value": [1700000000, value]}]
            body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}).encode()
            self.send_response(503 if value == UNAVAILABLE else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    fake = FakePrometheus(f"http://{LOOPBACK}:{server.server_address[1]}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield fake
    server.shutdown()
    server.server_close()


@dataclass(frozen=True)
class Row:
    """What Prometheus answers, one measurement after another, and what an analysis with these criteria makes of it."""

    name: str
    answers: list[str]
    phase: str
    counts: dict[str, int]
    criteria: str = ""
    background: bool = False


GOOD, LIMIT, BAD = "0.0199", "0.02", "0.03"
BLIND = [NOTHING] * 4 + ["NaN"] * 2
COMPARED = "errorRate: null, compareWithStable: {errorRate: {margin: 1%}}"

ROWS = [
    Row("good", [GOOD], "Successful", {"successful": 3}),
    Row("bad-at-once", [BAD], "Failed", {"failed": 1}),
    Row("at-the-limit", [LIMIT], "Failed", {"failed": 1}),
    Row("bad-at-last", [GOOD, GOOD, BAD], "Failed", {"successful": 2, "failed": 1}),
    Row("bad-once", [BAD, GOOD], "Successful", {"failed": 1, "successful": 2}, "rollbackAfterFailures: 2"),
    Row("bad-twice", [BAD, GOOD, BAD], "Failed", {"failed": 2, "successful": 1}, "rollbackAfterFailures: 2"),
    Row("idle-pause", ["NaN"], "Inconclusive", {"inconclusive": 3}, "onNoTraffic: pause"),
    Row("idle-rollback", ["NaN"], "Failed", {"failed": 1}, "onNoTraffic: rollback"),
    Row("idle-pass", ["NaN"], "Successful", {"successful": 3}, "onNoTraffic: pass"),
    Row("blind-pause", [NOTHING], "Inconclusive", {"inconclusive": 3}, "onNoTraffic: pause"),
    Row("blind-rollback", [NOTHING], "Inconclusive", {"inconclusive": 3}, "onNoTraffic: rollback"),
    Row("blind-pass", [NOTHING], "Inconclusive", {"inconclusive": 3}, "onNoTraffic: pass"),
    Row("blind-at-first", [NOTHING, NOTHING, GOOD], "Successful", {"inconclusive": 2, "successful": 1}),
    Row("blind-and-single", [NOTHING], "Inconclusive", {"inconclusive": 1}, "count: 1"),
    Row("outage-survived", [UNAVAILABLE, GOOD], "Successful", {"error": 1, "successful": 3}),
    Row("outage-pass", [UNAVAILABLE], "Error", {"error": 2}, "onNoTraffic: pass"),
    Row("outage-rollback", [UNAVAILABLE], "Error", {"error": 2}, "onNoTraffic: rollback"),
    Row("two-outages", [UNAVAILABLE, GOOD, UNAVAILABLE, GOOD], "Successful", {"error": 2, "successful": 3}),
    Row("only-measured", [BAD], "Successful", {"failed": 1}, "dryRun: [errorRate]"),
    Row("as-good-as-stable", ["-0.01", "0", "-Inf"], "Successful", {"successful": 3}, COMPARED),
    Row("worse-than-stable", ["1e-05"], "Failed", {"failed": 1}, COMPARED),
    Row("background-good", [GOOD] * 6 + [BAD], "Failed", {"successful": 6, "failed": 1}, background=True),
    *(
        Row(
            f"background-{said}",
            [*BLIND, BAD],
            "Failed",
            {"inconclusive": 6, "failed": 1},
            f"onNoTraffic: {said}",
            True,
        )
        for said in ("pause", "rollback", "pass")
    ),
    Row("background-outage", [UNAVAILABLE], "Error", {"error": 2}, background=True),
]


def service_of(folder: Path, criteria: str) -> Service:
    """A service that is measured every two seconds, in the background every second; the last two of three are kept.

    The controller sees what it has written later than it could measure again, and would then count one for two.
    """
    usual = {"p95": "null", "interval": "2s", "count": "3", "keep": "2", "surviveOutageOf": "10s"}
    said = [f"{key}: {value}" for key, value in usual.items() if f"{key}:" not in criteria]
    text = ", ".join([*said, *([criteria] if criteria else [])])
    return service_with(folder, f"metrics: {{interval: 2s}}, canary: {{analysis: {{{text}}}}}")


@pytest.fixture(scope="module")
def finished(
    client: lightkube.Client, prometheus: FakePrometheus, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Mapping[str, Any]]]:
    """The status of the AnalysisRun of each row, once all of them have come to an end."""
    with harness.a_namespace(client) as space:
        for row in ROWS:
            prometheus.answers[row.name] = list(row.answers)
            service = service_of(tmp_path_factory.mktemp(row.name), row.criteria)
            spec = run_spec(service, f"{prometheus.url}/{row.name}", row.background)
            client.create(AnalysisRun(metadata=ObjectMeta(name=row.name, namespace=space), spec=spec))

        def statuses() -> dict[str, Mapping[str, Any]]:
            runs = [dict(run) for run in client.list(AnalysisRun, namespace=space)]
            return {run["metadata"]["name"]: run.get("status") or {} for run in runs}

        wait_until(lambda: all("completedAt" in each for each in statuses().values()), 240, "every analysis to end")
        yield statuses()


def run_spec(service: Service, address: str, background: bool) -> dict[str, Any]:
    """An AnalysisRun as the controller makes it of a template and its use: the values of the use go first."""
    template = analysis.template_spec(service, "apis", address)
    use = analysis.background_analysis(service) if background else analysis.step_analysis(service)
    assert use is not None
    values = {each["name"]: each.get("value", "7c5ddbdf54") for each in [*template["args"], *use["args"]]}
    return {
        "metrics": template["metrics"],
        "args": [{"name": name, "value": value} for name, value in values.items()],
        **{key: use[key] for key in ("dryRun", "measurementRetention") if key in use},
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_analysis_judges_what_prometheus_answers(row: Row, finished: Mapping[str, Mapping[str, Any]]) -> None:
    status = finished[row.name]
    (metric,) = status["metricResults"]
    counted = {key: metric[key] for key in ("successful", "failed", "inconclusive", "error") if key in metric}
    assert (status["phase"], counted) == (row.phase, row.counts)
    assert len(metric["measurements"]) == min(sum(row.counts.values()), 2)


@pytest.fixture
def release(client: lightkube.Client, prometheus: FakePrometheus, space: str, tmp_path: Path) -> Release:
    """Release a new version of a service, whose analysis is answered like that, in some steps."""

    def released(answer: str, criteria: str, *steps: dict[str, Any], access: Access | None = None) -> None:
        prometheus.answers[space] = [answer]
        service = service_of(tmp_path, criteria)
        template = analysis.template_spec(service, space, f"{prometheus.url}/{space}", access)
        client.create(AnalysisTemplate(metadata=ObjectMeta(name=service.name, namespace=space), spec=template))
        gates = [{"analysis": analysis.step_analysis(service)} if step == ANALYSIS else step for step in steps]
        canary = {"steps": gates, "analysis": analysis.background_analysis(service)}
        client.create(codecs.from_dict(harness.rollout(space, strategy={"canary": canary})))
        wait_until(lambda: status_of(client, space).get("phase") == "Healthy", 60, "the first version to be healthy")
        path = "/spec/template/spec/containers/0/image"
        change = [{"op": "replace", "path": path, "value": "registry.example.com/checkout:2"}]
        client.patch(Rollout, "checkout", change, namespace=space, patch_type=PatchType.JSON)
        first = status_of(client, space)["stableRS"]
        wait_until(lambda: status_of(client, space)["currentPodHash"] != first, 60, "the release to begin")

    return released


def status_of(client: lightkube.Client, space: str) -> dict[str, Any]:
    return dict(client.get(Rollout, "checkout", namespace=space)).get("status") or {}


def revisions(client: lightkube.Client, space: str) -> set[str]:
    """The pod-template hash of each version."""
    found = [each.metadata.labels for each in client.list(ReplicaSet, namespace=space) if each.metadata]
    return {labels[metrics.POD_HASH_LABEL] for labels in found if labels}


def background_run(client: lightkube.Client, space: str) -> dict[str, Any]:
    """The status of the analysis in the background; empty before there is any."""
    runs = [dict(run) for run in client.list(AnalysisRun, namespace=space, labels={"rollout-type": "Background"})]
    return (runs[0].get("status") or {}) if runs else {}


def test_a_good_canary_passes_every_gate_with_the_credentials_and_hashes_that_are_its_own(
    client: lightkube.Client, prometheus: FakePrometheus, space: str, release: Release
) -> None:
    client.create(Secret(metadata=ObjectMeta(name="prometheus", namespace=space), stringData={"token": "from-secret"}))
    reference = {"secret": "prometheus", "key": "token"}
    access = Access.model_validate({"bearerToken": reference, "headers": {"X-Tenant": "a", "X-Key": reference}})
    everything = "errorRate: 2%, p99: 1s, compareWithStable: {errorRate: {margin: 1%}}, dryRun: [p99]"
    release("-0.5", everything, {"setWeight": 50}, ANALYSIS, {"setWeight": 75}, ANALYSIS, access=access)
    wait_until(lambda: status_of(client, space)["phase"] != "Progressing", 120, "the release to end")
    status = status_of(client, space)
    assert (status["phase"], status["stableRS"]) == ("Healthy", status["currentPodHash"])
    asked = [(query, headers) for path, query, headers in prometheus.asked if path == space]
    sent = {tuple(headers.get(name) for name in ("Authorization", "X-Tenant", "X-Key")) for _, headers in asked}
    assert sent == {("Bearer from-secret", "a", "from-secret")}
    hashes = {found for query, _ in asked for found in re.findall(r'pod_template_hash="([^"]*)"', query)}
    assert hashes == revisions(client, space)
    assert len(hashes) == 2


def test_the_background_adds_no_pause_for_lack_of_data_and_rolls_back_a_canary_that_turns_bad(
    client: lightkube.Client, prometheus: FakePrometheus, space: str, release: Release
) -> None:
    release(NOTHING, "", {"setWeight": 50}, {"pause": {}})

    def blind() -> int:
        results = background_run(client, space).get("metricResults") or [{}]
        return int(results[0].get("inconclusive", 0))

    wait_until(lambda: blind() > 3, 60, "the background to measure")
    status = status_of(client, space)
    assert [each["reason"] for each in status["pauseConditions"]] == ["CanaryPauseStep"]
    prometheus.answers[space] = [BAD]
    wait_until(lambda: bool(status_of(client, space).get("abort")), 60, "the release to be rolled back")
    assert "Background analysis phase error/failed" in status_of(client, space)["message"]


def test_a_gate_without_data_pauses_the_release_for_a_person(
    client: lightkube.Client, space: str, release: Release
) -> None:
    release(NOTHING, "", {"setWeight": 50}, ANALYSIS)
    wait_until(lambda: status_of(client, space).get("phase") == "Paused", 60, "the release to pause")
    assert [each["reason"] for each in status_of(client, space)["pauseConditions"]] == ["InconclusiveAnalysisRun"]
