"""Durations, ratios and amounts as people write them: each accepts the usual forms and prints one."""

import re
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from typing import Any, ClassVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from catalog.texts import shown

_LONGEST_DAYS = 366
"""Longer than anything here takes; the controllers count some durations in 32 bits."""

_MILLISECONDS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhd]))+")
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])")


class _Quantity(float):
    """A float that is parsed from text, is itself in calculations, and prints as people write it."""

    json_schema: ClassVar[JsonSchemaValue]

    @classmethod
    def parse(cls, value: object) -> "_Quantity":
        """The quantity `value` stands for; ValueError says what is allowed."""
        raise NotImplementedError

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type, _handler: GetCoreSchemaHandler) -> CoreSchema:
        parse: Callable[[object], Any] = cls.parse
        return core_schema.no_info_plain_validator_function(
            parse, serialization=core_schema.to_string_ser_schema(when_used="always")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(cls.json_schema)  # a copy: pydantic writes a default into it


class Duration(_Quantity):
    """A length of time in seconds, written `300ms`, `60s`, `5m`, `1h30m`, `30d`, or as a number of seconds."""

    json_schema: ClassVar[JsonSchemaValue] = {
        "anyOf": [{"type": "string", "pattern": f"^{_DURATION.pattern}$"}, {"type": "number", "exclusiveMinimum": 0}],
        "description": "A duration such as 300ms, 60s, 5m, 1h30m or 30d; a plain number is seconds.",
    }

    @classmethod
    def parse(cls, value: object) -> "Duration":
        """Seconds from `value`, to the millisecond; ValueError where it is no duration of at least one."""
        milliseconds = 0.0
        if isinstance(value, int | float) and not isinstance(value, bool):
            milliseconds = value * 1000.0
        elif isinstance(value, str):
            milliseconds = _milliseconds(value.strip())
        if 1 <= milliseconds <= _LONGEST_DAYS * _MILLISECONDS["d"]:
            return cls(round(milliseconds) / 1000)
        raise ValueError(
            f"{shown(value)} is not a duration (such as 300ms, 60s, 5m or 1h30m, {_LONGEST_DAYS}d at most)"
        )

    def __str__(self) -> str:
        """In hours at most: Prometheus and Go both read these units, and Go, so Argo Rollouts, knows no days."""
        milliseconds = round(float(self) * 1000)
        text = ""
        for unit in ("h", "m", "s", "ms"):
            count, milliseconds = divmod(milliseconds, _MILLISECONDS[unit])
            text += f"{count}{unit}" if count else ""
        return text or "0s"


@cache
def _milliseconds(written: str) -> float:
    """What a written duration stands for; 0 where it is none. Remembered: a catalog has the same few everywhere."""
    if not _DURATION.fullmatch(written):
        return 0.0
    return sum(float(number) * _MILLISECONDS[unit] for number, unit in _DURATION_PART.findall(written))


class Ratio(_Quantity):
    """A share between 0 and 1, written `2%` or `0.02`."""

    json_schema: ClassVar[JsonSchemaValue] = {
        "anyOf": [
            {"type": "string", "pattern": r"^\d+(\.\d+)?\s*%?$"},
            {"type": "number", "minimum": 0, "maximum": 1},
        ],
        "description": "A share such as 2% or 0.02.",
    }

    @classmethod
    def parse(cls, value: object) -> "Ratio":
        """A ratio from `value`; ValueError where it is not a share between 0 and 1."""
        if isinstance(value, str) and (match := re.fullmatch(r"(\d+(?:\.\d+)?)\s*(%?)", value.strip())):
            share = float(match[1]) / (100 if match[2] else 1)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            share = float(value)
        else:
            share = -1.0
        if not 0 <= share <= 1:
            raise ValueError(f"{shown(value)} is not a share between 0 and 1 (such as 2% or 0.02)")
        return cls(share)

    def __str__(self) -> str:
        return f"{float(self) * 100:.10g}%"


class Amount(str):
    """An amount of CPU or memory in Kubernetes' own notation, printed in its canonical form: `0.5` as `500m`.

    The Rollouts controller writes amounts back in that form; any other would conflict at every following `up`.
    """

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> "Amount":
        """The canonical form of `value`; ValueError where it is no amount, or finer than a thousandth."""
        if isinstance(value, int | float) and not isinstance(value, bool):
            value = f"{value:f}" if isinstance(value, float) else str(value)
        match = _AMOUNT.fullmatch(value) if isinstance(value, str) else None
        if match:
            amount = Decimal(match[1]) * _AMOUNT_UNITS[match[2]]
            scales = [*_BINARY, *_DECIMAL] if match[2].endswith("i") and amount >= 1024 else _DECIMAL
            for unit, scale in scales:
                if 0 < amount <= _MOST and amount % scale == 0:
                    return cls(f"{int(amount / scale)}{unit}")
        raise ValueError(f"{shown(value)} is not an amount (such as 250m, 2 or 256Mi)")

    @property
    def number(self) -> Decimal:
        """How many CPUs or bytes it is."""
        match = _AMOUNT.fullmatch(self)
        assert match, f"{self!r} was not parsed"
        return Decimal(match[1]) * _AMOUNT_UNITS[match[2]]

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(cls.parse)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        text = {"type": "string", "pattern": f"^(?:{_AMOUNT.pattern})$"}
        return {"anyOf": [text, {"type": "number", "exclusiveMinimum": 0}], "description": "such as 250m, 2 or 256Mi"}


_MOST = 2**63 - 1
"""What the controllers count in; more would be read as something else."""

_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)(m||[kMGTPE]|[KMGTPE]i)")
_BINARY = [(f"{prefix}i", Decimal(1024) ** power) for power, prefix in reversed(list(enumerate("KMGTPE", start=1)))]
_DECIMAL = [(prefix, Decimal(1000) ** power) for power, prefix in reversed(list(enumerate("kMGTPE", start=1)))]
_DECIMAL += [("", Decimal(1)), ("m", Decimal("0.001"))]
_AMOUNT_UNITS = dict([*_BINARY, *_DECIMAL])
