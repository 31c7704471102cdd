"""The objects of one kind as the cluster has them now, kept up to date by a thread that lists and watches."""

import json
import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from local.errors import LocalError

AGAIN_SECONDS = 1.0
"""Between two attempts to list while the API server does not answer, as during its restart."""

Seen = TypeVar("Seen")
Object = Mapping[str, Any]
Name = tuple[str, str]
"""Namespace and name of an object."""

_LOG = logging.getLogger(__name__)


class Server(Protocol):
    """Whom a mirror asks; both raise LocalError where there is no answer."""

    def list(self, path: str) -> Object:
        """What is at a path of the API."""

    def watch(self, path: str, version: str) -> Iterable[Object]:
        """The events after that version, for a while."""


@dataclass
class Mirror(Generic[Seen]):
    """What `see` makes of each object at `path`, such as `/api/v1/pods`; `changed` is called after every change.

    While the cluster does not answer, the last state stays, and `fault` says why. Objects are plain data: lightkube's
    are made by msgspec 0.22, which crashes where several threads make the first of a kind at once.
    """

    server: Server
    path: str
    see: Callable[[Object], Seen]
    changed: Callable[[], None] = field(default=lambda: None)
    listed: bool = False
    fault: str = ""

    def __post_init__(self) -> None:
        self._seen: dict[Name, Seen] = {}
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to list and watch; the thread ends with the process."""
        threading.Thread(target=self._follow, daemon=True, name=self.path).start()

    def snapshot(self) -> dict[Name, Seen]:
        """What there is now."""
        with self._lock:
            return dict(self._seen)

    def _follow(self) -> None:
        while True:
            try:
                version: str | None = self._list()
                while version:
                    version = self._watch(version)
            except (LocalError, json.JSONDecodeError) as error:
                self.fault = f"{self.path}: {error}"
                _LOG.warning("%s", self.fault)
                time.sleep(AGAIN_SECONDS)

    def _list(self) -> str:
        """Take over everything there is; the version from which to watch."""
        listing = self.server.list(self.path)
        seen = {_name(item): self.see(item) for item in listing["items"]}
        with self._lock:
            self._seen = seen
        self.listed, self.fault = True, ""
        self.changed()
        return str(listing["metadata"]["resourceVersion"])

    def _watch(self, version: str) -> str | None:
        """Follow what happens until the server ends it; the version from which to go on, None if that is too old."""
        for event in self.server.watch(self.path, version):
            if event["type"] == "ERROR":
                return None
            version = event["object"]["metadata"]["resourceVersion"]
            if event["type"] != "BOOKMARK":
                self._note(event["type"], event["object"])
        return version

    def _note(self, kind: str, item: Object) -> None:
        with self._lock:
            if kind == "DELETED":
                self._seen.pop(_name(item), None)
            else:
                self._seen[_name(item)] = self.see(item)
        self.changed()


def _name(item: Object) -> Name:
    return item["metadata"]["namespace"], item["metadata"]["name"]
