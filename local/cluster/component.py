"""What a program of the cluster is: when it is started, with which flags, and how it says that it is well."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from local.cluster.ports import LOOPBACK
from local.cluster.processes import Launch
from local.state import CHECKOUT, STATE_VARIABLE, State

NO_PORT = 0
"""Where nothing ever answers: the port of a program whose record is lost."""


class Stage(IntEnum):
    """Programs of a stage are started together, once those of the stages before are healthy.

    The controllers come after the platform's definitions: they learn once, at their start, what kinds there are. The
    garbage collector would otherwise not know Rollouts for half a minute. What the operator has generated must be there
    before the programs that read it.
    """

    STORE = 1
    SERVER = 2
    NODES = 3
    CONTROLLERS = 4
    MONITORING = 5


@dataclass(frozen=True)
class Setting:
    """Where the programs of one cluster find things, and how many times faster than usual they work."""

    state: State
    programs: Mapping[str, Path]
    pod_stages: Path
    ports: Mapping[str, int]
    time_scale: float = 1


@dataclass(frozen=True)
class Component:
    """One program; its health checks are on the first of its ports, and `reads` are files it looks at only at start.

    `module` is one of ours, run by this very Python; the programs of the others are those of `local.programs`. At
    `health_path` it says whether it can be used, at `verdict_path` (where it has one) whether all is as it should be.
    """

    name: str
    stage: Stage
    flags: Callable[[Setting], list[str]]
    scheme: str = "http"
    ports: tuple[str, ...] = ()
    reads: Callable[[State], tuple[Path, ...]] = field(default=lambda state: (state.kubeconfig,))
    environment: Callable[[State], dict[str, str]] = field(default=lambda _: {})
    module: str = ""
    health_path: str = "/healthz"
    verdict_path: str = ""

    def launch(self, setting: Setting) -> Launch:
        """How to start it. The user's environment (proxies, other kubeconfigs) is not handed on."""
        data = setting.state.cluster_data
        return Launch(
            name=self.name,
            command=[*self._program(setting), *self.flags(setting)],
            environment={"PATH": "/usr/bin:/bin", "HOME": str(data), "TMPDIR": str(data)}
            | self._environment_of_module(setting.state)
            | self.environment(setting.state),
            folder=data,
            reads=(*self.reads(setting.state), *self._sources()),
        )

    def health_url(self, ports: Mapping[str, int]) -> str:
        """The URL of the health check, on the first of its ports."""
        return self._url(ports, self.health_path)

    def verdict_url(self, ports: Mapping[str, int]) -> str:
        """The URL that tells whether all is as it should be, on the same port."""
        return self._url(ports, self.verdict_path)

    def _url(self, ports: Mapping[str, int], path: str) -> str:
        return f"{self.scheme}://{LOOPBACK}:{ports.get(self.ports[0], NO_PORT)}{path}"

    def _program(self, setting: Setting) -> list[str]:
        return [sys.executable, "-m", self.module] if self.module else [str(setting.programs[self.name])]

    def _environment_of_module(self, state: State) -> dict[str, str]:
        return {"PYTHONPATH": str(CHECKOUT), STATE_VARIABLE: str(state.folder)} if self.module else {}

    def _sources(self) -> list[Path]:
        """The files of a module of ours and what it stands on: it is started anew when one of them has changed."""
        folders = [CHECKOUT / "local", CHECKOUT / self.module.replace(".", "/")] if self.module else []
        return [path for folder in folders for path in sorted(folder.glob("*.py"))]
