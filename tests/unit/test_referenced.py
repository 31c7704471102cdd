"""Secrets and ConfigMaps that services refer to: a change of one starts a canary, a missing one is named."""

from pathlib import Path
from typing import Any

import pytest

from catalog.problems import CatalogError
from catalog.prometheus_settings import Prometheus
from catalog.references import Kind, Reference, references
from catalog.services import Service
from catalog.stack import StackSettings
from components.cluster_reader import ForbiddenError, Found
from components.pod import CONFIG_CHECKSUM
from components.referenced import look_up
from components.running import Running
from tests.unit.catalog_workbench import service

SETTINGS = StackSettings.model_validate({"environment": "dev", "cluster": {"context": "dev"}}, context={"stack": "dev"})
REFERS = (
    "env: {A: {secret: s, key: password}, B: {configMap: c, key: level}, C: plain}, envFrom: [{configMap: c}],"
    " volumes: {v: {mountPath: /v, secret: t}}, imagePullSecrets: [p], hosts: [a.example.com], tls: {secret: x},"
    " initContainers: [{name: m, image: 'm:1', env: {D: {secret: s, key: user}}}]"
)


class Holdings:
    """What a cluster holds, as the API server gives it."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], dict[str, Any]] = {}
        self.asked: list[tuple[str, str]] = []
        self.forbidden: set[str] = set()

    def put(self, kind: Kind, name: str, **data: str) -> None:
        metadata = {"uid": f"uid-{name}", "resourceVersion": str(len(self.asked) + 100)}
        self.objects[kind, name] = {"metadata": metadata, "data": data}

    def read(self, kind: str, namespace: str, name: str) -> Found:
        assert namespace == ("" if kind == "Namespace" else SETTINGS.namespace)
        self.asked.append((kind, name))
        if name in self.forbidden:
            raise ForbiddenError(f"{name} is forbidden")
        return self.objects.get((kind, name))


@pytest.fixture
def refers(tmp_path: Path) -> Service:
    return service(tmp_path, REFERS)


@pytest.fixture
def holdings() -> Holdings:
    held = Holdings()
    held.put("Secret", "s", password="cGFzcw==", user="dXNlcg==")
    held.put("Secret", "t")
    held.put("Secret", "p")
    held.put("Secret", "x")
    held.put("ConfigMap", "c", level="info")
    return held


def checksum(found: Service, held: Holdings, running: Running | None = None) -> str:
    return look_up(SETTINGS, [found], running or {}, held.read).checksums[found.name]


def test_every_mention_is_found_with_its_place(refers: Service) -> None:
    assert references(refers) == [
        Reference("Secret", "s", "password", "env.A", True),
        Reference("ConfigMap", "c", "level", "env.B", True),
        Reference("ConfigMap", "c", None, "envFrom[0]", True),
        Reference("Secret", "t", None, "volumes.v", True),
        Reference("Secret", "s", "user", "initContainers[0].env.D", True),
        Reference("Secret", "p", None, "imagePullSecrets[0]", False),
        Reference("Secret", "x", None, "tls.secret", False),
    ]


def test_a_certificate_that_an_issuer_brings_need_not_be_there(tmp_path: Path) -> None:
    assert references(service(tmp_path, "hosts: [a.example.com], tls: {secret: x, issuer: letsencrypt}")) == []


def test_nothing_is_asked_for_services_that_refer_to_nothing(tmp_path: Path, holdings: Holdings) -> None:
    assert look_up(SETTINGS, [service(tmp_path, "env: {A: b}")], {}, holdings.read).checksums == {}
    assert holdings.asked == []


def test_each_object_is_asked_for_once(refers: Service, holdings: Holdings) -> None:
    assert look_up(SETTINGS, [refers], {}, holdings.read).warnings == ()
    assert sorted(holdings.asked) == [
        ("ConfigMap", "c"),
        ("Secret", "p"),
        ("Secret", "s"),
        ("Secret", "t"),
        ("Secret", "x"),
    ]


def test_new_content_of_a_config_map_or_a_secret_is_a_new_checksum(refers: Service, holdings: Holdings) -> None:
    before = checksum(refers, holdings)
    assert checksum(refers, holdings) == before
    holdings.put("ConfigMap", "c", level="debug")
    after = checksum(refers, holdings)
    holdings.put("Secret", "s", password="bmV3", user="dXNlcg==")
    assert len({before, after, checksum(refers, holdings)}) == 3


def test_what_no_pod_reads_changes_no_checksum(refers: Service, holdings: Holdings) -> None:
    before = checksum(refers, holdings)
    holdings.put("Secret", "p", new="eA==")
    holdings.put("Secret", "x", new="eA==")
    assert checksum(refers, holdings) == before


def test_other_keys_of_a_config_map_do_not_matter_where_one_is_named(tmp_path: Path, holdings: Holdings) -> None:
    found = service(tmp_path, "env: {B: {configMap: c, key: level}}")
    before = checksum(found, holdings)
    holdings.put("ConfigMap", "c", level="info", other="x")
    assert checksum(found, holdings) == before


def test_what_is_not_there_is_named_with_its_place(refers: Service, holdings: Holdings) -> None:
    del holdings.objects["ConfigMap", "c"]
    holdings.put("Secret", "s", user="dXNlcg==")
    holdings.forbidden = {"p", "t"}
    told = [str(warning) for warning in look_up(SETTINGS, [refers], {}, holdings.read).warnings]
    place = "services.yaml: services.a-api"
    waits = "of the cluster; its pods will wait for it"
    assert told == [
        f"{place}.env.A: Secret 's' in namespace 'apis' has no key 'password' (it has user); its pods will wait for it",
        f"{place}.env.B: there is no ConfigMap 'c' in namespace 'apis' {waits}",
        f"{place}.envFrom[0]: there is no ConfigMap 'c' in namespace 'apis' {waits}",
        f"{place}.volumes.v: Secret 't' may not be read here (t is forbidden), so a change of it will start no canary",
    ]


PROTECTED = SETTINGS.model_copy(
    update={"prometheus": Prometheus.model_validate({"access": {"bearerToken": {"secret": "tenant", "key": "token"}}})}
)


def test_a_secret_that_analyses_need_and_that_is_not_there_stops_the_run(holdings: Holdings) -> None:
    holdings.objects["Namespace", "apis"] = {}
    with pytest.raises(CatalogError) as caught:
        look_up(PROTECTED, [], {}, holdings.read)
    assert str(caught.value) == (
        "Pulumi.dev.yaml: config.api-observability:prometheus.access.bearerToken: there is no Secret 'tenant' in "
        "namespace 'apis' of the cluster; make it first"
    )
    holdings.put("Secret", "tenant", token="eA==")
    assert look_up(PROTECTED, [], {}, holdings.read).warnings == ()


def test_before_the_namespace_is_there_it_is_a_warning(holdings: Holdings) -> None:
    (warning,) = look_up(PROTECTED, [], {}, holdings.read).warnings
    assert "there is no Secret 'tenant'" in str(warning)


def test_what_may_not_be_read_here_starts_no_canary(refers: Service, holdings: Holdings) -> None:
    template = {"metadata": {"annotations": {CONFIG_CHECKSUM: "written by somebody who may"}}}
    holdings.forbidden = {"s"}
    running = {refers.name: {"spec": {"template": template}}}
    assert checksum(refers, holdings, running) == "written by somebody who may"
    assert look_up(SETTINGS, [refers], {}, holdings.read).checksums == {}
