"""Comparisons of `make bench`: what is reckoned from the runs, and what those of the bare program are made of."""

import sys
from pathlib import Path

import pytest

from local.errors import LocalError
from tests.bench import engine_runs, objects, render
from tests.bench.bare_stack import flattened
from tests.bench.helm import CHART, Spell
from tests.bench.large_catalog import SIZES_VARIABLE, catalog_of, sizes
from tests.bench.usage import Spent, Usage, spent, watched

STACK = "urn:pulumi:local::p::pulumi:pulumi:Stack::p-local"


def test_sizes_are_those_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sizes() == (9, 100)
    monkeypatch.setenv(SIZES_VARIABLE, "9 30")
    assert sizes() == (9, 30)


def test_a_large_catalog_has_services_of_all_defaults() -> None:
    content = catalog_of(3, replicas=2)
    assert list(content["services"]) == ["service-0001-api", "service-0002-api", "service-0003-api"]
    assert {each["replicas"] for each in content["services"].values()} == {2}


def test_a_command_is_watched_with_what_it_starts() -> None:
    inner = "import time; b = bytearray(30_000_000); time.sleep(1)"
    outer = f"import subprocess, sys; print('done'); subprocess.run([sys.executable, '-c', {inner!r}])"
    usage = watched([sys.executable, "-c", outer], lambda _: "python", environment=None)
    assert "done" in usage.output
    assert usage.seconds >= 1
    assert usage.memory > 30_000_000


def test_a_command_that_fails_is_told_with_its_output() -> None:
    with pytest.raises(LocalError, match="it broke"):
        watched([sys.executable, "-c", "import sys; sys.exit('it broke')"], lambda _: "", environment=None)


def test_a_process_that_is_gone_has_used_nothing() -> None:
    assert spent(2**22 + 1) is None


def test_runs_are_compared_by_their_best() -> None:
    def usage(seconds: float) -> Usage:
        return Usage(seconds, {"engine": Spent(seconds, 2**20), "program": Spent(1, 2**20)}, "")

    found = list(engine_runs.rows("preview", 100, [usage(12), usage(11)], [usage(10), usage(20)]))
    assert found[1].figure == "11.0 s, 110 ms an object"
    assert found[1].ratio.startswith("1.10 ×")
    assert [each.what for each in found[-2:]] == ["preview, of these the engine", "preview, of these the program"]


@pytest.mark.parametrize(
    ("command", "role"),
    [
        ("python -P -m local.plugin 127.0.0.1:1", "plugin"),
        ("/bin/pulumi-resource-kubernetes 127.0.0.1:1", "plugin"),
        ("python3 pulumi-language-python-exec --monitor 1", "program"),
        ("/programs/pulumi preview", "engine"),
    ],
)
def test_each_process_of_a_run_has_a_role(command: str, role: str) -> None:
    assert engine_runs.role(command) == role


def test_a_state_without_components_holds_the_same_objects() -> None:
    component = "urn:pulumi:local::p::api:index:Api::a"
    stack = {"urn": STACK, "custom": False, "type": "pulumi:pulumi:Stack", "outputs": {"services": {}}}
    kept = {"custom": True, "type": "kubernetes:core/v1:Service", "inputs": {}, "dependencies": [component]}
    resources = [
        stack,
        {"urn": component, "custom": False, "type": "api:index:Api", "parent": STACK},
        {"urn": "urn:pulumi:local::p::api:index:Api$kubernetes:core/v1:Service::a", "parent": component, **kept},
    ]
    found = flattened({"version": 3, "deployment": {"resources": resources}})["deployment"]["resources"]
    assert found == [
        {**stack, "outputs": {}},
        {
            "urn": "urn:pulumi:local::p::kubernetes:core/v1:Service::a",
            "parent": STACK,
            "custom": True,
            "type": "kubernetes:core/v1:Service",
            "inputs": {},
        },
    ]


def test_rendering_is_compared_with_helm_for_whole_catalogs() -> None:
    ours = [Usage(4, {"render": Spent(2, 2**20)}, "a warning\n612\n")]
    whole, _, ratio = render.rows(100, ours, [Spell(8, 6)])
    assert whole.what == "100 services, render of 612 objects"
    assert (ratio.figure, ratio.ratio.split(" (")[0]) == ("2.00 ×", "CPU 3.00 ×")


def test_without_helm_beside_it_rendering_stands_alone() -> None:
    assert len(list(render.rows(1_000, [Usage(4, {"render": Spent(2, 2**20)}, "6000\n")], []))) == 1


def test_the_chart_to_compare_with_has_the_four_objects() -> None:
    kinds = {path.stem for path in (Path(CHART) / "templates").glob("*.yaml")}
    assert kinds == {"service", "servicemonitor", "analysistemplate", "rollout"}


@pytest.mark.parametrize(
    ("keys", "most"),
    [({}, objects.MOST_BY_DEFAULT), (objects.EVERYTHING, objects.MOST)],
    ids=["defaults", "everything"],
)
def test_a_service_is_no_more_objects_than_the_design_allows(keys: dict[str, object], most: int) -> None:
    found = objects.of_a_service(keys).resources
    assert {"Service", "ServiceMonitor", "AnalysisTemplate", "Rollout", "PrometheusRule"} <= {
        each.kind for each in found
    }
    assert len(found) <= most
