"""`make diff` on a repository: the base is rendered by its own program, and a base that cannot be is said to be so."""

import shutil
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

import program
from cli import base_rendering, diff, main
from cli.base_rendering import BaseError, exported, find_base, rendered_by
from local.errors import LocalError
from local.state import CHECKOUT

PARTS = ("catalog", "observability", "components", "cli", "local", "policy", "program.py", "services.yaml")
IGNORED = shutil.ignore_patterns("__pycache__", "programs", "plugin", "simulator")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    finished = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments], check=True, text=True, capture_output=True
    )
    return finished.stdout.strip()


def commit(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--allow-empty", "--message", "a change")
    return git(folder, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of one commit on the branch `main`: the checkout as it is."""
    folder = tmp_path_factory.mktemp("origin")
    for part in (*PARTS, *(path.name for path in CHECKOUT.glob("Pulumi*.yaml"))):
        source = CHECKOUT / part
        if source.is_dir():
            shutil.copytree(source, folder / part, ignore=IGNORED)
        else:
            shutil.copy(source, folder / part)
    shutil.copytree(
        CHECKOUT / "local" / "programs", folder / "local" / "programs", ignore=shutil.ignore_patterns("*-*")
    )
    shutil.copytree(CHECKOUT / "local" / "plugin", folder / "local" / "plugin")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


@pytest.fixture
def checkout(origin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone in which to change something; it is what the command takes for the checkout."""
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(origin), str(folder))
    for module in (diff, program):
        monkeypatch.setattr(module, "CHECKOUT" if module is diff else "FOLDER", folder)
    return folder


def edit(folder: Path, old: str, new: str, name: str = "services.yaml") -> None:
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_working_tree_is_compared_with_what_the_base_renders_by_its_own_program(checkout: Path) -> None:
    """Neither the new program in the tree nor the old one at the base is taken for the other."""
    edit(checkout, '"retention"', '"keep"', "components/monitoring_values_prometheus.py")
    other_program = commit(checkout)
    edit(checkout, '"keep"', '"retention"', "components/monitoring_values_prometheus.py")
    edit(checkout, "univprepai-api:1.0.0", "univprepai-api:1.1.0")
    told = subprocess.run(
        [sys.executable, "-m", "cli", "diff", "--base", other_program, "--format", "markdown"],
        cwd=checkout,
        check=True,
        text=True,
        capture_output=True,
    ).stdout
    assert "**1 service changed; 2 objects changed.** A canary starts for `univprepai-api`." in told
    assert "prometheusSpec.keep | `30d` | **removed** |" in told
    assert "prometheusSpec.retention | – | `30d` |" in told
    assert git(checkout, "status", "--short") == "M components/monitoring_values_prometheus.py\n M services.yaml"
    assert git(checkout, "worktree", "list").count("\n") == 0


def test_what_others_did_on_the_base_since_is_no_change_of_ours(checkout: Path) -> None:
    ours = git(checkout, "rev-parse", "HEAD")
    git(checkout, "checkout", "--quiet", "-b", "mine")
    (checkout / "mine").touch()
    commit(checkout)
    git(checkout, "checkout", "--quiet", "main")
    (checkout / "theirs").touch()
    commit(checkout)
    git(checkout, "checkout", "--quiet", "mine")
    assert find_base(checkout, "main").commit == ours


def test_a_branch_that_is_known_from_the_remote_alone_is_found(checkout: Path) -> None:
    git(checkout, "checkout", "--quiet", "-b", "mine")
    git(checkout, "branch", "--quiet", "-D", "main")
    assert find_base(checkout, "main").commit == git(checkout, "rev-parse", "origin/main")


@pytest.mark.parametrize("name", ["no-such-branch", "--output=x"])
def test_a_base_that_git_does_not_know_says_what_to_fetch(checkout: Path, name: str) -> None:
    with pytest.raises(LocalError, match=rf"git knows no commit '{name}' here; fetch it"):
        find_base(checkout, name)


def test_a_folder_that_is_no_repository_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="is no git repository"):
        find_base(tmp_path, "main")


def test_a_base_that_cannot_render_is_told_and_fails_nobody(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(checkout, "port: 8006", "port: 80800")
    broken = commit(checkout)
    edit(checkout, "port: 80800", "port: 8006")
    assert main(["diff", "--base", broken, "--stack", "prod", "--format", "markdown"]) == 0
    told = capsys.readouterr().out
    assert "not compared, since the base cannot be rendered (services.yaml: services.univprepai-api.port: 80800" in told
    assert "The working tree renders 69 objects" in told


def test_a_base_before_there_was_such_a_command_is_told_too(tmp_path: Path) -> None:
    with pytest.raises(BaseError, match="the program was not there yet"):
        rendered_by(tmp_path, "prod")
    assert list(tmp_path.iterdir()) == []


def test_a_base_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for part in ("catalog", "cli", "components", "local", "observability", "program.py"):
        (tmp_path / part).mkdir()
    (tmp_path / "cli" / "__main__.py").write_text("import threading\nthreading.Event().wait()\n", encoding="utf-8")
    monkeypatch.setattr(base_rendering, "_TIMEOUT_SECONDS", 2)
    with pytest.raises(BaseError, match="took more than 2 s"):
        rendered_by(tmp_path, "prod")


def test_all_of_a_stack_is_new_where_the_base_has_none(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(checkout, "mv", "Pulumi.prod.yaml", "Pulumi.live.yaml")
    before = commit(checkout)
    git(checkout, "mv", "Pulumi.live.yaml", "Pulumi.prod.yaml")
    options = Namespace(base=before, stack="prod", format="text", limit=None)
    assert diff.run(options) == 0
    told = capsys.readouterr()
    assert "has no stack prod, so all of it is new" in told.err
    assert "9 services added; 69 objects added." in told.out


def test_a_fault_of_the_working_tree_is_an_error_as_everywhere(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    edit(checkout, "port: 8006", "port: 80800")
    assert main(["diff", "--base", "main", "--stack", "prod"]) == 1
    assert "80800 is not a port" in capsys.readouterr().err


def test_nothing_is_left_of_the_base(checkout: Path) -> None:
    with exported(checkout, "HEAD") as folder:
        assert (folder / "services.yaml").exists()
        assert not (folder / ".git").exists()
    assert not folder.exists()
