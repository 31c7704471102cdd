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

_BREATH_SECONDS = 0.002


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until ended by a signal."""
    parser = argparse.ArgumentParser(prog="python -m local.simulator", description="the applications in the pods")
    parser.add_argument("--listen-port", type=int, required=True)
    parser.add_argument("--time-scale", type=float, default=1.0, help="how many times as fast a tick follows another")
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
    _tick(simulation, options.time_scale)
    return 0


def _tick(simulation: Simulation, time_scale: float) -> None:
    """One tick after another, for ever, none of them twice."""
    due, pause = time.monotonic(), TICK_SECONDS / time_scale
    while True:
        due = max(due + pause, time.monotonic() - MOST_TICKS_BEHIND * pause)
        # However late it is, those who wait for an answer come in between.
        time.sleep(max(_BREATH_SECONDS, due - time.monotonic()))
        simulation.tick()


if __name__ == "__main__":
    sys.exit(main())
