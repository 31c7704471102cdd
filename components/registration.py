"""Registering many resources: what the SDK asks of the engine, and of itself, beyond what a run needs.

Measured for a preview of 100 services, 618 objects (docs/performance.md).
"""

import asyncio
import os
from collections.abc import Awaitable, Callable

import pulumi

MESSAGES = "API_OBSERVABILITY_SDK_MESSAGES"
"""The environment variable that has the SDK tell the engine what it does, for `pulumi up --debug`."""


def all_registered() -> Callable[[], Awaitable[None]]:
    """What waits until everything that is registered from now on has an answer; for `pulumi.run`.

    At the end of a program the SDK waits for all outputs that are still open, and begins anew with the rest whenever
    one has its value, which is quadratic (`runtime/stack.py`, `wait_for_rpcs`, of 3.272). After this none is open.
    A registration that failed raises here as it would there.
    """
    made: list[pulumi.Resource] = []

    def note(of: pulumi.ResourceTransformationArgs) -> None:
        made.append(of.resource)

    pulumi.runtime.register_stack_transformation(note)

    async def wait() -> None:
        await asyncio.gather(*(resource.urn.future() for resource in made))

    return wait


def without_messages() -> None:
    """Have the SDK keep to itself what the engine shows with `--debug` alone, unless `MESSAGES` is set.

    It sends five messages for each resource and waits for the answer to each. To be had with `all_registered`: what
    is registered faster leaves more outputs open.
    """
    if not os.environ.get(MESSAGES):
        pulumi.log.debug = _unsaid


def _unsaid(
    msg: str, resource: pulumi.Resource | None = None, stream_id: int | None = None, ephemeral: bool | None = None
) -> None:
    """In the place of `pulumi.log.debug`."""
