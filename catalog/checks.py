"""What no single value can show: faults that lie between the values of one service, or between services.

`contradictions` are errors everywhere. `risks` are what users of the service would feel: errors in production, warnings
elsewhere. `cautions` are warnings.
"""

from collections.abc import Iterator, Sequence

from catalog import canary_checks, pod_checks, traffic_checks
from catalog.problems import Fault, nearest
from catalog.services import Service
from catalog.traffic import PeerService


def contradictions(service: Service) -> Iterator[Fault]:
    """Every fault between the values of one service."""
    yield from pod_checks.faults(service)
    yield from traffic_checks.faults(service)
    yield from canary_checks.faults(service)
    yield from _objectives(service)


def risks(service: Service) -> Iterator[Fault]:
    """What may be tried out elsewhere, but not on those who pay for it."""
    yield from canary_checks.misleading_weights(service)
    yield from pod_checks.images(service)


def cautions(service: Service) -> Iterator[Fault]:
    """What is allowed, and may still not be what was meant."""
    yield from canary_checks.cautions(service)
    yield from traffic_checks.cautions(service)
    latency = service.slo.latency
    if latency and _FASTEST_BURN * (1 - latency.objective) >= 1:
        yield (
            "slo.latency.objective",
            f"{latency.objective} leaves so large a budget that even an hour of slow requests alone would not burn "
            f"it fast enough for a critical alert; use more than {1 - 1 / _FASTEST_BURN:.1%}",
        )


def clashes(services: Sequence[Service], known: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Every fault between services: the name of the later one, the path below it, and the message.

    `services` are those that run; `known` are the names of all, those that are switched off included.
    """
    owners: dict[str, str] = {}
    hosts: dict[str, str] = {}
    for service in services:
        for name in service.object_names:
            if name in owners:
                yield service.name, "", f"its Service '{name}' is also one of '{owners[name]}'; rename one of the two"
            owners.setdefault(name, service.name)
        for index, host in enumerate(service.hosts):
            if hosts.setdefault(host, service.name) != service.name:
                yield service.name, f"hosts[{index}]", f"{host} is a host of '{hosts[host]}' too; one of them would win"
        for index, peer in enumerate(service.network.allowed if service.network else ()):
            if isinstance(peer, PeerService) and peer.service not in known:
                hint = nearest(peer.service, known)
                yield service.name, f"network.from[{index}].service", f"there is no service '{peer.service}'{hint}"

    yield from _strangers(services)


def _strangers(services: Sequence[Service]) -> Iterator[tuple[str, str, str]]:
    """Selectors that choose pods of another service: those that have all of its labels, and perhaps more."""
    wearers: dict[tuple[str, str], set[str]] = {}
    for service in services:
        for label in {**service.pod_labels, **service.pod_selector}.items():
            wearers.setdefault(label, set()).add(service.name)
    for service in services:
        chosen = set.intersection(*(wearers[label] for label in service.pod_selector.items())) - {service.name}
        if chosen:
            other = min(chosen)
            yield (
                service.name,
                "selectorLabels",
                f"choose pods of '{other}' too, which would get this service's traffic; give it labels that only its "
                "own pods have",
            )


_FASTEST_BURN = 14.4
"""The burn rate of the fastest critical alert: 2 % of a 30-day budget in one hour (Google's SRE workbook)."""

_LEAST_OBJECTIVE = 0.5


def _objectives(service: Service) -> Iterator[Fault]:
    latency = service.slo.latency
    objectives = [
        ("slo.availability", service.slo.availability),
        ("slo.latency.objective", latency.objective if latency else None),
    ]
    for path, objective in objectives:
        if objective is not None and not _LEAST_OBJECTIVE <= objective < 1:
            yield path, f"{objective} is no objective (50% to less than 100%: at 100% there is no budget to burn)"
    if latency and not canary_checks.is_bucket(latency.threshold, service):
        yield (
            "slo.latency.threshold",
            f"{latency.threshold} is no bucket of the latency histogram, so how many were faster is not known; "
            f"choose one of metrics.buckets ({', '.join(map(str, service.metrics.buckets))})",
        )
