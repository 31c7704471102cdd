"""Text of a given form: names, labels, addresses, each with an error that says what the form is."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

HIDDEN = "[secret]"
"""What stands in messages, and in rendered files, where the stack has a secret."""

_HIDING: ContextVar[bool] = ContextVar("hiding", default=False)


@contextmanager
def hidden() -> Iterator[None]:
    """Within it `shown` shows no value: for what may hold secrets."""
    before = _HIDING.set(True)
    try:
        yield
    finally:
        _HIDING.reset(before)


def shown(value: object) -> str:
    """`value` as its YAML file spells it, on one line and not too long of one; never where values are hidden."""
    if _HIDING.get():
        return HIDDEN
    words = {None: "null", True: "true", False: "false"}
    text = words[value] if value is None or isinstance(value, bool) else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"


@dataclass(frozen=True)
class Form:
    """Goes into `Annotated[str, …]`: text that matches `pattern` as a whole, or it "is not `what` (such as …)"."""

    pattern: str
    what: str
    example: str

    def check(self, value: object) -> str:
        """`value` itself; ValueError where it is not text of this form."""
        if isinstance(value, str) and re.fullmatch(self.pattern, value, re.ASCII):
            return value
        # YAML reads 88.5 and yes as something else than text.
        is_bare = isinstance(value, int | float) and re.fullmatch(self.pattern, str(value).lower(), re.ASCII)
        mend = "; put it in quotes" if is_bare else ""
        raise ValueError(f"{shown(value)} is not {self.what} (such as {self.example}){mend}")

    def __get_pydantic_core_schema__(self, _source: type, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "description": f"{self.what}: {self.example}"}


_LABEL = r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*"
_COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE_PATH = rf"(?:[A-Za-z0-9][-.A-Za-z0-9]*(?::\d+)?/)?{_COMPONENT}(?:/{_COMPONENT})*"

DnsLabel = Annotated[
    str, Form(_LABEL, "a name in Kubernetes (lower-case letters, digits and '-', at most 63)", "monitoring")
]
Host = Annotated[str, Form(rf"(?:\*\.)?{_HOST}", "a host name, without scheme and path", "api.example.com")]
Url = Annotated[str, Form(r"https?://[^\s/]\S*", "an http or https address", "http://prometheus.monitoring:9090")]
HttpPath = Annotated[str, Form(r"/\S*", "a path that begins with '/'", "/metrics")]
Image = Annotated[
    str,
    Form(
        rf"{_IMAGE_PATH}(?::\w[\w.-]{{0,127}})?(?:@sha256:[0-9a-f]{{64}})?",
        "an image reference",
        "registry.example.com/api:1.4.2",
    ),
]
_LABEL_VALUE = r"[A-Za-z0-9](?:[-\w.]{0,61}[A-Za-z0-9])?"
_OF_A_LABEL = (
    "a label value (letters, digits, '-', '_' and '.', at most 63, in quotes where it is a number)",
    "team-a",
)
LabelValue = Annotated[str, Form(_LABEL_VALUE, *_OF_A_LABEL)]
LabelKey = Annotated[
    str, Form(rf"(?:{_HOST}/)?[A-Za-z0-9](?:[-\w.]{{0,61}}[A-Za-z0-9])?", "a label key", "example.com/team")
]
ObjectName = Annotated[
    str,
    Form(
        rf"(?=.{{1,253}}$){_HOST}",
        "the name of a Kubernetes object (lower-case letters, digits, '-' and '.', at most 253)",
        "database",
    ),
]
DataKey = Annotated[
    str,
    Form(r"(?!\.\.?$)[-.\w]{1,253}", "a key of a Secret or ConfigMap (letters, digits, '-', '_' and '.')", "password"),
]
EnvName = Annotated[
    str, Form(r"[A-Za-z_]\w*", "the name of an environment variable (letters, digits and '_')", "LOG_LEVEL")
]
FilePath = Annotated[str, Form(r"/[^:\x00-\x1f]*", "an absolute path without ':'", "/var/cache")]
NonEmpty = Annotated[str, Form(r"\S(?:.*\S)?", "text", "prod")]

Labels = dict[LabelKey, Annotated[str, Form(rf"(?:{_LABEL_VALUE})?", *_OF_A_LABEL)]]
Annotations = dict[LabelKey, str]
"""Annotation key to text."""
