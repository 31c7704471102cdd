"""services.yaml: what it resolves to, and how its faults are told."""

from pathlib import Path

import pytest

from catalog.canary import Pause, SetWeight
from catalog.catalog_file import load_catalog
from catalog.problems import CatalogError
from local.state import CHECKOUT
from tests.unit.catalog_workbench import ENVIRONMENTS, MINIMAL, faults, load


def test_the_nine_services_are_there_with_their_projects_and_ports() -> None:
    catalog = load_catalog(CHECKOUT / "services.yaml", "prod", ("dev", "local", "prod"))
    assert {service.name: (service.project, service.port) for service in catalog.services} == {
        "my-ktube-api": ("My-Ktube", 8001),
        "skillprepai-api": ("SkillPrepAI", 8005),
        "univprepai-api": ("UnivPrepAI", 8006),
        "majorprepai-api": ("MajorPrepAI", 8007),
        "collegeprepai-api": ("CollegePrepAI", 8008),
        "dreamseedai-api": ("DreamSeedAI", 8009),
        "seedtest-api": ("SeedTest", 8009),
        "mpcstudy-api": ("MpcStudy", 8010),
        "mediprepai-api": ("MediPrepAI", 8011),
    }


def test_an_entry_of_three_keys_gets_the_default_steps_and_analysis(tmp_path: Path) -> None:
    (service,) = load(tmp_path, MINIMAL).services
    weights = [step.set_weight for step in service.canary.steps if isinstance(step, SetWeight)]
    pauses = [str(step.pause) for step in service.canary.steps if isinstance(step, Pause)]
    criteria = service.canary.analysis
    assert (weights, pauses, len(service.canary.steps)) == ([10, 50], ["1m", "1m"], 6)
    assert [str(each) for each in (criteria.p95, criteria.error_rate, criteria.interval)] == ["300ms", "2%", "1m"]
    assert (criteria.count, criteria.rollback_after_failures, service.replicas) == (5, 1, 2)


@pytest.mark.parametrize(("environment", "replicas"), [("dev", 4), ("live", 8), ("local", 3)])
def test_each_layer_wins_over_the_one_before_it(tmp_path: Path, environment: str, replicas: int) -> None:
    text = """
defaults:
  replicas: 3
  environments: {dev: {replicas: 4}, live: {replicas: 5}}
services:
  a-api:
    {project: A, port: 1, image: 'a:1', environments: {live: {replicas: 8}}}
"""
    (service,) = load(tmp_path, text, environment).services
    assert service.replicas == replicas


def test_maps_are_merged_and_lists_are_replaced(tmp_path: Path) -> None:
    text = """
services:
  a-api:
    project: A
    port: 1
    image: a:1
    canary:
      steps: [{setWeight: 20}, {analysis: true}]
      analysis: {p95: 800ms}
"""
    (service,) = load(tmp_path, text).services
    assert len(service.canary.steps) == 2
    assert (service.canary.analysis.p95, service.canary.analysis.count) == (0.8, 5)


def test_an_image_of_the_stack_wins_over_the_file(tmp_path: Path) -> None:
    (service,) = load(tmp_path, MINIMAL, images={"a-api": "registry.example.com/a:2.0.0"}).services
    assert service.image == "registry.example.com/a:2.0.0"


def test_a_service_switched_off_in_an_environment_is_not_there(tmp_path: Path) -> None:
    text = MINIMAL.replace("}", ", environments: {live: {enabled: false}}}")
    assert load(tmp_path, text, "live").services == ()
    assert len(load(tmp_path, text, "dev").services) == 1


def test_all_faults_are_told_at_once_where_they_stand(tmp_path: Path) -> None:
    text = """
defualts: {}
defaults: {replicas: 0, environments: {liv: {replicas: 3}}}
services:
  a_b: {}
  x:
    project: X
    prot: 8001
    port: 80800
    image: a b
    canary: {steps: [{setWeight: 0}, {puase: 3}], analysis: {p95: fast, errorRate: 200%, cuont: 3}}
  y: {project: 3, port: 1}
"""
    told = faults(tmp_path, text)
    assert [line.split(": ")[1] for line in told] == [
        "defualts",
        "defaults.environments.liv",
        "defaults.replicas",
        "services.a_b",
        "services.x.port",
        "services.x.image",
        "services.x.canary.steps[0].setWeight",
        "services.x.canary.steps[1]",
        "services.x.canary.analysis.p95",
        "services.x.canary.analysis.errorRate",
        "services.x.canary.analysis.cuont",
        "services.x.prot",
        "services.y.project",
        "services.y.image",
    ]
    assert "services.yaml: services.x.port: 80800 is not a port (1–65535)" in told
    assert "did you mean 'port'?" in told[11]
    assert "did you mean 'live'?" in told[1]


def test_a_key_that_would_rename_the_service_is_unknown(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, MINIMAL.replace("project: A", "project: A, name: b-api"))
    assert told.startswith("services.yaml: services.a-api.name: unknown key")


@pytest.mark.parametrize(
    ("entry", "path", "told"),
    [
        ("canary: {analysis: {count: 2, rollbackAfterFailures: 3}}", "rollbackAfterFailures", "can never be seen"),
        (
            "canary: {steps: [{setWeight: 50}, {setWeight: 20}, {analysis: true}]}",
            "steps[1].setWeight",
            "does not rise",
        ),
    ],
)
def test_values_that_contradict_each_other_are_refused(tmp_path: Path, entry: str, path: str, told: str) -> None:
    (line,) = faults(tmp_path, MINIMAL.replace("project: A", f"project: A, {entry}"))
    assert path in line
    assert told in line


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "names no service"),
        (b"services: [", "not valid YAML"),
        (b"services: {a: 1, a: 2}", "stands here twice"),
        (b"\xff\xfe", "not UTF-8"),
        (b"- a\n", "not a mapping"),
        (b"services: {a-api: {environments: [1]}}", "services.a-api.environments: [1] is not a mapping"),
        (b"defaults: {environments: {dev: 3}}\nservices: {}", "defaults.environments.dev: 3 is not a mapping"),
    ],
)
def test_an_unreadable_file_is_one_clear_line(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "services.yaml"
    path.write_bytes(content)
    with pytest.raises(CatalogError, match=r"^services\.yaml: ") as caught:
        load_catalog(path, "dev", ENVIRONMENTS)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "path", "told"),
    [
        ("replicas: true", "services.a-api.replicas", "true is not a number of pods (1–1000)"),
        ("replicas: '3'", "services.a-api.replicas", "'3' is not a number of pods"),
        ("enabled: 'no'", "services.a-api.enabled", "'no' is not true or false"),
        ("Replicas: 3", "services.a-api.Replicas", "unknown key — did you mean 'replicas'?"),
        ("prometheus_address: x", "services.a-api.prometheus_address", "unknown key"),
        ("environment: {dev: {replicas: 3}}", "services.a-api.environment", "did you mean 'environments'?"),
        ("canary: null", "services.a-api.canary", "is missing, and nothing gives it a default"),
        ("canary: {steps: null}", "services.a-api.canary.steps", "is missing, and nothing gives it a default"),
        ("canary: [1]", "services.a-api.canary", "[1] is not a mapping"),
        ("canary: {steps: 3}", "services.a-api.canary.steps", "3 is not a list"),
        ("traffic: {ruoter: nginx}", "services.a-api.traffic.ruoter", "did you mean 'router'?"),
        ("hosts: ['http://a.b']", "services.a-api.hosts[0]", "is not a host name"),
        ("resources: {requests: {cpu: lots}}", "services.a-api.resources.requests.cpu", "is not an amount"),
        ("resources: {requests: {memory: 1GiB}}", "services.a-api.resources.requests.memory", "'1GiB' is not"),
        ("labels: {team: 7}", "services.a-api.labels.team", "7 is not a label value"),
        ("labels: {'a b': c}", "services.a-api.labels.a b", "'a b' is not a label key"),
        (
            "labels: {app.kubernetes.io/name: x}",
            "services.a-api.labels.app.kubernetes.io/name",
            "is set by the program",
        ),
        ("metrics: {labels: {api-observability/service: x}}", "metrics.labels.api-obs", "is set by the program"),
        ("selectorLabels: {version: canary}", "services.a-api.selectorLabels.version", "changed, by Argo Rollouts"),
        ("environments: [live]", "services.a-api.environments", "['live'] is not a mapping"),
        ("canary: {analysis: {errorRate: 0}}", "canary.analysis.errorRate", "every canary would be rolled back"),
        ("canary: {analysis: {p95: 300}}", "canary.analysis.p95", "5m is no limit for a request"),
        ("canary: {analysis: {interval: 1ms}}", "canary.analysis.interval", "shorter than the scrape interval 15s"),
        ("canary: {steps: [{analysis: true}, {setWeight: 10}]}", "canary.steps[0]", "before the first setWeight"),
        ("environments: {live: {traffic: {router: nginx}}}", "services.a-api.hosts", "(in environment live)"),
    ],
)
def test_a_wrong_value_is_told_at_its_place_in_the_words_of_the_file(
    tmp_path: Path, entry: str, path: str, told: str
) -> None:
    (line,) = faults(tmp_path, MINIMAL.replace("project: A", f"project: A, {entry}"))
    assert path in line
    assert told in line


@pytest.mark.parametrize("image", ["http://a/b:1", "a:", "a:1:2:3//", "A/b c", "", "a@sha256:12"])
def test_what_is_no_image_reference_is_refused(tmp_path: Path, image: str) -> None:
    (line,) = faults(tmp_path, MINIMAL.replace("registry.example.com/a:1.0.0", image))
    assert f"services.a-api.image: {image!r} is not an image reference" in line


@pytest.mark.parametrize("image", ["a", "a:1", "localhost:5000/a/b_c:1.0-rc.1", f"r.io/a@sha256:{'0' * 64}"])
def test_every_usual_image_reference_is_accepted(tmp_path: Path, image: str) -> None:
    assert load(tmp_path, MINIMAL.replace("registry.example.com/a:1.0.0", image)).services[0].image == image


def test_two_services_may_not_claim_the_same_name_or_the_same_pods(tmp_path: Path) -> None:
    entry = "{project: A, port: 1, image: 'a:1', selectorLabels: {app: a}}"
    routed = "{project: A, port: 1, image: 'a:1', hosts: [a.example.com], traffic: {router: nginx}}"
    told = faults(tmp_path, f"services:\n  b: {entry}\n  c: {entry}\n  a: {routed}\n  a-canary: {entry}\n")
    chosen = "which would get this service's traffic; give it labels that only its own pods have"
    assert any(f"services.c.selectorLabels: choose pods of 'a-canary' too, {chosen}" in line for line in told)
    assert any("services.a-canary: its Service 'a-canary' is also one of 'a'" in line for line in told)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("services: {1: {}}", "services: the key 1 is not text; put it in quotes"),
        ("services: {a-api: {on: 3}}", "the key true is not text (YAML reads on, off, yes and no as true and false)"),
        ("services: " + "[" * 60 + "]" * 60, "nested deeper than 50"),
        ("a: &a [*a]", "nested deeper than 50"),
        ("defaults: []\n" + MINIMAL, "defaults: [] is not a mapping"),
        ("services: {a-api: 0}", "services.a-api: 0 is not a mapping"),
        ('"a\\nb": 1\n' + MINIMAL, "unknown key"),
    ],
)
def test_a_file_of_the_wrong_shape_is_one_line(tmp_path: Path, content: str, told: str) -> None:
    (line,) = faults(tmp_path, content)
    assert told in line


def test_a_file_whose_aliases_multiply_without_end_is_refused_at_once(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    (line,) = faults(tmp_path, "\n".join(lines))
    assert "its aliases stand for more than 1000000 values" in line


def test_a_missing_file_and_a_folder_are_told_as_such(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match="there is no such file"):
        load_catalog(tmp_path / "services.yaml", "dev", ENVIRONMENTS)
    with pytest.raises(CatalogError, match="is a folder"):
        load_catalog(tmp_path, "dev", ENVIRONMENTS)


def test_an_image_for_a_service_that_is_not_there_names_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(CatalogError, match=r"images\.a-apu: .* did you mean 'a-api'\?"):
        load(tmp_path, MINIMAL, images={"a-apu": "a:2"})
