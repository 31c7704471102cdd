"""Whoever is woken by an alert finds its page, and what the page says can be typed."""

import re
from pathlib import Path

import pytest

from components.rules import argo_rollouts_rules, service_rules
from local.state import CHECKOUT
from observability.links import RUNBOOKS, Links
from observability.platform_alerts import Releases
from observability.promql import understood
from tests.unit.catalog_workbench import MINIMAL, load
from tests.unit.dashboards_workbench import known, watched_service

FOLDER = CHECKOUT / RUNBOOKS
INDEX = FOLDER / "README.md"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path != INDEX)
SECTIONS = ["What it means", "How to confirm", "What to do", "How to silence"]


def severities(tmp_path: Path) -> dict[str, set[str]]:
    """The severities that each alert has."""
    services = load(tmp_path, MINIMAL).services
    manifests = [
        *(service_rules(service, "apis", "stack", Links()) for service in services),
        argo_rollouts_rules(Releases(services, "apis", Links()), "argo-rollouts", "stack"),
    ]
    found: dict[str, set[str]] = {}
    for rule in (rule for each in manifests for group in each["spec"]["groups"] for rule in group["rules"]):
        if "alert" in rule:
            found.setdefault(rule["alert"], set()).add(rule["labels"]["severity"])
    return found


def code(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.DOTALL)


def test_every_alert_has_its_page_and_every_page_its_alert(tmp_path: Path) -> None:
    assert {page.stem for page in PAGES} == severities(tmp_path).keys()


def test_the_index_lists_every_alert_once_with_its_severities(tmp_path: Path) -> None:
    rows = re.findall(r"^\| \[(\w+)\]\((\w+)\.md\) \| ([a-z, ]+) \|", INDEX.read_text(encoding="utf-8"), re.MULTILINE)
    assert len({name for name, _, _ in rows}) == len(rows)
    assert all(name == page for name, page, _ in rows)
    assert {name: set(told.split(", ")) for name, _, told in rows} == severities(tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_says_what_it_means_how_to_confirm_what_to_do_and_how_to_silence(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.stem}\n")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS
    confirm, silence = text.split("## How to confirm")[1].split("## What to do")[0], text.split("## How to silence")[1]
    assert "```" in confirm
    assert f"alertname={page.stem} namespace=" in silence


@pytest.mark.parametrize("page", [*PAGES, INDEX], ids=lambda page: page.stem)
def test_the_queries_of_a_page_ask_for_what_there_is(tmp_path: Path, page: Path) -> None:
    there = known(watched_service(tmp_path))
    for query in code(page, "promql"):
        asked = query.replace("$NAMESPACE", "apis").replace("$SERVICE", "a-api").strip()
        if "__name__" not in asked:
            assert understood(asked, there).faults == []


@pytest.mark.parametrize("page", [*PAGES, INDEX], ids=lambda page: page.stem)
def test_the_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link, anchor in re.findall(r"\]\((?!https?:)([^)#]*)(#[^)]*)?\)", page.read_text(encoding="utf-8")):
        target = page.parent / link if link else page
        assert target.is_file()
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        anchors = {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert not anchor or anchor in anchors
