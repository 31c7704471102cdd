"""`python -m local.monitoring`: the config-reloader of the embedded cluster, as `local.cluster` starts it."""

import argparse
import http.server
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from local import logs
from local.cluster.api import ApiServer
from local.cluster.ports import LOOPBACK, recorded
from local.monitoring.configuration import Surroundings
from local.monitoring.generations import Generations
from local.monitoring.reloader import Reloader
from local.monitoring.reloading import Reloaded
from local.state import State


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until ended by a signal."""
    parser = argparse.ArgumentParser(prog="python -m local.monitoring", description="the config-reloader")
    for port in ("listen", "simulator", "prometheus", "alertmanager"):
        parser.add_argument(f"--{port}-port", type=int, required=True)
    for program in ("prometheus", "alertmanager"):
        parser.add_argument(f"--{program}-folder", type=Path, required=True, help="where its configurations are put")
    options = parser.parse_args(arguments)
    logs.to_standard_error()
    state = State.current()
    alertmanager = f"{LOOPBACK}:{options.alertmanager_port}"
    reloader = Reloader(
        ApiServer(state, recorded(state)["kube-apiserver"]),
        Surroundings(str(state.kubeconfig), f"http://{LOOPBACK}:{options.simulator_port}", alertmanager),
        _reloaded("prometheus", f"http://{LOOPBACK}:{options.prometheus_port}", options.prometheus_folder),
        _reloaded("alertmanager", f"http://{alertmanager}", options.alertmanager_folder),
    )
    server = http.server.ThreadingHTTPServer((LOOPBACK, options.listen_port), _handler(reloader))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    reloader.run()
    return 0


def _reloaded(name: str, url: str, folder: Path) -> Reloaded:
    folder.mkdir(parents=True, exist_ok=True)
    return Reloaded(name, url, Generations(folder))


def _handler(reloader: Reloader) -> type[http.server.BaseHTTPRequestHandler]:
    """`/healthz`: whether the programs can be started. `/readyz`: whether they run with what was generated last."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Say what is wrong, one line each."""
            wrong = reloader.waits_for if self.path == "/healthz" else reloader.faults
            self.send_response(http.HTTPStatus.SERVICE_UNAVAILABLE if wrong else http.HTTPStatus.OK)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.end_headers()
            self.wfile.write(("\n".join(wrong) or "ok").encode() + b"\n")

        def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
            """Say nothing: it is asked all the time."""

    return Handler


if __name__ == "__main__":
    sys.exit(main())
