"""Certificates, proxies and open files: what the user's machine decides about connections."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest
from toy_venue import READ, ToyDialect, ToyVenue, say

from acctcfg.errors import ConfigError, Unreachable, exhausted
from acctcfg.wire import descriptors
from acctcfg.wire.client import Client
from acctcfg.wire.descriptors import connections_at_once, raise_limit
from acctcfg.wire.pace import Pacer
from acctcfg.wire.proxy import Proxy, proxy_of
from acctcfg.wire.transport import AiohttpTransport, authorities

HOST = "venue.example"


# -- certificates ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("kind", ["gone", "empty", "pipe"])
def test_wrong_certificates_are_named(monkeypatch, tmp_path, name, kind):
    """One sentence with the variable and the file, whatever is wrong with it."""
    place = tmp_path / kind
    if kind == "empty":
        place.write_text("")
    elif kind == "pipe":  # nobody writes to it: whoever opens it waits
        os.mkfifo(place)
    monkeypatch.setenv(name, str(place))
    with pytest.raises(ConfigError) as caught:
        authorities()
    assert name in caught.value.message
    assert str(place) in caught.value.message


async def test_wrong_certificates_stop_before_anything_is_sent(monkeypatch, venue, clock):
    """The first request over https says so, and none leaves."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent.pem")
    async with Client(venue.url.replace("http:", "https:"), ToyDialect(), clock, Pacer(clock)) as client:
        with pytest.raises(ConfigError, match=r"SSL_CERT_FILE names /nonexistent\.pem"):
            await client.read(READ, "signer", "42")
    assert venue.seen == []


# -- proxies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("base_url", "named", "environ", "expected"),
    [
        ("https://venue.example", None, {}, None),
        ("https://venue.example", None, {"HTTPS_PROXY": "http://u:p@proxy:3128"}, "http://proxy:3128"),
        ("https://venue.example", None, {"https_proxy": "proxy:3128"}, "http://proxy:3128"),
        ("https://venue.example", None, {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "venue.example"}, None),
        ("https://venue.example", None, {"HTTPS_PROXY": "http://proxy:1", "no_proxy": ".example"}, None),
        ("https://venue.example", None, {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "*"}, None),
        ("https://10.1.2.3", None, {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "10.0.0.0/8"}, None),
        (
            "https://venue.example",
            None,
            {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "a, venue.example:8443"},
            "http://proxy:1",
        ),
        ("https://venue.example", None, {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "nue.example"}, "http://proxy:1"),
        (
            "https://venue.example",
            "http://own:8080",
            {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "*"},
            "http://own:8080",
        ),
        ("http://venue.example", None, {"HTTPS_PROXY": "http://proxy:1"}, None),
    ],
)
def test_which_proxy_is_used(base_url, named, environ, expected):
    """The manifest's, else HTTPS_PROXY unless NO_PROXY names the host."""
    found = proxy_of(base_url, named, "venues.desk.proxy", environ)
    assert (found.url if found else None) == expected
    assert "u:p" not in f"{found} {found!r}"


@pytest.mark.parametrize("text", ["socks5://u:notforeyes@h:1", "http://u:notforeyes@h:99999", "http://"])
def test_a_proxy_that_cannot_be_used_is_named_by_its_variable(text):
    """The value is not quoted: a password may stand in it."""
    with pytest.raises(ConfigError, match="HTTPS_PROXY") as caught:
        Proxy.of(text, "HTTPS_PROXY")
    assert "notforeyes" not in caught.value.told


@pytest.fixture(scope="module")
def certificate(tmp_path_factory) -> tuple[Path, Path]:
    """A certificate for the venue's name, and its key."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(made), "-days", "2", "-subj", f"/CN={HOST}"]
    subprocess.run([*command, "-addext", f"subjectAltName=DNS:{HOST}"], check=True, capture_output=True)
    return made, key


class Tunnels:
    """A proxy that knows one method, CONNECT, and leads every host to one port of this machine."""

    def __init__(self, port: int, *, status: int = 200) -> None:
        self.port = port
        self.status = status
        self.heads: list[str] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\n\r\n".encode())
        if self.status == 200:
            there, back = await asyncio.open_connection("127.0.0.1", self.port)
            await asyncio.gather(pump(reader, back), pump(there, writer))
        writer.close()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    writer.close()


@pytest.mark.parametrize("status", [200, 407])
async def test_a_connection_is_tunnelled_through_the_proxy(monkeypatch, clock, certificate, status):
    """Only the host is shown to the proxy, with its login; a refusal names proxy and variable, not the login."""
    made, key = certificate
    monkeypatch.setenv("SSL_CERT_FILE", str(made))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made, key)
    toy = ToyVenue()
    toy.script = [say("5")]
    server = await asyncio.start_server(toy.serve, "127.0.0.1", 0, ssl=tls)
    tunnels = Tunnels(server.sockets[0].getsockname()[1], status=status)
    proxy = await asyncio.start_server(tunnels.serve, "127.0.0.1", 0)
    url = f"http://user:notforeyes@127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    way = proxy_of(f"https://{HOST}", None, "", {"HTTPS_PROXY": url})
    transport = AiohttpTransport(proxy=way)
    async with Client(f"https://{HOST}", ToyDialect(), clock, Pacer(clock), transport=transport) as client:
        if status == 200:
            assert (await client.read(READ, "signer", "42")).data == "5"
        else:
            with pytest.raises(Unreachable) as caught:
                await client.read(READ, "signer", "42")
            for said in ("127.0.0.1", "HTTPS_PROXY", "HTTP 407"):
                assert said in caught.value.message
            assert "notforeyes" not in caught.value.told
    assert tunnels.heads[0].startswith(f"CONNECT {HOST}:443 ")
    assert "Proxy-Authorization: Basic" in tunnels.heads[0]
    assert "signer" not in tunnels.heads[0]
    await toy.stop(server)
    proxy.close()


async def test_a_proxy_that_does_not_answer_is_named(clock):
    """Nothing was sent, and the message says where the proxy was named."""
    way = proxy_of(f"https://{HOST}", "http://127.0.0.1:9", "venues.desk.proxy", {})
    async with Client(
        f"https://{HOST}", ToyDialect(), clock, Pacer(clock), transport=AiohttpTransport(proxy=way)
    ) as client:
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9 \(from venues\.desk\.proxy\) does not answer"):
            await client.read(READ, "signer", "42")


async def test_a_proxy_that_speaks_no_http_is_named(clock):
    """Whatever it answers to CONNECT, the message says which proxy, in words, and nothing was sent."""

    async def garbled(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n\r\n")
        writer.close()

    proxy = await asyncio.start_server(garbled, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{proxy.sockets[0].getsockname()[1]}"
    transport = AiohttpTransport(proxy=proxy_of(f"https://{HOST}", url, "venues.desk.proxy", {}))
    async with Client(f"https://{HOST}", ToyDialect(), clock, Pacer(clock), transport=transport) as client:
        with pytest.raises(Unreachable, match=rf"{url} \(from venues\.desk\.proxy\): its answer is not HTTP"):
            await client.read(READ, "signer", "42")
    proxy.close()


# -- open files --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("soft", "hard", "after"), [(256, 4096, 4096), (256, -1, 65_536), (8192, 8192, 8192)])
def test_the_number_of_open_files_is_raised(monkeypatch, soft, hard, after):
    """Towards the hard limit, and not beyond what is sensible."""
    import resource

    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    raise_limit()
    assert limits[-1] == (after, hard)
    monkeypatch.setattr(descriptors, "_open_now", lambda: 20)
    assert connections_at_once(2) == 256
    assert connections_at_once(100) == max(4, (after - 20 - 64) // 100) or after > 256 * 100


async def test_many_requests_take_turns_on_few_connections(venue, clock):
    """With two connections at most, fifty requests at once are all answered."""
    venue.script = [say("5")]
    transport = AiohttpTransport(most=2)
    async with Client(venue.url, ToyDialect(), clock, Pacer(clock), transport=transport) as client:
        replies = await asyncio.gather(*(client.read(READ, "signer", str(user)) for user in range(50)))
    assert len(replies) == 50


async def test_no_more_open_files_is_one_sentence(monkeypatch, venue, clock):
    """It names the command that raises their number."""

    def none_left(*_: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("acctcfg.wire.transport.socket.socket", none_left)
    async with Client(venue.url, ToyDialect(), clock, Pacer(clock)) as client:
        with pytest.raises(Unreachable, match="ulimit -n") as caught:
            await client.read(READ, "signer", "42")
    assert exhausted(caught.value)
