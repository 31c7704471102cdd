"""`api-observability adopt`: who is asked, what is handed over, and how it ends."""

from collections.abc import Sequence
from typing import Any

import pytest

from catalog.problems import Problem
from cli import adopt, main
from cli.adopting.plan import Planned
from cli.adopting.report import Report
from components.field_managers import MANAGER
from components.live_objects import RefusedError
from local.errors import LocalError

METADATA = {"name": "a-api", "namespace": "apis", "annotations": {"meta.helm.sh/release-name": "shop"}}
WANTED = {"apiVersion": "v1", "kind": "Service", "metadata": METADATA}
HELMS = {**WANTED, "metadata": {**METADATA, "managedFields": [{"manager": "helm", "operation": "Update"}]}}


class Cluster:
    """A cluster in which a controller writes into the object as often as it is told to."""

    def __init__(self, busy: int = 0) -> None:
        self._busy = busy
        self.handed_over: list[str] = []

    def read(self, manifest: Any) -> Any:
        return None if manifest["metadata"]["name"] == "gone" else HELMS

    def hand_over(self, _live: Any, managers: Sequence[Any]) -> None:
        if self._busy:
            self._busy -= 1
            raise RefusedError("the object has been modified")
        self.handed_over += [str(each["manager"]) for each in managers]


def asked(monkeypatch: pytest.MonkeyPatch, report: Report, *options: str, busy: int = 0) -> tuple[int, Cluster]:
    """The exit status of the command where it finds that report, and the cluster afterwards."""
    cluster = Cluster(busy)
    monkeypatch.setattr(adopt, "ensure_cluster", lambda _settings: None)
    monkeypatch.setattr(adopt, "LiveObjects", lambda _settings: cluster)
    monkeypatch.setattr(adopt, "look", lambda *_: report)
    return main(["adopt", "--stack", "dev", *options]), cluster


FOUND = Report([Planned(WANTED, HELMS, HELMS)])


def test_looking_hands_nothing_over_and_says_what_does(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, cluster = asked(monkeypatch, FOUND)
    assert (status, cluster.handed_over) == (0, [])
    assert "to have them handed over: make adopt STACK=dev TAKE=1" in capsys.readouterr().out


def test_taking_hands_over_and_says_how_it_goes_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, cluster = asked(monkeypatch, FOUND, "--take", "--yes", busy=2)
    assert (status, cluster.handed_over) == (0, [MANAGER])
    told = capsys.readouterr().out
    assert "1 objects handed over" in told
    assert "pulumi config set --stack dev --path api-observability:cluster.adopt true" in told
    assert "kubectl --namespace apis delete secret --selector owner=helm,name=shop" in told


def test_without_anybody_to_ask_nothing_is_handed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    status, cluster = asked(monkeypatch, FOUND, "--take")
    assert (status, cluster.handed_over) == (1, [])
    assert capsys.readouterr().err == "error: nobody is there to be asked; say --yes (make: YES=1)\n"


@pytest.mark.parametrize(("answer", "status", "managers"), [("y", 0, [MANAGER]), ("", 1, []), ("no", 1, [])])
def test_a_person_is_asked_first(
    answer: str, status: int, managers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _question: answer)
    found, cluster = asked(monkeypatch, FOUND, "--take")
    assert (found, cluster.handed_over) == (status, managers)


def test_every_refusal_is_a_line_and_nothing_is_handed_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = [Problem("services.yaml", "services.a-api", "one"), Problem("services.yaml", "services.b-api", "two")]
    status, cluster = asked(monkeypatch, Report(FOUND.objects, refused=refused), "--take", "--yes")
    assert (status, cluster.handed_over) == (1, [])
    assert capsys.readouterr().err == (
        "error: services.yaml: services.a-api: one\nerror: services.yaml: services.b-api: two\n"
    )


def test_a_cluster_with_nothing_of_the_stack_has_nothing_to_take_over(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, _ = asked(monkeypatch, Report([Planned(WANTED)]), "--take", "--yes")
    assert status == 0
    assert "There is nothing to take over." in capsys.readouterr().out


def test_an_object_that_others_keep_on_writing_into_is_told() -> None:
    cluster: Any = Cluster(busy=99)
    with pytest.raises(LocalError, match="Service a-api could not be handed over: the object has been modified; run"):
        adopt.hand_over(cluster, WANTED)


def test_what_is_gone_meanwhile_needs_no_handing_over() -> None:
    cluster: Any = Cluster()
    adopt.hand_over(cluster, {**WANTED, "metadata": {"name": "gone"}})
    assert cluster.handed_over == []
