"""docs/platform.md speaks of settings that there are."""

import re
from collections.abc import Iterator

import pytest
from pydantic import BaseModel

from catalog.stack import StackSettings
from components import argo_rollouts_size
from local.state import CHECKOUT

PAGE = (CHECKOUT / "docs" / "platform.md").read_text(encoding="utf-8")


def settings_in_tables() -> list[str]:
    """What stands as code in the first column of a table, and is no part of a chart."""
    cells = [line.split("|")[1] for line in PAGE.splitlines() if line.startswith("| `")]
    named = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return [name for name in named if re.fullmatch(r"[a-zA-Z]+(\.[a-zA-Z]+)+", name) and not name.endswith(".tgz")]


def keys_of(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """The dotted path of every setting below a model."""
    for name, field in model.model_fields.items():
        key = f"{path}{field.alias or name}"
        yield key
        inner = [part for part in (field.annotation, *getattr(field.annotation, "__args__", ())) if part]
        for part in inner:
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from keys_of(part, f"{key}.")


@pytest.mark.parametrize("setting", settings_in_tables())
def test_every_setting_of_the_tables_is_one(setting: str) -> None:
    assert setting in set(keys_of(StackSettings))


def test_the_tables_speak_of_all_that_shapes_the_monitoring_stack() -> None:
    named = settings_in_tables()
    for section in ("prometheus", "grafana", "platform.monitoring"):
        shaping = {key for key in keys_of(StackSettings) if key.rpartition(".")[0] == section}
        elsewhere = {"prometheus.access", "platform.monitoring.install", "platform.monitoring.chart"}
        elsewhere |= {"platform.monitoring.repository", "platform.monitoring.version"}
        assert shaping - elsewhere <= set(named)


def test_the_page_speaks_of_all_that_a_stack_says_of_itself() -> None:
    sections = {"platform", "prometheus", "alerting", "grafana", "cluster"}
    own = {key for key in keys_of(StackSettings) if "." not in key} - sections
    of_cluster = {key for key in keys_of(StackSettings) if key.startswith("cluster.")}
    named = {span.removesuffix(".<service>") for span in re.findall(r"`([^`\n]+)`", PAGE)}
    assert own | of_cluster <= named


_SIZE = re.compile(r"^\| (?:1 )?to (\d+) \| (\d+), (\d+)[^|]*\| (\w+), (\w+) \|$", re.MULTILINE)


def test_the_controllers_sizes_are_what_the_program_sets() -> None:
    rows = _SIZE.findall(PAGE)
    assert [int(row[0]) for row in rows] == [20, 50, 100, 500]
    for services, qps, burst, request, limit in rows:
        sized = argo_rollouts_size.resources(int(services))
        assert (sized["requests"]["memory"], sized["limits"]["memory"]) == (request, limit)
        flags = argo_rollouts_size.arguments(int(services))
        assert flags == ([] if int(services) == 20 else [f"--qps={qps}", f"--burst={burst}"])
