"""Volume claims that services refer to: one that two versions cannot have at once is told, and a missing one named."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog.stack import StackSettings
from components.claims import look_up_claims
from components.cluster_reader import ForbiddenError, Found
from tests.unit.catalog_workbench import service

SETTINGS = StackSettings.model_validate({"environment": "dev", "cluster": {"context": "dev"}}, context={"stack": "dev"})
READS = "volumes: {tmp: {mountPath: /tmp}, data: {mountPath: /data, claim: files, readOnly: true}}"


def told(folder: Path, claims: Mapping[str, Found], more: str = READS) -> list[str]:
    def read(kind: str, namespace: str, name: str) -> Found:
        assert (kind, namespace) == ("PersistentVolumeClaim", SETTINGS.namespace)
        return claims.get(name)

    return [str(each) for each in look_up_claims(SETTINGS, [service(folder, more)], read)]


def claim(*asked: str, bound: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"spec": {"accessModes": list(asked)}, "status": {"accessModes": list(bound)} if bound else {}}


def test_a_claim_of_one_node_is_told_with_its_place_and_what_to_do(tmp_path: Path) -> None:
    (line,) = told(tmp_path, {"files": claim("ReadWriteOnce")})
    assert line == (
        "services.yaml: services.a-api.volumes.data.claim: PersistentVolumeClaim 'files' is ReadWriteOnce, for the "
        "pods of one node at a time, and the pods of a canary run beside those that have it: they would wait for it "
        "until the release fails; use a claim that is ReadWriteMany"
    )


def test_a_claim_of_one_pod_is_told_as_such(tmp_path: Path) -> None:
    (line,) = told(tmp_path, {"files": claim("ReadWriteOncePod")})
    assert "is ReadWriteOncePod, for a single pod at a time" in line


def test_what_the_bound_volume_gives_counts_for_more_than_what_was_asked_for(tmp_path: Path) -> None:
    (line,) = told(tmp_path, {"files": claim("ReadWriteMany", bound=("ReadWriteOnce",))})
    assert "is ReadWriteOnce," in line
    assert told(tmp_path, {"files": claim("ReadWriteOnce", bound=("ReadWriteOnce", "ReadWriteMany"))}) == []


@pytest.mark.parametrize("mode", ["ReadWriteMany", "ReadOnlyMany"])
def test_a_claim_that_many_nodes_share_needs_no_warning(tmp_path: Path, mode: str) -> None:
    assert told(tmp_path, {"files": claim(mode)}) == []


def test_a_missing_claim_is_named(tmp_path: Path) -> None:
    (line,) = told(tmp_path, {})
    assert line.endswith(
        "data.claim: there is no PersistentVolumeClaim 'files' in namespace 'apis' of the cluster; its pods will wait "
        "for it"
    )


def test_what_may_not_be_read_is_passed_over_and_without_claims_nobody_is_asked(tmp_path: Path) -> None:
    asked = []

    def forbidden(kind: str, namespace: str, name: str) -> Found:
        asked.append(name)
        raise ForbiddenError(f"{name} is forbidden")

    assert look_up_claims(SETTINGS, [service(tmp_path, READS)], forbidden) == []
    assert look_up_claims(SETTINGS, [service(tmp_path, "enabled: true")], forbidden) == []
    assert asked == ["files"]
