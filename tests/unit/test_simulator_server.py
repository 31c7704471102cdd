"""What Prometheus gets through the simulator's proxy, and what the control does."""

import http.client
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from local.cluster.ports import LOOPBACK
from local.simulator.behaviour import BEHAVIOURS, Scenario
from local.simulator.cluster_view import PodView, Sight
from local.simulator.server import Control, Network, serve
from local.simulator.simulation import Simulation
from tests.unit.simulated_cluster import PORT, SERVICE, SPACE, SimulatedCluster

CONTROLLER = PodView(
    "argo-rollouts", "argo-rollouts-0", "10.244.9.9", ready=True, ports=frozenset({8090}), stands_for="controller"
)
OLD_POD = f"http://10.244.1.0:{PORT}/metrics?pod=apis%2Fa-api-5d4f-0"
NEW_POD = f"http://10.244.2.0:{PORT}/metrics?pod=apis%2Fa-api-7c9b-0"
OF_CONTROLLER = "http://10.244.9.9:8090/metrics?pod=argo-rollouts%2Fargo-rollouts-0"


@dataclass
class Health:
    """How the simulator sees the cluster."""

    unlisted: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


@dataclass
class Bench:
    """A running server over a cluster put together by hand."""

    cluster: SimulatedCluster
    simulation: Simulation
    health: Health
    port: int

    def ask(self, path: str, method: str = "GET", body: object = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=60)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def served(self, url: str) -> float:
        """How many requests the application at `url` has counted."""
        status, text = self.ask(url)
        assert status == 200, text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith("http_requests_total"))


@pytest.fixture
def controller() -> Iterator[int]:
    """The port of a program beside the cluster."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(f"asked {self.path}".encode())

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    with ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def bench(controller: int) -> Iterator[Bench]:
    cluster, health = SimulatedCluster(old=4, new=1), Health()

    def sight() -> Sight:
        seen = cluster.sight()
        return Sight({**seen.pods, (CONTROLLER.namespace, CONTROLLER.name): CONTROLLER}, seen.rollouts, seen.selectors)

    simulation = Simulation(sight)
    network = Network(simulation, {"controller": controller})
    with serve(0, network, Control(simulation, health)) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Bench(cluster, simulation, health, server.server_port)
        server.shutdown()


def test_a_pod_answers_at_its_address_with_what_it_has_served(bench: Bench) -> None:
    assert bench.served(OLD_POD) == 0
    for _ in range(60):
        bench.simulation.tick()
    first = bench.served(OLD_POD)
    assert first > 0
    bench.simulation.tick()
    assert bench.served(OLD_POD) > first


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://10.244.1.0:8001/metrics", "there is no ready pod without a name at 10.244.1.0"),
        ("http://10.244.1.0:8001/metrics?pod=apis/gone", "there is no ready pod apis/gone at 10.244.1.0"),
        (OLD_POD.replace("10.244.1.0", "10.244.7.7"), "there is no ready pod apis/a-api-5d4f-0 at 10.244.7.7"),
        (OLD_POD.replace(":8001", ":8002"), "no container of apis/a-api-5d4f-0 has the port 8002"),
    ],
)
def test_an_address_without_an_application_is_an_error_of_the_network(bench: Bench, url: str, why: str) -> None:
    assert bench.ask(url) == (502, f"{why}\n")


def test_a_pod_that_is_gone_or_not_ready_answers_no_more(bench: Bench) -> None:
    assert bench.served(NEW_POD) == 0
    bench.cluster.new = 0
    assert bench.ask(NEW_POD)[0] == 502
    bench.cluster.unready = frozenset({f"{SERVICE}-5d4f-0"})
    assert bench.ask(OLD_POD)[0] == 502


def test_a_new_pod_of_an_old_name_begins_at_0(bench: Bench) -> None:
    bench.simulation.tick()
    bench.cluster.new = 0
    bench.simulation.tick()
    bench.cluster.new = 1
    assert bench.served(NEW_POD) == 0


def test_a_pod_that_stands_for_a_program_answers_as_the_program_does(bench: Bench) -> None:
    assert bench.ask(OF_CONTROLLER) == (200, "asked /metrics")


def test_a_program_that_does_not_run_is_an_error_of_the_network(bench: Bench) -> None:
    replies = [Network(bench.simulation, ports).get(OF_CONTROLLER, "") for ports in ({"controller": 1}, {})]
    assert [reply and reply.status for reply in replies] == [502, 502]
    assert replies[0]
    assert replies[0].body.startswith(b"controller does not answer: ")


def test_an_image_behaves_as_its_tag_says(bench: Bench) -> None:
    bench.cluster.new_tag = "down"
    assert bench.ask(NEW_POD) == (502, "nothing listens in apis/a-api-7c9b-0\n")
    assert bench.ask(OLD_POD)[0] == 200


def test_a_target_that_hangs_takes_the_scrape_and_never_answers(bench: Bench) -> None:
    bench.cluster.new_tag = "hangs"
    connection = http.client.HTTPConnection(LOOPBACK, bench.port, timeout=0.5)
    connection.request("GET", NEW_POD)
    with pytest.raises(TimeoutError):
        connection.getresponse()
    connection.close()
    assert bench.ask(OLD_POD)[0] == 200


def test_a_scenario_is_played_until_it_is_taken_back(bench: Bench) -> None:
    scenario = {f"{SPACE}/{SERVICE}": {"requests_per_second": 0.0, "canary": "down"}}
    assert bench.ask("/scenarios", "PUT", scenario)[0] == 200
    for _ in range(30):
        bench.simulation.tick()
    assert bench.served(OLD_POD) == 0
    assert bench.ask(NEW_POD)[0] == 502
    assert bench.ask("/scenarios", "PUT", {}) == (200, "{}\n")
    for _ in range(30):
        bench.simulation.tick()
    assert bench.served(OLD_POD) > 0
    assert bench.served(NEW_POD) > 0


def test_the_scenario_of_one_service_changes_and_those_of_others_stay(bench: Bench) -> None:
    bench.simulation.play({"apis/b-api": Scenario(requests_per_second=7)})
    assert bench.ask("/scenarios", "PATCH", {f"{SPACE}/{SERVICE}": {"canary": "slow"}})[0] == 200
    assert bench.simulation.scenarios == {
        "apis/b-api": Scenario(requests_per_second=7),
        f"{SPACE}/{SERVICE}": Scenario(canary=BEHAVIOURS["slow"]),
    }
    assert bench.ask("/scenarios", "PATCH", {f"{SPACE}/{SERVICE}": None})[0] == 200
    assert bench.simulation.scenarios == {"apis/b-api": Scenario(requests_per_second=7)}
    assert bench.ask("/scenarios", "PATCH", {"apis/b-api": {"canary": "broken"}})[0] == 400


def test_the_scenarios_that_are_played_can_be_put_again(bench: Bench) -> None:
    bench.simulation.play({f"{SPACE}/{SERVICE}": Scenario(requests_per_second=5, canary=BEHAVIOURS["slow"])})
    _, told = bench.ask("/scenarios")
    assert bench.ask("/scenarios", "PUT", json.loads(told)) == (200, told)


@pytest.mark.parametrize(
    ("scenarios", "fault"),
    [
        ({"a-api": {}}, "a-api.[key]: String should match pattern"),
        ({"apis/a-api": {"rps": 5}}, "apis/a-api.rps: Extra inputs are not permitted"),
        (
            {"apis/a-api": {"canary": "broken"}},
            "no behaviour is called 'broken'; there are good, fair, bad-errors, ",
        ),
        ({"apis/a-api": {"stable": {"error_ratio": 2}}}, "apis/a-api.stable.error_ratio: Input should be less than"),
        ({"apis/a-api": {"stable": {"p50_seconds": 1}}}, "p50_seconds 1 is more than p95_seconds 0.15"),
    ],
)
def test_a_scenario_with_a_fault_is_refused_and_told(bench: Bench, scenarios: object, fault: str) -> None:
    status, told = bench.ask("/scenarios", "PUT", scenarios)
    assert status == 400
    assert fault in told
    assert bench.ask("/scenarios") == (200, "{}\n")


def test_it_says_when_it_does_not_see_the_cluster(bench: Bench) -> None:
    assert [bench.ask(path)[0] for path in ("/healthz", "/readyz")] == [200, 200]
    bench.health.faults = ["Pod: the API server does not answer"]
    assert [bench.ask(path)[0] for path in ("/healthz", "/readyz")] == [200, 503]
    bench.health.unlisted = ["Pod: not listed yet"]
    assert bench.ask("/healthz") == (503, "Pod: not listed yet\n")


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH"])
def test_there_is_nothing_at_other_paths(bench: Bench, method: str) -> None:
    assert bench.ask("/metrics", method, {})[0] == 404
