"""How an application answers its requests, and how many there are: what a scenario can change."""

from collections.abc import Mapping
from typing import Annotated, Any
from zlib import crc32

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, model_validator

Seconds = Annotated[float, Field(gt=0, le=60, allow_inf_nan=False)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Behaviour(_Model):
    """One version of an application: the share of its answers that are 500 (0–1), and quantiles of its latency.

    With `listens` false nothing listens in its pods, neither for requests nor for Prometheus.
    """

    error_ratio: Annotated[float, Field(ge=0, le=1)] = 0.001
    p50_seconds: Seconds = 0.05
    p95_seconds: Seconds = 0.15
    listens: bool = True

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        """A behaviour may be told by its name alone."""
        if not isinstance(value, str):
            return value
        if value not in BEHAVIOURS:
            raise ValueError(f"no behaviour is called {value!r}; there are {', '.join(BEHAVIOURS)}")
        return BEHAVIOURS[value].model_dump()

    @model_validator(mode="after")
    def _in_order(self) -> "Behaviour":
        if self.p50_seconds > self.p95_seconds:
            raise ValueError(f"p50_seconds {self.p50_seconds:g} is more than p95_seconds {self.p95_seconds:g}")
        return self


BEHAVIOURS: Mapping[str, Behaviour] = {
    "good": Behaviour(),
    "bad-errors": Behaviour(error_ratio=0.1),
    "slow": Behaviour(p50_seconds=0.25, p95_seconds=0.6),
    "down": Behaviour(listens=False),
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


Scenarios = TypeAdapter(
    dict[Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]+/[a-z0-9-]+$")], Scenario],
    config=ConfigDict(title="scenarios by namespace/service"),
)
"""JSON such as `{"apis/seedtest-api": {"requests_per_second": 5, "stable": "slow", "canary": {"error_ratio": 0.5}}}`.

A behaviour is the name of one, or what is otherwise than in the good one.
"""
