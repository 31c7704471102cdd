"""The ports of the cluster: all on the loopback address, chosen once and kept as long as nobody else takes them."""

import json
import socket
from collections.abc import Collection, Iterable
from contextlib import ExitStack

from local.cluster.folder import write_private
from local.state import State

LOOPBACK = "127.0.0.1"


def recorded(state: State) -> dict[str, int]:
    """The ports of the last start by name; empty before the first one, or when the record cannot be read."""
    try:
        ports = json.loads((state.cluster_data / "ports.json").read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return ports if isinstance(ports, dict) and all(isinstance(port, int) for port in ports.values()) else {}


def settle(state: State, names: Iterable[str], in_use: Collection[str]) -> dict[str, int]:
    """A port for each name, recorded for the next start.

    A recorded one is kept while its own process runs (`in_use`) or nobody listens there; else another free one is
    chosen.
    """
    known = recorded(state)
    kept = {name: known[name] for name in names if name in known and (name in in_use or is_free(known[name]))}
    missing = [name for name in names if name not in kept]
    ports = kept | dict(zip(missing, _free_ports(len(missing)), strict=True))
    write_private(state.cluster_data / "ports.json", json.dumps(ports, indent=2) + "\n")
    return ports


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do, or connections that have just been closed would make the port look taken for a minute.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    with socket.socket() as probe:
        # macOS lets one bind beside a server that listens on every address.
        return probe.connect_ex((LOOPBACK, port)) != 0


def _free_ports(count: int) -> list[int]:
    """Distinct free ports; held together while they are chosen, so that none comes twice."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((LOOPBACK, 0))
        return [int(each.getsockname()[1]) for each in sockets]
