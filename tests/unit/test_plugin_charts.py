"""Charts on disk and the values of a release, without `helm`."""

from pathlib import Path

import pytest

from local.plugin.charts import asset_text, local_chart, merged, resource_names, yaml_mapping
from local.plugin.errors import PluginError
from local.plugin.values import ASSET, SIGNATURE


def test_values_are_merged_key_by_key_and_lists_are_replaced() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": 1}
    assert merged(base, {"a": {"c": [3]}, "d": None}) == {"a": {"b": 1, "c": [3]}, "d": None}
    assert base["a"] == {"b": 1, "c": [1, 2]}


def test_a_chart_by_name_is_left_to_helm_and_a_path_must_be_there(tmp_path: Path) -> None:
    assert local_chart("kube-prometheus-stack") is None
    for missing in (str(tmp_path / "chart"), "./chart"):
        with pytest.raises(PluginError, match="not found"):
            local_chart(missing)


def test_a_file_that_is_no_chart_says_so(tmp_path: Path) -> None:
    (tmp_path / "chart.tgz").write_text("not an archive")
    with pytest.raises(PluginError, match="is not a chart archive"):
        local_chart(str(tmp_path / "chart.tgz"))


def test_what_a_release_makes_is_listed_by_kind() -> None:
    manifest = """\
---
# nothing here
---
apiVersion: v1
kind: Service
metadata: {name: b, namespace: shop}
---
apiVersion: v1
kind: Service
metadata: {name: a}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: a}
"""
    assert resource_names(manifest) == {"Deployment.apps/apps/v1": ["a"], "Service/v1": ["a", "shop/b"]}


def test_a_values_file_is_text_or_a_path(tmp_path: Path) -> None:
    (tmp_path / "values.yaml").write_text("a: 1\n")
    assert asset_text({SIGNATURE: ASSET, "path": str(tmp_path / "values.yaml")}) == "a: 1\n"
    assert asset_text({SIGNATURE: ASSET, "text": "b: 2\n"}) == "b: 2\n"
    with pytest.raises(PluginError, match="only file and text assets"):
        asset_text({SIGNATURE: ASSET, "uri": "file:///x"})


def test_yaml_that_is_no_mapping_names_its_place() -> None:
    with pytest.raises(PluginError, match=r"chart/Chart.yaml is not a YAML mapping"):
        yaml_mapping("[]", "chart/Chart.yaml")
    with pytest.raises(PluginError, match=r"chart/Chart.yaml is not YAML") as error:
        yaml_mapping("a: [", "chart/Chart.yaml")
    assert "\n" not in str(error.value)
