"""Values that nobody else has, in the place of secrets, and the search for them: in plain, and within base64."""

import base64
import gzip
import json
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.cluster.api import ApiServer
from local.state import State
from tests.embedded import recorded

_BYTES = 24
"""Of chance in a value: even the shortest of its forms is then no accident."""

_GZIP = b"\x1f\x8b"
"""What begins everything that is compressed by gzip (RFC 1952)."""

Object = dict[str, Any]


def sentinel() -> str:
    """A value that is searched for."""
    return f"s3ntin3l-{secrets.token_hex(_BYTES)}"


def forms(value: str) -> set[bytes]:
    """How `value` may show: as it is, and in base64, where it may stand within a longer text.

    There it begins at the first, second or third byte of a group of three. The characters that also depend on what
    stands before it, or after it, are left out.
    """
    shifted = {before: base64.b64encode(b"\0" * before + value.encode()) for before in range(3)}
    return {value.encode(), *(text[4 if before else 0 : -4] for before, text in shifted.items())}


@dataclass(frozen=True)
class Search:
    """Looks for values by their names."""

    patterns: Mapping[str, "re.Pattern[bytes]"]

    @classmethod
    def of(cls, values: Mapping[str, str]) -> "Search":
        """A search for these."""
        alternatives = {name: b"|".join(map(re.escape, sorted(forms(value)))) for name, value in values.items()}
        return cls({name: re.compile(each) for name, each in alternatives.items()})

    def within(self, data: bytes | str) -> list[str]:
        """The names of those that show, compressed or not."""
        searched = data.encode() if isinstance(data, str) else data
        if searched.startswith(_GZIP):
            searched = gzip.decompress(searched)
        return [name for name, pattern in self.patterns.items() if pattern.search(searched)]

    def files(self, folder: Path) -> dict[str, list[str]]:
        """The files below a folder in which some show."""
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink()]
        found = {str(path.relative_to(folder)): self.within(path.read_bytes()) for path in paths}
        return {path: names for path, names in found.items() if names}

    def objects(self, state: State) -> dict[str, list[str]]:
        """The objects of the cluster in which some show, of whatever kind."""
        found = {_shown(each): self.within(json.dumps(each)) for each in _objects(state)}
        return {name: names for name, names in found.items() if names}


def _shown(each: Object) -> str:
    metadata = each["metadata"]
    return f"{each['kind']} {metadata.get('namespace', '')}/{metadata['name']}"


def _objects(state: State) -> Iterator[Object]:
    """All that the API server holds, in the version it prefers of each kind."""
    server = ApiServer(state, recorded(state).ports["kube-apiserver"])

    def get(path: str) -> Object:
        answer: Object = json.loads(server.get(path).body)
        return answer

    versions = ["/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in get("/apis")["groups"])]
    for version in versions:
        for resource in get(version)["resources"]:
            if "list" in resource["verbs"]:
                listed = get(f"{version}/{resource['name']}")
                yield from ({**each, "kind": resource["kind"]} for each in listed["items"])
