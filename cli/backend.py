"""The file backend of the embedded stack, put right after a run that was killed or a cluster that was removed."""

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

from local.state import State

_CLUSTER_UID = "cluster-uid"


def forget_another_cluster(state: State, report: Callable[[str], None]) -> None:
    """Remove the stack's state where it speaks of a cluster that is no more: nothing of what it knows exists now."""
    uid = json.loads(state.cluster_file.read_text(encoding="utf-8"))["uid"]
    known = state.backend / _CLUSTER_UID
    if known.exists() and known.read_text(encoding="utf-8") != uid:
        report("the embedded cluster is a new one: the stack begins anew")
        shutil.rmtree(state.backend)
    state.backend.mkdir(parents=True, exist_ok=True)
    known.write_text(uid, encoding="utf-8")


def release_dead_locks(state: State, report: Callable[[str], None]) -> bool:
    """Remove the locks of runs whose process is gone (killed, or the machine went down); whether there were any.

    A lock says who holds it: the backend writes its process, user and host into it.
    """
    dead = [lock for lock in (state.backend / ".pulumi" / "locks").rglob("*.json") if _is_dead(lock)]
    for lock in dead:
        report(f"removed the lock of a run that was killed: {lock.name}")
        lock.unlink()
    return bool(dead)


def _is_dead(lock: Path) -> bool:
    try:
        holder = json.loads(lock.read_text(encoding="utf-8"))
        if holder["hostname"] != socket.gethostname():
            return False
        os.kill(int(holder["pid"]), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, FileNotFoundError):
        return False
    except (ValueError, LookupError, TypeError):
        return True  # cut short by the kill
    return False
