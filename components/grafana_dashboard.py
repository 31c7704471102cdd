"""What a ConfigMap carries so that Grafana's sidecar takes it for a dashboard, here and on an adopted stack."""

LABEL = "grafana_dashboard"
LABEL_VALUE = "1"
"""The label the sidecar looks for; this one is kube-prometheus-stack's default."""

FOLDER_ANNOTATION = "grafana_folder"
"""The annotation that names the folder of a dashboard. A sidecar that was not told of it puts all in one folder."""

DATASOURCE_UID = "prometheus"
"""The uid of the data source that is this stack's Prometheus, and the chart's default too. Dashboards ask the one that
is chosen in them, which at first is Grafana's default."""
