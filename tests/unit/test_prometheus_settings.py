"""What a stack says of Prometheus: samples that have room, other stores, labels, and how analyses log in."""

from pathlib import Path
from typing import Any

import pytest

from catalog.prometheus_settings import Prometheus
from catalog.secrets import SecretKeyReference
from catalog.sizes import Size
from tests.unit.settings_workbench import from_file, minimal, refusal_of_file

SECRET = {"secure": "v1:x"}
REFERENCE = {"secret": "prometheus", "key": "token"}
STORE = {"name": "a", "url": "https://a.example.com"}
OAUTH2 = {"tokenUrl": "https://login.example.com", "clientId": REFERENCE, "clientSecret": REFERENCE}


def prometheus(folder: Path, settings: dict[str, Any]) -> Prometheus:
    return from_file(folder, minimal(prometheus=settings)).prometheus


def faults(folder: Path, settings: dict[str, Any]) -> list[str]:
    """The faults of a Prometheus section, without what begins every line."""
    lines = refusal_of_file(folder, minimal(prometheus=settings))
    return [line.removeprefix("Pulumi.dev.yaml: config.api-observability:prometheus") for line in lines]


def test_the_defaults_keep_thirty_days_within_ninety_percent_of_the_volume() -> None:
    settings = Prometheus()
    assert (settings.retention, settings.retention_size.prometheus, str(settings.storage.size)) == (
        "30d",
        "45GB",
        "50Gi",
    )
    assert settings.retention_size * 10 == settings.storage.size * 9


@pytest.mark.parametrize("retention", ["1d", "90d", "2w", "1y", "99y"])
def test_samples_are_kept_for_days_weeks_or_years(tmp_path: Path, retention: str) -> None:
    assert prometheus(tmp_path, {"retention": retention}).retention == retention


@pytest.mark.parametrize(
    ("retention_size", "volume", "most"),
    [
        ("46GB", "50Gi", "'45GB'"),
        ("45GB", "50G", "'41GB'"),
        ("50Gi", "50Gi", "'45GB'"),
        ("600MB", "500M", "'429MB'"),
        ("1TB", "1Ti", "'921GB'"),
    ],
)
def test_samples_that_would_fill_the_volume_are_refused_with_what_fits(
    tmp_path: Path, retention_size: str, volume: str, most: str
) -> None:
    (told,) = faults(tmp_path, {"retentionSize": retention_size, "storage": {"size": volume}})
    assert told.startswith(
        f".retentionSize: '{Size.parse(retention_size).prometheus}' is more than 90 % of the volume of"
    )
    assert f"write-ahead log and compaction need; use {most} at most, or a larger volume" in told
    fitting = {"retentionSize": most.strip("'"), "storage": {"size": volume}}
    assert prometheus(tmp_path, fitting).storage.size == Size.parse(volume)


def test_a_smaller_volume_than_the_default_needs_a_smaller_retention_size(tmp_path: Path) -> None:
    (told,) = faults(tmp_path, {"storage": {"size": "20Gi", "storageClass": "fast"}})
    assert told.startswith(".retentionSize: '45GB' is more than 90 % of the volume of '20Gi' (storage.size)")
    assert "use '18GB' at most" in told


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"address": "prometheus:9090"}, ".address: 'prometheus:9090' is not an http or https address"),
        (
            {"address": "http://me:pw@a"},
            ".address: holds a user name or a password, which all who may read the objects",
        ),
        ({"retention": "30"}, ".retention: '30' is not a time to keep samples (such as 30d)"),
        ({"retention": "12h"}, ".retention: '12h' is not a time to keep samples"),
        ({"retention": "300y"}, ".retention: '300y' is not a time to keep samples"),
        ({"retentionSize": 45}, ".retentionSize: 45 has no unit, and could be bytes or gigabytes"),
        ({"retentionSize": "45gb"}, ".retentionSize: '45gb' is not a size (such as 50Gi, 500M or 45GB"),
        ({"storage": {"size": "lots"}}, ".storage.size: 'lots' is not a size"),
        ({"storage": {"storageClass": "Fast"}}, ".storage.storageClass: 'Fast' is not the name of a Kubernetes object"),
        ({"storage": {"class": "fast"}}, ".storage.class: unknown key (known: size, storageClass)"),
        ({"replicas": 0}, ".replicas: 0 is not a number of replicas (1–10)"),
        ({"replicas": "2"}, ".replicas: '2' is not a number of replicas (1–10)"),
        (
            {"remoteWrite": [STORE, {**STORE, "url": "https://b"}]},
            ".remoteWrite[1].name: 'a' is another one's name",
        ),
        ({"remoteWrite": [{"url": "https://b"}]}, ".remoteWrite[0].name: is missing"),
        (
            {"remoteWrite": [{**STORE, "url": "https://me:pw@b"}]},
            ".remoteWrite[0].url: holds a user name or a password",
        ),
        (
            {"remoteWrite": [{**STORE, "bearerToken": SECRET, "basicAuth": {"username": SECRET, "password": SECRET}}]},
            ".remoteWrite[0].basicAuth: together with bearerToken: a request can carry only one of them",
        ),
        (
            {"remoteWrite": [{**STORE, "basicAuth": {"username": SECRET}}]},
            ".remoteWrite[0].basicAuth.password: is missing; set it with `pulumi config set --stack dev --path",
        ),
        (
            {"remoteWrite": [{**STORE, "headers": {"authorization": "Bearer pw"}}]},
            ".remoteWrite[0].headers.authorization: would show a credential; use bearerToken or basicAuth",
        ),
        (
            {"remoteWrite": [{**STORE, "headers": {"User-Agent": "me"}}]},
            ".remoteWrite[0].headers.User-Agent: is set by Prometheus itself; leave it out",
        ),
        (
            {"remoteWrite": [{**STORE, "headers": {"X-A": "1", "x-a": "2"}}]},
            ".remoteWrite[0].headers.x-a: is the header 'X-A' again; leave one out",
        ),
        (
            {"remoteWrite": [{**STORE, "headers": {"X A": "1"}}]},
            ".remoteWrite[0].headers.X A: 'X A' is not the name of an",
        ),
        (
            {"remoteWrite": [{**STORE, "headers": {"X-A": "pw\n"}}]},
            ".remoteWrite[0].headers.X-A: [secret] is not the value",
        ),
        (
            {"remoteWrite": [{**STORE, "headers": {"X-A": REFERENCE}}]},
            ".remoteWrite[0].headers.X-A: [secret] is not the",
        ),
        (
            {"remoteWrite": [{**STORE, "bearerToken": "pw"}]},
            ".remoteWrite[0].bearerToken: stands in clear text where a",
        ),
        (
            {"externalLabels": {"prometheus": "a"}},
            ".externalLabels.prometheus: is set by the Prometheus Operator, whose",
        ),
        (
            {"externalLabels": {"prometheus_replica": "a"}},
            ".externalLabels.prometheus_replica: is set by the Prometheus",
        ),
        ({"externalLabels": {"__a": "a"}}, ".externalLabels.__a: '__a' is not a label of Prometheus (letters, digits"),
        ({"externalLabels": {"a-b": "a"}}, ".externalLabels.a-b: 'a-b' is not a label of Prometheus"),
        ({"externalLabels": {"a": ""}}, ".externalLabels.a: '' is not one line of text without '$'"),
        ({"externalLabels": {"a": "$(POD_NAME)"}}, ".externalLabels.a: '$(POD_NAME)' is not one line of text without"),
        (
            {"access": {"bearerToken": "pw"}},
            ".access.bearerToken: does not name the key of an existing Secret; write {sec",
        ),
        (
            {"access": {"bearerToken": {"secret": "a", "key": "pw!"}}},
            ".access.bearerToken.key: [secret] is not a key of a",
        ),
        (
            {"access": {"headers": {"X-A": {"secret": "a"}}}},
            ".access.headers.X-A: does not name the key of an existing",
        ),
        ({"access": {"headers": {"X-A": "{{args.pw}}"}}}, ".access.headers.X-A: [secret] is not the value of an HTTP"),
        (
            {"access": {"headers": {"authorization": "Bearer pw"}}},
            ".access.headers.authorization: would stand in every AnalysisTemplate; name the key of a Secret",
        ),
        (
            {"access": {"headers": {"Authorization": REFERENCE}, "bearerToken": REFERENCE}},
            ".access.bearerToken: together with headers.Authorization: both write the header Authorization",
        ),
        (
            {"access": {"bearerToken": REFERENCE, "oauth2": OAUTH2}},
            ".access.oauth2: together with bearerToken: both write the header Authorization",
        ),
        (
            {"access": {"headers": {"authorization": REFERENCE}, "oauth2": OAUTH2}},
            ".access.oauth2: together with headers.authorization: both write the header Authorization",
        ),
        (
            {"access": {"oauth2": {**OAUTH2, "clientId": "me"}}},
            ".access.oauth2.clientId: does not name the key of an exis",
        ),
        (
            {"access": {"oauth2": {**OAUTH2, "scopes": ["a b"]}}},
            ".access.oauth2.scopes[0]: 'a b' is not an OAuth 2 scope",
        ),
        ({"access": {"oauth2": {**OAUTH2, "tokenUrl": "login"}}}, ".access.oauth2.tokenUrl: 'login' is not an http or"),
    ],
)
def test_what_prometheus_could_not_do_is_one_line_at_its_place(
    tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    (line,) = faults(tmp_path, settings)
    assert line.startswith(told)
    assert "pw" not in line


def test_all_ways_for_analyses_to_log_in_can_be_said(tmp_path: Path) -> None:
    token = SecretKeyReference(secret="prometheus", key="token")
    headers = {"X-Scope-OrgID": "team-a", "X-Api-Key": REFERENCE}
    access = prometheus(tmp_path, {"access": {"headers": headers, "oauth2": OAUTH2}}).access
    assert access.headers == {"X-Scope-OrgID": "team-a", "X-Api-Key": token}
    assert access.oauth2
    assert (access.oauth2.client_id, access.oauth2.client_secret, access.oauth2.scopes) == (token, token, [])
    assert prometheus(tmp_path, {"access": {"bearerToken": REFERENCE}}).access.bearer_token == token
    assert prometheus(tmp_path, {"access": {"headers": {"Authorization": REFERENCE}}}).access.headers == {
        "Authorization": token
    }


def test_a_store_is_reached_with_a_token_or_with_a_name_and_a_password(tmp_path: Path) -> None:
    stores = [
        {**STORE, "headers": {"X-Scope-OrgID": "team-a"}, "bearerToken": SECRET},
        {**STORE, "name": "b", "basicAuth": {"username": REFERENCE, "password": SECRET}},
        {**STORE, "name": "c"},
    ]
    first, second, third = prometheus(tmp_path, {"remoteWrite": stores}).remote_write
    assert (first.headers, second.headers) == ({"X-Scope-OrgID": "team-a"}, {})
    assert first.bearer_token
    assert second.basic_auth
    assert second.basic_auth.username == SecretKeyReference(secret="prometheus", key="token")
    assert (third.bearer_token, third.basic_auth) == (None, None)
