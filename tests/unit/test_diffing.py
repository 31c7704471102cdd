"""Comparing rendered objects: lists by name, secrets hidden, long texts cut where they differ, markup disarmed."""

import pytest
import yaml

from cli.diffing.blocks import Block, Rank, fitted
from cli.diffing.comparison import State, compare
from cli.diffing.fields import changed_fields
from cli.diffing.markdown import code, markdown
from cli.diffing.objects import parsed, replaced
from cli.diffing.shortened import shortened
from cli.diffing.summary import Title

TITLE = Title("prod", "main")


def changes(before: object, after: object, kind: str = "ConfigMap") -> list[tuple[str, str | None, str | None]]:
    sides = [
        parsed(f"apis/{kind.lower()}-a.yaml", yaml.safe_dump({"kind": kind, **_map(side)})) for side in (before, after)
    ]
    return [(field.path, field.before, field.after) for field in changed_fields(*sides)]


def _map(side: object) -> dict[str, object]:
    return side if isinstance(side, dict) else {"spec": side}


def test_an_item_that_is_new_in_the_middle_changes_no_other() -> None:
    before = [{"name": "a", "value": "1"}, {"name": "c", "value": "3"}]
    after = [{"name": "a", "value": "1"}, {"name": "b", "value": "2"}, {"name": "c", "value": "3"}]
    assert changes(before, after) == [("spec[b]", None, "{name: b, value: '2'}")]


def test_steps_without_names_are_aligned_as_lines_are() -> None:
    before = [{"setWeight": 10}, {"pause": {"duration": "1m"}}, {"setWeight": 50}]
    after = [{"setWeight": 10}, {"setWeight": 50}]
    assert changes(before, after) == [("spec[1]", "{pause: {duration: 1m}}", None)]


def test_an_alert_with_another_severity_is_still_the_same_alert() -> None:
    rule = {"alert": "Down", "expr": "up == 0", "labels": {"severity": "warning"}}
    graver = {**rule, "labels": {"severity": "critical"}}
    other = {"alert": "Down", "expr": "up == 0", "for": "1h", "labels": {"severity": "info"}}
    assert changes([rule, other], [graver, other]) == [("spec[Down, critical].labels.severity", "warning", "critical")]


def test_a_number_that_becomes_a_text_is_a_change() -> None:
    assert changes({"spec": 5}, {"spec": "5"}) == [("spec", "5", "'5'")]
    assert changes({"spec": True}, {"spec": 1}) == [("spec", "true", "1")]


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("Secret", {"data": {"url": "SENTINEL"}}),
        ("Secret", {"stringData": {"url": "SENTINEL"}}),
        ("Helm Release", {"values": {"grafana": {"adminPassword": "SENTINEL"}}}),
        ("Helm Release", {"values": {"remoteWrite": [{"url": "https://me:SENTINEL@metrics.example.com/push"}]}}),
        ("Rollout", {"spec": {"env": [{"name": "API_TOKEN", "value": "SENTINEL"}]}}),
        ("ConfigMap", {"data": {"settings.json": '{"apiKey": "SENTINEL"}'}}),
    ],
)
def test_what_may_be_a_secret_is_told_as_changed_and_not_shown(kind: str, body: object) -> None:
    text = yaml.safe_dump(body)
    found = changes(
        yaml.safe_load(text.replace("SENTINEL", "old1")), yaml.safe_load(text.replace("SENTINEL", "new2")), kind
    )
    assert len(found) == 1
    assert "[secret]" in str(found[0][1])
    assert not {"old1", "new2"} & set(str(found).replace("'", " ").replace(":", " ").replace("@", " ").split())


def test_a_new_secret_is_not_shown_either() -> None:
    ((_, before, after),) = changes({"kind": "Secret"}, {"kind": "Secret", "stringData": {"url": "SENTINEL"}}, "Secret")
    assert (before, after) == (None, "{url: '[secret]'}")


def test_long_texts_are_cut_around_the_place_where_they_differ() -> None:
    before, after = shortened(f"{'a' * 300}1{'b' * 300}", f"{'a' * 300}2{'b' * 300}", 60)
    assert before and after
    assert ("a1b" in before, "a2b" in after) == (True, True)
    assert max(len(before), len(after)) <= 62


def test_a_name_is_replaced_as_a_whole_word_alone() -> None:
    assert replaced("api my-api api-canary apis api.apis /api?", "api", "x") == "x my-api x-canary apis x.apis /x?"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", r"`a\|b`"),
        ("@everybody </details> <img src=x>", "`@everybody </details> <img src=x>`"),
        ("a ` b", "``a ` b``"),
        ("`x`", "`` `x` ``"),
        ("two\nlines", "`two lines`"),
    ],
)
def test_what_a_stranger_writes_is_neither_markup_nor_a_mention(text: str, shown: str) -> None:
    assert code(text) == shown


def test_the_name_of_a_thing_is_no_markup_either() -> None:
    rollout = "kind: Rollout\nspec: {template: {spec: {containers: [{name: a, env: [{name: %s, value: x}]}]}}}\n"
    before, after = ({"apis/rollout-a.yaml": rollout % name} for name in ("A", "'@all|<b>`c`'"))
    table = markdown(compare(before, after), TITLE).partition("<details>")[0]
    assert "&#64;all\\|&lt;b&gt;\\`c\\`" in table
    assert "@all" not in table


def test_a_change_of_the_options_alone_is_a_change() -> None:
    body = "kind: Namespace\nmetadata: {name: apis}\n"
    told = compare(
        {"_cluster/namespace-apis.yaml": body}, {"_cluster/namespace-apis.yaml": f"# retainOnDelete: true\n{body}"}
    )
    assert told.platform
    assert [field.path for change in told.platform.objects for field in change.fields] == ["options"]


def test_an_object_that_stays_in_the_cluster_is_told_so() -> None:
    files = {"_cluster/namespace-apis.yaml": "# retainOnDelete: true\nkind: Namespace\nmetadata: {name: apis}\n"}
    told = compare(files, {})
    assert told.objects_of(State.REMOVED) == 1
    assert "retainOnDelete stay in the cluster" in markdown(told, TITLE)


def test_fields_are_left_out_before_tables_and_tables_before_the_summary() -> None:
    blocks = [
        Block(Rank.SUMMARY, "summary"),
        Block(Rank.TABLE, "table " * 100, "a"),
        Block(Rank.FIELDS, "fields " * 500, "a"),
        Block(Rank.TABLE, "small", "b"),
    ]
    roomy, narrow = (fitted(blocks, limit, "See all.") for limit in (3000, 2000))
    assert ("table" in roomy, "fields fields" in roomy, "small" in roomy) == (True, False, True)
    assert narrow.startswith(
        "summary\nsmall\n\nLeft out to stay within 2000 bytes: the tables of a and the fields of 1"
    )


def test_a_change_of_the_platform_is_told_once_and_of_no_service() -> None:
    rollout = "kind: Rollout\nmetadata: {name: %s}\nspec: {replicas: %s}\n"
    before = {f"apis/rollout-{name}.yaml": rollout % (name, 1) for name in "ab"}
    after = {f"apis/rollout-{name}.yaml": rollout % (name, 2) for name in "ab"}
    told = compare(before | {"apis/x-c.yaml": "kind: X\nspec: 1\n"}, after | {"apis/x-c.yaml": "kind: X\nspec: 2\n"})
    assert [(group.name, len(group.objects)) for group in told.groups] == [("a", 1), ("b", 1), ("", 1)]
