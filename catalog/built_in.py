"""The weakest layer of every service, as an owner would write it."""

from typing import Any

BUCKETS = [
    *("5ms", "10ms", "25ms", "50ms", "75ms", "100ms", "150ms", "200ms", "250ms", "300ms", "400ms", "500ms", "750ms"),
    *("1s", "1500ms", "2500ms", "5s", "10s"),
]
"""The contract's latency buckets: those of prometheus_client, denser where thresholds lie, and with 300 ms."""

BUILT_IN_DEFAULTS: dict[str, Any] = {
    "enabled": True,
    "imagePullSecrets": [],
    "command": [],
    "args": [],
    "env": {},
    "envFrom": [],
    # The root file system is read-only; most frameworks still want a place for uploads and sockets.
    "volumes": {"tmp": {"mountPath": "/tmp"}},
    "resources": {
        "requests": {"cpu": "100m", "memory": "128Mi"},
        # No limit of CPU: a throttled canary would look slower than it is.
        "limits": {"memory": "512Mi"},
    },
    # TCP until a service names a health path: an open port is all that each of them promises.
    "probes": {
        "startup": {"period": "2s", "timeout": "1s", "failures": 60},
        "readiness": {"period": "5s", "timeout": "1s", "failures": 3},
        # Slower than readiness: a pod that is merely busy is to be left alone, not restarted.
        "liveness": {"period": "10s", "timeout": "2s", "failures": 6},
    },
    "shutdown": {"drain": "5s", "grace": "30s"},
    "userId": 10001,
    "readOnlyRoot": True,
    "initContainers": [],
    "replicas": 2,
    "disruptionBudget": {"maxUnavailable": 1},
    "topologySpread": {"zone": "preferred", "node": "preferred"},
    "nodeSelector": {},
    "tolerations": [],
    "hosts": [],
    "traffic": {"router": "none", "annotations": {}},
    "canary": {
        "steps": [
            {"setWeight": 10},
            {"pause": "60s"},
            {"analysis": True},
            {"setWeight": 50},
            {"pause": "60s"},
            {"analysis": True},
        ],
        "analysis": {
            "p95": "300ms",
            "errorRate": "2%",
            "interval": "60s",
            "count": 5,
            "rollbackAfterFailures": 1,
            "onNoTraffic": "pause",
            "surviveOutageOf": "5m",
            "dryRun": [],
            "keep": 20,
        },
        "background": True,
        "minReady": "5s",
        "progressDeadline": "10m",
        "abortAtDeadline": True,
        "revisionHistoryLimit": 5,
        "dynamicStableScale": False,
    },
    "metrics": {"path": "/metrics", "interval": "15s", "labels": {}, "sampleLimit": 20_000, "buckets": BUCKETS},
    "slo": {"availability": "99.5%", "latency": {"threshold": "300ms", "objective": "95%"}},
    "labels": {},
    "annotations": {},
    "podLabels": {},
    "podAnnotations": {},
    "selectorLabels": {},
}
"""Two small pods that the restricted pod security level admits, the default steps and the default analysis."""
