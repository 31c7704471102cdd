"""A folder of pins with two small families, and a `go` that records what it is asked: for tests of local.programs."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.programs.registry import Registry, load_registry

PROGRAMS_TOML = """
[programs.alpha]
family = "greek"
package = "example.org/greek/cmd/alpha"
stamps = ["main.version={version}"]
groups = ["up"]
seconds = 60
ask = ["--version"]
accept = "same minor"

[programs.beta]
family = "greek"
package = "example.org/greek/cmd/beta"
groups = ["up"]
seconds = 1
ask = ["--version"]
accept = ">=1.2,<2"
needs = ["beta-host"]
beside = ["scripts/beta-exec"]

[programs.beta-host]
family = "latin"
package = "example.org/latin"
groups = []
seconds = 1
follows = "beta"

[manifests.greek]
program = "alpha"
files = ["crds/*.yaml"]

[manifests.joined]
program = "alpha"
files = ["crds/*.yaml"]
join_as = "all.yaml"
"""

# `hold` is a FIFO: a build waits in a child process until the test has opened it, written to it and closed it.
FAKE_GO = """#!/bin/sh
bench={bench}
case "$1" in
env) cat "$bench/go-version"; exit ;;
mod) echo "$*" >> "$bench/downloads"; printf '{{"Dir": "%s"}}' "$bench/module"; exit ;;
esac
echo "$*" >> "$bench/builds"
env > "$bench/environment"
echo half > "$7"
if [ -p "$bench/hold" ]; then sh -c 'echo $$ > "$0/child"; cat "$0/hold" > /dev/null; rm "$0/hold"' "$bench"; fi
if [ -f "$bench/failure" ]; then cat "$bench/failure" >&2; exit 1; fi
printf '#!/bin/sh\\necho %s\\n' "$5" > "$7"
chmod +x "$7"
"""


@dataclass(frozen=True)
class Workbench:
    """Pins, a fake Go on PATH and an empty cache; `monkeypatch` points the environment at them."""

    folder: Path

    @classmethod
    def set_up(cls, folder: Path, monkeypatch: pytest.MonkeyPatch) -> "Workbench":
        """Make everything below `folder`, with nothing on PATH but the fake Go and the system's own commands."""
        bench = cls(folder)
        for name in ("pins/greek", "pins/latin", "module/crds", "module/scripts", "go", "bin"):
            (folder / name).mkdir(parents=True)
        (folder / "pins/programs.toml").write_text(PROGRAMS_TOML)
        bench.pin("greek", "v1.4.2")
        bench.pin("latin", "v0.3.0")
        bench.write_go_version("go1.26.8")
        bench.script("go/go", FAKE_GO.format(bench=folder))
        (folder / "module/crds/b.yaml").write_text("kind: B\n")
        (folder / "module/crds/a.yaml").write_text("kind: A")
        (folder / "module/scripts/beta-exec").write_text("#!/bin/sh\n")
        monkeypatch.setenv("API_OBSERVABILITY_CACHE", str(folder / "cache"))
        monkeypatch.setenv("PATH", f"{folder}/bin:{folder}/go:/usr/bin:/bin")
        return bench

    @property
    def registry(self) -> Registry:
        """The registry of these pins."""
        return load_registry(self.folder / "pins")

    @property
    def builds(self) -> list[str]:
        """The `go build` commands so far."""
        log = self.folder / "builds"
        return log.read_text().splitlines() if log.exists() else []

    def pin(self, family: str, version: str) -> None:
        """Pin a family's one module."""
        folder = self.folder / "pins" / family
        (folder / "go.mod").write_text(
            f"module local/{family}\n\ngo 1.24.0\n\nrequire (\n\texample.org/{family} {version} // indirect\n)\n"
        )
        (folder / "go.sum").write_text(f"example.org/{family} {version} h1:0=\n")

    def write_go_version(self, version: str, toolchain: str = "local") -> None:
        """What `go env GOVERSION GOTOOLCHAIN` answers."""
        (self.folder / "go-version").write_text(f"{version}\n{toolchain}\n")

    def script(self, name: str, text: str) -> Path:
        """An executable file below the workbench."""
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    def on_path(self, name: str, answer: str) -> Path:
        """A program on PATH that prints `answer` when asked for its version."""
        return self.script(f"bin/{name}", f"#!/bin/sh\necho '{answer}'\n")

    def fail(self, words: str) -> None:
        """Let every further build fail with these words."""
        (self.folder / "failure").write_text(words)

    def hold(self) -> Path:
        """Let the next build wait until the returned FIFO has been opened for writing and closed."""
        os.mkfifo(self.folder / "hold")
        return self.folder / "hold"

    def files(self) -> list[str]:
        """Every file in the cache, without the locks."""
        cache = self.folder / "cache"
        return sorted(
            str(p.relative_to(cache)) for p in cache.rglob("*") if p.is_file() and p.parent != cache / "locks"
        )

    def start(self, *names: str) -> "subprocess.Popen[str]":
        """`ensure(names)` in a process of its own, its output in a pipe."""
        code = (
            "import signal, sys; from pathlib import Path; from local.programs import ensure;"
            "signal.signal(signal.SIGINT, signal.default_int_handler);"  # a background job of a shell ignores it
            "from local.programs.registry import load_registry;"
            "ensure(sys.argv[2:], registry=load_registry(Path(sys.argv[1])))"
        )
        command = [sys.executable, "-c", code, str(self.folder / "pins"), *names]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
