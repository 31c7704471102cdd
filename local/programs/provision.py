"""Providing programs: the user's own where it will do, else the cached build, else a build from the pins."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from local.errors import LocalError
from local.programs.builder import build, program_path
from local.programs.cache import cache_folder
from local.programs.console import OPEN, say
from local.programs.processes import terminations_raise
from local.programs.registry import Program, Registry, load_registry
from local.programs.search_path import Installed, on_path
from local.programs.toolchain import Go, find_go

Report = Callable[[str], None]


def ensure(names: Sequence[str] | str, report: Report = say, *, registry: Registry | None = None) -> dict[str, Path]:
    """The path of each program in `names`, or in the group `names` (`up`, `test`, `all`), building what is missing.

    `report` gets one line per program, `[3/12] kube-apiserver v1.34.3 … 58 s`; while one is built it first gets the
    beginning of that line, up to the `…`. Raises LocalError; a build that fails or is interrupted leaves nothing half
    done and keeps the programs before it.
    """
    registry = registry or load_registry()
    programs = registry.select(names)
    installed = {program.name: on_path(program, registry) for program in programs}
    missing = [p for p in programs if not _usable(installed[p.name]) and not program_path(p).exists()]
    go = None
    if missing:
        go = find_go(missing)
        report(_announcement(missing))
    return {
        program.name: _provide(program, f"[{i}/{len(programs)}]", installed[program.name], go, report)
        for i, program in enumerate(programs, 1)
    }


def where(name: str, *, registry: Registry | None = None) -> Path:
    """The path of a program that is there already; raises LocalError where it would have to be built."""
    registry = registry or load_registry()
    program = registry.program(name)
    offer = on_path(program, registry)
    if offer and not offer.refusal:
        return offer.path
    if not program_path(program).exists():
        raise LocalError(f"{name} {program.version} is not built yet: run `python -m local.programs {name}`")
    return program_path(program)


def _usable(offer: Installed | None) -> bool:
    return offer is not None and not offer.refusal


def _announcement(missing: Sequence[Program]) -> str:
    minutes = max(1, round(sum(program.seconds for program in missing) / 60))
    programs = "1 program is" if len(missing) == 1 else f"{len(missing)} programs are"
    return (
        f"{programs} built from pinned sources, about {minutes} min on 2 cores;"
        f" that is done once, they stay in {cache_folder()}"
    )


def _provide(program: Program, place: str, offer: Installed | None, go: Go | None, report: Report) -> Path:
    if offer and not offer.refusal:
        report(f"{place} {program.name} {offer.version} {OPEN} on PATH ({offer.path})")
        return offer.path
    passed_over = f" (not {offer.path}: {offer.refusal})" if offer else ""
    line = f"{place} {program.name} {program.version} {OPEN}"
    if go is None or program_path(program).exists():
        report(f"{line} cached{passed_over}")
    else:
        report(f"{line} {_build(program, go, line, report)}{passed_over}")
    return program_path(program)


def _build(program: Program, go: Go, line: str, report: Report) -> str:
    """Build and say how it went, in the words that complete `line`."""
    report(line)
    waits = partial(report, f"{line} waits for another run that builds {program.family.name}")
    outcome = "stopped"
    try:
        with terminations_raise():
            seconds = build(program, go, waits)
    except LocalError:
        outcome = "failed"
        raise
    else:
        outcome = "cached" if seconds is None else f"{seconds:.0f} s"
        return outcome
    finally:
        if outcome in ("failed", "stopped"):
            report(f"{line} {outcome}")
