"""The key that signs is never deleted, unbound or narrowed: acctcfg would shut itself out. By its id, not its label.

A label is what somebody may change on the web page between two reads; the id in the request says which key it is about.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from acctcfg.core.state import ABSENT, KeyValue, Wanted
from acctcfg.errors import Refused
from acctcfg.venues.okx.endpoints import MODIFY_KEY, MODIFY_REGULAR_KEY
from acctcfg.venues.okx.vocabulary import ips_of, permissions_of
from acctcfg.wire.endpoint import Call

__all__ = ["KEPT", "harms", "refuse_own_key"]

KEPT = "access_key_kept"


def harms(found: KeyValue, wanted: Wanted | None, egress: Collection[str]) -> Iterator[str]:
    """What a change would do to a key that signs, in words for what it must not lose."""
    if wanted is ABSENT:
        yield "it is not deleted"
    elif isinstance(wanted, KeyValue):
        lost = set(found.permissions) - set(wanted.permissions)
        if lost:
            yield f"it does not lose {', '.join(sorted(lost))}"
        if wanted.ip_allowlist != found.ip_allowlist and _narrows(found, wanted, egress):
            kept = "its allow-list keeps an address of `egress`, or one of the present ones"
            yield kept if wanted.ip_allowlist else "it is not unbound"


def _narrows(found: KeyValue, wanted: KeyValue, egress: Collection[str]) -> bool:
    if not wanted.ip_allowlist:
        return True
    kept = set(egress) or set(found.ip_allowlist)
    return not set(wanted.ip_allowlist) & kept


def refuse_own_key(call: Call, in_use: Collection[str], known: Mapping[str, KeyValue], egress: Collection[str]) -> None:
    """Raise where a request names a key that this run signs with, but for a change that leaves it as good as it was.

    Everything that names a key is refused unless it is known to be harmless: also what a later version may send.
    """
    api_key = str(call.params.get("apiKey", ""))
    if api_key not in in_use:
        return
    found = known.get(api_key)
    if call.endpoint in (MODIFY_KEY, MODIFY_REGULAR_KEY) and found is not None:
        permissions, addresses = call.params.get("perm"), call.params.get("ip")
        after = KeyValue(
            found.permissions if permissions is None else permissions_of(str(permissions)),
            found.ip_allowlist if addresses is None else ips_of(str(addresses)),
            found.store,
        )
        if not list(harms(found, after, egress)):
            return
    raise Refused("acctcfg signs with this very key, so it is not deleted, unbound or narrowed; plan again", code=KEPT)
