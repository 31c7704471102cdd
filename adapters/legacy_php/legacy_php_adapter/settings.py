"""Every setting of the adapter: one environment variable each, checked before anything listens."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import urlsplit

from legacy_php_adapter.metrics import BUCKETS, SERIES_OF_A_ROUTE, SERIES_OF_OTHER
from legacy_php_adapter.paths import WrongRouteError, checked_route

PREFIX = "ADAPTER_"
LOG_LEVELS = ("info", "warning", "error")

_SERVICE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SERVICE_LINK = re.compile(r"ADAPTER_(\w+_)?(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_\w+)?)?)")
_LONGEST_SECONDS = 86_400
_MOST_BYTES = 2**60
_MOST_BUCKETS = 100


class SettingsError(Exception):
    """Everything that is wrong with the settings, one line each."""


@dataclass(frozen=True)
class Settings:
    """What the environment says; sizes are in bytes, times in seconds."""

    port: int
    upstream: str
    service: str
    routes: tuple[str, ...] = ()
    buckets: tuple[float, ...] = BUCKETS
    """Upper bounds of the durations that are told apart: every threshold that queries use should be one."""
    host: str = ""
    """The address it listens at; every one of the pod, IPv4 and IPv6, where it is empty."""
    connections: int = 150
    """The most requests that PHP is given at once; more of them wait. As many as PHP has workers: Apache's default."""
    connect_timeout: float = 10.0
    """How long a request may wait for PHP to take it."""
    response_timeout: float = 60.0
    """How long PHP may be silent before or within an answer. PHP's own max_execution_time is 30 s."""
    client_timeout: float = 60.0
    """How long a client may be silent within a request, or take nothing of its answer."""
    keepalive_timeout: float = 75.0
    """How long a client's idle connection is kept: longer than ingress-nginx keeps its own (60 s), so that it is never
    closed under a request."""
    max_body: int | None = None
    """The biggest request body; none is too big where it is left out, PHP has limits of its own."""
    shutdown_timeout: int = 20
    """How long requests that have begun may take to end once the pod has been told to."""
    learned_paths: int = 40
    """How many paths beyond `routes` get a name of their own in the metrics; those after them are `other`."""
    max_series: int = 680
    """The most combinations of method, path and status. Each is 4 samples and one for each bucket: 15,000 together with
    the contract's buckets, three quarters of the 20,000 that the catalog allows a target."""
    log_level: str = "info"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of that environment; raises SettingsError with all that is wrong."""
    given = {name: text for name, text in environment.items() if name.startswith(PREFIX) and not _of_kubernetes(name)}
    values: dict[str, Any] = {}
    faults = []
    for name, read in _READERS.items():
        variable = f"{PREFIX}{name.upper()}"
        text = given.pop(variable, "")
        if not text:
            faults += [f"{variable} is missing: {_MEANINGS[name]}"] if name in _MEANINGS else []
            continue
        try:
            values[name] = read(text)
        except ValueError as error:
            faults.append(f"{variable}: {error}")
    faults += [f"{variable} is no setting; there are {', '.join(_variables())}" for variable in sorted(given)]
    faults = faults or _contradictions(Settings(**values))
    if faults:
        raise SettingsError("\n".join(faults))
    return Settings(**values)


def _of_kubernetes(variable: str) -> bool:
    """Whether the kubelet sets it, because of a Service whose name begins with `adapter`."""
    return bool(_SERVICE_LINK.fullmatch(variable)) and variable not in _variables()


def _variables() -> list[str]:
    return [f"{PREFIX}{field.name.upper()}" for field in fields(Settings)]


def _contradictions(settings: Settings) -> list[str]:
    """What is wrong only together with something else."""
    needed = SERIES_OF_OTHER + SERIES_OF_A_ROUTE * len(settings.routes)
    if needed > settings.max_series:
        return [f"{PREFIX}ROUTES: {len(settings.routes)} routes need {PREFIX}MAX_SERIES of {needed} at least"]
    return []


def _whole(what: str, least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not re.fullmatch(r"[0-9]{1,19}", text) or not least <= int(text) <= most:
            raise ValueError(f"{text!r} is not {what} ({least}–{most})")
        return int(text)

    return read


def _seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text) or not 0 < float(text) <= _LONGEST_SECONDS:
        raise ValueError(f"{text!r} is not a time in seconds (more than 0, at most {_LONGEST_SECONDS})")
    return float(text)


def _address(text: str) -> str:
    parts = urlsplit(text)
    try:
        port = parts.port
    except ValueError:
        port = None
    if parts.scheme != "http" or not parts.hostname or not port or text != f"http://{parts.netloc}" or "@" in text:
        raise ValueError(f"{text!r} is not an address such as http://127.0.0.1:8080")
    return text


def _routes(text: str) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(checked_route(route) for route in _list(text, '["/users", "/users/{id}"]')))
    except WrongRouteError as error:
        raise ValueError(str(error)) from error


def _buckets(text: str) -> tuple[float, ...]:
    bounds = _list(text, "[0.1, 0.3, 1]")
    if not 0 < len(bounds) <= _MOST_BUCKETS or not all(_is_bound(bound) for bound in bounds):
        raise ValueError(f"{text!r} is not a list of 1–{_MOST_BUCKETS} times in seconds")
    if sorted(set(bounds)) != bounds:
        raise ValueError(f"{text!r} does not ascend")
    return tuple(float(bound) for bound in bounds)


def _is_bound(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= _LONGEST_SECONDS


def _list(text: str, example: str) -> list[Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise ValueError(f"{text!r} is not a JSON list such as {example}")
    return found


def _service(text: str) -> str:
    if not _SERVICE.fullmatch(text):
        raise ValueError(f"{text!r} is not the name of a Kubernetes Service such as mpcstudy-api")
    return text


def _host(text: str) -> str:
    if not re.fullmatch(r"[0-9a-fA-F.:]+", text):
        raise ValueError(f"{text!r} is not an IP address")
    return text


def _log_level(text: str) -> str:
    if text not in LOG_LEVELS:
        raise ValueError(f"{text!r} is not one of {', '.join(LOG_LEVELS)}")
    return text


_MEANINGS = {
    "port": "the port to listen on",
    "upstream": "where PHP listens, such as http://127.0.0.1:8080",
    "service": "the value of the label `service`",
}
"""What must be given, and what it is."""

_READERS: Mapping[str, Callable[[str], Any]] = {
    "port": _whole("a port", 1, 65_535),
    "upstream": _address,
    "service": _service,
    "routes": _routes,
    "buckets": _buckets,
    "host": _host,
    "connections": _whole("a number of connections", 1, 100_000),
    "connect_timeout": _seconds,
    "response_timeout": _seconds,
    "client_timeout": _seconds,
    "keepalive_timeout": _seconds,
    "max_body": _whole("a number of bytes", 0, _MOST_BYTES),
    "shutdown_timeout": _whole("a time in seconds", 1, _LONGEST_SECONDS),
    "learned_paths": _whole("a number of paths", 0, 10_000),
    "max_series": _whole("a number of series", SERIES_OF_OTHER, 100_000),
    "log_level": _log_level,
}
