"""What the tests see of an embedded cluster from outside: sockets, kinds, and the command line."""

import contextlib
import os
import re
import subprocess
import sys
from pathlib import Path

from lightkube.generic_resource import create_namespaced_resource

from local.cluster import processes
from local.cluster.components import COMPONENTS
from local.state import CHECKOUT, STATE_VARIABLE, State

Rollout = create_namespaced_resource("argoproj.io", "v1alpha1", "Rollout", "rollouts")
ServiceMonitor = create_namespaced_resource("monitoring.coreos.com", "v1", "ServiceMonitor", "servicemonitors")

NAMES = [component.name for component in COMPONENTS]

_LISTENING = "0A"
"""The kernel's TCP_LISTEN (include/net/tcp_states.h)."""


def pids(state: State) -> dict[str, int]:
    """The pid of each program of the cluster that runs."""
    running = {name: processes.running(state, name) for name in NAMES}
    return {name: process.pid for name, process in running.items() if process}


def listening_addresses(pid: int) -> set[str]:
    """The addresses a process listens on, as the kernel tells: hexadecimal, IPv4 in host byte order."""
    inodes = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        # A program that runs closes some while this looks.
        with contextlib.suppress(FileNotFoundError):
            if found := re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink())):
                inodes.add(found[1])
    lines = [
        line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()
    ]
    return {fields[1].partition(":")[0] for fields in lines if fields[3] == _LISTENING and fields[9] in inodes}


def command(state: State, name: str) -> "subprocess.Popen[str]":
    """`python -m local.cluster <name>` on that state folder, as a person runs it."""
    return subprocess.Popen(
        [sys.executable, "-u", "-m", "local.cluster", name],
        cwd=CHECKOUT,
        env={**os.environ, STATE_VARIABLE: str(state.folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
