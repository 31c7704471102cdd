"""Selectors of series, and the aggregations that rules share."""

from collections.abc import Iterable, Mapping


def series(name: str, labels: Mapping[str, str] | None = None, *more: str) -> str:
    """The series of that name with these labels; `more` are matchers as PromQL writes them."""
    matchers = [*(f'{label}="{value}"' for label, value in (labels or {}).items()), *more]
    return f"{name}{{{','.join(matchers)}}}" if matchers else name


def one_of(label: str, values: Iterable[str]) -> str:
    """The matcher for a label that has one of these values, which are taken literally but for `.`."""
    return f'{label}=~"{"|".join(values)}"'


def by(operator: str, labels: Iterable[str], expression: str) -> str:
    """An aggregation that leaves these labels."""
    return f"{operator} by ({', '.join(labels)}) ({expression})"


def bucket(seconds: float) -> str:
    """The value of `le` that a client library writes for a bucket, as a regular expression.

    Whole seconds are `1` or `1.0`, as the library has it; Prometheus 3 makes the latter of both.
    """
    written = f"{seconds:.10g}"
    return rf"{written}(\\.0)?" if "." not in written else written.replace(".", r"\\.")


INFINITE = r"\\+Inf"
"""The bucket of all requests, as a regular expression."""
