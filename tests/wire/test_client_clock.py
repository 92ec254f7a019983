"""A clock that is off is measured once against the venue's time and corrected for."""

from __future__ import annotations

import asyncio

import pytest
from toy_venue import READ, WRITE, ToyDialect, raw, say

from acctcfg.errors import AuthRefused, Garbled, Refused, Unreachable
from acctcfg.wire.client import Client
from acctcfg.wire.pace import Pacer

WINDOW_S = 30


@pytest.fixture
def strict(venue, clock):
    """A venue that refuses timestamps more than 30 s from its own time, and tells its time."""

    async def state(request, reader, writer):
        late = abs(float(request.headers["x-now"]) - (clock.start + clock.elapsed)) > WINDOW_S
        await say("5", code="late" if late else "0", status=401 if late else 200)(request, reader, writer)

    async def time(request, reader, writer):
        await say(clock.start + clock.elapsed)(request, reader, writer)

    venue.at = {"/state": state, "/time": time}
    return venue


@pytest.mark.parametrize("skew", [-3600.0, -31.0, 45.5, 86400.0])
async def test_a_wrong_clock_is_corrected_for(client, strict, clock, skew):
    """One measurement and one repetition, for a write too: a refused timestamp was not executed."""
    clock.skew = skew
    assert (await client.write(WRITE, "signer", "42")).data == "5"
    assert client.offset_s == pytest.approx(-skew, abs=0.5)
    assert strict.lines == ["POST /state", "GET /time", "POST /state"]
    assert (await client.read(READ, "signer", "42")).sent_at == pytest.approx(clock.start, abs=1)
    assert len(strict.seen) == 4


async def test_requests_that_stumble_together_share_one_measurement(client, strict, clock):
    """Twenty requests under way at once measure the clock once."""
    clock.skew = 900
    replies = await asyncio.gather(*(client.read(READ, "signer", str(user)) for user in range(20)))
    assert {reply.data for reply in replies} == {"5"}
    assert strict.lines.count("GET /time") == 1


async def test_a_second_refusal_names_the_clock(client, venue, clock):
    """Where correcting does not help, the error says what to do, and nothing loops."""
    venue.at = {"/state": say(code="late", status=401), "/time": say(clock.start - 100)}
    for ask, call in ((client.read, READ), (client.write, WRITE)):
        with pytest.raises(AuthRefused, match="the venue says late") as caught:
            await ask(call, "signer", "42")
        assert "set this host's clock" in caught.value.hint
        assert "100.0 s off" in caught.value.hint
    assert venue.lines.count("GET /time") == 1


async def test_a_time_that_cannot_be_had_is_an_error_of_its_own(client, venue):
    """If the venue does not tell its time, nothing is corrected and the run ends with that reason."""
    venue.at = {"/state": say(code="late", status=401), "/time": raw(b"", status=503)}
    with pytest.raises(Unreachable, match="HTTP 503"):
        await client.read(READ, "signer", "42")
    assert client.offset_s == 0


async def test_a_time_that_cannot_be_read_is_said(client, venue):
    """A write whose timestamp was refused was not executed: a nonsensical time is no unknown outcome."""
    venue.at = {"/state": say(code="late", status=401), "/time": say("noon")}
    with pytest.raises(Garbled, match="the venue's time cannot be read"):
        await client.write(WRITE, "signer", "42")


async def test_a_refused_time_call_does_not_hang(client, venue):
    """A venue that refuses even the call for its time ends the run with the clock's error."""
    venue.at = {"/state": say(code="late", status=401), "/time": say(code="late", status=401)}
    with pytest.raises(AuthRefused):
        await client.read(READ, "signer", "42")


async def test_a_request_that_was_late_is_signed_anew(client, venue, clock):
    """A timestamp refused after a long way says nothing of our clock: no measurement, and another attempt."""

    async def slow(request, reader, writer):
        clock.advance(11)
        await say(code="late")(request, reader, writer)

    venue.script = [slow, slow, say("5")]
    assert (await client.read(READ, "signer", "42")).data == "5"
    assert venue.lines == ["GET /state?of=leverage"] * 3


async def test_a_write_whose_record_was_slow_takes_another_time(client, strict, clock):
    """What a slow disk took makes a time old: a fresh one is recorded and signed, before anything is refused."""
    taken = []

    async def record(at):
        taken.append(at)
        await clock.sleep(20 if len(taken) < 3 else 0)

    reply = await client.write(WRITE, "signer", "42", before_send=record)
    assert strict.lines == ["POST /state"]
    assert reply.sent_at == taken[-1] == pytest.approx(clock.start + 40, abs=1)


async def test_writes_that_wait_for_the_record_are_signed_when_it_is_their_turn(client, strict, clock):
    """A slow database and many writes at once: each is recorded once, and looks again where its gate had to wait."""
    recorded, gates = [], []
    disk = asyncio.Lock()

    async def one(user):
        async def ready():
            gates.append(user)

        async def record(_):
            recorded.append(user)
            async with disk:
                await clock.sleep(0.2)

        return await client.write(WRITE, "signer", user, ready=ready, before_send=record)

    users = [str(number) for number in range(100)]
    replies = await asyncio.gather(*map(one, users))
    assert [reply.data for reply in replies] == ["5"] * 100
    assert sorted(recorded) == sorted(users)
    assert len(gates) > 150


async def test_writes_that_read_once_more_wait_for_no_other_write(strict, clock):
    """More writes than connections, each of which reads before it is recorded: all of them leave."""
    recorded = []
    async with Client(strict.url, ToyDialect(), clock, Pacer(clock), timeout_s=5, most=96) as client:

        async def one(user):
            async def ready():
                await client.read(READ, "signer", user)

            async def record(_):
                recorded.append(user)
                await asyncio.sleep(0.3 if len(recorded) <= 32 else 0)  # the disk was busy for a moment

            return await client.write(WRITE, "signer", user, ready=ready, before_send=record)

        async with asyncio.timeout(15):
            replies = await asyncio.gather(*(one(str(number)) for number in range(140)))
    assert [reply.data for reply in replies] == ["5"] * 140
    assert strict.lines.count("POST /state") == 140


async def test_a_write_waits_behind_no_reads_of_others(strict, clock):
    """Few connections, and a crowd that reads: what a write was let through by is not old when it leaves."""
    quick, seen = strict.at["/state"], []

    async def slow(request, reader, writer):
        await asyncio.sleep(0.005)
        await quick(request, reader, writer)

    async def ready():
        seen.append(len(strict.seen))

    strict.at["/state"] = slow
    async with Client(strict.url, ToyDialect(), clock, Pacer(clock), timeout_s=5, most=8) as client:
        crowd = [asyncio.ensure_future(client.read(READ, "signer", str(user))) for user in range(60)]
        await asyncio.sleep(0.01)
        await client.write(WRITE, "signer", "42", ready=ready, before_send=lambda _: None)
        await asyncio.gather(*crowd)
    assert strict.lines.index("POST /state") <= seen[-1] + 8


@pytest.mark.slow
@pytest.mark.parametrize(("late_for_s", "served"), [(100, True), (10_000, False)])
async def test_a_storm_of_late_requests_is_outlasted(venue, clock, late_for_s, served):
    """A busy machine is late for minutes: attempts are paced and bounded by time; what is given up blames no clock."""

    async def slow(request, reader, writer):
        clock.advance(0.3)
        late = clock.elapsed < late_for_s
        await say("5", code="late" if late else "0", status=401 if late else 200)(request, reader, writer)

    venue.at = {"/state": slow}
    async with Client(venue.url, ToyDialect(), clock, Pacer(clock, speed=50), timeout_s=5) as client:
        if served:
            assert (await client.write(WRITE, "signer", "42")).data == "5"
        else:
            with pytest.raises(Refused, match="after it was signed, and so for 2 minutes") as caught:
                await client.write(WRITE, "signer", "42")
            assert not isinstance(caught.value, AuthRefused)
            assert 120 <= clock.elapsed < 125
    assert set(venue.lines) == {"POST /state"}


async def test_what_waits_for_a_connection_is_signed_afterwards(strict, clock):
    """Where few connections may be open, their number is waited for before a time is taken."""
    quick = strict.at["/state"]

    async def slow(request, reader, writer):
        clock.advance(20)
        await quick(request, reader, writer)

    strict.at["/state"] = slow
    async with Client(strict.url, ToyDialect(), clock, Pacer(clock), timeout_s=5, most=1) as client:
        await asyncio.gather(*(client.write(WRITE, "signer", str(user)) for user in range(5)))
    assert strict.lines == ["POST /state"] * 5


async def test_a_time_that_took_long_is_asked_for_again(client, strict, clock):
    """What is between asking and answering is uncertain: a busy moment corrects no clock."""
    clock.skew, quick, asked = 900, strict.at["/time"], []

    async def time(request, reader, writer):
        asked.append(request)
        if len(asked) == 1:
            clock.advance(50)
        await quick(request, reader, writer)

    strict.at["/time"] = time
    assert (await client.write(WRITE, "signer", "42")).data == "5"
    assert client.offset_s == pytest.approx(-900, abs=0.5)
    assert len(asked) == 2
