"""How many pods there are, and how many may be missing."""

import re
from typing import Annotated

from pydantic import Field, PlainValidator, WithJsonSchema

from catalog.model import Model, whole
from catalog.quantities import Amount, Ratio
from catalog.texts import Form, Labels, shown

Pods = Annotated[int, *whole("a number of pods", 1, 1000)]
MetricName = Annotated[str, Form(r"[a-zA-Z][-\w.:]*", "the name of a metric", "http_requests_per_second")]


class ExternalMetric(Model):
    """A metric that the cluster offers (as prometheus-adapter or KEDA do), held at `average` for each pod."""

    name: MetricName
    labels: Labels = Field(default_factory=dict)
    average: Amount


class Autoscaling(Model):
    """Between `min` and `max` pods, so that they use that much (0–1) of the `cpu` or `memory` they request.

    `external` is a metric that the cluster offers. Of several, the one that wants most pods wins.
    """

    min: Pods
    max: Pods
    cpu: Ratio | None = None
    memory: Ratio | None = None
    external: ExternalMetric | None = None


def _pods_or_share(value: object) -> int | str:
    if isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 1000:
        return value
    if isinstance(value, str) and (match := re.fullmatch(r"([1-9]\d?)\s*%", value, re.ASCII)):
        return f"{match[1]}%"
    raise ValueError(f"{shown(value)} is neither a number of pods (1–1000) nor a share of them (1%–99%)")


class DisruptionBudget(Model):
    """How many pods may be missing while nodes are drained: a number, or a share such as `25%`."""

    max_unavailable: Annotated[
        int | str,
        PlainValidator(_pods_or_share),
        WithJsonSchema(
            {
                "anyOf": [
                    {"type": "integer", "minimum": 1, "maximum": 1000},
                    {"type": "string", "pattern": r"^[1-9]\d?\s*%$"},
                ]
            }
        ),
    ]
