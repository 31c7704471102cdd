"""A release of one service is not held up by what is wrong with another, or with who is told of alerts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.problems import CatalogError, Problem
from catalog.stack import StackSettings
from components import preflight
from components.referenced import Referenced
from tests.unit.catalog_workbench import MINIMAL, load

SETTINGS = StackSettings.model_validate({"environment": "dev", "cluster": {"context": "dev"}}, context={"stack": "dev"})
OTHER_LABELS = {"spec": {"selector": {"matchLabels": {"app": "old"}}}}
"""A Rollout that cannot be changed as the catalog asks."""

UNHEARD = Problem("Pulumi.dev.yaml", "alerting.slack", "there is no Secret 'slack'")


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Referenced]:
    """A preflight of `a-api` and `b-api`, on a cluster where these run."""

    def refuse(_settings: StackSettings) -> list[Problem]:
        raise CatalogError([UNHEARD])

    def run(running: dict[str, Any], touched: str | None = None, *, unheard: bool = False) -> Referenced:
        monkeypatch.setattr(preflight, "ensure_cluster", lambda _: None)
        monkeypatch.setattr(preflight, "ensure_adopted", lambda _: [])
        monkeypatch.setattr(preflight, "running_rollouts", lambda _: running)
        if unheard:
            monkeypatch.setattr(preflight, "look_up_alert_secrets", refuse)
        both = load(tmp_path, MINIMAL + "  b-api: {project: B, port: 8002, image: 'registry.example.com/b:1.0.0'}\n")
        return preflight.preflight(SETTINGS, both.services, None, touched)

    return run


def test_what_cannot_be_changed_on_another_service_is_a_warning(check: Callable[..., Referenced]) -> None:
    (warning,) = check({"b-api": OTHER_LABELS}, "a-api").warnings
    assert warning.path == "services.b-api.selectorLabels"


def test_what_cannot_be_changed_on_the_service_itself_ends_it(check: Callable[..., Referenced]) -> None:
    with pytest.raises(CatalogError, match="a-api") as caught:
        check({"a-api": OTHER_LABELS, "b-api": OTHER_LABELS}, "a-api")
    assert "b-api" not in str(caught.value)


def test_an_up_of_the_whole_stack_refuses_all_of_them(check: Callable[..., Referenced]) -> None:
    with pytest.raises(CatalogError, match=r"a-api[\s\S]*b-api"):
        check({"a-api": OTHER_LABELS, "b-api": OTHER_LABELS})


def test_a_secret_of_alerting_that_is_missing_holds_up_no_release(check: Callable[..., Referenced]) -> None:
    assert check({}, "a-api", unheard=True).warnings == (UNHEARD,)
    with pytest.raises(CatalogError, match="there is no Secret 'slack'"):
        check({}, unheard=True)
