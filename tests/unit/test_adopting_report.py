"""What is told of an adoption, and what Helm has written down."""

import base64
import gzip
import json
from typing import Any

import pytest
import yaml

from catalog.problems import Problem
from cli.adopting.plan import Owner, Planned, merged, owner_of
from cli.adopting.release_record import Release, Stray, strays
from cli.adopting.report import Report, next_steps, text
from cli.diffing.objects import Key
from components.field_managers import MANAGER
from local.errors import LocalError

RELEASE = Release("apis", "shop")


def service(managers: list[dict[str, Any]], **labels: str) -> dict[str, Any]:
    annotations = {"meta.helm.sh/release-name": "shop"}
    metadata = {"name": "a-api", "namespace": "apis", "labels": labels, "managedFields": managers}
    return {"apiVersion": "v1", "kind": "Service", "metadata": {**metadata, "annotations": annotations}, "spec": {}}


def managed(name: str, operation: str = "Update") -> list[dict[str, Any]]:
    return [{"manager": name, "operation": operation, "fieldsV1": {}}]


HELMS = service(managed("helm"), chart="a")


@pytest.mark.parametrize(
    ("live", "owner", "told"),
    [
        (None, Owner.NOBODY, "–"),
        (HELMS, Owner.HELM, "Helm release shop"),
        (service(managed(MANAGER, "Apply")), Owner.HANDED_OVER, "handed over"),
        (service(managed("pulumi-kubernetes-1a2b3c4d", "Apply")), Owner.PULUMI, "Pulumi"),
        (service(managed("argocd-controller")), Owner.OTHERS, "argocd-controller"),
        (service([]), Owner.OTHERS, "nobody"),
        ({"metadata": {"managedFields": managed(MANAGER, "Apply")}}, Owner.PULUMI, "Pulumi"),
        (service(managed("kubectl-create")), Owner.PEOPLE, "by hand"),
    ],
)
def test_whose_an_object_is_can_be_told(live: dict[str, Any] | None, owner: Owner, told: str) -> None:
    assert owner_of(live) is owner
    assert Planned(HELMS, live).whose == told


def test_the_report_names_every_object_and_each_field_that_changes() -> None:
    after = service(managed(MANAGER, "Apply"), chart="b")
    objects = [Planned(HELMS, HELMS, after), Planned({**HELMS, "kind": "Rollout"})]
    report = Report(objects, kept={"a-api": "its Rollout keeps its 2 pods and their template"})
    lines = text(report, "Stack dev").splitlines()
    assert [" ".join(line.split()) for line in lines[2:5]] == [
        "OBJECT NOW FIRST UP",
        "Service a-api in apis Helm release shop taken over, 1 fields change",
        "Rollout a-api in apis – made",
    ]
    assert "    metadata.labels.chart: a → b" in lines
    assert lines[-1] == "No pod is restarted, no request goes another way, and no canary begins."
    assert report.to_hand_over == objects[:1]


def test_nothing_is_promised_where_something_is_refused() -> None:
    report = Report([Planned(HELMS, HELMS, None, {}, "no")], {"a-api": "…"}, refused=[Problem("", "", "no")])
    told = text(report, "Stack dev")
    assert "No pod is restarted" not in told
    assert "refused" in told


def test_who_may_not_read_helms_records_is_told_what_is_not_known() -> None:
    told = text(Report([Planned(HELMS, HELMS, HELMS)], unread="secrets are forbidden"), "Stack dev")
    assert told.endswith("What else the chart made cannot be told: secrets are forbidden")


def test_the_next_steps_end_with_the_setting_off_again() -> None:
    steps = next_steps("dev", "on", "off", [RELEASE])
    assert [step.strip().partition("   #")[0] for step in steps[1:]] == [
        "on",
        "make up STACK=dev",
        "make status STACK=dev",
        "kubectl --namespace apis delete secret --selector owner=helm,name=shop",
        "off",
        "make up STACK=dev",
    ]
    assert "  make up" in next_steps("local", "on", "off", [])


def test_maps_are_merged_and_everything_else_is_the_seconds() -> None:
    assert merged({"a": {"b": 1, "c": None}, "d": [1]}, {"a": {"b": 2}, "d": [2], "e": 3}) == {
        "a": {"b": 2, "c": None},
        "d": [2],
        "e": 3,
    }


def record(version: str, objects: list[dict[str, Any]], **labels: str) -> dict[str, Any]:
    content = json.dumps({"manifest": yaml.safe_dump_all(objects)}).encode()
    packed = base64.b64encode(base64.b64encode(gzip.compress(content))).decode()
    named = {"owner": "helm", "status": "deployed", "name": "shop", "version": version, **labels}
    return {"metadata": {"name": f"sh.helm.release.v1.shop.v{version}", "labels": named}, "data": {"release": packed}}


def made(kind: str, name: str, version: str = "v1", **metadata: str) -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, **metadata}}


def test_what_the_stack_does_not_make_of_the_newest_release_is_told_with_the_way_to_remove_it() -> None:
    objects = [
        made("Service", "a-api"),
        made("ClusterRole", "a-role"),
        made("Deployment", "a-api", "apps/v1"),
        made("ConfigMap", "c", namespace="other"),
    ]
    secrets = [record("9", []), record("10", objects), record("11", [], status="superseded"), {"metadata": {}}]
    known = {Key("apis", "Service", "a-api"), Key("_cluster", "ClusterRole", "a-role")}
    found = list(strays([RELEASE], known, lambda _: secrets))
    assert [each.removed_by for each in found] == [
        "kubectl --namespace apis delete deployment.apps a-api",
        None,
    ]
    assert found[0].told.startswith("is scaled to nothing")
    assert found[1] == Stray(RELEASE, "v1", Key("other", "ConfigMap", "c"))
    assert found[1].told.startswith("stays as it is: pods may need it")


def test_a_release_without_a_record_has_nothing_to_tell() -> None:
    assert list(strays([RELEASE], set(), lambda _: [])) == []


def test_a_record_that_cannot_be_read_is_told_by_its_name() -> None:
    broken = record("1", [])
    broken["data"]["release"] = "bm90IGd6aXA="
    with pytest.raises(LocalError, match=r"the record sh\.helm\.release\.v1\.shop\.v1 of Helm release shop cannot"):
        list(strays([RELEASE], set(), lambda _: [broken]))
