"""The simulator's HTTP server: a proxy for Prometheus, and a control for people and tests.

Prometheus asks a proxy for `http://10.244.0.7:8006/metrics?pod=apis/univprepai-api-5d4f-x1` as it would ask that pod;
paths of the server itself are `/scenarios` (GET; PUT for all, PATCH for some of them), `/healthz` and `/readyz`.
"""

import http.client
import select
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from pydantic import ValidationError

from local.cluster.ports import LOOPBACK
from local.monitoring.configuration import POD_PARAMETER
from local.simulator.behaviour import Changes, Scenarios
from local.simulator.cluster_view import PodView
from local.simulator.simulation import Simulation

SCENARIOS_PATH = "/scenarios"
LARGEST_BODY_BYTES = 2**20
FORWARD_SECONDS = 10.0

HANG_SECONDS = 120.0
"""Longer than any scrape waits: who has asked gives up first."""

_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """What is sent back."""

    status: HTTPStatus
    body: bytes
    content_type: str = _TEXT


class Network:
    """Answers for the pods; `programs` are the ports of programs that a pod stands for, by name."""

    def __init__(self, simulation: Simulation, programs: Mapping[str, int]) -> None:
        self._simulation, self._programs = simulation, programs

    def get(self, url: str, accept: str) -> Reply | None:
        """What the pod at `url` answers: its metrics, whatever path the scrape has been told they are at.

        None where it takes the request and never answers.
        """
        parts = urlsplit(url)
        name = "".join(parse_qs(parts.query).get(POD_PARAMETER, []))
        pod = self._simulation.pod(name)
        if pod is None or pod.address != parts.hostname:
            return _unreachable(f"there is no ready pod {name or 'without a name'} at {parts.hostname}")
        if parts.port not in pod.ports:
            return _unreachable(f"no container of {name} has the port {parts.port}")
        if pod.stands_for:
            return self._forward(pod, parts.path, accept)
        if self._simulation.hangs(pod):
            return None
        exposed = self._simulation.exposition(pod, accept)
        if exposed is None:
            return _unreachable(f"nothing listens in {name}")
        return Reply(HTTPStatus.OK, *exposed)

    def _forward(self, pod: PodView, path: str, accept: str) -> Reply:
        """What the program says for which the pod stands."""
        port = self._programs.get(pod.stands_for)
        if port is None:
            return _unreachable(f"{pod.namespace}/{pod.name} stands for {pod.stands_for}, which does not run here")
        connection = http.client.HTTPConnection(LOOPBACK, port, timeout=FORWARD_SECONDS)
        try:
            connection.request("GET", path, headers={"Accept": accept})
            answer = connection.getresponse()
            return Reply(HTTPStatus(answer.status), answer.read(), answer.getheader("Content-Type", _TEXT))
        except (OSError, http.client.HTTPException) as error:
            return _unreachable(f"{pod.stands_for} does not answer: {error}")
        finally:
            connection.close()


def _unreachable(why: str) -> Reply:
    return Reply(HTTPStatus.BAD_GATEWAY, f"{why}\n".encode())


class Health(Protocol):
    """What `/healthz` (what has not been seen yet) and `/readyz` (what is seen as it was) tell."""

    @property
    def unlisted(self) -> list[str]:
        """Kinds of objects, one line each."""

    @property
    def faults(self) -> list[str]:
        """Kinds of objects and why, one line each."""


class Control:
    """The server's own paths."""

    def __init__(self, simulation: Simulation, health: Health) -> None:
        self._simulation, self._health = simulation, health

    def get(self, path: str) -> Reply:
        """The scenarios that are played, or how the simulator is."""
        if path == SCENARIOS_PATH:
            played = Scenarios.dump_json(dict(self._simulation.scenarios), indent=2, exclude_none=True)
            return Reply(HTTPStatus.OK, played + b"\n", _JSON)
        if path not in ("/healthz", "/readyz"):
            return Reply(HTTPStatus.NOT_FOUND, b"there is nothing here\n")
        wrong = self._health.unlisted if path == "/healthz" else self._health.faults
        status = HTTPStatus.SERVICE_UNAVAILABLE if wrong else HTTPStatus.OK
        return Reply(status, ("\n".join(wrong) or "ok").encode() + b"\n")

    def put(self, path: str, body: bytes) -> Reply:
        """Play the scenarios of the body, and no others."""
        if path != SCENARIOS_PATH:
            return Reply(HTTPStatus.NOT_FOUND, b"there is nothing here\n")
        try:
            self._simulation.play(Scenarios.validate_json(body))
        except ValidationError as error:
            return _refused(error)
        return self.get(path)

    def patch(self, path: str, body: bytes) -> Reply:
        """Play the scenarios of the body besides those of other services; null ends that of a service."""
        if path != SCENARIOS_PATH:
            return Reply(HTTPStatus.NOT_FOUND, b"there is nothing here\n")
        try:
            self._simulation.change(Changes.validate_json(body))
        except ValidationError as error:
            return _refused(error)
        return self.get(path)


def _refused(error: ValidationError) -> Reply:
    faults = (f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
    return Reply(HTTPStatus.BAD_REQUEST, ("\n".join(faults) + "\n").encode())


def serve(port: int, network: Network, control: Control) -> ThreadingHTTPServer:
    """A server on the loopback address that answers each request in a thread of its own; the caller runs it."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Prometheus's requests name a host, the others only a path."""
            proxied = self.path.startswith("http://")
            accept = self.headers.get("Accept", "")
            self._reply(network.get(self.path, accept) if proxied else control.get(self.path))

        def do_PUT(self) -> None:
            """Only for the control, as the next one."""
            self._write(control.put)

        def do_PATCH(self) -> None:
            self._write(control.patch)

        def _write(self, told: Callable[[str, bytes], Reply]) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            if length > LARGEST_BODY_BYTES:
                self._reply(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, b"too long\n"))
                return
            self._reply(told(self.path, self.rfile.read(length)))

        def _reply(self, reply: Reply | None) -> None:
            if reply is None:
                self._hang()
                return
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def _hang(self) -> None:
            """Say nothing until the other end has given up."""
            self.close_connection = True
            select.select([self.connection], [], [], HANG_SECONDS)

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing: there are several scrapes every second."""

    return ThreadingHTTPServer((LOOPBACK, port), Handler)
