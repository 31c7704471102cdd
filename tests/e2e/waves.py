"""The releases that these tests look at, side by side: one wave, and one after it."""

import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any

from local import programs
from local.cluster.api import ask
from local.cluster.ports import LOOPBACK
from local.waiting import wait_until
from observability import metrics
from tests.e2e.environment import PATIENCE, Entry, Environment, Samples, entry

GOOD, ERRORS, SLOW, NEWBORN = "good-api", "errors-api", "slow-api", "newborn-api"
SEEDS = [f"seed-{number}-api" for number in range(10)]
SILENT, SILENT_ABORTED, UNKNOWN, UNKNOWN_ABORTED = "silent-api", "silent-2-api", "unknown-api", "unknown-2-api"
PHP_GOOD, PHP_BAD = "php-good-api", "php-bad-api"
ADAPTER_GOOD, ADAPTER_BAD = "adapter-good-api", "adapter-bad-api"
PHP = (PHP_GOOD, PHP_BAD, ADAPTER_GOOD, ADAPTER_BAD)
"""Legacy PHP behind its adapter; of the first two PHP's own image is released, of the others the adapter's."""

SILENTS = (SILENT, SILENT_ABORTED)
BLIND = (SILENT, SILENT_ABORTED, UNKNOWN, UNKNOWN_ABORTED)
"""Nobody asks the first two; the Prometheus that is asked about the others knows of nothing."""

CHECKS = ("error-rate", "p95-latency")
"""What each canary is measured by."""

AMPLE = 60.0
"""Requests per second to a service of one pod and a canary, at which a measurement has 1,350; a tenth is 135."""

FAILING = 1.5
"""Those to four stable and four new pods, which serve about 110 while they are young: the first on each of seven routes
in each pod fails, a fifth of all; even of the 51 that are the least, 7 % and more are no chance."""

FIRST: Mapping[str, str] = {
    **{GOOD: "good", ERRORS: "bad-errors", SLOW: "slow", NEWBORN: "newborn-errors"},
    **dict.fromkeys(SEEDS, "fair"),
    **dict.fromkeys(BLIND, "good"),
    **{PHP_GOOD: "good", PHP_BAD: "bad-errors"},
}
"""The image tags of the first wave."""

FIRST_ADAPTERS: Mapping[str, str] = {ADAPTER_GOOD: "good", ADAPTER_BAD: "bad-errors"}
"""Those of the adapters."""

SECOND: Mapping[str, str] = {ERRORS: "good", SLOW: "good", **dict.fromkeys(SEEDS, "fair-2")}
"""Those of the second: what was taken back is mended, and hardly anybody asks the others."""


@dataclass(frozen=True)
class Measurement:
    """One measurement of an AnalysisRun, and when that began; all times are whole seconds since 1970."""

    run: str
    run_began: float
    phase: str
    started: float
    finished: float
    value: str

    @classmethod
    def of(cls, run: Mapping[str, Any], told: Mapping[str, Any]) -> "Measurement":
        """From the status of that AnalysisRun."""
        name, began = run["metadata"]["name"], _seconds(run["metadata"]["creationTimestamp"])
        times = _seconds(told["startedAt"]), _seconds(told["finishedAt"])
        return cls(name, began, told["phase"], *times, told.get("value", ""))


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()


@dataclass
class Wave:
    """Releases that were begun at once, and in which phase each of them ended."""

    environment: Environment
    hashes: Mapping[str, str]
    began_after: int
    """The number of the last message before them."""
    stable: Mapping[str, str]
    """The pod-template hashes that served before."""
    phases: dict[str, str] = field(default_factory=dict)

    def samples(self, name: str, metric: str, *matchers: str) -> Samples:
        """What was scraped of the canary's pods."""
        pods = [f'{metrics.SERVICE}="{name}"', f'{metrics.POD_HASH}="{self.hashes[name]}"']
        return self.environment.samples(f"{metric}{{{','.join([*pods, *matchers])}}}", 900)

    def measured(self, name: str, check: str) -> list[Measurement]:
        """What was measured of the canary by that check, in its steps and in the background, in the order of time."""
        found = [
            Measurement.of(run, each)
            for run in self.environment.runs(name, self.hashes[name])
            for result in run["status"].get("metricResults") or []
            if result["name"] == check
            for each in result.get("measurements") or []
            if "finishedAt" in each
        ]
        return sorted(found, key=lambda each: each.finished)

    def account(self, name: str) -> str:
        """What the controller says of the release and of its AnalysisRuns, for whoever wonders how it ended."""
        told = [f"{name}: {self.environment.rollout(name)['status'].get('message', '')}"]
        for run in self.environment.runs(name, self.hashes[name]):
            status = run.get("status", {})
            told.append(f"  {run['metadata']['name']}: {status.get('phase')} {status.get('message', '')}")
        told.extend(f"  {each}" for check in CHECKS for each in self.measured(name, check))
        return "\n".join(told)


def services(nothing_known: str) -> dict[str, Entry]:
    """The services of the waves; at the URL `nothing_known` is an empty Prometheus."""
    half: dict[str, Any] = {
        "steps": [{"setWeight": 50}, {"pause": "60s"}, {"analysis": True}],
        # Its first seconds are what is looked at, and of these none may be missed where pods are found late.
        "analysis": {"interval": "2m", "count": 3},
    }
    found = {
        GOOD: entry(8201, replicas=10),
        ERRORS: entry(8202),
        SLOW: entry(8203),
        NEWBORN: entry(8204, replicas=8, canary=half),
        **{name: entry(8210 + index, replicas=1) for index, name in enumerate(SEEDS)},
        **{name: entry(8230 + index, replicas=1) for index, name in enumerate(BLIND)},
    }
    adapter = {"image": "registry.example.com/adapter:1", "upstreamPort": 8080}
    found |= {name: entry(8240 + index, replicas=1, adapter=dict(adapter)) for index, name in enumerate(PHP)}
    for name in (UNKNOWN, UNKNOWN_ABORTED):
        found[name]["prometheusAddress"] = nothing_known
    return found


def begun(
    environment: Environment, tags: Mapping[str, str], adapters: Mapping[str, str] = MappingProxyType({})
) -> Wave:
    """Release images of these tags, and adapters of those."""
    stable = {name: str(environment.rollout(name)["status"]["stableRS"]) for name in (*tags, *adapters)}
    last = environment.last_message
    return Wave(environment, environment.release(tags, adapters), last, stable)


@contextmanager
def empty_prometheus(folder: Path) -> Iterator[str]:
    """The URL of a Prometheus that scrapes nothing."""
    program = programs.ensure(["prometheus"], lambda _: None)["prometheus"]
    (folder / "prometheus.yaml").write_text("{}\n", encoding="utf-8")
    with socket.create_server((LOOPBACK, 0)) as free:
        address = f"{LOOPBACK}:{free.getsockname()[1]}"
    files = ["--config.file=prometheus.yaml", "--storage.tsdb.path=data"]
    command = [str(program), *files, f"--web.listen-address={address}"]
    with (folder / "prometheus.log").open("wb") as log, subprocess.Popen(command, cwd=folder, stderr=log) as process:
        try:
            wait_until(lambda: _is_ready(address), PATIENCE, "the empty Prometheus to be ready")
            yield f"http://{address}"
        finally:
            process.terminate()


def _is_ready(address: str) -> bool:
    try:
        return ask(f"http://{address}/-/ready").status == HTTPStatus.OK
    except OSError:
        return False
