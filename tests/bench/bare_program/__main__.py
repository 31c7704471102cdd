"""What the catalog's program is held against: the same objects from a file, each registered by one line, and no more.

No models, no components, no checks: less than this no program in Python can do with the same engine and plugin.
"""

import json
import os
from pathlib import Path
from typing import Any

import pulumi
import pulumi_kubernetes

from components.registration import begun, without_messages


def shown(value: Any) -> Any:
    """A value as the state has it, with what is secret as such."""
    if isinstance(value, dict):
        if "plaintext" in value:
            return pulumi.Output.secret(json.loads(value["plaintext"]))
        return {key: shown(inner) for key, inner in value.items()}
    return value


without_messages()
given = json.loads(Path(os.environ["BARE_OBJECTS"]).read_text(encoding="utf-8"))
providers = {name: pulumi_kubernetes.Provider(name, **settings) for name, settings in given["providers"].items()}
for each in given["objects"]:
    options = pulumi.ResourceOptions(provider=providers[each["provider"]], ignore_changes=each["ignoreChanges"])
    pulumi.CustomResource(each["type"], each["name"], shown(each["inputs"]), options)
pulumi.run(begun)
