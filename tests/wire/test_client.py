"""The client over real sockets: what is repeated, what is never repeated, and what each failure says."""

from __future__ import annotations

import asyncio
import socket
import traceback

import httpx
import pytest
from toy_venue import READ, WRITE, ToyDialect, babble, hang, raw, reset, say, stall

from acctcfg.errors import (
    AuthRefused,
    Busy,
    ConfigError,
    Garbled,
    Maintenance,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unreachable,
)
from acctcfg.wire.client import Client, UnresolvedWrite
from acctcfg.wire.endpoint import Call, Endpoint, Rate
from acctcfg.wire.failures import NotSent
from acctcfg.wire.pace import Pacer
from acctcfg.wire.through_httpx import ThroughHttpx

HTML = raw(b"<html><title>502 Bad Gateway</title></html>", status=200)
PASSING = {
    "reset after the request": reset,
    "no answer": hang,
    "an answer cut short": raw(b'{"code"', length=400),
    "503 in the venue's words": say(code="down", status=503),
    "500 without words": raw(b"", status=500),
    "502 page of a gateway": raw(b"<html>", status=502),
    "outcome unknown": say(code="maybe", status=400),
    "HTML with status 200": HTML,
    "JSON in another shape": raw(b"[1]", kind="application/json"),
    "a body that stalls": stall,
    "a body that is not what its encoding says": raw(b"no gzip", more="Content-Encoding: gzip\r\n"),
    "no HTTP at all": babble,
}


SHORT_S = 0.4  # for an answer that never comes; half of it is for connecting, which a busy machine takes its time for


@pytest.fixture(params=PASSING.values(), ids=PASSING.keys())
def passing(request):
    return request.param


@pytest.fixture
def timeout_s(request, timeout_s):
    silent = "passing" in request.fixturenames and request.getfixturevalue("passing") in (hang, stall)
    return SHORT_S if silent else timeout_s


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_a_read_survives_what_passes(client, venue, passing):
    """Whatever passes by itself costs a read one repetition, not the run."""
    venue.script = [passing, say("5")]
    reply = await client.read(READ, "signer", "42")
    assert reply.data == "5"
    assert venue.lines == ["GET /state?of=leverage"] * 2


async def test_a_write_is_sent_once_when_its_outcome_is_unknown(client, venue, passing, clock):
    """No doubtful answer makes the client send a write twice; the error carries the signed time."""
    venue.script = [passing, say("done")]
    with pytest.raises(UnresolvedWrite, match="may or may not have been executed") as caught:
        await client.write(WRITE, "signer", "42")
    assert isinstance(caught.value, OutcomeUnknown)
    assert caught.value.sent_at == pytest.approx(clock.start)
    assert venue.lines == ["POST /state"]
    assert venue.seen[0].headers["x-now"] == f"{caught.value.sent_at:.3f}"


async def test_a_write_on_a_broken_kept_alive_connection_is_not_repeated(client, venue):
    """A connection that worked and breaks under a write proves nothing, so nothing is sent again."""
    venue.script = [say(), reset, say()]
    await client.write(WRITE, "signer", "42")
    with pytest.raises(UnresolvedWrite):
        await client.write(WRITE, "signer", "42")
    assert len(venue.seen) == 2


async def test_a_read_on_a_broken_kept_alive_connection_is_paced_when_repeated(client, venue):
    """The engine below repeats nothing by itself: each request that arrives was counted as one."""
    venue.script = [say(), reset, say("5")]
    await client.read(READ, "signer", "42")
    await client.read(READ, "signer", "42")
    assert len(venue.seen) == client.requests == 3


@pytest.mark.parametrize("attempts", [1, 4, 12])
async def test_too_many_requests_is_not_executed_and_so_repeated(client, venue, attempts):
    """Reads and writes alike go again after the venue said there were too many; the run can say so."""
    venue.script = [say(code="busy", status=429)] * attempts + [say("done")]
    reply = await client.write(WRITE, "signer", "42")
    assert reply.data == "done"
    assert client.rate_limited == attempts
    assert ["POST /state" in note for note in client.pacer.notes] == [True]


async def test_a_gateways_429_is_too_many_requests_whatever_its_page_says(client, venue):
    """The status alone proves that a write was not executed."""
    venue.script = [raw(b"<html>slow down</html>", status=429), say("done")]
    assert (await client.write(WRITE, "signer", "42")).data == "done"
    assert client.rate_limited == 1


@pytest.mark.parametrize("writing", [True, False], ids=["write", "read"])
async def test_too_many_requests_without_end_is_an_error(client, venue, clock, writing):
    """A limit out of which nothing is served for two minutes is given up with the venue's own refusal."""
    venue.script = [say(code="busy", status=429)]
    with pytest.raises(RateLimited):
        await (client.write(WRITE, "signer", "42") if writing else client.read(READ, "signer", "42"))
    assert 120 <= clock.elapsed < 130


async def test_requests_go_on_as_long_as_the_limit_makes_progress(client, venue, clock):
    """Beside a client that leaves us one request in nine, for many minutes, none of ours is given up."""
    venue.script = [*[*[say(code="busy", status=429)] * 8, say("done")] * 40]
    replies = await asyncio.gather(*(client.write(WRITE, "signer", "42") for _ in range(40)))
    assert [reply.data for reply in replies] == ["done"] * 40
    assert clock.elapsed > 120
    assert len(client.pacer.notes) == 1


async def test_a_busy_venue_halves_no_limit(client, venue):
    """Busy is not too many: the request goes again, and no limit of ours is said to have been met."""
    client.dialect.CODES = {**ToyDialect.CODES, "full": Busy}
    venue.script = [say(code="full", status=429), say("done")]
    assert (await client.write(WRITE, "signer", "42")).data == "done"
    assert client.pacer.notes == []


async def test_what_a_shared_request_asks_for_is_settled_when_its_slot_comes(client, venue):
    """Who joins while the request waits for its slot is asked for too."""
    wanted = ["a"]

    async def settle() -> Call:
        return Call(READ.endpoint, {"of": ",".join(wanted)})

    venue.script = [say("5")]
    waiting = asyncio.ensure_future(client.read(READ, "signer", "42", settle=settle))
    wanted.append("b")
    await waiting
    assert venue.lines == ["GET /state?of=a,b"]


async def test_a_read_gives_up_within_bounds(client, venue, clock):
    """Five attempts and a few seconds, then one sentence with a way out."""
    venue.script = [say(code="down", status=503)]
    with pytest.raises(Unreachable, match="the venue says down"):
        await client.read(READ, "signer", "42")
    assert len(venue.seen) == 5
    assert clock.elapsed < 20


async def test_a_read_whose_outcome_stays_unknown_was_not_served(client, venue):
    """A read has no outcome: only writes end as OutcomeUnknown."""
    venue.script = [say(code="maybe", status=400)]
    with pytest.raises(Unreachable, match="the venue says maybe"):
        await client.read(READ, "signer", "42")


async def test_closing_ends_what_still_waits(venue, clock):
    """A read in its back-off is given up with the client: nothing more arrives, and nothing is opened anew."""
    venue.script = [say(code="down")]
    async with Client(venue.url, ToyDialect(), clock, Pacer(clock)) as client:
        waiting = asyncio.ensure_future(client.read(READ, "signer", "42"))
        while not venue.seen:  # noqa: ASYNC110 (the venue sets no event)
            await asyncio.sleep(0)
        clock.sleep = lambda _: asyncio.Event().wait()  # time stands still from here on
    assert waiting.cancelled()
    assert len(venue.seen) == 1


@pytest.mark.parametrize(
    ("code", "error"), [("no", Refused), ("key", AuthRefused), ("closed", Maintenance)], ids=["no", "key", "closed"]
)
async def test_a_refusal_is_final(client, venue, code, error):
    """What the venue refuses is not asked again, read or write."""
    venue.script = [say(code=code)]
    for ask in (client.read, client.write):
        with pytest.raises(error, match=f"the venue says {code}"):
            await ask(WRITE if ask == client.write else READ, "signer", "42")
    assert len(venue.seen) == 2


async def test_nobody_listens(clock):
    """A refused connection proves that nothing was sent; the message says where and why."""
    url = f"http://127.0.0.1:{free_port()}"
    async with Client(url, ToyDialect(), clock, Pacer(clock)) as client:
        with pytest.raises(Unreachable, match=f"^{url} does not answer: connection refused$") as caught:
            await client.write(WRITE, "signer", "42")
        assert "is the venue up?" in caught.value.hint
        assert not isinstance(caught.value, OutcomeUnknown)
        assert client.requests == 5


async def test_a_venue_that_comes_up_late_gets_the_write(venue, clock):
    """A connection that was refused before anything was sent is tried again, for writes too."""
    port = free_port()
    attempts = []
    servers = []

    async def start(sent_at):
        attempts.append(sent_at)
        if len(attempts) == 3:
            servers.append(await asyncio.start_server(venue.serve, "127.0.0.1", port))

    async with Client(f"http://127.0.0.1:{port}", ToyDialect(), clock, Pacer(clock)) as client:
        await client.write(WRITE, "signer", "42", before_send=start)
    assert venue.lines == ["POST /state"]
    await venue.stop(servers[0])


async def test_no_tls_where_tls_is_wanted(clock):
    """A venue that does not speak TLS gets no request, and the reason is said."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with Client(url, ToyDialect(), clock, Pacer(clock)) as client:
        with pytest.raises(Unreachable, match="does not answer: TLS failed"):
            await client.write(WRITE, "signer", "42")
    server.close()


async def test_any_httpx_transport_will_do(clock):
    """A venue can be a function: httpx's MockTransport sees target and body as they were signed."""

    def handle(request: httpx.Request) -> httpx.Response:
        signed = f"signer {request.method} {request.url.raw_path.decode()} {request.content.hex()}"
        assert request.headers["x-signed"] == signed
        return httpx.Response(200, json={"code": "0", "data": "5"})

    transport = ThroughHttpx(httpx.MockTransport(handle))
    async with Client("http://venue.test", ToyDialect(), clock, Pacer(clock), transport=transport) as client:
        call = Call(WRITE.endpoint, {"note": "a b&c=d%2F+é/€?#", "n": 5})
        assert (await client.write(call, "signer", "42")).data == "5"
        assert (await client.read(Call(READ.endpoint, call.params), "signer", "42")).data == "5"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (httpx.ConnectError, NotSent),
        (httpx.ConnectTimeout, NotSent),
        (httpx.ProxyError, NotSent),
        (httpx.ReadTimeout, UnresolvedWrite),
        (httpx.RemoteProtocolError, UnresolvedWrite),
    ],
)
async def test_what_an_httpx_transport_raises_decides_what_became_of_a_write(clock, theirs, ours):
    """Only where it could not connect, nothing was sent."""

    def handle(request: httpx.Request) -> httpx.Response:
        raise theirs("as it says", request=request)

    transport = ThroughHttpx(httpx.MockTransport(handle))
    async with Client("http://venue.test", ToyDialect(), clock, Pacer(clock), transport=transport) as client:
        with pytest.raises(ours, match="http:"):
            await client.write(WRITE, "signer", "42")


@pytest.mark.parametrize("timeout_s", [SHORT_S])
async def test_what_breaks_shows_no_credentials(client, venue):
    """However an exchange fails, the traceback and the errors' own representations hold nothing that was signed."""
    for act in (babble, reset, hang, HTML, stall):
        venue.script = [act]
        with pytest.raises(UnresolvedWrite) as caught:
            await client.write(WRITE, "tell-nobody", "42")
        error: BaseException | None = caught.value
        shown = traceback.format_exception(error)
        while error is not None:
            shown.append(repr(error))
            error = error.__cause__
        assert "tell-nobody " not in "".join(shown)  # as it stands in the signed header


async def test_a_host_without_a_name(clock):
    """A name that does not resolve is said in words."""
    async with Client("http://venue.invalid", ToyDialect(), clock, Pacer(clock)) as client:
        with pytest.raises(Unreachable, match="the host name does not resolve"):
            await client.read(READ)


async def test_html_instead_of_json_is_said_without_quoting_it(client, venue):
    """The message names status and kind of the page, and holds neither its text nor anything signed."""
    venue.script = [raw(b"<html><title>Access <b>denied</title>ref 8f3a signer</html>", status=403)]
    with pytest.raises(Garbled, match="HTTP 403, an HTML page") as caught:
        await client.read(READ, "signer", "42")
    assert "signer" not in str(caught.value)
    assert "8f3a" not in str(caught.value)
    assert len(venue.seen) == 3


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_redirects_are_never_followed(client, venue, status):
    """A redirect is an error at once, and the signed headers stay where they are."""
    venue.script = [raw(b"", status=status, more=f"Location: {venue.url}/elsewhere?x=1\r\n")]
    with pytest.raises(Garbled, match=rf"redirects to 127.0.0.1 \(HTTP {status}\)"):
        await client.read(READ, "signer", "42")
    with pytest.raises(UnresolvedWrite, match="redirects"):
        await client.write(WRITE, "signer", "42")
    assert len(venue.seen) == 2


async def test_cookies_are_not_kept(client, venue):
    """What a gateway wants remembered is forgotten."""
    venue.script = [raw(b'{"code": "0", "data": 1}', more="Set-Cookie: track=1; Path=/\r\n"), say()]
    await client.read(READ)
    await client.read(READ)
    assert all("cookie" not in request.headers for request in venue.seen)


async def test_proxies_of_the_environment_are_ignored(client, venue, monkeypatch):
    """Signed requests go to the venue and nowhere else, whatever HTTP_PROXY says."""
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    await client.read(READ)
    assert len(venue.seen) == 1


@pytest.mark.parametrize(
    "params",
    [
        {"instId": "BTC-USDT,ETH-USDT"},
        {"z": "1", "a": "2", "on": True, "n": 5},
        {"note": "a b&c=d%2F+é/€?#"},
    ],
)
async def test_what_is_signed_is_what_arrives(client, venue, params):
    """Target and body reach the socket byte for byte as they were handed to the signature."""
    for method in ("GET", "POST"):
        await client.write(Call(Endpoint(method, "/x", Rate(5, 2)), params), "signer", "42")
        got = venue.seen[-1]
        assert got.headers["x-signed"] == f"signer {got.method} {got.target} {got.body.hex()}"
        assert got.headers.get("content-type") == ("application/json" if method == "POST" else None)


@pytest.mark.parametrize("error", [Unreachable("gate"), RateLimited("gate"), OutcomeUnknown("gate"), Refused("gate")])
async def test_an_error_of_before_send_is_passed_on_as_it_is(client, venue, error):
    """A gate that cannot read stops the write: not sent, not repeated, and not taken for an unknown outcome."""
    asked = []

    def gate(sent_at):
        asked.append(sent_at)
        raise error

    with pytest.raises(type(error), match=r"^gate$") as caught:
        await client.write(WRITE, "signer", "42", before_send=gate)
    assert caught.value is error
    assert (len(asked), venue.seen, client.requests) == (1, [], 0)


@pytest.mark.parametrize("secret", ["naïve-words", "two\nlines", "end\r\n"])
async def test_credentials_that_no_header_can_carry(client, venue, secret):
    """A secret with a stray newline or accent is an error that names the header and not the secret."""
    with pytest.raises(ConfigError, match="X-Signed") as caught:
        await client.read(READ, secret, "42")
    assert venue.seen == []
    shown = "".join(traceback.format_exception(caught.value))
    assert secret not in shown
    assert repr(secret)[1:-1] not in shown


async def test_the_signature_is_made_when_the_request_leaves(client, venue, clock):
    """After waiting for its slot a request signs the time at which it leaves, not the time it was asked for."""
    call = Call(Endpoint("GET", "/slow", Rate(1, 5), "read"))
    replies = await asyncio.gather(*(client.read(call, "signer", "42") for _ in range(3)))
    signed = [float(request.headers["x-now"]) - clock.start for request in venue.seen]
    assert signed == pytest.approx([0, 5, 10], abs=0.01)
    assert [reply.sent_at - clock.start for reply in replies] == pytest.approx(signed, abs=0.001)


async def test_before_send_runs_last_and_may_stop_the_write(client, venue, clock):
    """The journal hears the time that gets signed, right before each sending; if it raises, nothing leaves."""
    heard = []
    venue.script = [say(code="busy", status=429), say()]
    await client.write(WRITE, "signer", "42", before_send=heard.append)
    assert [f"{at:.3f}" for at in heard] == [request.headers["x-now"] for request in venue.seen]

    async def lost(sent_at):
        raise RuntimeError("the lock is lost")

    with pytest.raises(RuntimeError, match="the lock is lost"):
        await client.write(WRITE, "signer", "42", before_send=lost)
    assert len(venue.seen) == 2


async def test_limits_of_two_users_are_apart_and_of_one_are_shared(client, venue, clock):
    """Buckets are keyed as the venue keys them: by user, and by the parameters that split them."""
    call = Call(Endpoint("GET", "/i", Rate(1, 2, by=("kind",)), "read"), {"kind": "SWAP"})
    other = Call(call.endpoint, {"kind": "FUTURES"})
    await asyncio.gather(client.read(call, "a", "1"), client.read(call, "b", "2"), client.read(other, "a", "1"))
    assert clock.elapsed == 0
    await client.read(call, "another key", "1")
    assert clock.elapsed == pytest.approx(2, abs=0.01)


async def test_requests_are_told_without_secrets(venue, clock, caplog):
    """The journal and the log get method, path, user, status, code and attempt; no query, header or body."""
    told = []
    venue.script = [reset, say(code="busy", status=429), say()]
    async with Client(venue.url, ToyDialect(), clock, Pacer(clock), on_request=told.append) as client:
        with caplog.at_level("DEBUG", logger="acctcfg.wire"):
            await client.read(READ, "signer", "42")
    assert [(s.method, s.path, s.user, s.status, s.code, s.attempt) for s in told] == [
        ("GET", "/state", "42", None, "reset", 1),
        ("GET", "/state", "42", 429, "busy", 2),
        ("GET", "/state", "42", 200, "ok", 3),
    ]
    assert "signer" not in caplog.text + repr(told)
    assert "leverage" not in caplog.text + repr(told)
    assert "GET /state 200 ok" in caplog.text


async def test_speed_shortens_the_wait_between_attempts(venue, clock):
    """Where the venue's time runs faster, back-off and patience shrink alike."""
    venue.script = [say(code="down", status=503)] * 4 + [say()]
    async with Client(venue.url, ToyDialect(), clock, Pacer(clock, speed=50), random=lambda: 1.0) as client:
        await client.read(READ, "signer", "42")
    assert clock.elapsed == pytest.approx((0.25 + 0.5 + 1 + 2) / 50)


async def test_a_cancelled_request_gives_its_slot_back_in_time(client, venue, clock):
    """A caller that gives up leaves the limit as usable as before."""
    call = Call(Endpoint("GET", "/slow", Rate(1, 5), "read"))
    venue.script = [hang, say("5")]
    task = asyncio.ensure_future(client.read(call, "signer", "42"))
    await venue.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await client.read(call, "signer", "42")).data == "5"
    assert clock.elapsed == pytest.approx(5, abs=0.01)
