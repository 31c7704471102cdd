"""Cases for rules, as data: samples that are made up, and what must fire or be recorded at which time.

All cases are judged by one run of `promtool test rules`, as a run apiece would take ten times as long.
"""

import re
import subprocess
import xml.etree.ElementTree as Xml
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import yaml

from local import programs
from observability.rule import Alert, Record, RuleGroup, rule_spec
from observability.series import series
from tests.rules.promtool import SCRAPE_SECONDS, Series

Labels = Mapping[str, str]
Kind = Literal["fires", "stays quiet", "has no data", "are right"]

TEXTS = ("summary", "description", "dashboard_url")


@dataclass(frozen=True)
class Case:
    """What an alert or records must do with some samples.

    `firing` says by time which labels the firing alerts of that name have, and `texts` what the last ones tell.
    `answers` says by time and expression which samples there are. Of the rules in `under` (a set of groups by a name)
    the `groups` are loaded, in that order, and evaluated `every` so often; samples are `step` apart.
    """

    alert: str
    kind: Kind
    when: str
    groups: tuple[str, ...]
    series: Series
    firing: Mapping[str, Sequence[Labels]] = field(default_factory=dict)
    texts: tuple[str, str, str] | None = None
    answers: Mapping[tuple[str, str], Mapping[str, float]] = field(default_factory=dict)
    under: str = "usual"
    every: str = "30s"
    step: str = f"{SCRAPE_SECONDS}s"

    def __str__(self) -> str:
        return f"{self.alert} {self.kind} {self.when}"

    def test(self) -> dict[str, Any]:
        """The case as promtool has it."""
        return {
            "name": str(self),
            "interval": self.step,
            "input_series": [{"series": name, "values": samples} for name, samples in self.series.items()],
            "promql_expr_test": [*self._firing(), *self._answers()],
            "alert_rule_test": self._texts(),
        }

    def _firing(self) -> list[dict[str, Any]]:
        selector = f'ALERTS{{alertname="{self.alert}",alertstate="firing"}}'
        state = {"alertname": self.alert, "alertstate": "firing"}
        return [
            _asked(selector, time, {series("ALERTS", {**state, **each}): 1 for each in found})
            for time, found in self.firing.items()
        ]

    def _answers(self) -> list[dict[str, Any]]:
        return [
            _asked(f"round({expression}, 0.000001)", time, samples)
            for (time, expression), samples in self.answers.items()
        ]

    def _texts(self) -> list[dict[str, Any]]:
        if self.texts is None:
            return []
        time, (labels,) = [each for each in self.firing.items() if each[1]][-1]
        runbook = {"runbook_url": f"docs/runbooks/{self.alert}.md"}
        expected = {
            "exp_labels": dict(labels),
            "exp_annotations": {**dict(zip(TEXTS, self.texts, strict=True)), **runbook},
        }
        return [{"eval_time": time, "alertname": self.alert, "exp_alerts": [expected]}]


def _asked(expression: str, time: str, samples: Mapping[str, float]) -> dict[str, Any]:
    expected = [{"labels": labels, "value": value} for labels, value in samples.items()]
    return {"expr": expression, "eval_time": time, "exp_samples": expected}


def verdicts(folder: Path, cases: Iterable[Case], rules: Mapping[str, Mapping[str, RuleGroup]]) -> dict[str, str]:
    """What promtool says against each case, by its name; empty where it agrees."""
    batches: dict[tuple[str, tuple[str, ...], str, str], list[Case]] = {}
    for case in cases:
        batches.setdefault((case.under, case.groups, case.alert, case.every), []).append(case)
    files = []
    for number, ((under, names, alert, every), batch) in enumerate(batches.items()):
        groups = [_only(rules[under][name], alert) for name in names]
        _write(folder / f"rules-{number}.yaml", rule_spec(groups))
        test = {
            "rule_files": [f"rules-{number}.yaml"],
            "evaluation_interval": every,
            "group_eval_order": [group.name for group in groups],
            "fuzzy_compare": True,
            "tests": [case.test() for case in batch],
        }
        files.append(_write(folder / f"test-{number}.yaml", test))
    promtool = programs.ensure(["promtool"], lambda _: None)["promtool"]
    junit = folder / "told.xml"
    told = subprocess.run(
        [promtool, "test", f"--junit={junit}", "rules", *files], check=False, capture_output=True, text=True
    )
    verdict = {
        str(case.get("name")): "\n".join(str(each.text) for each in case) for case in Xml.parse(junit).iter("testcase")
    }
    # Where a file is not understood, there is no case to blame.
    assert told.returncode == 0 or any(verdict.values()), told.stdout + told.stderr
    return verdict


def _only(group: RuleGroup, alert: str) -> RuleGroup:
    """The records of a group, its alerts of that name and those they ask about: others would be evaluated in vain."""
    asked = " ".join(rule.expression for rule in group.rules if isinstance(rule, Alert) and rule.name == alert)
    needed = [
        rule for rule in group.rules if isinstance(rule, Record) or rule.name == alert or rule.name in _words(asked)
    ]
    return replace(group, rules=needed)


def _words(expression: str) -> set[str]:
    return set(re.findall(r"\w+", expression))


def _write(path: Path, content: Mapping[str, Any]) -> Path:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return path
