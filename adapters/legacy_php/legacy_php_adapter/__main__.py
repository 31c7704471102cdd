"""`python -m legacy_php_adapter`: serve until SIGTERM, then finish what has begun."""

import os
import resource
import signal
import sys

from legacy_php_adapter import logs
from legacy_php_adapter.application import application
from legacy_php_adapter.server import listening, server
from legacy_php_adapter.settings import SettingsError, read_settings


def main() -> int:
    """Run the adapter; returns the exit status."""
    try:
        settings = read_settings(os.environ)
        sockets = [listening(settings.host, settings.port)]
    except SettingsError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"cannot listen on port {settings.port}: {os.strerror(error.errno or 0)}")
    logs.configure(settings.log_level)
    _allow_many_files()
    # uvicorn gives the signal back once it has stopped, which would make a pod that was told to end look killed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    fields = {"service": settings.service, "port": settings.port, "upstream": settings.upstream}
    logs.LOGGER.info("listening", extra={"fields": fields})
    server(application(settings), settings).run(sockets)
    return 0


def _failed(text: str) -> int:
    print("\n".join(f"error: {line}" for line in text.splitlines()), file=sys.stderr)
    return 2


def _allow_many_files() -> None:
    """Every request takes two: its client's connection and PHP's."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


if __name__ == "__main__":
    sys.exit(main())
