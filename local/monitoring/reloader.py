"""The loop that follows the operator's output and hands it to Prometheus and Alertmanager."""

import threading
from collections.abc import Sequence

from local.cluster.api import ApiServer
from local.mirror import Mirror
from local.monitoring import operator_output
from local.monitoring.configuration import Surroundings, alertmanager_files, prometheus_files
from local.monitoring.reloading import Reloaded

QUIET_SECONDS = 0.3
"""A change is taken over once no other has followed for so long: the operator writes rules and configuration apart."""

AGAIN_SECONDS = 1.0
"""Between two attempts to reach a program that has not been told yet."""


class Reloader:
    """Keeps one Prometheus and one Alertmanager at what the operator has generated last."""

    def __init__(
        self, server: ApiServer, surroundings: Surroundings, prometheus: Reloaded, alertmanager: Reloaded
    ) -> None:
        self._surroundings = surroundings
        self._prometheus = prometheus
        self._alertmanager = alertmanager
        self._changed = threading.Event()
        space = f"/api/v1/namespaces/{operator_output.NAMESPACE}"
        self._secrets = Mirror(server, f"{space}/secrets", operator_output.secret_texts, self._changed.set)
        self._config_maps = Mirror(server, f"{space}/configmaps", operator_output.config_map_texts, self._changed.set)

    @property
    def _programs(self) -> Sequence[Reloaded]:
        return (self._prometheus, self._alertmanager)

    @property
    def waits_for(self) -> list[str]:
        """The programs that have nothing to start with yet."""
        return [f"{each.name} has no configuration yet" for each in self._programs if not each.configured]

    @property
    def faults(self) -> list[str]:
        """Why a program may not run with what the operator has generated last."""
        causes = [self._secrets.fault, self._config_maps.fault, *(each.fault for each in self._programs)]
        return [*self.waits_for, *filter(None, causes)]

    def run(self) -> None:
        """Follow the cluster, for ever."""
        self._secrets.start()
        self._config_maps.start()
        while True:
            self._changed.wait(AGAIN_SECONDS if any(each.pending for each in self._programs) else None)
            while self._changed.is_set():
                self._changed.clear()
                self._changed.wait(QUIET_SECONDS)
            self._follow()

    def _follow(self) -> None:
        secrets, config_maps = self._secrets.snapshot(), self._config_maps.snapshot()
        generated, rules = operator_output.prometheus_configuration(secrets), operator_output.rules(config_maps)
        if generated is not None and rules is not None:
            self._prometheus.offer(prometheus_files(generated, rules, self._surroundings))
        if (files := operator_output.alertmanager_configuration(secrets)) is not None:
            self._alertmanager.offer(alertmanager_files(files))
        for program in self._programs:
            program.settle()
