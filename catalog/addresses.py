"""Where messages go: addresses of people, channels and servers."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from catalog.texts import Form, Url

_PORT = r"(?:6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3})"
_NAME = r"[A-Za-z0-9](?:[-.A-Za-z0-9]{0,251}[A-Za-z0-9])?"

Address = Annotated[
    str, Form(rf"[\w.!#$%&'*+/=?^~-]{{1,64}}@{_NAME}", "an email address, without a display name", "oncall@example.com")
]
HostAndPort = Annotated[str, Form(rf"{_NAME}:{_PORT}", "a host and a port (1–65535)", "smtp.example.com:587")]
Channel = Annotated[
    str,
    Form(
        r"[#@][^\s#@,A-Z]{1,80}|[CDGU][0-9A-Z]{8,20}",
        "a Slack channel ('#name' in lower case, '@name' or an ID; in quotes, since YAML takes '#…' for a comment)",
        "'#deployments' or C0123456789",
    ),
]


def _bare(url: str) -> str:
    if "@" in urlsplit(url).netloc:
        raise ValueError("holds a user name or a password, which all who may read the objects would see; leave it out")
    return url


BareUrl = Annotated[Url, AfterValidator(_bare)]
"""An address that says nothing but where: it ends up in objects that many may read."""
