"""The programs of the tests: the adapter as its image installs it, PHP's own server, and a server that misbehaves."""

import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from local.errors import LocalError
from local.programs.cache import cache_folder, locked, writing
from local.programs.console import OPEN, say
from local.state import CHECKOUT
from local.waiting import wait_until
from tests.adapter.php import ensure_php

ADAPTER_FOLDER = CHECKOUT / "adapters" / "legacy_php"
APPLICATION = Path(__file__).parent / "php_app" / "app.php"
SERVICE = "mpcstudy-api"
PHP_WORKERS = 4

PYTHON = (sys.executable, "-S")
"""Without the packages of the tests."""

_START_SECONDS = 60
"""A cold disk and a busy machine: the adapter imports 60 MB of packages."""

_LINE_SECONDS = 60


@dataclass(frozen=True)
class Adapter:
    """A running adapter."""

    port: int
    process: subprocess.Popen[bytes]
    output: Path

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        text = self.output.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]

    def logged(self, requests: int) -> list[dict[str, Any]]:
        """The lines of so many requests; a line comes a moment after the answer."""
        found: list[dict[str, Any]] = []

        def are_there() -> bool:
            found[:] = [line for line in self.lines() if line["message"] == "request"]
            return len(found) >= requests

        wait_until(are_there, _LINE_SECONDS, f"{requests} requests in the log")
        return found

    def peak_megabytes(self) -> float:
        """The most memory it has ever had resident (on macOS, what it has now)."""
        status = Path(f"/proc/{self.process.pid}/status")
        if status.exists():
            peak = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
            return int(peak.split()[1]) / 1024
        told = subprocess.run(
            ["ps", "-o", "rss=", "-p", str(self.process.pid)], check=True, capture_output=True, text=True
        )
        return int(told.stdout) / 1024

    def open_files(self) -> int:
        """How many files and connections it holds."""
        folder = Path(f"/proc/{self.process.pid}/fd")
        if folder.exists():
            return len(list(folder.iterdir()))
        told = subprocess.run(["lsof", "-p", str(self.process.pid)], check=True, capture_output=True, text=True)
        return len(told.stdout.splitlines())

    def end(self, seconds: float = 30) -> int:
        """Tell it to end, as the kubelet does; returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


def adapter_command() -> tuple[list[str], dict[str, str]]:
    """What runs the adapter, and the environment that it takes: its locked packages, and no others."""
    path = os.pathsep.join((str(ADAPTER_FOLDER), *package_path()))
    return [*PYTHON, "-m", "legacy_php_adapter"], {"PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}


def package_path() -> list[str]:
    """Where the adapter's packages are, FastAPI and its server among them."""
    return [str(_packages())]


@contextmanager
def adapter(folder: Path, upstream: int, settings: Mapping[str, str] | None = None) -> Iterator[Adapter]:
    """An adapter on a free port, in front of that other port."""
    command, environment = adapter_command()
    environment |= {
        "ADAPTER_HOST": "127.0.0.1",
        "ADAPTER_PORT": str(port := free_port()),
        "ADAPTER_UPSTREAM": f"http://127.0.0.1:{upstream}",
        "ADAPTER_SERVICE": SERVICE,
        **(settings or {}),
    }
    output = folder / "adapter.jsonl"
    with output.open("wb") as file, (folder / "adapter.errors").open("wb") as errors:
        process = subprocess.Popen(command, env=environment, cwd=folder, stdout=file, stderr=errors)
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, _START_SECONDS, "the adapter's port")
        if process.poll() is not None:
            raise LocalError((folder / "adapter.errors").read_text())
        yield Adapter(port, process, output)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@contextmanager
def php(folder: Path, port: int, workers: int = PHP_WORKERS) -> Iterator[subprocess.Popen[bytes]]:
    """PHP's own server with the small application, as in production: errors are logged, not shown."""
    settings = {
        "post_max_size": "0",
        "upload_max_filesize": "64M",
        "memory_limit": "512M",
        "display_errors": "0",
        "output_buffering": "0",
        "session.save_path": str(folder),
        "upload_tmp_dir": str(folder),
    }
    options = [part for name, value in settings.items() for part in ("-d", f"{name}={value}")]
    command = [str(ensure_php()), *options, "-S", f"127.0.0.1:{port}", str(APPLICATION)]
    environment = {**os.environ, "PHP_CLI_SERVER_WORKERS": str(workers)}
    with (folder / "php.log").open("ab") as log:
        # A session of its own: the workers are its children, and end with it.
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    try:
        wait_until(lambda: listens(port), _START_SECONDS, "PHP's port")
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def listens(port: int) -> bool:
    """Whether somebody takes connections there."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


@cache
def _packages() -> Path:
    """The packages of the adapter's lock file, installed as its Dockerfile does, once for each lock file."""
    lock = ADAPTER_FOLDER / "requirements.txt"
    version = f"{sys.implementation.cache_tag}-{hashlib.sha256(lock.read_bytes()).hexdigest()[:12]}"
    folder = cache_folder() / "programs" / "legacy-php-adapter" / version
    with locked("legacy-php-adapter", lambda: say("waits for another run that installs the adapter's packages")):
        if not folder.exists():
            _install(lock, folder)
    return folder


def _install(lock: Path, folder: Path) -> None:
    line = f"the packages of the adapter, installed once from its lock file {OPEN}"
    say(line)
    half_done = folder.with_suffix(".new")
    with writing(folder):
        shutil.rmtree(half_done, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes"]
    told = subprocess.run(
        [*command, "--target", str(half_done), "-r", str(lock)], check=False, capture_output=True, text=True
    )
    if told.returncode != 0:
        reason = (told.stderr.strip() or "pip gave no reason").splitlines()[-1]
        raise LocalError(f"the adapter's packages cannot be installed ({reason}): is the package index reachable?")
    half_done.rename(folder)
    say(f"{line} done")
