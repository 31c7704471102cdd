"""The secrets of a stack are in the cluster's Secrets and nowhere else, whatever is done with the stack."""

import base64
import gzip
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

import lightkube
import pytest
from lightkube.models.meta_v1 import ObjectMeta
from lightkube.resources.core_v1 import ConfigMap

import program
from catalog.texts import HIDDEN
from cli.recording import record
from cli.rendering import rendered_files
from local.state import State
from tests.embedded import recorded
from tests.engine.own_checkout import Checkout, checkout_of
from tests.engine.sentinels import Search, sentinel
from tests.engine.test_platform_release import CHARTS
from tests.unit.catalog_workbench import entry
from tests.unit.settings_workbench import SECRET_KEYS, SENTINEL, everything, from_engine

CONTEXT, STACK = "own", "dev"

PLAIN = {
    "cluster.context": CONTEXT,
    "platform.monitoring.chart": str(CHARTS / "kube-prometheus-stack"),
    "platform.argoRollouts.chart": str(CHARTS / "argo-rollouts"),
    "alerting.slack.channel": "#alerts",
    "alerting.email.to[0]": "oncall@example.com",
    "alerting.email.from": "alerts@example.com",
    "alerting.email.smarthost": "smtp.example.com:587",
    "alerting.email.username": "alerts",
    "prometheus.remoteWrite[0].name": "long-term",
    "prometheus.remoteWrite[0].url": "https://mimir.example.com/push",
    "prometheus.remoteWrite[1].name": "audit",
    "prometheus.remoteWrite[1].url": "https://audit.example.com/write",
}

SECRETS = {
    "alerting.slack.webhook": "https://hooks.example.com/{}",
    "alerting.email.password": "{}",
    "alerting.pager.pagerduty.routingKey": "{}",
    "alerting.heartbeat.url": "https://beats.example.com/{}",
    "prometheus.remoteWrite[0].bearerToken": "{}",
    "prometheus.remoteWrite[1].basicAuth.username": "{}",
    "prometheus.remoteWrite[1].basicAuth.password": "{}",
}
"""By its path, each secret, around the value that is searched for."""


@dataclass
class Life:
    """What a stack's life leaves: all that the commands said, by command."""

    checkout: Checkout
    search: Search
    said: dict[str, str] = field(default_factory=dict)

    def does(self, *arguments: str) -> None:
        """Run `pulumi` on the stack, and keep what it says."""
        name = " ".join(arguments)
        assert name not in self.said
        self.said[name] = self.checkout.pulumi(*arguments, "--stack", STACK)

    def sets(self, plain: dict[str, str], secrets: dict[str, str]) -> None:
        """Set settings of the stack by their paths."""
        settings = [("--plaintext", *each) for each in plain.items()] + [
            ("--secret", *each) for each in secrets.items()
        ]
        given = [part for kind, path, value in settings for part in (kind, f"{path}={value}")]
        self.checkout.pulumi("config", "set-all", "--path", *given, "--stack", STACK)


@pytest.fixture(scope="module")
def life(
    embedded_cluster: State,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Life]:
    """From the first preview to the change of every secret; each has had two values then."""
    checkout = checkout_of(embedded_cluster, tmp_path_factory.mktemp("home"), CONTEXT)
    (checkout.folder / "services.yaml").write_text(entry("replicas: 10"), encoding="utf-8")
    first, second = ({path: sentinel() for path in SECRETS} for _ in range(2))
    both = {f"{path} ({which})": each[path] for which, each in (("old", first), ("new", second)) for path in SECRETS}
    life = Life(checkout, Search.of(both))
    checkout.pulumi("stack", "init", STACK)
    plain = {**PLAIN, "cluster.uid": recorded(embedded_cluster).uid}
    life.sets(plain, {path: text.format(first[path]) for path, text in SECRETS.items()})
    life.does("preview", "--diff")
    life.does("preview", "--json")
    life.does("up", "--yes")
    life.sets({}, {path: text.format(second[path]) for path, text in SECRETS.items()})
    life.does("preview", "--json", "--refresh")
    life.does("up", "--yes", "--diff")
    life.does("refresh", "--yes", "--diff")
    life.does("stack", "export")
    life.does("stack", "output", "--json")
    life.does("config")
    yield life
    checkout.pulumi("destroy", "--yes", "--skip-preview", "--stack", STACK)


def test_no_command_says_a_secret(life: Life) -> None:
    assert {command: found for command, told in life.said.items() if (found := life.search.within(told))} == {}


def test_the_commands_said_something_of_what_holds_the_secrets(life: Life) -> None:
    for command in ("preview --diff", "up --yes --diff"):
        assert "alert-routing" in life.said[command]
        assert "[secret]" in life.said[command]
    exported = json.loads(life.said["stack export"])["deployment"]["resources"]
    held = {
        each["urn"].rpartition("::")[2]: each["inputs"]["data"] for each in exported if each["type"].endswith(":Secret")
    }
    assert {"apis-alert-routing", "prometheus-remote-write"} <= set(held)
    assert all("ciphertext" in data for data in held.values())


def test_no_file_of_the_users_holds_a_secret(life: Life) -> None:
    home = life.checkout.folder.parent
    assert list((home / "backend").rglob("*.json"))
    assert life.search.files(home) == {}


def test_no_log_of_the_cluster_holds_a_secret(life: Life, embedded_cluster: State) -> None:
    assert list(embedded_cluster.processes.glob("*.log"))
    assert life.search.files(embedded_cluster.processes) == {}


def test_of_all_objects_only_secrets_hold_a_secret(life: Life, embedded_cluster: State) -> None:
    found = life.search.objects(embedded_cluster)
    assert {name: names for name, names in found.items() if not name.startswith("Secret ")} == {}
    ours = {name for name in found if not name.endswith("-generated")}
    assert ours >= {f"Secret {name}/alert-routing" for name in ("apis", "argo-rollouts", "monitoring")}
    assert {name for names in found.values() for name in names} >= {f"{path} (new)" for path in SECRETS}
    assert not any(name.endswith("(old)") for names in found.values() for name in names)


def test_rendered_files_have_a_placeholder_where_the_secret_is(life: Life) -> None:
    rendered = life.checkout.run(sys.executable, "-m", "cli", "render", "--stack", STACK)
    assert rendered.returncode == 0, rendered.stderr
    folder = life.checkout.folder / "rendered" / STACK
    assert HIDDEN in (folder / "apis" / "secret-alert-routing.yaml").read_text(encoding="utf-8")
    assert life.search.files(folder) == {}


def test_not_even_who_knows_the_secrets_renders_them() -> None:
    value = sentinel()
    known = json.loads(json.dumps(everything()).replace(SENTINEL, value))
    settings = from_engine(known, SECRET_KEYS)
    _, recording = record(lambda: program.build(settings, program.load(settings)), stack="dev")
    files = rendered_files(recording)
    assert {name for name in files if "secret-" in name} >= {"apis/secret-alert-routing.yaml"}
    search = Search.of({"any": value})
    assert [name for name, content in files.items() if search.within(content)] == []


@pytest.mark.parametrize("before", ["", "a", "ab", "abc"])
@pytest.mark.parametrize("after", ["", "z", "yz"])
def test_the_search_finds_what_it_looks_for(before: str, after: str) -> None:
    value = sentinel()
    search = Search.of({"found": value, "another": sentinel()})
    text = f"{before}{value}{after}".encode()
    for shown in (text, base64.b64encode(text), gzip.compress(text)):
        assert search.within(shown) == ["found"]


def test_the_search_finds_what_an_object_or_a_file_shows(
    embedded_cluster: State, client: lightkube.Client, space: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    value, folder = sentinel(), tmp_path_factory.mktemp("shown")
    search = Search.of({"found": value})
    data = {"config": base64.b64encode(f"key: {value}".encode()).decode()}
    client.create(ConfigMap(metadata=ObjectMeta(name="leak", namespace=space), data=data))
    assert search.objects(embedded_cluster) == {f"ConfigMap {space}/leak": ["found"]}
    (folder / "below").mkdir()
    (folder / "below" / "log").write_text(f"POST {value}", encoding="utf-8")
    assert search.files(folder) == {"below/log": ["found"]}
