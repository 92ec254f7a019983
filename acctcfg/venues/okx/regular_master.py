"""A regular master's calls for its sub-accounts. Source: OKX v5, "Sub-account".

It creates them, makes their keys and lets them transfer to each other. Nothing deletes, renames or relabels one, and
all that is set in an account is set by its own key.
"""

from __future__ import annotations

from acctcfg.core.desired import AccountSpec
from acctcfg.errors import Refused
from acctcfg.venues.okx.endpoints import (
    CREATE_REGULAR_KEY,
    CREATE_REGULAR_SUB_ACCOUNT,
    DELETE_REGULAR_KEY,
    MODIFY_REGULAR_KEY,
    REGULAR_KEYS,
)
from acctcfg.venues.okx.master_calls import KeyCalls
from acctcfg.venues.okx.pages import Pages, PagesByTime
from acctcfg.wire.endpoint import Call

__all__ = ["RegularMaster"]

_REGULAR = "1"  # of the types of sub-account; the others are of custody


class RegularMaster:
    """Creates, and no more: the account mode is the account's own matter."""

    title = "a connection of type okx"
    pages: Pages = PagesByTime()
    keys = KeyCalls(
        listed=REGULAR_KEYS, made=CREATE_REGULAR_KEY, modified=MODIFY_REGULAR_KEY, deleted=DELETE_REGULAR_KEY
    )
    sets_account_mode = False
    makes_addresses = False
    tells_fees = False
    wants_bound_key = True

    def create(self, spec: AccountSpec, above: str) -> Call:  # noqa: ARG002
        """With a label always: one page of the documents requires it, and the name is one where none is given."""
        label = (spec.label or spec.name).strip()
        return Call(CREATE_REGULAR_SUB_ACCOUNT, {"subAcct": spec.name, "type": _REGULAR, "label": label})

    def delete(self, name: str) -> Call:
        """There is no such call, and `validate` says so."""
        raise Refused(f"OKX has no call that deletes {name}: delete it on its web page", code="no_call")

    def set_account_mode(self, name: str, level: str) -> Call:  # noqa: ARG002
        """Raises Refused: only the sub-account itself can switch its mode."""
        raise Refused(f"only {name} itself can switch its account mode", code="no_call")
