"""The outcome of every canary that an `up` started: `before` it, and `wait` after it.

Standard library and kubectl alone. Exit status 1 where a canary was taken back, does not come up, waits for a person or
is not over in time, and the reason is said: what follows must not build upon it.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

KEPT = Path("canaries-before.json")
"""What the Rollouts were before `up`, in the folder of the run."""


def main() -> int:
    """Run one of the two commands."""
    options = _options()
    if options.command == "before":
        KEPT.write_text(json.dumps(_wanted(options)), encoding="utf-8")
        return 0
    before = json.loads(KEPT.read_text(encoding="utf-8"))
    started = [name for name, pods in _wanted(options).items() if name in before and before[name] != pods]
    print(f"canaries that have begun: {', '.join(started) or 'none'}", flush=True)
    # One after the other: they run side by side whatever one looks at.
    failed = [name for name in started if not _ends_well(options, name)]
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("before", "wait"):
        command = commands.add_parser(name)
        command.add_argument("--context", required=True)
        command.add_argument("--namespace", required=True)
    command.add_argument("--plugin", required=True, help="the program kubectl-argo-rollouts")
    command.add_argument("--timeout", default="60m", help="of each canary, as kubectl takes it")
    return parser.parse_args()


def _wanted(options: argparse.Namespace) -> dict[str, Any]:
    """The pod template of every Rollout: what starts a canary when it changes. None are there before the first `up`."""
    found = _kubectl(options, "get", "rollouts.argoproj.io", "--output", "json", "--ignore-not-found")
    if found.returncode != 0:
        if "the server doesn't have a resource type" in found.stderr:
            return {}
        sys.exit(f"error: {found.stderr.strip()}")
    items = json.loads(found.stdout or "{}").get("items", [])
    return {item["metadata"]["name"]: item["spec"].get("template") for item in items}


def _ends_well(options: argparse.Namespace, name: str) -> bool:
    where = ["--context", options.context, "--namespace", options.namespace]
    watched = subprocess.run(
        [options.plugin, "status", name, *where, "--timeout", options.timeout],
        check=False,
        text=True,
        capture_output=True,
    )
    rollout = json.loads(_kubectl(options, "get", "rollouts.argoproj.io", name, "--output", "json").stdout or "{}")
    status = rollout.get("status", {})
    phase, message = status.get("phase", "unknown"), status.get("message", "")
    if watched.returncode == 0 and phase == "Healthy":
        print(f"{name}: promoted", flush=True)
        return True
    told = "still waits for a person" if phase == "Paused" else f"is {phase}"
    print(f"::error::{name} {told}: {message or watched.stderr.strip()}", flush=True)
    for line in _failed_measurements(options, name):
        print(f"  {line}", flush=True)
    return False


def _failed_measurements(options: argparse.Namespace, name: str) -> list[str]:
    """Which checks failed, as their newest AnalysisRuns say."""
    found = _kubectl(options, "get", "analysisruns.argoproj.io", "--output", "json")
    runs = json.loads(found.stdout or "{}").get("items", [])
    own = [run for run in runs if any(owner["name"] == name for owner in run["metadata"].get("ownerReferences", []))]
    own.sort(key=lambda run: str(run["metadata"].get("creationTimestamp")), reverse=True)
    return [
        f"{run['metadata']['name']}: {metric['name']} {metric['phase']}: {metric.get('message', '')}"
        f" (measured {', '.join(str(each.get('value')) for each in metric.get('measurements', [])[-3:])})"
        for run in own[:2]
        for metric in run.get("status", {}).get("metricResults", [])
        if metric.get("phase") in ("Failed", "Error", "Inconclusive")
    ]


def _kubectl(options: argparse.Namespace, *arguments: str) -> "subprocess.CompletedProcess[str]":
    where = ["--context", options.context, "--namespace", options.namespace]
    return subprocess.run(["kubectl", *where, *arguments], check=False, text=True, capture_output=True)


if __name__ == "__main__":
    sys.exit(main())
