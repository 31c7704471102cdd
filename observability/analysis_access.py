"""How an AnalysisRun proves to a protected Prometheus who it is, or tells a shared one which tenant it is of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class SecretKey(Protocol):
    """The key of a Secret in the services' namespace, which is where Argo Rollouts looks it up."""

    @property
    def secret(self) -> str:
        """The Secret's name."""

    @property
    def key(self) -> str:
        """The key in its data. What it holds goes into requests as it is: no newline at its end."""


class OAuth2(Protocol):
    """The client-credentials flow of OAuth 2."""

    @property
    def token_url(self) -> str:
        """Where tokens are had."""

    @property
    def client_id(self) -> SecretKey:
        """Who asks."""

    @property
    def client_secret(self) -> SecretKey:
        """What proves it."""

    @property
    def scopes(self) -> Sequence[str]:
        """What the token is to be good for."""


class PrometheusAccess(Protocol):
    """What requests to Prometheus carry; every part may be missing or empty."""

    @property
    def headers(self) -> Mapping[str, "str | SecretKey"]:
        """Headers by name."""

    @property
    def bearer_token(self) -> SecretKey | None:
        """A token for the header Authorization."""

    @property
    def oauth2(self) -> OAuth2 | None:
        """Where to get such a token."""


@dataclass(frozen=True)
class AccessFields:
    """The access as an AnalysisTemplate has it: fields of `provider.prometheus`, and the arguments they read.

    Secrets are arguments because nothing else of a template can refer to one; Argo Rollouts keeps their values out of
    the AnalysisRun, its log and its messages (analysis/analysis.go, `resolveArgs`).
    """

    provider: dict[str, Any]
    arguments: list[dict[str, Any]]


def access_fields(access: PrometheusAccess | None) -> AccessFields:
    """The fields and arguments that carry the access; none of either where Prometheus is open to all."""
    fields = AccessFields({}, [])
    if access is None:
        return fields
    headers = [
        # By number: a name may have characters that JSON, in which arguments are replaced, writes differently.
        {"key": name, "value": value if isinstance(value, str) else _argument(fields, f"prometheus-header-{i}", value)}
        for i, (name, value) in enumerate(access.headers.items())
    ]
    if access.bearer_token:
        token = _argument(fields, "prometheus-token", access.bearer_token)
        headers.append({"key": "Authorization", "value": f"Bearer {token}"})
    if headers:
        fields.provider["headers"] = headers
    if access.oauth2:
        fields.provider["authentication"] = {
            "oauth2": {
                "tokenUrl": access.oauth2.token_url,
                "clientId": _argument(fields, "prometheus-client-id", access.oauth2.client_id),
                "clientSecret": _argument(fields, "prometheus-client-secret", access.oauth2.client_secret),
                "scopes": list(access.oauth2.scopes),
            }
        }
    return fields


def _argument(fields: AccessFields, name: str, reference: SecretKey) -> str:
    """Add an argument that reads a Secret; the text that stands for it."""
    source = {"secretKeyRef": {"name": reference.secret, "key": reference.key}}
    fields.arguments.append({"name": name, "valueFrom": source})
    return f"{{{{args.{name}}}}}"
