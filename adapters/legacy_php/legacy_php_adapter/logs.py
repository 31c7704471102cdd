"""Logs as one JSON object a line on standard output, each request with the trace it belongs to."""

import json
import logging
import logging.config
import re
import time
from typing import Any

LOGGER = logging.getLogger("legacy_php_adapter")

_TRACEPARENT = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?")
_SAID_ALREADY = ("ASGI callable returned without completing response", "Unsupported upgrade", "No supported WebSocket")
"""What uvicorn says of answers that are broken off, and of WebSockets: both are lines of requests here."""


def configure(level: str) -> None:
    """Write what is of that level or worse, uvicorn's own words included."""
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "filters": {"said": {"()": _Said}},
            "formatters": {"json": {"()": _Json}},
            "handlers": {
                "out": {
                    "class": "logging.StreamHandler",
                    "stream": "ext://sys.stdout",
                    "formatter": "json",
                    "filters": ["said"],
                }
            },
            "root": {"level": "WARNING", "handlers": ["out"]},
            "loggers": {LOGGER.name: {"level": level.upper()}},
        }
    )


def trace_id(traceparent: bytes | None) -> str | None:
    """The trace of a W3C `traceparent`; None where it is malformed or zero, which says that there is none."""
    found = _TRACEPARENT.fullmatch(traceparent.strip()) if traceparent else None
    return found[1].decode() if found and found[1].strip(b"0") else None


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        """One line; `fields` of the record are keys of the object."""
        line: dict[str, Any] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


class _Said(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        """Whether nobody has said it yet."""
        return not (record.name == "uvicorn.error" and record.getMessage().startswith(_SAID_ALREADY))
