"""A user of a cluster of their own: a copy of the checkout, their `pulumi`, backend and kubeconfig."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from local import plugin, programs
from local.state import CHECKOUT, State


@dataclass
class Checkout:
    """A copy of the checkout, and the environment of a user who has `pulumi`, a backend and a cluster."""

    folder: Path
    environment: dict[str, str]

    def run(self, *command: str) -> "subprocess.CompletedProcess[str]":
        """A command in the copy, with the user's environment."""
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, check=False, text=True, capture_output=True
        )

    def make_up(self, stack: str = "dev") -> "subprocess.CompletedProcess[str]":
        """What `make up STACK=… ` runs, with the question answered."""
        return self.run(sys.executable, "-m", "cli", "up", "--yes", "--stack", stack)

    def mend_torn_files(self) -> None:
        """What docs/operations.md has for a state that cannot be read, in the folder of the backend."""
        subprocess.run(["find", ".pulumi", "-name", "*.attrs", "-size", "0", "-delete"], cwd=self.backend, check=True)

    @property
    def backend(self) -> Path:
        """The folder of the user's backend."""
        return Path(self.environment["PULUMI_BACKEND_URL"].removeprefix("file://"))

    def pulumi(self, *arguments: str) -> str:
        """The output of `pulumi`; the test fails where it does."""
        finished = self.run("pulumi", *arguments, "--non-interactive")
        assert finished.returncode == 0, finished.stdout + finished.stderr
        return finished.stdout

    def configure(self, stack: str, settings: Mapping[str, str]) -> None:
        """Set settings of a stack by their paths."""
        for path, value in settings.items():
            self.pulumi("config", "set", "--path", path, value, "--stack", stack)


def checkout_of(cluster: State, home: Path, context: str) -> Checkout:
    """A copy of the checkout in `home`, whose user knows the embedded cluster as `context`."""
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=CHECKOUT,
        check=True,
        text=True,
        capture_output=True,
    ).stdout.splitlines()
    for name in filter(lambda name: (CHECKOUT / name).exists(), tracked):  # one that was removed may be tracked still
        target = home / "checkout" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(CHECKOUT / name, target)
    kubeconfig = yaml.safe_load(cluster.kubeconfig.read_text(encoding="utf-8"))
    kubeconfig["contexts"][0]["name"] = context
    kubeconfig["current-context"] = ""
    (home / "kubeconfig").write_text(yaml.safe_dump(kubeconfig), encoding="utf-8")
    engine = programs.engine_folder(programs.ensure(["pulumi", "pulumi-language-python"], lambda _: None))
    (home / "backend").mkdir()
    (home / "passphrase").write_text("a passphrase of the user's", encoding="utf-8")
    plugin.install(home / "bin")
    environment = {
        **os.environ,
        "PATH": os.pathsep.join(map(str, [home / "bin", engine, Path(sys.executable).parent, os.environ["PATH"]])),
        "PULUMI_HOME": str(home / "pulumi"),
        "PULUMI_BACKEND_URL": f"file://{home / 'backend'}",
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(home / "passphrase"),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "KUBECONFIG": str(home / "kubeconfig"),
    }
    return Checkout(home / "checkout", environment)
