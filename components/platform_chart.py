"""One part of the platform from its Helm chart."""

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs

from catalog.layers import merge
from catalog.platform import Chart

_INSTALL_TIMEOUT_SECONDS = 900
"""Images of the monitoring stack are pulled on a first install; Helm's own 300 s is short for that."""


def install(
    chart: Chart, values: Mapping[str, Any], parent: pulumi.Resource, after: Sequence[pulumi.Resource]
) -> list[pulumi.Resource]:
    """The Release of `chart`, or nothing where the cluster has it already.

    `values` are what this program relies on; the user's own `chart.values` are merged over them.
    """
    if not chart.install:
        return []
    release = Release(
        chart.release,
        name=chart.release,
        namespace=chart.namespace,
        chart=chart.chart,
        version=chart.version,
        repository_opts=RepositoryOptsArgs(repo=chart.repository) if chart.repository else None,
        values=merge(values, chart.values),
        timeout=_INSTALL_TIMEOUT_SECONDS,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(after)),
    )
    return [release]
