"""Whether what a stack has recorded, what the cluster holds and what services.yaml says are still the same."""

from tests.engine.stack import Edit, Stack


def assert_no_drift(stack: Stack, edit: Edit) -> None:
    """Neither `pulumi refresh` nor the preview after it finds anything to change."""
    refreshed = stack.engine(edit).run("refresh", "--yes", "--skip-preview", "--expect-no-changes", capture=True)
    assert refreshed.returncode == 0, refreshed.stdout
    assert stack.changes(edit) == {}
