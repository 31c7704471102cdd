"""The config keys of this project, and the commands that set them."""

NAMESPACE = "api-observability"
"""The namespace of this project's config keys: `api-observability:environment`."""


def config_set(path: str, stack: str, value: str = "", *, secret: bool = False) -> str:
    """The command that sets the setting at `path` of a stack; without a value it asks for one, a secret's unseen.

    `stack` may be empty: the command is then for the stack that is selected. `--path` reads what follows the namespace
    as a path (`pulumi config set --help`).
    """
    key = f"{NAMESPACE}:{path}"
    options = [f"--stack {stack}" if stack else "", "--path", "--secret" if secret else ""]
    quoted = f"'{key}'" if "[" in key else key  # a shell may take brackets for a pattern
    return " ".join(part for part in ["pulumi config set", *options, quoted, value] if part)
