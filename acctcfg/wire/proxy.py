"""The way out of a network that has only one: a proxy that connections are tunnelled through.

A venue's `proxy`, else HTTPS_PROXY, unless NO_PROXY names the host. Never for loopback. What the proxy is told is the
host alone: TLS reaches through it, and the venue's certificate is checked as without. Its login is never shown.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit

from acctcfg.errors import ConfigError

__all__ = ["Proxy", "proxy_of"]

VARIABLES = ("HTTPS_PROXY", "https_proxy")
EXCEPTIONS = ("NO_PROXY", "no_proxy")


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy and where it was named: "HTTPS_PROXY", or a place of the manifest."""

    url: str  # scheme, host and port
    origin: str
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def login(self) -> dict[str, str]:
        """The header that it wants to be told, if any."""
        words = b64encode(f"{self.user}:{self.password}".encode()).decode()
        return {"Proxy-Authorization": f"Basic {words}"} if self.user else {}

    def __str__(self) -> str:
        return f"the proxy {self.url} (from {self.origin})"

    @classmethod
    def of(cls, text: str, origin: str) -> Proxy:
        """Read an address. Raises ConfigError, which does not quote it: a password may stand in it."""
        try:
            parts = urlsplit(text if "://" in text else f"http://{text}")
            host, port = parts.hostname or "", parts.port or (80 if parts.scheme == "http" else None)
        except ValueError:
            host, port = "", None
        if not host or port is None or parts.scheme != "http" or parts.path.strip("/"):
            raise ConfigError(
                f"the proxy that {origin} names cannot be used", hint="http://host:port would be right (no SOCKS)"
            )
        host = f"[{host}]" if ":" in host else host
        return cls(f"http://{host}:{port}", origin, unquote(parts.username or ""), unquote(parts.password or ""))


def proxy_of(base_url: str, named: str | None, origin: str, environ: Mapping[str, str]) -> Proxy | None:
    """The proxy for a base URL that is not loopback. `named`: the manifest's, which stands at `origin`."""
    if named is not None:
        return Proxy.of(named, origin)
    variable = next((name for name in VARIABLES if environ.get(name)), None)
    parts = urlsplit(base_url)
    if variable is None or parts.scheme != "https":
        return None
    spared = next((environ[name] for name in EXCEPTIONS if environ.get(name)), "")
    if _spares(spared, parts.hostname or "", parts.port or 443):
        return None
    return Proxy.of(environ[variable], variable)


def _spares(spared: str, host: str, port: int) -> bool:
    """Whether NO_PROXY names a host: by itself, by a domain that it is in, by a network, or `*` for all."""
    for word in spared.lower().replace(",", " ").split():
        name, _, number = word.rpartition(":") if word.count(":") == 1 else (word, "", "")
        if number and number != str(port):
            continue
        name = name.removeprefix("*").lstrip(".") if name != "*" else name
        if name in ("*", host) or (name and host.endswith(f".{name}")) or _within(host, name):
            return True
    return False


def _within(host: str, network: str) -> bool:
    try:
        return ip_address(host) in ip_network(network, strict=False)
    except ValueError:
        return False
