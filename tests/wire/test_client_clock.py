"""A clock that is off is measured once against the venue's time and corrected for."""

from __future__ import annotations

import asyncio

import pytest
from toy_venue import READ, WRITE, raw, say

from acctcfg.errors import AuthRefused, Garbled, Unreachable

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


async def test_a_write_whose_record_was_slow_is_signed_anew(client, venue, clock):
    """What a slow disk took between signing and sending counts as late; the clock, which is right, is not doubted."""
    sent = []
    late = say(code="late", status=401)
    venue.script = [late, late, say("5")]

    async def record(_at):
        sent.append(clock.elapsed)
        await clock.sleep(20)

    assert (await client.write(WRITE, "signer", "42", before_send=record)).data == "5"
    assert (len(sent), venue.lines) == (3, ["POST /state"] * 3)
