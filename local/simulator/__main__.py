"""`python -m local.simulator`: the simulator of the embedded cluster, as `local.cluster` starts it."""

import argparse
import sys
import threading
import time
from collections.abc import Sequence

from local import logs
from local.cluster import ports
from local.cluster.api import ApiServer
from local.simulator.application import TICK_SECONDS
from local.simulator.cluster_view import ClusterView
from local.simulator.server import Control, Network, serve
from local.simulator.simulation import Simulation
from local.state import State

MOST_TICKS_BEHIND = 60
"""What is made up for after the machine was busy; the time during which it slept is not."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until ended by a signal."""
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description="the applications in the pods")
    parser.add_argument("--listen-port", type=int, required=True)
    parser.add_argument("--seed", type=int, default=0, help="another one gives other counters")
    parser.add_argument(
        "--program", action="append", default=[], metavar="NAME=PORT", help="a program that some pod stands for"
    )
    options = parser.parse_args(arguments)
    logs.to_standard_error()
    state = State.current()
    view = ClusterView(ApiServer(state, ports.recorded(state)["kube-apiserver"]))
    simulation = Simulation(view.sight, options.seed)
    programs = {name: int(port) for name, _, port in (each.partition("=") for each in options.program)}
    server = serve(options.listen_port, Network(simulation, programs), Control(simulation, view))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    view.start()
    _tick(simulation)
    return 0


def _tick(simulation: Simulation) -> None:
    """One tick after another, for ever, none of them twice."""
    due = time.monotonic()
    while True:
        due = max(due + TICK_SECONDS, time.monotonic() - MOST_TICKS_BEHIND * TICK_SECONDS)
        time.sleep(max(0.0, due - time.monotonic()))
        simulation.tick()


if __name__ == "__main__":
    sys.exit(main())
