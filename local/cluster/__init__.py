"""A real control plane on this machine without containers: started, stopped and looked at by pid file.

etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok, the Argo Rollouts controller, kube-state-metrics,
the Prometheus operator, and a Prometheus and an Alertmanager that run what it generates, as the `local` stack and the
tests use them. Only pods are played: kwok makes them Ready without running them, and the simulator has their
metrics. What Slack and a mail server would be sent is taken by the receiver.
"""

from local.cluster.api import client
from local.cluster.cluster import Cluster, attach
from local.cluster.health import Condition, ProcessStatus, status, table
from local.cluster.starting import start
from local.cluster.stopping import delete, stop

__all__ = ["Cluster", "Condition", "ProcessStatus", "attach", "client", "delete", "start", "status", "stop", "table"]
