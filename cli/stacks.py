"""A stack by its name: what the user wrote for it, the engine that works on it, and how its cluster is reached."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

import program
from catalog.catalog_file import Catalog
from catalog.stack import StackSettings
from catalog.stack_file import load_stack_file
from cli import local_stack, released_images
from cli.engine import Engine
from components.cluster import ensure_cluster
from local.errors import LocalError
from local.state import CHECKOUT, EMBEDDED_STACK, State


def read(stack: str) -> tuple[StackSettings, Catalog]:
    """What the user wrote, before anything is started or touched.

    Which images were released on the embedded stack is in its backend: its file is the checkout's.
    """
    settings, catalog = as_written(stack)
    images = released_images.still_meant(State.current(), catalog) if stack == EMBEDDED_STACK else {}
    return with_images(settings, images) if images else (settings, catalog)


def as_written(stack: str) -> tuple[StackSettings, Catalog]:
    """What stands in the files, whatever was released."""
    settings = load_stack_file(CHECKOUT, stack)
    return settings, program.load(settings)


def with_images(settings: StackSettings, images: Mapping[str, str]) -> tuple[StackSettings, Catalog]:
    """The settings with these images of services besides, and the catalog that comes of it; raises CatalogError."""
    settings = settings.model_copy(update={"images": {**settings.images, **images}})
    return settings, program.load(settings)


def engine_of(stack: str, settings: StackSettings, report: Callable[[str], None]) -> Engine:
    """The engine that works on the stack; the embedded one's cluster is started for it. Raises LocalError."""
    if stack == EMBEDDED_STACK:
        return local_stack.prepare(State.current(), report, settings.images)
    return _own_engine(stack, settings)


_TORN = "failed to load checkpoint: EOF"

_MEND_TORN = (
    "a run was killed while it wrote to the backend's folder, which `pulumi whoami --verbose` names; remove there what "
    "it left empty: find .pulumi -name '*.attrs' -size 0 -delete"
)


def _own_engine(stack: str, settings: StackSettings) -> Engine:
    """The user's own `pulumi`, backend and cluster; all three are made sure of first."""
    found = shutil.which("pulumi")
    if not found:
        raise LocalError(f"stack {stack} needs your own `pulumi` on PATH, and there is none; install the Pulumi CLI")
    ensure_cluster(settings)
    engine = Engine(Path(found), stack, CHECKOUT)
    if fault := engine.stack_fault():
        if fault.endswith(_TORN):
            raise LocalError(f"pulumi cannot read the state of the stack {stack} ({fault}); {_MEND_TORN}")
        raise LocalError(
            f"pulumi cannot open the stack {stack} ({fault}); log in (`pulumi login`), and make the stack once: "
            f"pulumi stack init {stack} --secrets-provider <yours>"
        )
    return engine


def reachable(stack: str, settings: StackSettings) -> StackSettings:
    """The settings with the embedded cluster's kubeconfig filled in, which no file could name."""
    if stack != EMBEDDED_STACK:
        return settings
    kubeconfig = State.current().kubeconfig
    if not kubeconfig.exists():
        raise LocalError("there is no embedded cluster; `make up` starts it")
    return settings.model_copy(update={"cluster": settings.cluster.model_copy(update={"kubeconfig": str(kubeconfig)})})
