"""The contract: the names of metrics, labels and jobs that applications, Prometheus and every query agree on."""

REQUESTS = "http_requests_total"
"""Counter of requests served, by service, method, path (templated) and status."""

DURATION_BUCKETS = "http_request_duration_seconds_bucket"
"""Buckets of the histogram of request durations, in seconds."""

SERVICE = "service"
NAMESPACE = "namespace"
VERSION = "version"
STATUS = "status"

POD_HASH_LABEL = "rollouts-pod-template-hash"
"""The label Argo Rollouts puts on the pods of one revision."""

POD_HASH = POD_HASH_LABEL.replace("-", "_")
"""The same label on a sample: Prometheus turns every character it does not allow into `_`."""

CANARY, STABLE = "canary", "stable"
"""The two values of the label `version`."""

SERVER_ERRORS = "5.."
"""The statuses that count as errors, as a regular expression."""

FORBIDDEN_LABELS = ("user_id", "trace_id", "timestamp")
"""Labels that nearly every request has another value of: each would be a series of its own, for ever."""

CONTRACT_METRICS = f"{REQUESTS}|{DURATION_BUCKETS.removesuffix('bucket')}.+"
"""The series of the contract, as a regular expression for a whole name."""

TARGET_LABELS = (SERVICE, VERSION, NAMESPACE, "pod")
"""What Prometheus knows of a pod better than the application in it: the same on every sample of the pod."""

EXPORTED = "exported_"
"""What Prometheus puts before the name of an application's label that the target has too."""

ARGO_ROLLOUTS_JOB = "argo-rollouts"
"""The Prometheus job that scrapes the Argo Rollouts controller."""
