"""`api-observability diff`: what the working tree changes in a stack, against a commit; no credentials, no cluster."""

import sys
from argparse import Namespace
from pathlib import Path

from catalog.stack_file import stack_file
from catalog.yaml_file import read_mapping
from cli import rendering
from cli.base_rendering import BaseError, exported, find_base, has_stack, rendered_by
from cli.diffing.comparison import compare
from cli.diffing.markdown import GITHUB_LIMIT, markdown
from cli.diffing.plain import plain
from cli.diffing.rows import Row
from cli.diffing.secrets import changed_secrets
from cli.diffing.summary import Title
from local.state import CHECKOUT


def run(options: Namespace) -> int:
    """Compare the stack as the working tree renders it with what the base renders; print what differs."""
    base = find_base(CHECKOUT, options.base)
    after = rendering.rendered_files(rendering.record_stack(CHECKOUT, options.stack))
    hint = f"All of it: `make diff BASE={options.base} STACK={options.stack}`."
    title = Title(options.stack, str(base), hint)
    before: dict[str, str] = {}
    secrets: list[Row] = []
    with exported(CHECKOUT, base.commit) as folder:
        if has_stack(folder, options.stack):
            try:
                before = rendered_by(folder, options.stack)
            except BaseError as error:
                print(_not_comparable(title, str(error), len(after)))
                return 0
            secrets = list(changed_secrets(_config(folder, options.stack), _config(CHECKOUT, options.stack)))
        else:
            print(f"note: {base} has no stack {options.stack}, so all of it is new", file=sys.stderr)
    comparison = compare(before, after, secrets)
    limit = options.limit if options.limit is not None else GITHUB_LIMIT if options.format == "markdown" else 0
    write = markdown if options.format == "markdown" else plain
    print(write(comparison, title, limit), end="")
    return 0


def _not_comparable(title: Title, reason: str, objects: int) -> str:
    """What is said instead of a comparison: a base that is broken already is no fault of this change."""
    return (
        f"{title}: not compared, since the base cannot be rendered ({reason}). "
        f"The working tree renders {objects} objects; the next change can be compared with it."
    )


def _config(folder: Path, stack: str) -> object:
    return read_mapping(stack_file(folder, stack)).get("config")
