"""What a canary is judged by: the queries of its analysis, asked of a real Prometheus that scrapes the real adapter."""

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from local import programs
from local.waiting import wait_until
from observability.analysis import checks
from tests.adapter import running
from tests.adapter.asking import Answer, ask, status_of
from tests.unit.catalog_workbench import service

NAMESPACE, HASH = "apis", "5d4f7c9b8"
ROUTES = {"ADAPTER_SERVICE": "a-api", "ADAPTER_ROUTES": '["/users/{id}", "/status", "/slow"]'}
TRAFFIC = ["/users/1"] * 8 + ["/status?code=503", "/slow?seconds=0.5"]
"""A tenth of the requests fail, and a tenth take half a second."""

ENTRY = (
    "adapter: {image: 'a:1', upstreamPort: 8080}, metrics: {interval: 1s}, canary: {analysis: {interval: 10s, p99: 5s}}"
)


@pytest.fixture(scope="module")
def prometheus(php: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a Prometheus that scrapes an adapter with traffic, under the labels of a canary's pod."""
    folder = tmp_path_factory.mktemp("judged")
    with running.adapter(folder, php, ROUTES) as adapter, asked(adapter.port), scraping(folder, adapter.port) as port:
        yield port


@contextmanager
def asked(port: int) -> Iterator[None]:
    """Requests, one after the other, for as long as it lasts."""
    over = threading.Event()

    def client() -> None:
        while not over.is_set():
            for target in TRAFFIC:
                status_of(port, target)

    threads = [threading.Thread(target=client) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


@contextmanager
def scraping(folder: Path, adapter: int) -> Iterator[int]:
    """Prometheus, and its port."""
    labels = {"namespace": NAMESPACE, "service": "a-api", "pod": "a-pod", "rollouts_pod_template_hash": HASH}
    target = {"targets": [f"127.0.0.1:{adapter}"], "labels": labels}
    scrapes = [{"job_name": "a-api", "scrape_interval": "1s", "scrape_timeout": "1s", "static_configs": [target]}]
    (folder / "prometheus.yaml").write_text(json.dumps({"scrape_configs": scrapes}), encoding="utf-8")
    program = programs.ensure(["prometheus"], lambda _: None)["prometheus"]
    port = running.free_port()
    command = [str(program), "--config.file=prometheus.yaml", "--storage.tsdb.path=data"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], cwd=folder, stderr=log)
    try:
        wait_until(lambda: running.listens(port) and status_of(port, "/-/ready") == 200, 60, "Prometheus to be ready")
        yield port
    finally:
        process.terminate()
        process.wait(30)


def measured(port: int, query: str) -> float | None:
    """What the analysis would measure; None where nobody knows."""
    answer: Answer = ask(port, f"/api/v1/query?{urlencode({'query': query})}")
    found = json.loads(answer.body)["data"]["result"]
    return float(found[0]["value"][1]) if found else None


@pytest.mark.parametrize(("criterion", "least", "most"), [("errorRate", 0.07, 0.13), ("p95", 0.3, 5)])
def test_a_bad_canary_of_php_is_seen_through_the_adapter(
    prometheus: int, tmp_path: Path, criterion: str, least: float, most: float
) -> None:
    (check,) = [each for each in checks(service(tmp_path, ENTRY), NAMESPACE) if each.criterion == criterion]
    query = check.query.replace("{{args.canary-hash}}", HASH)

    def is_seen() -> bool:
        value = measured(prometheus, query)
        return value is not None and least < value < most

    wait_until(is_seen, 120, f"{criterion} to be between {least} and {most}")
    assert least >= check.limit, "or it would be a good canary"


def test_a_canary_that_there_is_not_is_nobodys_verdict(prometheus: int, tmp_path: Path) -> None:
    for check in checks(service(tmp_path, ENTRY), NAMESPACE):
        assert measured(prometheus, check.query.replace("{{args.canary-hash}}", "another")) is None
