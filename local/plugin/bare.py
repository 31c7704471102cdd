"""Import the SDK's gRPC messages without the SDK around them.

`import pulumi.runtime.proto` runs the whole SDK's `__init__` first: 0.5 s for every plugin process, twice in each
`pulumi up`, for classes that the plugin never uses.
"""

import sys
from importlib.util import find_spec, module_from_spec

_PACKAGES = ("pulumi", "pulumi.runtime", "pulumi.runtime.proto")


def skip_package_code() -> None:
    """Make the SDK's packages importable without running their code; for a process that is only a plugin."""
    for name in _PACKAGES:
        spec = find_spec(name)
        if spec is None:
            raise ModuleNotFoundError(f"no module named {name!r}: is the SDK (`pulumi`) installed?")
        sys.modules[name] = module_from_spec(spec)
