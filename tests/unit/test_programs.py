"""Programs are found or built once, and what goes wrong is said in one line."""

import re
from pathlib import Path

import pytest

from local.errors import LocalError
from local.programs import assets, cache_folder, clean, ensure, where
from local.programs.__main__ import main
from tests.unit.programs_workbench import Workbench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    return Workbench.set_up(tmp_path, monkeypatch)


def lines_of(bench: Workbench, *names: str) -> list[str]:
    """The completed lines that `ensure(names)` reports."""
    lines: list[str] = []
    ensure(names, lines.append, registry=bench.registry)
    return [line for line in lines if line.startswith("[") and not line.endswith("…")]


def test_a_program_is_built_once_and_then_cached(bench: Workbench) -> None:
    first = lines_of(bench, "alpha")
    second = lines_of(bench, "alpha")
    assert re.fullmatch(r"\[1/1\] alpha v1\.4\.2 … \d+ s", first[0])
    assert second == ["[1/1] alpha v1.4.2 … cached"]
    assert len(bench.builds) == 1


def test_a_cached_program_needs_no_go(bench: Workbench) -> None:
    built = ensure(["alpha"], lambda _: None, registry=bench.registry)
    (bench.folder / "go/go").unlink()
    assert ensure(["alpha"], lambda _: None, registry=bench.registry) == built


def test_a_changed_pin_is_built_and_the_old_build_stays(bench: Workbench) -> None:
    old = ensure(["alpha"], lambda _: None, registry=bench.registry)["alpha"]
    bench.pin("greek", "v1.5.0")
    new = ensure(["alpha"], lambda _: None, registry=bench.registry)["alpha"]
    assert (old.parent.name.split("-")[0], new.parent.name.split("-")[0]) == ("v1.4.2", "v1.5.0")
    assert old.exists()
    assert "main.version=v1.5.0" in bench.builds[-1]


def test_a_group_is_provided_in_the_order_of_the_registry(bench: Workbench) -> None:
    assert list(ensure("up", lambda _: None, registry=bench.registry)) == ["alpha", "beta"]


def test_companions_stand_beside_the_program_and_are_executable(bench: Workbench) -> None:
    beta = ensure(["beta"], lambda _: None, registry=bench.registry)["beta"]
    assert (beta.parent / "beta-exec").stat().st_mode & 0o111


def test_settings_of_other_go_projects_do_not_reach_the_build(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"GOFLAGS": "-mod=vendor", "GOOS": "plan9", "GOWORK": "/x", "GOPROXY": "mirror"}.items():
        monkeypatch.setenv(name, value)
    lines_of(bench, "alpha")
    environment = (bench.folder / "environment").read_text().splitlines()
    assert {"GOFLAGS=-buildvcs=false -mod=readonly", "GOWORK=off", "CGO_ENABLED=0", "GOPROXY=mirror"} <= set(
        environment
    )
    assert not any(line.startswith("GOOS=") for line in environment)


def test_the_line_is_opened_when_the_build_starts_and_completed_when_it_ends(
    bench: Workbench, capsys: pytest.CaptureFixture[str]
) -> None:
    ensure(["alpha"], registry=bench.registry)
    assert re.search(r"\n\[1/1\] alpha v1\.4\.2 … \d+ s\n$", capsys.readouterr().out)


def test_an_acceptable_program_on_path_is_used(bench: Workbench) -> None:
    found = bench.on_path("alpha", "alpha version 1.4.0 (linux)")
    assert lines_of(bench, "alpha") == [f"[1/1] alpha v1.4.0 … on PATH ({found})"]
    assert bench.builds == []


@pytest.mark.parametrize("answer", ["alpha version 1.3.9", "alpha version 1.5.0", "no idea"])
def test_a_program_on_path_that_does_not_match_is_passed_over_with_the_reason(bench: Workbench, answer: str) -> None:
    found = bench.on_path("alpha", answer)
    reason = "does not say its version" if answer == "no idea" else f"is {answer.rsplit(maxsplit=1)[-1]}, wanted 1.4"
    assert lines_of(bench, "alpha")[0].endswith(f"(not {found}: {reason})")
    assert len(bench.builds) == 1


def test_an_engine_on_path_counts_only_with_its_host(bench: Workbench) -> None:
    bench.on_path("beta", "v1.9.0")
    alone = lines_of(bench, "beta", "beta-host")
    bench.on_path("beta-host", "")
    together = lines_of(bench, "beta", "beta-host")
    assert "comes without beta-host" in alone[0]
    assert [line.split("…")[1].split()[0:2] for line in together] == [["on", "PATH"], ["on", "PATH"]]


def test_a_host_on_path_counts_only_with_its_engine(bench: Workbench) -> None:
    bench.on_path("beta-host", "")
    assert "comes without a beta that counts" in lines_of(bench, "beta-host")[0]


def test_a_link_on_path_to_our_own_build_is_no_program_of_the_user(bench: Workbench) -> None:
    built = ensure(["alpha"], lambda _: None, registry=bench.registry)["alpha"]
    (bench.folder / "bin/alpha").symlink_to(built)
    assert lines_of(bench, "alpha") == ["[1/1] alpha v1.4.2 … cached"]


def test_a_failed_build_leaves_nothing_and_the_next_run_works(bench: Workbench) -> None:
    bench.fail("go: downloading x\n# example.org/greek\nmain.go:3:1: undefined: y\n")
    with pytest.raises(LocalError, match=r"cannot build alpha v1\.4\.2: main\.go:3:1: undefined: y \(log: ") as error:
        lines_of(bench, "alpha")
    assert bench.files() == ["logs/alpha-v1.4.2.log"]
    assert "undefined: y" in Path(str(error.value).split("log: ")[1].rstrip(")")).read_text()
    (bench.folder / "failure").unlink()
    assert lines_of(bench, "alpha")[0].endswith(" s")


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("go: writing stat cache: write /x/go-build/ab: no space left on device", "the disk that holds .* is full"),
        ('go: m@v1: Get "https://m/v1.mod": dial tcp: lookup m: no such host', "cannot download the Go modules"),
        ("go: m@v1: module lookup disabled by GOPROXY=off", "cannot download the Go modules"),
    ],
)
def test_what_stopped_go_is_named_in_one_line(bench: Workbench, words: str, line: str) -> None:
    bench.fail(words + "\n")
    with pytest.raises(LocalError, match=line) as error:
        lines_of(bench, "alpha")
    assert "\n" not in str(error.value)


def test_without_go_the_missing_programs_are_named(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(bench.folder / "bin"))
    with pytest.raises(LocalError, match=r"Go is not installed.*install Go >= 1\.24\.0.*on PATH: alpha, beta"):
        ensure("up", lambda _: None, registry=bench.registry)


def test_an_old_go_is_refused_unless_it_fetches_its_successor(bench: Workbench) -> None:
    bench.write_go_version("go1.22.3")
    with pytest.raises(LocalError, match=r"Go 1\.22\.3 .* is too old: install Go >= 1\.24\.0"):
        lines_of(bench, "alpha")
    bench.write_go_version("go1.22.3", toolchain="auto")
    assert len(lines_of(bench, "alpha")) == 1


def test_a_cache_folder_that_cannot_be_written_is_named(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    (bench.folder / "file").write_text("")
    monkeypatch.setenv("API_OBSERVABILITY_CACHE", str(bench.folder / "file/cache"))
    with pytest.raises(LocalError, match=r"cannot write the cache folder .*file/cache.*\(Not a directory\)"):
        lines_of(bench, "alpha")


def test_a_disk_that_is_full_for_the_cache_is_named(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    with pytest.raises(LocalError, match=r"the disk that holds .*/alpha/.* is full: a first build needs \d+ GB, "):
        lines_of(bench, "alpha")
    assert bench.files() == []


def test_manifests_are_copied_once_and_then_need_no_go(bench: Workbench) -> None:
    folder = assets("greek", registry=bench.registry)
    (bench.folder / "go/go").unlink()
    assert assets("greek", registry=bench.registry) == folder
    assert sorted(file.name for file in folder.iterdir()) == ["a.yaml", "b.yaml"]


def test_joined_manifests_keep_their_documents_apart(bench: Workbench) -> None:
    assert (assets("joined", registry=bench.registry) / "all.yaml").read_text() == "kind: A\n---\nkind: B\n"


def test_the_cache_follows_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("API_OBSERVABILITY_CACHE", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert cache_folder() == tmp_path / ".cache/api-observability"
    monkeypatch.setenv("XDG_CACHE_HOME", "/xdg")
    assert cache_folder() == Path("/xdg/api-observability")
    monkeypatch.setenv("API_OBSERVABILITY_CACHE", "/own")
    assert cache_folder() == Path("/own")


def test_clean_removes_what_was_built_and_nothing_else(bench: Workbench) -> None:
    lines_of(bench, "alpha")
    (bench.folder / "cache/mine").write_text("")
    clean(lambda _: None)
    assert bench.files() == ["mine"]


def test_where_names_the_command_that_builds_a_missing_program(bench: Workbench) -> None:
    with pytest.raises(LocalError, match=r"run `python -m local\.programs alpha`"):
        where("alpha", registry=bench.registry)


def test_the_command_line_says_an_error_in_one_line(bench: Workbench, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--where", "etcdd"]) == 1
    assert capsys.readouterr().err == "error: no program is called 'etcdd': did you mean etcd?\n"


def test_ctrl_c_ends_the_command_with_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_names: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("local.programs.__main__.ensure", interrupted)
    assert main(["etcd"]) == 130
