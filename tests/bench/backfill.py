"""A real Prometheus with hours of samples that were never scraped: by remote write, and records by its own queries.

The messages are those of Remote Write 1.0 (prompb.WriteRequest in snappy), written by hand: a generated library and a
compressor are no dependencies of this program.
"""

import http.client
import json
import socket
import struct
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import yaml

from local import programs
from local.cluster.api import ask
from local.cluster.ports import LOOPBACK
from local.waiting import wait_until
from observability.rule import Record, RuleGroup

Labels = Mapping[str, str]

_SECONDS = 600.0
_SERIES_A_MESSAGE = 2_000
"""With 120 samples each that is 5 MB, a sixth of what Prometheus takes at once."""


@dataclass(frozen=True)
class Series:
    """The labels of a series, and its value at each moment that is written."""

    labels: Labels
    values: Sequence[float]


@dataclass(frozen=True)
class Cost:
    """What a query read: `samples` of all steps together, and the most that were held at one time."""

    samples: int
    peak: int
    seconds: float


@dataclass(frozen=True)
class Backfilled:
    """A Prometheus at that URL, which takes samples of the past."""

    url: str

    @property
    def memory(self) -> int:
        """The bytes of its heap that are in use, once what is garbage has gone."""
        ask(f"{self.url}/debug/pprof/heap?gc=1", timeout_seconds=_SECONDS)
        told = ask(f"{self.url}/metrics").body.decode()
        (line,) = [each for each in told.splitlines() if each.startswith("go_memstats_heap_inuse_bytes ")]
        return int(float(line.split()[1]))

    def write(self, moments: Sequence[int], found: Sequence[Series]) -> None:
        """Write the values of each series at the moments (milliseconds since 1970)."""
        encoded = [_moment(each) for each in moments]
        for first in range(0, len(found), _SERIES_A_MESSAGE):
            part = found[first : first + _SERIES_A_MESSAGE]
            self._send(b"".join(_field(1, _series(each, encoded)) for each in part))

    def record(self, groups: Iterable[RuleGroup], start: int, end: int) -> int:
        """Evaluate the records of the groups from `start` to `end` (seconds), in order; how many samples that read.

        One graph's query at the interval of the group is what its evaluations would have been one by one.
        """
        read = 0
        for group in groups:
            for rule in (each for each in group.rules if isinstance(each, Record)):
                answer, cost = self.graph(rule.expression, start, end, int(group.interval))
                read += cost.samples
                for each in answer:
                    labels = {**each["metric"], **rule.labels, "__name__": rule.name}
                    moments = [round(float(at) * 1000) for at, _ in each["values"]]
                    self.write(moments, [Series(labels, [float(value) for _, value in each["values"]])])
        return read

    def graph(self, expression: str, start: int, end: int, step: int) -> tuple[list[dict[str, Any]], Cost]:
        """The answer to a range query, and what it cost by Prometheus's own statistics."""
        return self._asked("query_range", {"query": expression, "start": start, "end": end, "step": step})

    def moment(self, expression: str, at: int) -> tuple[list[dict[str, Any]], Cost]:
        """The answer to an instant query, and what it cost."""
        return self._asked("query", {"query": expression, "time": at})

    def _asked(self, path: str, parameters: Mapping[str, object]) -> tuple[list[dict[str, Any]], Cost]:
        query = urlencode({**parameters, "stats": "all"})
        reply = json.loads(ask(f"{self.url}/api/v1/{path}?{query}", timeout_seconds=_SECONDS).body)
        assert reply["status"] == "success", reply
        stats = reply["data"]["stats"]
        samples, seconds = stats["samples"], stats["timings"]["execTotalTime"]
        return reply["data"]["result"], Cost(samples["totalQueryableSamples"], samples["peakSamples"], seconds)

    def _send(self, message: bytes) -> None:
        headers = {
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }
        reply = ask(
            f"{self.url}/api/v1/write",
            method="POST",
            headers=headers,
            body=_snappy(message),
            timeout_seconds=_SECONDS,
        )
        assert reply.status == http.client.NO_CONTENT, reply.body


@contextmanager
def backfilled(folder: Path) -> Iterator[Backfilled]:
    """An empty Prometheus in that folder, stopped in the end."""
    program = programs.ensure(["prometheus"], lambda _: None)["prometheus"]
    # Records are written after the samples they are made of, and of the same time.
    configuration = {"storage": {"tsdb": {"out_of_order_time_window": "1d"}}}
    file = folder / "prometheus.yaml"
    file.write_text(yaml.safe_dump(configuration), encoding="utf-8")
    with socket.create_server((LOOPBACK, 0)) as server:
        port = server.getsockname()[1]
    flags = [
        f"--config.file={file}",
        f"--web.listen-address={LOOPBACK}:{port}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--web.enable-remote-write-receiver",
        "--web.enable-admin-api",
        "--query.timeout=10m",
    ]
    with (folder / "log").open("wb") as log, subprocess.Popen([program, *flags], stderr=log) as process:
        try:
            url = f"http://{LOOPBACK}:{port}"
            wait_until(lambda: _is_ready(url), 60, "Prometheus to start")
            yield Backfilled(url)
        finally:
            process.terminate()


def _is_ready(url: str) -> bool:
    try:
        return ask(f"{url}/-/ready").status == http.client.OK
    except OSError:
        return False


def _series(series: Series, moments: Sequence[bytes]) -> bytes:
    labels = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode())) for name, value in sorted(series.labels.items())
    )
    pack = struct.Struct("<d").pack
    # A sample is a message of two fields: 0x09 and a double, 0x10 and a varint.
    samples = b"".join(
        b"\x12" + bytes([9 + len(moment)]) + b"\x09" + pack(value) + moment
        for value, moment in zip(series.values, moments, strict=True)
    )
    return labels + samples


def _moment(milliseconds: int) -> bytes:
    return b"\x10" + _varint(milliseconds)


def _field(number: int, content: bytes) -> bytes:
    """A field that holds bytes, a text or a message."""
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)


def _snappy(content: bytes) -> bytes:
    """The block format of snappy, nothing compressed: the length, and one literal (tag 63: four bytes of length)."""
    return _varint(len(content)) + bytes([63 << 2]) + (len(content) - 1).to_bytes(4, "little") + content
