"""What a policy is, and how objects are held against it."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Body = Mapping[str, Any]
"""An object as Kubernetes takes it, or a Helm release as Pulumi does."""

EXCEPTION = "policy.api-observability/except"
"""The annotation that excepts an object from policies: `<policy>: <reason>`, several with semicolons between them.

So the exception is seen in review, with its reason; without a reason it is none."""


@dataclass(frozen=True)
class Policy:
    """One rule; `faults` tells what of an object breaks it, and how that is mended."""

    name: str
    description: str
    faults: Callable[[Body], Iterator[str]]

    def broken_by(self, body: Body) -> list[str]:
        """What of the object breaks the rule; nothing where its owner excepted it, and said why."""
        reason = _exceptions(body).get(self.name)
        faults = [] if reason else list(self.faults(body))
        if faults and reason == "":
            faults.append(f"is excepted without a reason; write {EXCEPTION}: '{self.name}: <why>'")
        return faults


@dataclass(frozen=True)
class Violation:
    """An object that breaks a policy: where, and how to mend it."""

    policy: str
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message} ({self.policy})"


@dataclass(frozen=True)
class Excepted:
    """An object that need not keep a policy, by the words of its owner; `needed` unless it keeps it all the same."""

    policy: str
    place: str
    reason: str
    needed: bool

    def __str__(self) -> str:
        unneeded = "" if self.needed else "; it keeps the policy: the exception may go"
        return f"{self.place}: {self.reason} ({self.policy}{unneeded})"


def excepted(bodies: Iterable[Body], policies: Sequence[Policy]) -> list[Excepted]:
    """Every exception that is made with a reason, in the order of the objects.

    One that stands in a service's `annotations` is in all objects of the service: it is told of those that need it, and
    of a single one where none does.
    """
    found: dict[tuple[Any, ...], list[Excepted]] = {}
    for body in bodies:
        for policy in policies:
            if reason := _exceptions(body).get(policy.name):
                metadata = body.get("metadata") or {}
                service = (metadata.get("labels") or {}).get("app.kubernetes.io/name", place(body))
                told = Excepted(policy.name, place(body), reason, any(policy.faults(body)))
                found.setdefault((policy.name, reason, metadata.get("namespace"), service), []).append(told)
    return [each for alike in found.values() for each in ([one for one in alike if one.needed] or alike[:1])]


def violations(bodies: Iterable[Body], policies: Sequence[Policy]) -> list[Violation]:
    """Everything that breaks a policy, in the order of the objects."""
    return [
        Violation(policy.name, place(body), message)
        for body in bodies
        for policy in policies
        for message in policy.broken_by(body)
    ]


def plain(value: Any) -> Any:
    """`value` as dicts and lists. The engine hands objects over in wrappers that are neither, so that a list would pass
    for none; a value that is not known in a preview raises there, and is judged in the `up`."""
    if isinstance(value, Mapping):
        return {key: plain(value[key]) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(item) for item in value]
    return value


def place(body: Body) -> str:
    """An object as people name it."""
    namespace = at(body, "metadata", "namespace") or body.get("namespace")
    name = at(body, "metadata", "name") or body.get("name")
    return f"{body.get('kind')} {f'{namespace}/' if namespace else ''}{name}"


def at(body: Any, *path: str) -> Any:
    """The value at a path of maps; None where a part of it is not there."""
    for part in path:
        body = body.get(part) if isinstance(body, Mapping) else None
    return body


def maps(value: Any) -> list[Mapping[str, Any]]:
    """The maps in a list; none where it is no list."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def _exceptions(body: Body) -> dict[str, str]:
    """The reason for each policy that the object is excepted from; empty where none is given."""
    written = at(body, "metadata", "annotations", EXCEPTION)
    parts = [part.partition(":") for part in written.split(";")] if isinstance(written, str) else []
    return {name.strip(): reason.strip() for name, _, reason in parts if name.strip()}
