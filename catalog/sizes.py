"""Amounts of bytes as people write them, printed as Kubernetes and as Prometheus want them; volumes of that size."""

import re
from decimal import Decimal
from typing import ClassVar

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from catalog.model import Model
from catalog.texts import ObjectName, shown

_BINARY = {"Ki": 1024, "Mi": 1024**2, "Gi": 1024**3, "Ti": 1024**4, "Pi": 1024**5}
_DECIMAL = {"k": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4, "P": 1000**5}
_PROMETHEUS = {"B": 1, **{f"{unit[0]}B": scale for unit, scale in _BINARY.items()}}
_UNITS = {**_BINARY, **_DECIMAL, **_PROMETHEUS, **{f"{unit}B": scale for unit, scale in _BINARY.items()}}
_SIZE = re.compile(rf"([0-9]{{1,16}}(?:\.[0-9]{{1,16}})?) ?({'|'.join(_UNITS)})")
_LETTERS = "".join({*"".join(_UNITS)})
_LARGEST = 2**53
"""8 PiB: more than a volume has, and the last number up to which Prometheus's parser, which uses floats, is exact."""


class Size(int):
    """An amount of bytes, written `45GB`, `50Gi`, `50GiB`, `1.5TB` or `500M`.

    Each notation means what it means at home: `GB` is 1024³ bytes as in Prometheus ("based on powers-of-2, so 1KB is
    1024B", `--storage.tsdb.retention.size` and the operator's `ByteSize`), `Gi` and `GiB` are 1024³ everywhere, and a
    bare `G` is 1000³ as in Kubernetes' quantities. What is finer than 1 KiB, or 1000 bytes, is cut off.
    """

    json_schema: ClassVar[JsonSchemaValue] = {
        "type": "string",
        "pattern": f"^{_SIZE.pattern}$",
        "description": "An amount of bytes such as 50Gi, 500M or 45GB (GB is 1024³ bytes, G is 1000³).",
    }

    @classmethod
    def parse(cls, value: object) -> "Size":
        """Bytes from `value`; ValueError where it is no size, or one that no volume has."""
        if isinstance(value, Size):
            return value
        if isinstance(value, str) and (match := _SIZE.fullmatch(value)):
            size = cls.at_most(int(Decimal(match[1]) * _UNITS[match[2]]))
            if 0 < size <= _LARGEST:
                return size
            raise ValueError(f"{shown(value)} is out of range (1k–{cls(_LARGEST)})")
        if re.fullmatch(r"[0-9.]+", str(value)):
            raise ValueError(f"{shown(value)} has no unit, and could be bytes or gigabytes; such as 50Gi")
        raise ValueError(f"{shown(value)} is not a size (such as 50Gi, 500M or 45GB; upper and lower case differ)")

    @classmethod
    def at_most(cls, count: int) -> "Size":
        """The largest size of at most `count` bytes that can be written: whole KiB, or whole thousands of bytes."""
        return cls(count if count % 1000 == 0 else count - count % 1024)

    def __str__(self) -> str:
        """The canonical form of Kubernetes: the largest unit that leaves no fraction, binary where that is as short."""
        return min(_written(self, _BINARY), _written(self, _DECIMAL), key=lambda text: len(text.rstrip(_LETTERS)))

    @property
    def prometheus(self) -> str:
        """The same amount as Prometheus's `retentionSize` takes it, such as `45GB`."""
        return _written(self, _PROMETHEUS)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: type, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(
            cls.parse, serialization=core_schema.to_string_ser_schema(when_used="always")
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: CoreSchema, _handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(cls.json_schema)  # a copy: pydantic writes a default into it


def _written(count: int, units: dict[str, int]) -> str:
    """`count` in the largest of the units that divides it; as a plain number of bytes where none does."""
    fitting = [(scale, unit) for unit, scale in units.items() if count % scale == 0]
    scale, unit = max(fitting, default=(1, ""))
    return f"{count // scale}{unit}"


class PersistentVolume(Model):
    """A volume that outlives its pod; of the cluster's default storage class where none is named."""

    size: Size
    storage_class: ObjectName | None = None
