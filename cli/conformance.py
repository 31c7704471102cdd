"""`api-observability conformance URL`: what in an application's metrics breaks the contract, and how to mend it."""

import http.client
import shutil
import sys
import textwrap
import urllib.error
import urllib.request
from argparse import Namespace
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from urllib.parse import urlsplit

from catalog.problems import CatalogError, Problem, nearest
from catalog.services import Service
from local.errors import LocalError
from observability import metrics
from observability.conformance import Expected, Finding, findings
from observability.exposition import ACCEPT, Exposition, UnreadableError, read

_SCRAPES = 20
"""Each on a connection of its own: of two workers that take them at random, one is missed once in half a million."""

_PATIENCE_SECONDS = 10
"""How long Prometheus itself waits for an answer where nothing else is said (`scrape_timeout`)."""

_MOST_BYTES = 64 * 2**20
_NARROWEST, _WIDEST = 80, 160
_METRICS_PATH = "/metrics"


def run(options: Namespace) -> int:
    """Scrape a few times, and print a table of every breach; the exit status is 1 where there is one."""
    service = _service(options.service, options.stack) if options.service else None
    url = _address(options.url, service)
    scrapes = list(_scraped(url))
    found = findings(scrapes[-1], scrapes[:-1], _expected(service))
    if not found:
        print(f"{url} keeps the metrics contract ({_seen(scrapes)})")
        return 0
    print("\n".join(_table(found)))
    print(f"\n{url} breaks the metrics contract in {len(found)} ways ({_seen(scrapes)}); docs/instrumenting.md has it")
    return 1


def _service(name: str, stack: str) -> Service:
    from cli import stacks  # noqa: PLC0415  # the program and Pulumi, which only this needs

    settings, catalog = stacks.read(stack)
    for service in catalog.services:
        if service.name == name:
            return service
    known = [service.name for service in catalog.services]
    told = f"stack {stack} has no service '{name}'{nearest(name, known)} (there are {', '.join(known)})"
    raise CatalogError([Problem(settings.services_file, "services", told)])


def _expected(service: Service | None) -> Expected:
    if service is None:
        return Expected()
    criteria, latency = service.canary.analysis, service.slo.latency
    compared = (criteria.p95, criteria.p99, latency.threshold if latency else None)
    return Expected(
        service.name,
        [float(limit) for limit in compared if limit is not None],
        [float(bound) for bound in service.metrics.buckets],
        service.metrics.sample_limit,
    )


def _address(text: str, service: Service | None) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise LocalError(f"{text!r} is no address such as http://127.0.0.1:8006/metrics")
    return text if parts.path else f"{text}{service.metrics.path if service else _METRICS_PATH}"


def _scraped(url: str) -> Iterator[Exposition]:
    live = sys.stderr.isatty()
    print(f"{_SCRAPES} scrapes of {url} …", end=" " if live else "\n", file=sys.stderr, flush=True)
    try:
        for number in range(1, _SCRAPES + 1):
            yield _scrape(url)
            print(f"{number} " if live else "", end="", file=sys.stderr, flush=True)
    finally:
        print(end="\n" if live else "", file=sys.stderr, flush=True)


def _scrape(url: str) -> Exposition:
    """One answer, asked for as Prometheus does: on a connection of its own, by no proxy; LocalError in one line."""
    request = urllib.request.Request(url, headers={"Accept": ACCEPT, "User-Agent": "api-observability conformance"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=_PATIENCE_SECONDS) as answer:
            body, content_type = answer.read(_MOST_BYTES + 1), answer.headers.get("Content-Type", "")
            if answer.length and len(body) <= _MOST_BYTES:
                raise http.client.IncompleteRead(body, answer.length)
    except urllib.error.HTTPError as error:
        raise LocalError(f"{url} answers {error.code} {error.reason}: is that where the metrics are?") from error
    except TimeoutError as error:
        raise LocalError(
            f"{url} gave no answer within {_PATIENCE_SECONDS} s, which is Prometheus's patience"
        ) from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise LocalError(
            f"{url} cannot be read ({_reason(error)}): does the application run, and is it http?"
        ) from error
    if len(body) > _MOST_BYTES:
        raise LocalError(f"{url} exposes more than {_MOST_BYTES // 2**20} MB: no scrape of that size is taken")
    try:
        return read(body.decode(), content_type)
    except UnicodeDecodeError as error:
        raise LocalError(f"{url} is no exposition of metrics: it is no text in UTF-8") from error
    except UnreadableError as error:
        raise LocalError(f"{url} {error}") from error


def _reason(error: Exception) -> str:
    """Why, on one line."""
    reason = error.reason if isinstance(error, urllib.error.URLError) else error
    told = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
    return " ".join(told.split()) or type(error).__name__


def _seen(scrapes: Sequence[Exposition]) -> str:
    last = scrapes[-1]
    routes = {(sample.labels.get(metrics.METHOD), sample.labels.get(metrics.PATH)) for sample in last.contract}
    return f"{len(scrapes)} scrapes, {len(last.samples):,} samples, {len(routes)} methods and paths"


def _table(found: Sequence[Finding]) -> Iterator[str]:
    """Two columns that fit the terminal, a blank line between two breaches."""
    width = min(max(shutil.get_terminal_size((_WIDEST - 40, 0)).columns, _NARROWEST), _WIDEST)
    left = (width - 2) // 2
    right = width - 2 - left
    yield f"{'BREACH':<{left}}  HOW TO MEND IT"
    for number, finding in enumerate(found):
        if number:
            yield ""
        cells = textwrap.wrap(finding.breach, left), textwrap.wrap(finding.mend, right)
        yield from (f"{one:<{left}}  {other}".rstrip() for one, other in zip_longest(*cells, fillvalue=""))
