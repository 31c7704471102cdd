"""What a stack's settings and its services say of each other is told where it does not fit."""

from pathlib import Path
from typing import Any

import pytest

from catalog.agreement import disagreements
from tests.unit.catalog_workbench import service
from tests.unit.settings_workbench import UID, from_engine, minimal

SLACK = {"webhook": {"secret": "alerting", "key": "slack"}}
LINKS: dict[str, Any] = {"grafana": {"url": "https://grafana.example.com"}}
BLUE = {
    "slack": SLACK,
    "teams": {"blue": {"slack": "#deployments"}},
    "runbookUrl": "https://runbooks.example.com",
    "url": "https://alertmanager.example.com",
}


def told(folder: Path, entry: str, **settings: Any) -> list[str]:
    return [str(each) for each in disagreements(from_engine(minimal(**settings)), [service(folder, entry)])]


def test_a_misspelt_team_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    of_nobody, misspelt = told(tmp_path, "team: bleu", alerting=BLUE, **LINKS)
    assert misspelt == (
        "services.yaml: services.a-api.team: 'bleu' is none of alerting.teams of this stack: its alerts go to "
        "everybody; did you mean 'blue'?"
    )
    assert "alerting.teams.blue: no service is of this team" in of_nobody


def test_a_team_that_has_channels_or_none_where_nobody_has_is_right(tmp_path: Path) -> None:
    assert told(tmp_path, "team: blue", alerting=BLUE, **LINKS) == []
    assert told(tmp_path, "team: red") == []


def prod(retention: str, **more: Any) -> dict[str, Any]:
    cluster = {"context": "prod", "uid": UID}
    return {"environment": "prod", "cluster": cluster, "prometheus": {"retention": retention}, **more}


@pytest.mark.parametrize(
    ("retention", "short"), [("29d", True), ("4w", True), ("30d", False), ("5w", False), ("1y", False)]
)
def test_objectives_of_a_month_need_samples_of_a_month(tmp_path: Path, retention: str, short: bool) -> None:
    found = told(tmp_path, "enabled: true", **prod(retention))
    assert [retention in each and "30 days" in each for each in found] == [True] * short


def test_short_samples_do_not_matter_without_objectives_or_where_nothing_is_installed(tmp_path: Path) -> None:
    assert told(tmp_path, "slo: {availability: null, latency: null}", **prod("7d")) == []
    assert told(tmp_path, "enabled: true", **prod("7d", platform={"monitoring": {"install": False}})) == []


def test_links_that_are_none_are_told_where_somebody_gets_messages(tmp_path: Path) -> None:
    found = told(tmp_path, "enabled: true", alerting={"slack": SLACK})
    assert [line.split(": is missing")[0].rpartition(":")[2] for line in found] == [
        "grafana.url",
        "alerting.runbookUrl",
        "alerting.url",
    ]
    assert told(tmp_path, "enabled: true") == []
