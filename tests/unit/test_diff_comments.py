"""The comment on a pull request: each kind of change is told rightly, shortly and without a secret."""

import pytest

from cli.diffing.comparison import State, compare
from cli.diffing.markdown import markdown
from cli.diffing.plain import plain
from cli.diffing.secrets import changed_secrets
from tests.unit.golden.diffs import (
    CHANGES,
    SENTINELS,
    SERVICES,
    TITLE,
    Rendered,
    comment,
    comparison,
    golden_file,
    rendered,
)


@pytest.fixture(scope="module")
def base() -> Rendered:
    return rendered()


@pytest.mark.parametrize("change", CHANGES)
def test_the_comment_is_the_one_that_was_read_and_written_down(change: str, base: Rendered) -> None:
    """`python -m tests.unit.golden.diffs` writes them anew; read the diff."""
    assert comment(change, base) == golden_file(change).read_text(encoding="utf-8")


@pytest.mark.parametrize("change", ["secret", "rename", "removal"])
@pytest.mark.parametrize("write", [markdown, plain])
def test_no_secret_is_ever_shown(change: str, write: object, base: Rendered) -> None:
    assert callable(write)
    told = write(comparison(change, base), TITLE, 0)
    assert not any(sentinel in told for sentinel in SENTINELS)


def test_a_secret_that_is_set_anew_is_told_by_its_setting_alone(base: Rendered) -> None:
    told = comparison("secret", base)
    assert [(row.what, row.before, row.after) for row in told.secrets] == [
        ("alerting.slack.webhook", "[secret]", "[secret] (set anew)")
    ]


def test_secrets_that_come_and_go_are_told_by_their_settings(base: Rendered) -> None:
    rows = list(changed_secrets(base.config, {"api-observability:alerting": {"pager": {"secure": "v1:x"}}}))
    assert [(row.what, row.before, row.after) for row in rows] == [
        ("alerting.pager", None, "[secret]"),
        ("alerting.slack.webhook", "[secret]", None),
    ]


def test_a_renamed_service_is_told_as_one_that_is_deleted_and_created(base: Rendered) -> None:
    told = comparison("rename", base)
    (group,) = told.services
    assert (group.state, group.renamed_from, group.name) == (State.RENAMED, "search-api", "finder-api")
    assert "is deleted with its pods" in comment("rename", base)


def test_a_service_that_comes_while_another_goes_is_no_rename(base: Rendered) -> None:
    """All services have the same shape; neither project, port nor image is the same here."""
    old = 'search-api: {project: Search, port: 8002, image: "registry.example.com/search-api:3.0.0"}'
    new = 'carts-api: {project: Carts, port: 8002, image: "registry.example.com/carts-api:3.0.0"}'
    told = compare(base.files, rendered(SERVICES.replace(old, new)).files)
    assert {group.name: group.state for group in told.services} == {
        "search-api": State.REMOVED,
        "carts-api": State.ADDED,
    }


def test_only_a_change_of_the_pods_starts_a_canary(base: Rendered) -> None:
    starts = {
        change: [group.name for group in comparison(change, base).services if group.starts_canary]
        for change in ("image", "replica", "threshold")
    }
    assert starts == {"image": ["orders-api"], "replica": [], "threshold": []}


def test_another_selector_is_told_as_an_outage(base: Rendered) -> None:
    changed = rendered(SERVICES.replace("project: Users,", "project: Users, selectorLabels: {app: users},"))
    (group,) = compare(base.files, changed.files).services
    assert group.is_replaced
    assert not group.starts_canary
    assert "**`users-api` is deleted and created anew**" in markdown(compare(base.files, changed.files), TITLE)


def test_services_that_move_to_another_namespace_are_told_as_replaced(base: Rendered) -> None:
    config = "  api-observability:namespace: shop\n"
    moved = rendered(
        stack=f"config:\n  api-observability:environment: prod\n{config}"
        "  api-observability:cluster: {context: prod, uid: 11111111-2222-3333-4444-555555555555}\n"
        '  api-observability:alerting:\n    slack: {webhook: {secure: "v1:sentinel-1f0a"}}\n'
    )
    told = compare(base.files, moved.files)
    assert [group.is_replaced for group in told.services] == [True, True, True]
    assert markdown(told, TITLE).count("is deleted and created anew") == 3


@pytest.mark.parametrize("limit", [1000, 2000, 5000])
def test_what_does_not_fit_is_left_out_and_said_and_the_summary_never_is(limit: int, base: Rendered) -> None:
    services = SERVICES.replace("defaults: {replicas: 10}", "defaults: {replicas: 12, command: [/run]}")
    for number in range(40):
        services += (
            f"  new-{number}-api: {{project: N{number}, port: 8100, image: 'registry.example.com/n{number}:1'}}\n"
        )
    told = compare(base.files, rendered(services).files)
    text = markdown(told, TITLE, limit)
    whole = markdown(told, TITLE, 0)
    assert len(whole) > 5000
    # Of 43 services the controller of Argo Rollouts becomes larger: the fourth object.
    summary = "**3 services changed, 40 added; 4 objects changed, 240 added.** A canary starts for"
    assert summary in text
    assert f"Left out to stay within {limit} bytes" in text
    assert TITLE.hint in text
    assert len(text.encode()) <= max(limit, 3000)
    assert text.count("<details>") == text.count("</details>")


def test_a_comment_of_many_new_services_fits_on_github(base: Rendered) -> None:
    services = SERVICES + "".join(
        f"  n{number}-api: {{project: N{number}, port: 8100, image: 'registry.example.com/n{number}:1'}}\n"
        for number in range(60)
    )
    text = markdown(compare(base.files, rendered(services).files), TITLE)
    assert "60 services added" in text
    assert len(text) <= len(text.encode()) <= 65536


@pytest.mark.parametrize("change", CHANGES)
def test_the_text_for_a_terminal_tells_the_same_without_markup(change: str, base: Rendered) -> None:
    told = comparison(change, base)
    text = plain(told, TITLE)
    assert not any(mark in text for mark in ("**", "`", "<details>"))
    assert all(group.name in text for group in told.services)


def test_a_removal_stands_out_in_a_terminal_too(base: Rendered) -> None:
    assert "!! search-api is removed." in plain(comparison("removal", base), TITLE)
