"""One API server: requests over kept-alive connections, and what kinds it knows."""

import http.client
import json
import queue
import threading
import time
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

from local.plugin.errors import ApiError, NoMatchError, UnreachableError
from local.plugin.kinds import Gvk, gvk_of_object
from local.plugin.kubeconfig import Access
from local.plugin.objects import Object, name_of, namespace_of

APPLY = "application/apply-patch+yaml"
JSON_PATCH = "application/json-patch+json"
JSON = "application/json"

_CONNECT_SECONDS = 60.0
_IDLE_SECONDS = 30.0
"""A connection unused for longer is not trusted: the server may have closed it, and a POST must not be sent twice."""

_PATIENCE = 10
"""How often a busy server is asked; client-go's own figure."""

_AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

Query = dict[str, str]


class Endpoint(NamedTuple):
    """Where the objects of one kind live: the plural in the URL, and whether a namespace goes before it."""

    plural: str
    namespaced: bool


class Cluster:
    """A thread-safe client of one API server."""

    def __init__(self, access: Access, cancelled: threading.Event) -> None:
        self.access = access
        self._cancelled = cancelled
        self._address = urlsplit(access.server)
        self._idle: queue.LifoQueue[tuple[float, http.client.HTTPConnection]] = queue.LifoQueue()
        self._kinds: dict[Gvk, Endpoint] | None = None
        self._lock = threading.Lock()

    def get(self, gvk: Gvk, namespace: str, name: str) -> Object:
        """One object; ApiError, not found included."""
        return self.request("GET", self.url(gvk, namespace, name))

    def read(self, obj: Object) -> Object:
        """The live version of an object."""
        return self.get(gvk_of_object(obj), namespace_of(obj), name_of(obj))

    def url(self, gvk: Gvk, namespace: str, name: str = "", refresh: bool = True) -> str:
        """The path of an object, or without a name of its collection; NoMatchError for a kind that is not there."""
        endpoint = self.endpoint(gvk, refresh)
        if endpoint is None:
            raise NoMatchError(gvk.kind, gvk.api_version)
        root = f"/apis/{gvk.group}/{gvk.version}" if gvk.group else f"/api/{gvk.version}"
        scope = f"/namespaces/{namespace or 'default'}" if endpoint.namespaced else ""
        return f"{root}{scope}/{endpoint.plural}" + (f"/{name}" if name else "")

    def endpoint(self, gvk: Gvk, refresh: bool = False) -> Endpoint | None:
        """Where the kind lives, from what was discovered; with `refresh`, an unknown kind is looked for once more."""
        with self._lock:
            if self._kinds is None or (refresh and gvk not in self._kinds):
                self._kinds = self._discover()
            return self._kinds.get(gvk)

    def forget_kinds(self) -> None:
        """Discover again before the next use: a CustomResourceDefinition was just made."""
        with self._lock:
            self._kinds = None

    def _discover(self) -> dict[Gvk, Endpoint]:
        """Every kind, in two requests (aggregated discovery, Kubernetes 1.30 and later)."""
        kinds: dict[Gvk, Endpoint] = {}
        for root in ("/api", "/apis"):
            for group in self.request("GET", root, accept=_AGGREGATED).get("items") or []:
                for version in group.get("versions") or []:
                    for resource in version.get("resources") or []:
                        kind = resource.get("responseKind") or {}
                        gvk = Gvk(group.get("metadata", {}).get("name", ""), version["version"], kind.get("kind", ""))
                        kinds[gvk] = Endpoint(resource["resource"], resource.get("scope") == "Namespaced")
        return kinds

    def request(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Any = None,
        *,
        content_type: str = JSON,
        accept: str = JSON,
    ) -> Object:
        """One request. ApiError where the server refuses it, UnreachableError where it cannot be asked."""
        target = f"{self._address.path}{path}" + (f"?{urlencode(query)}" if query else "")
        headers = {**self.access.headers, "Accept": accept, "User-Agent": "pulumi-kubernetes-stand-in"}
        payload = None
        if body is not None:
            # JSON is YAML, so it serves for apply patches too.
            payload = json.dumps(body, separators=(",", ":")).encode()
            headers["Content-Type"] = content_type
        status, data = self._patiently(method, target, payload, headers)
        try:
            answer = json.loads(data or b"{}")
        except json.JSONDecodeError:
            raise ApiError(
                status, "", f"unexpected answer from {self.access.server}{path}: HTTP {status}", {}
            ) from None
        if status >= 400:
            message = answer.get("message") or f"the server answered HTTP {status}"
            raise ApiError(status, answer.get("reason") or "", message, answer.get("details") or {})
        return answer if isinstance(answer, dict) else {}

    def _patiently(self, method: str, target: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        """One exchange, again and again where the server asks to be asked later, as client-go does."""
        for _ in range(_PATIENCE):
            status, data, later = self._exchange(method, target, body, headers)
            if not later.isdecimal() or self._cancelled.wait(float(later)):
                break
        return status, data

    def _exchange(
        self, method: str, target: str, body: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes, str]:
        """Status, body and, where the server is too busy, the seconds after which to try again."""
        connection = self._connection()
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            data = response.read()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            raise UnreachableError(f'{method} "{self.access.server}{target}": {_reason(error)}') from None
        if response.will_close:
            connection.close()
        else:
            self._idle.put((time.monotonic(), connection))
        busy = response.status == 429 or response.status >= 500
        return response.status, data, (response.headers.get("Retry-After") or "") if busy else ""

    def _connection(self) -> http.client.HTTPConnection:
        while True:
            try:
                since, connection = self._idle.get_nowait()
            except queue.Empty:
                return self._connect()
            if time.monotonic() - since < _IDLE_SECONDS:
                return connection
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._address.hostname or "", self._address.port
        if self.access.tls is None:
            return http.client.HTTPConnection(host, port, timeout=_CONNECT_SECONDS)
        return http.client.HTTPSConnection(host, port, timeout=_CONNECT_SECONDS, context=self.access.tls)


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connect: connection refused"
    return str(error) or type(error).__name__
