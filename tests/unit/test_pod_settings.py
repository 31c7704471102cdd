"""What an entry may say of its pods, and what lies between those values."""

from pathlib import Path

import pytest

from catalog.pods import EnvReference
from tests.unit.catalog_workbench import entry, fault, faults, load, service, warnings

DIGEST = "0" * 64


def test_env_is_text_or_a_reference(tmp_path: Path) -> None:
    found = service(tmp_path, "env: {A: b, C: {secret: c, key: d}, E: {field: status.podIP}}").env
    assert found["A"] == "b"
    assert found["C"] == EnvReference(secret="c", key="d")
    assert found["E"] == EnvReference(field="status.podIP")


def test_every_pod_has_a_writable_tmp_unless_a_null_takes_it_away(tmp_path: Path) -> None:
    assert service(tmp_path, "volumes: {data: {mountPath: /data, claim: data}}").volumes.keys() == {"tmp", "data"}
    assert service(tmp_path, "volumes: {tmp: null}").volumes == {}


def test_a_null_takes_away_what_a_weaker_layer_says(tmp_path: Path) -> None:
    text = entry("env: {A: null, B: c}, environments: {live: {team: null}}").replace(
        "services:", "defaults: {team: a, env: {A: b}}\nservices:"
    )
    assert load(tmp_path, text, "live").services[0].env == {"B": "c"}
    assert load(tmp_path, text, "live").services[0].team is None
    assert load(tmp_path, text, "dev").services[0].team == "a"


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("env: {A: 3}", "env.A: 3 is not text"),
        ("env: {a-b: x}", "env.a-b: 'a-b' is not the name of an environment variable"),
        ("env: {A: {secrt: x}}", "env.A.secrt: unknown key — did you mean 'secret'?"),
        ("env: {A: {key: x}}", "env.A: needs exactly one of secret, configMap and field"),
        ("env: {A: {secret: x}}", "env.A.key: is missing"),
        ("env: {A: {field: status.podIP, key: x}}", "env.A.key: a field has no keys"),
        ("env: {A: {field: spec.x}}", "env.A.field: 'spec.x' is not one of"),
        ("envFrom: [{sekret: a}]", "envFrom[0]: {'sekret': 'a'} is not a source of environment variables"),
        ("imagePullSecrets: [a, b, a]", "imagePullSecrets[2]: 'a' stands here twice"),
        (
            "resources: {limits: {memory: '9999999999999999999'}}",
            "resources.limits.memory: '99999",
        ),
        ("imagePullSecrets: [A_B]", "imagePullSecrets[0]: 'A_B' is not the name of a Kubernetes object"),
        ("volumes: {v: {mountPath: x}}", "volumes.v.mountPath: 'x' is not an absolute path"),
        ("volumes: {v: {mountPath: /}}", "volumes.v.mountPath: '/' is the image itself"),
        ("volumes: {v: {mountPath: /tmp/}}", "volumes.v.mountPath: /tmp/ is where volume 'tmp' is mounted already"),
        ("volumes: {v: {mountPath: /v, secret: a, claim: b}}", "volumes.v: is secret and claim at once"),
        ("volumes: {v: {mountPath: /v, secret: a, size: 1Gi}}", "volumes.v: size and memory are those of an empty"),
        ("volumes: {v: {secret: a}}", "volumes.v.mountPath: is missing"),
        ("resources: {limits: {cpu: 50m}}", "resources.limits.cpu: 50m is less than the 100m requested"),
        ("initContainers: [{name: api, image: 'a:1'}]", "initContainers[0].name: 'api' is the service's own container"),
        (
            "initContainers: [{name: a, image: 'a:1'}, {name: a, image: 'a:1'}]",
            "initContainers[1].name: 'a' is initContainers[0] already",
        ),
        ("adapter: {image: 'a:1', upstreamPort: 8001}", "adapter.upstreamPort: 8001 is the adapter's own port"),
        (
            "adapter: {image: 'a:1', upstreamPort: 80}, metrics: {port: 9000}",
            "metrics.port: the adapter serves the metrics",
        ),
        ("shutdown: {drain: 30s}", "shutdown.grace: 30s is over before shutdown.drain 30s is"),
        ("shutdown: {drain: 1500ms}", "shutdown.drain: 1s500ms is not a whole number of seconds"),
        ("userId: 0", "userId: 0 is not the number of a user that is not root"),
        ("probes: {liveness: {period: 0s}}", "probes.liveness.period: '0s' is not a duration"),
        ("tolerations: [{operator: Equal}]", "tolerations[0]: has no key"),
        ("tolerations: [{key: a, operator: Exists, value: b}]", "tolerations[0]: operator Exists tolerates any value"),
        ("tolerations: [{key: a, tolerationSeconds: 3}]", "tolerations[0]: tolerationSeconds has a meaning only with"),
        ("topologySpread: {zone: always}", "topologySpread.zone: 'always' is not one of 'preferred', 'required' or"),
        ("podLabels: {version: x}", "podLabels.version: is written, and changed, by Argo Rollouts"),
        ("selectorLabels: {a: b}, podLabels: {a: c}", "podLabels.a: is one of selectorLabels"),
        ("podLabels: {app.kubernetes.io/name: x}", "podLabels.app.kubernetes.io/name: is set by the program"),
        ("autoscaling: {min: 3, max: 2, cpu: 70%}", "autoscaling.max: 2 is less than min 3"),
        ("autoscaling: {min: 2, max: 3}", "autoscaling: has nothing to scale by"),
        ("autoscaling: {min: 2, max: 3, cpu: 0.001}", "autoscaling.cpu: 0.1% of what is requested can never be held"),
        ("autoscaling: {max: 3, cpu: 70%}", "autoscaling.min: is missing"),
        (
            "resources: {requests: {cpu: null}}, autoscaling: {min: 2, max: 3, cpu: 70%}",
            "autoscaling.cpu: is a share of resources.requests.cpu, which is not given",
        ),
        ("disruptionBudget: {maxUnavailable: 0}", "disruptionBudget.maxUnavailable: 0 is neither a number of pods"),
        ("disruptionBudget: {maxUnavailable: 100%}", "disruptionBudget.maxUnavailable: '100%' is neither"),
        ("patch: {rollout: {kind: x}}", "patch.rollout: kind: tells which object this is"),
        ("patch: {rollout: {metadata: {name: x}}}", "patch.rollout: metadata.name: tells which object this is"),
        ("patch: {rollout: {spec: {selector: {}}}}", "patch.rollout.spec.selector: decides which pods belong"),
        ("patch: {rollout: {spec: {a: 2024-01-01}}}", "patch.rollout: datetime.date(2024, 1, 1) is not plain text"),
        ("patch: {rollout: {spec: {a: .inf}}}", "patch.rollout: inf is not a finite number"),
        ("patch: {rollout: {spec: 5}}", "patch.rollout: spec: 5 is not a mapping of keys to values"),
        ("patch: {rollout: {metadata: null}}", "patch.rollout: metadata: null is not a mapping"),
        ("patch: {rollout: {spec: {template: {spec: null}}}}", "patch.rollout: spec.template.spec: null is not a"),
        ("prometheusAddress: 'http://u:p@a'", "prometheusAddress: "),
        ("patch: {ingress: {spec: {}}}", "patch.ingress: this service has no such object"),
        ("patch: {deployment: {}}", "patch.deployment: unknown key"),
    ],
)
def test_pods_that_could_not_run_are_refused(tmp_path: Path, more: str, told: str) -> None:
    assert fault(tmp_path, more).startswith(told)


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("a", "image: a has no tag, which means 'latest'"),
        ("localhost:5000/a", "image: localhost:5000/a has no tag"),
        ("a:latest", "image: a:latest has the tag 'latest'"),
    ],
)
def test_an_image_that_may_be_another_one_tomorrow_is_an_error_in_production_and_a_warning_elsewhere(
    tmp_path: Path, image: str, told: str
) -> None:
    text = f"services: {{a-api: {{project: A, port: 1, image: '{image}', replicas: 10}}}}"
    (warning,) = load(tmp_path, text).warnings
    assert str(warning).startswith(f"services.yaml: services.a-api.{told}")
    with pytest.raises(Exception, match=r"\(in environment prod\)") as caught:
        load(tmp_path, text, environments=("dev", "prod"))
    assert told in str(caught.value)


@pytest.mark.parametrize("image", ["a:1", f"a@sha256:{DIGEST}", f"localhost:5000/a:latest@sha256:{DIGEST}"])
def test_an_image_that_stays_what_it_is_needs_no_warning(tmp_path: Path, image: str) -> None:
    assert warnings(tmp_path, f"adapter: {{upstreamPort: 80, image: '{image}'}}") == []


def test_the_images_of_other_containers_are_judged_too(tmp_path: Path) -> None:
    told = warnings(tmp_path, "initContainers: [{name: m, image: m}], adapter: {image: b, upstreamPort: 80}")
    assert [line.split(":")[0] for line in told] == ["initContainers[0].image", "adapter.image"]


def test_faults_in_several_fields_are_told_together(tmp_path: Path) -> None:
    told = faults(tmp_path, entry("env: {A: 3}, userId: 0, volumes: {v: {mountPath: x}}"))
    assert len(told) == 3


@pytest.mark.parametrize(
    "key", ["hosts", "env", "envFrom", "labels", "tolerations", "volumes", "command", "probes", "slo", "nodeSelector"]
)
def test_a_null_takes_away_a_whole_list_or_map_too(tmp_path: Path, key: str) -> None:
    found = service(tmp_path, f"{key}: null").model_dump(by_alias=True)[key]
    assert not found or set(found.values()) == {None}


def test_a_null_takes_a_patch_away(tmp_path: Path) -> None:
    text = entry("patch: {rollout: null}").replace(
        "services:", "defaults: {patch: {rollout: {spec: {paused: true}}}}\nservices:"
    )
    assert load(tmp_path, text).services[0].patch.rollout == {}


def test_numbers_are_amounts_too_and_label_values_may_be_empty(tmp_path: Path) -> None:
    found = service(tmp_path, "resources: {requests: {cpu: 0.5}}, nodeSelector: {node-role.kubernetes.io/worker: ''}")
    assert found.resources.requests.cpu == "500m"
    assert found.node_selector == {"node-role.kubernetes.io/worker": ""}


def test_a_service_that_is_switched_off_stands_in_nobodys_way(tmp_path: Path) -> None:
    own = "project: A, port: 1, hosts: [a.example.com], replicas: 10"
    text = (
        f"services: {{a-api: {{{own}, image: a, environments: {{prod: {{enabled: false}}}}}},"
        f" b-api: {{{own}, image: 'b:1', environments: {{dev: {{enabled: false}}}}}}}}"
    )
    for environment, name in (("dev", "a-api"), ("prod", "b-api")):
        catalog = load(tmp_path, text, environment, environments=("dev", "prod"))
        assert [each.name for each in catalog.services] == [name]


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("selectorLabels: {app: a}", "selectorLabels: {app: a, tier: b}"),
        ("selectorLabels: {app: a}", "podLabels: {app: a}"),
        ("selectorLabels: {app.kubernetes.io/name: b-api}", "enabled: true"),
    ],
)
def test_a_selector_may_not_choose_pods_of_another_service(tmp_path: Path, own: str, other: str) -> None:
    rest = "project: A, port: 1, image: 'a:1'"
    (told,) = faults(tmp_path, f"services: {{a-api: {{{rest}, {own}}}, b-api: {{{rest}, {other}}}}}")
    assert "services.a-api.selectorLabels: choose pods of 'b-api' too" in told
