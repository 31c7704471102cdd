"""What is told of the objects that watch: alerts, recording rules, dashboards and their panels."""

from collections.abc import Iterator, Mapping
from typing import Any

from cli.diffing.objects import RenderedObject
from cli.diffing.pairing import names_of, pairs
from cli.diffing.rows import Body, Row, at, items, listed

_PLACE = ("id", "gridPos", "collapsed", "panels")
"""Where a panel stands is no change of what it shows."""


def rule_rows(before: Body | None, after: Body | None) -> Iterator[Row]:
    """The alerts that differ, each with `severity`, `for` and what else is another, and the number of other rules."""
    old, new = _rules(before), _rules(after)
    alerts = [[rule for rule in rules if "alert" in rule] for rules in (old, new)]
    if before is None or after is None:
        yield from _only_names(before, *alerts)
    else:
        for pair in pairs(*alerts):
            if pair.before != pair.after:
                yield Row(f"alert {_alert_name(pair.name)}", *_alert_texts(pair.before, pair.after))
    records = [[rule for rule in rules if "record" in rule] for rules in (old, new)]
    yield from _record_rows(*records)


def _only_names(before: Body | None, old: list[Any], new: list[Any]) -> Iterator[Row]:
    names = listed(list(dict.fromkeys(str(rule["alert"]) for rule in old or new)))
    if old or new:
        yield Row("alerts", None, names) if before is None else Row("alerts", names, None)


def _rules(body: Body | None) -> list[Any]:
    return [rule for group in items(body, "spec", "groups") for rule in items(group, "rules")]


def _alert_name(name: str) -> str:
    first, *labels = name.split(", ")
    return f"{first} ({', '.join(labels)})" if labels else first


def _alert_texts(before: Any, after: Any) -> tuple[str | None, str | None]:
    """An alert before and after: always how grave and after how long, and whatever else changes by its name."""
    texts = [None if rule is None else f"{_severity(rule)}, {_for(rule)}" for rule in (before, after)]
    if before is not None and after is not None:
        told = {"for", "labels"} if _severity(before) != _severity(after) else {"for"}
        others = [key for key in ("expr", "labels", "annotations") if before.get(key) != after.get(key)]
        words = {"expr": "condition", "labels": "labels", "annotations": "texts"}
        if changed := [words[key] for key in others if key not in told]:
            texts[1] = f"{texts[1]}; changed: {', '.join(changed)}"
    return texts[0], texts[1]


def _severity(rule: Mapping[str, Any]) -> str:
    return str(at(rule, "labels", "severity") or "no severity")


def _for(rule: Mapping[str, Any]) -> str:
    return f"for {rule['for']}" if rule.get("for") else "at once"


def _record_rows(old: list[Any], new: list[Any]) -> Iterator[Row]:
    found = [pair for pair in pairs(old, new) if pair.before != pair.after]
    if not found or not old or not new:  # those of a whole object that comes or goes tell nobody anything
        return
    added = sum(pair.before is None for pair in found)
    removed = sum(pair.after is None for pair in found)
    parts = ((len(found) - added - removed, "changed"), (added, "new"), (removed, "removed"))
    yield Row("recording rules", "", ", ".join(f"{number} {word}" for number, word in parts if number))


def dashboards_of(entry: RenderedObject) -> list[Mapping[str, Any]]:
    """The dashboards in the data of a ConfigMap."""
    data = entry.whole.get("data")
    found = data.values() if isinstance(data, Mapping) else ()
    return [each for each in found if isinstance(each, Mapping) and "panels" in each]


def dashboard_rows(before: RenderedObject | None, after: RenderedObject | None) -> Iterator[Row]:
    """The panels that differ, by the titles of dashboard and panel; where they stand is one row for all."""
    old, new = (dashboards_of(entry) if entry else [] for entry in (before, after))
    for pair in pairs(old, new):
        title = str((pair.after or pair.before)["title"])
        if pair.before is None or pair.after is None:
            names = [listed([name for name, _ in _panels(board)]) if board else None for board in pair[1:]]
            yield Row(f"dashboard “{title}”, panels", *names)
            continue
        yield from _panel_rows(title, pair.before, pair.after)


def _panel_rows(title: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Row]:
    panels = [[{"title": name, "panel": panel} for name, panel in _panels(board)] for board in (before, after)]
    for pair in pairs(*panels):
        if pair.before != pair.after:
            texts = [_panel(side["panel"]) if side else None for side in (pair.before, pair.after)]
            if texts[0] is not None and texts[1] is not None:
                changed = _differing(pair.before["panel"], pair.after["panel"])
                texts[1] = f"{texts[1]}; changed: {', '.join(changed)}"
            yield Row(f"dashboard “{title}”, panel “{pair.name}”", *texts)
    variables = [[each for each in items(board, "templating", "list") if names_of(each)] for board in (before, after)]
    for pair in pairs(*variables):
        if pair.before != pair.after:
            yield Row(f"dashboard “{title}”, variable {pair.name}", *_presence(pair.before, pair.after))


def _panels(board: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every panel, also those in a folded row, without its place."""
    for panel in items(board, "panels"):
        yield str(panel.get("title") or panel.get("type")), {k: v for k, v in panel.items() if k not in _PLACE}
        yield from _panels(panel)


def _panel(panel: Mapping[str, Any]) -> str:
    queries = len(items(panel, "targets"))
    return f"{panel.get('type')}, {queries} quer{'y' if queries == 1 else 'ies'}"


def _differing(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    words = {"targets": "query", "fieldConfig": "look or unit", "options": "look", "title": "title"}
    keys = [key for key in sorted({*before, *after}) if before.get(key) != after.get(key)]
    return list(dict.fromkeys(words.get(key, key) for key in keys))


def _presence(before: Any, after: Any) -> tuple[str | None, str | None]:
    return None if before is None else "there", None if after is None else "there" if before is None else "changed"
