"""What the platform of a real cluster has and the program adopts: definitions, namespaces, nodes, Prometheus.

Every object is applied server-side, so that repeating it changes nothing and mends what was changed by hand. Nothing of
the API services is created here.
"""

import hashlib
import http.client
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
from lightkube import ApiError, Client, codecs
from lightkube.generic_resource import create_namespaced_resource
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap, Node

from local.cluster.api import FIELD_MANAGER, ApiServer
from local.errors import LocalError
from local.waiting import wait_until

OBJECTS = Path(__file__).parent / "objects"

PARALLEL = 4
"""Definitions applied at once; more make both cores of the API server no busier."""

READY_SECONDS = 120.0

_MONITORING = {"Prometheus": "prometheuses", "Alertmanager": "alertmanagers", "ServiceMonitor": "servicemonitors"}
"""The kinds of the operator among the objects, and the plurals of them."""

_INTERVAL = re.compile(r"^( +(?:scrape|evaluation)Interval: )(\d+)s$", re.MULTILINE)

_LEAST = 1500
"""Milliseconds. What has an interval of its own is still waited for as long as this one at most, and on a busy machine
an answer takes half a second."""

_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


@dataclass(frozen=True)
class Definition:
    """A CustomResourceDefinition as its file has it: the largest are 0.8 MB, and nobody here needs them parsed."""

    name: str
    manifest: bytes

    @property
    def digest(self) -> str:
        """Changes with the file."""
        return hashlib.sha256(self.manifest).hexdigest()


def read_definitions(folders: Iterable[Path]) -> list[Definition]:
    """The definition in each YAML file of `folders`; raises LocalError for a file that holds something else."""
    return [_read_definition(path) for folder in folders for path in sorted(folder.glob("*.yaml"))]


def apply_definitions(server: ApiServer, client: Client, definitions: Sequence[Definition]) -> None:
    """Apply the definitions that the cluster lacks or has of another version, and wait until all are served."""
    applied, served = _applied_digests(client), _served(server)
    missing = [each for each in definitions if applied.get(each.name) != each.digest or each.name not in served]
    if not missing:
        return
    # The largest first, or one of them would be waited for alone at the end.
    missing.sort(key=lambda each: len(each.manifest), reverse=True)
    pool = ThreadPoolExecutor(PARALLEL)
    try:
        for done in [pool.submit(server.apply, f"{_DEFINITIONS}/{each.name}", each.manifest) for each in missing]:
            done.result()
    finally:
        # On Ctrl-C the requests that are under way end with the API server.
        pool.shutdown(wait=False, cancel_futures=True)
    names = {each.name for each in definitions}
    wait_until(lambda: names <= _served(server), READY_SECONDS, "the custom resource definitions to be served")
    record = ObjectMeta(name=FIELD_MANAGER, namespace="kube-system")
    with _telling_refusals(f"ConfigMap {FIELD_MANAGER}"):
        client.apply(ConfigMap(metadata=record, data={each.name: each.digest for each in definitions}), force=True)


def apply_objects(client: Client, *files: str, time_scale: float = 1) -> None:
    """Apply the objects of the named files in `objects/`, in their order. Raises LocalError if one is refused.

    Prometheus's intervals in them become so many times as short.
    """
    for kind, plural in _MONITORING.items():
        create_namespaced_resource("monitoring.coreos.com", "v1", kind, plural)
    for file in files:
        for item in codecs.load_all_yaml(_faster((OBJECTS / file).read_text(), time_scale)):
            with _telling_refusals(f"{item.kind} {item.metadata.name if item.metadata else ''}"):
                client.apply(item, force=True)


def _faster(text: str, time_scale: float) -> str:
    """The objects with `scrapeInterval` and `evaluationInterval`, which are seconds there, divided by the scale."""
    return _INTERVAL.sub(lambda found: f"{found[1]}{max(round(int(found[2]) * 1000 / time_scale), _LEAST)}ms", text)


def nodes_ready(client: Client) -> bool:
    """Whether kwok has taken every node over."""
    with _telling_refusals("the list of nodes"):
        nodes = list(client.list(Node))
    return bool(nodes) and all(_is_ready(node) for node in nodes)


def _is_ready(node: Node) -> bool:
    conditions = (node.status.conditions if node.status else None) or []
    return any(condition.type == "Ready" and condition.status == "True" for condition in conditions)


def _read_definition(path: Path) -> Definition:
    manifest = path.read_bytes()
    name = re.search(rb"^  name: ([a-z]+\.[a-z0-9.]+)$", manifest, re.MULTILINE)
    if not name or b"\nkind: CustomResourceDefinition\n" not in manifest:
        raise LocalError(f"{path} is not a CustomResourceDefinition: remove the file, it is fetched again")
    return Definition(name[1].decode(), manifest)


def _applied_digests(client: Client) -> dict[str, str]:
    """What `apply_definitions` last applied to this cluster."""
    with _telling_refusals(f"ConfigMap {FIELD_MANAGER}"):
        try:
            return client.get(ConfigMap, FIELD_MANAGER, namespace="kube-system").data or {}
        except ApiError as error:
            if error.status.code == http.client.NOT_FOUND:
                return {}
            raise


def _served(server: ApiServer) -> set[str]:
    """The names, as definitions have them, of every resource the API server serves in some group."""
    answer = server.get("/apis", accept=_DISCOVERY)
    return {
        f"{resource['resource']}.{group['metadata']['name']}"
        for group in json.loads(answer.body)["items"]
        for version in group["versions"]
        for resource in version.get("resources", [])
    }


@contextmanager
def _telling_refusals(what: str) -> Iterator[None]:
    """Turn what goes wrong with one request into a LocalError of one line."""
    try:
        yield
    except ApiError as error:
        raise LocalError(f"the embedded API server refused {what}: {error.status.message}") from error
    except httpx2.HTTPError as error:
        raise LocalError(f"the embedded API server did not answer for {what}: {error}") from error
