"""A user whose services a Helm chart has made, and whose stack takes them over."""

import json
import secrets
from dataclasses import dataclass, field
from typing import Any

import lightkube
import yaml
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.apps_v1 import Deployment
from lightkube.resources.core_v1 import Pod, Service
from lightkube.resources.networking_v1 import Ingress
from lightkube.resources.policy_v1 import PodDisruptionBudget
from lightkube.types import PatchType

from local.waiting import wait_until
from tests.engine import helm_chart as chart
from tests.engine.own_checkout import Checkout
from tests.engine.stack import Rollout

SPACE = "shop"
PLAIN, ROUTED, DEPLOYED, NEW = "univprepai-api", "routed-api", "seedtest-api", "mediprepai-api"
PORTS = {PLAIN: 8006, ROUTED: 8020, DEPLOYED: 8009, NEW: 8011}
HOST = "routed.example.com"
STEPS = [{"setWeight": 25}, {"pause": "forever"}]
ServiceMonitor = create_namespaced_resource("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors")
_KINDS: list[Any] = [Rollout, Service, ServiceMonitor, PodDisruptionBudget, Ingress, Deployment]


def services(selectors: bool = True, **more: str) -> str:
    """services.yaml; with the chart's own selectors, or forgetting them, and with `more` in each entry."""
    entries: dict[str, Any] = {
        name: {"project": "Shop", "port": port, "image": f"registry.example.com/{name}:1.0", "replicas": chart.REPLICAS}
        for name, port in PORTS.items()
    }
    for name, entry in entries.items():
        entry |= {"canary": {"steps": STEPS, "background": False}, **more}
        if selectors and name != NEW:
            entry["selectorLabels"] = {"app": name}
    entries[ROUTED] |= {"hosts": [HOST], "traffic": {"router": "nginx"}}
    return yaml.safe_dump({"services": entries})


def made_by_the_chart() -> list[chart.Manifest]:
    """The objects of the release."""
    split = {
        "canaryService": f"{ROUTED}-canary",
        "stableService": f"{ROUTED}-stable",
        "trafficRouting": {"nginx": {"stableIngress": ROUTED}},
    }
    routed = [chart.service(ROUTED, PORTS[ROUTED], suffix) for suffix in ("", "-canary", "-stable")]
    return [
        *routed,
        chart.ingress(ROUTED, HOST),
        chart.rollout(ROUTED, PORTS[ROUTED], split),
        chart.service(PLAIN, PORTS[PLAIN]),
        chart.rollout(PLAIN, PORTS[PLAIN]),
        chart.monitor(PLAIN),
        chart.analysis(PLAIN),
        chart.disruption_budget(PLAIN),
        chart.service(DEPLOYED, PORTS[DEPLOYED]),
        chart.deployment(DEPLOYED, PORTS[DEPLOYED]),
        chart.service(PLAIN, PORTS[PLAIN], "-old"),
    ]


@dataclass
class Adoption:
    """A user of a cluster with the release on it, and what runs there."""

    checkout: Checkout
    client: lightkube.Client
    helm: chart.Helm
    running: dict[str, set[str]] = field(default_factory=dict)
    """The UIDs of the pods, by service, as the chart had made them."""

    def adopt(self, *options: str) -> tuple[int, str, str]:
        finished = self.checkout.run("python", "-m", "cli", "adopt", "--stack", "dev", *options)
        return finished.returncode, finished.stdout, finished.stderr

    def up(self) -> str:
        finished = self.checkout.make_up()
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def write(self, text: str) -> None:
        (self.checkout.folder / "services.yaml").write_text(text, encoding="utf-8")

    def rollout(self, name: str) -> dict[str, Any]:
        return dict(self.client.get(Rollout, name, namespace=SPACE))

    def service(self, name: str) -> ObjectMeta:
        found = self.client.get(Service, name, namespace=SPACE).metadata
        assert found
        return found

    def objects(self) -> dict[str, dict[str, Any]]:
        """All objects of these kinds, without who owns what of them and what their controllers say."""
        found: dict[str, dict[str, Any]] = {}
        for kind in _KINDS:
            for each in self.client.list(kind, namespace=SPACE):
                body = each.to_dict()
                for name in ("managedFields", "resourceVersion"):
                    body["metadata"].pop(name, None)
                body.pop("status", None)
                found[f"{kind.__name__}/{body['metadata']['name']}"] = json.loads(json.dumps(body, default=str))
        return found

    def pods(self, name: str) -> set[str]:
        return {str(pod.metadata.uid) for pod in self._ready(name) if pod.metadata}

    def ready(self, name: str) -> int:
        return len(self._ready(name))

    def _ready(self, name: str) -> list[Pod]:
        return [
            pod
            for pod in self.client.list(Pod, namespace=SPACE, labels={"app": name})
            if pod.status
            and any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions or [])
        ]

    def requests(self) -> dict[str, Any]:
        """All that decides where requests go."""
        ingresses = {
            str(each.metadata.name): each.to_dict()["spec"] | {"weight": _weight(each)}
            for each in self.client.list(Ingress, namespace=SPACE)
            if each.metadata
        }
        chosen = {
            str(each.metadata.name): (dict(each.spec.selector or {}), each.spec.clusterIP)
            for each in self.client.list(Service, namespace=SPACE)
            if each.metadata and each.spec and not str(each.metadata.name).startswith(NEW)
        }
        return {**ingresses, **chosen}

    def wait_for_phase(self, name: str, phase: str) -> dict[str, Any]:
        def reached() -> bool:
            found = self.rollout(name)
            status = found.get("status") or {}
            is_seen = status.get("observedGeneration") == str(found["metadata"]["generation"])
            return bool(is_seen and status.get("phase") == phase)

        wait_until(reached, 120, f"Rollout {name} to be {phase}")
        return self.rollout(name)


def _weight(ingress: Ingress) -> str | None:
    annotations = (ingress.metadata.annotations if ingress.metadata else None) or {}
    return annotations.get("nginx.ingress.kubernetes.io/canary-weight")


def promote(adoption: Adoption, name: str) -> None:
    """What `kubectl argo rollouts promote --full` writes, until the controller has seen it."""

    def seen() -> bool:
        status = adoption.rollout(name)["status"]
        if status["stableRS"] == status["currentPodHash"]:
            return True
        adoption.client.patch(
            Rollout.Status, name, {"status": {"promoteFull": True}}, namespace=SPACE, patch_type=PatchType.MERGE
        )
        look = {"metadata": {"annotations": {"example.com/look-again": secrets.token_hex(4)}}}
        adoption.client.patch(Rollout, name, look, namespace=SPACE, patch_type=PatchType.MERGE)
        return False

    wait_until(seen, 120, f"{name} to be promoted")
