"""Ten prepared changes of a small stack, and the comment on a pull request that each gives.

`python -m tests.unit.golden.diffs` writes the comments anew; read them.
"""

import json
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

import program
from catalog.catalog_file import load_catalog
from catalog.stack_file import load_stack_file
from catalog.yaml_file import read_mapping
from cli.diffing.comparison import Comparison, compare
from cli.diffing.markdown import markdown
from cli.diffing.secrets import changed_secrets
from cli.diffing.summary import Title
from cli.recording import record
from cli.rendering import rendered_files
from tests.unit.golden import FOLDER

SENTINELS = ("sentinel-1f0a", "sentinel-2e9b")
"""What stands where a secret stands, before and after."""

SERVICES = """
defaults: {replicas: 10}
services:
  orders-api:
    project: Orders
    port: 8001
    image: "registry.example.com/orders-api:1.4.2"
    env: {DATABASE_PASSWORD: sentinel-1f0a, QUEUE: "amqp://orders:sentinel-1f0a@queue:5672/orders"}
  search-api: {project: Search, port: 8002, image: "registry.example.com/search-api:3.0.0"}
  users-api: {project: Users, port: 8003, image: "registry.example.com/users-api:2.1.0"}
"""

STACK = """
config:
  api-observability:environment: prod
  api-observability:cluster: {context: prod, uid: 11111111-2222-3333-4444-555555555555}
  api-observability:alerting:
    slack: {webhook: {secure: "v1:sentinel-1f0a"}}
"""

TITLE = Title("prod", "main (0123456789)", "All of it: `make diff BASE=main STACK=prod`.")

Files = dict[str, str]


class Rendered(NamedTuple):
    """A stack as files, and the config it was made of."""

    files: Files
    config: Any


@cache
def rendered(services: str = SERVICES, stack: str = STACK) -> Rendered:
    """The stack prod of those two files."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "services.yaml").write_text(services, encoding="utf-8")
        (folder / "Pulumi.prod.yaml").write_text(stack, encoding="utf-8")
        settings = load_stack_file(folder, "prod")
        catalog = load_catalog(folder / "services.yaml", "prod", ("prod",))
        config = read_mapping(folder / "Pulumi.prod.yaml")["config"]
    _, recording = record(lambda: program.build(settings, catalog), stack="prod")
    return Rendered(rendered_files(recording), config)


def _edited(text: str, old: str, new: str) -> str:
    if old not in text:
        raise ValueError(f"there is no {old!r} to change")
    return text.replace(old, new)


def _alert(rule: Mapping[str, Any]) -> str | None:
    return rule.get("alert")


def _services(old: str, new: str) -> Callable[[], Rendered]:
    return lambda: rendered(_edited(SERVICES, old, new))


def _another_panel() -> Rendered:
    """As a change of the program's own dashboards: one panel asks something else, and one is new."""
    files, config = rendered()
    path = "monitoring/configmap-grafana-dashboard-api-monitoring.yaml"
    body = yaml.safe_load(files[path])
    ((name, text),) = body["data"].items()
    board = json.loads(text)
    panel = next(panel for panel in board["panels"] if panel.get("targets"))
    panel["targets"][0]["expr"] += " * 60"
    board["panels"].append({**panel, "title": "Requests per minute"})
    body["data"][name] = json.dumps(board)
    return Rendered({**files, path: yaml.safe_dump(body)}, config)


def _another_alert() -> Rendered:
    """As a change of the program's own rules: one alert waits longer and is graver, one is gone, one is new."""
    files, config = rendered()
    path = "argo-rollouts/prometheusrule-argo-rollouts.yaml"
    body = yaml.safe_load(files[path])
    rules = next(group["rules"] for group in body["spec"]["groups"] if "RolloutFailed" in map(_alert, group["rules"]))
    waits, gone = (next(rule for rule in rules if rule["alert"] == name) for name in ("RolloutFailed", "RolloutStuck"))
    rules.append({**waits, "alert": "RolloutFailedAtNight"})
    waits.update({"for": "15m", "labels": {**waits["labels"], "severity": "critical"}, "expr": f"{waits['expr']} > 0"})
    rules.remove(gone)
    return Rendered({**files, path: yaml.safe_dump(body)}, config)


_SEARCH = '  search-api: {project: Search, port: 8002, image: "registry.example.com/search-api:3.0.0"}\n'
_NEW = '  carts-api: {project: Carts, port: 8004, image: "registry.example.com/carts-api:1.0.0"}\n'

CHANGES: Mapping[str, Callable[[], Rendered]] = {
    "new-service": _services(_SEARCH, _NEW + _SEARCH),
    "threshold": _services("defaults: {replicas: 10}", "defaults: {replicas: 10, canary: {analysis: {p95: 500ms}}}"),
    "image": _services("orders-api:1.4.2", "orders-api:1.5.0"),
    "replica": _services("project: Users,", "project: Users, replicas: 12,"),
    "alert": _another_alert,
    "dashboard-panel": _another_panel,
    "removal": _services(_SEARCH, ""),
    "rename": _services("  search-api: {", "  finder-api: {"),
    "secret": lambda: rendered(*(_edited(text, *SENTINELS) for text in (SERVICES, STACK))),
    "nothing": rendered,
}
"""What a pull request may do to the stack, by a name for it."""


def golden_file(change: str) -> Path:
    """Where the comment for a change is written down."""
    return FOLDER / f"diff-{change}.md"


def comparison(change: str, base: Rendered) -> Comparison:
    """What a prepared change does to the stack."""
    changed = CHANGES[change]()  # rendered once for all tests, which change none of it
    return compare(base.files, changed.files, changed_secrets(base.config, changed.config))


def comment(change: str, base: Rendered) -> str:
    """The comment for a prepared change."""
    return markdown(comparison(change, base), TITLE)


if __name__ == "__main__":
    base_of_all = rendered()
    for each in CHANGES:
        golden_file(each).write_text(comment(each, base_of_all), encoding="utf-8")
