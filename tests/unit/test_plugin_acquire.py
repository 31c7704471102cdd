"""Which plugin is put in place, and where."""

import os
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import pytest

from local.errors import LocalError
from local.plugin.acquire import CHOICE_VARIABLE, EXECUTABLE, find_official, install, provide
from local.state import State

WANTED = version("pulumi-kubernetes")
OFFLINE = '#!/bin/sh\necho "$@" >> "$0.log"\necho \'error: no network\' >&2\nexit 1\n'


@pytest.fixture(autouse=True)
def nothing_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path / "users-home"))
    monkeypatch.delenv(CHOICE_VARIABLE, raising=False)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "state")


@pytest.fixture
def pulumi(tmp_path: Path) -> Path:
    return executable(tmp_path / "pulumi", OFFLINE)


def executable(path: Path, contents: str = "#!/bin/sh\n# official\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(contents)
    path.chmod(0o755)
    return path


def installed_by_user(tmp_path: Path, release: str) -> Path:
    return executable(tmp_path / "users-home" / "plugins" / f"resource-kubernetes-v{release}" / EXECUTABLE)


def quiet(_line: str) -> None:
    return


def test_offline_the_stand_in_takes_the_official_plugins_place(state: State, pulumi: Path) -> None:
    plugin = provide(state, pulumi, quiet)
    assert plugin.kind == "stand-in"
    assert plugin.path == state.pulumi_home / "plugins" / f"resource-kubernetes-v{WANTED}" / EXECUTABLE
    assert os.access(plugin.path, os.X_OK)


def test_a_failed_download_is_not_tried_again_for_a_day(state: State, pulumi: Path) -> None:
    tries = Path(f"{pulumi}.log")
    provide(state, pulumi, quiet)
    provide(state, pulumi, quiet)
    assert tries.read_text().splitlines() == [f"plugin install resource kubernetes {WANTED} --non-interactive"]
    remembered = state.pulumi_home / "kubernetes-plugin-not-to-be-had.json"
    assert "no network" in remembered.read_text()
    yesterday = time.time() - 25 * 3600
    os.utime(remembered, (yesterday, yesterday))
    provide(state, pulumi, quiet)
    assert len(tries.read_text().splitlines()) == 2


def test_what_an_interrupted_download_left_does_not_hide_the_stand_in(state: State, pulumi: Path) -> None:
    partial = state.pulumi_home / "plugins" / f"resource-kubernetes-v{WANTED}.partial"
    partial.parent.mkdir(parents=True)
    partial.touch()
    plugin = provide(state, pulumi, quiet)
    assert plugin.path.is_file()
    assert not partial.exists()


def test_a_download_is_announced_and_only_then(state: State, pulumi: Path) -> None:
    lines: list[str] = []
    provide(state, pulumi, lines.append)
    provide(state, pulumi, lines.append)
    assert lines == [f"downloading the official Kubernetes plugin {WANTED} (at most 120 s)"]


def test_a_download_that_works_is_used(state: State, tmp_path: Path) -> None:
    target = f'"$PULUMI_HOME/plugins/resource-kubernetes-v{WANTED}"'
    contents = f'#!/bin/sh\nmkdir -p {target}\nprintf "#!/bin/sh\\n" > {target}/{EXECUTABLE}\n'
    plugin = provide(state, executable(tmp_path / "pulumi", contents), quiet)
    assert plugin.kind == "official"
    assert plugin.path.read_text() == "#!/bin/sh\n"


def test_the_users_official_plugin_is_linked(state: State, pulumi: Path, tmp_path: Path) -> None:
    official = installed_by_user(tmp_path, WANTED)
    plugin = provide(state, pulumi, quiet)
    assert plugin.kind == "official"
    assert plugin.path == state.pulumi_home / "plugins" / f"resource-kubernetes-v{WANTED}" / EXECUTABLE
    assert plugin.path.resolve() == official
    assert str(official) in str(plugin)
    assert provide(state, pulumi, quiet) == plugin


def test_an_older_official_plugin_goes_on_path_where_any_version_will_do(
    state: State, pulumi: Path, tmp_path: Path
) -> None:
    official = installed_by_user(tmp_path, "4.1.0")
    plugin = provide(state, pulumi, quiet)
    assert plugin.path == state.bin / EXECUTABLE
    assert plugin.path.resolve() == official


def test_another_major_version_is_not_the_official_plugin(state: State, pulumi: Path, tmp_path: Path) -> None:
    installed_by_user(tmp_path, "3.30.0")
    assert provide(state, pulumi, quiet).kind == "stand-in"


def test_the_newest_of_the_users_plugins_is_taken(state: State, pulumi: Path, tmp_path: Path) -> None:
    installed_by_user(tmp_path, "4.9.0")
    newest = installed_by_user(tmp_path, "4.10.0")
    assert find_official(pulumi, None, WANTED) == newest


def test_a_plugin_on_path_comes_first_and_our_own_shim_is_none(
    state: State, pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "shims")
    monkeypatch.setenv("PATH", f"{tmp_path / 'shims'}:/usr/bin:/bin")
    assert find_official(pulumi, None, WANTED) is None
    official = executable(tmp_path / "path" / EXECUTABLE)
    monkeypatch.setenv("PATH", f"{tmp_path / 'path'}:/usr/bin:/bin")
    assert find_official(pulumi, None, WANTED) == official


def test_the_choice_can_be_forced_either_way_and_back(
    state: State, pulumi: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    official = installed_by_user(tmp_path, WANTED)
    monkeypatch.setenv(CHOICE_VARIABLE, "stand-in")
    assert provide(state, pulumi, quiet).kind == "stand-in"
    assert "official" in official.read_text()
    monkeypatch.setenv(CHOICE_VARIABLE, "official")
    assert provide(state, pulumi, quiet).path.resolve() == official
    official.unlink()
    with pytest.raises(LocalError, match="pulumi plugin install resource kubernetes"):
        provide(state, pulumi, quiet)


def test_an_unknown_choice_is_named(state: State, pulumi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(CHOICE_VARIABLE, "both")
    with pytest.raises(LocalError, match=f"{CHOICE_VARIABLE}=both is not a choice: use auto, official or stand-in"):
        provide(state, pulumi, quiet)


def test_the_shim_runs_from_any_directory_even_when_the_checkouts_path_has_a_space(tmp_path: Path) -> None:
    shim = install(tmp_path / "with a space")
    process = subprocess.Popen(
        [shim, "127.0.0.1:1"], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    try:
        assert process.stdout
        assert int(process.stdout.readline()) > 0
    finally:
        process.terminate()
        process.wait(timeout=60)
