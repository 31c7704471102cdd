"""The `helm` program, for `helm.v3.Release`."""

import json
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from local.errors import LocalError
from local.plugin.errors import PluginError
from local.plugin.kubeconfig import Access, file_of
from local.plugin.values import Properties

_POLL_SECONDS = 0.1

_BOTH = {
    "atomic": "--atomic",
    "dependencyUpdate": "--dependency-update",
    "devel": "--devel",
    "disableOpenapiValidation": "--disable-openapi-validation",
    "renderSubchartNotes": "--render-subchart-notes",
    "verify": "--verify",
}
_ON_INSTALL = {
    "createNamespace": "--create-namespace",
    "disableWebhooks": "--no-hooks",
    "replace": "--replace",
    "skipCrds": "--skip-crds",
}
_ON_UPGRADE = {
    "cleanupOnFail": "--cleanup-on-fail",
    "disableCRDHooks": "--no-hooks",
    "forceUpdate": "--force",
    "resetValues": "--reset-values",
    "reuseValues": "--reuse-values",
}
_REPOSITORY = {
    "repo": "--repo",
    "caFile": "--ca-file",
    "certFile": "--cert-file",
    "keyFile": "--key-file",
}


class HelmError(PluginError):
    """`helm` ended with an error; the text is its own last line."""

    @property
    def release_not_found(self) -> bool:
        """No release of that name in the namespace."""
        return "release: not found" in str(self)


class Helm:
    """Runs `helm` against one cluster; a cancelled provider interrupts it, which makes helm clean up."""

    def __init__(self, access: Access, cancelled: threading.Event, report: Callable[[str], None]) -> None:
        self._access = access
        self._report = report
        self._cancelled = cancelled
        self._running: set[subprocess.Popen[str]] = set()

    def install(self, release: Properties) -> Properties:
        """Install the release and wait for it unless `skipAwait`; the release as helm records it."""
        flags = [*_flags(release, _BOTH), *_flags(release, _ON_INSTALL), *_waiting(release)]
        return self._with_values(["install", release["name"], release["chart"], *flags], release)

    def upgrade(self, release: Properties) -> Properties:
        """Upgrade the release and wait for it unless `skipAwait`; the release as helm records it."""
        flags = [*_flags(release, _BOTH), *_flags(release, _ON_UPGRADE), *_waiting(release)]
        flags += ["--history-max", str(release.get("maxHistory") or 0)]
        return self._with_values(["upgrade", release["name"], release["chart"], *flags], release)

    def uninstall(self, release: Properties) -> str:
        """Remove the release; what helm has to say about what it kept."""
        waits = release.get("atomic") or not release.get("skipAwait")
        flags = ["--wait", "--timeout", f"{release.get('timeout') or 300}s"] if waits else []
        return self._run(["uninstall", release["name"], "--namespace", release["namespace"], *flags])

    def status(self, namespace: str, name: str) -> Properties | None:
        """The release as helm records it; None where there is none."""
        place = [name, "--namespace", namespace, "--output", "json"]
        try:
            recorded = _parsed(self._run(["status", *place]))
            chart = _parsed(self._run(["get", "metadata", *place]))
        except HelmError as error:
            if error.release_not_found:
                return None
            raise
        # `helm status` leaves the chart out, which `helm install` has.
        return {**recorded, "chart": {"metadata": {**chart, "name": chart.get("chart", "")}}}

    def chart(self, release: Properties) -> Properties:
        """Chart.yaml of a chart that is not a local one."""
        import yaml  # noqa: PLC0415 - see kubeconfig.parse

        options = [*_chart_options(release), *_flags(release, {"devel": "--devel"})]
        shown = yaml.safe_load(self._run(["show", "chart", release["chart"], *options]))
        return shown if isinstance(shown, dict) else {}

    def _with_values(self, arguments: list[str], release: Properties) -> Properties:
        arguments = [*arguments, "--namespace", release["namespace"], "--output", "json", *_chart_options(release)]
        if release.get("description"):
            arguments += ["--description", release["description"]]
        if release.get("postrender"):
            arguments += ["--post-renderer", release["postrender"]]
        if release.get("verify") and release.get("keyring"):
            arguments += ["--keyring", release["keyring"]]
        with tempfile.NamedTemporaryFile("w", suffix=".json") as values:  # mode 0600: values may hold secrets
            json.dump(release.get("values") or {}, values)
            values.flush()
            return _parsed(self._run([*arguments, "--values", values.name], interruptible=True))

    def interrupt(self) -> None:
        """Ask every running `helm` to end; an install or upgrade records itself as failed."""
        for process in tuple(self._running):
            process.terminate()

    def _run(self, arguments: list[str], interruptible: bool = False) -> str:
        with self._kubeconfig() as kubeconfig:
            access = ["--kubeconfig", kubeconfig, "--kube-context", self._access.context]
            process = subprocess.Popen(
                [_program(self._report), *arguments, *access],
                # Of these some would lead helm to another cluster than the one that was made sure of.
                env={name: value for name, value in os.environ.items() if not name.startswith("HELM_KUBE")},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            self._running.add(process)
            try:
                out, err = self._finish(process, interruptible)
            finally:
                self._running.discard(process)
        if process.returncode:
            lines = [line for line in err.splitlines() if line.strip()]
            raise HelmError(lines[-1].removeprefix("Error: ") if lines else f"helm ended with {process.returncode}")
        return out

    def _finish(self, process: subprocess.Popen[str], interruptible: bool) -> tuple[str, str]:
        while True:
            try:
                return process.communicate(timeout=_POLL_SECONDS)
            except subprocess.TimeoutExpired:
                if interruptible and self._cancelled.is_set():
                    process.terminate()
                    interruptible = False

    @contextmanager
    def _kubeconfig(self) -> Iterator[str]:
        """The kubeconfig's path; contents given inline go to a file that only this user can read, for this one run."""
        path = file_of(self._access.source)
        if path:
            yield str(path)
            return
        with tempfile.NamedTemporaryFile("w", suffix=".kubeconfig") as file:
            file.write(self._access.source)
            file.flush()
            yield file.name


def _program(report: Callable[[str], None]) -> str:
    """`helm` from PATH, or the pinned one; it is looked for only when a program has a Release."""
    found = shutil.which("helm")
    if found:
        return found
    from local import programs  # noqa: PLC0415 - few programs have a Release, and no others need this

    try:
        try:
            return str(programs.where("helm"))
        except LocalError:
            return str(programs.ensure(["helm"], report)["helm"])
    except LocalError as error:
        raise PluginError(f"helm.v3.Release needs the helm program: {error}") from None


def _flags(release: Properties, names: dict[str, str]) -> list[str]:
    return [flag for name, flag in names.items() if release.get(name) is True]


def _waiting(release: Properties) -> list[str]:
    waits = [] if release.get("skipAwait") else ["--wait", *_flags(release, {"waitForJobs": "--wait-for-jobs"})]
    return [*waits, "--timeout", f"{release.get('timeout') or 300}s"]


def _chart_options(release: Properties) -> list[str]:
    repository = release.get("repositoryOpts") or {}
    if repository.get("username") or repository.get("password"):
        raise PluginError(
            "the stand-in for the Kubernetes plugin gives no password to a chart repository: every user of the machine "
            "could read it among helm's arguments; use a local chart"
        )
    options = [part for name, flag in _REPOSITORY.items() if repository.get(name) for part in (flag, repository[name])]
    if release.get("version") and not Path(release["chart"]).exists():
        options += ["--version", release["version"]]
    return options


def _parsed(output: str) -> Properties:
    try:
        found: Properties = json.loads(output)
    except json.JSONDecodeError:
        raise PluginError(f"helm printed no JSON but: {output.strip()[:200]}") from None
    return found
