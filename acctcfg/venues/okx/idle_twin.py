"""An account as its gates find it where nothing stands in the way, for the estimate of what they will read."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Final

from acctcfg.venues.half_made import Traces
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.endpoints import BALANCE, SWITCH_PRECHECK
from acctcfg.venues.okx.listed import SubAccount
from acctcfg.venues.okx.master import Master
from acctcfg.venues.okx.vocabulary import ACCOUNT_LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from acctcfg.core.json_types import JsonValue
    from acctcfg.venues.okx.account import Account
    from acctcfg.wire.client import Client

__all__ = ["IDLE", "idle_twin"]

_LEAVES_SPOT: Final = {
    "sCode": "0",
    "curAcctLv": ACCOUNT_LEVEL.venue("spot"),
    "acctLv": ACCOUNT_LEVEL.venue("multi_currency"),
    "unmatchedInfoCheck": [],
}
IDLE: Final[Mapping[str, JsonValue]] = {BALANCE.text: [{"details": []}], SWITCH_PRECHECK.text: [_LEAVES_SPOT]}
"""What an account that holds nothing answers where that is not an empty list, by the text of the endpoint."""


def idle_twin(account: Account, client: Client) -> Account:
    """A copy that asks through this client; one that is not there yet as this run, and no other, will have made it."""
    twin, master = copy.copy(account), account.master
    twin.master = Master(client, master.credentials, master.user, master.calls)
    if account.row is None and not account.main:
        twin.row = SubAccount(name=account.name, uid="0", label="", account_mode="spot", parent="", created_ms="")
        twin.made_uid = twin.row.uid
        made = {key.label: master.credentials.api_key for key in account.spec.api_keys if key.state == "present"}
        twin._traces = Traces(
            memory=account.memory, name=account.name, uid=twin.uid, window_s=account.window_s, made=made
        )
    twin.reader = twin.writer = OwnKey(client, master.credentials, account.user)
    return twin
