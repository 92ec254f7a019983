"""A DMA broker's calls for its sub-accounts. Source: OKX v5, "DMA broker"."""

from __future__ import annotations

from acctcfg.core.desired import AccountSpec
from acctcfg.venues.okx.endpoints import (
    CREATE_KEY,
    CREATE_SUB_ACCOUNT,
    DELETE_KEY,
    DELETE_SUB_ACCOUNT,
    KEYS,
    MODIFY_KEY,
    SET_SUB_ACCOUNT_LEVEL,
)
from acctcfg.venues.okx.master_calls import KeyCalls
from acctcfg.venues.okx.pages import NumberedPages, Pages
from acctcfg.wire.endpoint import Call

__all__ = ["DmaBroker"]


class DmaBroker:
    """Creates, deletes, and switches the mode; label, parent and registration address are set at creation only."""

    title = "a broker's connection"
    pages: Pages = NumberedPages()
    keys = KeyCalls(listed=KEYS, made=CREATE_KEY, modified=MODIFY_KEY, deleted=DELETE_KEY)
    sets_account_mode = True
    makes_addresses = True
    tells_fees = True
    wants_bound_key = False

    def create(self, spec: AccountSpec, above: str) -> Call:
        """With what the manifest says of label, registration address and parent."""
        body = {"subAcct": spec.name}
        if spec.label:
            body["label"] = spec.label.strip()
        if "client_ip" in spec.created_with:
            body["clientIP"] = spec.created_with["client_ip"]
        if above:
            body["mainAcct"] = above
        return Call(CREATE_SUB_ACCOUNT, body)

    def delete(self, name: str) -> Call:
        """The account; its keys go with it."""
        return Call(DELETE_SUB_ACCOUNT, {"subAcct": name})

    def set_account_mode(self, name: str, level: str) -> Call:
        """The call by which the broker switches a sub-account's mode."""
        return Call(SET_SUB_ACCOUNT_LEVEL, {"subAcct": name, "acctLv": level})
