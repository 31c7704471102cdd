"""What a stack's settings and its services say of each other: allowed, and perhaps not what was meant."""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path

from catalog.config_keys import NAMESPACE
from catalog.problems import Fault, Problem
from catalog.services import Service
from catalog.stack import StackSettings
from catalog.texts import shown

_OBJECTIVE_DAYS = 30
"""Objectives are promised over this time, and what is left of a budget is reckoned from it."""

_DAYS = {"d": 1, "w": 7, "y": 365}
"""As Prometheus reads a retention (common/model, `ParseDuration`)."""


def disagreements(settings: StackSettings, services: Sequence[Service]) -> list[Problem]:
    """Every such thing, with the file and the path at which it is to be mended."""
    stack_file = f"Pulumi.{settings.stack}.yaml"
    of_stack = [*_teams_of_nobody(settings, services), *_short_memory(settings, services), *_paths_for_links(settings)]
    of_services = _nameless_teams(settings, services)
    return [
        *(Problem(stack_file, f"config.{NAMESPACE}:{path}", told) for path, told in of_stack),
        *(Problem(Path(settings.services_file).name, f"services.{path}", told) for path, told in of_services),
    ]


def _nameless_teams(settings: StackSettings, services: Sequence[Service]) -> Iterator[Fault]:
    """Services of a team that has no channels, where others have: mostly it is misspelt."""
    known = sorted(settings.alerting.teams)
    for service in services:
        if known and service.team and service.team not in known:
            near = get_close_matches(service.team, known, n=1)
            meant = f"did you mean {shown(near[0])}?" if near else f"there are {', '.join(known)}"
            yield (
                f"{service.name}.team",
                f"{shown(service.team)} is none of alerting.teams of this stack: its alerts go to everybody; {meant}",
            )


def _teams_of_nobody(settings: StackSettings, services: Sequence[Service]) -> Iterator[Fault]:
    teams = {service.team for service in services}
    for name in sorted(settings.alerting.teams.keys() - teams):
        yield f"alerting.teams.{name}", "no service is of this team; leave it out, or set it as the `team` of a service"


def _short_memory(settings: StackSettings, services: Sequence[Service]) -> Iterator[Fault]:
    """Elsewhere than in production nobody answers for the budget, and short memories are cheap."""
    kept = settings.prometheus.retention
    days = int(kept[:-1]) * _DAYS[kept[-1]]
    promised = any(service.slo.availability or service.slo.latency for service in services)
    if settings.is_production and settings.platform.monitoring.install and promised and days < _OBJECTIVE_DAYS:
        yield (
            "prometheus.retention",
            f"{kept} is less than the {_OBJECTIVE_DAYS} days that objectives are about: what is told to be left of an "
            f"error budget is that of {kept}; keep {_OBJECTIVE_DAYS}d or more",
        )


def _paths_for_links(settings: StackSettings) -> Iterator[Fault]:
    """Messages that name where to look, and cannot be clicked."""
    if not settings.alerting.has_channel:
        return
    if settings.grafana.url is None:
        yield "grafana.url", "is missing, so messages name the path of a dashboard instead of a link; set it"
    if settings.alerting.runbook_url is None:
        yield "alerting.runbookUrl", "is missing, so messages name the path of a runbook instead of a link; set it"
    if settings.alerting.url is None and settings.platform.monitoring.install:
        yield (
            "alerting.url",
            "is missing, so links of messages to Alertmanager, and to a silence, name it as pods do; set its address",
        )
