"""Credentials of the config reach the cluster as one Secret, and everything else as a reference to it."""

import base64

import pulumi
import pytest

from catalog.secrets import SecretKeyReference, SecretText
from cli.recording import Recording, record
from components.credentials import Credentials
from tests.unit.settings_workbench import SENTINEL

REFERENCE = SecretKeyReference(secret="theirs", key="token")


def provisioned(credentials: Credentials, preview: bool, resource_name: str | None = None) -> Recording:
    options = pulumi.ResourceOptions()
    return record(lambda: credentials.provision(options, resource_name), stack="dev", preview=preview)[1]


def test_a_text_becomes_a_key_of_the_own_secret(preview: bool) -> None:
    credentials = Credentials("ours", "monitoring")
    assert credentials.reference(SecretText(SENTINEL), "token") == {"name": "ours", "key": "token"}
    secret = provisioned(credentials, preview).one("Secret", "ours")
    assert secret.inputs["metadata"]["namespace"] == "monitoring"
    assert secret.inputs["data"] == {"token": base64.b64encode(SENTINEL.encode()).decode()}


def test_the_engine_gets_the_data_as_a_secret_and_nothing_else_of_it_holds_one(preview: bool) -> None:
    credentials = Credentials("ours", "monitoring")
    credentials.reference(SecretText(SENTINEL), "token")
    secret = provisioned(credentials, preview).one("Secret", "ours")
    assert secret.secret_inputs == ("data",)
    assert SENTINEL not in str({name: value for name, value in secret.inputs.items() if name != "data"})
    assert SENTINEL not in repr(credentials)


def test_a_secret_of_the_cluster_is_referred_to_as_it_is_and_none_is_made(preview: bool) -> None:
    credentials = Credentials("ours", "monitoring")
    assert credentials.reference(REFERENCE, "token") == {"name": "theirs", "key": "token"}
    assert provisioned(credentials, preview).resources == []


def test_one_credential_may_be_asked_for_twice_and_two_never_share_a_key() -> None:
    credentials = Credentials("ours", "monitoring")
    credentials.reference(SecretText(SENTINEL), "token")
    credentials.reference(SecretText(SENTINEL), "token")
    with pytest.raises(ValueError, match="two credentials want the key 'token' of Secret 'ours'") as caught:
        credentials.reference(SecretText("another"), "token")
    assert SENTINEL not in str(caught.value)


def test_secrets_of_one_name_in_two_namespaces_are_two_resources(preview: bool) -> None:
    def both() -> None:
        for namespace in ("apis", "monitoring"):
            credentials = Credentials("ours", namespace)
            credentials.reference(SecretText(SENTINEL), "token")
            credentials.provision(pulumi.ResourceOptions(), f"{namespace}/ours")

    _, recording = record(both, stack="dev", preview=preview)
    assert {entry.name for entry in recording.of("Secret")} == {"apis/ours", "monitoring/ours"}
    assert {entry.inputs["metadata"]["name"] for entry in recording.of("Secret")} == {"ours"}
