"""One client for any venue: paces, signs when it sends, never repeats a write that it cannot prove undone.

Reads are repeated on anything that passes by itself. Writes are repeated only on proof that they were not executed: the
venue said so (too many requests, a refused timestamp) or no connection was made. Every other silence is an
`UnresolvedWrite`, which only reading can settle. Where others use the same limit, reads and writes go on as long as the
venue serves anybody out of it, and for two minutes after that. A time that the venue refuses because the request was
late is no error for as long: it is signed anew. A write that is sent `once` is repeated on nothing. All of it stands in
one file, longer than others: whether something may be sent again depends on each step that a request has taken.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
import sys
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

from yarl import URL

from acctcfg.core.secret import Credentials
from acctcfg.errors import (
    AuthRefused,
    Busy,
    Garbled,
    Maintenance,
    OutcomeUnknown,
    RateLimited,
    Refused,
    Unreachable,
    VenueError,
)
from acctcfg.wire.answer import MAX_BYTES
from acctcfg.wire.bucket import Ahead
from acctcfg.wire.clock import Clock
from acctcfg.wire.dialect import Dialect
from acctcfg.wire.endpoint import Call, Rate
from acctcfg.wire.exchange import BeforeSend, Exchange, Ready, Reply, Settle
from acctcfg.wire.failures import (
    NotSent,
    NotServed,
    Redirected,
    TooLong,
    UnresolvedWrite,
    always_late,
    blot_out,
    clock_is_off,
    too_soon,
)
from acctcfg.wire.http import Request, TimedOut, Transport, TransportFailed, Unconnected, Unproxied
from acctcfg.wire.limits import BucketKey
from acctcfg.wire.message import GARBLED_HINT, SHAPE_ERRORS, reply_of, request_of
from acctcfg.wire.pace import Pacer, Slot
from acctcfg.wire.redact import Sent, confidential, line, unquoted
from acctcfg.wire.socket import Socket, Sockets
from acctcfg.wire.transport import AiohttpTransport, BodyTooLong

__all__ = ["Client", "UnresolvedWrite"]

log = logging.getLogger("acctcfg.wire")

ATTEMPTS = 5
GARBLED_ATTEMPTS = 3
PATIENCE_S = 20.0  # no further attempt is begun after this, time spent waiting for a slot not counted
LATE_S = 10.0  # of that age, a signed time may be refused while all clocks are right
LATE_FOR_S = 120.0  # a machine, or a way, on which everything is late for so long is given up; no speed divides it
STUCK_S = 120.0  # a limit out of which the venue serves nothing for so long is given up
FOR_WRITES = 4  # every fourth connection is for writes alone, and the others are for reads
RECORDED_AT_ONCE = 32  # a write that waits for the record of more than so many others waits before its time is taken
BACKOFF_S = 0.25  # doubles with each attempt
LIMITED_BACKOFF_S = 4.0  # at most, for what the venue refused unserved
REMEASURE_S = 60.0  # a clock that was measured more recently than this is not the reason for a refusal


class Client:
    """Calls to one venue at one base URL, for any number of its users at once.

    `signer` arguments are handed to the dialect; `user` is the venue user's id, by which limits are
    counted. `on_request` is told of every request that left. `transport`: also one of httpx's, by `ThroughHttpx`.
    `most`: so many requests at once, 0 for any number: what would wait for a connection waits before it is signed.
    Reads and writes have connections of their own: a write that holds one may read first, and waits behind no reads.
    """

    def __init__(
        self,
        base_url: str,
        dialect: Dialect,
        clock: Clock,
        pacer: Pacer,
        *,
        timeout_s: float = 10.0,
        transport: Transport | None = None,
        sockets: Sockets | None = None,
        on_request: Callable[[Sent], None] | None = None,
        random: Callable[[], float] = random.random,
        most: int = 0,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.dialect = dialect
        self.clock = clock
        self.pacer = pacer
        self.timeout_s = timeout_s
        self._late_s = LATE_S / pacer.speed
        self.on_request = on_request
        self.offset_s = 0.0  # venue's clock minus ours
        self.requests = 0
        self.rate_limited = 0
        self.refused_keys: set[str] = set()  # ids of keys that the venue did not take, for whatever reason
        url = URL(self.base_url)
        self._host = url.host_port_subcomponent or ""
        self._url = f"{url.scheme}://{self._host}"
        self._transport = transport or AiohttpTransport(timeout_s=timeout_s, handshakes=pacer)
        self._rooms = _rooms(most)
        self._recording = asyncio.Semaphore(RECORDED_AT_ONCE)
        self._sockets = sockets or Sockets(timeout_s=timeout_s)
        self._random = random
        self._measuring = asyncio.Lock()
        self._measured_at: float | None = None
        self._unserved: dict[str, set[str]] = {}  # what to do about calls that the venue does not serve, and which
        self._under_way: set[asyncio.Task[object] | None] = set()

    @property
    def asks_alone(self) -> bool:
        """Whether a row of a list may be asked for by itself."""
        return True

    @property
    def advice(self) -> list[str]:
        """What to do about calls that the venue does not serve to this user, once for all of them."""
        return [f"{', '.join(sorted(calls))}: {hint}" for hint, calls in self._unserved.items()]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End what still waits, such as a read that nobody needs since another one failed: it would open anew."""
        left = [task for task in self._under_way - {asyncio.current_task()} if task is not None]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        await self._transport.aclose()
        await self._sockets.aclose()

    async def read(
        self, call: Call, signer: Credentials | None = None, user: str = "", *, settle: Settle | None = None
    ) -> Reply:
        """The answer to a call that changes nothing. Raises Unreachable, Garbled, Refused and its kin, Maintenance.

        `settle` is awaited once the slot is held, and gives the call of the same endpoint that is sent in place of
        `call`: what a request that many share asks for is settled at the last moment.
        """
        return await self._watched(Exchange(call, signer, user, writing=False, settle=settle))

    async def write(
        self,
        call: Call,
        signer: Credentials | None,
        user: str,
        *,
        ahead: Ahead | None = None,
        ready: Ready | None = None,
        before_send: BeforeSend | None = None,
        droppable: bool = False,
    ) -> Reply:
        """The answer to a call that changes something, or UnresolvedWrite when no answer proves what became of it.

        `before_send` (plain or async) is called with the time about to be signed, right before each sending and after
        all waiting: the place for the journal's intent, and for a last reason not to send (it raises). Where it took
        so long that the time is old, it is called once more with another.
        `ready` is awaited before that, once the slot is held and before the time is taken: reads that must be fresh
        when the write is sent belong there, and it is awaited once more where the records of others come first. `ahead`
        may make them in the last moment of a wait. A `droppable` one ends in Dropped where the pacer is told to drop
        what waits for a slot.
        """
        exchange = Exchange(call, signer, user, writing=True, ahead=ahead, ready=ready, before_send=before_send)
        exchange.droppable = droppable
        return await self._watched(exchange)

    async def socket(self, url: str, rate: Rate) -> Socket:
        """A WebSocket of the venue, within its limit of new ones. Raises Unreachable."""
        key = BucketKey(rate.scope, self._host, "WebSocket", ())
        async with self.pacer.slot(key, rate) as slot:
            slot.sending()
            opened = await self._sockets.open(url)
            slot.answered()
        return opened

    async def _watched(self, exchange: Exchange) -> Reply:
        task = asyncio.current_task()
        if task in self._under_way:  # a write that reads before it is sent
            return await self._retrying(exchange)
        self._under_way.add(task)
        try:
            return await self._retrying(exchange)
        finally:
            self._under_way.discard(task)

    # -- repeating ---------------------------------------------------------------------------------------------

    async def _retrying(self, exchange: Exchange) -> Reply:
        while True:
            exchange.attempt += 1
            exchange.limited = exchange.left = False
            try:
                return await self._once(exchange)
            except VenueError as error:
                if not exchange.left:
                    raise  # `before_send` asked the venue something itself, and stops the write with the answer
                await self._go_again(exchange, error)

    async def _go_again(self, exchange: Exchange, error: VenueError) -> None:
        """Return when the request may be sent once more; raise what its caller gets when it may not."""
        once = exchange.call.endpoint.once
        if isinstance(error, Refused) and not once and self.dialect.is_clock_refusal(error):
            if exchange.took_s <= self._late_s:
                await self._correct_clock(exchange, error)
                return
            if self._since(exchange) >= LATE_FOR_S:
                raise always_late(error, exchange.took_s, LATE_FOR_S) from error
            await self.clock.sleep(self._backoff(exchange))  # signed anew, it may be in time
            return
        proven = isinstance(error, NotSent | Refused | Maintenance)
        if exchange.writing and not proven:
            raise UnresolvedWrite.of(exchange.call, exchange.sent_at, error) from error
        if once and isinstance(error, RateLimited):
            minutes = exchange.call.endpoint.rate.per_s / 60
            error.hint = f"nothing was executed; ask again in {minutes:g} minutes at the latest"
        if once or not self._may_repeat(exchange, error):
            if isinstance(error, OutcomeUnknown):  # a read has no outcome to be unknown: it was not served
                raise Unreachable(error.message, hint=error.hint, code=error.code) from error
            raise error
        await self.clock.sleep(self._backoff(exchange))

    def _since(self, exchange: Exchange) -> float:
        """Seconds since the first attempt had its slot."""
        return 0.0 if exchange.begun_at is None else self.clock.monotonic() - exchange.begun_at

    def _may_repeat(self, exchange: Exchange, error: VenueError) -> bool:
        passing = isinstance(error, RateLimited | Unreachable | OutcomeUnknown | Garbled)
        if not passing or isinstance(error, Redirected | TooLong):
            return False
        if isinstance(error, RateLimited):
            rate = exchange.call.endpoint.rate
            return self.pacer.stuck_s(exchange.key, rate, exchange.begun_at or 0.0) < STUCK_S / self.pacer.speed
        if exchange.attempt >= (GARBLED_ATTEMPTS if isinstance(error, Garbled) else ATTEMPTS):
            return False
        # One repetition is always worth it: a single time-out may use up all patience at high speed.
        return exchange.attempt < 2 or exchange.spent_s < PATIENCE_S / self.pacer.speed

    def _backoff(self, exchange: Exchange) -> float:
        seconds = BACKOFF_S * 2.0 ** min(exchange.attempt - 1, ATTEMPTS)
        if exchange.limited:  # sooner than in a window, the venue would say the same again
            seconds = min(max(seconds, exchange.call.endpoint.rate.per_s), LIMITED_BACKOFF_S)
        seconds *= (0.5 + 0.5 * self._random()) / self.pacer.speed
        exchange.spent_s += seconds
        return seconds

    # -- one request -------------------------------------------------------------------------------------------

    async def _once(self, exchange: Exchange) -> Reply:
        endpoint = exchange.call.endpoint
        key = exchange.key = BucketKey.of(exchange.call, user=exchange.user, host=self._host)
        if endpoint.once and (wait_s := self.pacer.wait_s(key, endpoint.rate)) > 0:
            raise too_soon(exchange.call, self.clock.now() + wait_s)
        async with self.pacer.slot(key, endpoint.rate, droppable=exchange.droppable, ahead=exchange.ahead) as slot:
            if exchange.begun_at is None:
                exchange.begun_at = self.clock.monotonic()
            if exchange.settle is not None:
                exchange.call = await exchange.settle()
            if exchange.ready is not None:
                await exchange.ready()
            room = self._rooms[exchange.writing]
            waits = room.locked()
            async with room:
                return await self._signed(exchange, slot, await self._timed(exchange, waits=waits))

    async def _signed(self, exchange: Exchange, slot: Slot, signed: float) -> Reply:
        """Sign and send, now that nothing is left to wait for. `signed`: the steady clock when the time was taken."""
        endpoint, key = exchange.call.endpoint, exchange.key
        request = request_of(exchange, self.dialect, self._url, self._host)
        begun = self.clock.monotonic()
        exchange.status, exchange.code, exchange.left = None, "cancelled", True
        try:
            reply = await self._exchanged(exchange, request, slot)
            exchange.code = "ok"
            self.pacer.served(key, endpoint.rate)
            return reply
        except VenueError as error:
            blot_out(error, confidential(exchange.signer, exchange.signed, exchange.call.params))
            exchange.code = error.code or type(error).__name__
            exchange.limited = isinstance(error, RateLimited)
            if isinstance(error, AuthRefused) and isinstance(exchange.signer, Credentials):
                self.refused_keys.add(exchange.signer.api_key)
            if isinstance(error, NotServed):
                self._unserved.setdefault(error.hint, set()).add(endpoint.text)
            if exchange.limited:
                self.rate_limited += 1
            if not exchange.limited and isinstance(error, Refused):
                self.pacer.served(key, endpoint.rate)
            elif exchange.limited and not isinstance(error, Busy):
                self.pacer.rate_limited(key, endpoint.rate)
            raise
        finally:
            seconds = self.clock.monotonic() - begun
            exchange.spent_s += seconds
            exchange.took_s = seconds + begun - signed
            self._tell(exchange, seconds)

    async def _timed(self, exchange: Exchange, *, waits: bool) -> float:
        """Take the time that is signed and put it on record; gives the steady one. `waits`: for a connection, it did.

        Where the record was slow, another time is taken: the venue would refuse this one.
        """
        if exchange.before_send is None:
            return self._take_time(exchange)
        waits = waits or self._recording.locked()
        async with self._recording:
            if waits and exchange.ready is not None:
                await exchange.ready()  # what it read may be old by now
            while True:
                signed = self._take_time(exchange)
                pending = exchange.before_send(exchange.sent_at)
                if inspect.isawaitable(pending):
                    await pending
                if self.clock.monotonic() - signed <= self._late_s or self._since(exchange) >= LATE_FOR_S:
                    return signed

    def _take_time(self, exchange: Exchange) -> float:
        exchange.offset_s = self.offset_s
        exchange.sent_at = self.clock.now() + exchange.offset_s
        return self.clock.monotonic()

    async def _exchanged(self, exchange: Exchange, request: Request, slot: Slot) -> Reply:
        slot.sending()
        try:
            response = await self._transport.send(request)
            slot.answered()
            exchange.status = response.status
            body = unquoted(await response.read(), exchange.signer, exchange.signed)
        except Unproxied as exc:
            slot.not_sent()
            hint = "is the proxy right? NO_PROXY names hosts that are reached without one"
            raise NotSent(f"{self.base_url} cannot be reached: {exc}", hint=hint, code="proxy") from exc
        except Unconnected as exc:
            slot.not_sent()
            hint = "is the venue up? check base_url and the network"
            raise NotSent(f"{self.base_url} does not answer: {exc}", hint=hint, code="not_sent") from exc
        except BodyTooLong:
            raise TooLong.of(self.base_url, MAX_BYTES) from None
        except TimedOut as exc:
            hint = "the venue or the network is slow or down; try again later"
            message = f"{self.base_url} gave no answer within {self.timeout_s:g} s"
            raise Unreachable(message, hint=hint, code="timeout") from exc
        except TransportFailed as exc:
            hint = "the venue or something on the way to it broke off; try again later"
            raise Unreachable(f"{self.base_url} did not answer in full: {exc}", hint=hint, code="reset") from exc
        if 300 <= response.status < 400:
            raise Redirected.of(self.base_url, response)
        received_at = self.clock.now() + exchange.offset_s
        return reply_of(exchange, self.dialect, response, body, received_at)

    def _tell(self, exchange: Exchange, seconds: float) -> None:
        self.requests += 1
        debug = log.isEnabledFor(logging.DEBUG)
        if self.on_request is None and not debug:
            return
        sent = Sent(
            method=exchange.call.endpoint.method,
            path=exchange.call.endpoint.path,
            user=exchange.user,
            status=exchange.status,
            code=exchange.code,
            milliseconds=seconds * 1000,
            attempt=exchange.attempt,
            sent_at=exchange.sent_at,
        )
        if debug:
            log.debug("%s", line(sent))
        if self.on_request is not None:
            self.on_request(sent)

    # -- the clock ---------------------------------------------------------------------------------------------

    async def _correct_clock(self, exchange: Exchange, error: Refused) -> None:
        """Measure how far our clock is off, once for all requests that stumbled over it; raise if that cannot help."""
        call = self.dialect.time_call()
        if exchange.clock_corrected or call is None:
            raise clock_is_off(error, self.offset_s) from error
        exchange.clock_corrected = True
        async with self._measuring:
            if self.offset_s != exchange.offset_s:
                return  # another request measured while this one was on its way
            if self._measured_at is not None and self.clock.monotonic() - self._measured_at < REMEASURE_S:
                raise clock_is_off(error, self.offset_s) from error
            self.offset_s = await self._measured(call)
            self._measured_at = self.clock.monotonic()
            log.info("this host's clock is %.1f s off the venue's; corrected for", -self.offset_s)

    async def clock_offset(self) -> float | None:
        """The venue's clock minus ours, in seconds; None where the venue tells no time."""
        call = self.dialect.time_call()
        return None if call is None else await self._measured(call)

    async def _measured(self, call: Call) -> float:
        # A refused timestamp cannot be the time's own trouble: no second measurement inside the first.
        for _ in range(ATTEMPTS):
            reply = await self._watched(Exchange(call, None, "", writing=False, clock_corrected=True))
            if reply.received_at - reply.sent_at <= self._late_s:  # else it is as uncertain as it took long
                break
        middle = (reply.sent_at + reply.received_at) / 2 - self.offset_s
        try:
            return self.dialect.server_time(reply.data) - middle
        except SHAPE_ERRORS as exc:
            raise Garbled(f"{call.text}: the venue's time cannot be read", hint=GARBLED_HINT) from exc


def _rooms(most: int) -> Mapping[bool, asyncio.Semaphore]:
    """Who holds a connection, by whether something is written. No room of the one kind is ever waited for by whoever
    holds the other: writes that wait for their record, or read once more, would else keep each other waiting for ever.
    """
    writes = max(1, most // FOR_WRITES)
    return {
        True: asyncio.Semaphore(writes if most else sys.maxsize),
        False: asyncio.Semaphore(max(1, most - writes) if most else sys.maxsize),
    }
