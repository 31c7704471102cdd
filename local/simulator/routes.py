"""The routes of every simulated application, and which of them a request is for."""

import random
from dataclasses import dataclass

ERROR = "500"

_ID = "{id}"


@dataclass(frozen=True)
class Route:
    """One route: its share of the requests (0–1), and which way it leans from the median latency (-1 to 1).

    Statuses are of the client's making and come with their share of the answers (0–1); the rest are `success`.
    """

    method: str
    path: str
    share: float
    lean: float
    success: str = "200"
    refusal: str = "404"
    refused: float = 0.0

    @property
    def statuses(self) -> tuple[str, str, str]:
        """What it can answer."""
        return self.success, self.refusal, ERROR

    @property
    def has_id(self) -> bool:
        """Whether its path names one of many."""
        return _ID in self.path

    def path_of(self, number: int) -> str:
        """The path as it is asked for."""
        return self.path.replace(_ID, str(number))


ROUTES = (
    Route("GET", "/courses", 0.30, -0.4),
    Route("GET", "/courses/{id}", 0.25, -0.2, refused=0.02),
    Route("GET", "/users/{id}", 0.15, 0.0, refused=0.01),
    Route("POST", "/answers", 0.12, 0.5, success="201", refusal="422", refused=0.03),
    Route("POST", "/sessions", 0.08, 0.5, success="201", refusal="401", refused=0.05),
    Route("PUT", "/users/{id}", 0.06, 0.5, refused=0.01),
    Route("GET", "/reports/{id}", 0.04, 1.0, refused=0.02),
)
"""Shares add up to 1. Shares times leans add up to 0, so that slow routes are slow and the quantiles of all of them
together are still what the behaviour says."""


def drawn(numbers: random.Random, rank: float) -> Route:
    """A route for a request of that rank among the latencies (0–1): slower routes are likelier for slower requests."""
    weights = [route.share * (1 + route.lean * (2 * rank - 1)) for route in ROUTES]
    return numbers.choices(ROUTES, weights)[0]
