"""The program run on files as somebody may have written them, with no engine and no cluster."""

import gc
import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple
from unittest import mock

import pulumi
import yaml

import program
from catalog.catalog_file import Catalog
from catalog.problems import CatalogError
from catalog.stack import StackSettings
from catalog.stack_file import load_stack_file
from cli.recording import Recording, record
from cli.rendering import rendered_files
from components.observable_api import ObservableApi, ObservableApiArgs
from tests.documents import SERVICES_FILE, Document, few_services, read, stack_file
from tests.mutations import Mutant

_STACKS = ("dev", "local", "prod")
_Dumper: type = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_WHOLE = 16


class Novelty:
    """Which accepted files are to be built, and which services of those: the ones that no file had before.

    Of the same arguments the program makes the same objects; and one new file in `_WHOLE` is built whole all the same.
    """

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._met: set[str] = set()
        self._whole = False

    def in_stack(self, settings: StackSettings, catalog: Catalog) -> bool:
        """Whether to build anything."""
        self._met = {key := digest((settings, catalog.services))}
        self._whole = int(key, 16) % _WHOLE == 0
        return key not in self._known

    def in_service(self, args: ObservableApiArgs) -> bool:
        """Whether to build a service, by all that its objects are made of."""
        self._met.add(key := digest([getattr(args, each.name) for each in fields(args) if each.name != "after"]))
        return self._whole or key not in self._known

    def keep(self) -> None:
        """What the last file had is known from now on; not before it was built, or nobody could try it again."""
        self._known |= self._met


class Took(NamedTuple):
    """Seconds on the clock, and those of them in which the processor was at it."""

    clock: float
    processor: float


@dataclass(frozen=True)
class Attempt:
    """What became of a run: the settings and catalog it loaded, or the refusal; and what it registered.

    `took` is the time of reading and checking the files alone.
    """

    took: Took
    recording: Recording
    refusal: CatalogError | None = None
    settings: StackSettings | None = None
    catalog: Catalog | None = None

    @property
    def loaded(self) -> tuple[StackSettings, Catalog] | None:
        """The settings and the catalog of a run that was not refused."""
        return (self.settings, self.catalog) if self.settings and self.catalog else None


class Desk:
    """A folder with the files of the checkout, to try others in their place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in map(stack_file, _STACKS):
            self._write(name, read(name))
        self._write(SERVICES_FILE, few_services())

    def attempt(self, mutant: Mutant, novelty: Novelty | None = None) -> Attempt:
        """Run the program on the folder with that file in it, as `pulumi up` does; all of it, or only what is new.

        Whatever is no CatalogError is raised: it would be a traceback.
        """
        before = (self.folder / mutant.file).read_bytes()
        self._write(mutant.file, mutant.document)
        warnings: list[str] = []
        try:
            with (
                mock.patch.object(program, "FOLDER", self.folder),
                mock.patch.object(pulumi.log, "warn", lambda message, *_: warnings.append(message)),
            ):
                attempt = self._run(mutant.stack, novelty)
        finally:
            (self.folder / mutant.file).write_bytes(before)
        assert not [warning for warning in warnings if "\n" in warning]
        return attempt

    def _run(self, stack: str, novelty: Novelty | None) -> Attempt:
        took: list[Took] = []

        def service(name: str, args: ObservableApiArgs, opts: pulumi.ResourceOptions) -> Any:
            wanted = novelty is None or novelty.in_service(args)
            return ObservableApi(name, args, opts) if wanted else SimpleNamespace(url="", dashboard="", commands={})

        def run() -> tuple[StackSettings, Catalog] | CatalogError:
            try:
                with _timed(took):
                    settings = load_stack_file(self.folder, stack)
                    catalog = program.load(settings)
            except CatalogError as error:
                return error
            if novelty is None or novelty.in_stack(settings, catalog):
                program.build(settings, catalog)
            return settings, catalog

        with mock.patch.object(program, "ObservableApi", service):
            result, recording = record(run, stack=stack)
        if isinstance(result, CatalogError):
            return Attempt(took[0], recording, refusal=result)
        return Attempt(took[0], recording, settings=result[0], catalog=result[1])

    def _write(self, name: str, document: Document) -> None:
        text = yaml.dump(document, Dumper=_Dumper, allow_unicode=True)
        (self.folder / name).write_text(text, encoding="utf-8")


def digest(thing: object) -> str:
    """A hash of what a thing says of itself."""
    return hashlib.sha256(repr(thing).encode()).hexdigest()


@contextmanager
def _timed(took: list[Took]) -> Iterator[None]:
    """Adds how long something took. Without the collector, as `timeit` does: it would look through all of a test."""
    gc.disable()
    clock, processor = time.perf_counter(), time.thread_time()
    try:
        yield
    finally:
        took.append(Took(time.perf_counter() - clock, time.thread_time() - processor))
        gc.enable()


@contextmanager
def desk() -> Iterator[Desk]:
    """A desk for one test."""
    with tempfile.TemporaryDirectory() as folder:
        yield Desk(Path(folder))


def assert_refused_in_words(attempt: Attempt, mutant: Mutant) -> None:
    """A refusal names a file and a place in it, on a line each, and nothing was registered."""
    assert attempt.refusal
    assert attempt.refusal.problems
    known = tuple({*mutant.document, "defaults", "services", "images", "config"})
    config = mutant.document.get("config")
    services_file = isinstance(config, dict) and config.get("api-observability:servicesFile", SERVICES_FILE)
    for problem in attempt.refusal.problems:
        assert "\n" not in str(problem)
        assert len(problem.message) > 10, problem
        if services_file in (False, SERVICES_FILE) or problem.file == mutant.file:
            assert problem.file in (SERVICES_FILE, mutant.file), problem
            assert f"{problem.path}{problem.message}".startswith(known), problem
        # Otherwise the stack file names another services.yaml, and that is at fault as a whole.
    assert attempt.recording.resources == []


def assert_distinct(attempt: Attempt) -> dict[str, str]:
    """No two resources, and no two objects, go by one name; the objects as rendered files."""
    recording = attempt.recording
    assert len(recording.by_urn) == len(recording.resources)
    files = rendered_files(recording)
    assert len(files) == sum(entry.custom and not entry.type.startswith("pulumi:") for entry in recording.resources)
    return files
