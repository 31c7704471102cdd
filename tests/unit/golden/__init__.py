"""Golden files: whole Releases as the program registers them, to be read line by line when they change.

`python -m tests.unit.golden` writes them anew.
"""

from pathlib import Path

from catalog.stack import StackSettings
from catalog.stack_file import load_stack_file
from cli.recording import record
from cli.rendering import rendered_files
from components.monitoring_stack import MonitoringStack, MonitoringStackArgs
from local.state import CHECKOUT
from tests.unit.settings_workbench import SECRET_KEYS, changed, everything, from_engine

FOLDER = Path(__file__).parent

NAMES = ("dev", "prod", "everything")
"""The two stacks as their files have them, and one with every setting there is."""


def golden_file(name: str) -> Path:
    """Where the monitoring stack of `name` is written down."""
    return FOLDER / f"monitoring-{name}.yaml"


def monitoring_as_registered(name: str) -> str:
    """The monitoring stack of `name`, as rendering shows it: secrets are masked."""
    args = MonitoringStackArgs.of(_settings(name))
    _, recording = record(lambda: MonitoringStack("monitoring", args), stack=name)
    return "---\n".join(rendered_files(recording).values())


def _settings(name: str) -> StackSettings:
    if name != "everything":
        return load_stack_file(CHECKOUT, name)
    # The user's own values are another test's matter.
    return from_engine(changed(everything(), ("platform", "monitoring", "values"), {}), SECRET_KEYS)
