"""`helm.v3.Release` on the stand-in plugin: the real `helm`, a chart on disk."""

import json
import shutil
import tarfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import lightkube
import pytest
from lightkube.core.exceptions import ApiError
from lightkube.resources.core_v1 import ConfigMap, PersistentVolumeClaim

from local.plugin.values import COMPUTED, Secret
from local.state import State
from local.waiting import wait_until
from tests.engine import plugin_harness as harness
from tests.engine.plugin_harness import RELEASE, Object, Plugin, PluginFailure

_TEMPLATE = """\
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
data:
  colour: {{ required "colour is required" .Values.colour | quote }}
  replicas: {{ .Values.replicas | quote }}
"""


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    folder = tmp_path / "settings"
    (folder / "templates").mkdir(parents=True)
    (folder / "Chart.yaml").write_text("apiVersion: v2\nname: settings\nversion: 1.2.3\nappVersion: '7'\n")
    (folder / "values.yaml").write_text("replicas: 1\n")
    (folder / "templates" / "settings.yaml").write_text(_TEMPLATE)
    return folder


def release(space: str, chart: Path, **values: object) -> Object:
    return {"chart": str(chart), "name": "shop", "namespace": space, "values": values}


def settings_of(client: lightkube.Client, space: str) -> dict[str, str]:
    return client.get(ConfigMap, "shop-settings", namespace=space).data or {}


def test_a_release_is_installed_upgraded_and_removed(
    plugin: Plugin, client: lightkube.Client, space: str, chart: Path
) -> None:
    made = plugin.create(RELEASE, release(space, chart, colour="red"))
    assert made.resource_id == f"{space}/shop"
    assert settings_of(client, space) == {"colour": "red", "replicas": "1"}
    assert made.outputs["status"] == {
        "appVersion": "7",
        "chart": "settings",
        "name": "shop",
        "namespace": space,
        "revision": 1,
        "status": "deployed",
        "version": "1.2.3",
    }
    assert made.outputs["resourceNames"] == {"ConfigMap/v1": ["shop-settings"]}
    changed = plugin.update(made, release(space, chart, colour="blue", replicas=3))
    assert settings_of(client, space) == {"colour": "blue", "replicas": "3"}
    assert changed.outputs["status"]["revision"] == 2
    plugin.delete(changed)
    with pytest.raises(ApiError):
        settings_of(client, space)


def test_a_release_that_did_not_change_has_no_diff(plugin: Plugin, space: str, chart: Path) -> None:
    wanted = release(space, chart, colour="red", replicas=2)
    made = plugin.create(RELEASE, wanted)
    assert plugin.changes(made, wanted) == {}
    assert plugin.changes(made, release(space, chart, colour="blue")) == {
        "values.colour": "UPDATE",
        "values.replicas": "DELETE",
    }


def test_a_renamed_release_is_replaced(plugin: Plugin, space: str, chart: Path) -> None:
    made = plugin.create(RELEASE, release(space, chart, colour="red"))
    assert plugin.changes(made, {**release(space, chart, colour="red"), "name": "other"}) == {"name": "UPDATE_REPLACE"}


def test_a_newer_chart_at_the_same_path_is_an_upgrade(plugin: Plugin, space: str, chart: Path) -> None:
    wanted = release(space, chart, colour="red")
    made = plugin.create(RELEASE, wanted)
    described = chart / "Chart.yaml"
    described.write_text(described.read_text().replace("1.2.3", "1.3.0"))
    assert plugin.changes(made, wanted) == {"version": "UPDATE"}
    assert plugin.update(made, wanted).outputs["status"]["version"] == "1.3.0"


def test_a_preview_of_a_release_does_not_know_its_status_yet(
    plugin: Plugin, client: lightkube.Client, space: str, chart: Path
) -> None:
    preview = plugin.create(RELEASE, release(space, chart, colour="red"), preview=True)
    assert preview.outputs["status"] == COMPUTED
    assert preview.outputs["version"] == "1.2.3"
    with pytest.raises(ApiError):
        settings_of(client, space)


def test_a_chart_that_is_not_there_is_found_out_before_anything_is_made(plugin: Plugin, space: str) -> None:
    reasons = plugin.failures(RELEASE, release(space, Path("/nowhere/settings")))
    assert reasons == ['path "/nowhere/settings" not found; check the chart name and repository configuration.']


def test_an_archived_chart_will_do(plugin: Plugin, space: str, chart: Path, tmp_path: Path) -> None:
    archive = tmp_path / "settings-1.2.3.tgz"
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(chart, arcname="settings")
    shutil.rmtree(chart)
    made = plugin.create(RELEASE, release(space, archive, colour="red"))
    assert made.outputs["status"]["status"] == "deployed"


def test_values_that_the_chart_refuses_fail_in_helms_words_and_leave_nothing(
    plugin: Plugin, space: str, chart: Path
) -> None:
    with pytest.raises(PluginFailure, match="colour is required") as failure:
        plugin.create(RELEASE, release(space, chart))
    assert failure.value.kept is None
    assert "\n" not in str(failure.value)


def test_a_release_that_helm_recorded_as_failed_goes_into_the_state(plugin: Plugin, space: str, chart: Path) -> None:
    broken = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Not-A-Name}\n"
    (chart / "templates" / "broken.yaml").write_text(broken)
    with pytest.raises(PluginFailure, match="failed to initialize completely") as failure:
        plugin.create(RELEASE, release(space, chart, colour="red"))
    assert failure.value.kept
    assert failure.value.kept.id == f"{space}/shop"


def test_cancel_interrupts_helm_while_it_waits(
    embedded_cluster: State, client: lightkube.Client, space: str, chart: Path, tmp_path: Path
) -> None:
    never_bound = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "never-bound"},
        "spec": {
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "no-such-class",
            "resources": {"requests": {"storage": "1Gi"}},
        },
    }
    (chart / "templates" / "claim.yaml").write_text(json.dumps(never_bound))
    with harness.running(embedded_cluster, tmp_path) as plugin, ThreadPoolExecutor(1) as pool:
        pending = pool.submit(plugin.create, RELEASE, release(space, chart, colour="red"))
        wait_until(lambda: bool(list(client.list(PersistentVolumeClaim, namespace=space))), 60, "the claim")
        plugin.cancel()
        with pytest.raises(PluginFailure, match="failed to initialize completely") as failure:
            pending.result(timeout=120)
        assert failure.value.kept


def test_a_secret_value_stays_secret(plugin: Plugin, space: str, chart: Path) -> None:
    made = plugin.create(RELEASE, release(space, chart, colour=Secret("red")))
    assert made.inputs["values"]["colour"] == Secret("red")
    assert made.outputs["values"]["colour"] == Secret("red")
    assert isinstance(made.outputs["__inputs"], Secret)


def test_a_refresh_reads_what_helm_knows(plugin: Plugin, space: str, chart: Path) -> None:
    wanted = release(space, chart, colour="red")
    made = plugin.create(RELEASE, wanted)
    refreshed = plugin.refresh(made)
    assert refreshed
    assert refreshed.inputs == made.inputs
    assert plugin.changes(refreshed, wanted) == {}
    plugin.delete(made)
    assert plugin.refresh(made) is None
