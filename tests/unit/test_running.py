"""Changes of a service that runs which no plan shows in their true light."""

from pathlib import Path
from typing import Any

import pytest

from catalog.problems import CatalogError
from components.running import checksum_of, ensure_changeable
from tests.unit.catalog_workbench import service
from tests.unit.settings_workbench import from_engine, minimal

SAME = {"app.kubernetes.io/name": "a-api", "app.kubernetes.io/instance": "a-api"}
SETTINGS = from_engine(minimal())
HOST = "hosts: [a.example.com]"
GATEWAY = f"{HOST}, traffic: {{router: gatewayApi, gateway: {{name: public}}}}"
TESTERS = f"{HOST}, traffic: {{router: alb, testerHeader: {{name: X-Canary, value: me}}}}"


def rollout(routing: str | None = None, selector: dict[str, str] | None = None) -> dict[str, Any]:
    canary: dict[str, Any] = {"trafficRouting": {routing: {}}} if routing else {}
    return {"spec": {"selector": {"matchLabels": selector or SAME}, "strategy": {"canary": canary}}}


def refusal(tmp_path: Path, more: str, running: dict[str, Any]) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        ensure_changeable(SETTINGS, [service(tmp_path, more)], {"a-api": running})
    return [str(problem) for problem in caught.value.problems]


def test_a_new_selector_is_refused_with_the_way_to_have_it_all_the_same(tmp_path: Path) -> None:
    assert refusal(tmp_path, "selectorLabels: {app: a}", rollout()) == [
        "services.yaml: services.a-api.selectorLabels: would become app=a, but the Rollout that runs has "
        "app.kubernetes.io/instance=a-api,app.kubernetes.io/name=a-api, which cannot be changed; keep the labels, or "
        "set 'enabled: false', run up, take it out again, and run up: an outage of the service"
    ]


@pytest.mark.parametrize(
    ("more", "routing", "told"),
    [
        (GATEWAY, None, "would change from none to gatewayApi on a service that runs, and the rules of the HTTPRoute"),
        (GATEWAY, "nginx", "would change from nginx to gatewayApi"),
        (TESTERS, None, "would change from none to alb on a service that runs, and the rules of the Ingress 'a-api'"),
        (TESTERS, "nginx", "would change from nginx to alb"),
    ],
)
def test_a_new_router_whose_rules_would_never_arrive_is_refused(
    more: str, routing: str | None, told: str, tmp_path: Path
) -> None:
    (line,) = refusal(tmp_path, more, rollout(routing))
    assert line.startswith(f"services.yaml: services.a-api.traffic.router: {told}")


@pytest.mark.parametrize(
    ("more", "running"),
    [
        ("replicas: 3", {"a-api": rollout()}),
        ("selectorLabels: {app: a}", {"a-api": rollout(selector={"app": "a"})}),
        ("selectorLabels: {app: a}", {}),
        ("selectorLabels: {app: a}", {"b-api": rollout()}),
        (GATEWAY, {"a-api": rollout("plugins")}),
        (GATEWAY, {}),
        (TESTERS, {"a-api": rollout("alb")}),
        (f"{HOST}, traffic: {{router: nginx}}", {"a-api": rollout()}),
        ("traffic: {router: istio}", {"a-api": rollout()}),
    ],
)
def test_what_can_be_changed_goes_on(more: str, running: dict[str, Any], tmp_path: Path) -> None:
    ensure_changeable(SETTINGS, [service(tmp_path, more)], running)


def after_a_deployment(phase: str) -> dict[str, Any]:
    found = rollout()
    found["spec"]["workloadRef"] = {"kind": "Deployment", "name": "a-api"}
    status = {"phase": phase, "stableRS": "1" if phase == "Healthy" else "", "currentPodHash": "1"}
    return {**found, "metadata": {"namespace": "apis"}, "status": status}


def test_a_release_waits_until_the_rollout_has_replaced_its_deployment(tmp_path: Path) -> None:
    (line,) = refusal(tmp_path, "replicas: 3", after_a_deployment("Progressing"))
    assert line.startswith("services.yaml: services.a-api.image: is that of a Deployment which the Rollout has not")
    assert "`kubectl argo rollouts status a-api -n apis`" in line
    ensure_changeable(SETTINGS, [service(tmp_path, "replicas: 3")], {"a-api": after_a_deployment("Healthy")})


def test_while_it_is_adopted_it_may_do_so(tmp_path: Path) -> None:
    adopting = from_engine({**minimal(), "cluster": {**minimal()["cluster"], "adopt": True}})
    ensure_changeable(adopting, [service(tmp_path, "replicas: 3")], {"a-api": after_a_deployment("Progressing")})


def test_the_checksum_of_a_rollout_is_the_one_an_earlier_run_wrote() -> None:
    annotated = {"metadata": {"annotations": {"api-observability/config-checksum": "abc"}}}
    assert checksum_of({"spec": {"template": annotated}}) == "abc"
    assert checksum_of({"spec": {"template": {"metadata": {"labels": {}}}}}) is None
    assert checksum_of({"spec": {"workloadRef": {}}}) is None
    assert checksum_of(None) is None
