"""`api-observability release`: give one service another image, and follow it until it is promoted or taken back."""

import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.catalog_file import Catalog
from catalog.config_keys import NAMESPACE
from catalog.problems import CatalogError, Problem, nearest
from catalog.services import Service
from catalog.stack import StackSettings
from catalog.stack_file import stack_file
from catalog.yaml_file import read_mapping
from cli import local_stack, released_images, stacks
from cli.engine import Engine
from cli.release_advice import Advice
from cli.release_follow import TimeIsUpError, follow, shown_on
from cli.release_lock import LockedError, run_when_free
from cli.release_state import Outcome, ReleaseState, state_of
from cli.release_watch import alerts_from, reader_of
from cli.status import status_of
from components.observable_api import API_TYPE
from components.preflight import TOUCHED
from components.running import running_rollouts
from local.cluster.processes import terminations_interrupt
from local.errors import LocalError
from local.programs.console import say
from local.state import CHECKOUT, EMBEDDED_STACK, State
from observability.analysis_checks import checks
from observability.release_scopes import a_release, without_a_new_pod

NOT_ENDED = 7
"""The exit status where the release went on for longer than it was followed."""

LOCKED = 8
"""The exit status where another run had the stack: nothing was begun, and the files may be newer when it has ended."""

INTERRUPTED = 130


@dataclass(frozen=True)
class Release:
    """A service on a stack, as it is to be with its new image."""

    stack: str
    service: Service
    settings: StackSettings

    @property
    def advice(self) -> Advice:
        """What a person can do with it."""
        return Advice(self.service.name, self.settings.namespace, self.stack, self.settings.cluster.context)

    def reader(self) -> Callable[[], ReleaseState]:
        """Read its state from the cluster."""
        service, namespace = self.service, self.settings.namespace
        own = dict(local_stack.addresses(State.current())).get("Prometheus") if self.stack == EMBEDDED_STACK else None
        # The address that is derived from a Service leads somewhere only within the cluster.
        alerts = alerts_from(self.settings.prometheus.address or own, namespace, service.name)
        read, limits = reader_of(self.settings, service, alerts), checks(service, namespace)
        return lambda: state_of(service.name, service.image, limits, read())


def run(options: Namespace) -> int:
    """Set the image, bring that service alone up to date, follow the release; the exit status says what came of it."""
    settings, catalog = stacks.read(options.stack)
    before = service_of(catalog, options.service, settings.services_file)
    settings, catalog = stacks.with_images(settings, {before.name: options.image})
    engine = stacks.engine_of(options.stack, settings, say)
    settings = stacks.reachable(options.stack, settings)
    release = Release(options.stack, service_of(catalog, before.name, settings.services_file), settings)
    try:
        if _runs(release) and before.image == options.image:
            say(f"{before.name} has {options.image} already")
        elif not _provisioned(release, engine, before.image, options.wait_for_lock, asked=not options.yes):
            return 1
    except LockedError as error:
        print(f"error: {error}", file=sys.stderr)
        return LOCKED
    return follow_to_the_end(release, options.timeout, plain=options.plain)


def follow_to_the_end(release: Release, timeout_seconds: float | None = None, *, plain: bool = False) -> int:
    """Show a release until it has ended; the exit status says how."""
    service = release.service
    timeout = timeout_seconds or a_release(service) + without_a_new_pod(service)
    try:
        # A job of CI that is cancelled gets a SIGTERM.
        with terminations_interrupt(), shown_on(sys.stdout, plain=plain) as show:
            state = follow(release.reader(), show, timeout)
    except TimeIsUpError:
        say(release.advice.not_ended(timeout))
        return NOT_ENDED
    except KeyboardInterrupt:
        say("\n" + release.advice.interrupted())
        return INTERRUPTED
    say(release.advice.ended(state))
    return int(state.outcome.value or Outcome.PROMOTED.value)


def targets(stack: str, service: str) -> list[str]:
    """The options by which an engine touches nothing but the objects of one service: its component and what is in it.

    What depends on those is meant too, and in a program where nothing else does that is their children.
    """
    project = read_mapping(CHECKOUT / "Pulumi.yaml")["name"]
    return ["--target", f"urn:pulumi:{stack}::{project}::{API_TYPE}::{service}", "--target-dependents"]


def service_of(catalog: Catalog, name: str, file: str) -> Service:
    """The service of that name; CatalogError where `file` has none."""
    found = {service.name: service for service in catalog.services}
    if name not in found:
        known = sorted(found)
        told = f"there is no '{name}'{nearest(name, known)} (there are {', '.join(known)})"
        raise CatalogError([Problem(file, "services", told)])
    return found[name]


def _runs(release: Release) -> bool:
    """Whether the service's Rollout has the image; LocalError where there is no Rollout."""
    name = release.service.name
    rollout = running_rollouts(release.settings).get(name)
    if rollout is None:
        raise LocalError(f"{name} does not run on the stack {release.stack} yet; {_up(release.stack)} provisions it")
    return status_of(name, rollout).image == release.service.image


def _up(stack: str) -> str:
    return "`make up`" if stack == EMBEDDED_STACK else f"`make up STACK={stack}`"


def _provisioned(release: Release, engine: Engine, before: str, waits: float, *, asked: bool) -> bool:
    """Set the image and run the engine on the service; whether that went well. What was not done is not left set.

    For a stack that is locked by another run it waits, up to so many seconds.
    """
    name, image = release.service.name, release.service.image
    agreed = [] if asked and release.stack != EMBEDDED_STACK else ["--yes", "--skip-preview"]
    with _set(release, engine) as file:
        say(f"{file.name}: images.{name} is {image} now (it was {before})")
        alone = replace(engine, variables={**engine.variables, TOUCHED: name})
        arguments = ["up", *targets(release.stack, name), "--suppress-outputs", *agreed]
        done = run_when_free(alone, arguments, waits, say)
    if not _runs(release):
        say(f"{name} has its image as before, and so has {file.name}")
        if not done:
            say(f"what is 'not specified in --target list' has never been brought up; {_up(release.stack)} does that")
        return False
    return done


@contextmanager
def _set(release: Release, engine: Engine) -> Iterator[Path]:
    """Set the image for good: in the stack's file, or beside the embedded stack. The file is put back where the cluster
    does not have the image in the end."""
    embedded = release.stack == EMBEDDED_STACK
    file = released_images.file_of(State.current()) if embedded else stack_file(CHECKOUT, release.stack)
    before = file.read_bytes() if file.exists() else None
    _write_image(release, engine)
    after = file.read_bytes()
    try:
        yield file
    finally:
        # Whoever has changed the file meanwhile means what stands there.
        if not _runs(release) and file.read_bytes() == after:
            if before is None:
                file.unlink()
            else:
                file.write_bytes(before)


def _write_image(release: Release, engine: Engine) -> None:
    name, image = release.service.name, release.service.image
    if release.stack != EMBEDDED_STACK:
        engine.run("config", "set", "--path", f"{NAMESPACE}:images.{name}", image, check=True, capture=True)
        return
    _, written = stacks.as_written(release.stack)
    released_images.keep(State.current(), name, image, {each.name: each.image for each in written.services}[name])
