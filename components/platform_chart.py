"""One part of the platform from its Helm chart."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pulumi

from catalog.config_keys import NAMESPACE
from catalog.layers import merge
from catalog.platform import Chart
from catalog.problems import Fault, Problem

_INSTALL_TIMEOUT_SECONDS = 900
"""Images of the monitoring stack are pulled on a first install; Helm's own 300 s is short for that."""

_REVISIONS = 10
"""How many revisions Helm keeps, as its own command does. To the plugin an absent number is "all", and each is a Secret
of some hundred kilobytes."""


def warn(part: str, taken_away: Iterable[Fault], parent: pulumi.Resource) -> None:
    """Tell of what the user's own values take away of what is relied on; `part` is the path of the chart's setting."""
    for path, told in taken_away:
        place = f"config.{NAMESPACE}:{part}.values.{path}"
        pulumi.log.warn(str(Problem(f"Pulumi.{pulumi.get_stack()}.yaml", place, told)), parent)


def install(
    chart: Chart, values: Mapping[str, Any], parent: pulumi.Resource, after: Sequence[pulumi.Resource]
) -> list[pulumi.Resource]:
    """The Release of `chart`, or nothing where the cluster has it already.

    `values` are what this program relies on; the user's own `chart.values` are merged over them, and their nulls go to
    Helm, which then leaves out the chart's default too. A failed install or upgrade is neither purged nor rolled back
    (`atomic`): its pods say what is wrong, and the next `up` mends it. Custom resource definitions are Helm's to
    install, and Helm never removes them.
    """
    if not chart.install:
        return []
    # A tenth of a second that a stack without charts need not wait for: it loads all of Pulumi's Helm and YAML.
    from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgs  # noqa: PLC0415

    name, repository = chart.source
    release = Release(
        chart.release,
        name=chart.release,
        namespace=chart.namespace,
        chart=name,
        version=chart.version,
        repository_opts=RepositoryOptsArgs(repo=repository) if repository else None,
        values=merge(values, chart.values),
        timeout=_INSTALL_TIMEOUT_SECONDS,
        max_history=_REVISIONS,
        opts=pulumi.ResourceOptions(parent=parent, depends_on=list(after)),
    )
    return [release]
