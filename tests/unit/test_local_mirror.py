"""A mirror of the cluster's objects follows them, whatever happens to the connection."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pytest

from local import mirror
from local.errors import LocalError
from local.mirror import Mirror
from local.waiting import wait_until

Object = dict[str, Any]
PATH = "/api/v1/pods"


def an_object(name: str, value: str, version: str = "1") -> Object:
    return {"metadata": {"namespace": "apis", "name": name, "resourceVersion": version}, "value": value}


def event(kind: str, name: str = "a", value: str = "", version: str = "2") -> Object:
    return {"type": kind, "object": an_object(name, value, version)}


class Script:
    """An API server that says these things one after another, and then nothing more; an error is raised."""

    def __init__(self, *said: Sequence[Object] | LocalError) -> None:
        self._said = list(said)
        self.asked: list[str] = []

    def list(self, path: str) -> Object:
        self.asked.append(f"list {path}")
        return {"metadata": {"resourceVersion": "1"}, "items": self._next()}

    def watch(self, path: str, version: str) -> Iterator[Object]:
        self.asked.append(f"watch {path} {version}")
        yield from self._next()

    def _next(self) -> Sequence[Object]:
        if not self._said:
            threading.Event().wait()
        said = self._said.pop(0)
        if isinstance(said, LocalError):
            raise said
        return said


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mirror, "AGAIN_SECONDS", 0.01)


def follow(script: Script) -> Mirror[str]:
    followed: Mirror[str] = Mirror(script, PATH, lambda item: str(item["value"]))
    followed.start()
    return followed


def await_names(followed: Mirror[str], expected: Mapping[str, str]) -> None:
    wanted = {("apis", name): value for name, value in expected.items()}
    wait_until(lambda: followed.listed and followed.snapshot() == wanted, 60, str(wanted))


def test_what_comes_changes_and_goes_is_followed() -> None:
    script = Script(
        [an_object("a", "old"), an_object("b", "old")],
        [event("MODIFIED", "a", "new"), event("DELETED", "b"), event("ADDED", "c", "new", "5")],
    )
    followed = follow(script)
    await_names(followed, {"a": "new", "c": "new"})
    wait_until(lambda: len(script.asked) == 3, 60, "a second watch")
    assert script.asked == [f"list {PATH}", f"watch {PATH} 1", f"watch {PATH} 5"]


def test_every_change_is_told() -> None:
    told = threading.Semaphore(0)
    followed: Mirror[str] = Mirror(Script([], [event("ADDED")]), PATH, str, told.release)
    followed.start()
    assert told.acquire(timeout=60), "of the list"
    assert told.acquire(timeout=60), "of the event"


def test_a_bookmark_only_moves_the_place_from_which_to_go_on() -> None:
    script = Script([an_object("a", "old")], [event("BOOKMARK", "", version="9")])
    followed = follow(script)
    wait_until(lambda: len(script.asked) == 3, 60, "a second watch")
    assert script.asked[-1] == f"watch {PATH} 9"
    await_names(followed, {"a": "old"})


def test_where_the_version_is_too_old_everything_is_listed_again() -> None:
    gone = {"type": "ERROR", "object": {"kind": "Status", "code": 410}}
    await_names(follow(Script([an_object("a", "old")], [gone], [an_object("b", "new")])), {"b": "new"})


def test_during_an_outage_the_last_state_stays_and_is_told_to_be_old() -> None:
    script = Script([an_object("a", "old")], LocalError("does not answer"))
    followed = follow(script)
    wait_until(lambda: bool(followed.fault), 60, "the outage to be told")
    assert followed.fault == f"{PATH}: does not answer"
    await_names(followed, {"a": "old"})


def test_after_an_outage_nothing_is_old() -> None:
    down = LocalError("does not answer")
    followed = follow(Script(down, down, [an_object("a", "old")], down, [an_object("a", "new")]))
    await_names(followed, {"a": "new"})
    assert followed.fault == ""
