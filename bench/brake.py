"""The brake: 1,000 accounts x 20 leverages, 5 % of them with an order in the way, against the sandbox on loopback.

The bound is the larger of what the rate limits allow (the list of sub-accounts comes 100 to a page, one page a second)
and the requests at the engine's raw rate, measured in the same run: the same client, reading as the same accounts, with
nothing around it. A row without a goal compares with the very requests of the brake, sent once more: reads signed and
paced, writes on record under the lock, and nobody looks at an answer, decides, gates or reads back. The sandbox runs in
a process of its own. `BRAKE_ACCOUNTS=50` tries it small.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

from acctcfg.cli.event_loop import THREADS
from acctcfg.core.address import Address
from acctcfg.core.brake import Braked
from acctcfg.core.desired import VenueSpec
from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import Credentials
from acctcfg.engine.cap import cap
from acctcfg.engine.collector import OWN_PROCESS, less_often
from acctcfg.engine.progress import SILENT
from acctcfg.engine.record import JournalWriter, Run
from acctcfg.engine.session import Session
from acctcfg.engine.turn import hold_locks
from acctcfg.engine.workspace import Workspace
from acctcfg.venues.brake import AT_ONCE
from acctcfg.venues.contract import Write
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.wire.client import Client
from acctcfg.wire.exchange import Exchange, Reply
from bench.fleet import KEY, Fleet, fleet, live_key

__all__ = ["run"]

ACCOUNTS = int(os.environ.get("BRAKE_ACCOUNTS", "1000"))
SCOPES = 20
BLOCKED = 20  # one in so many
GOAL = 1.2
PAGE = 100
RAW_READS = 12  # of each account
FROM, MOST = "10", Decimal(3)
COINS = [f"C{n:02d}" for n in range(SCOPES)]


def run() -> list[tuple[str, float, float, bool]]:
    """(name, value, goal, ok) for each figure."""
    names = [f"customer{n:04d}" for n in range(ACCOUNTS)]
    subs = {name: _account(at, name) for at, name in enumerate(names)}
    instruments = [
        {"instType": "SWAP", "instId": f"{coin}-USDT-SWAP", "instFamily": f"{coin}-USDT", "settleCcy": "USDT"}
        for coin in COINS
    ]
    with fleet(names, subs, instruments={"add": instruments}) as ours:
        return asyncio.run(_figures(ours, names))


async def _figures(ours: Fleet, names: list[str]) -> list[tuple[str, float, float, bool]]:
    profiles = {"customer": {"api_keys": {"trading": KEY}}}
    accounts = {name: {"venue": "desk", "profile": "customer"} for name in names}
    less_often(OWN_PROCESS)  # as the command does, and so are its threads
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    workspace = _Noting.over(ours.workspace(profiles=profiles, accounts=accounts))
    before = _requests(ours)
    begun, cpu = time.perf_counter(), time.process_time()
    outcome = await cap(workspace, MOST, approve=lambda _: True)
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    requests = _requests(ours) - before
    wrong = _wrong(outcome, names, ours)
    await asyncio.sleep(2.5)  # every window is empty again
    again = await _once_more(workspace)
    await asyncio.sleep(2.5)
    raw = await _raw_rate(workspace, names)
    pages = -(-len(names) // PAGE) - 1
    bound, themselves = (max(pages, requests / one.a_second) for one in (raw, again))
    took = f"{seconds:.1f} s for {requests} requests of {cpu / requests * 1000:.2f} ms CPU"
    return [
        (f"brake of {len(names)} x {SCOPES}: leverages that are not as they should be", wrong, 0, wrong == 0),
        (
            f"brake: {took}, over its bound (raw: {raw.a_second:.0f} requests a second of {raw.cpu_ms:.2f} ms)",
            seconds / bound,
            GOAL,
            seconds / bound <= GOAL,
        ),
        (
            f"brake: over its own requests by themselves ({again.a_second:.0f} a second of {again.cpu_ms:.2f} ms)",
            seconds / themselves,
            0,
            True,
        ),
    ]


def _from_to() -> JsonObject:
    """What the journal keeps of a write."""
    return {"before": FROM, "before_known": True, "after": str(MOST)}


class _Noted(NamedTuple):
    """One request that the brake made."""

    exchange: Exchange
    signer: Credentials


class _NotingClient(Client):
    """Notes what it sends as accounts."""

    def __init__(self, *args: Any, noted: dict[str, list[_Noted]], **options: Any) -> None:
        super().__init__(*args, **options)
        self._noted = noted

    async def _watched(self, exchange: Exchange) -> Reply:
        if exchange.signer is not None and exchange.settle is None:
            self._noted[exchange.user].append(_Noted(exchange, exchange.signer))
        return await super()._watched(exchange)


@dataclass(slots=True, kw_only=True)
class _Noting(Workspace):
    """A workspace that keeps what its clients sent, by whose limits counted."""

    noted: dict[str, list[_Noted]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def over(cls, workspace: Workspace) -> _Noting:
        """The same workspace."""
        return cls(**{one.name: getattr(workspace, one.name) for one in fields(Workspace) if one.name[0] != "_"})

    def client_of(self, venue: VenueSpec) -> Callable[..., Client]:  # noqa: ARG002
        return partial(_NotingClient, noted=self.noted)


class Raw(NamedTuple):
    """Requests with nothing around them."""

    a_second: float
    cpu_ms: float  # of this process, a request


async def _raw_rate(workspace: Workspace, names: list[str]) -> Raw:
    """Signed reads as the accounts themselves."""
    async with Session(workspace, ["desk"]) as session:
        link = session.links["desk"]
        keys = [OwnKey(link.client, _stored(workspace, name), f"{link.connection.user}/{name}") for name in names[:200]]
        turns = asyncio.Semaphore(AT_ONCE)

        async def read(key: OwnKey) -> None:
            async with turns:
                await key.orders(spreads=False)

        begun, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(read(key) for key in keys for _ in range(RAW_READS)))
        count = len(keys) * RAW_READS
        return Raw(count / (time.perf_counter() - begun), (time.process_time() - cpu) / count * 1000)


def _stored(workspace: Workspace, name: str) -> Credentials:
    credentials = workspace.store("vault").get(f"desk/{name}/trading")
    assert credentials is not None
    return credentials


async def _once_more(workspace: _Noting) -> Raw:
    """The same requests once more, accounts side by side: the reads of each, then its writes."""
    noted, workspace.noted = workspace.noted, defaultdict(list)
    async with Session(workspace, ["desk"]) as session, hold_locks(session, 0.0, SILENT) as locks:
        link = session.links["desk"]
        with workspace.journal(create=True) as journal:
            run = Run(journal.begin_run(command="cap", **workspace.who()), journal, locks.fresh)
            link.client.on_request = run.heard
            turns = asyncio.Semaphore(AT_ONCE)

            async def send(one: _Noted) -> None:
                exchange = one.exchange
                write = Write(
                    call=exchange.call,
                    signer=one.signer,
                    user=exchange.user,
                    address=Address(exchange.user.partition("/")[2], "leverage", "swap/cross"),
                    action="update",
                    account=exchange.user,
                )
                await JournalWriter(run, link.client, link.connection.user, None, values=_from_to).send(write)

            async def account(some: Sequence[_Noted]) -> None:
                async with turns:
                    reads = [one for one in some if not one.exchange.writing]
                    await asyncio.gather(
                        *(link.client.read(one.exchange.call, one.signer, one.exchange.user) for one in reads)
                    )
                    await asyncio.gather(*(send(one) for one in some if one.exchange.writing))

            begun, cpu = time.perf_counter(), time.process_time()
            await asyncio.gather(*map(account, noted.values()))
            seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    count = sum(map(len, noted.values()))
    return Raw(count / seconds, cpu / count * 1000)


def _wrong(outcome: Braked, names: list[str], ours: Fleet) -> int:
    """Free ones that were not lowered, and any that is higher than before."""
    wrong = 0
    for at, name in enumerate(names):
        live = ours.control(f"accounts/{name}")["leverage"]
        for number, coin in enumerate(COINS):
            wanted = FROM if _is_blocked(at, number) else str(MOST)
            wrong += live[f"SWAP/cross/{coin}-USDT-SWAP"] != wanted
    return wrong + (outcome.exit_code != 3)


def _requests(ours: Fleet) -> int:
    return sum(ours.control("requests")["by_path"].values())


def _is_blocked(account: int, scope: int) -> bool:
    return (account * SCOPES + scope) % BLOCKED == 0


def _account(at: int, name: str) -> dict[str, Any]:
    swaps = [f"{coin}-USDT-SWAP" for coin in COINS]
    return {
        "acctLv": "2",
        "keys": [live_key(name)],
        "leverage": {f"SWAP/cross/{swap}": FROM for swap in swaps},
        "positions": [{"instId": swap, "pos": str(1 + number)} for number, swap in enumerate(swaps)],
        "orders": [{"instId": swap} for number, swap in enumerate(swaps) if _is_blocked(at, number)],
    }


if __name__ == "__main__":
    for title, figure, goal, ok in run():
        print(f"{'ok ' if ok else 'NO '} {title}: {figure:.3f} (goal {goal:g})")
