"""A diff in the engine's form."""

from pulumi.runtime.proto import provider_pb2 as rpc

from local.plugin.diff import Change


def diff_response(changes: dict[str, Change], replaces: list[str], delete_before_replace: bool) -> rpc.DiffResponse:
    """The engine's form of a diff, with every change by its path."""
    kinds = rpc.PropertyDiff
    plain_kind = {"add": kinds.ADD, "delete": kinds.DELETE, "update": kinds.UPDATE}
    replacing = {"add": kinds.ADD_REPLACE, "delete": kinds.DELETE_REPLACE, "update": kinds.UPDATE_REPLACE}
    detailed = {
        path: rpc.PropertyDiff(
            kind=(replacing if change.replaces else plain_kind)[change.kind], inputDiff=change.kind == "delete"
        )
        for path, change in changes.items()
    }
    return rpc.DiffResponse(
        changes=rpc.DiffResponse.DIFF_SOME if changes else rpc.DiffResponse.DIFF_NONE,
        replaces=replaces,
        deleteBeforeReplace=delete_before_replace,
        detailedDiff=detailed,
        hasDetailedDiff=True,
    )
