"""The kinds that routers read and the embedded cluster does not have: HTTPRoute and VirtualService."""

import http.client
import json
import re
from pathlib import Path

from lightkube.generic_resource import create_namespaced_resource

from local import programs
from local.cluster.api import ApiServer
from local.state import State
from local.waiting import wait_until
from tests.embedded import recorded

HTTPRoute = create_namespaced_resource("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes")
VirtualService = create_namespaced_resource("networking.istio.io", "v1", "VirtualService", "virtualservices")

_WANTED = {
    "gateway-api": ("httproutes", "gateway.networking.k8s.io"),
    "istio": ("virtualservices", "networking.istio.io"),
}
_DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def provide_router_definitions(state: State) -> None:
    """Have the two kinds on the embedded cluster of that state folder, which keeps them for as long as it lives."""
    server = ApiServer(state, recorded(state).ports["kube-apiserver"])
    for asset, (plural, group) in _WANTED.items():
        name = f"{plural}.{group}"
        server.apply(f"{_DEFINITIONS}/{name}", _definition(programs.assets(asset), name))
    wait_until(lambda: all(_serves(server, *each) for each in _WANTED.values()), 60, "HTTPRoutes and VirtualServices")


def _serves(server: ApiServer, plural: str, group: str) -> bool:
    answer = server.get(f"/apis/{group}/v1")
    if answer.status != http.client.OK:
        return False
    return any(each["name"] == plural for each in json.loads(answer.body)["resources"])


def _definition(folder: Path, name: str) -> bytes:
    """The one of all the documents in the files of `folder` that defines `name`, as it stands there."""
    documents = [part for file in sorted(folder.glob("*.yaml")) for part in re.split(r"(?m)^---$", file.read_text())]
    (found,) = [each for each in documents if f"\n  name: {name}\n" in each]
    return found.encode()
