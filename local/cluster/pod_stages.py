"""How long pods take: kwok plays them, and as its own stages have it they start and end in no time."""

from pathlib import Path
from typing import Any

import yaml

from local.cluster.folder import write_private
from local.errors import LocalError

MILLISECONDS = {"pod-ready": 1_000, "pod-delete": 3_000}
"""By the name of kwok's stage, what it is put off by.

On a real cluster a pod is known for a while before it is ready, and goes on for a while after it was deleted. Both
matter to Prometheus, which reads a pod's labels when an EndpointSlice changes. A slice that came before its pod would
give a target without them; and one that had its last change before the controller turned the labels of a promoted
version would leave the old ones.
"""


def write_delayed(stages: Path, target: Path) -> None:
    """Write kwok's `stages` with these delays to `target`; LocalError where kwok has no stage of such a name."""
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(stages.read_text(encoding="utf-8")))
    by_name = {document["metadata"]["name"]: document for document in documents}
    for name, milliseconds in MILLISECONDS.items():
        if name not in by_name:
            raise LocalError(f"{stages} has no stage {name!r} ({', '.join(by_name)}); mend local/cluster/pod_stages.py")
        by_name[name]["spec"]["delay"] = {"durationMilliseconds": milliseconds}
    write_private(target, yaml.safe_dump_all(documents, sort_keys=False))
