"""What users are promised, over 30 days."""

from catalog.model import Model
from catalog.quantities import Duration, Ratio


class LatencyObjective(Model):
    """The share of requests (`objective`, 0–1) that are answered within `threshold` seconds."""

    threshold: Duration
    objective: Ratio


class Slo(Model):
    """Service level objectives: the share of requests without a server error, and of those that are fast enough."""

    availability: Ratio | None = None
    latency: LatencyObjective | None = None
