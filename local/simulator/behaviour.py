"""How an application answers its requests and what it tells of them: what an image, or a scenario, can change."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

Seconds = Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Conduct(_Model):
    """The share of the answers that are 500 (0–1), and quantiles of their latency.

    With `listens` false nothing listens in the pod, neither for requests nor for Prometheus.
    """

    error_ratio: Ratio = 0.001
    p50_seconds: Seconds = 0.05
    p95_seconds: Seconds = 0.15
    listens: bool = True

    @model_validator(mode="after")
    def _in_order(self) -> "Conduct":
        if self.p50_seconds > self.p95_seconds:
            raise ValueError(f"p50_seconds {self.p50_seconds:g} is more than p95_seconds {self.p95_seconds:g}")
        return self


class Start(Conduct):
    """What a pod does for its first seconds, counted from when it was first seen to be ready."""

    seconds: Annotated[float, Field(gt=0, le=3600, allow_inf_nan=False)] = 20.0


class Behaviour(Conduct):
    """One version of an application.

    `start` is how it is before it is warm, `arriving` the share (0–1) of the requests meant for it that reach it.

    What it tells of them may be odd. `hangs`: a scrape is accepted and never answered. `not_numbers`: every sample of
    the contract is NaN, or what is observed as a duration is, which then falls into no bucket. `user_labels`: a
    counter of its own is by user, or the contract's metrics are. `distinct_ids`: paths are not templated, and so many
    ids are asked for on each route that has one.

    With `first_of_route_fails` each pod answers the first request of each of its routes with 500; without
    `initialises_errors` a series of errors is born with its first one, where the contract asks for a 0 before it.
    """

    start: Start | None = None
    arriving: Ratio = 1.0
    hangs: bool = False
    not_numbers: Literal["samples", "durations"] | None = None
    user_labels: Literal["beside", "within"] | None = None
    distinct_ids: Annotated[int, Field(ge=0, le=1000)] = 0
    first_of_route_fails: bool = False
    initialises_errors: bool = True

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """A behaviour may be told by its name alone."""
        if not isinstance(value, str):
            return value
        if value not in BEHAVIOURS:
            raise ValueError(f"no behaviour is called {value!r}; there are {', '.join(BEHAVIOURS)}")
        return BEHAVIOURS[value].model_dump()

    def conduct(self, age_seconds: float) -> Conduct:
        """How a pod of that age answers."""
        return self.start if self.start and age_seconds < self.start.seconds else self


BEHAVIOURS: Mapping[str, Behaviour] = {
    "good": Behaviour(),
    "fair": Behaviour(error_ratio=0.005, p50_seconds=0.07, p95_seconds=0.2),
    "bad-errors": Behaviour(error_ratio=0.1),
    "slow": Behaviour(p50_seconds=0.25, p95_seconds=0.6),
    "down": Behaviour(listens=False),
    "no-traffic": Behaviour(arriving=0),
    "nan": Behaviour(not_numbers="samples"),
    "nan-latency": Behaviour(not_numbers="durations"),
    "slow-start": Behaviour(start=Start(p50_seconds=1, p95_seconds=3)),
    "bad-start": Behaviour(start=Start(error_ratio=0.3)),
    "late-start": Behaviour(start=Start(listens=False)),
    "forbidden-labels": Behaviour(user_labels="beside"),
    "labelled-requests": Behaviour(user_labels="within"),
    "path-explosion": Behaviour(distinct_ids=100),
    "hangs": Behaviour(hangs=True),
    "newborn-errors": Behaviour(first_of_route_fails=True, initialises_errors=False),
    "first-request-fails": Behaviour(first_of_route_fails=True),
}
"""Behaviours by name. A pod whose image has one of the names as its tag behaves so."""


class Scenario(_Model):
    """What is otherwise with one service; what is left out stays as it is without a scenario."""

    requests_per_second: Annotated[float, Field(ge=0, le=10_000)] | None = None
    stable: Behaviour | None = None
    canary: Behaviour | None = None

    def behaviour(self, *, is_canary: bool, image_tags: tuple[str, ...]) -> Behaviour:
        """How a pod behaves: as its side of the release is told to, else as its image says, else well."""
        told = self.canary if is_canary else self.stable
        named = (BEHAVIOURS[tag] for tag in image_tags if tag in BEHAVIOURS)
        return told or next(named, BEHAVIOURS["good"])

    def traffic(self, service: str) -> float:
        """Requests per second to the whole service: 20 to 60 by its name, so that services can be told apart."""
        return 20.0 + crc32(service.encode()) % 41 if self.requests_per_second is None else self.requests_per_second


ServiceName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")]
"""`namespace/service`."""

Scenarios = TypeAdapter(dict[ServiceName, Scenario], config=ConfigDict(title="scenarios by namespace/service"))
"""JSON such as `{"apis/seedtest-api": {"requests_per_second": 5, "stable": "slow", "canary": {"error_ratio": 0.5}}}`.

A behaviour is the name of one, or what is otherwise than in the good one.
"""

Changes = TypeAdapter(
    dict[ServiceName, Scenario | None], config=ConfigDict(title="changes of scenarios by namespace/service")
)
"""The same, with null for a service that is to be without one; services that are not named stay as they are."""
