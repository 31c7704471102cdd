"""From the provider's `kubeconfig` and `context` to an address, credentials and a default namespace."""

import base64
import os
import ssl
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from local.plugin.errors import PluginError
from local.plugin.objects import pluck, text

_LONGEST_PATH = 4096
"""Linux's own limit; whatever is longer is contents, and asking the file system for it would be an error."""


@dataclass(frozen=True)
class Access:
    """How to reach one API server: its URL, TLS settings, request headers, and the namespace used for none."""

    server: str
    tls: ssl.SSLContext | None
    headers: dict[str, str] = field(repr=False)
    namespace: str
    context: str
    source: str = field(repr=False)
    """The kubeconfig itself: a path, or its contents."""

    @property
    def host(self) -> str:
        """The host of the URL, without brackets."""
        return urlsplit(self.server).hostname or ""


def load(path_or_contents: str, context: str, cluster: str, namespace: str) -> Access:
    """The access that the provider's settings name; each of them may be empty.

    Without a kubeconfig the usual places are read: `$KUBECONFIG`, then `~/.kube/config`. PluginError, in one line,
    where the configuration is missing, is not a kubeconfig, or needs what this plugin cannot do (exec credentials).
    """
    source = path_or_contents or _ambient()
    config = parse(source)
    context = context or text(config, "current-context")
    chosen = _entry(config, "contexts", context, "context")
    cluster = cluster or text(chosen, "cluster")
    target = _entry(config, "clusters", cluster, "cluster")
    user = _entry(config, "users", text(chosen, "user"), "user") if text(chosen, "user") else {}
    if "exec" in user or "auth-provider" in user:
        raise PluginError(f"kubeconfig context {context!r} logs in by a helper program, which this stand-in cannot do")
    server = text(target, "server")
    if urlsplit(server).scheme not in ("http", "https"):
        raise PluginError(f"kubeconfig context {context!r} has no server URL (found {server!r})")
    file = file_of(source)
    folder = file.parent if file else Path()
    return Access(
        server=server.rstrip("/"),
        tls=_tls(target, user, folder) if server.startswith("https") else None,
        headers=_headers(user, folder),
        namespace=namespace or text(chosen, "namespace") or "default",
        context=context,
        source=source,
    )


def parse(path_or_contents: str) -> dict[str, Any]:
    """A kubeconfig given by path (a leading `~` is the home folder) or by its contents; empty gives an empty one."""
    import yaml  # noqa: PLC0415 - costs 60 ms, and many runs of the plugin never configure a provider

    path = file_of(path_or_contents)
    try:
        config = yaml.safe_load(path.read_text() if path else path_or_contents) or {}
    except yaml.YAMLError as error:
        raise PluginError(f"kubeconfig is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(config, dict):
        raise PluginError(f"kubeconfig {path_or_contents!r} is neither a file nor the contents of one")
    return config


def file_of(path_or_contents: str) -> Path | None:
    """The file that a `kubeconfig` setting names; None where the setting is a kubeconfig's contents."""
    if not path_or_contents or "\n" in path_or_contents or len(path_or_contents) >= _LONGEST_PATH:
        return None
    path = Path(path_or_contents).expanduser()
    return path if path.is_file() else None


def _ambient() -> str:
    for candidate in (os.environ.get("KUBECONFIG") or "").split(os.pathsep):
        if candidate and Path(candidate).is_file():
            return candidate
    return str(Path("~/.kube/config").expanduser())


def _entry(config: dict[str, Any], section: str, name: str, field_name: str) -> dict[str, Any]:
    for entry in config.get(section) or []:
        if pluck(entry, "name") == name:
            found = pluck(entry, field_name)
            return found if isinstance(found, dict) else {}
    raise PluginError(f"kubeconfig has no {field_name} {name!r}")


def _data(section: dict[str, Any], key: str, folder: Path) -> bytes | None:
    """A file's contents, given inline in base64 as `<key>-data` or by path as `<key>`, relative to the kubeconfig."""
    if text(section, f"{key}-data"):
        return base64.b64decode(section[f"{key}-data"])
    if not text(section, key):
        return None
    path = folder / text(section, key)
    if not path.is_file():
        raise PluginError(f"kubeconfig names {key} {path}, and there is no such file")
    return path.read_bytes()


def _tls(cluster: dict[str, Any], user: dict[str, Any], folder: Path) -> ssl.SSLContext:
    authority = _data(cluster, "certificate-authority", folder)
    try:
        context = ssl.create_default_context(cadata=authority.decode() if authority else None)
        if cluster.get("insecure-skip-tls-verify") is True:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        certificate, key = _data(user, "client-certificate", folder), _data(user, "client-key", folder)
        if certificate and key:
            with tempfile.NamedTemporaryFile() as pem:  # mode 0600; the ssl module reads only from files
                pem.write(certificate + b"\n" + key)
                pem.flush()
                context.load_cert_chain(pem.name)
    except ssl.SSLError as error:
        raise PluginError(f"kubeconfig has a certificate that cannot be used: {error}") from None
    return context


def _headers(user: dict[str, Any], folder: Path) -> dict[str, str]:
    token = text(user, "token")
    if not token and text(user, "tokenFile"):
        token = (_data(user, "tokenFile", folder) or b"").decode().strip()
    if token:
        return {"Authorization": f"Bearer {token}"}
    if text(user, "username"):
        pair = f"{user['username']}:{text(user, 'password')}".encode()
        return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
    return {}
