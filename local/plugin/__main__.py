"""`python -m local.plugin <engine address>`: what the shim `pulumi-resource-kubernetes` runs."""

import os
import sys

from local.plugin.bare import skip_package_code


def main() -> int:
    """Serve the engine that started this process."""
    skip_package_code()
    from local.plugin.server import serve  # noqa: PLC0415 - after the packages are bare
    from local.state import State  # noqa: PLC0415

    # The engine passes its own flags (-v, --logtostderr, --tracing …) before its address, which comes last.
    addresses = [argument for argument in sys.argv[1:] if not argument.startswith("-")]
    return serve(addresses[-1] if addresses else "", State.current())


if __name__ == "__main__":
    code = main()
    # Threads that wait for the cluster must not keep the process alive once the engine is gone.
    os._exit(code)
