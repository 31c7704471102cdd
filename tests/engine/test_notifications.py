"""Messages about releases, for real: the controller sends what our configuration says to servers of this test.

The tests share one story: five services run in their first version, and all of them are released once more.
"""

import html
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import lightkube
import pytest

from local import programs
from local.cluster.api import ask
from local.cluster.ports import LOOPBACK
from local.receiver.smtp import Mail
from local.state import EMBEDDED_CONTEXT, State
from local.waiting import wait_until
from tests.embedded import recorded
from tests.engine import outside as outside_world
from tests.engine import told_releases
from tests.engine.outside import Outside
from tests.engine.stack import NAMESPACE, Stack, stack_of
from tests.engine.told_releases import GRAFANA, PASSWORD, SERVICES, released


@pytest.fixture(scope="module")
def outside() -> Iterator[Outside]:
    with outside_world.running() as outside:
        yield outside


@pytest.fixture(scope="module")
def configured(outside: Outside, client: lightkube.Client) -> Iterator[None]:
    with told_releases.configured(outside, client):
        yield


@pytest.fixture(scope="module")
def stack(
    embedded_cluster: State, configured: None, outside: Outside, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """The services in their second version, each where it comes to by itself."""
    stack = replace(stack_of(embedded_cluster, tmp_path_factory.mktemp("told")), settings={"alerting": {}})
    folder = tmp_path_factory.mktemp("catalog")
    stack.up(released(outside, folder, "1"))
    for name in SERVICES:
        stack.wait_for_phase(name, "Healthy")
    stack.up(released(outside, folder, "2"))
    for name, phase in zip(SERVICES, ["Paused", "Degraded", "Paused", "Healthy", "Paused"], strict=True):
        stack.wait_for_phase(name, phase)
    yield stack
    stack.destroy()


def slack(outside: Outside, headline: str) -> dict[str, Any]:
    """The message in Slack with that headline, once it is there; read from an old Rollout it is told once more."""
    wait_until(lambda: bool(_posts(outside, headline)), 60, f"the message {headline!r}")
    found, *again = _posts(outside, headline)
    assert again in ([], [found])
    return found


def lines(outside: Outside, headline: str) -> list[str]:
    """The lines below that headline, as Slack shows them, without the link at their end."""
    *told, link = html.unescape(slack(outside, headline)["attachments"][0]["text"]).splitlines()
    service = headline.partition(":")[0]
    assert link == f"{GRAFANA}/d/api-observability-canary?var-namespace={NAMESPACE}&var-service={service}"
    return told


def _posts(outside: Outside, headline: str) -> list[dict[str, Any]]:
    return [body for _, body in outside.posts if body["text"] == f"*{headline}*"]


def mails(outside: Outside, subject: str, count: int) -> list[Mail]:
    """The messages of that subject, once there are so many."""

    def found() -> list[Mail]:
        return [mail for mail in outside.mails if mail.subject == subject]

    wait_until(lambda: len(found()) >= count, 60, f"{count} messages {subject!r}")
    return found()


def argo(stack: Stack, *words: str) -> None:
    """What a person types."""
    program = programs.ensure(["kubectl-argo-rollouts"], lambda _: None)["kubectl-argo-rollouts"]
    access = ["--namespace", NAMESPACE, "--kubeconfig", str(stack.state.kubeconfig), "--context", EMBEDDED_CONTEXT]
    subprocess.run([str(program), *words, *access], check=True, capture_output=True)


def abort(stack: Stack, name: str) -> None:
    """As a person does it, and again where the controller has not seen it."""

    def aborted() -> bool:
        status = stack.rollout(name)["status"]
        if not status.get("abort"):
            argo(stack, "abort", name)
        stack.look_again(name)
        return bool(status.get("phase") == "Degraded")

    wait_until(aborted, 60, f"{name} to be aborted")


def test_a_first_version_is_told_to_begin_and_to_run(stack: Stack, outside: Outside) -> None:
    expected = ["Namespace apis, revision 1", "api: registry.example.com/good-api:1"]
    assert lines(outside, "good-api: first version") == expected
    assert lines(outside, "good-api: first version runs") == expected


def test_a_release_is_told_to_the_services_team_and_others_to_everybody(stack: Stack, outside: Outside) -> None:
    headline = "{}: release of a new version begins"
    assert lines(outside, headline.format("good-api")) == [
        "Namespace apis, revision 2",
        "api: registry.example.com/good-api:2",
    ]
    assert slack(outside, headline.format("good-api"))["channel"] == "#blue"
    assert slack(outside, headline.format("bad-api"))["channel"] == "#deployments"


def test_a_gate_tells_how_much_the_canary_gets_and_what_a_person_may_type(stack: Stack, outside: Outside) -> None:
    assert lines(outside, "good-api: release paused at step 2 of 2") == [
        "Namespace apis, revision 2",
        "The canary is 1 of 2 pods.",
        "It waits for a person:",
        "kubectl argo rollouts promote good-api -n apis",
        "kubectl argo rollouts abort good-api -n apis",
    ]


def test_a_pause_of_some_seconds_asks_nobody(stack: Stack, outside: Outside) -> None:
    assert lines(outside, "routed-api: release paused at step 2 of 2") == [
        "Namespace apis, revision 2",
        "The canary gets 10 % of the requests.",
        "It goes on by itself after 3s.",
    ]
    assert slack(outside, "routed-api: release completed")["attachments"][0]["color"] == "#2EB67D"


def test_a_rollback_names_the_metric_its_value_and_its_limit(stack: Stack, outside: Outside) -> None:
    why = "error-rate failed: 0.35 (fails at >= 0.02)"
    assert lines(outside, "bad-api: analysis failed") == ["Namespace apis, revision 2", why]
    assert lines(outside, "bad-api: release aborted, the stable version gets every request") == [
        "Namespace apis, revision 2",
        "api: registry.example.com/bad-api:2",
        why,
    ]


def test_an_analysis_without_data_asks_a_person(stack: Stack, outside: Outside) -> None:
    assert lines(outside, "blind-api: release paused at step 2 of 2") == [
        "Namespace apis, revision 2",
        "The canary is 1 of 2 pods.",
        "error-rate inconclusive: no data (fails at >= 0.02)",
        "An analysis could not decide, so a person must:",
        "kubectl argo rollouts promote blind-api -n apis",
        "kubectl argo rollouts abort blind-api -n apis",
    ]


def test_the_end_of_a_step_is_told_only_to_who_has_asked(stack: Stack, outside: Outside) -> None:
    assert slack(outside, "good-api: step 1 of 2 completed")["channel"] == "#steps"
    told = [body["text"] for _, body in outside.posts if "completed*" in body["text"] and "step" in body["text"]]
    assert {text.partition(":")[0] for text in told} == {"*good-api"}


def test_each_address_gets_a_message_of_its_own_with_the_words_of_slack(stack: Stack, outside: Outside) -> None:
    headline = "bad-api: release aborted, the stable version gets every request"
    found = mails(outside, headline, 2)
    assert {mail.recipients for mail in found} == {("a@example.com",), ("b@example.com",)}
    assert {mail.sender for mail in found} == {"releases@example.com"}
    text = html.unescape(slack(outside, headline)["attachments"][0]["text"])
    assert {mail.body for mail in found} == {f"{text}\n"}
    assert mails(outside, "good-api: release of a new version begins", 1)[0].recipients == ("blue@example.com",)


def test_webhook_and_password_come_from_the_secret(stack: Stack, outside: Outside) -> None:
    assert {path for path, _ in outside.posts} == {"/services/T0/B0/secret"}
    assert set(outside.logins) == {("releases", PASSWORD)}


def test_a_person_who_aborts_is_told_to_have_done_it(stack: Stack, outside: Outside) -> None:
    abort(stack, "by-hand-api")
    assert lines(outside, "by-hand-api: release aborted, the stable version gets every request") == [
        "Namespace apis, revision 2",
        "api: registry.example.com/by-hand-api:2",
        "No measurement failed: a person aborted it, or its pods were not ready within the deadline.",
    ]


def test_a_failure_of_an_attempt_before_is_not_told_again(stack: Stack, outside: Outside) -> None:
    headline = "bad-api: release aborted, the stable version gets every request"
    slack(outside, headline)
    outside.forget()
    outside.answers["bad-api"] = "0"
    argo(stack, "retry", "rollout", "bad-api")

    def at_its_gate() -> bool:
        stack.look_again("bad-api")
        return bool(stack.rollout("bad-api")["status"].get("currentStepIndex") == 2)

    wait_until(at_its_gate, 60, "bad-api to pass its analysis")
    stack.wait_for_phase("bad-api", "Paused")
    abort(stack, "bad-api")
    assert lines(outside, headline)[-1].startswith("No measurement failed")


def test_a_promoted_release_is_told_to_be_completed(stack: Stack, outside: Outside) -> None:
    argo(stack, "promote", "good-api")
    wait_until(lambda: _is_through(stack), 60, "good-api to be promoted")
    assert lines(outside, "good-api: release completed") == [
        "Namespace apis, revision 2",
        "api: registry.example.com/good-api:2",
    ]


def _is_through(stack: Stack) -> bool:
    stack.look_again("good-api")
    status = stack.rollout("good-api")["status"]
    return bool(status["stableRS"] == status["currentPodHash"])


def test_no_message_has_failed(stack: Stack, outside: Outside) -> None:
    port = recorded(stack.state).ports["rollouts-controller-metrics"]
    exposed = ask(f"http://{LOOPBACK}:{port}/metrics").body.decode().splitlines()
    ours = [line for line in exposed if f'namespace="{NAMESPACE}"' in line]
    assert [line for line in ours if line.startswith("notification_send_error")] == []
    assert [line for line in ours if line.startswith("notification_send_success")]
