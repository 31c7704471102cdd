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

FORBIDDEN_LABELS = ("user_id", "email", "trace_id", "timestamp")
"""Labels that nearly every request has another value of: each would be a series of its own, for ever. The first two are
personal data besides, which Prometheus would keep, and show to whoever sees a dashboard."""

CONTRACT_METRICS = f"{REQUESTS}|{DURATION_BUCKETS.removesuffix('bucket')}.+"
"""The series of the contract, as a regular expression for a whole name."""

TARGET_LABELS = (SERVICE, VERSION, NAMESPACE, "pod")
"""What Prometheus knows of a pod better than the application in it: the same on every sample of the pod."""

EXPORTED = "exported_"
"""What Prometheus puts before the name of an application's label that the target has too."""

ARGO_ROLLOUTS_JOB = "argo-rollouts"
"""The Prometheus job that scrapes the Argo Rollouts controller."""

ARGO_ROLLOUTS_REQUESTS_JOB = "argo-rollouts-requests"
"""The job that reads `API_REQUESTS` from the controller, and nothing else. Its samples are limited, and a scrape with
too many fails as a whole: as a job of its own it takes no other metric of the controller with it."""

NAME = "name"
"""The label of a Rollout's name, on the controller's own metrics and on those of its status."""

OF_A_SERVICE, OF_A_ROLLOUT = (NAMESPACE, SERVICE), (NAMESPACE, NAME)
"""The labels that tell services from each other, and those that tell Rollouts, as they do AnalysisRuns."""

PHASE, REASON, MESSAGE = "phase", "reason", "message"
"""What a Rollout's status says: the phase it is in, why it waits, and what a person reads of it."""

ROLLOUT_WEIGHT = "rollout_status_canary_weight_percent"
"""Gauge, the share of the requests (percent, 0–100) that a router was told to give the canary; absent without one."""

ROLLOUT_STEP = "rollout_status_current_step_index"
"""Gauge, the step a Rollout is at, counted from 0; the number of its steps where it is through."""

ROLLOUT_PHASE = "rollout_status_phase"
"""Gauge 0 or 1 for each of Healthy, Progressing, Paused and Degraded; the controller's metrics have other phases."""

ROLLOUT_ABORTED = "rollout_status_abort"
"""Gauge 0 or 1, whether the newest version was aborted."""

ROLLOUT_REPLICAS = "rollout_status_replicas"
"""Gauge, all pods of a Rollout."""

ROLLOUT_REPLICAS_UPDATED = "rollout_status_replicas_updated"
"""Gauge, its pods of the newest version, be they ready or not."""

ROLLOUT_REPLICAS_READY = "rollout_status_replicas_ready"
"""Gauge, its pods that are ready, of whatever version."""

ROLLOUT_REPLICAS_AVAILABLE = "rollout_status_replicas_available"
"""Gauge, its pods that have been ready for the time asked of them, of whatever version."""

ROLLOUT_STABLE = "rollout_status_stable_info"
"""Gauge 1 with the pod-template hash of the version that was last promoted; absent before the first one is."""

ROLLOUT_NEWEST = "rollout_status_newest_info"
"""Gauge 1 with the pod-template hash of the newest version: the canary's, or the stable one's while there is none."""

ROLLOUT_PAUSED_SINCE = "rollout_status_pause_start_seconds"
"""Gauge, the Unix time (seconds) since which a Rollout waits, with the reason; absent while it does not."""

ROLLOUT_MESSAGE = "rollout_status_message_info"
"""Gauge 1 with the message of its status, such as the metric that failed; absent where there is nothing to say."""

DURATION_SUM, DURATION_COUNT = (DURATION_BUCKETS.replace("_bucket", suffix) for suffix in ("_sum", "_count"))
"""The histogram's sum of all durations, in seconds, and how many there were."""

METHOD, PATH, POD, LE, JOB, INSTANCE = "method", "path", "pod", "le", "job", "instance"
"""Labels of the contract's samples (`le` is a bucket's upper bound in seconds), and those of every target."""

UP = "up"
"""1 for each target whose last scrape succeeded, 0 for one whose scrape failed. Prometheus's own, as the next two."""

SAMPLES_SCRAPED = "scrape_samples_scraped"
"""Gauge of the samples that a target exposed at its last scrape."""

SAMPLES_KEPT = "scrape_samples_post_metric_relabeling"
"""Gauge of those that were left after relabeling; `sampleLimit` is about these."""

PROCESS_START = "process_start_time_seconds"
"""When a target's process began, in seconds since 1970."""

ROLLOUT_INFO = "rollout_info"
"""1 for each Rollout, by namespace, name, strategy, traffic_router and phase.

Where the controller has several replicas, the leader alone knows Rollouts; after it changed, both may for a moment.
"""

ROLLOUT_INFO_AVAILABLE = "rollout_info_replicas_available"
"""The available pods of a Rollout, of all its revisions; more than desired while a routed canary runs."""

ROLLOUT_INFO_DESIRED = "rollout_info_replicas_desired"
ROLLOUT_INFO_UPDATED = "rollout_info_replicas_updated"
ROLLOUT_INFO_UNAVAILABLE = "rollout_info_replicas_unavailable"

RECONCILE_BUCKETS = "rollout_reconcile_bucket"
"""Buckets of how long the controller took over a Rollout, in seconds; none above 1, where a quantile ends."""

RECONCILE_ERRORS = "rollout_reconcile_error"
ANALYSIS_RECONCILE_ERRORS = "analysis_run_reconcile_error"
EXPERIMENT_RECONCILE_ERRORS = "experiment_reconcile_error"
"""Counters by namespace and name; there is none before the first error."""

ROLLOUT_EVENTS = "rollout_events_total"
"""Counter of a Rollout's events, by namespace, name, type and reason; each series is born at 1, with the event."""

ANALYSIS_RUN_INFO, EXPERIMENT_INFO = "analysis_run_info", "experiment_info"
"""1 for each AnalysisRun or Experiment there is, by namespace, name and phase."""

ANALYSIS_RUN_METRIC_PHASE = "analysis_run_metric_phase"
"""1 for the phase that a metric of an AnalysisRun is in and 0 for others, by metric, type, dry_run and phase."""

API_REQUESTS = "controller_clientset_k8s_request_total"
"""Counter of the controller's requests to Kubernetes, by `name` among others: dashboards read a record of it."""

NOTIFICATIONS_SENT, NOTIFICATIONS_FAILED = "notification_send_success", "notification_send_error"
"""Counters by namespace, name, type and reason."""

KIND, VERB, STATUS_CODE = "kind", "verb", "status_code"
"""Labels of the controller's requests. On all its samples `namespace` is the object's own, not the target's."""

COMPLETED, PROGRESSING, PAUSED = "Completed", "Progressing", "Paused"
FAILED_PHASES = ("Abort", "Timeout", "Error", "InvalidSpec")
"""Every phase that `rollout_info` tells (controller/metrics/rollouts.go, `calculatePhase`); status.phase has others."""

UNFINISHED_RUN_PHASES = ("Pending", "Running")
RUN_FAILED, RUN_ERRORED, RUN_INCONCLUSIVE = "AnalysisRunFailed", "AnalysisRunError", "AnalysisRunInconclusive"
"""Phases of AnalysisRuns that go on, and the reasons of a Rollout's events by which one ended badly."""

SLO = "slo"
"""The label of a service level objective's name, on its records and alerts."""

SEVERITY, TEAM = "severity", "team"
"""Labels of alerts, besides `namespace` and `service`: how urgent one is, and whose it is where somebody is named."""

# What dashboards show besides.

CHECK = "check"
"""The label of what a limit is for: a canary check by its name in the AnalysisTemplate, or another of a service's."""

METRIC, DRY_RUN, TYPE = "metric", "dry_run", "type"
"""Labels of `analysis_run_metric_phase`; `type` is also that of an event: Normal or Warning."""

STRATEGY, TRAFFIC_ROUTER = "strategy", "traffic_router"
"""Labels of `rollout_info`."""

RECONCILE_SUM, RECONCILE_COUNT = (RECONCILE_BUCKETS.replace("_bucket", suffix) for suffix in ("_sum", "_count"))
"""All the time that the controller took over a Rollout, in seconds, and how often it looked at it."""

CONTROLLER_INFO = "argo_rollouts_controller_info"
"""1 with the `version` of each controller that runs."""

RUN_PHASES = ("Pending", "Running", "Successful", "Inconclusive", "Failed", "Error")
"""The phases of AnalysisRuns and of Experiments (argo-rollouts, analysis_types.go, `AnalysisPhase`)."""

QUEUE_DEPTH, QUEUE_RETRIES = "workqueue_depth", "workqueue_retries_total"
"""What waits in each of the controller's queues, by `name`, and a counter of what was put back into it."""

QUEUE_WAIT_BUCKETS = "workqueue_queue_duration_seconds_bucket"
"""Buckets of how long objects waited in a queue, in seconds: powers of ten."""

MEMORY, CPU = "process_resident_memory_bytes", "process_cpu_seconds_total"
"""What a process itself tells of its memory (bytes) and its CPU time (seconds)."""

CONTAINER, RESOURCE = "container", "resource"
"""The label of a container in a pod, and that of what is requested or limited: `cpu` (cores) or `memory` (bytes)."""

CONTAINER_MEMORY, CONTAINER_CPU = "container_memory_working_set_bytes", "container_cpu_usage_seconds_total"
"""What cAdvisor, in the kubelet, tells of containers: memory that cannot be reclaimed, and CPU time."""

CPU_PERIODS, CPU_THROTTLED = "container_cpu_cfs_periods_total", "container_cpu_cfs_throttled_periods_total"
"""cAdvisor's counters of the periods of 100 ms in which a container with a CPU limit ran, and was made to wait."""

CONTAINER_REQUESTS, CONTAINER_LIMITS = "kube_pod_container_resource_requests", "kube_pod_container_resource_limits"
"""Gauges of kube-state-metrics, by `resource`."""

ALERTS, ALERT_NAME, ALERT_STATE = "ALERTS", "alertname", "alertstate"
"""1 for each alert that is pending or firing, as Prometheus itself keeps it."""
