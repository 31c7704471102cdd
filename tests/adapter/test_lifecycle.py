"""How the adapter starts, what it says, and how it ends."""

import http.client
import socket
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.waiting import wait_until
from tests.adapter import running
from tests.adapter.asking import ask, counted, status_of
from tests.adapter.oddities import Server
from tests.adapter.running import SERVICE

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def started(folder: Path, settings: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """An adapter that does not come up."""
    command, environment = running.adapter_command()
    return subprocess.run(
        command, check=False, env={**environment, **settings}, cwd=folder, capture_output=True, text=True, timeout=60
    )


def test_everything_wrong_with_the_settings_is_told_at_once_a_line_each(tmp_path: Path) -> None:
    told = started(tmp_path, {"ADAPTER_PORT": "80800", "ADAPTER_ROUTES": '["users"]', "ADAPTER_TIMEOUT": "5"})
    assert told.returncode == 2
    lines = told.stderr.splitlines()
    assert len(lines) == 5
    assert lines[0] == "error: ADAPTER_PORT: '80800' is not a port (1–65535)"
    assert all(line.startswith("error: ADAPTER_") for line in lines)


def test_a_port_that_is_taken_is_told_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = {"ADAPTER_PORT": str(port), "ADAPTER_UPSTREAM": "http://127.0.0.1:1", "ADAPTER_SERVICE": "a"}
        told = started(tmp_path, {**settings, "ADAPTER_HOST": "127.0.0.1"})
    assert (told.returncode, told.stderr) == (2, f"error: cannot listen on port {port}: Address already in use\n")


def test_a_request_that_has_begun_is_finished_and_no_other_is_taken(odd: Server, tmp_path: Path) -> None:
    odd.asked.clear()
    odd.go_on.clear()
    with running.adapter(tmp_path, odd.port) as adapter, ThreadPoolExecutor(2) as pool:
        idle = http.client.HTTPConnection("127.0.0.1", adapter.port)
        idle.request("GET", "/")
        idle.getresponse().read()
        begun = pool.submit(ask, adapter.port, "/later")
        wait_until(lambda: odd.asked["/later"] > 0, 60, "the request to have begun")
        ended = pool.submit(adapter.end)
        wait_until(lambda: not running.listens(adapter.port), 60, "no more connections to be taken")
        assert not begun.done() and not ended.done()
        odd.go_on.set()
        assert (begun.result().status, ended.result()) == (200, 0)
        assert [line["path"] for line in adapter.logged(2)] == ["/", "/later"]


def test_a_request_that_does_not_end_is_given_up_in_time(odd: Server, tmp_path: Path) -> None:
    with running.adapter(tmp_path, odd.port, {"ADAPTER_SHUTDOWN_TIMEOUT": "1"}) as adapter:
        odd.asked.clear()
        with socket.create_connection(("127.0.0.1", adapter.port)) as client:
            client.sendall(b"GET /silent HTTP/1.1\r\nHost: a\r\n\r\n")
            wait_until(lambda: odd.asked["/silent"] > 0, 60, "the request to have begun")
            assert adapter.end(15) == 0


def test_requests_are_logged_with_their_trace_and_without_their_query(php: int, tmp_path: Path) -> None:
    with running.adapter(tmp_path, php, {"ADAPTER_ROUTES": '["/users/{id}"]'}) as adapter:
        traced = [("traceparent", f"00-{TRACE}-00f067aa0ba902b7-01")]
        assert ask(adapter.port, "/users/12?password=secret", headers=traced).status == 200
        assert (
            ask(adapter.port, "/error", headers=[("traceparent", f"00-{'0' * 32}-00f067aa0ba902b7-01")]).status == 500
        )
        assert status_of(adapter.port, "/healthz") == 200
        first, second = adapter.logged(2)
        assert "secret" not in adapter.output.read_text() and TRACE not in str(counted(adapter.port))
    assert {key: first[key] for key in ("level", "service", "method", "path", "route", "status", "trace_id")} == {
        "level": "info",
        "service": SERVICE,
        "method": "GET",
        "path": "/users/12",
        "route": "/users/{id}",
        "status": 200,
        "trace_id": TRACE,
    }
    assert 0 < first["seconds"] < 10
    assert (second["level"], second["status"], "trace_id" in second) == ("warning", 500, False)


def test_a_refusal_is_logged_with_its_reason(tmp_path: Path) -> None:
    with running.adapter(tmp_path, running.free_port(), {"ADAPTER_LOG_LEVEL": "warning"}) as adapter:
        assert status_of(adapter.port) == 502
        assert [(line["level"], line["reason"]) for line in adapter.logged(1)] == [
            ("warning", "PHP takes no connections")
        ]


def test_nothing_else_is_said_where_answers_are_broken_off(odd: Server, tmp_path: Path) -> None:
    with running.adapter(tmp_path, odd.port) as adapter:
        with pytest.raises(http.client.IncompleteRead):
            ask(adapter.port, "/cut")
        asked = [("Connection", "Upgrade"), ("Upgrade", "websocket")]
        assert ask(adapter.port, "/chat", headers=asked).status == 426
        assert adapter.end() == 0
        assert [line["message"] for line in adapter.lines()] == ["listening", "request", "request"]
        assert (tmp_path / "adapter.errors").read_text() == ""


def test_it_writes_no_file(php: int, tmp_path: Path) -> None:
    """The root file system of its pod is read-only."""
    command, environment = running.adapter_command()
    port = running.free_port()
    settings = {"HOST": "127.0.0.1", "PORT": str(port), "UPSTREAM": f"http://127.0.0.1:{php}", "SERVICE": SERVICE}
    process = subprocess.Popen(
        ["sh", "-c", 'ulimit -f 0; exec "$@"', "sh", *command],
        env={**environment, **{f"ADAPTER_{name}": value for name, value in settings.items()}},
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: running.listens(port) or process.poll() is not None, 60, "the adapter's port")
        assert ask(port, "/body", "POST", body=bytes(10_000_000)).status == 200
        assert status_of(port, "/metrics") == 200
    finally:
        process.terminate()
        assert process.wait(30) == 0
    assert not list(tmp_path.iterdir())
