"""Telling a running simulator what to play."""

import http.client
from collections.abc import Mapping

from local.cluster import ports
from local.cluster.api import ask
from local.errors import LocalError
from local.simulator.behaviour import Changes, Scenario, Scenarios
from local.simulator.server import SCENARIOS_PATH
from local.state import State


def play(state: State, scenarios: Mapping[str, Scenario]) -> None:
    """Play these scenarios, by `namespace/service`, and no others; none at all lets every service be well again.

    Raises LocalError where no simulator runs.
    """
    _tell(state, "PUT", Scenarios.dump_json(dict(scenarios), exclude_none=True))


def play_one(state: State, service: str, scenario: Scenario | None) -> None:
    """Play this scenario with `service` (`namespace/service`), and leave those of others as they are.

    None lets it be as its images say. Raises LocalError where no simulator runs.
    """
    _tell(state, "PATCH", Changes.dump_json({service: scenario}))


def _tell(state: State, method: str, body: bytes) -> None:
    port = ports.recorded(state).get("simulator")
    if port is None:
        raise LocalError("no simulator is running: run `make up`, or `python -m local.cluster start`")
    try:
        answer = ask(f"http://{ports.LOOPBACK}:{port}{SCENARIOS_PATH}", method=method, body=body)
    except (OSError, http.client.HTTPException) as error:
        raise LocalError(f"the simulator does not answer: {error}; `make up` starts it again") from error
    if answer.status != http.client.OK:
        raise LocalError(f"the simulator refused the scenarios: {answer.body.decode(errors='replace').strip()}")
