"""The machine that figures are of, in one line."""

import os
import platform
from pathlib import Path

_GIBIBYTE = 1024**3


def machine() -> str:
    """Cores, the model of the CPU, memory, the system, Python, and how busy it is: others may be at work on it."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / _GIBIBYTE
    return (
        f"{len(os.sched_getaffinity(0))} cores of {_cpu_model()}, {memory:.0f} GiB, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


def _cpu_model() -> str:
    """What Linux says of the first core, which on some machines is nothing."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return next(iter(models), "") or platform.processor() or "an unnamed CPU"
