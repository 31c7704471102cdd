"""What the kube-state-metrics of the embedded cluster tells of Rollouts: what that of a real cluster is told to tell.

`python -m tests.unit.golden.rollout_state` writes its configuration anew. `local` cannot ask for it: it knows nothing
of what is watched.
"""

import yaml

from local.cluster.monitoring import ROLLOUT_STATE
from observability.rollout_state import custom_resource_state

_HEAD = "# Written by `python -m tests.unit.golden.rollout_state` from observability/rollout_state.py.\n"


def as_configured() -> str:
    """The configuration as a file."""
    return _HEAD + yaml.safe_dump(custom_resource_state(), sort_keys=False, width=120)


if __name__ == "__main__":
    ROLLOUT_STATE.write_text(as_configured(), encoding="utf-8")
