"""`api-observability policy`: a stack's objects held against the policies, without an engine and without a cluster."""

import sys
from argparse import Namespace
from collections.abc import Mapping
from typing import Any

import yaml

from catalog.services import PRODUCTION
from catalog.stack_file import load_stack_file
from cli import rendering
from local.state import CHECKOUT
from policy.validators import POLICIES, Excepted, Violation, excepted, violations

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def run(options: Namespace) -> int:
    """Tell what breaks a policy, and how to mend it; exit status 1 where the stack must keep them."""
    environment = load_stack_file(CHECKOUT, options.stack).environment
    files = rendering.rendered_files(rendering.record_stack(CHECKOUT, options.stack))
    broken, exceptions = broken_policies(files)
    is_mandatory = environment in PRODUCTION  # elsewhere it is told, and that is all
    for violation in broken:
        print(f"{'error' if is_mandatory else 'advice'}: {violation}", file=sys.stderr)
    for exception in exceptions:
        print(f"excepted: {exception}")
    verdict = f"{len(broken)} broken" if broken else "all kept"
    print(f"{options.stack}: {len(files)} objects, {len(POLICIES)} policies, {verdict}")
    return 1 if broken and is_mandatory else 0


def broken_policies(files: Mapping[str, str]) -> tuple[list[Violation], list[Excepted]]:
    """What breaks a policy among rendered files, and what is excepted from one, in their order."""
    bodies = [yaml.load(text, Loader=_Loader) for text in files.values()]
    return violations(bodies, POLICIES), excepted(bodies, POLICIES)
