"""`api-observability release`: what it says at the end, what it leaves set, and when it stops following."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from cli import main, release_follow, released_images
from cli.release import targets
from cli.release_advice import Advice
from cli.release_follow import TimeIsUpError, follow, shown_on
from cli.release_state import Outcome, ReleaseState
from cli.release_view import summary
from cli.stacks import read, with_images
from components.cluster import ClusterError
from local.state import STATE_VARIABLE, State
from tests.unit.release_workbench import NEW, OLD, measured, rollout, run, state

SERVICE, WRITTEN = "seedtest-api", "registry.example.com/seedtest-api:1.0.0"
RELEASED = "registry.example.com/seedtest-api:1.1.0"


@pytest.fixture
def embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    """A state folder whose stack was set up."""
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    found = State.current()
    found.backend.mkdir()
    return found


class Followed:
    """Gives these answers one after the other, and keeps what was shown."""

    def __init__(self, *answers: ReleaseState | ClusterError) -> None:
        self._answers = iter(answers)
        self.shown: list[tuple[ReleaseState, str]] = []

    def read(self) -> ReleaseState:
        answer = next(self._answers)
        if isinstance(answer, ClusterError):
            raise answer
        return answer

    def show(self, found: ReleaseState, _elapsed: float, trouble: str) -> None:
        self.shown.append((found, trouble))


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(release_follow, "POLL_SECONDS", 0.0)


def images_of(found: Sequence[object]) -> dict[str, str]:
    return {getattr(each, "name", ""): getattr(each, "image", "") for each in found}


def test_what_was_released_on_the_embedded_stack_is_what_its_next_up_brings(embedded: State) -> None:
    released_images.keep(embedded, SERVICE, RELEASED, WRITTEN)
    settings, catalog = read("local")
    assert settings.images == {SERVICE: RELEASED}
    assert images_of(catalog.services)[SERVICE] == RELEASED
    assert read("prod")[0].images == {}, "it is about the embedded stack alone"


def test_whoever_changes_the_entry_in_services_yaml_afterwards_means_that(embedded: State) -> None:
    released_images.keep(embedded, SERVICE, RELEASED, "registry.example.com/seedtest-api:0.9.0")
    released_images.keep(embedded, "gone-api", "registry.example.com/gone:1", "registry.example.com/gone:0")
    settings, catalog = read("local")
    assert settings.images == {}
    assert images_of(catalog.services)[SERVICE] == WRITTEN


def test_releases_of_several_services_are_kept_beside_each_other(embedded: State) -> None:
    other = "registry.example.com/univprepai-api:1.0.0"
    released_images.keep(embedded, SERVICE, RELEASED, WRITTEN)
    released_images.keep(embedded, "univprepai-api", f"{other}-mended", other)
    assert read("local")[0].images == {SERVICE: RELEASED, "univprepai-api": f"{other}-mended"}


def test_an_image_given_on_the_command_line_is_stronger_than_all_that_is_written() -> None:
    settings, catalog = with_images(read("prod")[0], {SERVICE: RELEASED})
    assert settings.images[SERVICE] == images_of(catalog.services)[SERVICE] == RELEASED


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["seedtest", RELEASED], "services.yaml: services: there is no 'seedtest' — did you mean 'seedtest-api'?"),
        ([SERVICE, "a b"], "services.yaml: services.seedtest-api.image: 'a b' is not an image reference"),
    ],
)
def test_a_mistyped_release_is_one_line_and_touches_nothing(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", *arguments, "--stack", "prod"]) == 1
    found = capsys.readouterr()
    assert found.err.startswith(f"error: {told}")
    assert found.err.count("\n") == 1
    assert found.out == ""


def test_the_engine_is_pointed_at_the_component_of_that_service_and_what_is_in_it() -> None:
    assert targets("prod", SERVICE) == [
        "--target",
        "urn:pulumi:prod::api-observability::api-observability:index:ObservableApi::seedtest-api",
        "--target-dependents",
    ]


def test_an_end_counts_once_it_was_read_twice(tmp_path: Path) -> None:
    going = state(tmp_path, rollout(phase="Progressing", currentStepIndex=0))
    aborted = state(tmp_path, rollout(phase="Degraded", abort=True))
    # Between two writes of the controller's the status may still be that of an earlier try.
    followed = Followed(aborted, going, aborted, aborted)
    assert follow(followed.read, followed.show, 60) is aborted
    assert [each for each, _ in followed.shown] == [aborted, going, aborted, aborted]


def test_a_cluster_that_does_not_answer_for_a_while_ends_nothing(tmp_path: Path) -> None:
    going = state(tmp_path, rollout(phase="Progressing", currentStepIndex=0))
    done = state(tmp_path, rollout(phase="Healthy", stableRS="789fcb88f5"))
    followed = Followed(going, ClusterError("no cluster answers"), ClusterError("no cluster answers"), done, done)
    assert follow(followed.read, followed.show, 60) is done
    assert followed.shown[1] == (going, "not read, trying again: no cluster answers")
    assert followed.shown[3] == (done, "")


def test_a_release_that_takes_longer_than_asked_is_left_alone(tmp_path: Path) -> None:
    going = state(tmp_path, rollout(phase="Progressing", currentStepIndex=0))
    followed = Followed(going, going, going)
    with pytest.raises(TimeIsUpError):
        follow(followed.read, followed.show, -1)


def test_without_a_terminal_there_are_lines_and_no_escapes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import sys  # noqa: PLC0415  # what pytest has put in its place

    with shown_on(sys.stdout) as show:
        going = state(tmp_path, rollout(phase="Progressing", currentStepIndex=0))
        show(going, 1.0, "")
    told = capsys.readouterr().out
    assert told == f"     1s  {summary(going)}\n"
    assert "\x1b" not in told


def test_a_release_that_was_taken_back_says_why_and_how_to_mend_it(tmp_path: Path) -> None:
    failed = {"error-rate": measured("[0.1114]", "Failed", phase="Failed")}
    aborted = state(tmp_path, rollout(phase="Degraded", abort=True), run(failed, phase="Failed"), canary=(0, 0))
    assert Advice("a-api", "apis", "prod", "production").ended(aborted).splitlines() == [
        "a-api: rolled back: error-rate 11.14 %, limit < 2 % (step 3)",
        f"{OLD} serves; Pulumi.prod.yaml names {NEW} until another one is released:",
        "  a mended one         api-observability release a-api IMAGE --stack prod",
        f"  the one that serves  api-observability release a-api {OLD} --stack prod",
        "  the same once more   kubectl argo rollouts retry rollout a-api -n apis --context production",
    ]


def test_on_the_embedded_stack_no_file_of_the_checkout_is_named(tmp_path: Path) -> None:
    aborted = state(tmp_path, rollout(phase="Degraded", abort=True, message="by hand"))
    told = Advice("a-api", "apis", "local", "embedded").ended(aborted)
    assert "Pulumi.local.yaml" not in told
    assert "--stack" not in told


@pytest.mark.parametrize(
    ("status", "head", "command"),
    [
        ({"phase": "Paused", "paused": True}, "a-api: waits for a person: somebody has paused it", "promote"),
        ({"phase": "Degraded", "message": "ProgressDeadlineExceeded: …"}, "a-api: does not come up: Prog", "abort"),
        ({"phase": "Healthy", "stableRS": "789fcb88f5"}, f"a-api: promoted: {NEW} serves all requests", ""),
        ({"phase": "Healthy", "image": "b:2"}, "a-api: not followed any longer: the Rollout has another image", ""),
    ],
)
def test_every_end_is_told_in_one_line_with_what_to_do(
    tmp_path: Path, status: dict[str, Any], head: str, command: str
) -> None:
    told = Advice("a-api", "apis", "prod", "production").ended(state(tmp_path, rollout(**status)))
    assert told.startswith(head)
    assert not command or f"kubectl argo rollouts {command} a-api -n apis --context production" in told
    assert ("\n" in told) == bool(command)


def test_whoever_stops_looking_is_told_how_to_go_on() -> None:
    told = Advice("a-api", "apis", "prod", "production")
    for text in (told.interrupted(), told.not_ended(90)):
        assert "goes on by itself" in text
        for command in ("run the same command again", "rollouts promote a-api", "rollouts abort a-api"):
            assert command in text


def test_every_end_has_an_exit_status_of_its_own() -> None:
    statuses = [each.value for each in Outcome if each.value is not None]
    assert len(set(statuses)) == len(statuses)
    assert not {1, 2, 7, 130} & set(statuses), "these are other faults, the time that is up, and the interrupt"
