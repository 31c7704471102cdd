"""What a configured provider works with: its settings, its cluster, the engine, and what ends it."""

import threading
from dataclasses import dataclass, field

from local.plugin.cluster import Cluster
from local.plugin.engine import Engine
from local.plugin.errors import PluginError, UnreachableError
from local.plugin.guard import check_address, check_identity
from local.plugin.kinds import Gvk, gvk_of_object
from local.plugin.kubeconfig import Access, load
from local.plugin.objects import Object
from local.plugin.settings import Settings
from local.state import State

_SET_UP = "https://www.pulumi.com/registry/packages/kubernetes/installation-configuration/"


@dataclass
class Session:
    """One configured provider. Without a reachable cluster `unreachable` says why, and previews still work."""

    engine: Engine
    settings: Settings
    access: Access | None = None
    cluster: Cluster | None = None
    unreachable: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def start(cls, engine: Engine, settings: Settings, state: State, cancelled: threading.Event) -> "Session":
        """Connect. PluginError for a cluster that the stand-in must not touch."""
        session = cls(engine, settings, cancelled=cancelled)
        try:
            session.access = load(settings.kubeconfig, settings.context, settings.cluster, settings.namespace)
        except PluginError as error:
            session.unreachable = (
                "unable to load Kubernetes client configuration from kubeconfig file. Make sure you have: \n\n"
                f" \t • set up the provider as per {_SET_UP} \n\n {error}"
            )
            return session
        cluster = Cluster(session.access, cancelled)
        uid = check_address(cluster, state)
        try:
            check_identity(cluster, uid)
            session.cluster = cluster
        except UnreachableError as error:
            session.unreachable = f"unable to load schema information from the API server: {error}"
        return session

    @property
    def namespace(self) -> str:
        """The namespace of objects that name none."""
        return self.access.namespace if self.access else self.settings.namespace

    def connected(self) -> Cluster:
        """The cluster; PluginError in the official plugin's words where there is none."""
        if self.cluster is None:
            raise PluginError(f"configured Kubernetes cluster is unreachable: {self.unreachable}")
        return self.cluster

    def namespaced(self, gvk: Gvk) -> bool:
        """Whether objects of the kind live in a namespace; one whose definition is still to come is taken to."""
        if gvk.namespaced is not None:
            return gvk.namespaced
        endpoint = self.cluster.endpoint(gvk) if self.cluster else None
        return endpoint.namespaced if endpoint else True

    def kind_exists(self, obj: Object) -> bool:
        """Whether the cluster knows the object's kind."""
        return self.cluster is not None and self.cluster.endpoint(gvk_of_object(obj)) is not None
