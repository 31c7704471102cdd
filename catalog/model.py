"""The common ground of every model of the catalog and of the stack settings."""

from collections.abc import Container
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Discriminator, WithJsonSchema
from pydantic.alias_generators import to_camel

from catalog.quantities import Duration
from catalog.texts import shown

KIND = "kind:"
"""Before the name of a variant in pydantic's error locations; paths leave such parts out (`faults.py`)."""


class Model(BaseModel):
    """What every model shares: camelCase in files, unknown keys and wrong types refused, immutable."""

    model_config = ConfigDict(alias_generator=to_camel, extra="forbid", frozen=True, strict=True)


def variant(what: str, *keys: str) -> Discriminator:
    """Goes on a union of models that are told apart by the one key that each of them alone has.

    Errors then speak of the variant that was meant, not of all of them. Each member of the union carries
    `Tag(KIND + key)`.
    """

    def kind_of(value: object) -> str | None:
        present: Container[object] = ()
        if isinstance(value, dict):
            present = value
        elif isinstance(value, BaseModel):
            present = {field.alias for field in type(value).model_fields.values()}
        found = [key for key in keys if key in present]
        return f"{KIND}{found[0]}" if len(found) == 1 else None

    kinds = ", ".join(f"{{{key}: …}}" for key in keys)
    return Discriminator(
        kind_of,
        custom_error_type="no_such_variant",
        custom_error_message="{what} {kinds}",
        custom_error_context={"what": what, "kinds": kinds},
    )


def whole(what: str, least: int, most: int) -> tuple[BeforeValidator, WithJsonSchema]:
    """Goes into `Annotated[int, *…]`: a whole number from `least` to `most`, or it "is not `what`"."""

    def check(value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        raise ValueError(f"{shown(value)} is not {what} ({least}–{most})")

    return BeforeValidator(check), WithJsonSchema({"type": "integer", "minimum": least, "maximum": most})


def _whole_seconds(value: Duration) -> Duration:
    if float(value).is_integer() and value <= _LONGEST_SECONDS:
        return value
    raise ValueError(f"{value} is not a whole number of seconds of at most {Duration(_LONGEST_SECONDS)}")


_LONGEST_SECONDS = 24 * 3600

Port = Annotated[int, *whole("a port", 1, 65535)]
Weight = Annotated[int, *whole("a weight", 1, 100)]
"""A share of the traffic in percent."""

Seconds = Annotated[Duration, AfterValidator(_whole_seconds)]
"""A duration where Kubernetes takes whole seconds, a day at most."""
