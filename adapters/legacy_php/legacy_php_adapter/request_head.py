"""Requests to PHP are written as the bytes that came in.

aiohttp writes headers as UTF-8, and the Korean of a cookie that an old page has set in EUC-KR would become something
else. There is no way to tell it otherwise, so the one function that does it is replaced; the tests hold the result.
"""

import re

from aiohttp import http_writer
from multidict import CIMultiDict

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def install() -> None:
    """Have aiohttp write requests by `written`, in this process."""
    http_writer._serialize_headers = written


def written(status_line: str, headers: CIMultiDict[str]) -> bytes:
    """The head of a request of which every character is a byte; raises ValueError where it would be more than one."""
    lines = [status_line, *(f"{name}: {value}" for name, value in headers.items())]
    if any(_CONTROL.search(line) for line in lines):
        raise ValueError("a control character in the head of a request")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
