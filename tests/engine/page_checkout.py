"""A checkout of somebody who tries what the pages say, block by block, in one shell."""

import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from local import programs
from local.state import State
from tests.engine.own_checkout import Checkout, checkout_of

_SECONDS = 300
"""A block that takes longer hangs."""

_KUBECTL = """#!/bin/sh
# kubectl runs its plugin kubectl-argo-rollouts as `kubectl argo rollouts`; the pages' blocks want nothing else of it.
[ "$1 $2" = "argo rollouts" ] || { echo "only kubectl's plugin is here: kubectl $*" >&2; exit 1; }
shift 2
exec kubectl-argo-rollouts "$@"
"""


@dataclass
class PageCheckout:
    """A copy of the checkout with the same virtual environment, as a git repository; and what its shell exports."""

    checkout: Checkout
    exports: Path

    @property
    def folder(self) -> Path:
        """Where the blocks are run."""
        return self.checkout.folder

    def run(self, block: str) -> tuple[int, str]:
        """The exit status of a block, and all that it printed. What it exports, the blocks after it see."""
        keep = f"trap 'status=$?; export -p > {self.exports}; exit $status' EXIT"
        script = f". {self.exports}\n{keep}\nset -eo pipefail\n{block}\n"
        with subprocess.Popen(
            ["bash", "-c", script],
            cwd=self.folder,
            env=self.checkout.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as shell:
            try:
                printed, _ = shell.communicate(timeout=_SECONDS)
            except subprocess.TimeoutExpired:
                os.killpg(shell.pid, signal.SIGTERM)
                printed, _ = shell.communicate()
                printed += f"\n(ended after {_SECONDS} s)"
            except BaseException:  # whoever interrupts the tests does not reach a session of its own
                os.killpg(shell.pid, signal.SIGTERM)
                raise
        return shell.returncode, printed

    def begin_anew(self) -> None:
        """A new shell, and the files as they are in the repository."""
        self.exports.write_text("", encoding="utf-8")
        self._git("checkout", "--quiet", ".")

    def _git(self, *words: str) -> None:
        subprocess.run(["git", *words], cwd=self.folder, env=self.checkout.environment, check=True, capture_output=True)


def page_checkout(cluster: State, home: Path) -> PageCheckout:
    """A copy in `home` for somebody who has `pulumi`, kubectl with its plugin, and a stack `dev` made once."""
    checkout = checkout_of(cluster, home, "dev")
    _link_environment(checkout.folder / ".venv")
    kubectl, plugin = home / "bin" / "kubectl", "kubectl-argo-rollouts"
    kubectl.write_text(_KUBECTL, encoding="utf-8")
    kubectl.chmod(0o755)
    (home / "bin" / plugin).symlink_to(programs.ensure([plugin], lambda _: None)[plugin])
    # The environment knows the packages of the checkout it was made for; here they are the copy's.
    checkout.environment["PYTHONPATH"] = str(checkout.folder)
    found = PageCheckout(checkout, home / "exports")
    who = ("-c", "user.name=reader", "-c", "user.email=reader@example.com")
    found._git("init", "--quiet", "--initial-branch", "main")
    found._git("add", "--all")
    found._git(*who, "commit", "--quiet", "--message", "As it is")
    checkout.pulumi("stack", "init", "dev")
    found._git(*who, "commit", "--quiet", "--all", "--message", "A stack", "--allow-empty")
    return found


def _link_environment(folder: Path) -> None:
    """The virtual environment that runs the tests, under another name: making a second one takes minutes.

    The folders are real, and only what is in them is linked: whatever empties them empties nothing else.
    """
    own = Path(sys.prefix)
    (folder / "bin").mkdir(parents=True)
    for name in ("lib", "pyvenv.cfg"):
        (folder / name).symlink_to(own / name)
    for program in (own / "bin").iterdir():
        (folder / "bin" / program.name).symlink_to(program)
    command = folder / "bin" / "api-observability"
    command.unlink()
    command.write_text(f"#!{folder / 'bin' / 'python'}\nimport sys\n\nfrom cli import main\n\nsys.exit(main())\n")
    command.chmod(0o755)
    (folder / "ready").touch()  # newer than what make compares it with
