"""How a new version takes over: steps, and what the canary must prove on the way."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainValidator, Tag, WithJsonSchema

from catalog.model import KIND, Model, Seconds, Weight, variant, whole
from catalog.quantities import Duration, Ratio
from catalog.texts import shown


class SetWeight(Model):
    """Send `set_weight` percent (1–100) of the traffic to the canary."""

    set_weight: Weight


def _pause(value: object) -> Duration | Literal["forever"]:
    if value == "forever":
        return "forever"
    try:
        return Duration.parse(value)
    except ValueError as error:
        raise ValueError(f"{error}, nor 'forever'") from None


class Pause(Model):
    """Wait: for a duration, or, with `pause: forever`, until a person promotes."""

    pause: Annotated[
        Duration | Literal["forever"],
        PlainValidator(_pause),
        WithJsonSchema({"anyOf": [{"const": "forever"}, Duration.json_schema]}),
    ]


def _true(value: object) -> object:
    if value is not True:
        raise ValueError(f"{shown(value)} — write 'true', or leave it out")
    return value


class Analysis(Model):
    """Hold the canary against its criteria and go on only if it meets them."""

    analysis: Annotated[Literal[True], BeforeValidator(_true)]


class CanaryScale(Model):
    """How many canary pods there are, apart from the traffic they get: exactly one of the three."""

    replicas: Annotated[int, *whole("a number of pods", 1, 1000)] | None = None
    weight: Weight | None = None
    match_traffic_weight: Annotated[Literal[True], BeforeValidator(_true)] | None = None


class SetCanaryScale(Model):
    """Scale the canary before, or apart from, the traffic it gets; only where a router splits the traffic."""

    set_canary_scale: CanaryScale


Step = Annotated[
    Annotated[SetWeight, Tag(f"{KIND}setWeight")]
    | Annotated[Pause, Tag(f"{KIND}pause")]
    | Annotated[Analysis, Tag(f"{KIND}analysis")]
    | Annotated[SetCanaryScale, Tag(f"{KIND}setCanaryScale")],
    variant("a step", "setWeight", "pause", "analysis", "setCanaryScale"),
]


class RatioMargin(Model):
    """How much worse than stable a canary's ratio may be: `factor` times as much and `margin` (0–1) on top."""

    factor: float = Field(ge=1, le=100, default=1)
    margin: Ratio = Ratio(0)


class LatencyMargin(Model):
    """How much slower than stable a canary may be: `factor` times as slow and `margin` seconds on top."""

    factor: float = Field(ge=1, le=100, default=1)
    margin: Duration | None = None


class Comparison(Model):
    """Criteria relative to the pods that run already: what is wrong with both is not the canary's fault."""

    error_rate: RatioMargin | None = None
    p95: LatencyMargin | None = None
    p99: LatencyMargin | None = None


Criterion = Literal["errorRate", "p95", "p99"]


class AnalysisCriteria(Model):
    """When a canary is good enough.

    `p95` and `p99` in seconds and `error_rate` as a ratio 0–1 are limits that a measurement must stay below. One
    measurement is taken every `interval` seconds, over the last `window` seconds (the interval, or four scrapes, where
    left out), `count` times; the canary is rolled back at failed measurement number `rollback_after_failures`.

    A measurement fails where a limit is exceeded by more than chance: by errors among n requests from
    L + 2.33 * sqrt(L / n) on, where L is `error_rate`, and by p95 and p99 alike, with 5 % and 1 % for L and the slower
    requests for errors. One that is over the limit by less decides nothing, and the next one is asked.

    A measurement of fewer than `minimum_requests` requests is none (where left out: so many that a single error does
    not exceed the error rate), and `on_no_traffic` says what follows from that. A Prometheus outage shorter than
    `survive_outage_of` seconds decides nothing. What is named in `dry_run` is measured and never decides; of each run
    the last `keep` measurements are kept.
    """

    p95: Duration | None = None
    p99: Duration | None = None
    error_rate: Ratio | None = None
    compare_with_stable: Comparison | None = None
    interval: Duration
    window: Duration | None = None
    count: Annotated[int, *whole("a number of measurements", 1, 1000)]
    rollback_after_failures: Annotated[int, *whole("a number of failures", 1, 1000)]
    minimum_requests: Annotated[int, *whole("a number of requests", 1, 10**9)] | None = None
    on_no_traffic: Literal["pause", "rollback", "pass"]
    survive_outage_of: Duration
    dry_run: list[Criterion] = Field(default_factory=list)
    keep: Annotated[int, *whole("a number of measurements to keep", 1, 1000)]


class CanaryPlan(Model):
    """How a new version gets its traffic, step by step, and how long each part of that may take.

    With `background` the criteria are also measured beside the steps, from the first weight on and twice a scrape
    (whatever `analysis.interval` says), which only ever rolls back. A pod counts as available `min_ready` seconds after
    it became ready; a release without progress for `progress_deadline` seconds fails, and is taken back where
    `abort_at_deadline`. A version that ran within the last `rollback_window` revisions comes back without steps. With a
    router an aborted canary keeps its pods for `abort_scale_down_delay` seconds, and with `dynamic_stable_scale` the
    stable pods become fewer as the canary's become more.
    """

    steps: list[Step] = Field(min_length=1)
    analysis: AnalysisCriteria
    background: bool
    min_ready: Seconds | None = None
    progress_deadline: Seconds
    abort_at_deadline: bool
    rollback_window: Annotated[int, *whole("a number of revisions", 1, 100)] | None = None
    revision_history_limit: Annotated[int, *whole("a number of revisions", 1, 100)]
    abort_scale_down_delay: Seconds | None = None
    dynamic_stable_scale: bool
