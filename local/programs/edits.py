"""Building a program from its module with some words changed or files left out, where no flag would do."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from local.errors import LocalError


@dataclass(frozen=True)
class Edit:
    """Words of one file of a module, and what stands in their place in our build; programs.toml says why.

    Without words to find, the file is left out. Raises LocalError for words in the place of none, and of nothing.
    """

    file: str
    find: str | None = None
    replace: str = ""

    def __post_init__(self) -> None:
        if self.find == "" or (self.find is None and self.replace):
            raise LocalError(
                f"an edit of {self.file} in local/programs/programs.toml finds nothing: say what, or no more"
            )


def edited_copy(module: Path, edits: Iterable[Edit], target: Path) -> Path:
    """A copy of a module's folder at `target`, edited; LocalError where words are not there exactly once."""
    shutil.copytree(module, target, copy_function=shutil.copyfile)  # the module cache's own files are read-only
    for folder in [target, *(path for path in target.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    for edit in edits:
        path = target / edit.file
        if not path.is_file():
            raise _no_longer_fits(f"{module.name} has no {edit.file}")
        if edit.find is None:
            path.unlink()
            continue
        text = path.read_text(encoding="utf-8")
        if text.count(edit.find) != 1:
            raise _no_longer_fits(
                f"{edit.file} of {module.name} has {text.count(edit.find)} times {edit.find!r} and not once"
            )
        path.write_text(text.replace(edit.find, edit.replace), encoding="utf-8")
    return target


def _no_longer_fits(found: str) -> LocalError:
    return LocalError(f"{found}; the edit in local/programs/programs.toml no longer fits this version: mend it")
