"""What holds until a day: a manifest as it is written, and a day, in; the manifest as it holds on that day out.

A day is text such as "2026-12-31". What has it as its `until` holds through that day in UTC, and is over from the
midnight that ends it.
"""

from __future__ import annotations

from dataclasses import replace

from acctcfg.core.desired import AccountSpec, Ended, Guardrails, KeySpec, Manifest

__all__ = ["is_over", "settled"]


def is_over(until: str, today: str) -> bool:
    """Whether it no longer holds; "" never ends."""
    return bool(until) and today > until  # days in this form compare as text


def settled(manifest: Manifest, today: str) -> Manifest:
    """The manifest without what is over, and with what that was in `ended`.

    A key that is over is absent; an address leaves its list; a leverage entry gives way to the next one that decides
    its scopes; an exception no longer holds.
    """
    ended: list[Ended] = []
    accounts = {key: _account(spec, today, ended) for key, spec in manifest.accounts.items()}
    guardrails = _guardrails(manifest.guardrails, today, ended)
    if not ended:
        return manifest
    return replace(manifest, accounts=accounts, guardrails=guardrails, ended=tuple(dict.fromkeys(ended)))


def _account(spec: AccountSpec, today: str, ended: list[Ended]) -> AccountSpec:
    keys = tuple(_key(spec, key, today, ended) for key in spec.api_keys)
    over = [one for one in spec.leverage if is_over(one.until, today)]
    if not over and keys == spec.api_keys:
        return spec
    left = tuple(one for one in spec.leverage if one not in over)
    then = "the next entry that names its scopes decides"
    if not left:
        then = f"nothing else says what the leverage of {spec.key} is, so it stays as it is, and is no longer managed"
    ended += [Ended(one.path, one.place, f"it held until {one.until}: {then}") for one in over]
    return replace(spec, api_keys=keys, leverage=left)


def _key(spec: AccountSpec, key: KeySpec, today: str, ended: list[Ended]) -> KeySpec:
    address = f"{spec.key}.api_keys[{key.label}]"
    if key.state != "present":
        return key
    if is_over(key.until, today):
        ended.append(Ended(address, key.place, f"it was to exist until {key.until}: it is to be deleted"))
        return replace(key, state="absent", permissions=(), ip_allowlist=(), rotate_after=None, ip_until=())
    gone = {ip: day for ip, day in key.ip_until if is_over(day, today)}
    left = tuple(ip for ip in key.ip_allowlist or () if ip not in gone)
    if not gone or not left:  # without any address it would work from everywhere: `manifest` refuses such a list
        return key
    ended += [
        Ended(address, key.place, f"{ip} was allowed until {day}: it leaves the list") for ip, day in gone.items()
    ]
    return replace(key, ip_allowlist=left, ip_until=tuple(one for one in key.ip_until if one[0] not in gone))


def _guardrails(rails: Guardrails, today: str, ended: list[Ended]) -> Guardrails:
    over = [one for one in rails.exceptions if is_over(one.until, today)]
    for number, one in enumerate(rails.exceptions):
        if one in over:
            message = f"the exception from {one.rule} for {', '.join(one.accounts)} held until {one.until}"
            ended.append(Ended(f"guardrails.exceptions[{number}]", one.place, f"{message}: the rule holds again"))
    return replace(rails, exceptions=tuple(one for one in rails.exceptions if one not in over)) if over else rails
