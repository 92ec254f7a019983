"""Sub-accounts of the venue's list that the manifest does not name."""

from __future__ import annotations

from acctcfg.core.address import Address
from acctcfg.core.json_types import JsonValue
from acctcfg.engine.drift_keys import iso, key_json
from acctcfg.engine.look import Look, inventory_of
from acctcfg.engine.moment import day
from acctcfg.engine.session import Link
from acctcfg.errors import Garbled
from acctcfg.venues.existing import Existing, ListsAccounts

__all__ = ["look_at_users"]


async def look_at_users(look: Look) -> None:
    """Each venue user's whole list, once."""
    users: dict[tuple[str, str], dict[str, Link]] = {}
    place_of = look.session.workspace.place_of
    for key, link in look.links():
        users.setdefault((place_of(link.client.base_url), link.connection.user), {})[key] = link
    accounts = look.session.workspace.manifest.accounts.values()
    for links in users.values():
        named = frozenset(spec.name for spec in accounts if spec.venue in links)
        key, link = next(iter(links.items()))
        if all(look.focus.leaves_out(Address("venues", one)) for one in links):
            continue
        try:
            await _user(look, key, link, named)
        except Exception as error:
            look.cannot_read(f"venues.{key}", link, error)


async def _user(look: Look, key: str, link: Link, named: frozenset[str]) -> None:
    if not isinstance(link.connection, ListsAccounts):
        for warning in await link.connection.strangers(named):
            look.find(warning.code, warning.address, key, warning.message, {})
        return
    existing = await link.connection.existing()
    for row in existing.rows:
        if row.name not in named and not look.focus.leaves_out(Address(row.name)):
            await _stranger(look, key, link, row)
    if existing.unread:
        look.cannot_read(f"venues.{key}", link, Garbled(existing.unread, code="shape"))


async def _stranger(look: Look, key: str, link: Link, row: Existing) -> None:
    """An account that acctcfg managed is reported with its live keys: somebody may still use them."""
    details: dict[str, JsonValue] = {"name": row.name, "uid": row.uid, "created_at": iso(row.created_s)}
    said = f"uid {row.uid}" if row.uid else "the venue does not say its uid"
    said += f", created {day(row.created_s)}" if row.created_s is not None else ""
    if look.session.known(link).account(row.uid) is None:
        message = f"a sub-account that the manifest does not name ({said})"
        look.find("unmanaged_account", row.name, key, message, details)
        return
    message = f"the manifest no longer names it ({said})"
    inventory = inventory_of(link)
    if look.keys and inventory is not None:
        keys = (await inventory.keys(row)).rows
        details["keys"] = [key_json(one) for one in keys]
        message += f"; its API keys: {', '.join(one.label for one in keys) or 'none'}"
    look.find("no_longer_managed", row.name, key, message, details)
