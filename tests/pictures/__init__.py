"""Pictures of the dashboards for the documentation, drawn from a real Prometheus: there is no Grafana here."""
