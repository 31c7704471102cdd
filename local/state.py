"""The state folder: everything an embedded cluster and its Pulumi stack leave on disk, in one place.

One checkout has one state folder, `.state/` beside `Pulumi.yaml`; `API_OBSERVABILITY_STATE` names another (tests do).
"""

import os
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent

EMBEDDED_CONTEXT = "api-observability-embedded"
"""The kubeconfig context of the embedded cluster; Pulumi.local.yaml names it too."""

EMBEDDED_STACK = "local"
"""The Pulumi stack that runs on the embedded cluster."""

OWN_FOLDER = CHECKOUT / ".state"
"""The state folder of this checkout, unless another is named."""

MARKER = "api-observability-state"

STATE_VARIABLE = "API_OBSERVABILITY_STATE"


@dataclass(frozen=True)
class State:
    """Paths below one state folder; nothing is created by asking for a path."""

    folder: Path

    @classmethod
    def current(cls) -> "State":
        """The state folder of this checkout, or the one `API_OBSERVABILITY_STATE` names."""
        return cls(Path(os.environ.get(STATE_VARIABLE) or OWN_FOLDER).resolve())

    @property
    def marker(self) -> Path:
        """An empty file that says that the folder is ours: without it nothing in the folder is changed or removed."""
        return self.folder / MARKER

    @property
    def kubeconfig(self) -> Path:
        """Credentials of the embedded cluster, context `EMBEDDED_CONTEXT`, mode 0600."""
        return self.folder / "kubeconfig"

    @property
    def cluster_file(self) -> Path:
        """JSON, there from the end of a start until a stop: `uid` (of kube-system), `server` (URL)."""
        return self.folder / "cluster.json"

    @property
    def cluster_data(self) -> Path:
        """What the cluster keeps between starts: data of etcd and Prometheus, certificates, its token, its ports."""
        return self.folder / "cluster"

    @property
    def cluster_lock(self) -> Path:
        """Held by the one command that starts or stops the embedded cluster."""
        return self.folder / "cluster.lock"

    @property
    def processes(self) -> Path:
        """One pid file and one log per process of the embedded cluster."""
        return self.folder / "processes"

    @property
    def bin(self) -> Path:
        """What the embedded stack puts first on PATH: links to the pinned programs."""
        return self.folder / "bin"

    @property
    def backend(self) -> Path:
        """The Pulumi file backend of the stack `local`."""
        return self.folder / "backend"

    @property
    def passphrase(self) -> Path:
        """The generated passphrase of the stack `local`, mode 0600."""
        return self.folder / "passphrase"

    @property
    def pulumi_home(self) -> Path:
        """A PULUMI_HOME of its own, so that nothing of the user's is read or written."""
        return self.folder / "pulumi-home"

    @property
    def pulumi_log(self) -> Path:
        """Where Pulumi keeps a folder with the logs of its runs, or finds a file and keeps none (`cli.engine`)."""
        return self.pulumi_home / "logs"

    @property
    def environment(self) -> Path:
        """Shell lines: the environment in which Pulumi works on the embedded cluster."""
        return self.folder / "environment.sh"

    @property
    def project(self) -> Path:
        """The Pulumi project folder of the stack `local`: what the engine writes into stack files stays out of git."""
        return self.folder / "project"
