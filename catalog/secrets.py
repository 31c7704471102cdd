"""Secrets in the settings of a stack: values that never show themselves, and references to Secrets of the cluster."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Self, get_args, get_origin

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ModelWrapValidatorHandler, model_validator
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from catalog.contradictions import Place
from catalog.model import Model
from catalog.texts import HIDDEN, DataKey, ObjectName, hidden

EACH = "*"
"""Stands for any index or key in a `Place`."""


class SecretText:
    """A secret of the stack's config; only `reveal` shows it. Read from a file it is unknown: there it is encrypted."""

    __slots__ = ("_text",)

    def __init__(self, text: str | None = None) -> None:
        self._text = text

    @property
    def is_known(self) -> bool:
        """Whether the engine has decrypted it."""
        return self._text is not None

    def reveal(self) -> str:
        """The secret, for an input that Pulumi keeps secret; `[secret]` where it is not known."""
        return HIDDEN if self._text is None else self._text

    def __repr__(self) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretText) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)


class SecretKeyReference(Model):
    """The key of a Secret that is in the cluster already. Its errors show no value: it may be the secret itself."""

    secret: ObjectName
    key: DataKey

    @model_validator(mode="wrap")
    @classmethod
    def _unshown(cls, value: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(value, cls) and not _is_reference(value):
            raise ValueError("does not name the key of an existing Secret; write {secret: <its name>, key: <its key>}")
        with hidden():
            return handler(value)


class CredentialError(ValueError):
    """What is wrong with a credential; whoever knows its place adds the command that sets it right."""


@dataclass(frozen=True)
class _CredentialForm:
    """What a credential must be; `pattern` and `what` are those of the decrypted text."""

    pattern: str = r"\S+(?: +\S+)*"
    what: str = "one line of text without spaces around it"

    def check(self, value: object) -> SecretText | SecretKeyReference:
        """`value` where it is a credential; CredentialError where not, without showing it."""
        if isinstance(value, SecretText):
            if value.is_known and not re.fullmatch(self.pattern, value.reveal()):
                raise CredentialError(f"is a secret that is not {self.what}")
            return value
        if isinstance(value, SecretKeyReference) or _is_reference(value):
            return SecretKeyReference.model_validate(value)
        if isinstance(value, str):
            raise CredentialError("stands in clear text where a secret belongs")
        raise CredentialError("is not a secret")

    def __get_pydantic_core_schema__(self, _source: Any, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(self.check)

    def __get_pydantic_json_schema__(self, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {
            "type": "object",
            "description": f"a secret of the stack's config, or {{secret: …, key: …}}: {self.what}",
        }


Credential = Annotated[SecretText | SecretKeyReference, _CredentialForm()]
"""A secret of the stack's config, or the key of a Secret that is in the cluster already."""

UrlCredential = Annotated[
    SecretText | SecretKeyReference, _CredentialForm(r"https?://[^\s/]\S*", "an http or https address")
]
"""A credential that is an address: whoever knows a webhook may post to it."""


def _is_reference(value: object) -> bool:
    return isinstance(value, dict) and set(value) == {"secret", "key"}


def credential_places(model: Any, place: Place = ()) -> Iterator[Place]:
    """Where a model can have credentials."""
    if model is SecretText:
        yield place
    elif isinstance(model, type) and issubclass(model, BaseModel):
        for name, field in model.model_fields.items():
            yield from credential_places(field.annotation, (*place, field.alias or name))
    elif get_origin(model) in (list, dict):
        yield from credential_places(get_args(model)[-1], (*place, EACH))
    else:
        for part in get_args(model):
            yield from credential_places(part, place)
