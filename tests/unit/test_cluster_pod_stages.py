from pathlib import Path

import pytest
import yaml

from local.cluster.pod_stages import MILLISECONDS, write_delayed
from local.errors import LocalError

STAGE = """apiVersion: kwok.x-k8s.io/v1alpha1
kind: Stage
metadata:
  name: {name}
spec:
  next:
    statusTemplate: |
      {{{{ $now := Now }}}}
      phase: Running
"""


def stages(folder: Path, *names: str) -> Path:
    file = folder / "stages.yaml"
    file.write_text("---\n".join(STAGE.format(name=name) for name in names), encoding="utf-8")
    return file


def test_pods_take_a_while_to_start_and_to_end_and_nothing_else_of_the_stages_changes(tmp_path: Path) -> None:
    source = stages(tmp_path, "node-heartbeat", *MILLISECONDS)
    write_delayed(source, tmp_path / "delayed.yaml")
    before = list(yaml.safe_load_all(source.read_text(encoding="utf-8")))
    after = list(yaml.safe_load_all((tmp_path / "delayed.yaml").read_text(encoding="utf-8")))
    delays = {each["metadata"]["name"]: each["spec"].pop("delay", None) for each in after}
    assert delays == {
        "node-heartbeat": None,
        **{name: {"durationMilliseconds": length} for name, length in MILLISECONDS.items()},
    }
    assert after == before


def test_a_stage_that_kwok_no_longer_has_is_named(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no stage 'pod-delete'"):
        write_delayed(stages(tmp_path, "pod-ready"), tmp_path / "delayed.yaml")
