"""The pacer against a strict sliding window at the venue's end of a path with delays of its own."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acctcfg.wire.bucket import AHEAD_S
from acctcfg.wire.clock import FakeClock
from acctcfg.wire.endpoint import Call, Endpoint, Rate
from acctcfg.wire.limits import BucketKey
from acctcfg.wire.pace import Pacer, allowed, lower_bound
from acctcfg.wire.round_trips import SAMPLES
from examples import some

KEY = BucketKey("user", "42", "GET /x", ())
ROUNDING_S = 1e-6

delays = st.floats(0, 3, allow_nan=False)
rates = st.builds(Rate, st.integers(1, 8), st.sampled_from([0.5, 1.0, 2.0, 5.0]))
shares = st.sampled_from([0.1, 0.5, 0.8, 1.0])


@dataclass
class Path:
    """A way to the venue: fixed delays out and back, jitter on top, and the moments at which requests arrived."""

    out_s: float = 0.0
    back_s: float = 0.0
    jitter_s: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def delays(self) -> tuple[float, float]:
        return (
            self.out_s + self.chance.uniform(0, self.jitter_s),
            self.back_s + self.chance.uniform(0, self.jitter_s),
        )


@dataclass
class Trip:
    asked: float
    sent: float = 0.0
    arrived: float = 0.0
    answered: float = 0.0


async def travel(pacer: Pacer, rate: Rate, trip: Trip, delays: tuple[float, float], key: BucketKey = KEY) -> None:
    clock = pacer.clock
    async with pacer.slot(key, rate) as slot:
        slot.sending()
        trip.sent = clock.monotonic()
        await clock.sleep(delays[0])
        trip.arrived = clock.monotonic()
        await clock.sleep(delays[1])
        trip.answered = clock.monotonic()
        slot.answered()


def most_in_a_window(trips: list[Trip], window_s: float) -> int:
    """The strict checker: the largest number of arrivals in any stretch shorter than the window."""
    arrivals = sorted(trip.arrived for trip in trips)
    most = first = 0
    for last, at in enumerate(arrivals):
        while at - arrivals[first] >= window_s - ROUNDING_S:
            first += 1
        most = max(most, last - first + 1)
    return most


def run_all(pacer: Pacer, rate: Rate, gaps: list[float], paths: list[tuple[float, float]]) -> list[Trip]:
    return asyncio.run(travel_all(pacer, rate, gaps, paths))


async def travel_all(pacer: Pacer, rate: Rate, gaps: list[float], paths: list[tuple[float, float]]) -> list[Trip]:
    """Ask one after the other with these gaps, each request with its own delays out and back."""
    trips = []
    tasks = []
    for gap, delay in zip(gaps, paths, strict=True):
        await pacer.clock.sleep(gap)
        trips.append(Trip(pacer.clock.monotonic()))
        tasks.append(asyncio.create_task(travel(pacer, rate, trips[-1], delay)))
    await asyncio.gather(*tasks)
    return trips


@settings(deadline=None, max_examples=some(80))
@given(rates, shares, st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.3, 2.5]), delays, delays), max_size=SAMPLES))
def test_no_delays_whatsoever_make_it_exceed(rate, share, asks):
    """Before a path is known, no combination of delays out and back puts too many into any window."""
    pacer = Pacer(FakeClock(), share)
    trips = run_all(pacer, rate, [gap for gap, _, _ in asks], [(out, back) for _, out, back in asks])
    assert most_in_a_window(trips, rate.per_s) <= allowed(rate, share)


@settings(deadline=None, max_examples=some(40))
@given(rates, st.floats(0, 0.4), st.floats(0, 0.4), st.floats(0, 0.2), st.integers(0, 2**32))
def test_a_path_once_known_does_not_make_it_exceed(rate, out, back, jitter, seed):
    """Fixed delays with random jitter: what is won back of the round trip never puts too many into a window."""
    path = Path(out, back, jitter, random.Random(seed))
    count = 6 * SAMPLES
    trips = run_all(Pacer(FakeClock()), rate, [0.0] * count, [path.delays() for _ in range(count)])
    assert most_in_a_window(trips, rate.per_s) <= rate.count


@settings(deadline=None, max_examples=some(40))
@given(rates, st.lists(st.tuples(st.integers(1, 30), delays, delays), min_size=2, max_size=4), st.integers(0, 2**32))
def test_a_new_connection_starts_from_nothing(rate, ways, seed):
    """A shorter path after a reconnect does not make it exceed: what was learned on the old one is forgotten."""

    async def scenario() -> list[Trip]:
        pacer = Pacer(FakeClock())
        trips: list[Trip] = []
        for count, out, back in ways:
            path = Path(out, back, 0.01, random.Random(seed))
            pacer.connecting()
            trips += await travel_all(pacer, rate, [0.0] * count, [path.delays() for _ in range(count)])
        return trips

    assert most_in_a_window(asyncio.run(scenario()), rate.per_s) <= rate.count


@settings(deadline=None, max_examples=some(60))
@given(rates, shares, st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.3, 2.5]), delays, delays), max_size=40))
def test_no_bucket_with_work_waiting_stands_idle(rate, share, asks):
    """Whoever had to wait found all places taken: in flight, or answered less than a window ago."""
    pacer = Pacer(FakeClock(), share)
    trips = run_all(pacer, rate, [gap for gap, _, _ in asks], [(out, back) for _, out, back in asks])
    for trip in trips:
        if trip.sent <= trip.asked:
            continue
        before = trip.sent - 1e-3  # a window is counted 0.01% long, against clocks that run apart
        taken = [t for t in trips if t.sent < trip.sent and t.answered + rate.per_s > before]
        assert len(taken) >= allowed(rate, share)


@settings(deadline=None, max_examples=some(30))
@given(rates, st.lists(st.sampled_from([0.0, 0.1, 1.0]), min_size=1, max_size=30))
def test_first_come_first_served(rate, gaps):
    """Requests of one bucket leave in the order in which they were asked for."""
    trips = run_all(Pacer(FakeClock()), rate, gaps, [(0.05, 0.05)] * len(gaps))
    sent = [trip.sent for trip in trips]
    assert sent == sorted(sent)


@settings(deadline=None, max_examples=some(40))
@given(st.integers(1, 50), rates, shares, st.sampled_from([1.0, 50.0]))
def test_the_estimate_is_what_the_pacer_does(n, rate, share, speed):
    """A plan's lower bound is the time from the first to the last sending, where the path costs nothing."""
    trips = run_all(Pacer(FakeClock(), share, speed), rate, [0.0] * n, [(0.0, 0.0)] * n)
    bound = lower_bound(n, rate, share, speed)
    took = trips[-1].sent - trips[0].sent
    assert bound <= took <= bound * 1.001 + 1e-3


@settings(deadline=None, max_examples=some(60))
@given(rates, st.lists(st.tuples(st.sampled_from([0.0, 0.2, 1.0]), st.floats(0, 6)), max_size=20))
def test_cancelling_leaks_no_place(rate, cancels):
    """After any cancellations, waiting or in flight, a full window's worth leaves at once, and no more."""
    pacer = Pacer(FakeClock())

    async def scenario() -> tuple[list[Trip], list[Trip]]:
        clock = pacer.clock
        early = [Trip(0.0) for _ in cancels]
        tasks = []
        for trip, (gap, after) in zip(early, cancels, strict=True):
            await clock.sleep(gap)
            task = asyncio.create_task(travel(pacer, rate, trip, (0.0, 1.0)))
            asyncio.get_running_loop().create_task(cancel_later(task, after))
            tasks.append(task)
        await asyncio.gather(*tasks, return_exceptions=True)
        await clock.sleep(10 + 2 * rate.per_s)
        late = [Trip(clock.monotonic()) for _ in range(rate.count + 1)]
        await asyncio.gather(*(travel(pacer, rate, trip, (0.0, 0.0)) for trip in late))
        return [trip for trip in early if trip.sent or trip.arrived], late

    async def cancel_later(task: asyncio.Task[None], after: float) -> None:
        await pacer.clock.sleep(after)
        task.cancel()

    early, late = asyncio.run(scenario())
    assert [trip.sent == trip.asked for trip in late] == [True] * rate.count + [False]
    assert most_in_a_window(early, rate.per_s) <= rate.count


async def test_a_place_that_was_never_used_is_free_at_once():
    """A request that fails before it is sent (a signature, a refused connection) costs nothing of the limit."""
    clock = FakeClock()
    pacer = Pacer(clock)
    async with pacer.slot(KEY, Rate(1, 5)):
        pass
    async with pacer.slot(KEY, Rate(1, 5)) as slot:
        slot.sending()
        slot.not_sent()
    async with pacer.slot(KEY, Rate(1, 5)):
        pass
    assert clock.elapsed == 0


async def test_a_waiter_takes_over_the_place_that_another_gives_back():
    """A place given back unused goes to whoever waits, not only after the window."""
    clock = FakeClock()
    pacer = Pacer(clock)
    rate = Rate(2, 60)
    trips = [Trip(0.0), Trip(0.0)]
    await travel(pacer, rate, trips[0], (0.0, 0.0))
    async with pacer.slot(KEY, rate):
        waiting = asyncio.create_task(travel(pacer, rate, trips[1], (0.0, 0.0)))
        await clock.sleep(1)
    await waiting
    assert trips[1].sent == pytest.approx(1)


@pytest.mark.parametrize("reading_s", [0.0, 0.2, 0.45])
async def test_what_has_to_be_fresh_is_read_before_the_limit_lets_through(reading_s):
    """A limit does not stand idle for reads that a waiting request wants first; they are half a second old at most."""
    clock = FakeClock()
    pacer, rate = Pacer(clock), Rate(2, 5)
    read_at, ages, sent = [0.0], [], []

    async def ahead() -> None:
        begun = clock.monotonic()
        await clock.sleep(reading_s)
        read_at.append(begun)

    async def one() -> None:
        async with pacer.slot(KEY, rate, ahead=ahead) as slot:
            slot.sending()
            sent.append(clock.monotonic())
            ages.append(sent[-1] - read_at[-1])
            slot.answered()

    await asyncio.gather(*(one() for _ in range(6)))
    assert sent == pytest.approx([0, 0, 5, 5, 10, 10], rel=1e-3)
    assert len(read_at) == 3  # one a window, since the two leave together
    assert max(ages) <= AHEAD_S + ROUNDING_S


async def test_buckets_are_independent():
    """A thousand users with a limit each wait for nobody but themselves."""
    clock = FakeClock()
    pacer = Pacer(clock)
    keys = [KEY._replace(owner=str(user)) for user in range(1000)]
    await asyncio.gather(*(travel(pacer, Rate(1, 5), Trip(0.0), (0.0, 0.0), key) for key in keys for _ in range(2)))
    assert clock.elapsed == pytest.approx(5, abs=0.01)


@pytest.mark.parametrize(("count", "halved", "window"), [(8, 4, 2), (5, 2, 2), (1, 1, 4)])
async def test_a_limit_that_was_hit_is_halved_for_a_minute(count, halved, window):
    """Half the requests per window for a minute (a limit of one: half as often), then all of it again; said once."""
    clock = FakeClock()
    pacer = Pacer(clock)
    rate = Rate(count, 2)

    async def burst(number: int) -> list[Trip]:
        trips = [Trip(clock.monotonic()) for _ in range(number)]
        await asyncio.gather(*(travel(pacer, rate, trip, (0.0, 0.0)) for trip in trips))
        return trips

    pacer.rate_limited(KEY, rate)
    pacer.rate_limited(KEY, rate)
    assert most_in_a_window(await burst(3 * count), window) == halved
    assert len(pacer.notes) == 1
    assert "GET /x" in pacer.notes[0]
    await clock.sleep(61)
    assert most_in_a_window(await burst(2 * count), 2) == count


async def test_halving_ends_while_somebody_waits():
    """The end of the minute wakes who waits for the halved limit."""
    clock = FakeClock()
    pacer = Pacer(clock)
    rate = Rate(2, 100)
    trips = [Trip(0.0), Trip(0.0)]
    pacer.rate_limited(KEY, rate)
    await asyncio.gather(*(travel(pacer, rate, trip, (0.0, 0.0)) for trip in trips))
    assert [trip.sent for trip in trips] == [0.0, pytest.approx(60)]


async def test_the_learned_round_trip_is_used():
    """On a steady path of 100 ms a limit of one per second is used to more than 0.98."""
    clock = FakeClock()
    pacer = Pacer(clock)
    trips = [Trip(0.0) for _ in range(SAMPLES + 100)]
    await asyncio.gather(*(travel(pacer, Rate(1, 1), trip, (0.05, 0.05)) for trip in trips))
    known = trips[SAMPLES:]
    assert (len(known) - 1) / (known[-1].arrived - known[0].arrived) > 0.98


@settings(deadline=None, max_examples=some(40))
@given(rates, st.floats(0, 0.1), st.floats(0.05, 2), st.integers(0, 2**32))
def test_what_a_busy_venue_adds_is_not_taken_for_the_path(rate, way, waiting, seed):
    """Requests that waited long before they were counted teach nothing that lets later, quick ones exceed."""
    path = Path(way, way, 0.0, random.Random(seed))
    slow = [(way + waiting, way)] * (3 * SAMPLES)
    pacer = Pacer(FakeClock())
    pacer.connecting()
    pacer.connected(2 * way)
    quick = [path.delays() for _ in range(3 * SAMPLES)]
    trips = run_all(pacer, rate, [0.0] * (6 * SAMPLES), slow + quick)
    assert most_in_a_window(trips, rate.per_s) <= rate.count


async def test_a_system_that_times_no_handshake_costs_a_round_trip_a_window():
    """Where nobody says how long the path is, nothing is taken off the window."""
    clock = FakeClock()
    pacer = Pacer(clock)
    pacer.connecting()
    pacer.connected(0.0)
    trips = [Trip(0.0) for _ in range(SAMPLES + 20)]
    await asyncio.gather(*(travel(pacer, Rate(1, 1), trip, (0.05, 0.05)) for trip in trips))
    known = trips[SAMPLES:]
    assert (len(known) - 1) / (known[-1].arrived - known[0].arrived) == pytest.approx(1 / 1.1, rel=0.01)


async def test_a_note_names_whose_limit_it_is():
    """Accounts by the name in the manifest, never by the venue's number; limits by address have no owner."""
    pacer = Pacer(FakeClock())
    pacer.names["7000"] = "desk"
    for key in (KEY._replace(owner="7000"), KEY._replace(owner="7000/mmdesk01"), KEY._replace(scope="ip", owner="v")):
        pacer.rate_limited(key, Rate(1, 1))
    said = [note.partition(":")[0] for note in pacer.notes]
    assert said == ["GET /x of desk", "GET /x of mmdesk01", "GET /x"]


async def test_a_granted_limit_takes_the_place_of_the_documented_one():
    """Ten a second where the table says one."""
    clock = FakeClock()
    pacer = Pacer(clock)
    pacer.limits["GET /x"] = Rate(10, 1)
    await asyncio.gather(*(travel(pacer, Rate(1, 1), Trip(0.0), (0.0, 0.0)) for _ in range(10)))
    assert clock.elapsed == 0


def test_keys_follow_the_venues_own_counting():
    """The owner is the user or, for limits per address, the host; named parameters split the bucket."""
    private = Call(Endpoint("GET", "/i", Rate(20, 2, by=("kind",)), "read"), {"kind": "SWAP", "id": "7"})
    public = Call(Endpoint("GET", "/t", Rate(10, 2, "ip")))
    assert BucketKey.of(private, user="42", host="v") == ("user", "42", "GET /i", ("SWAP",))
    assert BucketKey.of(public, user="42", host="v") == ("ip", "v", "GET /t", ())


@pytest.mark.parametrize(
    ("count", "share", "expected"), [(20, 0.8, 16), (5, 0.8, 4), (1, 0.8, 1), (3, 0.5, 1), (100, 0.29, 29)]
)
def test_a_share_rounds_down_but_never_to_nothing(count, share, expected):
    """Part of a limit is a whole number of requests, at least one."""
    assert allowed(Rate(count, 1), share) == expected


@pytest.mark.parametrize(
    ("n", "rate", "share", "speed", "seconds"),
    [
        (0, Rate(1, 1), 1, 1, 0),
        (1, Rate(1, 1), 1, 1, 0),
        (1000, Rate(1, 1), 1, 1, 999),
        (21, Rate(20, 2), 1, 1, 2),
        (17, Rate(20, 2), 0.8, 1, 2),
        (1000, Rate(1, 1), 0.8, 50, 19.98),
    ],
)
def test_lower_bounds(n, rate, share, speed, seconds):
    """W * floor((n - 1) / k), with the share in k and the speed in W."""
    assert lower_bound(n, rate, share, speed) == pytest.approx(seconds)
