"""What the parts of the monitoring stack have in common in the values of its chart, and what concerns all of it."""

from dataclasses import dataclass
from typing import Any

from catalog.platform import Monitoring
from catalog.sizes import Size

Values = dict[str, Any]
"""Values of a Helm chart, in the chart's own spelling."""

_BUSYBOX = "1.38.0"
"""The image that unpacks the definitions for the upgrade job. The chart says `latest`, which no mirror holds still;
this is what its Grafana part uses."""


def whole_stack(monitoring: Monitoring) -> Values:
    """Names, parts, custom resource definitions, and what is watched of the control plane."""
    return {
        # Names that do not depend on how the release came to be: the Prometheus address is derived from this one.
        "fullnameOverride": monitoring.release,
        "prometheusOperator": {"enabled": True},
        # Helm installs definitions once and never upgrades them. This job applies those of the chart before each
        # install and upgrade: a version bump is then one setting.
        "crds": {"enabled": True, "upgradeJob": {"enabled": True, "image": {"busybox": {"tag": _BUSYBOX}}}},
        # With a scraper go the chart's rules and dashboards for it.
        **{
            part: {"enabled": monitoring.scrape_control_plane}
            for part in ("kubeControllerManager", "kubeEtcd", "kubeProxy", "kubeScheduler")
        },
    }


@dataclass(frozen=True)
class Replicas:
    """How many pods do the same, and whether two of them may share a node.

    With `spread` they never do, and one without a node of its own stays Pending; else the scheduler does what it can.
    """

    count: int
    spread: bool

    @property
    def spec(self) -> Values:
        """In the specification of Prometheus or Alertmanager."""
        return {"replicas": self.count, "podAntiAffinity": "hard" if self.spread else "soft"}

    @property
    def disruption_budget(self) -> Values:
        """One pod may be evicted at a time; of a single pod nothing is said, as no node could be drained then."""
        return {"enabled": self.count > 1, "minAvailable": max(self.count - 1, 1)}


def volume(size: Size, storage_class: str | None) -> Values:
    """The volume of each pod, as the operator takes it. The operator leaves volumes where they are."""
    named = {"storageClassName": storage_class} if storage_class else {}
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": str(size)}}, **named}
    return {"volumeClaimTemplate": {"spec": spec}}


def literal(text: str) -> str:
    """`text` for a value that the chart takes for a template of its own (`tpl`)."""
    return text.replace("{{", "{{`{{`}}")
