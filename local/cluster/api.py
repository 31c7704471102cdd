"""Talking to the programs of the cluster: health checks, the few raw requests, and the lightkube client."""

import http.client
import json
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local.cluster.credentials import certificate, server_url, token
from local.errors import LocalError
from local.state import EMBEDDED_CONTEXT, State

if TYPE_CHECKING:
    from lightkube import Client

FIELD_MANAGER = "api-observability-embedded"

REQUEST_SECONDS = 60.0
"""The largest definitions take the API server seconds when both cores are busy."""

WATCH_SECONDS = 60
"""How long a watch lasts before it is begun again: a connection that has died unnoticed is missed by then."""


@dataclass(frozen=True)
class Answer:
    """What an HTTP server said."""

    status: int
    body: bytes


def ask(
    url: str,
    *,
    method: str = "GET",
    authority: ssl.SSLContext | None = None,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    timeout_seconds: float = REQUEST_SECONDS,
) -> Answer:
    """One HTTP request, straight to the address: proxies of the environment have no business here.

    Raises OSError or http.client.HTTPException when there is no answer.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port
    connection = (
        http.client.HTTPSConnection(host, port, timeout=timeout_seconds, context=authority)
        if parts.scheme == "https"
        else http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    )
    try:
        connection.request(method, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers or {})
        response = connection.getresponse()
        return Answer(response.status, response.read())
    finally:
        connection.close()


def authority(state: State) -> ssl.SSLContext:
    """What verifies the API server and the controllers that use its certificate. Raises OSError before there is one."""
    return ssl.create_default_context(cafile=str(certificate(state)))


def bearer(state: State) -> dict[str, str]:
    """The header that makes a request the administrator's."""
    return {"Authorization": f"Bearer {token(state)}"}


class ApiServer:
    """Raw requests to the API server, for what needs no client library or would be slowed by one."""

    def __init__(self, state: State, port: int) -> None:
        self.url = server_url(port)
        self._authority = authority(state)
        self._headers = bearer(state)

    def get(self, path: str, accept: str = "application/json") -> Answer:
        """One GET. Raises LocalError without an answer."""
        return self._request(path, "GET", {"Accept": accept})

    def list(self, path: str) -> dict[str, Any]:
        """What is at a path of the API, such as `/api/v1/pods`. Raises LocalError without an answer, or if refused."""
        answer = self._request(path, "GET", {"Accept": "application/json"})
        content: dict[str, Any] = json.loads(answer.body)
        if answer.status != http.client.OK:
            raise LocalError(f"the embedded API server refused {path}: {content.get('message', 'no reason given')}")
        return content

    def watch(self, path: str, version: str) -> Iterator[dict[str, Any]]:
        """The events after a version of what `list` gives, for about a minute. Raises LocalError as that does."""
        query = f"watch=1&allowWatchBookmarks=true&timeoutSeconds={WATCH_SECONDS}&resourceVersion={version}"
        parts = urlsplit(self.url)
        connection = http.client.HTTPSConnection(
            parts.hostname or "", parts.port, timeout=WATCH_SECONDS + REQUEST_SECONDS, context=self._authority
        )
        try:
            connection.request("GET", f"{path}?{query}", headers=self._headers)
            response = connection.getresponse()
            if response.status != http.client.OK:
                raise LocalError(f"the embedded API server refused to tell of {path}: {response.reason}")
            for line in response:
                yield json.loads(line)
        except (OSError, http.client.HTTPException) as error:
            raise LocalError(f"the embedded API server at {self.url} does not answer: {error}") from error
        finally:
            connection.close()

    def apply(self, path: str, manifest: bytes) -> None:
        """Server-side apply of a manifest as it stands in its file, YAML or JSON. Raises LocalError if refused."""
        headers = {"Content-Type": "application/apply-patch+yaml"}
        answer = self._request(f"{path}?fieldManager={FIELD_MANAGER}&force=true", "PATCH", headers, manifest)
        if answer.status not in (http.client.OK, http.client.CREATED):
            reason = json.loads(answer.body).get("message", "no reason given")
            raise LocalError(f"the embedded API server refused {path}: {reason}")

    def cluster_uid(self) -> str:
        """The UID of the namespace kube-system, which identifies the cluster. Raises LocalError while there is none."""
        answer = self.get("/api/v1/namespaces/kube-system")
        if answer.status != http.client.OK:
            raise LocalError("the embedded API server has no namespace kube-system yet: start again")
        return str(json.loads(answer.body)["metadata"]["uid"])

    def _request(self, path: str, method: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        try:
            return ask(
                self.url + path,
                method=method,
                authority=self._authority,
                headers=self._headers | headers,
                body=body,
                timeout_seconds=REQUEST_SECONDS,
            )
        except (OSError, http.client.HTTPException) as error:
            raise LocalError(f"the embedded API server at {self.url} does not answer: {error}") from error


def client(state: State) -> "Client":
    """A lightkube client for the cluster as its administrator; the caller closes it."""
    # Imported here because it takes longer than finding a running cluster does.
    import httpx2  # noqa: PLC0415
    from lightkube import Client, KubeConfig  # noqa: PLC0415

    config = KubeConfig.from_file(state.kubeconfig).get(EMBEDDED_CONTEXT)
    timeout = httpx2.Timeout(REQUEST_SECONDS)
    return Client(config=config, timeout=timeout, field_manager=FIELD_MANAGER, trust_env=False)
