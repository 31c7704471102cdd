"""HTTP headers. Their values often are credentials, so no error shows one."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from catalog.contradictions import Contradiction
from catalog.secrets import SecretKeyReference
from catalog.texts import Form, hidden

HeaderName = Annotated[
    str,
    Form(
        r"[!#$%&'*+.^`|~\w-]{1,100}", "the name of an HTTP header (RFC 9110: letters, digits and '-')", "X-Scope-OrgID"
    ),
]

_TEXT = Form(
    r"(?!.*\{\{)[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?",
    "the value of an HTTP header (one line of ASCII, without '{{', which Argo Rollouts would expand)",
    "team-a",
)


class _HeaderText:
    """Text, or with `references` also the key of a Secret."""

    def __init__(self, references: bool) -> None:
        self._references = references

    def check(self, value: object) -> str | SecretKeyReference:
        """`value` where it can be that of a header; ValueError where not, without showing it."""
        if self._references and not isinstance(value, str):
            return SecretKeyReference.model_validate(value)
        with hidden():
            return _TEXT.check(value)

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"type": ["string", "object"] if self._references else "string", "description": _TEXT.what}


Headers = dict[HeaderName, Annotated[str, _HeaderText(references=False)]]
AccessHeaders = dict[HeaderName, Annotated[str | SecretKeyReference, _HeaderText(references=True)]]


def spelled_twice(names: Iterable[str]) -> Iterator[Contradiction]:
    """Headers whose names differ in upper and lower case only, which HTTP takes for the same."""
    seen: dict[str, str] = {}
    for name in names:
        if name.lower() in seen:
            yield ("headers", name), f"is the header '{seen[name.lower()]}' again; leave one out"
        seen.setdefault(name.lower(), name)
