"""A changed selector would delete a running Rollout: refused in production unless asked for by name."""

from pathlib import Path

import pytest

from catalog.problems import CatalogError
from catalog.stack import UNKNOWN_CLUSTER, StackSettings
from components.selectors import Selectors, ensure_selectors
from tests.unit.catalog_workbench import service

SAME = {"app.kubernetes.io/name": "a-api", "app.kubernetes.io/instance": "a-api"}


def settings(environment: str, may_replace: tuple[str, ...] = ()) -> StackSettings:
    said = {
        "environment": environment,
        "cluster": {"context": "c", "uid": UNKNOWN_CLUSTER},
        "mayReplace": list(may_replace),
    }
    return StackSettings.model_validate(said, context={"stack": "prod"})


def test_a_new_selector_is_refused_in_production_with_the_way_to_accept_it(tmp_path: Path) -> None:
    with pytest.raises(CatalogError) as caught:
        ensure_selectors(settings("prod"), [service(tmp_path, "selectorLabels: {app: a}")], lambda _: {"a-api": SAME})
    assert str(caught.value) == (
        "services.yaml: services.a-api.selectorLabels: would become app=a, but the Rollout that runs has "
        "app.kubernetes.io/instance=a-api,app.kubernetes.io/name=a-api: it would be deleted before the new one is "
        "there, an outage; keep the labels, or accept it: "
        "pulumi config set --stack prod --path 'api-observability:mayReplace[0]' a-api"
    )


@pytest.mark.parametrize(
    ("environment", "may_replace", "running"),
    [
        ("prod", (), {"a-api": {"app": "a"}}),
        ("prod", (), {}),
        ("prod", (), {"b-api": SAME}),
        ("prod", ("a-api",), {"a-api": SAME}),
        ("dev", (), {"a-api": SAME}),
    ],
)
def test_what_changes_nothing_or_is_asked_for_by_name_goes_on(
    environment: str, may_replace: tuple[str, ...], running: Selectors, tmp_path: Path
) -> None:
    changed = service(tmp_path, "selectorLabels: {app: a}")
    ensure_selectors(settings(environment, may_replace), [changed], lambda _: running)
