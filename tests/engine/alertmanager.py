"""A real Alertmanager on a configuration that the operator generated, and what it makes of alerts."""

import json
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from local import programs
from local.cluster.api import ask
from local.cluster.ports import LOOPBACK
from local.waiting import wait_until
from tests.engine.operated import Generated

Labels = dict[str, str]

EXTERNAL_URL = "https://alertmanager.example.com"

_GRACE_SECONDS = 60
_MARK, _PART = "catch_up", "catch_up_part"
_MARKS: dict[str, Any] = {
    "source_matchers": [f'{_PART}="source"'],
    "target_matchers": [f'{_PART}="target"'],
    "equal": [_MARK],
}


@dataclass(frozen=True)
class Alert:
    """An alert as Prometheus sends it."""

    labels: Labels
    annotations: dict[str, str]
    since: datetime
    ended: bool = False

    def sent(self) -> dict[str, Any]:
        """What goes over the wire; one that goes on is to be forgotten in an hour."""
        ends = datetime.now(UTC) + (timedelta(seconds=-1) if self.ended else timedelta(hours=1))
        times = {"startsAt": self.since.isoformat(), "endsAt": ends.isoformat()}
        return {"labels": self.labels, "annotations": self.annotations, **times}


@dataclass(frozen=True)
class Alertmanager:
    """A running one."""

    url: str

    def post(self, alerts: Sequence[Alert]) -> None:
        """Tell it of alerts, as Prometheus does."""
        body = json.dumps([alert.sent() for alert in alerts]).encode()
        headers = {"Content-Type": "application/json"}
        answer = ask(f"{self.url}/api/v2/alerts", method="POST", headers=headers, body=body)
        assert answer.status == 200, answer.body

    def inhibited(self) -> list[Labels]:
        """The labels of the alerts that keep quiet while another fires."""
        return [each["labels"] for each in self._alerts() if each["status"]["inhibitedBy"]]

    def catch_up(self) -> None:
        """Wait until what has been posted counts when it is asked which alerts keep quiet.

        What silences others reaches it by a queue of its own, in order, and the state of an alert does not wait for
        that (inhibit.go and provider/mem/mem.go of 0.28.1): a pair of which one is known to silence the other tells.
        """
        mark = uuid4().hex
        now = datetime.now(UTC)
        self.post([Alert({_MARK: mark, _PART: part}, {}, now) for part in ("source", "target")])
        wait_until(lambda: mark in [each.get(_MARK) for each in self.inhibited()], 60, "the queue of alerts to be read")

    def _alerts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(ask(f"{self.url}/api/v2/alerts").body)
        return found


@contextmanager
def running(config: Generated, folder: Path, pagers: str) -> Iterator[Alertmanager]:
    """It waits a second for more of a group instead of half a minute, and pages at `pagers` instead of really.

    A rule that no alert of ours meets lets `Alertmanager.catch_up` know how far it has come.
    """
    file, log = folder / "alertmanager-here.yaml", folder / "alertmanager.log"
    file.write_text(yaml.safe_dump(_soon(config.content, pagers)), encoding="utf-8")
    with socket.create_server((LOOPBACK, 0)) as free:
        port = free.getsockname()[1]
    command = [
        str(programs.ensure(["alertmanager"], lambda _: None)["alertmanager"]),
        f"--config.file={file}",
        f"--storage.path={folder / 'alertmanager'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        f"--web.external-url={EXTERNAL_URL}",
        "--cluster.listen-address=",
    ]
    found = Alertmanager(f"http://{LOOPBACK}:{port}")
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT) as process:
        try:
            wait_until(lambda: _is_ready(process, found.url, log), 60, "Alertmanager to be ready")
            yield found
        finally:
            process.terminate()
            process.wait(_GRACE_SECONDS)


def _soon(content: dict[str, Any], pagers: str) -> dict[str, Any]:
    for route in _routes(content["route"]):
        route |= {"group_wait": "1s", "group_interval": "1s"}
    for receiver in content["receivers"]:
        for each in receiver.get("pagerduty_configs", []):
            each["url"] = f"{pagers}/pagerduty"
        for each in receiver.get("opsgenie_configs", []):
            each["api_url"] = f"{pagers}/opsgenie/"
    content["inhibit_rules"] = [*content.get("inhibit_rules", []), _MARKS]
    return content


def _routes(route: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield route
    for each in route.get("routes", []):
        yield from _routes(each)


def _is_ready(process: "subprocess.Popen[bytes]", url: str, log: Path) -> bool:
    assert process.poll() is None, log.read_text(encoding="utf-8")
    try:
        return ask(f"{url}/-/ready").status == 200
    except OSError:
        return False
