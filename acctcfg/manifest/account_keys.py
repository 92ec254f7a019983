"""The API keys of an account, and how acctcfg signs as it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from acctcfg.core.desired import AccessSpec, KeySpec, StoreSpec
from acctcfg.core.rules import VenueRules
from acctcfg.manifest.connections import check_source
from acctcfg.manifest.narrowing import check_permissions
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report, near, shown
from acctcfg.manifest.scalars import BAD

__all__ = ["Same", "build_access", "build_keys"]

FOREVER: Final = "9999-12-31"  # after every other day


class Same:
    """Makes equal lists of many accounts one tuple."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], tuple[str, ...]] = {}

    def listed(self, values: Iterable[Any] | None) -> tuple[str, ...] | None:
        """Sorted; None where the manifest says nothing: that is not the same as a list without anything in it."""
        if values is None:
            return None
        whole = tuple(sorted(value for value in values if value is not BAD))
        return self._known.setdefault(whole, whole)


def build_keys(
    node: Node | None,
    taken: dict[str, dict[str, Any]],
    rules: VenueRules,
    stores: Mapping[str, StoreSpec],
    same: Same,
    report: Report,
) -> tuple[KeySpec, ...]:
    """Its keys, sorted by label; `same` makes equal lists of many accounts one tuple."""
    if node is None or not taken:
        return ()
    keys = []
    for label in sorted(taken):
        values, written = taken[label], node.value[label]
        if not rules.key_label.allows(label):
            report.key(written, f"the label {shown(label)} must be {rules.key_label.words}")
        absent = values.get("state") == "absent"
        if not absent:
            _check_key(written, values, rules, report)
        store = values.get("store")
        if store is not None and store not in stores:
            at = written.value["store"]
            report.value(at, f"the store {shown(store)} is not defined{near(store, stores)}")
        allowed = [one for one in values.get("ip_allowlist", ()) if one is not BAD]
        addresses = [one.address for one in allowed] if "ip_allowlist" in values else None
        keys.append(
            KeySpec(
                label=label,
                state="absent" if absent else "present",
                permissions=() if absent else same.listed(values.get("permissions")),
                ip_allowlist=() if absent else same.listed(addresses),
                store=store,
                rotate_after=None if absent else values.get("rotate_after"),
                place=report.sources.place(written.key_mark),
                until="" if absent else values.get("until", ""),
                ip_until=() if absent else tuple(sorted((one.address, one.until) for one in allowed if one.until)),
            )
        )
    if len(keys) > rules.keys_per_account:
        report.key(node, f"{len(keys)} keys, but the venue allows at most {rules.keys_per_account}")
    return tuple(keys)


def _check_key(node: Node, values: dict[str, Any], rules: VenueRules, report: Report) -> None:
    written = node.value.get("permissions")
    check_permissions(written, values.get("permissions", ()), rules, report)
    ips = values.get("ip_allowlist", ())
    if len(ips) > rules.ips_per_key:
        message = f"has {len(ips)} entries, but the venue allows at most {rules.ips_per_key}"
        report.value(node.value["ip_allowlist"], message)
    last = max((one.until if one is not BAD and one.until else FOREVER for one in ips), default=FOREVER)
    if last != FOREVER and not (values.get("until") or FOREVER) <= last:
        message = f"every address has an `until`: after {last} the list would be empty, and that means from anywhere"
        report.value(node.value["ip_allowlist"], f"{message} (keep one, or give the key itself an `until`)")


def build_access(
    node: Node | None,
    taken: dict[str, Any] | None,
    keys: tuple[KeySpec, ...],
    stores: Mapping[str, StoreSpec],
    report: Report,
) -> AccessSpec | None:
    """How acctcfg signs as this account; None where the manifest says nothing, or nothing sound."""
    if node is None or taken is None:
        return None
    given = [name for name, child in node.value.items() if child.value is not None]
    if not given:
        report.key(node, "needs either one of `key` and `credentials`, or `read` and `write`")
        return None
    if alone := next((name for name in ("key", "credentials") if name in given and len(given) > 1), ""):
        other = next(name for name in given if name != alone)  # perhaps a profile's, which lies under the account's own
        at = report.sources.place(node.value[alone].key_mark)
        message = f"{alone} (at {at}) and {other} cannot be used together (choose one; null takes away a profile's)"
        report.key(node.value[other], message)
        return None
    if "read" in taken or "write" in taken:
        read, write = (_side(node.value.get(name), taken.get(name), keys, stores, report) for name in ("read", "write"))
        return AccessSpec(read=read, write=write)
    side = _side(node, taken, keys, stores, report)
    return AccessSpec(read=side, write=side)


def _side(
    node: Node | None,
    taken: dict[str, Any] | None,
    keys: tuple[KeySpec, ...],
    stores: Mapping[str, StoreSpec],
    report: Report,
) -> dict[str, Any] | None:
    if node is None or taken is None:
        return None
    given = [name for name, child in node.value.items() if child.value is not None]
    if len(given) != 1:
        report.key(node, "needs exactly one of `key` and `credentials`")
        return None
    if "credentials" in taken:
        check_source(node.value["credentials"], taken["credentials"], stores, report)
        return dict(taken["credentials"])
    label = taken.get("key")
    if label is None:
        return None
    known = {key.label: key for key in keys if key.state == "present"}
    if label not in known:
        report.value(node.value["key"], f"unknown key {shown(label)}: not in `api_keys`{near(label, known)}")
    elif known[label].until:
        until = f"the key {shown(label)} is to exist until {known[label].until} only, and then nothing signs here"
        report.value(node.value["key"], f"{until} (name one without `until`)")
    elif known[label].store is None:
        report.value(node.value["key"], f"the key {shown(label)} has no `store` to take its secret from")
    return {"key": label}
