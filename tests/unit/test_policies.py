"""The policies: each with an object that keeps it and one that breaks it, and the stacks of this checkout keep all."""

import ast
import sys
from collections import UserList
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest

from cli import main, rendering
from cli.policies import broken_policies
from cli.rendering import record_stack, rendered_files
from local.state import CHECKOUT
from policy.validators import EXCEPTION, POLICIES, excepted, violations
from policy.validators.judging import plain

CONTEXT = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
CONTAINER: dict[str, Any] = {
    "name": "api",
    "image": "registry.example.com/a:1.4.2",
    "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
    "securityContext": CONTEXT,
    "env": [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "password"}}}],
}
ROLLOUT: dict[str, Any] = {
    "kind": "Rollout",
    "metadata": {"name": "a-api", "namespace": "apis"},
    "spec": {
        "strategy": {"canary": {"steps": [{"setWeight": 10}, {"pause": {}}, {"analysis": {}}, {"setWeight": 50}]}},
        "template": {
            "spec": {
                "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [CONTAINER],
            }
        },
    },
}
MONITOR: dict[str, Any] = {
    "kind": "ServiceMonitor",
    "metadata": {"name": "a-api"},
    "spec": {"sampleLimit": 20000, "labelLimit": 50, "labelValueLengthLimit": 512},
}
ALERT: dict[str, Any] = {
    "alert": "Down",
    "expr": "up == 0",
    "labels": {"severity": "critical"},
    "annotations": {"runbook_url": "docs/runbooks/Down.md"},
}
RULE: dict[str, Any] = {"kind": "PrometheusRule", "metadata": {"name": "a"}, "spec": {"groups": [{"rules": [ALERT]}]}}
SERVICE: dict[str, Any] = {"kind": "Service", "metadata": {"name": "a-api"}, "spec": {"type": "ClusterIP"}}
SECRET: dict[str, Any] = {"kind": "Secret", "metadata": {"name": "hook"}, "stringData": {"url": "[secret]"}}
CONFIG: dict[str, Any] = {"kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"path": "/var/token"}}
RELEASE: dict[str, Any] = {
    "kind": "Helm Release",
    "name": "grafana",
    "values": {"admin": {"existingSecret": "grafana"}},
}
KEEPING = [ROLLOUT, MONITOR, RULE, SERVICE, SECRET, CONFIG, RELEASE]

POD = ("spec", "template", "spec")
API = (*POD, "containers", 0)
STEPS = ("spec", "strategy", "canary", "steps")
GONE = object()


def broken(body: dict[str, Any], path: tuple[str | int, ...], value: object) -> list[tuple[str, str]]:
    """The policies that the object breaks, and what is said, once `path` of it is another."""
    changed = deepcopy(body)
    place: Any = changed
    for part in path[:-1]:
        place = place.setdefault(part, {}) if isinstance(place, dict) else place[part]
    if value is GONE:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return [(each.policy, each.message) for each in violations([changed], POLICIES)]


def test_objects_that_keep_all_policies_are_left_in_peace() -> None:
    assert violations(KEEPING, POLICIES) == []


BREAKING = [
    ("fixed-images", ROLLOUT, (*API, "image"), "registry.example.com/a:latest", ":1.4.2"),
    ("fixed-images", ROLLOUT, (*API, "image"), "registry.example.com:5000/a", "digest"),
    ("analysed-releases", ROLLOUT, STEPS, [], "canary.steps"),
    ("analysed-releases", ROLLOUT, STEPS, [{"setWeight": 50}, {"pause": {}}], "analysis: true"),
    ("analysed-releases", ROLLOUT, STEPS, [{"setWeight": 100}, {"analysis": {}}], "analysis: true"),
    ("analysed-releases", ROLLOUT, STEPS, [{"analysis": {}}, {"setWeight": 50}], "analysis: true"),
    ("analysed-releases", ROLLOUT, ("spec", "strategy"), {"blueGreen": {}}, "prePromotionAnalysis"),
    ("restricted-pods", ROLLOUT, (*POD, "securityContext", "runAsNonRoot"), False, "runAsNonRoot: true"),
    ("restricted-pods", ROLLOUT, (*POD, "securityContext", "seccompProfile"), GONE, "RuntimeDefault"),
    ("restricted-pods", ROLLOUT, (*POD, "hostNetwork"), True, "hostNetwork"),
    ("restricted-pods", ROLLOUT, (*POD, "volumes"), [{"name": "v", "hostPath": {"path": "/"}}], "emptyDir"),
    ("restricted-pods", ROLLOUT, (*API, "securityContext", "privileged"), True, "privileged: false"),
    ("restricted-pods", ROLLOUT, (*API, "securityContext", "allowPrivilegeEscalation"), GONE, "Escalation: false"),
    ("restricted-pods", ROLLOUT, (*API, "securityContext", "capabilities"), {"drop": ["NET_RAW"]}, "[ALL]"),
    ("bounded-resources", ROLLOUT, (*API, "resources", "limits"), GONE, "limits.memory"),
    ("bounded-resources", ROLLOUT, (*API, "resources"), {}, "requests.cpu, requests.memory, limits.memory"),
    ("bounded-scrapes", MONITOR, ("spec", "sampleLimit"), GONE, "sampleLimit"),
    ("no-plaintext-secrets", SECRET, ("stringData", "url"), "https://hooks.example.com/x", "--secret"),
    ("no-plaintext-secrets", ROLLOUT, (*API, "env"), [{"name": "DB_PASSWORD", "value": "x"}], "refer to a Secret"),
    ("no-plaintext-secrets", ROLLOUT, (*API, "env"), [{"name": "DB", "value": "pg://me:x@db/"}], "refer to a Secret"),
    ("no-plaintext-secrets", CONFIG, ("data", "token"), "x", "put it into a Secret"),
    ("no-plaintext-secrets", CONFIG, ("data", "file"), "-----BEGIN RSA PRIVATE KEY-----", "put it into a Secret"),
    ("no-plaintext-secrets", RELEASE, ("values", "grafana"), {"adminPassword": "x"}, "existing Secret"),
    ("actionable-alerts", RULE, ("spec", "groups", 0, "rules", 0, "labels"), {}, "severity"),
    ("actionable-alerts", RULE, ("spec", "groups", 0, "rules", 0, "labels", "severity"), "bad", "'bad'"),
    ("actionable-alerts", RULE, ("spec", "groups", 0, "rules", 0, "annotations"), {}, "runbook_url"),
    ("no-surprising-load-balancer", SERVICE, ("spec", "type"), "LoadBalancer", "hosts"),
    ("no-surprising-load-balancer", SERVICE, ("spec", "externalIPs"), ["192.0.2.1"], "hosts"),
    ("no-surprising-load-balancer", RELEASE, ("values", "service"), {"type": "NodePort"}, "ClusterIP"),
]


@pytest.mark.parametrize(("policy", "body", "path", "value", "mend"), BREAKING)
def test_what_breaks_a_policy_is_told_with_the_way_to_mend_it(
    policy: str, body: dict[str, Any], path: tuple[str | int, ...], value: object, mend: str
) -> None:
    ((name, message),) = broken(body, path, value)
    assert name == policy
    assert mend in message
    assert "hooks.example.com" not in message  # a message goes into logs, and must not carry the secret there


def test_an_alert_that_nobody_is_told_of_needs_no_runbook() -> None:
    assert broken(RULE, ("spec", "groups", 0, "rules", 0), {"alert": "Watchdog", "labels": {"severity": "none"}}) == []


def test_every_policy_has_an_example_that_breaks_it() -> None:
    assert {each[0] for each in BREAKING} == {policy.name for policy in POLICIES}


@pytest.mark.parametrize(
    "image",
    ["registry.example.com/a@sha256:" + "0" * 64, "registry.example.com/a:latest@sha256:" + "0" * 64, "a:7.4"],
)
def test_a_digest_or_a_version_is_a_fixed_image(image: str) -> None:
    assert broken(ROLLOUT, (*API, "image"), image) == []


def test_an_analysis_beside_the_steps_judges_too_where_a_pause_lets_it_look() -> None:
    canary = {"analysis": {"templates": [{"templateName": "a"}]}, "steps": [{"setWeight": 10}, {"pause": {}}]}
    assert broken(ROLLOUT, ("spec", "strategy", "canary"), canary) == []
    hasty = {**canary, "steps": [{"setWeight": 10}, {"setWeight": 50}]}
    assert [name for name, _ in broken(ROLLOUT, ("spec", "strategy", "canary"), hasty)] == ["analysed-releases"]


def test_an_exception_is_for_the_policy_it_names_alone() -> None:
    body = load_balancer("bounded-scrapes: it is small; no-surprising-load-balancer: partners: by their own network")
    assert violations([body], POLICIES) == []
    assert [str(each) for each in excepted([body], POLICIES)] == [
        "Service a-api: it is small (bounded-scrapes; it keeps the policy: the exception may go)",
        "Service a-api: partners: by their own network (no-surprising-load-balancer)",
    ]
    named = [each.policy for each in violations([load_balancer("bounded-scrapes: it is small")], POLICIES)]
    assert named == ["no-surprising-load-balancer"]


def test_an_exception_of_a_whole_service_is_told_of_the_objects_that_need_it() -> None:
    service, monitor = load_balancer("no-surprising-load-balancer: partners"), deepcopy(MONITOR)
    for body in (service, monitor):
        body["metadata"].update(
            annotations=service["metadata"]["annotations"], labels={"app.kubernetes.io/name": "a-api"}, namespace="apis"
        )
    told = [str(each) for each in excepted([monitor, service], POLICIES)]
    assert told == ["Service apis/a-api: partners (no-surprising-load-balancer)"]
    (unneeded,) = excepted([monitor, monitor], POLICIES)
    assert str(unneeded).endswith("the exception may go)")


@pytest.mark.parametrize("written", ["no-surprising-load-balancer", "no-surprising-load-balancer: ; x: y"])
def test_an_exception_without_a_reason_is_none_and_is_told(written: str) -> None:
    body = load_balancer(written)
    _, told = (each.message for each in violations([body], POLICIES))
    assert told.endswith("write policy.api-observability/except: 'no-surprising-load-balancer: <why>'")
    assert "no-surprising-load-balancer" not in [each.policy for each in excepted([body], POLICIES)]


def load_balancer(exception: str) -> dict[str, Any]:
    body = deepcopy(SERVICE)
    body["spec"]["type"] = "LoadBalancer"
    body["metadata"]["annotations"] = {EXCEPTION: exception}
    return body


def test_every_stack_of_this_checkout_keeps_every_policy(stack: str) -> None:
    files = rendered_files(record_stack(CHECKOUT, stack))
    broken, exceptions = broken_policies(files)
    assert [str(each) for each in broken] == []
    # What watches the controller has no limits, and says why; nothing else is excepted from anything.
    assert [(each.policy, each.place, each.needed) for each in exceptions] == [
        ("bounded-scrapes", "ServiceMonitor argo-rollouts/argo-rollouts", True)
    ]


@pytest.mark.parametrize(("stack", "status", "word"), [("prod", 1, "error"), ("dev", 0, "advice")])
def test_a_broken_policy_fails_prod_and_is_advice_in_dev(
    stack: str, status: int, word: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = rendered_files(record_stack(CHECKOUT, stack))
    name = "apis/rollout-univprepai-api.yaml"
    changed = {**whole, name: whole[name].replace("univprepai-api:1.0.0", "univprepai-api:latest")}
    monkeypatch.setattr(rendering, "rendered_files", lambda _: changed)
    assert main(["policy", "--stack", stack]) == status
    told = capsys.readouterr()
    line = next(line for line in told.err.splitlines() if line.startswith(word))
    assert line == (
        f"{word}: Rollout apis/univprepai-api: container api runs 'registry.example.com/univprepai-api:latest', which "
        "may be another program tomorrow; give the image a version that is pushed once (:1.4.2) or a digest "
        "(@sha256:…) (fixed-images)"
    )
    assert told.out.endswith(f"{len(changed)} objects, {len(POLICIES)} policies, 1 broken\n")


def test_the_policy_pack_needs_nothing_but_its_own_folder() -> None:
    """Its environment has no package of this project, and the validators none at all."""
    for path in sorted((CHECKOUT / "policy" / "validators").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                assert {alias.name.split(".")[0] for alias in node.names} <= sys.stdlib_module_names, path.name
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                assert str(node.module).split(".")[0] in sys.stdlib_module_names, path.name


class Wrapped(Mapping[str, Any]):
    """As the policy SDK hands objects over: maps that are no dicts, and lists that are no lists."""

    def __init__(self, inner: Mapping[str, Any]) -> None:
        self._inner = inner

    def __getitem__(self, key: str) -> Any:
        value = self._inner[key]
        return Wrapped(value) if isinstance(value, dict) else UserList(value) if isinstance(value, list) else value

    def __iter__(self) -> Iterator[str]:
        return iter(self._inner)

    def __len__(self) -> int:
        return len(self._inner)


def test_objects_in_the_engines_wrappers_are_judged_as_any_other() -> None:
    assert [plain(Wrapped(body)) for body in KEEPING] == KEEPING
    assert [type(part) for part in plain(Wrapped(ROLLOUT))["spec"]["strategy"]["canary"]["steps"]] == [dict] * 4
