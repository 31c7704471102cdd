"""The routes of an AlertmanagerConfig: which alert goes to which receiver, how soon, and how often again."""

from dataclasses import dataclass
from typing import Any

from catalog.alerting import Alerting
from components.alert_receivers import DEFAULT, HEARTBEAT, NOBODY, PAGER, team_receiver
from observability.metrics import ALERT_NAME as ALERT
from observability.metrics import NAMESPACE, SERVICE, SEVERITY, TEAM

WATCHDOG = "Watchdog"
"""The alert of kube-prometheus-stack that always fires."""

_GROUP_BY = [ALERT, NAMESPACE, SERVICE]
"""One message tells of one fault of one service, however many pods have it."""

_GROUP_WAIT, _GROUP_INTERVAL = "30s", "5m"
"""So long the first message waits for more of its group (a critical alert inhibits its warning meanwhile), and each
later one."""

_REPEAT, _REPEAT_CRITICAL = "12h", "1h"
"""So often an alert that goes on is told again; a critical one while people are expected to work on it."""

_HEARTBEAT = {"groupBy": [ALERT], "groupWait": "0s", "groupInterval": "1m", "repeatInterval": "50s"}
"""Each minute: what is to be repeated is looked at once in the group interval, and must be due by then."""


@dataclass(frozen=True)
class Scope:
    """Whose alerts an AlertmanagerConfig in `namespace` routes: its namespace's, or all but those of `all_but`."""

    namespace: str
    all_but: tuple[str, ...] = ()
    heartbeat: bool = False

    @property
    def matcher(self) -> dict[str, str]:
        """By the alerts' label.

        The operator adds one of its own by default; an Alertmanager whose matcher strategy is `None`, or in whose own
        namespace the object is, would else route all alerts there are.
        """
        if self.all_but:
            return matches(NAMESPACE, "!~", "|".join(self.all_but))
        return matches(NAMESPACE, "=", self.namespace)


def route(alerting: Alerting, scope: Scope) -> dict[str, Any]:
    """The tree of routes: the first that matches an alert has it, but for the pager, which has it besides."""
    return {
        "receiver": DEFAULT,
        "matchers": [scope.matcher],
        "groupBy": _GROUP_BY,
        "groupWait": _GROUP_WAIT,
        "groupInterval": _GROUP_INTERVAL,
        "repeatInterval": _REPEAT,
        "routes": [
            *([_to(HEARTBEAT, matches(ALERT, "=", WATCHDOG), **_HEARTBEAT)] if scope.heartbeat else []),
            # Watchdog and InfoInhibitor, of severity `none`, are tools of alerting.
            _to(NOBODY, matches(SEVERITY, "=~", "info|none")),
            *([{**_to(PAGER, CRITICAL, repeatInterval=_REPEAT_CRITICAL), "continue": True}] if alerting.pager else []),
            *(_team(team) for team in sorted(alerting.teams)),
            _to(DEFAULT, CRITICAL, repeatInterval=_REPEAT_CRITICAL),
        ],
    }


def _team(team: str) -> dict[str, Any]:
    receiver = team_receiver(team)
    critical = _to(receiver, CRITICAL, repeatInterval=_REPEAT_CRITICAL)
    return _to(receiver, matches(TEAM, "=", team), routes=[critical])


def _to(receiver: str, matcher: dict[str, str], **timing: Any) -> dict[str, Any]:
    return {"receiver": receiver, "matchers": [matcher], **timing}


def matches(label: str, how: str, value: str) -> dict[str, str]:
    """A matcher as an AlertmanagerConfig spells it; `how` is one of =, !=, =~ and !~."""
    return {"name": label, "matchType": how, "value": value}


CRITICAL = matches(SEVERITY, "=", "critical")
"""The matcher of alerts that wake somebody."""
