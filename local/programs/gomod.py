"""What a go.mod pins: enough of its grammar to read the versions from it, so that they are written nowhere else."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"(\w+) \($")


@dataclass(frozen=True)
class GoModule:
    """The `go`, `require`, `replace` and `tool` lines of one go.mod."""

    go: str
    """Oldest Go that builds it, e.g. `1.25.11`."""
    requires: dict[str, str]
    """Module path to version, e.g. `k8s.io/kubernetes` to `v1.34.3`; a `replace` by another version counts."""
    tools: frozenset[str]

    def module_of(self, package: str) -> str:
        """The required module that `package` belongs to: the longest whose path leads to it; ValueError if none."""
        owners = [path for path in self.requires if package == path or package.startswith(path + "/")]
        if not owners:
            raise ValueError(f"no require line for {package}")
        return max(owners, key=len)


def read_go_module(path: Path) -> GoModule:
    """Read a go.mod; raises ValueError where it has no `go` line."""
    go, tools = "", set()
    requires: dict[str, str] = {}
    replaced: dict[str, str] = {}
    for verb, *words in _directives(path.read_text()):
        if verb == "go":
            go = words[0]
        elif verb == "require":
            requires[words[0]] = words[1]
        elif verb == "replace" and words[:2] == [words[-2], "=>"]:
            replaced[words[0]] = words[-1]
        elif verb == "tool":
            tools.add(words[0])
    if not go:
        raise ValueError(f"{path} has no `go` line")
    versions = {path: replaced.get(path, version) for path, version in requires.items()}
    return GoModule(go, versions, frozenset(tools))


def _directives(text: str) -> Iterator[list[str]]:
    """Each line as its words, comments dropped, the verb of a `verb ( … )` block put before each of its lines."""
    block = ""
    for raw in text.splitlines():
        line = raw.split("//")[0].strip()
        opening = _BLOCK.fullmatch(line)
        if opening:
            block = opening[1]
        elif line == ")":
            block = ""
        elif line:
            yield [block, *line.split()] if block else line.split()
