"""The credentials of the cluster: one random token, the API server's own certificate, and the kubeconfig with both."""

import base64
import re
import secrets
import ssl
import time
from pathlib import Path

import yaml

from local.cluster.folder import write_private
from local.cluster.ports import LOOPBACK
from local.state import EMBEDDED_CONTEXT, State

TOKEN_BYTES = 32

RENEW_AFTER_DAYS = 300
"""kube-apiserver makes its certificate for 365 days (client-go util/cert)."""

_OWNER = 'api-observability,api-observability,"system:masters"'
_TOKENS = re.compile(rf"^([0-9a-f]{{{2 * TOKEN_BYTES}}}),{re.escape(_OWNER)}\n$")


def token_file(state: State) -> Path:
    """What kube-apiserver reads the token from."""
    return state.cluster_data / "tokens.csv"


def certificate(state: State) -> Path:
    """The API server's certificate and the authority that signed it.

    kube-apiserver makes both at its first start; the authority's key is thrown away by it, so the file can be trusted
    as a whole.
    """
    return state.cluster_data / "certificates" / "apiserver.crt"


def private_key(state: State) -> Path:
    """The API server's key; it signs service account tokens too, which is kube-apiserver's own default for checking."""
    return certificate(state).with_suffix(".key")


def server_url(port: int) -> str:
    """Where the API server is."""
    return f"https://{LOOPBACK}:{port}"


def provide_token(state: State) -> None:
    """Make the cluster's token, unless there is one."""
    if not token(state):
        write_private(token_file(state), f"{secrets.token_hex(TOKEN_BYTES)},{_OWNER}\n")


def token(state: State) -> str:
    """The cluster's token, empty before the first start."""
    path = token_file(state)
    found = _TOKENS.match(path.read_text()) if path.exists() else None
    return found[1] if found else ""


def drop_unusable_certificate(state: State) -> None:
    """Remove a certificate that has no matching key (a start was killed between the two) or is about to expire.

    kube-apiserver refuses to start on the former and makes a new pair where there is none.
    """
    crt, key = certificate(state), private_key(state)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(crt, key)
        usable = time.time() - crt.stat().st_mtime < RENEW_AFTER_DAYS * 86400
    except (FileNotFoundError, ssl.SSLError):
        usable = False
    if not usable:
        crt.unlink(missing_ok=True)
        key.unlink(missing_ok=True)


def write_kubeconfig(state: State, port: int) -> None:
    """Write the kubeconfig; what it says of the port, token or certificate is always the present state."""
    authority = base64.b64encode(certificate(state).read_bytes()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": EMBEDDED_CONTEXT,
                "cluster": {"server": server_url(port), "certificate-authority-data": authority},
            }
        ],
        "users": [{"name": EMBEDDED_CONTEXT, "user": {"token": token(state)}}],
        "contexts": [
            {"name": EMBEDDED_CONTEXT, "context": {"cluster": EMBEDDED_CONTEXT, "user": EMBEDDED_CONTEXT}},
        ],
        "current-context": EMBEDDED_CONTEXT,
    }
    write_private(state.kubeconfig, yaml.safe_dump(config, sort_keys=False))
