"""The list of sub-accounts as its pages come: who is on one goes on, and who is on none waits for the last."""

from __future__ import annotations

import asyncio

from acctcfg.venues.okx.pages import PAGE, NumberedPages
from acctcfg.venues.okx.sub_account_list import ROUNDS, SubAccountList
from acctcfg.wire.clock import FakeClock
from acctcfg.wire.exchange import Reply
from acctcfg.wire.pace import Pacer


class _Key:
    api_key = "k"


class Paged:
    """A broker's list of four pages, each of which is held back until it is let go."""

    offset_s = 0.0
    asks_alone = True

    def __init__(self):
        self.shift = 0  # by how many rows the pages after the first are behind: an account was made meanwhile
        self.reads = 0
        self.clock = FakeClock()
        self.pacer = Pacer(self.clock)
        self.released = [asyncio.Event() for _ in range(4)]

    async def read(self, call, signer=None, user="", *, settle=None):
        if settle is not None:
            call = await settle()
        number = int(call.params["page"])
        self.reads += number == 1
        shift = self.shift if number > 1 else 0
        sent_at = self.clock.now()
        await self.released[number - 1].wait()
        details = [
            {"subAcct": f"acct{at // PAGE + 1}x{at % PAGE}", "uid": f"{at + 7000}", "acctLv": "1"}
            for at in ((number - 1) * PAGE + n - shift for n in range(PAGE if number < 4 else 3))
        ]
        data = [{"page": str(number), "totalPage": "4", "details": details}]
        return Reply(data=data, sent_at=sent_at, received_at=self.clock.now(), status=200)


async def settled() -> None:
    for _ in range(50):
        await asyncio.sleep(0)


async def test_an_account_goes_on_with_its_page():
    """Of 303 accounts those on a page are answered before the next page is there; one on none, after the last."""
    client = Paged()
    accounts = SubAccountList(client, _Key(), "7000", NumberedPages())
    names = [f"acct{page}x{n}" for page in (1, 2, 3) for n in range(PAGE)] + ["acct4x0", "acct4x1", "acct4x2"]
    asked = {name: asyncio.ensure_future(accounts.get(name)) for name in [*names, "nobody"]}
    for page in (1, 2, 3):
        client.released[page - 1].set()
        await settled()
        there = {name for name, one in asked.items() if one.done()}
        assert there == {name for name in names if int(name[4]) <= page}, page
    client.released[3].set()
    rows = await asyncio.gather(*asked.values())
    assert [row.name if row is not None else None for row in rows] == [*names, None]


async def test_a_list_that_moved_for_nobody_counts_for_nothing():
    """Pages that moved while everybody was found on them are no reason to give up sooner on who is on none."""
    client = Paged()
    client.shift, client.asks_alone = 1, False
    for page in client.released:
        page.set()
    accounts = SubAccountList(client, _Key(), "7000", NumberedPages())
    there = [f"acct2x{n}" for n in range(9)]
    for _ in range(4):
        assert all(await asyncio.gather(*map(accounts.get, there)))
        await settled()
    client.reads = 0
    found = await asyncio.gather(*map(accounts.get, [*there, "nobody"]), return_exceptions=True)
    assert [getattr(one, "code", "") for one in found] == [*[""] * len(there), "moving_list"]
    assert client.reads == ROUNDS
