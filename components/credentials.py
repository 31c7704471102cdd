"""Credentials of the stack's config as keys of a Secret, for what can only refer to one."""

import base64
from dataclasses import dataclass, field
from typing import Any

import pulumi

from catalog.secrets import Credential, SecretKeyReference
from components.kubernetes_object import MANAGED_BY, KubernetesObject


@dataclass
class Credentials:
    """The Secret `name` that holds the credentials somebody has given in the config; none where there are none.

    Ask for the `reference` of each credential first, and `provision` the Secret then.
    """

    name: str
    namespace: str
    _texts: dict[str, str] = field(default_factory=dict, repr=False)

    def reference(self, credential: Credential, key: str) -> dict[str, str]:
        """A `SecretKeySelector`: `key` of the own Secret for a text, and what is referred to as it is.

        ValueError where another text has that key already.
        """
        if isinstance(credential, SecretKeyReference):
            return {"name": credential.secret, "key": credential.key}
        if self._texts.setdefault(key, credential.reveal()) != credential.reveal():
            raise ValueError(f"two credentials want the key '{key}' of Secret '{self.name}'")
        return {"name": self.name, "key": key}

    def provision(self, opts: pulumi.ResourceOptions, resource_name: str | None = None) -> list[KubernetesObject]:
        """The Secret, where anything is in it; `resource_name` tells it from one of its name in another namespace."""
        if not self._texts:
            return []
        return [KubernetesObject(resource_name or self.name, self._manifest(), opts)]

    def _manifest(self) -> dict[str, Any]:
        # `data` and not `stringData`: under server-side apply, a key that leaves `stringData` stays in the Secret.
        encoded = {key: base64.b64encode(text.encode()).decode() for key, text in sorted(self._texts.items())}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": self.name, "namespace": self.namespace, "labels": MANAGED_BY},
            "type": "Opaque",
            # The official plugin hides the data of every Secret too; with this the engine never sees it in clear.
            "data": pulumi.Output.secret(encoded),
        }
