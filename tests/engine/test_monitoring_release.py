"""The monitoring stack with a store that wants a token: the token is in its Secret, and nowhere else."""

import base64
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lightkube
import pytest
import yaml
from lightkube.resources.core_v1 import ConfigMap, Secret

from local.state import State
from tests.embedded import recorded
from tests.engine.own_checkout import Checkout, checkout_of

CONTEXT = "own"
STACK = "dev"
NAMESPACE = "monitoring"
TOKEN = "s3ntin3l-of-a-store"
TOKEN_PLACE = "api-observability:prometheus.remoteWrite[0].bearerToken"
ONE_SERVICE = (
    "services: {one-api: {project: One, port: 8001, image: 'registry.example.com/one:1', replicas: 4,"
    " canary: {steps: [{setWeight: 50}, {pause: forever}]}}}\n"
)


def settings(uid: str) -> dict[str, Any]:
    """A chart by its path in the project, one store, and a value that is taken away."""
    return {
        "cluster": {"context": CONTEXT, "uid": uid},
        "servicesFile": "one.yaml",
        "platform": {
            "argoRollouts": {"install": False},
            "monitoring": {
                "chart": "tests/engine/charts/kube-prometheus-stack",
                "values": {"prometheus": {"prometheusSpec": {"resources": None}}},
            },
        },
        "prometheus": {"remoteWrite": [{"name": "mimir", "url": "https://mimir.example.com/push"}]},
    }


@pytest.fixture(scope="module")
def checkout(embedded_cluster: State, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    checkout = checkout_of(embedded_cluster, tmp_path_factory.mktemp("monitoring"), CONTEXT)
    (checkout.folder / "one.yaml").write_text(ONE_SERVICE, encoding="utf-8")
    checkout.pulumi("stack", "init", STACK)
    stack_file = checkout.folder / f"Pulumi.{STACK}.yaml"
    content = yaml.safe_load(stack_file.read_text(encoding="utf-8"))
    own = settings(recorded(embedded_cluster).uid)
    content["config"] |= {f"api-observability:{key}": value for key, value in own.items()}
    stack_file.write_text(yaml.safe_dump(content), encoding="utf-8")
    set_token(checkout, TOKEN)
    yield checkout
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)


def set_token(checkout: Checkout, token: str) -> None:
    checkout.pulumi("config", "set", "--stack", STACK, "--path", "--secret", TOKEN_PLACE, token)


def shows_the_token(text: str) -> bool:
    return TOKEN in text or base64.b64encode(TOKEN.encode()).decode() in text


def written_by_pulumi(checkout: Checkout) -> Iterator[Path]:
    """The state with its backups and its history, and the stack's file."""
    yield checkout.folder / f"Pulumi.{STACK}.yaml"
    backend = Path(checkout.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))
    yield from (path for path in backend.rglob("*") if path.is_file())


def test_a_token_of_a_store_is_in_its_secret_and_nowhere_else(checkout: Checkout, client: lightkube.Client) -> None:
    told = [
        checkout.pulumi("preview", "--diff", "--stack", STACK),
        checkout.pulumi("up", "--yes", "--skip-preview", "--diff", "--stack", STACK),
        checkout.pulumi("stack", "export", "--stack", STACK),
    ]
    assert "prometheus-remote-write" in told[0]
    assert not any(map(shows_the_token, told))
    files = {path: path.read_text(encoding="utf-8") for path in written_by_pulumi(checkout)}
    assert any("prometheus-remote-write" in text for text in files.values())
    assert [path for path, text in files.items() if shows_the_token(text)] == []
    for config_map in client.list(ConfigMap, namespace=NAMESPACE):
        assert not shows_the_token(str(config_map.data))
    secrets = {
        str(each.metadata.name): each.data or {} for each in client.list(Secret, namespace=NAMESPACE) if each.metadata
    }
    held = secrets.pop("prometheus-remote-write")
    assert {key: base64.b64decode(value).decode() for key, value in held.items()} == {"mimir-bearer-token": TOKEN}
    releases = [data["release"] for name, data in secrets.items() if name.startswith("sh.helm.release")]
    assert len(releases) == 1
    recorded = gzip.decompress(base64.b64decode(base64.b64decode(releases[0]))).decode()
    assert "mimir-bearer-token" in recorded
    assert not shows_the_token(recorded)


def test_the_release_has_the_values_of_the_stack_with_nulls_taken_away(
    checkout: Checkout, client: lightkube.Client
) -> None:
    shown = client.get(ConfigMap, "kube-prometheus-stack-values", namespace=NAMESPACE).data or {}
    spec = yaml.safe_load(shown["values.yaml"])["prometheus"]["prometheusSpec"]
    assert spec.get("resources") is None
    (store,) = spec["remoteWrite"]
    assert store["authorization"]["credentials"] == {"name": "prometheus-remote-write", "key": "mimir-bearer-token"}
    checkout.pulumi("preview", "--expect-no-changes", "--stack", STACK)


def test_a_new_token_changes_the_secret_in_place_and_nothing_else(checkout: Checkout, client: lightkube.Client) -> None:
    before = client.get(Secret, "prometheus-remote-write", namespace=NAMESPACE).metadata
    set_token(checkout, "another")
    told = checkout.pulumi("up", "--yes", "--skip-preview", "--stack", STACK)
    assert "~ 1 updated" in told
    after = client.get(Secret, "prometheus-remote-write", namespace=NAMESPACE)
    assert before
    assert after.metadata
    assert after.metadata.uid == before.uid
    assert base64.b64decode((after.data or {})["mimir-bearer-token"]) == b"another"
