"""`make render`: a stack's objects as files."""

from pathlib import Path

import pulumi
import pytest
import yaml

from catalog.texts import HIDDEN
from cli.recording import Recording, record
from cli.rendering import record_stack, rendered_files, write
from components.kubernetes_object import KubernetesObject
from local.state import CHECKOUT

SENTINEL = "sentinel-9b1c"


def test_every_object_of_the_stack_is_one_file(whole: Recording) -> None:
    files = rendered_files(whole)
    objects = [entry for entry in whole.resources if entry.type.startswith("kubernetes:")]
    assert len(files) == len(objects)
    assert "apis/rollout-univprepai-api.yaml" in files
    assert "argo-rollouts/servicemonitor-argo-rollouts.yaml" in files
    assert "_cluster/namespace-apis.yaml" in files


def test_files_are_sorted_and_the_same_from_run_to_run(stack: str) -> None:
    first, second = (rendered_files(record_stack(CHECKOUT, stack)) for _ in range(2))
    assert first == second
    assert list(first) == sorted(first)


def test_a_file_is_the_object_with_whole_numbers_as_such(whole: Recording) -> None:
    rollout = yaml.safe_load(rendered_files(whole)["apis/rollout-univprepai-api.yaml"])
    assert rollout["kind"] == "Rollout"
    weights = [step["setWeight"] for step in rollout["spec"]["strategy"]["canary"]["steps"] if "setWeight" in step]
    assert weights == [10, 50]
    assert all(isinstance(weight, int) for weight in weights)


def test_what_the_engine_leaves_alone_or_keeps_is_told_on_top(whole: Recording) -> None:
    assert rendered_files(whole)["_cluster/namespace-apis.yaml"].startswith("# retainOnDelete: true\n")

    def program() -> None:
        manifest = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "a", "namespace": "apis"}}
        KubernetesObject("a", manifest, pulumi.ResourceOptions(ignore_changes=["spec.selector"]))

    (content,) = rendered_files(record(program, stack="dev")[1]).values()
    assert content.startswith("# ignoreChanges: spec.selector\napiVersion: v1\n")


def test_a_helm_release_shows_its_values() -> None:
    release = yaml.safe_load(
        rendered_files(record_stack(CHECKOUT, "prod"))["monitoring/release-kube-prometheus-stack.yaml"]
    )
    assert release["kind"] == "Helm Release"
    spec = release["values"]["prometheus"]["prometheusSpec"]
    assert (spec["retention"], spec["retentionSize"]) == ("30d", "45GB")


def test_a_secret_shows_its_keys_and_never_its_value() -> None:
    def program() -> None:
        manifest = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "hook", "namespace": "apis"},
            "stringData": {"url": pulumi.Output.secret(SENTINEL)},
        }
        KubernetesObject("hook", manifest, pulumi.ResourceOptions())

    (content,) = rendered_files(record(program, stack="dev")[1]).values()
    assert SENTINEL not in content
    assert yaml.safe_load(content)["stringData"] == {"url": HIDDEN}


def test_a_second_rendering_replaces_the_first_whole(tmp_path: Path) -> None:
    target = tmp_path / "rendered" / "dev"
    write({"apis/a.yaml": "a", "apis/b.yaml": "b"}, target)
    write({"apis/b.yaml": "new"}, target)
    assert {str(path.relative_to(target)): path.read_text() for path in target.rglob("*.yaml")} == {
        "apis/b.yaml": "new"
    }
    assert [path.name for path in target.parent.iterdir()] == ["dev"]


def test_a_rendering_that_fails_leaves_the_old_one_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "rendered" / "dev"
    write({"apis/a.yaml": "a"}, target)
    with pytest.raises(OSError, match=r"too long"):
        write({"apis/a.yaml": "new", f"apis/{'x' * 300}.yaml": ""}, target)
    assert (target / "apis" / "a.yaml").read_text() == "a"


@pytest.mark.parametrize("text", ["1e9", "10", "0x1F", "1_000", "-1.5", ".5e3", "true", "null", "on", "y", "N"])
def test_a_text_that_looks_like_something_else_is_in_quotes(text: str) -> None:
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"a": text}}
    _, recording = record(lambda: KubernetesObject("a", manifest, pulumi.ResourceOptions()), stack="dev")
    (content,) = rendered_files(recording).values()
    assert f"a: '{text}'\n" in content
