"""`api-observability conformance`, run for real: what applications keep, what they break, and what cannot be read."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.simulator.application import Application
from local.simulator.behaviour import Behaviour
from local.state import CHECKOUT
from local.waiting import wait_until
from tests.adapter import running, serving
from tests.adapter.asking import ask, status_of
from tests.adapter.expositions import INSTRUMENTATOR, constant, exposing
from tests.adapter.oddities import Server
from tests.adapter.running import Adapter

COLUMN = 79


def told(url: str, *more: str) -> "subprocess.CompletedProcess[str]":
    """What the command says of an address."""
    return subprocess.run(
        [sys.executable, "-m", "cli", "conformance", url, *more],
        cwd=CHECKOUT,
        env={**os.environ, "COLUMNS": str(2 * COLUMN + 2)},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )


def breaches(table: str) -> dict[str, str]:
    """How each breach of the table is mended; cells are broken into lines where they are too long for the terminal."""
    rows = table.rpartition("\n\n")[0].partition("\n")[2].split("\n\n")
    cells = [
        ([line[:COLUMN] for line in row.splitlines()], [line[COLUMN:] for line in row.splitlines()]) for row in rows
    ]
    return {" ".join("".join(left).split()): " ".join(" ".join(right).split()) for left, right in cells}


def simulated(accept: str) -> tuple[bytes, str]:
    APPLICATION.tick(50, Behaviour())
    return APPLICATION.exposition(accept)


APPLICATION = Application("univprepai-api", "a-pod", seed=1)


@pytest.fixture(scope="module")
def exposed() -> Iterator[str]:
    """The address of a server with expositions."""
    each = {
        "/instrumentator": constant(INSTRUMENTATOR),
        "/simulated": simulated,
        "/page": constant("<!doctype html><p>Hello", "text/html"),
        "/untyped": constant("other_total 1\n", ""),
        "/cut": constant("other_total 1\n", "application/openmetrics-text; version=1.0.0"),
    }
    with exposing(each) as port:
        yield f"http://127.0.0.1:{port}"


def test_the_adapter_keeps_the_contract_before_and_after_requests(adapter: Adapter) -> None:
    for target in ("/users/1", "/form", "/status?code=503", "/no/such/page"):
        status_of(adapter.port, target)
    found = told(f"http://127.0.0.1:{adapter.port}", "--service", "mpcstudy-api", "--stack", "prod")
    assert found.returncode == 0, found.stdout
    assert "/metrics keeps the metrics contract (20 scrapes, " in found.stdout
    assert "20 scrapes of http://" in found.stderr


def test_an_instrumented_application_keeps_it(tmp_path: Path) -> None:
    with serving.instrumented(tmp_path) as port:
        assert ask(port, "/users/1").status == 200
        found = told(f"http://127.0.0.1:{port}/metrics")
    assert (found.returncode, "keeps the metrics contract" in found.stdout) == (0, True)


def test_so_do_its_workers_together(tmp_path: Path) -> None:
    with serving.instrumented(tmp_path, "--workers", "3") as port:
        assert [status_of(port, "/users/1") for _ in range(20)] == [200] * 20
        assert told(f"http://127.0.0.1:{port}/metrics").returncode == 0


def test_workers_that_each_count_their_own_are_told_with_what_mends_it(tmp_path: Path) -> None:
    with serving.instrumented(tmp_path, "--workers", "3", together=False) as port:
        wait_until(lambda: len({ask(port, "/users/1").body for _ in range(20)}) > 1, 60, "several workers to answer")
        found = told(f"http://127.0.0.1:{port}/metrics")
        for _ in range(10):  # which of them the metrics are asked of is the kernel's choice
            found = found if found.returncode else told(f"http://127.0.0.1:{port}/metrics")
    assert found.returncode == 1
    ((breach, mend),) = breaches(found.stdout).items()
    assert breach.startswith("went back from one scrape to the next: ")
    assert mend == "have all workers count together, or run one a pod (docs/instrumenting.md)"


def test_the_simulated_application_keeps_it_in_openmetrics_as_prometheus_asks_for_it(exposed: str) -> None:
    assert ask(int(exposed.rpartition(":")[2]), "/simulated").header("Content-Type") != "text/html"
    found = told(f"{exposed}/simulated", "--service", "univprepai-api")
    assert (found.returncode, "keeps the metrics contract" in found.stdout) == (0, True)


def test_thresholds_of_the_services_entry_are_asked_for(exposed: str) -> None:
    found = told(f"{exposed}/simulated", "--service", "seedtest-api", "--stack", "prod")
    assert found.returncode == 1
    assert found.stdout.splitlines()[0].split() == ["BREACH", "HOW", "TO", "MEND", "IT"]
    assert breaches(found.stdout) == {
        "service is univprepai-api, and Prometheus calls it seedtest-api": "say the name of its Kubernetes Service, or "
        "leave the label out"
    }


def test_the_defaults_of_the_best_known_library_are_told_one_by_one(exposed: str) -> None:
    found = told(f"{exposed}/instrumentator")
    assert found.returncode == 1
    rows = breaches(found.stdout)
    for metric in ("http_requests_total", "http_request_duration_seconds"):
        assert rows[f"{metric} has the label handler, which is not the contract's"] == "call it path"
        assert f"{metric} lacks the label path" in rows
    assert rows["status is 2xx, 4xx"] == "say the code itself, such as 200"
    for breach in ("lacks the label status", "has no bucket of 0.3 s"):
        assert f"http_request_duration_seconds {breach}" in rows
    assert "http_requests_total has no series of a server error for GET" in rows
    assert found.stdout.splitlines()[-1].startswith(f"{exposed}/instrumentator breaks the metrics contract in 9 ways")
    assert len(rows) == 9


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/none", "answers 404 Not Found: is that where the metrics are?"),
        ("/page", "is no exposition of metrics: "),
        ("/cut", "is no exposition of metrics: Missing # EOF at end"),
    ],
)
def test_what_is_no_exposition_is_told_in_one_line(exposed: str, path: str, reason: str) -> None:
    found = told(f"{exposed}{path}")
    assert (found.returncode, found.stdout) == (1, "")
    (line,) = found.stderr.splitlines()[1:]
    assert line.startswith(f"error: {exposed}{path} {reason}")


def test_an_answer_without_a_content_type_is_a_breach(exposed: str) -> None:
    found = told(f"{exposed}/untyped")
    assert found.returncode == 1
    assert "there is no Content-Type, and Prometheus refuses to read it" in breaches(found.stdout)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/closes", "cannot be read (Remote end closed connection without response): does the application run"),
        ("/garbage", "cannot be read (this is no HTTP): does the application run"),
        ("/cut", "cannot be read (IncompleteRead(9 bytes read, 991 more expected)): does the application run"),
        ("/silent", "gave no answer within 10 s, which is Prometheus's patience"),
    ],
)
def test_an_address_that_does_not_answer_well_is_told_in_one_line(odd: Server, path: str, reason: str) -> None:
    url = f"http://127.0.0.1:{odd.port}{path}"
    found = told(url)
    (line,) = found.stderr.splitlines()[1:]
    assert (found.returncode, found.stdout) == (1, "")
    assert line.startswith(f"error: {url} {reason}")


def test_nobody_there_and_no_address_are_told_in_one_line() -> None:
    url = f"http://127.0.0.1:{running.free_port()}/metrics"
    found = told(url)
    reason = "(Connection refused): does the application run, and is it http?"
    assert (found.returncode, found.stderr.splitlines()[1:]) == (1, [f"error: {url} cannot be read {reason}"])
    for text in ("127.0.0.1:8006", "ftp://a/metrics", "http://"):
        found = told(text)
        assert found.stderr == f"error: {text!r} is no address such as http://127.0.0.1:8006/metrics\n"


def test_a_service_that_is_none_is_told_in_one_line() -> None:
    found = told("http://127.0.0.1:1", "--service", "seedtestapi", "--stack", "dev")
    (line,) = found.stderr.splitlines()
    assert "stack dev has no service 'seedtestapi' — did you mean 'seedtest-api'?" in line
