"""A base URL: scheme, host and port, and nothing else. What does not read so is none."""

from __future__ import annotations

import ipaddress
import re
from typing import NamedTuple

__all__ = ["BaseUrl", "is_loopback", "one_spelling"]

_WHOLE = re.compile(r"(https?)://(?:\[([0-9A-Fa-f:.]+)\]|([^\s/?#@:\[\]]+))(?::([0-9]{1,5}))?/?")
_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*\.?")
_PORTS = {"http": 80, "https": 443}


class BaseUrl(NamedTuple):
    """Host in lower case, an IPv6 address without its brackets; the port is the scheme's own where none is written."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, text: str) -> BaseUrl | None:
        """Read one; None for anything that is more, or less."""
        found = _WHOLE.fullmatch(text.strip())
        if found is None or not text.isascii():
            return None
        scheme, address, name, port = found.groups()
        host = (address or name).lower()
        number = int(port) if port else _PORTS[scheme]
        if not 0 < number < 65536:
            return None
        if address:
            try:
                ipaddress.IPv6Address(host)
            except ValueError:
                return None
        elif not _NAME.fullmatch(host):
            return None
        return cls(scheme, host.removesuffix("."), number)

    @property
    def loopback(self) -> bool:
        """Whether it stays on this machine."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def is_loopback(text: str) -> bool:
    """Whether a base URL stays on this machine; one that cannot be read does not."""
    found = BaseUrl.of(text)
    return found is not None and found.loopback


def one_spelling(text: str) -> str:
    """The same for all spellings of one place: case, a default port and the names of this machine do not matter."""
    found = BaseUrl.of(text)
    if found is None:
        return text
    host = "127.0.0.1" if found.host in ("localhost", "::1") else found.host
    port = "" if found.port == _PORTS[found.scheme] else f":{found.port}"
    return f"{found.scheme}://{f'[{host}]' if ':' in host else host}{port}"
