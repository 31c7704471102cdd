"""`api-observability check` against a made-up Prometheus: exit status, credentials, and one line for each fault."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from catalog.prometheus_settings import Access
from cli import main
from cli.prometheus import Prometheus, RefusedError, access_headers
from local.errors import LocalError
from local.state import CHECKOUT
from tests.unit.fake_prometheus import Reply, answering, refusal, success

NOTHING: dict[str, Any] = {"targets": {"activeTargets": []}, "rules": {"groups": []}}
SECRET = "s3cr3t-t0k3n"


def empty(path: str, _parameters: Mapping[str, str]) -> Reply:
    """A Prometheus that works, and knows nothing."""
    return success(NOTHING.get(path, {"resultType": "vector", "result": []}))


def test_an_empty_prometheus_has_gaps_of_every_kind_and_a_status_that_says_so(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with answering(empty) as fake:
        assert main(["check", "--stack", "dev", "--prometheus", fake.url]) == 1
    told = capsys.readouterr()
    rows = {line.split()[0]: line.split() for line in told.out.splitlines() if line and line[0] != " "}
    assert [rows[kind][-1] for kind in ("targets", "rules", "metrics")] != ["0", "0", "0"]
    for kind in ("target", "rule", "metric", "panel"):
        assert f"\n{kind} " in told.out.partition("\nGAP ")[2]
    assert "seedtest-api" in told.out
    assert "queries of panels …" in told.err


def test_an_address_at_which_nobody_answers_is_told_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--stack", "dev", "--prometheus", "http://127.0.0.1:1"]) == 1
    told = [line for line in capsys.readouterr().err.splitlines() if "…" not in line]
    assert len(told) == 1
    assert told[0].startswith("error: http://127.0.0.1:1 does not answer (")


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        ((401, {}, b"no"), "lets nobody in (401 Unauthorized); say who asks by prometheus.access"),
        ((302, {"Location": "http://elsewhere.example.com/"}, b""), "leads elsewhere (302); give the address"),
        ((200, {}, b"<html>a login page</html>"), "does not answer as a Prometheus does (200 OK)"),
        ((502, {}, b"bad gateway"), "does not answer as a Prometheus does (502 Bad Gateway)"),
        ((404, {}, b"404 page not found"), "tells no targets (404 Not Found); ask a Prometheus itself"),
    ],
)
def test_what_is_no_prometheus_is_told_in_one_line(reply: Reply, told: str) -> None:
    with answering(lambda _path, _parameters: reply) as fake:
        prometheus = Prometheus(fake.url, {"Authorization": f"Bearer {SECRET}"})
        with pytest.raises(LocalError) as caught:
            prometheus.targets()
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)
    assert len(fake.asked) == 1, "a redirect is not followed: the token is not for others"


def test_a_query_that_is_refused_does_not_end_the_check() -> None:
    with (
        answering(lambda _path, _parameters: refusal("query processing would load\ntoo many samples")) as fake,
        pytest.raises(RefusedError, match="query processing would load too many samples"),
    ):
        Prometheus(fake.url, {}).query("up")


def test_a_certificate_file_that_is_none_is_told_in_one_line() -> None:
    with pytest.raises(LocalError, match="cannot be asked"):
        Prometheus("https://127.0.0.1:1", {}, str(CHECKOUT / "no-such-file.pem"))


def access(**more: Any) -> Access:
    return Access.model_validate(more)


def read(_kind: str, namespace: str, name: str) -> Mapping[str, Any] | None:
    """A cluster with one Secret."""
    held = {"token": SECRET, "id": "me", "secret": "mine"}
    data = {key: base64.b64encode(value.encode()).decode() for key, value in held.items()}
    return {"data": data} if (namespace, name) == ("apis", "prometheus") else None


def test_whoever_the_settings_let_in_is_let_in() -> None:
    token = {"secret": "prometheus", "key": "token"}
    found = access_headers(access(headers={"X-Scope-OrgID": "team", "X-Key": token}, bearerToken=token), "apis", read)
    assert found == {"X-Scope-OrgID": "team", "X-Key": SECRET, "Authorization": f"Bearer {SECRET}"}
    with answering(empty) as fake:
        Prometheus(fake.url, found).query("up")
    assert fake.headers[0].items() >= {("Authorization", f"Bearer {SECRET}"), ("X-Scope-OrgID", "team")}


@pytest.mark.parametrize(
    ("secret", "key", "told"),
    [("other", "token", "there is no Secret 'other' in namespace 'apis'"), ("prometheus", "x", "has no key 'x'")],
)
def test_a_secret_that_is_not_there_is_named_and_its_keys_but_no_value(secret: str, key: str, told: str) -> None:
    with pytest.raises(LocalError) as caught:
        access_headers(access(bearerToken={"secret": secret, "key": key}), "apis", read)
    assert told in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_token_is_fetched_with_what_the_secrets_hold() -> None:
    def token(_path: str, _parameters: Mapping[str, str]) -> Reply:
        return 200, {}, json.dumps({"access_token": SECRET}).encode()

    with answering(token) as fake:
        oauth2 = {
            "tokenUrl": f"{fake.url}/token",
            "clientId": {"secret": "prometheus", "key": "id"},
            "clientSecret": {"secret": "prometheus", "key": "secret"},
        }
        found = access_headers(access(oauth2=oauth2), "apis", read)
    assert found == {"Authorization": f"Bearer {SECRET}"}
    assert fake.headers[0]["Authorization"] == "Basic " + base64.b64encode(b"me:mine").decode()


def test_a_token_that_is_not_given_is_told_in_one_line() -> None:
    with answering(lambda _path, _parameters: (400, {}, b'{"error": "invalid_client"}')) as fake:
        oauth2 = {
            "tokenUrl": f"{fake.url}/token",
            "clientId": {"secret": "prometheus", "key": "id"},
            "clientSecret": {"secret": "prometheus", "key": "secret"},
        }
        with pytest.raises(LocalError, match=r"gives no token \(400 Bad Request\)"):
            access_headers(access(oauth2=oauth2), "apis", read)
