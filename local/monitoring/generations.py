"""Configurations on disk: each in a folder of its own, and a link that says which one is in force.

A program that is restarted reads what the link names; it is moved in one step and moved back where a configuration is
refused, so that a program never starts with a file that it has refused before.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

CURRENT = "current"


@dataclass(frozen=True)
class Generations:
    """The configurations of one program, below `folder`."""

    folder: Path

    @property
    def current(self) -> str | None:
        """The name of the one in force; None before the first."""
        link = self.folder / CURRENT
        return link.readlink().name if link.is_symlink() else None

    def store(self, files: Mapping[str, str]) -> str:
        """Write the files, by relative path, and return the name of this generation, which is of their content."""
        name = hashlib.sha256(json.dumps(dict(files), sort_keys=True).encode()).hexdigest()[:16]
        target = self.folder / name
        if not target.exists():
            draft = self.folder / f".{name}.new"
            shutil.rmtree(draft, ignore_errors=True)
            for path, text in files.items():
                file = draft / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")
            draft.rename(target)
        return name

    def enforce(self, name: str) -> None:
        """Let the link name that generation."""
        draft = self.folder / f".{CURRENT}.new"
        draft.unlink(missing_ok=True)
        draft.symlink_to(name)
        draft.replace(self.folder / CURRENT)

    def forget_others(self) -> None:
        """Remove every generation but the one in force."""
        for path in self.folder.iterdir():
            if path.name not in (CURRENT, self.current):
                shutil.rmtree(path)
