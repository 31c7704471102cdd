"""A chart on disk: its metadata, without starting `helm`."""

import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

from local.plugin.errors import PluginError
from local.plugin.values import ASSET, SIGNATURE, Properties


def local_chart(chart: str) -> Properties | None:
    """Chart.yaml of a chart folder or archive; None where the name is not a path (helm then looks for it).

    PluginError where a path is named and there is no chart.
    """
    path = Path(chart)
    if path.is_dir() and (path / "Chart.yaml").is_file():
        return yaml_mapping((path / "Chart.yaml").read_text(), f"{chart}/Chart.yaml")
    if path.is_file():
        return _archived(path)
    if path.is_absolute() or chart.startswith("."):
        raise PluginError(f'path "{chart}" not found')
    return None


def _archived(path: Path) -> Properties:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                place = PurePosixPath(member.name)
                if len(place.parts) == 2 and place.name == "Chart.yaml":
                    contents = archive.extractfile(member)
                    return yaml_mapping(contents.read().decode() if contents else "", f"{path}/Chart.yaml")
    except tarfile.TarError as error:
        raise PluginError(f"{path} is not a chart archive: {error}") from None
    raise PluginError(f"{path} holds no Chart.yaml")


def yaml_mapping(contents: str, where: str) -> Properties:
    """A YAML document that must be a mapping; PluginError names `where` it is not."""
    import yaml  # noqa: PLC0415 - see kubeconfig.parse

    try:
        found = yaml.safe_load(contents)
    except yaml.YAMLError as error:
        raise PluginError(f"{where} is not YAML: {' '.join(str(error).split())}") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise PluginError(f"{where} is not a YAML mapping")
    return found


def asset_text(asset: Any) -> str:
    """The text of one of Pulumi's assets, inline or a file; PluginError for any other kind."""
    if isinstance(asset, dict) and SIGNATURE in asset and asset[SIGNATURE] == ASSET:
        if asset.get("text"):
            return str(asset["text"])
        if asset.get("path"):
            return Path(asset["path"]).read_text()
    raise PluginError("unsupported type for 'valueYamlFiles' arg: only file and text assets")


def merged(base: Properties, over: Properties) -> Properties:
    """`base` with `over` on top, objects merged key by key, as helm merges values."""
    result = dict(base)
    for key, value in over.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if both else value
    return result


def resource_names(manifest: str) -> dict[str, list[str]]:
    """What a release's manifest makes: names (with namespace, where given) by `Kind.group/apiVersion`."""
    import yaml  # noqa: PLC0415 - see kubeconfig.parse

    names: dict[str, set[str]] = {}
    for document in yaml.load_all(manifest, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        if not isinstance(document, dict) or not document.get("kind"):
            continue
        version = str(document.get("apiVersion", ""))
        group = version.rpartition("/")[0]
        kind = f"{document['kind']}.{group}" if group else document["kind"]
        metadata = document.get("metadata") or {}
        place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
        names.setdefault(f"{kind}/{version}", set()).add(f"{place}{metadata.get('name', '')}")
    return {kind: sorted(found) for kind, found in sorted(names.items())}
