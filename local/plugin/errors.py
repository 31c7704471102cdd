"""What can go wrong, in the words the official plugin uses where a person will search for them."""

from typing import Any

from local.plugin.values import Properties


class PluginError(Exception):
    """An operation failed and changed nothing that the state must know."""


class ApiError(PluginError):
    """The API server answered with a failure: `code` is the HTTP status, `details` the Status object's."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any]) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details

    @property
    def already_exists(self) -> bool:
        """A POST met an object of that name."""
        return self.reason == "AlreadyExists"

    @property
    def not_found(self) -> bool:
        """No such object, namespace or kind."""
        return self.code == 404

    @property
    def namespace_not_found(self) -> bool:
        """The object's namespace is what is missing."""
        return self.not_found and self.details.get("kind") == "namespaces"

    @property
    def conflict(self) -> bool:
        """Another field manager owns what an apply wants to set."""
        return self.reason == "Conflict"

    @property
    def forbidden(self) -> bool:
        """The user may not do this."""
        return self.code == 403


class NoMatchError(PluginError):
    """The API server does not know the kind: its CustomResourceDefinition is missing."""

    def __init__(self, kind: str, api_version: str) -> None:
        super().__init__(f'no matches for kind "{kind}" in version "{api_version}"')


class UnreachableError(PluginError):
    """No connection to the API server."""


class NotReadyError(PluginError):
    """The object is there but did not become ready, or did not go; `last` is how it was last seen."""

    def __init__(self, message: str, last: Properties, reasons: list[str]) -> None:
        super().__init__(message)
        self.last = last
        self.reasons = reasons


class InitError(PluginError):
    """An operation took effect but did not complete: the engine keeps `state` and tries again next time."""

    def __init__(self, message: str, resource_id: str, state: Properties, reasons: list[str]) -> None:
        super().__init__(message)
        self.resource_id = resource_id
        self.state = state
        self.reasons = [message, *reasons]
        self.inputs: Properties | None = None
