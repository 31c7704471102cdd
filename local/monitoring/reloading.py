"""Handing a program its newest configuration: put into force, reloaded, and taken back where it is refused."""

import http.client
import logging
from collections.abc import Mapping
from dataclasses import dataclass

from local.cluster.api import ask
from local.monitoring.generations import Generations

RELOAD_SECONDS = 30.0
"""Prometheus answers once all rules are loaded and every discovery has been told."""

_LOG = logging.getLogger(__name__)


@dataclass
class Reloaded:
    """One program that is told by POST /-/reload, at `url`, to read its configuration again.

    `fault` is why the newest configuration is not in force. `pending` is one that the program has not been told of: at
    the start nobody knows what it has read.
    """

    name: str
    url: str
    generations: Generations
    fault: str = ""
    pending: bool = True

    def __post_init__(self) -> None:
        self._accepted = self._newest = self.generations.current

    @property
    def configured(self) -> bool:
        """Whether the program has something to start with."""
        return self._newest is not None

    def offer(self, files: Mapping[str, str]) -> None:
        """Put these files into force, unless they are the newest already."""
        newest = self.generations.store(files)
        if newest == self._newest:
            return
        self._newest, self.pending = newest, True
        self.generations.enforce(newest)

    def settle(self) -> None:
        """Tell the program, if there is something to tell; one that does not run reads it when it starts."""
        if not self.pending or self._newest is None:
            return
        try:
            refusal = self._reload()
            self.pending = False
            if refusal:
                self._take_back(refusal)
            else:
                self._keep()
        except (OSError, http.client.HTTPException) as error:
            _LOG.info("%s does not answer: %s", self.name, error)

    def _keep(self) -> None:
        self.fault, self._accepted = "", self._newest
        self.generations.forget_others()
        _LOG.info("%s has loaded configuration %s", self.name, self._newest)

    def _take_back(self, refusal: str) -> None:
        """Have the program work on with the last configuration it accepted: of the new one it may have taken a part."""
        self.fault = f"{self.name} refused its newest configuration: {refusal}"
        _LOG.error("%s", self.fault)
        if self._accepted is not None and self._accepted != self._newest:
            self.generations.enforce(self._accepted)
            self._reload()

    def _reload(self) -> str:
        """Why the program refused; empty where it did not. Raises OSError or HTTPException without an answer."""
        answer = ask(f"{self.url}/-/reload", method="POST", timeout_seconds=RELOAD_SECONDS)
        return "" if answer.status == http.client.OK else answer.body.decode(errors="replace").strip()
