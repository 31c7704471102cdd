"""What the Prometheus operator has generated: the Secrets and ConfigMaps in which its pods would find it."""

import base64
import gzip
from collections.abc import Mapping

from local.mirror import Object
from local.monitoring.configuration import ALERTMANAGER_FILE, PROMETHEUS_FILE

NAMESPACE = "monitoring"
PROMETHEUS = "prometheus-kube-prometheus-stack-prometheus"
ALERTMANAGER = "alertmanager-kube-prometheus-stack-alertmanager-generated"

_RULE_FILES = f"{PROMETHEUS}-rulefiles-"
_PACKED = ".gz"

Texts = Mapping[str, str]
ByName = Mapping[tuple[str, str], Texts]
"""The texts of Secrets or ConfigMaps, by the namespace and name of each."""


def secret_texts(secret: Object) -> dict[str, str]:
    """What a Secret of the operator holds, unpacked; empty for other Secrets, which are none of ours to read."""
    if secret["metadata"]["name"] not in (PROMETHEUS, ALERTMANAGER):
        return {}
    contents = {key: base64.b64decode(value) for key, value in (secret.get("data") or {}).items()}
    return {
        key.removesuffix(_PACKED): (gzip.decompress(content) if key.endswith(_PACKED) else content).decode()
        for key, content in contents.items()
    }


def config_map_texts(config_map: Object) -> dict[str, str]:
    """What a ConfigMap holds."""
    return dict(config_map.get("data") or {})


def prometheus_configuration(secrets: ByName) -> str | None:
    """Prometheus's configuration; None before the operator has written one."""
    return secrets.get((NAMESPACE, PROMETHEUS), {}).get(PROMETHEUS_FILE)


def alertmanager_configuration(secrets: ByName) -> Texts | None:
    """Alertmanager's configuration and templates; None before the operator has written one."""
    texts = secrets.get((NAMESPACE, ALERTMANAGER), {})
    return texts if ALERTMANAGER_FILE in texts else None


def rules(config_maps: ByName) -> dict[str, Texts] | None:
    """The rule files by ConfigMap and key; None while the operator replaces them.

    To change them the operator deletes all of those ConfigMaps and creates them again (pkg/operator/rules.go), at least
    one even without any rule. Whoever took that moment for the truth would make every pending alert begin anew.
    """
    return {name: texts for (_, name), texts in config_maps.items() if name.startswith(_RULE_FILES)} or None
