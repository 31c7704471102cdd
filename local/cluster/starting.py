"""Starting the cluster: what runs and is well stays, what is missing is started, what has changed is started anew."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

from local.cluster import credentials, folder, health, ports, processes
from local.cluster.api import ApiServer, client
from local.cluster.cluster import Cluster
from local.cluster.component import Component, Setting, Stage
from local.cluster.components import COMPONENTS, ETCD_SOCKET, OF_STAGE
from local.cluster.last_words import last_words, port_was_taken
from local.cluster.pod_stages import write_delayed
from local.cluster.stopping import GRACE_SECONDS, stop_components
from local.errors import LocalError
from local.programs import assets, ensure
from local.state import State
from local.waiting import wait_until

Report = Callable[[str], None]

START_SECONDS = 120.0
"""Until a program must be healthy; the slowest takes 4 s alone on 2 cores, and builds may be running beside it."""

PATIENCE_SECONDS = 10.0
"""How long a process that runs but does not answer is waited for before it is started anew."""

_PLATFORM = "platform objects"
_STEPS = [
    *(component.name for component in COMPONENTS if component.stage < Stage.CONTROLLERS),
    _PLATFORM,
    *(component.name for component in COMPONENTS if component.stage >= Stage.CONTROLLERS),
]


def start(state: State, report: Report = print, time_scale: float = 1) -> Cluster:
    """Have the embedded cluster of the state folder running, and return it; one that runs and is well is reused.

    With a `time_scale` Prometheus looks, and the applications are asked, so many times as often as usual.

    A stopped cluster comes back with its objects, UID and credentials. Ctrl-C and SIGTERM stop what this call has
    started. Raises LocalError of one line, after stopping it likewise.
    """
    with processes.terminations_interrupt(), folder.telling_refusals(state):
        programs = ensure(
            [component.name for component in COMPONENTS if not component.module], partial(_report_news, report)
        )
        definitions = [assets("argo-rollouts"), assets("prometheus-operator")]
        folder.prepare(state)
        with folder.locked(state, report):
            pod_stages = state.cluster_data / "pod-stages.yaml"
            write_delayed(assets("kwok") / "stages.yaml", pod_stages)
            setting = Setting(state, programs, pod_stages, ports.recorded(state), time_scale)
            return _Start(setting, definitions, report).run()


def _report_news(report: Report, line: str) -> None:
    """Report what is built or taken from PATH; that a program is in the cache is no news."""
    if not line.endswith("… cached"):
        report(line)


class _Start:
    """One start, under the lock."""

    def __init__(self, setting: Setting, definitions: Sequence[Path], report: Report) -> None:
        self._state = setting.state
        self._definitions = definitions
        self._report = report
        self._setting = setting
        self._launched: dict[str, float] = {}

    def run(self) -> Cluster:
        if cluster := self._reusable():
            self._report(f"the embedded cluster runs at {cluster.server}")
            return cluster
        begin = time.monotonic()
        try:
            cluster = self._bring_up()
        except BaseException:
            with processes.interrupts_held():
                self._undo()
            raise
        self._report(f"the embedded cluster is up at {cluster.server} after {time.monotonic() - begin:.1f} s")
        return cluster

    def _reusable(self) -> Cluster | None:
        """The cluster as the last start left it, if all of it runs as it would be started now, and is well."""
        known = self._setting.ports
        if any(name not in known for component in COMPONENTS for name in component.ports):
            return None
        cluster = Cluster.recorded(self._state)
        well = cluster and all(self._as_wanted(each) and self._healthy(each) for each in COMPONENTS)
        return cluster if well else None

    def _bring_up(self) -> Cluster:
        state = self._state
        state.cluster_file.unlink(missing_ok=True)
        processes.stop_strays(state, GRACE_SECONDS)
        folder.require_room(state)
        self._settle_ports()
        credentials.provide_token(state)
        self._bring_store()
        if not processes.running(state, "kube-apiserver"):
            credentials.drop_unusable_certificate(state)
        self._bring(Stage.SERVER)
        credentials.write_kubeconfig(state, self._setting.ports["kube-apiserver"])
        server = ApiServer(state, self._setting.ports["kube-apiserver"])
        pool = ThreadPoolExecutor(1)
        try:
            platform = pool.submit(self._provide_platform, server)
            self._bring(Stage.NODES)
            self._report_step(_PLATFORM, platform.result())
        except LocalError:
            for component in (*OF_STAGE[Stage.STORE], *OF_STAGE[Stage.SERVER]):
                self._require_running(component)  # the requests fail because it has ended: that is the news
            raise
        finally:
            # After Ctrl-C its requests fail as soon as the API server is stopped.
            pool.shutdown(wait=False, cancel_futures=True)
        self._bring_controllers()
        self._await_nodes()
        cluster = Cluster(state, server.cluster_uid(), server.url, self._setting.ports)
        folder.write_private(state.cluster_file, json.dumps({"uid": cluster.uid, "server": cluster.server}) + "\n")
        return cluster

    def _bring_store(self) -> None:
        """Have etcd running, anew where it may be why the API server does not answer."""
        self._bring(Stage.STORE)
        (store,), (server,) = OF_STAGE[Stage.STORE], OF_STAGE[Stage.SERVER]
        if not (self._as_wanted(server) and self._answers_in_time(server)) and store.name not in self._launched:
            stop_components(self._state, [store, server])
            self._bring(Stage.STORE)

    def _bring_controllers(self) -> None:
        """Have the controllers and what watches them running; once more where one found its port taken at its start.

        Some of them are told the ports of others.
        """
        known: Mapping[str, int] = {}
        while known != self._setting.ports:
            known = self._setting.ports
            self._bring(Stage.CONTROLLERS)
            self._bring(Stage.MONITORING)

    def _provide_platform(self, server: ApiServer) -> float:
        """Apply everything of bootstrap.py; returns the seconds it took."""
        # Imported here because it takes longer than finding a running cluster does.
        from local.cluster import bootstrap  # noqa: PLC0415

        begin = time.monotonic()
        definitions = bootstrap.read_definitions(self._definitions)
        with client(self._state) as kubernetes:
            bootstrap.apply_objects(kubernetes, "namespaces.yaml", "nodes.yaml", "argo-rollouts.yaml")
            bootstrap.apply_definitions(server, kubernetes, definitions)
            bootstrap.apply_objects(
                kubernetes, "monitoring.yaml", "kube-state-metrics.yaml", time_scale=self._setting.time_scale
            )
        return time.monotonic() - begin

    def _await_nodes(self) -> None:
        from local.cluster import bootstrap  # noqa: PLC0415

        with client(self._state) as kubernetes:
            wait_until(lambda: bootstrap.nodes_ready(kubernetes), START_SECONDS, "kwok to make the nodes ready")

    def _settle_ports(self) -> None:
        """Keep the ports of what runs and those that are free, choose others for the rest."""
        names = [name for component in COMPONENTS for name in component.ports]
        in_use = {
            name
            for component in COMPONENTS
            if processes.running(self._state, component.name)
            for name in component.ports
        }
        settled = ports.settle(self._state, names, in_use)
        self._setting = replace(self._setting, ports=settled)

    def _bring(self, stage: Stage) -> None:
        """Have every program of the stage running and healthy."""
        for component in OF_STAGE[stage]:
            if not self._as_wanted(component) or not self._answers_in_time(component):
                self._launch(component)
        waiting = [component for component in OF_STAGE[stage] if component.name in self._launched]
        deadline = time.monotonic() + START_SECONDS
        while waiting:
            for component in list(waiting):
                if port_was_taken(processes.log_path(self._state, component.name)):
                    self._launch_elsewhere(component)
                elif self._healthy(component):
                    waiting.remove(component)
                    self._report_step(component.name, time.monotonic() - self._launched[component.name])
                else:
                    self._require_running(component)
                if time.monotonic() > deadline:
                    raise self._failure(component, f"is not healthy after {START_SECONDS:g} s")
            time.sleep(processes.POLL_SECONDS)

    def _as_wanted(self, component: Component) -> bool:
        """Whether the program runs, with the flags and files with which it would be started now."""
        process = processes.running(self._state, component.name)
        return process is not None and process.fingerprint == component.launch(self._setting).fingerprint()

    def _healthy(self, component: Component) -> bool:
        return health.healthy(component, self._state, self._setting.ports)

    def _answers_in_time(self, component: Component) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._healthy(component):
            if time.monotonic() > deadline or not processes.running(self._state, component.name):
                return False
            time.sleep(processes.POLL_SECONDS)
        return True

    def _launch(self, component: Component) -> None:
        stop_components(self._state, [component])
        if component.stage == Stage.STORE:
            (self._state.cluster_data / ETCD_SOCKET).unlink(missing_ok=True)  # it is there again once etcd listens
        with processes.interrupts_held():
            self._launched[component.name] = time.monotonic()
            processes.launch(self._state, component.launch(self._setting))

    def _launch_elsewhere(self, component: Component) -> None:
        """Start a program anew whose port was taken in the moment between choosing it and listening on it."""
        stop_components(self._state, [component])
        self._settle_ports()
        self._launch(component)

    def _require_running(self, component: Component) -> None:
        if not processes.running(self._state, component.name):
            raise self._failure(component, "ended at its start")

    def _failure(self, component: Component, what: str) -> LocalError:
        if folder.is_full(self._state):
            return LocalError(
                f"{component.name} {what}: the disk that holds {self._state.folder} is full; free some space"
            )
        log = processes.log_path(self._state, component.name)
        return LocalError(f"{component.name} {what}: {last_words(log)}; its log is {log}")

    def _report_step(self, name: str, seconds: float) -> None:
        self._report(f"[{_STEPS.index(name) + 1}/{len(_STEPS)}] {name} … {seconds:.1f} s")

    def _undo(self) -> None:
        """Stop what this start has started."""
        stop_components(self._state, [component for component in COMPONENTS if component.name in self._launched])
