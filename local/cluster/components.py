"""What the cluster consists of: its programs in the order of their start, and the flags of each."""

from local.cluster.component import Component, Setting, Stage
from local.cluster.credentials import certificate, private_key, token_file
from local.cluster.monitoring import MONITORING
from local.cluster.ports import LOOPBACK

ETCD_SOCKET = "etcd.sock:0"
"""etcd listens on sockets in the cluster's private folder: it knows no passwords, and on a port every user of the
machine could read and write the cluster past the API server. The name is relative to that folder, for a socket's path
may only be about 100 characters long; etcd wants the `:0`."""

SERVICE_CIDR = "10.96.0.0/16"
POD_CIDR = "10.244.0.0/16"

QPS = 200
BURST = 400
"""Requests per second of the controllers, whose defaults (20 to 40) are meant for a shared API server."""


def _etcd(_setting: Setting) -> list[str]:
    clients, peers = f"unix://{ETCD_SOCKET}", "unix://etcd-peers.sock:0"
    return [
        "--name=embedded",
        "--data-dir=etcd",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=embedded={peers}",
        # A killed process loses nothing by it, only a power failure would; a start is faster by it.
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def _apiserver(setting: Setting) -> list[str]:
    return [
        f"--etcd-servers=unix://{ETCD_SOCKET}",
        f"--bind-address={LOOPBACK}",
        f"--advertise-address={LOOPBACK}",
        f"--secure-port={setting.ports['kube-apiserver']}",
        # The Endpoints of the Service `kubernetes` may not hold a loopback address, so there are none.
        "--endpoint-reconciler-type=none",
        f"--cert-dir={certificate(setting.state).parent}",
        f"--token-auth-file={token_file(setting.state)}",
        "--anonymous-auth=false",
        "--authorization-mode=Node,RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        # Made by the API server itself at its first start, before it reads these flags' files.
        f"--service-account-key-file={certificate(setting.state)}",
        f"--service-account-signing-key-file={private_key(setting.state)}",
        f"--service-cluster-ip-range={SERVICE_CIDR}",
        # It taints new nodes until a kubelet has reported, and here none ever does.
        "--disable-admission-plugins=TaintNodesByCondition",
        "--profiling=false",
    ]


def _controller_manager(setting: Setting) -> list[str]:
    return [
        *_kubernetes_controller(setting, "kube-controller-manager"),
        f"--service-account-private-key-file={private_key(setting.state)}",
        f"--root-ca-file={certificate(setting.state)}",
        # It would evict pods from nodes whose kubelet is silent.
        "--controllers=*,-node-lifecycle-controller",
    ]


def _scheduler(setting: Setting) -> list[str]:
    return _kubernetes_controller(setting, "kube-scheduler")


def _kubernetes_controller(setting: Setting, name: str) -> list[str]:
    return [
        f"--kubeconfig={setting.state.kubeconfig}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={setting.ports[name]}",
        f"--tls-cert-file={certificate(setting.state)}",
        f"--tls-private-key-file={private_key(setting.state)}",
        "--leader-elect=false",
        f"--kube-api-qps={QPS}",
        f"--kube-api-burst={BURST}",
        "--profiling=false",
    ]


def _kwok(setting: Setting) -> list[str]:
    return [
        f"--kubeconfig={setting.state.kubeconfig}",
        f"--config={setting.pod_stages}",
        "--manage-all-nodes=true",
        f"--cidr={POD_CIDR}",
        f"--node-ip={LOOPBACK}",
        f"--server-address={LOOPBACK}:{setting.ports['kwok']}",
    ]


def _rollouts_controller(setting: Setting) -> list[str]:
    return [
        f"--kubeconfig={setting.state.kubeconfig}",
        "--namespace=argo-rollouts",
        "--leader-elect=false",
        # Which address it listens on is fixed in its source; our build of it is edited (programs.toml).
        f"--metricsPort={setting.ports['rollouts-controller-metrics']}",
        f"--healthzPort={setting.ports['rollouts-controller']}",
        f"--qps={QPS}",
        f"--burst={BURST}",
    ]


def _prometheus_operator(setting: Setting) -> list[str]:
    return [f"--web.listen-address={LOOPBACK}:{setting.ports['prometheus-operator']}"]


COMPONENTS: tuple[Component, ...] = (
    Component("etcd", Stage.STORE, _etcd, reads=lambda _: ()),
    Component(
        "kube-apiserver",
        Stage.SERVER,
        _apiserver,
        scheme="https",
        ports=("kube-apiserver",),
        reads=lambda state: (token_file(state),),
    ),
    Component("kube-scheduler", Stage.NODES, _scheduler, scheme="https", ports=("kube-scheduler",)),
    Component("kwok", Stage.NODES, _kwok, ports=("kwok",)),
    Component(
        "kube-controller-manager",
        Stage.CONTROLLERS,
        _controller_manager,
        scheme="https",
        ports=("kube-controller-manager",),
    ),
    Component(
        "rollouts-controller",
        Stage.CONTROLLERS,
        _rollouts_controller,
        ports=("rollouts-controller", "rollouts-controller-metrics"),
    ),
    Component(
        "prometheus-operator",
        Stage.CONTROLLERS,
        _prometheus_operator,
        ports=("prometheus-operator",),
        environment=lambda state: {"KUBECONFIG": str(state.kubeconfig)},
    ),
    *MONITORING,
)

OF_STAGE: dict[Stage, tuple[Component, ...]] = {
    stage: tuple(component for component in COMPONENTS if component.stage == stage) for stage in Stage
}
