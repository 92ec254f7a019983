"""Lists of OKX that do not end: an error of that account, after a bounded number of requests."""

from __future__ import annotations

import pytest

from acctcfg.errors import Garbled
from acctcfg.venues.okx import account_reads as reads
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.pages import MOST_PAGES, NumberedPages
from acctcfg.venues.okx.sub_account_list import SubAccountList
from acctcfg.wire.clock import FakeClock
from acctcfg.wire.exchange import Reply
from acctcfg.wire.pace import Pacer


class Endless:
    """Answers each request by what `answer` makes of its number."""

    offset_s = 0.0

    def __init__(self, answer):
        self.answer = answer
        self.asked = 0
        self.clock = FakeClock()
        self.pacer = Pacer(self.clock)

    async def read(self, call, signer=None, user="", *, settle=None):
        if settle is not None:
            await settle()
        self.asked += 1
        now = self.clock.now()
        return Reply(data=self.answer(self.asked), sent_at=now, received_at=now, status=200)


def orders(first: int) -> list[dict[str, str]]:
    return [{"ordId": str(first + n), "instType": "SWAP", "instId": "BTC-USDT-SWAP"} for n in range(100)]


@pytest.mark.parametrize(
    "first", [lambda _: 0, lambda n: n * 100, lambda n: (n % 3) * 100], ids=["same", "new", "round"]
)
async def test_a_list_of_orders_that_does_not_end_is_an_error(first):
    """The same full page, ever new ones, or a circle of them: none is taken for the whole list."""
    client = Endless(lambda number: orders(first(number)))
    with pytest.raises(Garbled, match="does not end"):
        await OwnKey(client, None, "7000/a").orders(spreads=False)
    assert client.asked <= reads._MOST_PAGES


class _Key:
    api_key = "k"


def page(number: str, pages: str, rows: int) -> list[dict[str, object]]:
    details = [{"subAcct": f"acct{number}x{n}", "uid": f"{number}{n}", "acctLv": "1"} for n in range(rows)]
    return [{"page": number, "totalPage": pages, "details": details}]


@pytest.mark.parametrize(
    "answer",
    [
        lambda _: page("1", "3", 100),
        lambda n: page(str(n), "999999999", 100),
        lambda n: page(str(n), "9" * 5000, 100),
        lambda n: page(str(n), "900", 0),
        lambda _: page("1", "", 100),
        lambda n: page(str(n % 3), "", 100),
    ],
    ids=[
        "one page again and again",
        "a thousand million pages",
        "a number without end",
        "empty pages",
        "one page again and again, uncounted",
        "a circle, uncounted",
    ],
)
async def test_a_list_of_sub_accounts_that_does_not_end_is_an_error(answer):
    """Whoever waits is told, after a few requests."""
    client = Endless(answer)
    listed = SubAccountList(client, _Key(), "7000", NumberedPages())
    with pytest.raises(Garbled):
        await listed.every()
    assert client.asked <= 12


@pytest.mark.slow
async def test_ever_new_sub_accounts_without_a_count_are_an_error():
    """As many pages as any list may have are read, and no more."""
    client = Endless(lambda n: page(str(n), "", 100))
    with pytest.raises(Garbled, match="does not end"):
        await SubAccountList(client, _Key(), "7000", NumberedPages()).every()
    assert client.asked == MOST_PAGES + 1
