"""One version of each library that several families compile, so that Go compiles it once (docs/adr/0020).

`python -m local.programs.shared` lets the families choose so again, after one of them has been changed.
"""

import re
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence

from local.errors import LocalError
from local.programs.gomod import read_go_module
from local.programs.processes import run_group
from local.programs.registry import PINS, Program, load_registry
from local.programs.toolchain import find_go, go_environment

TOGETHER: Sequence[Sequence[str]] = (
    # Kubernetes first, whose version is that of all `k8s.io` libraries.
    (
        *("kubernetes", "etcd", "kwok", "argo-rollouts", "prometheus-operator", "prometheus", "alertmanager"),
        *("kube-state-metrics", "helm"),
    ),
    ("pulumi", "pulumi-python"),
)
"""The families that choose the same versions of what they share."""

_OF_EACH_ITS_OWN = re.compile(r"github\.com/prometheus/|github\.com/pulumi/pulumi/|sigs\.k8s\.io/controller-runtime$")
"""What each keeps as its project has it: by Prometheus's libraries metrics are read and verdicts reached, Pulumi's are
the programs themselves, and the minor versions of controller-runtime do not fit one another."""

_STAGED = re.compile(r"k8s\.io/[a-z-]+$")
_ROUNDS = 8
"""A version that is chosen may ask for newer ones of others; three rounds were enough so far."""

Versions = Mapping[str, Mapping[str, str]]
"""By module and family."""


def apart(families: Sequence[str]) -> Versions:
    """The modules of which these families choose several versions."""
    found: dict[str, dict[str, str]] = defaultdict(dict)
    for family in families:
        for module, version in read_go_module(PINS / family / "go.mod").requires.items():
            if not _OF_EACH_ITS_OWN.match(module):
                found[module][family] = version
    return {module: versions for module, versions in found.items() if len(set(versions.values())) > 1}


def chosen(module: str, versions: Mapping[str, str], kubernetes: str) -> str:
    """The version for all: the newest of theirs, or that of `kubernetes` (such as v0.34.3) for what it is made of."""
    if _STAGED.match(module) and kubernetes and any(_line(each) == _line(kubernetes) for each in versions.values()):
        return kubernetes
    return max(versions.values(), key=_order)


def _line(version: str) -> str:
    return version.rpartition(".")[0]


def _order(version: str) -> tuple[list[int], bool, str]:
    """A release counts more than what comes before it, such as v1.2.3-0.20250101000000-0123456789ab."""
    numbers, dash, rest = version.removeprefix("v").partition("+")[0].partition("-")
    return [int(number) for number in numbers.split(".")], not dash, rest


def _settle(families: Sequence[str], programs: Sequence[Program]) -> None:
    kubernetes = read_go_module(PINS / families[0] / "go.mod").requires.get("k8s.io/api", "")
    for _ in range(_ROUNDS):
        wanted = {module: chosen(module, versions, kubernetes) for module, versions in apart(families).items()}
        for family in families:
            _change(family, wanted)
        for program in programs:
            # Completes go.sum, and may take a version back that nothing compiled asks for.
            _go(program.family.name, "list", "-deps", program.package)
        if not apart(families):
            return
    raise LocalError(f"{', '.join(apart(families))} cannot have one version in {', '.join(families)}: see their go.mod")


def _change(family: str, wanted: Mapping[str, str]) -> None:
    path = PINS / family / "go.mod"
    versions, text = read_go_module(path).requires, path.read_text()
    changes = {module: version for module, version in wanted.items() if versions.get(module, version) != version}
    replaced = {module for module in changes if f"replace {module} => {module} " in text}
    if replaced:
        _go(family, "mod", "edit", *(f"-replace={module}={module}@{changes[module]}" for module in sorted(replaced)))
    if changes.keys() - replaced:
        _go(family, "get", *(f"{module}@{changes[module]}" for module in sorted(changes.keys() - replaced)))


def _go(family: str, *arguments: str) -> None:
    """Run Go there; raises LocalError with the last of its words where it refuses."""
    print(f"{family}: go {' '.join(arguments[:2])} …", flush=True)
    done = run_group(["go", *arguments], PINS / family, {**go_environment(), "GOFLAGS": "-mod=mod"})
    if done.returncode:
        raise LocalError(f"{family}: go {arguments[0]}: {(done.stderr.strip() or 'it says nothing').splitlines()[-1]}")


def _settle_all() -> None:
    programs = list(load_registry().programs.values())
    find_go(programs)
    alone = {program.family.name for program in programs}.difference(*TOGETHER)
    for families in (*TOGETHER, *([name] for name in sorted(alone))):
        _settle(families, [program for program in programs if program.family.name in families])


if __name__ == "__main__":
    try:
        _settle_all()
    except LocalError as error:
        sys.exit(f"error: {error}")
