"""Whose a stored key is, and whether it signs. Source: OKX v5, "Get account configuration" (`uid`, `label`)."""

from __future__ import annotations

from acctcfg.core.desired import AccountSpec
from acctcfg.core.secret import Credentials
from acctcfg.errors import AuthRefused
from acctcfg.venues.contract import Proof
from acctcfg.venues.okx.account import NEW_KEY_CODES, ONLY_ELSEWHERE
from acctcfg.venues.okx.account_reads import OwnKey
from acctcfg.venues.okx.master import Master
from acctcfg.venues.second_look import in_two_looks
from acctcfg.wire.client import Client

__all__ = ["proof_of"]


async def proof_of(master: Master, client: Client, user: str, spec: AccountSpec, credentials: Credentials) -> Proof:
    """The config that the key reads, beside the list of the user above. Raises AuthRefused for a key that is not there.

    A key that is bound to addresses other than ours, or that was only just made, cannot read its config: then the list
    of keys says whose it is, or where that lacks it (it may lose a row once) the venue, asked for its id.
    """
    own = OwnKey(client, credentials, f"{user}/{spec.name}" if spec.role != "main" else user)
    row = await in_two_looks(client, lambda _: master.sub_accounts.get(spec.name)) if spec.role != "main" else None
    listed = user if spec.role == "main" else row.uid if row is not None else ""
    try:
        config = await own.config()
    except AuthRefused as error:
        state = {ONLY_ELSEWHERE: "elsewhere", **dict.fromkeys(NEW_KEY_CODES, "not_yet")}.get(error.code)
        label = await _label(master, row.name, credentials.api_key) if row is not None and state else None
        if state is None or label is None:
            raise
        return Proof(uid=listed, label=label, listed_uid=listed, state=state)
    return Proof(uid=config.uid, label=config.key_label, listed_uid=listed)


async def _label(master: Master, name: str, api_key: str) -> str | None:
    """What the venue calls the account's key with this id; None where it has none."""
    keys = (await master.keys(name)).values()
    found = next((key for key in keys if key.api_key == api_key), None) or await master.key(name, api_key)
    return found.label if found is not None else None
