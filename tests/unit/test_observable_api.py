"""ObservableApi: how a service is reached and watched."""

from catalog.services import Service
from cli.recording import Recording, record
from components.observable_api import ObservableApi, ObservableApiArgs


def recorded(service: Service, preview: bool = True) -> tuple[ObservableApi, Recording]:
    args = ObservableApiArgs(service, "apis", "http://prometheus:9090", release="kube-prometheus-stack")
    return record(lambda: ObservableApi(service.name, args), stack="dev", preview=preview)


def test_at_the_defaults_it_is_four_objects(service: Service, preview: bool) -> None:
    api, recording = recorded(service, preview)
    kinds = [entry.kind for entry in recording.resources if entry.custom]
    assert sorted(kinds) == ["AnalysisTemplate", "Rollout", "Service", "ServiceMonitor"]
    assert {entry.name for entry in recording.resources} == {"univprepai-api"}
    assert recording.resources[0].type == "api-observability:index:ObservableApi"
    assert api.url == "http://univprepai-api.apis:8006"


def test_the_service_leads_to_the_named_port_and_is_not_waited_for(service: Service) -> None:
    manifest = recorded(service)[1].one("Service", "univprepai-api").inputs
    assert manifest["spec"]["ports"] == [{"name": "http", "port": 8006, "targetPort": "http", "protocol": "TCP"}]
    assert manifest["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_prometheus_picks_the_monitor_up_and_reads_every_fifteen_seconds(service: Service) -> None:
    manifest = recorded(service)[1].one("ServiceMonitor", "univprepai-api").inputs
    assert manifest["metadata"]["labels"]["release"] == "kube-prometheus-stack"
    assert manifest["spec"]["endpoints"] == [{"port": "http", "path": "/metrics", "interval": "15s"}]
    assert manifest["spec"]["podTargetLabels"] == ["version", "rollouts-pod-template-hash"]
    assert manifest["spec"]["serviceDiscoveryRole"] == "EndpointSlice"


def test_the_monitor_matches_the_root_service_and_no_other(routed_service: Service, preview: bool) -> None:
    recording = recorded(routed_service, preview)[1]
    wanted = recording.one("ServiceMonitor", "a-api").inputs["spec"]["selector"]["matchLabels"].items()
    matched = [entry.name for entry in recording.of("Service") if wanted <= entry.inputs["metadata"]["labels"].items()]
    assert matched == ["a-api"]


def test_the_rollout_comes_after_the_services_it_names(routed_service: Service, preview: bool) -> None:
    recording = recorded(routed_service, preview)[1]
    rollout = recording.one("Rollout", "a-api")
    before = [*recording.of("Service"), recording.one("Ingress", "a-api")]
    assert len(before) == 4
    assert {entry.urn for entry in before} <= set(rollout.depends_on)


def test_what_the_controller_writes_into_selectors_is_left_alone(routed_service: Service, preview: bool) -> None:
    ignored = {entry.name: entry.ignore_changes for entry in recorded(routed_service, preview)[1].of("Service")}
    assert ignored == {
        "a-api": (),
        "a-api-canary": ("spec.selector",),
        "a-api-stable": ("spec.selector",),
    }


def test_the_ingress_sends_the_host_to_the_stable_service(routed_service: Service) -> None:
    (rule,) = recorded(routed_service)[1].one("Ingress", "a-api").inputs["spec"]["rules"]
    assert rule["host"] == "a.example.com"
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": "a-api-stable", "port": {"name": "http"}}
