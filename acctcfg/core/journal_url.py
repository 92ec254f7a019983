"""The URL of a shared journal: where a PostgreSQL server is, and never how to log in to it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from acctcfg.core.base_url import BaseUrl

__all__ = ["JournalUrl"]

PORT = 5432
PARAMETERS = ("host", "service", "sslmode", "sslrootcert", "sslcert", "sslkey")
PROVEN = ("require", "verify-ca", "verify-full")
_WHOLE = re.compile(
    r"postgres(?:ql)?://(?:([A-Za-z0-9_.-]{1,63})@)?(?:\[([0-9A-Fa-f:.]+)\]|([^\s/?#@:%\[\],]+))?(?::([0-9]{1,5}))?"
    r"(?:/([A-Za-z0-9_.-]{0,63}))?(?:\?([^\s?#@%]*))?"
)
_PASSWORD = re.compile(r"//[^/?#]*:[^/?#]*@|[?&]password=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class JournalUrl:
    """Where the server is. `host` is "" where the machine says it (PGHOST, a service file, the default socket), and a
    path where it is the folder of a socket."""

    user: str
    host: str
    port: int | None
    database: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, text: str) -> JournalUrl:
        """Read one. ValueError says what is wrong, and quotes none of it: a password may stand there by mistake."""
        if _PASSWORD.search(text):
            raise ValueError("holds a password (leave it out: PGPASSWORD, ~/.pgpass or a service file has it)")
        found = _WHOLE.fullmatch(text)
        if found is None:
            raise ValueError("must be postgresql://user@host:port/database, without %")
        user, address, name, port, database, query = (part or "" for part in found.groups())
        given = [tuple(one.split("=", 1)) for one in query.split("&") if one]
        names = [one[0] for one in given]
        if len(set(names)) < len(names) or not set(names) <= set(PARAMETERS) or any(len(one) < 2 for one in given):
            raise ValueError(f"may have these parameters, each once: {', '.join(PARAMETERS)}")
        parameters = {one[0]: one[1] for one in given}
        folder = parameters.pop("host", "")
        if folder and (address or name or not folder.startswith("/")):
            raise ValueError(
                "takes ?host= for the folder of a socket alone, as in postgresql:///db?host=/run/postgresql"
            )
        where = BaseUrl.of(f"http://[{address}]" if address else f"http://{name or 'localhost'}")
        if where is None or int(port or PORT) > 65535:
            raise ValueError("must name one host")
        host = folder or (where.host if address or name else "")
        return cls(user, host, int(port) if port else None, database, tuple(parameters.items()))

    @property
    def named(self) -> bool:
        """Whether the url says which server it is; else the machine does (PGHOST, a service file, the default)."""
        return bool(self.host) or self.port is not None

    @property
    def local(self) -> bool:
        """Whether it stays on this machine, or the machine itself says where it goes."""
        if not self.host or self.host.startswith("/"):
            return True
        return BaseUrl("http", self.host, PORT).loopback

    def trusted(self, trust: str) -> bool:
        """Whether the words of ACCTCFG_TRUST name this server, as postgresql://host or postgresql://host:port."""
        return any(self._is(word) for word in trust.replace(",", " ").split())

    def _is(self, word: str) -> bool:
        try:
            named = JournalUrl.of(word)
        except ValueError:
            return False
        return (named.host, named.port or PORT) == (self.host, self.port or PORT)

    @property
    def server(self) -> str:
        """`postgresql://HOST[:PORT]`, or `postgresql://[:PORT]/?host=FOLDER`: what ACCTCFG_TRUST has to name."""
        port = None if self.port == PORT and self.host else self.port
        bare = str(JournalUrl("", self.host, port, ""))
        return bare if self.host.startswith("/") else bare.rstrip("/")

    @property
    def weak(self) -> bool:
        """Whether it asks for a connection to another machine that may be open to all in between."""
        mode = dict(self.parameters).get("sslmode")
        return not self.local and mode is not None and mode not in PROVEN

    def __str__(self) -> str:
        """The url without credentials, for messages."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        where = "" if host.startswith("/") else host
        port = f":{self.port}" if self.port is not None else ""
        user = f"{self.user}@" if self.user else ""
        socket = f"?host={host}" if host.startswith("/") else ""
        return f"postgresql://{user}{where}{port}/{self.database}{socket}"
