"""The configuration that the Prometheus operator generates, put to work on a Prometheus and an Alertmanager here.

In a cluster the operator's sidecar `config-reloader` does this in the pod; `python -m local.monitoring` plays it.
"""
