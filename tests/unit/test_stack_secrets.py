"""Secrets of a stack: where they may be, and how they are set."""

import pickle
from pathlib import Path
from typing import Any

import pytest

from catalog.alerting import Alerting
from catalog.secrets import EACH, SecretKeyReference, SecretText, credential_places
from catalog.stack import StackSettings
from tests.unit.settings_workbench import (
    CREDENTIALS,
    SECRET_KEYS,
    SENTINEL,
    Place,
    changed,
    encrypted,
    everything,
    from_engine,
    from_file,
    minimal,
    refusal,
    refusal_of_file,
    value_at,
)

REFERENCE = {"secret": "alerting", "key": "webhook"}


def credential(settings: StackSettings, place: Place) -> SecretText | SecretKeyReference:
    """The credential at `place`, which files spell in camelCase."""
    found: Any = settings
    for part in place:
        if isinstance(part, int):
            found = found[part]
        else:
            fields = {field.alias or name: name for name, field in type(found).model_fields.items()}
            found = getattr(found, fields[part])
    assert isinstance(found, SecretText | SecretKeyReference)
    return found


def test_the_program_knows_every_place_of_a_credential() -> None:
    known = set(credential_places(StackSettings))
    others = {("alerting", "pager", "opsgenie", "apiKey"), ("alerting", "pager", "webhook", "url")}
    stores = ("bearerToken", "basicAuth.username", "basicAuth.password")
    assert known == {place for place in CREDENTIALS if place[0] == "alerting"} | others | {
        ("prometheus", "remoteWrite", EACH, *store.split(".")) for store in stores
    }


@pytest.mark.parametrize("place", CREDENTIALS)
def test_a_secret_of_the_engine_is_revealed_to_who_asks_for_it_and_to_nobody_else(place: Place) -> None:
    found = credential(from_engine(everything(), SECRET_KEYS), place)
    assert isinstance(found, SecretText)
    assert found.reveal() == value_at(everything(), place)
    assert {repr(found), str(found), f"{found}"} == {"[secret]"}


@pytest.mark.parametrize("place", CREDENTIALS)
def test_a_secret_in_a_file_is_accepted_without_being_known(tmp_path: Path, place: Place) -> None:
    found = credential(from_file(tmp_path, encrypted(everything())), place)
    assert isinstance(found, SecretText)
    assert (found.is_known, found.reveal()) == (False, "[secret]")


@pytest.mark.parametrize("place", CREDENTIALS)
def test_a_reference_to_an_existing_secret_stands_wherever_a_credential_can(tmp_path: Path, place: Place) -> None:
    settings = changed(everything(), place, REFERENCE)
    expected = SecretKeyReference(secret="alerting", key="webhook")
    assert credential(from_engine(settings, SECRET_KEYS), place) == expected
    in_file = changed(encrypted(everything()), place, REFERENCE)
    assert credential(from_file(tmp_path, in_file), place) == expected


def test_settings_never_show_a_secret() -> None:
    settings = from_engine(everything(), SECRET_KEYS)
    assert SENTINEL not in f"{settings!r} {settings} {settings.model_dump()} {settings.warnings}"
    assert "webhook=[secret]" in repr(settings)
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_secrets_are_equal_where_their_text_is() -> None:
    assert SecretText("a") == SecretText("a")
    assert len({SecretText("a"), SecretText("a"), SecretText("b"), SecretText()}) == 3
    assert SecretText("a") != "a"


@pytest.mark.parametrize(
    ("place", "command"),
    [
        (("alerting", "slack", "webhook"), "--secret api-observability:alerting.slack.webhook"),
        (("alerting", "email", "password"), "--secret api-observability:alerting.email.password"),
        (
            ("alerting", "pager", "pagerduty", "routingKey"),
            "--secret api-observability:alerting.pager.pagerduty.routingKey",
        ),
        (("alerting", "heartbeat", "url"), "--secret api-observability:alerting.heartbeat.url"),
        (
            ("prometheus", "remoteWrite", 0, "bearerToken"),
            "--secret 'api-observability:prometheus.remoteWrite[0].bearerToken'",
        ),
        (
            ("prometheus", "remoteWrite", 1, "basicAuth", "username"),
            "--secret 'api-observability:prometheus.remoteWrite[1].basicAuth.username'",
        ),
    ],
)
def test_a_credential_in_clear_text_is_refused_with_the_command_that_encrypts_it(
    tmp_path: Path, place: Place, command: str
) -> None:
    in_file = changed(encrypted(everything()), place, SENTINEL)
    by_engine = minimal(**{str(place[0]): everything()[str(place[0])]})
    for lines in (refusal_of_file(tmp_path, in_file, "prod"), refusal(by_engine, (), "prod")):
        (told,) = [line for line in lines if command in line]
        assert (
            "stands in clear text where a secret belongs; set it with `pulumi config set --stack prod --path " in told
        )
        assert told.endswith("`, or name the key of an existing Secret: {secret: …, key: …}")
        assert SENTINEL not in "".join(lines)


@pytest.mark.parametrize(
    ("settings", "path"),
    [
        ({"alerting": {"slack": {}}}, "alerting.slack.webhook"),
        ({"alerting": {"heartbeat": {}}}, "alerting.heartbeat.url"),
        ({"alerting": {"pager": {"opsgenie": {}}}}, "alerting.pager.opsgenie.apiKey"),
        (
            {"alerting": {"email": {"to": ["a@b"], "from": "a@b", "smarthost": "c:25", "username": "u"}}},
            "alerting.email.password",
        ),
    ],
)
def test_a_missing_credential_is_told_with_the_command_that_sets_it(settings: dict[str, Any], path: str) -> None:
    (told,) = refusal(minimal(**settings), stack="stage")
    assert told.startswith(f"Pulumi.stage.yaml: config.api-observability:{path}: is missing")
    assert f"; set it with `pulumi config set --stack stage --path --secret api-observability:{path}`" in told


@pytest.mark.parametrize("wrong", [None, 3, True, [], {}, {"secret": "a"}, {"name": "a", "key": "b"}])
def test_what_is_no_credential_is_refused_without_being_shown(wrong: object) -> None:
    (told,) = refusal(minimal(alerting={"heartbeat": {"url": wrong}}))
    assert "config.api-observability:alerting.heartbeat.url: is not a secret; set it with `pulumi config set" in told


@pytest.mark.parametrize(
    ("place", "text", "told"),
    [
        (
            ("alerting", "slack", "webhook"),
            "T000/B000",
            "is a secret that is not an http or https address; set it with",
        ),
        (("alerting", "email", "password"), "", "is a secret that is not one line of text without spaces around it"),
        (("alerting", "email", "password"), "two\nlines", "is a secret that is not one line of text without spaces"),
        (("alerting", "email", "password"), " left", "is a secret that is not one line of text without spaces around"),
    ],
)
def test_a_secret_that_cannot_be_right_is_refused_once_it_is_decrypted(place: Place, text: str, told: str) -> None:
    (line,) = refusal(changed(everything(), place, text), SECRET_KEYS)
    assert told in line


@pytest.mark.parametrize(
    "wrong", [{"secret": SENTINEL.upper(), "key": "a"}, {"secret": "a", "key": f"{SENTINEL}/"}], ids=["secret", "key"]
)
def test_a_secret_written_where_its_name_belongs_is_not_shown(wrong: dict[str, str]) -> None:
    (told,) = refusal(minimal(alerting={"heartbeat": {"url": wrong}}))
    assert "[secret] is not " in told
    assert SENTINEL not in told.lower()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (
            {"namespace": {"secure": "v1:x"}},
            "namespace: is a secret, and this setting would show it; set it anew without",
        ),
        (
            {"prometheus": {"address": {"secure": "v1:x"}}},
            "prometheus.address: is a secret, and this setting would show",
        ),
        ({"images": {"a": {"secure": "v1:x"}}}, "images.a: is a secret, and this setting would show it"),
        (
            {"alerting": {"teams": {"a": {"email": [{"secure": "v1:x"}]}}}},
            "alerting.teams.a.email[0]: is a secret, and",
        ),
        (
            {"platform": {"monitoring": {"values": {"a": [{"b": {"secure": "v1:x"}}]}}}},
            "platform.monitoring.values.a[0].b: is a secret, and this setting would show it",
        ),
        (
            {"alerting": {"slack": {"secure": "v1:x"}}},
            "alerting.slack: is encrypted as a whole, so that nobody can check it; encrypt each secret in it by "
            "itself, such as: pulumi config set --stack dev --path --secret api-observability:alerting.slack.webhook",
        ),
        (
            {"prometheus": {"remoteWrite": {"secure": "v1:x"}}},
            "prometheus.remoteWrite: is encrypted as a whole, so that nobody can check it; encrypt each secret in it "
            "by itself, such as: pulumi config set --stack dev --path --secret "
            "'api-observability:prometheus.remoteWrite[0].bearerToken'",
        ),
        ({"alerting": {"secure": "v1:x"}}, "alerting: is encrypted as a whole"),
        ({"alerting": {"slak": {"webhook": {"secure": "v1:x"}}}}, "alerting.slak: unknown key — did you mean 'slack'?"),
        ({"alerting": {"slak": {"secure": "v1:x"}}}, "alerting.slak: unknown key — did you mean 'slack'?"),
        ({"alertng": {"secure": "v1:x"}}, "alertng: unknown key — did you mean 'alerting'?"),
        (
            {"alerting": {"slack": [{"secure": "v1:x"}]}},
            "alerting.slack: [secret] is not a mapping of keys to values",
        ),
    ],
)
def test_a_secret_where_none_belongs_is_one_fault_at_its_place(
    tmp_path: Path, settings: dict[str, Any], told: str
) -> None:
    (line,) = refusal_of_file(tmp_path, minimal(**settings))
    assert line.startswith(f"Pulumi.dev.yaml: config.api-observability:{told}")


def test_a_mapping_of_the_only_key_secure_that_holds_no_text_is_no_secret_to_the_engine(tmp_path: Path) -> None:
    (told,) = refusal_of_file(tmp_path, minimal(alerting={"heartbeat": {"url": {"secure": 5}}}))
    assert "alerting.heartbeat.url: is not a secret" in told


@pytest.mark.parametrize(
    "settings",
    [
        {"namespace": "apis"},
        {"prometheus": {"retention": "90d"}},
        {"alerting": {"runbookUrl": "https://a.example.com"}},
    ],
)
def test_a_key_that_the_engine_keeps_secret_without_a_credential_in_it_is_refused(settings: dict[str, Any]) -> None:
    (key,) = settings
    (told,) = refusal(minimal(**settings), (key,))
    assert f"{key}: is a secret, and this setting would show it; set it anew without --secret" in told


def test_a_misspelt_key_within_a_secret_one_is_told_as_such_and_not_to_be_set_in_clear_text() -> None:
    (told,) = refusal(minimal(alerting={"slak": {"webhook": SENTINEL}}), ("alerting",))
    assert "alerting.slak: unknown key — did you mean 'slack'?" in told


def test_values_are_shown_where_the_engine_knows_of_no_secret_and_hidden_where_it_does() -> None:
    wrong = changed(changed(everything(), ("prometheus", "retention"), "long"), ("grafana", "adminSecret"), "A B")
    assert refusal(wrong, SECRET_KEYS) == [
        "Pulumi.dev.yaml: config.api-observability:prometheus.retention: "
        "[secret] is not a time to keep samples (such as 30d)",
        "Pulumi.dev.yaml: config.api-observability:grafana.adminSecret: 'A B' is not the name of a Kubernetes object "
        "(lower-case letters, digits, '-' and '.', at most 253) (such as database)",
    ]


def test_alerting_alone_can_be_made_of_secrets_without_a_stack() -> None:
    alerting = Alerting.model_validate({"heartbeat": {"url": SecretText("https://a.example.com")}})
    assert alerting.heartbeat
    assert isinstance(alerting.heartbeat.url, SecretText)
