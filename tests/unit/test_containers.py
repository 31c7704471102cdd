"""The containers of a service's pods: what they run, what they are given, how they are asked and how they end."""

import json
from pathlib import Path

import pytest

from catalog.built_in import BUCKETS
from catalog.quantities import Duration
from catalog.services import Service
from tests.unit.api_workbench import container, manifest, pod
from tests.unit.catalog_workbench import service

ADAPTER = "adapter: {image: 'registry.example.com/adapter:1', upstreamPort: 8080, routes: [/users, '/users/{id}']}"
MIGRATION = "initContainers: [{name: migrate, image: 'registry.example.com/m:1', command: [migrate], args: [up]}]"
SECURE = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}


def test_a_container_has_only_what_the_catalog_says_and_nothing_empty(tmp_path: Path, preview: bool) -> None:
    found = container(service(tmp_path, "probes: {startup: null, liveness: null}"), preview=preview)
    assert found == {
        "name": "api",
        "image": "registry.example.com/a:1.0.0",
        "ports": [{"name": "http", "containerPort": 8001, "protocol": "TCP"}],
        "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "512Mi"}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "readinessProbe": {
            "tcpSocket": {"port": "http"},
            "periodSeconds": 5,
            "timeoutSeconds": 1,
            "failureThreshold": 3,
        },
        "lifecycle": {"preStop": {"sleep": {"seconds": 5}}},
        "securityContext": SECURE,
    }


def test_the_command_and_its_arguments_stand_in_for_those_of_the_image(tmp_path: Path, preview: bool) -> None:
    found = container(service(tmp_path, "command: [/app, serve], args: ['--fast', '']"), preview=preview)
    assert (found["command"], found["args"]) == (["/app", "serve"], ["--fast", ""])


def test_requests_reach_the_containers_own_port_through_the_services(tmp_path: Path, preview: bool) -> None:
    own = service(tmp_path, "containerPort: 9001")
    assert container(own, preview=preview)["ports"] == [{"name": "http", "containerPort": 9001, "protocol": "TCP"}]
    (port,) = manifest(own, "Service", preview)["spec"]["ports"]
    assert (port["port"], port["targetPort"]) == (8001, "http")


def test_metrics_get_a_port_by_name_only_where_it_is_another_one(tmp_path: Path, preview: bool) -> None:
    other = container(service(tmp_path, "metrics: {port: 9090}"), preview=preview)
    same = container(service(tmp_path, "metrics: {port: 8001}"), preview=preview)
    assert [port["name"] for port in same["ports"]] == ["http"]
    assert other["ports"][1:] == [{"name": "metrics", "containerPort": 9090, "protocol": "TCP"}]


def test_variables_keep_the_order_of_the_file_since_one_may_use_those_before_it(tmp_path: Path, preview: bool) -> None:
    more = (
        "env: {POD_IP: {field: status.podIP}, A_URL: 'http://$(POD_IP)', EMPTY: '', "
        "PASSWORD: {secret: database, key: password}, FLAG: {configMap: flags, key: flag.a}}"
    )
    assert container(service(tmp_path, more), preview=preview)["env"] == [
        {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "A_URL", "value": "http://$(POD_IP)"},
        {"name": "EMPTY"},
        {"name": "PASSWORD", "valueFrom": {"secretKeyRef": {"name": "database", "key": "password"}}},
        {"name": "FLAG", "valueFrom": {"configMapKeyRef": {"name": "flags", "key": "flag.a"}}},
    ]


def test_all_keys_of_a_secret_or_config_map_become_variables(tmp_path: Path, preview: bool) -> None:
    found = container(service(tmp_path, "envFrom: [{secret: all}, {configMap: some}]"), preview=preview)
    assert found["envFrom"] == [{"secretRef": {"name": "all"}}, {"configMapRef": {"name": "some"}}]


def test_volumes_are_mounted_in_the_order_of_their_names(tmp_path: Path, preview: bool) -> None:
    more = "volumes: {z: {mountPath: /z}, cert: {mountPath: /cert, secret: cert, readOnly: true}}"
    assert container(service(tmp_path, more), preview=preview)["volumeMounts"] == [
        {"name": "cert", "mountPath": "/cert", "readOnly": True},
        {"name": "tmp", "mountPath": "/tmp"},
        {"name": "z", "mountPath": "/z"},
    ]


def test_a_container_may_do_without_any_volume_or_resource(tmp_path: Path, preview: bool) -> None:
    more = "volumes: {tmp: null}, resources: {requests: {cpu: null, memory: null}, limits: {memory: null}}"
    assert not {"volumeMounts", "resources"} & container(service(tmp_path, more), preview=preview).keys()


def test_health_is_asked_by_http_where_there_is_a_path_and_by_tcp_where_not(tmp_path: Path, preview: bool) -> None:
    probes = "startup: {path: /started}, readiness: {path: /ready, port: 9000, failures: 2}, liveness: {port: 9000}"
    found = container(service(tmp_path, f"probes: {{{probes}}}"), preview=preview)
    assert found["startupProbe"] == {
        "httpGet": {"path": "/started", "port": "http"},
        "periodSeconds": 2,
        "timeoutSeconds": 1,
        "failureThreshold": 60,
    }
    assert found["readinessProbe"]["httpGet"] == {"path": "/ready", "port": 9000}
    assert found["readinessProbe"]["failureThreshold"] == 2
    assert found["livenessProbe"]["tcpSocket"] == {"port": 9000}
    assert "httpGet" not in found["livenessProbe"]


def test_a_pod_still_serves_for_a_while_and_needs_no_shell_for_that(tmp_path: Path, preview: bool) -> None:
    found = service(tmp_path, "shutdown: {drain: 10s, grace: 1m}")
    assert container(found, preview=preview)["lifecycle"] == {"preStop": {"sleep": {"seconds": 10}}}
    assert pod(found, preview)["spec"]["terminationGracePeriodSeconds"] == 60


def test_without_a_drain_a_container_ends_at_once(tmp_path: Path, preview: bool) -> None:
    assert "lifecycle" not in container(service(tmp_path, "shutdown: {drain: null}"), preview=preview)


def test_the_adapter_takes_the_port_and_the_service_listens_behind_it(tmp_path: Path, preview: bool) -> None:
    found = service(tmp_path, ADAPTER)
    adapter = container(found, "adapter", preview)
    assert adapter["image"] == "registry.example.com/adapter:1"
    assert adapter["ports"] == [{"name": "http", "containerPort": 8001, "protocol": "TCP"}]
    assert container(found, preview=preview)["ports"] == [
        {"name": "upstream", "containerPort": 8080, "protocol": "TCP"}
    ]
    env = {each["name"]: each["value"] for each in adapter["env"]}
    assert json.loads(env.pop("ADAPTER_ROUTES")) == ["/users", "/users/{id}"]
    assert json.loads(env.pop("ADAPTER_BUCKETS")) == [Duration.parse(bound) for bound in BUCKETS]
    assert env == {
        "ADAPTER_PORT": "8001",
        "ADAPTER_UPSTREAM": "http://127.0.0.1:8080",
        "ADAPTER_SERVICE": "a-api",
        "ADAPTER_MAX_SERIES": "681",
        "ADAPTER_SHUTDOWN_TIMEOUT": "20",
    }


def test_both_containers_of_an_adapted_service_are_probed_where_they_listen(tmp_path: Path, preview: bool) -> None:
    found = service(
        tmp_path, f"{ADAPTER}, probes: {{readiness: {{path: /ready, period: 7s}}, liveness: {{port: 9000}}}}"
    )
    own, adapter = container(found, preview=preview), container(found, "adapter", preview)
    assert own["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "upstream"}
    assert adapter["readinessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert adapter["readinessProbe"]["periodSeconds"] == 7
    assert own["livenessProbe"]["tcpSocket"] == {"port": 9000}
    assert adapter["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    for each in (own, adapter):
        assert {"startupProbe", "readinessProbe", "livenessProbe"} <= each.keys()


def env_of(service: Service, preview: bool) -> dict[str, str]:
    return {each["name"]: each["value"] for each in container(service, "adapter", preview)["env"]}


@pytest.mark.parametrize(
    ("shutdown", "seconds"), [("{drain: 5s, grace: 30s}", (5, 20, 25)), ("{drain: 10s, grace: 2m}", (10, 105, 115))]
)
def test_what_is_behind_an_adapter_is_told_to_end_only_when_the_adapter_has(
    tmp_path: Path, shutdown: str, seconds: tuple[int, int, int], preview: bool
) -> None:
    adapter_told, finishing, own_told = seconds
    found = service(tmp_path, f"{ADAPTER}, shutdown: {shutdown}")
    waits = {
        name: container(found, name, preview)["lifecycle"]["preStop"]["sleep"]["seconds"] for name in ("api", "adapter")
    }
    assert waits == {"adapter": adapter_told, "api": own_told}
    assert env_of(found, preview)["ADAPTER_SHUTDOWN_TIMEOUT"] == str(finishing)
    assert adapter_told + finishing == own_told < pod(found, preview)["spec"]["terminationGracePeriodSeconds"]


def test_an_adapter_without_a_drain_is_told_at_once_and_what_is_behind_it_is_not(tmp_path: Path, preview: bool) -> None:
    found = service(tmp_path, f"{ADAPTER}, shutdown: {{drain: null}}")
    assert "lifecycle" not in container(found, "adapter", preview)
    assert container(found, preview=preview)["lifecycle"] == {"preStop": {"sleep": {"seconds": 25}}}


def test_every_setting_of_the_adapter_can_be_said(tmp_path: Path, preview: bool) -> None:
    limits = "learnedPaths: 0, connections: 8, maxBody: 50Mi, logLevel: warning"
    times = "connectTimeout: 2s, responseTimeout: 5m, clientTimeout: 30s, keepaliveTimeout: 2m"
    found = service(
        tmp_path, ADAPTER.replace("routes", f"{limits}, {times}, routes") + ", metrics: {buckets: [1s, 300ms, 10]}"
    )
    env = env_of(found, preview)
    assert json.loads(env["ADAPTER_BUCKETS"]) == [0.3, 1, 10]
    said = {
        "ADAPTER_LEARNED_PATHS": "0",
        "ADAPTER_CONNECTIONS": "8",
        "ADAPTER_MAX_BODY": "52428800",
        "ADAPTER_LOG_LEVEL": "warning",
        "ADAPTER_CONNECT_TIMEOUT": "2",
        "ADAPTER_RESPONSE_TIMEOUT": "300",
        "ADAPTER_CLIENT_TIMEOUT": "30",
        "ADAPTER_KEEPALIVE_TIMEOUT": "120",
        "ADAPTER_MAX_SERIES": "2142",
    }
    assert {name: env[name] for name in said} == said


@pytest.mark.parametrize("place", ["/tmp", "/tmp/"])
def test_the_adapter_may_write_but_sees_none_of_the_services_files(tmp_path: Path, place: str, preview: bool) -> None:
    files = "cert: {mountPath: /cert, secret: cert}, data: {mountPath: /data}"
    volumes = f"volumes: {{tmp: {{mountPath: {place}}}, {files}}}"
    adapter = container(service(tmp_path, f"{ADAPTER}, {volumes}, env: {{A: b}}"), "adapter", preview)
    assert adapter["volumeMounts"] == [{"name": "tmp", "mountPath": place}]
    assert "A" not in [each["name"] for each in adapter["env"]]


def test_the_adapter_has_resources_of_its_own(tmp_path: Path, preview: bool) -> None:
    amounts = "resources: {requests: {cpu: 60m, memory: 65Mi}, limits: {memory: 129Mi}}"
    found = service(tmp_path, ADAPTER.replace("routes", f"{amounts}, routes"))
    assert container(found, "adapter", preview)["resources"] == {
        "requests": {"cpu": "60m", "memory": "65Mi"},
        "limits": {"memory": "129Mi"},
    }


def test_a_secret_mounted_at_tmp_is_no_place_to_write(tmp_path: Path, preview: bool) -> None:
    found = service(tmp_path, f"{ADAPTER}, volumes: {{tmp: {{mountPath: /tmp, secret: cert}}}}")
    assert "volumeMounts" not in container(found, "adapter", preview)


def test_what_runs_before_the_service_has_its_files_and_its_own_variables(tmp_path: Path, preview: bool) -> None:
    more = MIGRATION.replace("args", "env: {A: b, C: {secret: d, key: e}}, resources: {requests: {cpu: '1'}}, args")
    found = container(service(tmp_path, f"{more}, env: {{X: y}}"), "migrate", preview)
    assert found == {
        "name": "migrate",
        "image": "registry.example.com/m:1",
        "command": ["migrate"],
        "args": ["up"],
        "env": [
            {"name": "A", "value": "b"},
            {"name": "C", "valueFrom": {"secretKeyRef": {"name": "d", "key": "e"}}},
        ],
        "resources": {"requests": {"cpu": "1"}},
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        "securityContext": SECURE,
    }


def test_what_runs_before_the_service_may_use_as_much_as_it_unless_it_says_otherwise(
    tmp_path: Path, preview: bool
) -> None:
    found = service(tmp_path, f"{MIGRATION}, resources: {{limits: {{memory: 1Gi}}}}")
    assert container(found, "migrate", preview)["resources"] == container(found, preview=preview)["resources"]


@pytest.mark.parametrize("name", ["api", "adapter", "migrate"])
@pytest.mark.parametrize("read_only", [True, False])
def test_no_container_can_gain_rights(tmp_path: Path, name: str, read_only: bool, preview: bool) -> None:
    found = service(tmp_path, f"{ADAPTER}, {MIGRATION}, readOnlyRoot: {str(read_only).lower()}")
    assert container(found, name, preview)["securityContext"] == SECURE | {"readOnlyRootFilesystem": read_only}


@pytest.mark.parametrize("name", ["api", "adapter", "migrate"])
def test_every_container_requests_something_and_may_not_use_all_of_the_nodes_memory(
    tmp_path: Path, name: str, preview: bool
) -> None:
    more = "adapter: {image: 'a:1', upstreamPort: 8080}, initContainers: [{name: migrate, image: 'm:1'}]"
    spec = pod(service(tmp_path, more), preview)["spec"]
    (found,) = (each for each in [*spec["containers"], *spec["initContainers"]] if each["name"] == name)
    assert found["resources"]["requests"].keys() == {"cpu", "memory"}
    assert found["resources"]["limits"].keys() == {"memory"}
