"""The trace of a request in the adapter's log."""

import pytest
from legacy_php_adapter.logs import trace_id

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


@pytest.mark.parametrize("header", [f"00-{TRACE}-{SPAN}-01", f" 00-{TRACE}-{SPAN}-00 ", f"cc-{TRACE}-{SPAN}-01-more"])
def test_the_trace_of_a_w3c_header_is_found(header: str) -> None:
    assert trace_id(header.encode()) == TRACE


@pytest.mark.parametrize(
    "header",
    [None, "", TRACE, f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE.upper()}-{SPAN}-01", f"00-{TRACE}-{SPAN}", "é"],
)
def test_what_is_no_trace_is_none(header: str | None) -> None:
    assert trace_id(header if header is None else header.encode("latin-1")) is None
