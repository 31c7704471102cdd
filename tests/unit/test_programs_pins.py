"""What is pinned, and the rules by which a program on PATH may take its place."""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.programs import shared
from local.programs.gomod import read_go_module
from local.programs.registry import PINS, Program, load_registry
from local.programs.versions import Version, accepts, find_version

REGISTRY = load_registry()
PROGRAMS = list(REGISTRY.programs.values())
UP = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "pulumi",
    "pulumi-language-python",
    "rollouts-controller",
    "prometheus-operator",
    "prometheus",
    "alertmanager",
    "kube-state-metrics",
]


def test_the_group_up_is_the_control_plane_the_engine_and_the_monitoring() -> None:
    assert [program.name for program in REGISTRY.select("up")] == UP


def test_the_group_test_adds_what_the_tests_call() -> None:
    added = [program.name for program in REGISTRY.select("test")][len(UP) :]
    assert added == ["helm", "promtool", "kubectl-argo-rollouts", "amtool"]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_each_program_is_a_tool_of_its_module_with_a_checksum(program: Program) -> None:
    assert program.package in program.family.go_module.tools
    assert f"{program.module} {program.module_version} h1:" in (program.family.folder / "go.sum").read_text()


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.name)
def test_no_version_is_written_outside_of_go_mod(program: Program) -> None:
    assert program.module_version not in (PINS / "programs.toml").read_text().replace("{version} v1.34.3", "")


def test_the_version_comes_from_the_require_line(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(
        "module x\n\ngo 1.25.0\n\nrequire a.b/c v1.2.3\n\nrequire (\n\ta.b/c/d v2.0.0 // y\n)\n"
    )
    module = read_go_module(tmp_path / "go.mod")
    assert (module.go, module.requires[module.module_of("a.b/c/cmd/x")]) == ("1.25.0", "v1.2.3")
    assert module.module_of("a.b/c/d/cmd/x") == "a.b/c/d"
    with pytest.raises(ValueError, match=r"no require line for a\.b/cc"):
        module.module_of("a.b/cc")


def test_a_version_that_replaces_the_required_one_is_the_pin(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text(
        "module x\n\ngo 1.25.0\n\nreplace a.b/c => a.b/c v1.2.4\n\nreplace a.b/d => e.f/d v1.0.0\n\n"
        "require (\n\ta.b/c v1.2.3\n\ta.b/d v0.9.0\n)\n"
    )
    assert read_go_module(tmp_path / "go.mod").requires == {"a.b/c": "v1.2.4", "a.b/d": "v0.9.0"}


@pytest.mark.parametrize("families", shared.TOGETHER, ids=lambda families: families[0])
def test_what_several_families_compile_has_one_version(families: Sequence[str]) -> None:
    assert shared.apart(families) == {}, "it is compiled anew for each: run `make pins`"


@pytest.mark.parametrize(
    ("module", "versions", "version"),
    [
        ("a.b/c", ["v1.9.0", "v1.10.0"], "v1.10.0"),
        ("a.b/c", ["v1.10.0", "v1.10.0-rc.1", "v1.9.9"], "v1.10.0"),
        (
            "a.b/c",
            ["v0.0.0-20250101000000-0123456789ab", "v0.0.0-20250201000000-0123456789ab"],
            "v0.0.0-20250201000000-0123456789ab",
        ),
        ("a.b/c", ["v2.0.0+incompatible", "v1.0.0"], "v2.0.0+incompatible"),
        ("k8s.io/api", ["v0.34.3", "v0.34.5"], "v0.34.3"),
        (
            "k8s.io/utils",
            ["v0.0.0-20250101000000-0123456789ab", "v0.0.0-20250201000000-0123456789ab"],
            "v0.0.0-20250201000000-0123456789ab",
        ),
    ],
)
def test_the_newest_version_is_for_all_and_of_kubernetes_that_of_the_api_server(
    module: str, versions: Sequence[str], version: str
) -> None:
    by_family = {f"family-{number}": each for number, each in enumerate(versions)}
    assert shared.chosen(module, by_family, "v0.34.3") == version


def test_only_families_that_there_are_are_trimmed() -> None:
    table = tomllib.loads((PINS / "programs.toml").read_text())
    assert table["families"].keys() <= {program.family.name for program in PROGRAMS}


def test_prometheus_is_named_by_its_release_and_not_by_its_module() -> None:
    promtool = REGISTRY.program("promtool")
    assert promtool.module_version.startswith("v0.3")
    assert promtool.version.startswith("v3.")


def test_each_stamp_carries_the_version() -> None:
    assert all(str(program.number) in program.ldflags for program in PROGRAMS if program.name != "etcd")


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ("etcd Version: 3.4.23\nGit SHA: x", Version(3, 4, 23)),
        ("Kubernetes v1.34.3", Version(1, 34, 3)),
        ("kwok version v0.7.0 go1.26.8 (linux/amd64)", Version(0, 7, 0)),
        ("v3.19.0+g3d8990f", Version(3, 19, 0)),
        ("prometheus, version 3.8.0 (branch: , revision: unknown)", Version(3, 8, 0)),
        ("kubectl-argo-rollouts: v1.9.1+unknown", Version(1, 9, 1)),
        ("unknown", None),
    ],
)
def test_a_version_is_read_from_what_programs_print(text: str, version: Version | None) -> None:
    assert find_version(text) == version


@pytest.mark.parametrize(
    ("name", "found", "verdict"),
    [
        ("etcd", Version(3, 6, 0), True),
        ("etcd", Version(3, 4, 23), False),
        ("kube-apiserver", Version(1, 34, 9), True),
        ("kube-apiserver", Version(1, 35, 0), False),
        ("pulumi", Version(3, 200, 0), True),
        ("pulumi", Version(3, 199, 0), False),
        ("helm", Version(3, 14, 0), True),
        ("helm", Version(4, 0, 0), False),
        ("promtool", Version(3, 9, 1), True),
        ("promtool", Version(3, 7, 3), False),
        ("promtool", Version(4, 0, 0), False),
    ],
)
def test_the_rule_of_a_program_decides_which_one_on_path_will_do(name: str, found: Version, verdict: bool) -> None:
    program = REGISTRY.program(name)
    assert accepts(program.accept, program.number, found) is verdict


@pytest.mark.parametrize("program", [p for p in PROGRAMS if not p.follows], ids=lambda program: program.name)
def test_each_program_accepts_its_own_pin(program: Program) -> None:
    assert program.ask
    assert accepts(program.accept, program.number, program.number)
