"""Reading what a release is doing from the stack's cluster, and which alerts fire from its Prometheus."""

import http.client
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from lightkube.generic_resource import create_namespaced_resource
from lightkube.resources.apps_v1 import ReplicaSet

from catalog.services import Service
from catalog.stack import StackSettings
from cli.release_state import Seen
from components.cluster import connect
from components.cluster_reader import answering
from local.cluster.api import ask
from observability import metrics
from observability.series import series

_GROUP, _VERSION = "argoproj.io", "v1alpha1"
_Rollout = create_namespaced_resource(_GROUP, _VERSION, "Rollout", "rollouts")
_AnalysisRun = create_namespaced_resource(_GROUP, _VERSION, "AnalysisRun", "analysisruns")

_ASK_SECONDS = 2.0
"""The view is drawn every second: a Prometheus that is slower than this is not waited for."""

_ALERTS_EVERY_SECONDS = 5.0

Alerts = Callable[[], list[str] | None]
"""The alerts of a service that fire; None where nobody can be asked."""


def reader_of(settings: StackSettings, service: Service, alerts: Alerts) -> Callable[[], Seen]:
    """Read the release of a service; ClusterError or UnknownError where that cannot be done now."""
    client, namespace = connect(settings.cluster), settings.namespace

    def read() -> Seen:
        with answering(settings):
            rollout = dict(client.get(_Rollout, service.name, namespace=namespace))
            status = rollout.get("status") or {}
            hashes = [status[key] for key in ("currentPodHash", "stableRS") if status.get(key)]
            # The controller puts the labels that choose the pods, and their hash, on all that is made for a release.
            made: dict[str, Any] = {**service.pod_selector, metrics.POD_HASH_LABEL: hashes}
            replica_sets = client.list(ReplicaSet, namespace=namespace, labels=made) if hashes else ()
            runs = client.list(_AnalysisRun, namespace=namespace, labels=made) if hashes else ()
            return Seen(
                rollout,
                [each.to_dict() for each in replica_sets],
                [dict(each) for each in runs],
                alerts(),
                datetime.now(UTC),
            )

    return read


def alerts_from(address: str | None, namespace: str, service: str) -> Alerts:
    """Ask the Prometheus at `address`, where one is known, for the alerts of a service."""
    labels = {metrics.ALERT_STATE: "firing", metrics.NAMESPACE: namespace, metrics.SERVICE: service}
    query = urlencode({"query": series(metrics.ALERTS, labels)})

    def firing() -> list[str] | None:
        try:
            answer = ask(f"{address}/api/v1/query?{query}", timeout_seconds=_ASK_SECONDS)
            found = json.loads(answer.body)["data"]["result"]
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError):
            return None  # shown as not known; the release itself is followed all the same
        return sorted(
            {f"{each['metric']['alertname']} ({each['metric'].get(metrics.SEVERITY, '?')})" for each in found}
        )

    return _at_times(firing) if address else lambda: None


def _at_times(ask_now: Alerts) -> Alerts:
    """The last answer, asked for anew once it is some seconds old."""
    answers: list[tuple[float, list[str] | None]] = []

    def found() -> list[str] | None:
        if not answers or time.monotonic() - answers[-1][0] > _ALERTS_EVERY_SECONDS:
            answers[:] = [(time.monotonic(), ask_now())]
        return answers[-1][1]

    return found
