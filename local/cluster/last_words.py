"""Why a program ended, out of its log: the one line a person wants to read."""

import json
import os
import re
from pathlib import Path

TAIL_BYTES = 64 * 1024
LONGEST = 300

_KLOG = re.compile(r"^[A-Z]\d{4} [\d:.]+\s+\d+ \S+\] (?P<message>.*)$")
_LOGFMT = re.compile(
    r'\bmsg=(?P<message>"(?:[^"\\]|\\.)*"|\S+)(?:.*?\b(?:err|error)=(?P<error>"(?:[^"\\]|\\.)*"|\S+))?'
)
_FATAL = re.compile(r'^F\d{4} |\blevel=(?:fatal|panic)\b|"level":"(?:fatal|panic)"|^panic: |^fatal error: |^Error: ')
_ERROR = re.compile(r'^E\d{4} |\blevel=(?:error|ERROR)\b|"level":"error"')


def last_words(log: Path) -> str:
    """The last line that tells of a failure, fatal ones first, else the last line; without its technical head."""
    lines = _tail(log)
    if not lines:
        return "it wrote nothing"
    for pattern in (_FATAL, _ERROR):
        failures = [line for line in lines if pattern.search(line)]
        if failures:
            return _shortened(_message(failures[-1]))
    return _shortened(_message(lines[-1]))


def port_was_taken(log: Path) -> bool:
    """Whether the program could not listen because another does; some of them only log it and run on."""
    return any("address already in use" in line.lower() for line in _tail(log))


def _tail(log: Path) -> list[str]:
    if not log.exists():
        return []
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - TAIL_BYTES))
        return [line.strip() for line in file.read().decode(errors="replace").splitlines() if line.strip()]


def _message(line: str) -> str:
    if line.startswith("{"):
        # Not as a document: the last line of a log may be cut off.
        parts = [match[1] for key in ("msg", "error") if (match := re.search(rf'"{key}":("(?:[^"\\]|\\.)*")', line))]
        return ": ".join(str(json.loads(part)) for part in parts) or line
    if match := _KLOG.match(line):
        return match["message"]
    if match := _LOGFMT.search(line):
        return ": ".join(part.strip('"') for part in match.groups() if part)
    return line


def _shortened(message: str) -> str:
    return message if len(message) <= LONGEST else message[: LONGEST - 1] + "…"
