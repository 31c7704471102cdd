"""The objects of a stack as sorted YAML files, with no engine, no cluster and no credentials."""

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

import program
from catalog.stack_file import load_stack_file
from catalog.texts import HIDDEN
from cli.recording import CHART, RecordedResource, Recording, record


class Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]  # the C dumper where there is one
    """Writes texts so that every reader of YAML takes them for texts: to Go a plain 1e9 is a number, and y is true."""

    def ignore_aliases(self, _data: Any) -> bool:
        """Nothing is referred to from elsewhere in a file; people read it."""
        return True


_READ_AS_ANOTHER = re.compile(r"[-+]?\.?\d[\d_]*(\.[\d_]*)?([eE][-+]?\d+)?|0[xob][\da-fA-F_]+|[yYnN]")


def _text(dumper: Any, text: str) -> Any:
    style = "'" if _READ_AS_ANOTHER.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


Dumper.add_representer(str, _text)


def record_stack(folder: Path, stack: str, *, preview: bool = True) -> Recording:
    """What the program registers for `stack`, from its files alone; raises CatalogError with all their faults."""
    settings = load_stack_file(folder, stack)
    catalog = program.load(settings)
    _, recording = record(lambda: program.build(settings, catalog), stack=stack, preview=preview)
    return recording


def rendered_files(recording: Recording) -> dict[str, str]:
    """File name to content, for every Kubernetes object and Helm release of the recording, sorted by name."""
    files = {_file_name(entry): _content(entry) for entry in recording.resources if _is_object(entry)}
    return dict(sorted(files.items()))


def write(files: Mapping[str, str], target: Path) -> None:
    """Make `target` hold exactly `files`; where writing them fails, the old ones stay as they were."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".render-") as scratch:
        fresh = Path(scratch) / "fresh"
        for name, content in files.items():
            path = fresh / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        if target.exists():
            target.rename(Path(scratch) / "old")
        fresh.rename(target)
        shutil.rmtree(Path(scratch) / "old", ignore_errors=True)


def _is_object(entry: RecordedResource) -> bool:
    return entry.custom and not entry.type.startswith("pulumi:")


def _file_name(entry: RecordedResource) -> str:
    metadata = entry.inputs.get("metadata") or {}
    namespace = metadata.get("namespace") or entry.inputs.get("namespace") or "_cluster"
    return f"{namespace}/{entry.kind.lower()}-{metadata.get('name') or entry.name}.yaml"


def _content(entry: RecordedResource) -> str:
    shown = {
        name: _masked(value) if name in entry.secret_inputs else _plain(value) for name, value in entry.inputs.items()
    }
    if entry.type.startswith(CHART):
        shown = {"kind": f"Helm {entry.kind}", **shown}
    text: str = yaml.dump(shown, Dumper=Dumper, sort_keys=True, allow_unicode=True, default_flow_style=False, width=120)
    return "".join(_options(entry)) + text


def _options(entry: RecordedResource) -> Iterator[str]:
    """The Pulumi options that decide what becomes of the object, as comments on top of it."""
    if entry.ignore_changes:
        yield f"# ignoreChanges: {', '.join(entry.ignore_changes)}\n"
    if entry.retain_on_delete:
        yield "# retainOnDelete: true\n"


def _plain(value: Any) -> Any:
    """`value` with whole numbers as such: on their way through the engine's protocol they became floats."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _masked(value: Any) -> Any:
    """The keys of a secret, without its values."""
    return {key: _masked(inner) for key, inner in value.items()} if isinstance(value, dict) else HIDDEN
