"""The programs `local` may run and how they are pinned: programs.toml, and beside it one go.mod per family."""

import hashlib
import platform
import sys
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from local.errors import LocalError
from local.programs.edits import Edit
from local.programs.gomod import GoModule, read_go_module
from local.programs.versions import Version, parse_version

PINS = Path(__file__).resolve().parent
EVERYTHING = "all"


@dataclass(frozen=True)
class Family:
    """One go.mod with its go.sum: programs whose dependencies agree."""

    name: str
    folder: Path
    trims: tuple[Edit, ...] = ()
    """What our builds leave out, only because it takes long to compile and is not used here."""

    @cached_property
    def go_module(self) -> GoModule:
        """What the go.mod says."""
        return read_go_module(self.folder / "go.mod")

    @cached_property
    def pins(self) -> bytes:
        """go.mod and go.sum as they are: whatever they pin is what a build depends on."""
        return b"\0".join((self.folder / name).read_bytes() for name in ("go.mod", "go.sum"))


@dataclass(frozen=True)
class Program:
    """One entry of programs.toml; the fields are explained there."""

    name: str
    family: Family
    package: str
    groups: tuple[str, ...]
    seconds: int
    stamps: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    ask: tuple[str, ...] = ()
    accept: str = ""
    needs: tuple[str, ...] = ()
    follows: str = ""
    numbering: str = ""
    edits: tuple[Edit, ...] = ()

    @property
    def module(self) -> str:
        """The module that holds the package."""
        return self.family.go_module.module_of(self.package)

    @property
    def module_version(self) -> str:
        """The pin, as the go.mod writes it."""
        return self.family.go_module.requires[self.module]

    @property
    def number(self) -> Version:
        """The release the pin stands for, as the program says it.

        Prometheus numbers its module v0.3YY.Z for release 3.YY.Z (its RELEASE.md), the others use the release itself.
        """
        pin = parse_version(self.module_version)
        if self.numbering == "prometheus":
            return Version(pin.minor // 100, pin.minor % 100, pin.patch)
        return pin

    @property
    def version(self) -> str:
        """The release for people and folder names: `v1.34.3`."""
        return f"v{self.number}"

    @property
    def changes(self) -> tuple[Edit, ...]:
        """All that our build changes in the module: what the program must not do here, and what it need not."""
        return (*self.edits, *self.family.trims)

    @property
    def ldflags(self) -> str:
        """What the linker is told: no debug information (a third of the size), and the version."""
        client_go = self.family.go_module.requires.get("k8s.io/client-go", "v0.0.0")
        facts = {
            "version": self.version,
            "number": str(self.number),
            "major": self.number.major,
            "minor": self.number.minor,
            "client_go_minor": parse_version(client_go).minor,
        }
        return " ".join(["-s", "-w", *(f"-X {stamp.format(**facts)}" for stamp in self.stamps)])

    @property
    def key(self) -> str:
        """Folder of this very build in the cache: the version and a short hash of all that the result depends on."""
        edited = (part for edit in self.changes for part in (edit.file, edit.find or "", edit.replace))
        parts = (self.package, self.ldflags, *self.beside, *edited, sys.platform, platform.machine())
        return f"{self.version}-{short_hash(self.family.pins, *(part.encode() for part in parts))}"


@dataclass(frozen=True)
class Module:
    """A module of which no program is built: only files of it are wanted."""

    name: str
    family: Family
    module: str

    @property
    def module_version(self) -> str:
        """The pin, as the go.mod writes it."""
        return self.family.go_module.requires[self.module]

    @property
    def version(self) -> str:
        """The release for people and folder names."""
        return self.module_version


class Pinned(Protocol):
    """What Go can fetch: the module of a program, or one without."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def family(self) -> Family:
        """The go.mod that pins it."""

    @property
    def module(self) -> str:
        """The module's path."""

    @property
    def module_version(self) -> str:
        """The pin, as the go.mod writes it."""

    @property
    def version(self) -> str:
        """The release for people and folder names."""


@dataclass(frozen=True)
class Manifests:
    """Kubernetes manifests that a module carries."""

    name: str
    source: Pinned
    files: tuple[str, ...]
    join_as: str = ""

    @property
    def key(self) -> str:
        """Folder of these manifests in the cache."""
        parts = (*self.files, self.join_as)
        return f"{self.source.version}-{short_hash(self.source.family.pins, *(part.encode() for part in parts))}"


@dataclass(frozen=True)
class Registry:
    """Everything programs.toml names, in its order, which is the order of building."""

    programs: dict[str, Program]
    manifests: dict[str, Manifests]

    def select(self, names: Sequence[str] | str) -> list[Program]:
        """The programs of a group (`up`, `test`, `all`) or of a list of names, in order, each once.

        Raises LocalError for a name that does not exist.
        """
        if isinstance(names, str):
            group = [p for p in self.programs.values() if names == EVERYTHING or names in p.groups]
            if not group:
                raise LocalError(_unknown("group of programs", names, self.groups))
            return group
        for name in names:
            self.program(name)
        return [program for name, program in self.programs.items() if name in names]

    @property
    def groups(self) -> list[str]:
        """The names of the groups."""
        return [*sorted({group for p in self.programs.values() for group in p.groups}), EVERYTHING]

    def program(self, name: str) -> Program:
        """One program; raises LocalError when there is none of that name."""
        if name not in self.programs:
            raise LocalError(_unknown("program", name, self.programs))
        return self.programs[name]

    def manifest(self, name: str) -> Manifests:
        """One set of manifests; raises LocalError when there is none of that name."""
        if name not in self.manifests:
            raise LocalError(_unknown("set of manifests", name, self.manifests))
        return self.manifests[name]


def load_registry(folder: Path = PINS) -> Registry:
    """Read `folder`/programs.toml; the families' go.mod files are read when a version is first asked for."""
    table = tomllib.loads((folder / "programs.toml").read_text())
    trims = {name: entry["trims"] for name, entry in table.get("families", {}).items()}
    families = {
        name: Family(name, folder / name, tuple(Edit(**edit) for edit in trims.get(name, ())))
        for name in {entry["family"] for entry in _entries(table) if "family" in entry}
    }
    programs = {name: _program(name, entry, families) for name, entry in table["programs"].items()}
    manifests = {
        name: Manifests(name, _source(name, entry, programs, families), tuple(entry["files"]), entry.get("join_as", ""))
        for name, entry in table.get("manifests", {}).items()
    }
    return Registry(programs, manifests)


def short_hash(*parts: bytes) -> str:
    """Twelve hexadecimal digits that change whenever a part does."""
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:12]


def _entries(table: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [*table["programs"].values(), *table.get("manifests", {}).values()]


def _program(name: str, entry: Mapping[str, Any], families: Mapping[str, Family]) -> Program:
    return Program(
        name=name,
        family=families[entry["family"]],
        package=entry["package"],
        groups=tuple(entry["groups"]),
        seconds=entry["seconds"],
        stamps=tuple(entry.get("stamps", ())),
        beside=tuple(entry.get("beside", ())),
        ask=tuple(entry.get("ask", ())),
        accept=entry.get("accept", ""),
        needs=tuple(entry.get("needs", ())),
        follows=entry.get("follows", ""),
        numbering=entry.get("numbering", ""),
        edits=tuple(Edit(**edit) for edit in entry.get("edits", ())),
    )


def _source(
    name: str, entry: Mapping[str, Any], programs: Mapping[str, Program], families: Mapping[str, Family]
) -> Pinned:
    if "program" in entry:
        return programs[entry["program"]]
    return Module(name, families[entry["family"]], entry["module"])


def _unknown(what: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = get_close_matches(name, names, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
    return f"no {what} is called {name!r}: {hint}"
