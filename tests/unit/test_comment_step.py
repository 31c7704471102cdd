"""The step that posts a comparison to a pull request, run as GitHub does, with a `gh` that is played."""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from local.state import CHECKOUT

PLAYED = """#!/bin/sh
echo "$*" >> "$PLAYED/calls"
case "$*" in
  *"/pulls "*) cat "$PLAYED/number" ;;
  *"--paginate"*) cat "$PLAYED/comments" ;;
  *) cp body.md "$PLAYED/posted" ;;
esac
"""


def script() -> str:
    workflow = yaml.safe_load((CHECKOUT / ".github" / "workflows" / "comment.yml").read_text(encoding="utf-8"))
    text: str = workflow["jobs"]["comment"]["steps"][-1]["run"]
    return text


@dataclass
class Runner:
    """The folder of the run, with what the other workflow left and what GitHub would answer."""

    folder: Path

    @property
    def played(self) -> Path:
        return self.folder / "played"

    def answers(self, *, number: str, comments: str = "") -> None:
        (self.played / "number").write_text(number, encoding="utf-8")
        (self.played / "comments").write_text(comments, encoding="utf-8")

    def found(self, comment: str) -> None:
        (self.folder / "comment").mkdir()
        (self.folder / "comment" / "prod.md").write_text(comment, encoding="utf-8")

    def run(self) -> str:
        finished = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script()],
            cwd=self.folder,
            env={
                "PATH": f"{self.played}{os.pathsep}{os.environ['PATH']}",
                "PLAYED": str(self.played),
                "GH_TOKEN": "x",
                "REPOSITORY": "example/api-observability",
                "STACK": "prod",
                "OWNER": "stranger",
                "BRANCH": "change",
                "COMMIT": "c" * 40,
            },
            check=True,
            text=True,
            capture_output=True,
        )
        return finished.stdout

    def calls(self) -> list[str]:
        return (self.played / "calls").read_text(encoding="utf-8").splitlines()

    def posted(self) -> str:
        return (self.played / "posted").read_text(encoding="utf-8")


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    found = Runner(tmp_path)
    found.played.mkdir()
    (found.played / "gh").write_text(PLAYED, encoding="utf-8")
    (found.played / "gh").chmod(0o755)
    return found


def test_the_first_comparison_is_a_new_comment(runner: Runner) -> None:
    runner.found("### What changes\n")
    runner.answers(number="12")
    runner.run()
    assert "--method POST repos/example/api-observability/issues/12/comments -F body=@body.md" in runner.calls()[-1]
    assert runner.posted().startswith("<!-- api-observability diff prod -->\n### What changes\n")
    assert f"Rendered by the code of this pull request at {'c' * 40}" in runner.posted()


def test_the_next_one_is_written_over_the_last(runner: Runner) -> None:
    runner.found("### What changes\n")
    runner.answers(number="12", comments="777\n778\n")
    runner.run()
    assert "--method PATCH repos/example/api-observability/issues/comments/777 " in runner.calls()[-1]


def test_the_pull_request_is_that_of_the_run_and_not_of_the_artifact(runner: Runner) -> None:
    """A fork makes the artifact; it must not choose where its text appears."""
    runner.found("### What changes\n")
    (runner.folder / "comment" / "number").write_text("1", encoding="utf-8")
    runner.answers(number="12")
    runner.run()
    assert "head=stranger:change" in runner.calls()[0]
    assert "c" * 40 in runner.calls()[0]
    assert "/issues/1/" not in "\n".join(runner.calls())


def test_an_outdated_run_posts_nothing(runner: Runner) -> None:
    runner.found("### What changes\n")
    runner.answers(number="")
    assert "newer commits" in runner.run()
    assert len(runner.calls()) == 1


def test_a_run_without_a_comparison_posts_nothing(runner: Runner) -> None:
    assert runner.run() == "nothing to post\n"


def test_a_link_in_the_artifact_is_not_followed(runner: Runner) -> None:
    secret = runner.folder / "secret"
    secret.write_text("a secret of the runner", encoding="utf-8")
    (runner.folder / "comment").mkdir()
    (runner.folder / "comment" / "prod.md").symlink_to(secret)
    assert runner.run() == "nothing to post\n"


def test_a_comment_is_never_longer_than_github_takes(runner: Runner) -> None:
    runner.found("x" * 200_000)
    runner.answers(number="12")
    runner.run()
    assert len(runner.posted()) < 65536
