"""The provider's own settings: flags, kubeconfig, and when the cluster counts as another one."""

import base64
from pathlib import Path

import pytest
import yaml

from local.plugin.errors import PluginError
from local.plugin.kubeconfig import load
from local.plugin.settings import UPSERT_VARIABLE, Settings, compare, refusals
from local.plugin.values import COMPUTED, Secret


def config(server: str = "https://127.0.0.1:6443", **user: object) -> str:
    return yaml.safe_dump(
        {
            "current-context": "one",
            "clusters": [
                {"name": "c", "cluster": {"server": server, "insecure-skip-tls-verify": True}},
                {"name": "d", "cluster": {"server": "http://127.0.0.1:8080/"}},
            ],
            "users": [{"name": "u", "user": user or {"token": "t0"}}],
            "contexts": [
                {"name": "one", "context": {"cluster": "c", "user": "u", "namespace": "shop"}},
                {"name": "two", "context": {"cluster": "d", "user": "u"}},
            ],
        }
    )


def test_the_upsert_switch_is_off_by_default_and_the_setting_outranks_the_variable(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(UPSERT_VARIABLE, raising=False)
    assert not Settings.of({}).upsert_existing_objects
    monkeypatch.setenv(UPSERT_VARIABLE, "true")
    assert Settings.of({}).upsert_existing_objects
    assert not Settings.of({"kubernetes:config:upsertExistingObjects": "false"}).upsert_existing_objects


def test_a_kubeconfig_is_read_from_a_path_or_from_its_contents(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text(config())
    for given in (config(), str(tmp_path / "kubeconfig")):
        access = load(given, "", "", "")
        assert access.server == "https://127.0.0.1:6443"
        assert access.headers == {"Authorization": "Bearer t0"}
        assert (access.context, access.namespace) == ("one", "shop")


def test_context_cluster_and_namespace_can_be_chosen() -> None:
    access = load(config(), "two", "", "elsewhere")
    assert (access.server, access.namespace, access.tls) == ("http://127.0.0.1:8080", "elsewhere", None)
    assert load(config(), "one", "d", "").server == "http://127.0.0.1:8080"


def test_the_ambient_kubeconfig_is_the_last_resort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "kubeconfig").write_text(config())
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'not-there'}:{tmp_path / 'kubeconfig'}")
    assert load("", "", "", "").context == "one"


def test_a_name_and_a_password_are_sent_as_basic_authentication() -> None:
    access = load(config(username="me", password="p"), "", "", "")
    assert access.headers == {"Authorization": f"Basic {base64.b64encode(b'me:p').decode()}"}


def test_credentials_do_not_show_in_a_printed_access() -> None:
    assert "t0" not in repr(load(config(), "", "", ""))


@pytest.mark.parametrize(
    ("given", "context", "said"),
    [
        (config(), "three", "no context 'three'"),
        ("just words", "", "neither a file nor the contents"),
        ("a: [", "", "is not YAML"),
        (config(exec={"command": "login"}), "", "logs in by a helper program"),
        (config(server="127.0.0.1"), "", "has no server URL"),
        (config(tokenFile="/not/there"), "", "there is no such file"),
    ],
)
def test_an_unusable_kubeconfig_is_one_line(given: str, context: str, said: str) -> None:
    with pytest.raises(PluginError, match=said) as error:
        load(given, context, "", "")
    assert "\n" not in str(error.value)


def test_settings_that_only_the_official_plugin_honours_are_refused_by_name() -> None:
    assert list(refusals({"enableServerSideApply": "false", "renderYamlToDirectory": "out"})) == [
        "enableServerSideApply",
        "renderYamlToDirectory",
    ]
    assert refusals({"enableServerSideApply": Secret("true"), "namespace": "x"}) == {}


def test_another_cluster_replaces_everything_and_another_user_does_not() -> None:
    assert compare({"kubeconfig": config()}, {"kubeconfig": config(token="t1")}).replaces == []
    moved = compare({"kubeconfig": config()}, {"kubeconfig": config("https://127.0.0.1:7")})
    assert (moved.diffs, moved.replaces) == (["kubeconfig"], ["kubeconfig"])
    chosen = compare({"kubeconfig": config()}, {"kubeconfig": config(), "context": "two"})
    assert chosen.replaces == ["context"]


def test_the_cluster_identifier_decides_where_it_is_given() -> None:
    before = {"kubeconfig": config(), "clusterIdentifier": "a"}
    moved = {"kubeconfig": config("https://127.0.0.1:7"), "clusterIdentifier": "a"}
    assert compare(before, moved).replaces == []
    assert compare(before, {**before, "clusterIdentifier": "b"}).replaces == ["clusterIdentifier"]
    assert compare({"kubeconfig": config()}, before).replaces == []


def test_a_kubeconfig_that_is_not_known_yet_counts_as_another_cluster() -> None:
    assert compare({"kubeconfig": config()}, {"kubeconfig": COMPUTED}).replaces == ["kubeconfig"]


def test_nothing_changed_is_no_change() -> None:
    assert compare({"context": "one"}, {"context": "one"}).diffs == []


def test_files_that_a_kubeconfig_names_are_found_beside_it(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("t1\n")
    (tmp_path / "kubeconfig").write_text(config(tokenFile="token"))
    access = load(str(tmp_path / "kubeconfig"), "", "", "")
    assert access.headers == {"Authorization": "Bearer t1"}
