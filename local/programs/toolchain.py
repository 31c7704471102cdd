"""The user's Go: finding it, judging it, running it in an environment that the user's own settings cannot break."""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError
from local.programs.edits import edited_copy
from local.programs.failures import failed
from local.programs.processes import run_group
from local.programs.registry import Pinned, Program
from local.programs.versions import Version, find_version, parse_version

# What would change the result or stop the build when the user has set it for another project. GOPROXY, GOPRIVATE,
# GOSUMDB, GOMODCACHE, GOCACHE, GOTOOLCHAIN and the proxy variables stay: they say how modules are had here.
_DROPPED = {"GOROOT", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOARM", "GOEXPERIMENT", "GODEBUG", "GOFIPS140", "GOBIN"}
_FIXED = {
    "GOFLAGS": "-buildvcs=false -mod=readonly",
    "GOWORK": "off",
    "GO111MODULE": "on",
    "CGO_ENABLED": "0",  # no C compiler is asked for, and the programs run on any libc
}
_SWITCHING = Version(1, 21, 0)
"""The first Go that can fetch the newer one a go.mod asks for."""


@dataclass(frozen=True)
class Go:
    """A Go that can build what is asked of it."""

    binary: Path

    def build(self, program: Program, target: Path, scratch: Path) -> None:
        """Compile `program` to `target`; temporary files go to `scratch`. Raises LocalError."""
        pins = self._edited_pins(program, scratch) if program.changes else []
        # Debug information, which the linker would leave out again, takes time to compile: of etcd 37 s are left of 42.
        flags = [*pins, "-trimpath", "-gcflags=all=-dwarf=false", "-ldflags", program.ldflags]
        self._run(program, ["build", *flags, "-o", target, program.package], scratch)

    def _edited_pins(self, program: Program, scratch: Path) -> list[str | Path]:
        """The flag for pins that put an edited copy in the place of the program's module."""
        source = edited_copy(self.module_folder(program, scratch), program.changes, scratch / "source")
        for name in ("go.mod", "go.sum"):
            shutil.copyfile(program.family.folder / name, scratch / name)
        self._run(program, ["mod", "edit", f"-replace={program.module}={source}", scratch / "go.mod"], scratch)
        return ["-modfile", scratch / "go.mod"]

    def module_folder(self, source: Pinned, scratch: Path) -> Path:
        """Where the module of `source` lies on this machine, downloaded and checked against go.sum if need be."""
        answer = self._run(source, ["mod", "download", "-json", f"{source.module}@{source.module_version}"], scratch)
        return Path(json.loads(answer)["Dir"])

    def _run(self, source: Pinned, arguments: Sequence[str | Path], scratch: Path) -> str:
        env = {**go_environment(), "GOTMPDIR": str(scratch)}
        done = run_group([self.binary, *arguments], source.family.folder, env)
        if done.returncode != 0:
            raise failed(source, done.stderr + done.stdout)
        return done.stdout


def go_environment() -> dict[str, str]:
    """The user's environment without what other Go projects leave in it."""
    return {**{name: value for name, value in os.environ.items() if name not in _DROPPED}, **_FIXED}


def find_go(programs: Sequence[Pinned]) -> Go:
    """The Go on PATH, if it can build `programs`; raises LocalError naming them when there is none or it is too old."""
    oldest = max((p.family.go_module.go for p in programs), key=parse_version)
    names = ", ".join(p.name for p in programs)
    remedy = f"install Go >= {oldest}, or put these programs on PATH: {names}"
    binary = shutil.which("go")
    if binary is None:
        raise LocalError(f"Go is not installed, and some programs have to be built: {remedy}")
    answer = subprocess.run(
        [binary, "env", "GOVERSION", "GOTOOLCHAIN"],
        cwd="/",  # outside of any module, which could itself ask for another Go
        env=go_environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    version, _, toolchain = answer.stdout.strip().partition("\n")
    found = find_version(version)
    if found is None:
        reason = (answer.stderr.strip().splitlines() or ["it prints no version"])[-1]
        raise LocalError(f"{binary} does not work ({reason}): {remedy}")
    switches = found >= _SWITCHING and (toolchain == "auto" or toolchain.endswith("+auto"))
    if found < parse_version(oldest) and not switches:
        raise LocalError(f"Go {found} ({binary}) is too old: {remedy}")
    return Go(Path(binary))
