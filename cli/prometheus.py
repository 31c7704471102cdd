"""Asking a Prometheus, as somebody whom the stack's settings let in."""

import base64
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2

from catalog.prometheus_settings import Access, OAuth2
from catalog.secrets import SecretKeyReference
from components.cluster_reader import Reader
from components.secret_lookup import lacking
from local.errors import LocalError

_SECONDS = 60.0
"""A query that takes longer is one that no dashboard could show either."""

_THIS_MACHINE = ("127.0.0.1", "localhost", "::1")


class RefusedError(Exception):
    """Why Prometheus did not answer one query, in one line; others it may answer."""


class Prometheus:
    """The API of one Prometheus. Raises LocalError, in one line, where it cannot be asked at all."""

    def __init__(self, url: str, headers: Mapping[str, str], authority: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._client = _client(self.url, headers, authority)

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The series of an instant vector. Raises RefusedError."""
        return list(self._get("query", {"query": expression})["result"])

    def query_range(self, expression: str, start: float, end: float, step: int) -> list[dict[str, Any]]:
        """The series of a graph; times in seconds since 1970. Raises RefusedError."""
        asked = {"query": expression, "start": f"{start:.3f}", "end": f"{end:.3f}", "step": str(step)}
        return list(self._get("query_range", asked)["result"])

    def targets(self) -> list[dict[str, Any]]:
        """What is scraped."""
        return list(self._of_prometheus_itself("targets", {"state": "active"})["activeTargets"])

    def rule_groups(self) -> list[dict[str, Any]]:
        """What is evaluated."""
        return list(self._of_prometheus_itself("rules", {})["groups"])

    def _of_prometheus_itself(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        try:
            return self._get(path, parameters)
        except RefusedError as error:
            raise LocalError(f"{self.url} tells no {path} ({error}); ask a Prometheus itself") from None

    def _get(self, path: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        with _told_in_one_line(self.url):
            response = self._client.get(f"{self.url}/api/v1/{path}", params=dict(parameters))
        if response.status_code in (401, 403):
            told = f"{self.url} lets nobody in ({response.status_code} {response.reason_phrase})"
            raise LocalError(f"{told}; say who asks by prometheus.access in the stack's file")
        if response.is_redirect:
            # Not followed: what lets us in here is nobody else's to see.
            raise LocalError(f"{self.url} leads elsewhere ({response.status_code}); give the address that it leads to")
        try:
            answer = response.json()
            if answer["status"] == "success":
                return dict(answer["data"]) if isinstance(answer["data"], dict) else {"result": answer["data"]}
            raise RefusedError(" ".join(str(answer["error"]).split()))
        except (ValueError, KeyError, TypeError):
            if response.status_code == 404:
                raise RefusedError("404 Not Found") from None
            told = f"does not answer as a Prometheus does ({response.status_code} {response.reason_phrase})"
            raise LocalError(f"{self.url} {told}; is the address right?") from None


def access_headers(access: Access, namespace: str, read: Reader) -> dict[str, str]:
    """The headers by which the settings' `prometheus.access` lets us in, their values from the cluster's Secrets.

    Raises LocalError where a Secret is not there, or a token cannot be had.
    """

    def value(reference: SecretKeyReference) -> str:
        found = read("Secret", namespace, reference.secret)
        if told := lacking(found, "Secret", namespace, reference.secret, reference.key):
            raise LocalError(f"prometheus.access: {told}")
        return base64.b64decode((found or {})["data"][reference.key]).decode()

    headers = {name: each if isinstance(each, str) else value(each) for name, each in access.headers.items()}
    if access.bearer_token:
        headers["Authorization"] = f"Bearer {value(access.bearer_token)}"
    if access.oauth2:
        identity = (value(access.oauth2.client_id), value(access.oauth2.client_secret))
        headers["Authorization"] = f"Bearer {_token(access.oauth2, identity)}"
    return headers


def _token(oauth2: OAuth2, identity: tuple[str, str]) -> str:
    """A token by the client-credentials flow (RFC 6749, 4.4)."""
    form = {"grant_type": "client_credentials", **({"scope": " ".join(oauth2.scopes)} if oauth2.scopes else {})}
    with _told_in_one_line(oauth2.token_url), _client(oauth2.token_url, {}, None) as client:
        response = client.post(oauth2.token_url, data=form, auth=identity)
    try:
        return str(response.json()["access_token"])
    except (ValueError, KeyError, TypeError):
        told = f"{response.status_code} {response.reason_phrase}"
        raise LocalError(f"prometheus.access: {oauth2.token_url} gives no token ({told})") from None


def _client(url: str, headers: Mapping[str, str], authority: str | None) -> httpx2.Client:
    # A proxy of the user's leads nowhere from an address on this very machine.
    local = urlsplit(url).hostname in _THIS_MACHINE
    try:
        verify = ssl.create_default_context(cafile=authority) if authority else True
        return httpx2.Client(headers=dict(headers), verify=verify, timeout=_SECONDS, trust_env=not local)
    except (OSError, UnicodeEncodeError, ValueError) as error:
        told = "a header has characters that no header may have" if isinstance(error, ValueError) else str(error)
        raise LocalError(f"{url} cannot be asked: {told}") from None


@contextmanager
def _told_in_one_line(url: str) -> Iterator[None]:
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        told = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise LocalError(
            f"{url} does not answer ({told}); name one that can be reached from here by --prometheus, such as "
            "http://localhost:9090 beside a `kubectl port-forward`"
        ) from None
