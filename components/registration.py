"""Registering many resources: what the SDK does beside that, beyond what a run needs.

Measured for previews of 100 services, 618 objects (docs/performance.md).
"""

import asyncio
import os

import pulumi

MESSAGES = "API_OBSERVABILITY_SDK_MESSAGES"
"""The environment variable that has the SDK tell the engine what it does, for `pulumi up --debug`."""


async def begun() -> None:
    """Let every registration begin, once all are there; for `pulumi.run`.

    One that has begun the SDK awaits by itself. In the end it waits for the outputs of those that had not, all at once,
    and begins anew with the rest whenever one has its value, which is quadratic (`wait_for_rpcs` of 3.272); between
    the last line of a program and there nothing else lets them begin.
    """
    await asyncio.sleep(0)


def without_messages() -> None:
    """Have the SDK keep to itself what the engine shows with `--debug` alone, unless `MESSAGES` is set.

    It sends five messages for each resource and waits for the answer to each. To be had with `begun` alone: while it
    waits for answers, outputs come in of which it would otherwise wait for all at once.
    """
    if not os.environ.get(MESSAGES):
        pulumi.log.debug = _unsaid


def _unsaid(
    msg: str, resource: pulumi.Resource | None = None, stream_id: int | None = None, ephemeral: bool | None = None
) -> None:
    """In the place of `pulumi.log.debug`."""
