"""A new configuration is put into force, or taken back where the program refuses it."""

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.cluster.ports import LOOPBACK
from local.monitoring.generations import CURRENT, Generations
from local.monitoring.reloading import Reloaded

GOOD, BAD, BETTER = ({"main.yaml": text, "rules/a/b.yaml": "x"} for text in ("good", "bad", "better"))


class Program:
    """Reads the file that is in force at every reload, and refuses what is bad."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / CURRENT / "main.yaml"
        self.reads: list[str] = []

    def reload(self) -> tuple[int, str]:
        """The status and body of the answer."""
        self.reads.append(self.file.read_text())
        return (500, "failed to reload config: it is bad") if self.reads[-1] == "bad" else (200, "")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    return Program(tmp_path)


@pytest.fixture
def url(program: Program) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = program.reload() if self.path == "/-/reload" else (404, "")
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing."""

    with http.server.ThreadingHTTPServer((LOOPBACK, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://{LOOPBACK}:{server.server_port}"
        server.shutdown()


@pytest.fixture
def reloaded(tmp_path: Path, url: str) -> Reloaded:
    return Reloaded("prometheus", url, Generations(tmp_path))


def in_force(folder: Path) -> dict[str, str]:
    current = folder / CURRENT
    return {str(path.relative_to(current)): path.read_text() for path in current.rglob("*") if path.is_file()}


def test_a_program_has_nothing_to_start_with_before_the_first_configuration(reloaded: Reloaded) -> None:
    reloaded.settle()
    assert not reloaded.configured
    reloaded.offer(GOOD)
    assert reloaded.configured


def test_a_new_configuration_is_in_force_and_read_and_the_old_one_gone(
    reloaded: Reloaded, program: Program, tmp_path: Path
) -> None:
    for files in (GOOD, BETTER):
        reloaded.offer(files)
        reloaded.settle()
    assert program.reads == ["good", "better"]
    assert in_force(tmp_path) == BETTER
    assert len(list(tmp_path.iterdir())) == 2, "the link and what it names"
    assert (reloaded.fault, reloaded.pending) == ("", False)


def test_the_same_configuration_is_not_read_again(reloaded: Reloaded, program: Program) -> None:
    for _ in range(3):
        reloaded.offer(GOOD)
        reloaded.settle()
    assert program.reads == ["good"]


def test_a_refused_configuration_is_told_and_the_last_good_one_stays_in_force(
    reloaded: Reloaded, program: Program, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    reloaded.offer(GOOD)
    reloaded.settle()
    reloaded.offer(BAD)
    reloaded.settle()
    fault = "prometheus refused its newest configuration: failed to reload config: it is bad"
    assert reloaded.fault == fault
    assert fault in caplog.messages
    assert in_force(tmp_path) == GOOD, "what a restart would read"
    assert program.reads == ["good", "bad", "good"]


def test_a_refused_configuration_is_not_tried_again_and_a_mended_one_is(
    reloaded: Reloaded, program: Program, tmp_path: Path
) -> None:
    for files in (GOOD, BAD, BAD, BETTER):
        reloaded.offer(files)
        reloaded.settle()
    assert program.reads == ["good", "bad", "good", "better"]
    assert reloaded.fault == ""
    assert in_force(tmp_path) == BETTER


def test_going_back_to_the_last_good_configuration_ends_the_fault(reloaded: Reloaded) -> None:
    for files in (GOOD, BAD, GOOD):
        reloaded.offer(files)
        reloaded.settle()
    assert (reloaded.fault, reloaded.pending) == ("", False)


def test_a_program_that_does_not_run_is_told_once_it_does(reloaded: Reloaded, program: Program, url: str) -> None:
    reloaded.url = f"http://{LOOPBACK}:1"
    reloaded.offer(GOOD)
    reloaded.settle()
    assert (reloaded.pending, reloaded.fault) == (True, "")
    reloaded.url = url
    reloaded.settle()
    assert (reloaded.pending, program.reads) == (False, ["good"])


def test_a_restarted_reloader_tells_once_more_what_is_in_force(
    reloaded: Reloaded, program: Program, tmp_path: Path, url: str
) -> None:
    reloaded.offer(GOOD)
    reloaded.settle()
    again = Reloaded("prometheus", url, Generations(tmp_path))
    assert again.configured
    again.offer(GOOD)
    again.settle()
    assert program.reads == ["good", "good"]


def test_a_generation_cut_short_by_a_kill_is_written_anew(tmp_path: Path) -> None:
    generations = Generations(tmp_path)
    name = generations.store(GOOD)
    half = tmp_path / f".{name}.new"
    (tmp_path / name).rename(half)
    (half / "main.yaml").unlink()
    generations.enforce(generations.store(GOOD))
    assert in_force(tmp_path) == GOOD
