"""The life of a `kubernetes:helm.sh/v3:Release`, through the `helm` program."""

import secrets

from pulumi.runtime.proto import provider_pb2 as rpc

from local.plugin import diff
from local.plugin.answers import diff_response
from local.plugin.charts import asset_text, local_chart, merged, resource_names, yaml_mapping
from local.plugin.errors import InitError, PluginError
from local.plugin.helm import Helm, HelmError
from local.plugin.kinds import urn_name
from local.plugin.objects import prune, split_full_name
from local.plugin.session import Session
from local.plugin.values import (
    COMPUTED,
    Properties,
    Secret,
    annotate_computed,
    annotate_secrets,
    from_struct,
    has_computed,
    plain,
    to_struct,
)

_INPUTS = "__inputs"
_OUTPUTS = ("resourceNames", "status")
_DEFAULT_SECONDS = 300

_EMPTY: Properties = {
    **dict.fromkeys(("chart", "description", "keyring", "name", "namespace", "postrender", "version"), ""),
    **dict.fromkeys(
        (
            "allowNullValues",
            "atomic",
            "cleanupOnFail",
            "createNamespace",
            "dependencyUpdate",
            "devel",
            "disableCRDHooks",
            "disableOpenapiValidation",
            "disableWebhooks",
            "forceUpdate",
            "lint",
            "recreatePods",
            "renderSubchartNotes",
            "replace",
            "resetValues",
            "reuseValues",
            "skipAwait",
            "skipCrds",
            "verify",
            "waitForJobs",
        ),
        False,
    ),
    "timeout": 0,
}
"""Every field with its zero: the official plugin writes all of them into the state."""

_REPOSITORY_FIELDS = ("repo", "caFile", "certFile", "keyFile", "password", "username")


class Releases:
    """Every Helm release of one provider."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._runner: Helm | None = None

    def check(self, request: rpc.CheckRequest) -> rpc.CheckResponse:
        """The inputs with every default, and with the chart's own version where the chart can be read."""
        given = from_struct(request.news)
        olds = from_struct(request.olds)
        named = dict(given)
        if "name" not in named and olds.get("name"):
            named["name"] = olds["name"]
        if named.get("name", "") == "":
            named["name"] = f"{urn_name(request.urn)}-{secrets.token_hex(4)}"
        self._set_defaults(named)
        release = _decoded(named)
        release.pop("resourceNames", None)
        failures = []
        if not has_computed(given):
            try:
                chart = local_chart(release["chart"]) or self._helm().chart(release)
                release["version"] = str(chart.get("version", ""))
            except PluginError as error:
                reason = f"{error}; check the chart name and repository configuration."
                failures.append(rpc.CheckFailure(property="chart", reason=reason))
        release = annotate_computed(release, given)
        annotate_secrets(release, given)
        return rpc.CheckResponse(inputs=to_struct(release), failures=failures)

    def _set_defaults(self, release: Properties) -> None:
        if release.get("namespace", "") == "":
            release["namespace"] = self._session.namespace or "default"
        if not plain(release.get("skipAwait")):
            release.setdefault("timeout", _DEFAULT_SECONDS)

    def diff(self, request: rpc.DiffRequest) -> rpc.DiffResponse:
        """The last inputs, with what the state says of them, against the new ones."""
        state, news = from_struct(request.olds), plain(from_struct(request.news))
        old_inputs = plain(state.pop(_INPUTS, {}))
        for gone in ("checksum", "resourceNames"):
            old_inputs.pop(gone, None)
        live = plain(state)
        if "version" in request.ignoreChanges:
            news["version"] = live.get("version", "")
        old = prune(live, merged(old_inputs, news))
        changes = diff.compare(old, news, old_inputs, ("name", "namespace"), lenient=False)
        changes = diff.without_ignored(changes, request.ignoreChanges)
        replaces = [path for path, change in changes.items() if change.replaces]
        response = diff_response(changes, replaces, delete_before_replace=False)
        response.diffs.extend(sorted({path.split(".")[0].split("[")[0] for path in changes}))
        return response

    def create(self, request: rpc.CreateRequest) -> rpc.CreateResponse:
        """Install; a preview only says that status and names are not known yet."""
        given = from_struct(request.properties)
        release = _decoded(given)
        if request.preview:
            return rpc.CreateResponse(id="", properties=to_struct(_preview(release, given)))
        if not self._session.cluster:
            reason = self._session.unreachable
            raise PluginError(f"can't create Helm Release with unreachable cluster: {reason}")
        resource_id = f"{release['namespace']}/{release['name']}"
        try:
            recorded = self._helm().install(release)
        except HelmError as error:
            message = f'Helm release "{resource_id}" was created, but failed to initialize completely.'
            raise self._failed(request.urn, message, release, given, error) from None
        return rpc.CreateResponse(id=resource_id, properties=to_struct(_state(release, given, recorded)))

    def update(self, request: rpc.UpdateRequest) -> rpc.UpdateResponse:
        """Upgrade; a preview only says that status and names are not known yet."""
        given = from_struct(request.news)
        release = _decoded(given)
        if request.preview:
            return rpc.UpdateResponse(properties=to_struct(_preview(release, given)))
        if not self._session.cluster:
            reason = self._session.unreachable
            raise PluginError(f"can't update Helm Release with unreachable cluster: {reason}")
        try:
            recorded = self._helm().upgrade(release)
        except HelmError as error:
            message = f'Helm release "{release["namespace"]}/{release["name"]}" failed to initialize completely.'
            raise self._failed(request.urn, message, release, given, error) from None
        return rpc.UpdateResponse(properties=to_struct(_state(release, given, recorded)))

    def _failed(self, urn: str, message: str, release: Properties, given: Properties, error: HelmError) -> PluginError:
        """A release that helm recorded goes into the state although it failed; one that it did not is a plain error."""
        recorded = self._helm().status(release["namespace"], release["name"])
        if recorded is None or _recorded_status(recorded) == "deployed":
            return error
        self._session.engine.warn(f"{message} Reason: {error}", urn)
        resource_id = f"{release['namespace']}/{release['name']}"
        text = (
            f"{message} Use Helm CLI to investigate: failed to become available within allocated timeout. "
            f"Error: Helm Release {resource_id}: {error}"
        )
        return InitError(text, resource_id, _state(release, given, recorded), [])

    def read(self, request: rpc.ReadRequest) -> rpc.ReadResponse:
        """The release as helm records it; an empty answer where it is gone."""
        state = from_struct(request.properties)
        given = plain(state.pop(_INPUTS, None))
        release = _decoded(state)
        if not state:
            release["namespace"], release["name"] = split_full_name(request.id)
        recorded = self._helm().status(release["namespace"] or self._session.namespace, release["name"])
        if recorded is None:
            return rpc.ReadResponse()
        secret_inputs = from_struct(request.inputs) or state
        if given is None:
            release["chart"] = _recorded_chart(recorded).get("name", "")
            given = {
                key: value for key, value in {**release, **_facts(release, recorded)}.items() if key not in _OUTPUTS
            }
            self._set_defaults(given)
        annotate_secrets(given, secret_inputs)
        return rpc.ReadResponse(
            id=request.id or f"{release['namespace']}/{release['name']}",
            properties=to_struct(_state(release, given, recorded)),
            inputs=to_struct(given),
        )

    def delete(self, request: rpc.DeleteRequest) -> None:
        """Uninstall, and wait unless the release was never awaited."""
        if not self._session.cluster:
            reason = self._session.unreachable
            raise PluginError(f'can\'t delete Helm Release with unreachable cluster. Reason: "{reason}"')
        state = from_struct(request.properties)
        state.pop(_INPUTS, None)
        said = self._helm().uninstall(_decoded(state)).strip()
        if "kept due to the resource policy" in said:
            self._session.engine.warn(f'Helm uninstall returned information: "{said}"', request.urn)

    def close(self) -> None:
        """Interrupt what helm is doing."""
        if self._runner:
            self._runner.interrupt()

    def _helm(self) -> Helm:
        if self._runner is None:
            if self._session.access is None:
                raise PluginError(f"configured Kubernetes cluster is unreachable: {self._session.unreachable}")
            self._runner = Helm(self._session.access, self._session.cancelled, self._session.engine.info)
        return self._runner


def _decoded(properties: Properties) -> Properties:
    """Every field of a release with its zero where it is not given; values files merged below the values."""
    given = {key: value for key, value in plain(properties).items() if key != _INPUTS}
    values: Properties = {}
    for asset in given.pop("valueYamlFiles", None) or []:
        values = merged(values, yaml_mapping(asset_text(asset), "a file of valueYamlFiles"))
    release = {**_EMPTY, **{key: value for key, value in given.items() if value is not None and value is not COMPUTED}}
    release["values"] = merged(values, given["values"] if isinstance(given.get("values"), dict) else {})
    if isinstance(release.get("repositoryOpts"), dict):
        release["repositoryOpts"] = {**dict.fromkeys(_REPOSITORY_FIELDS, ""), **release["repositoryOpts"]}
    return release


def _preview(release: Properties, given: Properties) -> Properties:
    state: Properties = {**release, _INPUTS: Secret(given), **dict.fromkeys(_OUTPUTS, COMPUTED)}
    state = annotate_computed(state, given)
    annotate_secrets(state, given)
    return state


def _state(release: Properties, given: Properties, recorded: Properties) -> Properties:
    state: Properties = {**release, **_facts(release, recorded)}
    annotate_secrets(state, given)
    state[_INPUTS] = Secret(given)
    return state


def _facts(release: Properties, recorded: Properties) -> Properties:
    """What helm recorded of a release, as outputs."""
    chart = _recorded_chart(recorded)
    return {
        "version": str(chart.get("version", "")),
        "values": merged(release.get("values") or {}, recorded.get("config") or {}),
        "resourceNames": resource_names(str(recorded.get("manifest", ""))),
        "status": {
            "appVersion": str(chart.get("appVersion", "")),
            "chart": str(chart.get("name", "")),
            "name": recorded.get("name", ""),
            "namespace": recorded.get("namespace", ""),
            "revision": recorded.get("version", 0),
            "status": _recorded_status(recorded),
            "version": str(chart.get("version", "")),
        },
    }


def _recorded_chart(recorded: Properties) -> Properties:
    return (recorded.get("chart") or {}).get("metadata") or {}


def _recorded_status(recorded: Properties) -> str:
    return str((recorded.get("info") or {}).get("status", ""))
