"""The file backend of the embedded stack, put right after a run that was killed or a cluster that was removed."""

import json
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.engine import Engine
from local.state import EMBEDDED_STACK, State

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
    dead = [lock for lock in _locks(state) if _is_dead(lock)]
    for lock in dead:
        report(f"removed the lock of a run that was killed: {lock.name}")
        lock.unlink()
    return bool(dead)


def remove_torn_files(state: State, report: Callable[[str], None]) -> None:
    """Remove what a killed run had no time to fill, or the backend could not read the file beside it (`EOF`).

    The backend replaces the state itself in one step, but not the small file with its type and its sum, which may as
    well be absent (gocloud.dev, blob/fileblob/attrs.go, `setAttrs` and `getAttrs`).
    """
    if any(not _is_dead(lock) for lock in _locks(state)):
        return  # somebody is just writing it
    for file in (state.backend / ".pulumi").rglob("*.attrs"):
        if file.stat().st_size == 0:
            report(f"removed a file that a killed run left empty: {file.name}")
            file.unlink()


def put_right(state: State, engine: Engine, report: Callable[[str], None]) -> bool:
    """Whether killed runs may have made objects that the stack's state lacks, which the next run is to take over.

    The engine writes down what it is about to do before it does it, and forgets an update or a deletion in the next
    run, but never a creation. So nothing that may have been made is missing there, whatever was run in between. Those
    that were completed later are taken out, or the engine would warn of them for ever: it drops them where the state is
    exported and imported again.
    """
    if _locks(state):
        return False  # somebody is at work: what has begun goes on
    checkpoint = _checkpoint(state)
    begun, recorded = _begun_creations(checkpoint), {each["urn"] for each in checkpoint.get("resources") or []}
    if lost := sorted(_name(each) for each in begun if _is_object(each) and each["urn"] not in recorded):
        report(f"a run was killed while it made {', '.join(lost)}: this run takes over what is there")
    elif begun:
        with tempfile.TemporaryDirectory(dir=state.folder) as folder:
            for command in ("export", "import"):
                engine.run("stack", command, "--file", f"{folder}/state.json", check=True, capture=True)
    return bool(lost)


def _locks(state: State) -> list[Path]:
    return list((state.backend / ".pulumi" / "locks").rglob("*.json"))


def _name(resource: dict[str, Any]) -> str:
    """`Service seedtest-api`."""
    return f"{resource['type'].rsplit(':', 1)[-1]} {resource['urn'].rsplit('::', 1)[-1]}"


def _begun_creations(checkpoint: dict[str, Any]) -> list[dict[str, Any]]:
    pending = checkpoint.get("pending_operations") or []
    return [each["resource"] for each in pending if each["type"] == "creating"]


def _is_object(resource: dict[str, Any]) -> bool:
    """Components and providers are nothing that could be left behind in the cluster."""
    return bool(resource.get("custom")) and not resource["type"].startswith("pulumi:")


def _checkpoint(state: State) -> dict[str, Any]:
    """The stack's state as the engine keeps it in its file; empty before there is any."""
    files = list((state.backend / ".pulumi" / "stacks").glob(f"*/{EMBEDDED_STACK}.json"))
    return (json.loads(files[0].read_text(encoding="utf-8"))["checkpoint"].get("latest") or {}) if files else {}


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
