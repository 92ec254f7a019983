"""Resources whose changes are the calls that they name, and no more: what is left to write is how each is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.venues.contract import NEVER_ABSENT, Absence, Cost, Writer
from acctcfg.wire.endpoint import Call, Endpoint
from acctcfg.wire.exchange import Reply

__all__ = ["OneCall", "write_and_read"]


class Sends(Protocol):
    """An account that can send a write."""

    async def send(self, call: Call, change: Change, writer: Writer, *, own: bool = False) -> Reply:
        """Send one call."""


Of = TypeVar("Of", bound=Sends)


class OneCall(Generic[Of]):
    """The defaults of a setting that always has a value: nothing is made, and nothing else moves."""

    gated = False
    absence: Absence = NEVER_ABSENT
    together = ""
    signed = False  # it is read, written or asked about with the account's own key
    own = False  # ... and with no other

    def calls(self, account: Of, change: Change) -> tuple[Call, ...]:
        raise NotImplementedError

    async def write(self, account: Of, change: Change, writer: Writer) -> None:
        for call in self.calls(account, change):
            await account.send(call, change, writer, own=self.own)

    def moved_with(self, account: Of, change: Change) -> tuple[Address, ...]:  # noqa: ARG002
        return ()


def write_and_read(owner: tuple[str, str], calls: Iterable[Call], back: Cost | Endpoint) -> list[Cost]:
    """The cost of writes with a read-back each. `owner`: whose limits, as the pacer and as people know them."""
    read = Cost(*owner, back, 1) if isinstance(back, Endpoint) else back
    return [cost for call in calls for cost in (Cost(*owner, call.endpoint, 1, write=True), read)]
