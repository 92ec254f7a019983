"""A broker's calls of keys that OKX no longer documents publicly, and whether a run has seen them work here.

A key that can be made and neither changed nor deleted stays as it was made: its addresses, its permissions, and its
secret. So a plan that makes one says so, until runs of this journal have had both calls answered with success.
"""

from __future__ import annotations

from acctcfg.core.state import ABSENT, KeyValue, Lost, Rotating
from acctcfg.venues.okx.account import Account
from acctcfg.venues.okx.found_keys import FIELD
from acctcfg.venues.okx.not_served import CALL, NOT_PUBLIC

__all__ = ["tell_unseen"]


def tell_unseen(account: Account) -> None:
    """Warn of a plan that makes a key, once for the whole connection; in an account that is not meant it makes none."""
    keys = account.master.calls.keys
    calls = {"change": keys.modified, "delete": keys.deleted}
    unseen = {word: one for word, one in calls.items() if one in NOT_PUBLIC and not account.memory.seen(CALL, one.text)}
    if not unseen or account.survey.not_meant is not None or not _makes_keys(account):
        return
    names = " and ".join(one.path.rpartition("/")[2] for one in unseen.values())
    message = (
        f"OKX no longer publicly documents the calls that {' and '.join(unseen)} a broker's keys ({names}), and no run "
        "has seen them work here yet: ask your broker manager, or a new key may have to stay as it is"
    )
    account.survey.warn(account.spec.venue, "key_calls_unseen", message)


def _makes_keys(account: Account) -> bool:
    survey = account.survey
    keys = [one for one, wanted in survey.desired.items() if one.field == FIELD and isinstance(wanted, KeyValue)]
    return any(
        found is ABSENT or isinstance(found, Lost) or (isinstance(found, Rotating) and found.adds)
        for found in map(survey.live.get, keys)
    ) or not account.replace.isdisjoint(keys)
