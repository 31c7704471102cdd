"""Version numbers, and which of them may stand in for a pin."""

import re
from typing import NamedTuple

_NUMBER = re.compile(r"(?<![\d.])v?(\d+)\.(\d+)(?:\.(\d+))?")
_BOUND = re.compile(r"(>=|<)(\d+)(?:\.(\d+))?")


class Version(NamedTuple):
    """Major, minor and patch; compares as numbers."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"


def find_version(text: str) -> Version | None:
    """The first thing in `text` that reads as a version (`Kubernetes v1.34.3`, `etcd Version: 3.6.5`), or None."""
    match = _NUMBER.search(text)
    return Version(int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


def parse_version(text: str) -> Version:
    """`text` as a version; raises ValueError when it holds none."""
    version = find_version(text)
    if version is None:
        raise ValueError(f"{text!r} is not a version")
    return version


def accepts(rule: str, pin: Version, found: Version) -> bool:
    """Whether `found` may be used where `pin` is wanted, under a rule of programs.toml.

    Raises ValueError for a rule that is none of `same minor`, `not older` and bounds such as `>=3.14,<4`.
    """
    if rule == "same minor":
        return found[:2] == pin[:2]
    if rule == "not older":
        return found.major == pin.major and found >= pin
    return all(_within(bound.strip(), found) for bound in rule.split(","))


def wanted(rule: str, pin: Version) -> str:
    """The rule in words, for the line that says why a program was passed over."""
    if rule == "same minor":
        return f"{pin.major}.{pin.minor}"
    if rule == "not older":
        return f">={pin},<{pin.major + 1}"
    return rule


def _within(bound: str, found: Version) -> bool:
    match = _BOUND.fullmatch(bound)
    if match is None:
        raise ValueError(f"{bound!r} is not a bound such as >=3.14 or <4")
    limit = Version(int(match[2]), int(match[3] or 0), 0)
    return found >= limit if match[1] == ">=" else found < limit
