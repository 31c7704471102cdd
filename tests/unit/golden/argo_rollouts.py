"""The golden files of Argo Rollouts: all that ArgoRolloutsMonitoring registers, the values of its Release among it.

`python -m tests.unit.golden.argo_rollouts` writes them anew.
"""

from pathlib import Path

import yaml

from catalog.stack import StackSettings
from catalog.stack_file import load_stack_file
from cli.recording import record
from cli.rendering import rendered_files
from components.argo_rollouts_monitoring import ArgoRolloutsMonitoring, ArgoRolloutsMonitoringArgs
from local.state import CHECKOUT
from tests.unit.golden import FOLDER
from tests.unit.settings_workbench import SECRET_KEYS, changed, everything, from_engine

NAMES = ("dev", "prod", "everything")
"""The two stacks as their files have them, and one with every setting there is."""


def golden_file(name: str) -> Path:
    """Where Argo Rollouts is written down as `name` has it."""
    return FOLDER / f"argo-rollouts-{name}.yaml"


def as_registered(name: str) -> str:
    """Argo Rollouts as `name` has it, as rendering shows it: secrets are masked."""
    args = ArgoRolloutsMonitoringArgs.of(_settings(name))
    _, recording = record(lambda: ArgoRolloutsMonitoring("argo-rollouts", args), stack=name)
    return "---\n".join(map(_readable, rendered_files(recording).values()))


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as such: the templates of messages are there to be read."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def _readable(document: str) -> str:
    return yaml.dump(yaml.safe_load(document), Dumper=_Dumper, allow_unicode=True, width=200)


def _settings(name: str) -> StackSettings:
    if name != "everything":
        return load_stack_file(CHECKOUT, name)
    # The user's own values are another test's matter.
    return from_engine(changed(everything(), ("platform", "argoRollouts", "values"), {}), SECRET_KEYS)


if __name__ == "__main__":
    for each in NAMES:
        golden_file(each).write_text(as_registered(each), encoding="utf-8")
