"""Imported accounts as files of a manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from acctcfg.core.desired import StoreSpec, VenueSpec
from acctcfg.core.leverage_lines import LeverageLine, exceptions, leverage_lines
from acctcfg.core.rules import VenueRules
from acctcfg.core.setting import Written
from acctcfg.core.state import Members, Value
from acctcfg.imported import FoundKey, Imported, SharedProfile
from acctcfg.render.yaml_text import InOneLine, comment, lines_of

__all__ = ["accounts_text", "root_text"]

Rules = Mapping[str, VenueRules]  # by connection


def accounts_text(
    accounts: Sequence[Imported], profiles: Sequence[SharedProfile], rules: Rules, *, head: str, looked: Sequence[str]
) -> str:
    """One file with all of them. `looked`: the currencies whose deposit addresses were looked for."""
    lines = list(comment(head))
    for venue in dict.fromkeys(one.venue for one in accounts):
        if said := _never(rules[venue], looked):
            lines += comment(f"{venue}: {said}")
    if profiles:
        venues = {one.key: one.venue for one in accounts}
        lines += ["", "profiles:"]
        for profile in profiles:
            lines += [f"  {profile.name}:", *lines_of(_profile(profile, rules[venues[min(profile.members)]]), 4)]
    lines += ["", "accounts:"]
    for number, one in enumerate(accounts):
        shared = next((each for each in profiles if one.key in each.members), None)
        lines += [*[""][: min(number, 1)], *_account(one, shared, rules[one.venue])]
    return "\n".join(lines) + "\n"


def _never(rules: VenueRules, looked: Sequence[str]) -> str:
    """What no import brings in, whatever the account."""
    said = []
    if "deposit" in rules.fields:
        where = f"only of {', '.join(looked)}" if looked else "not looked for (use --deposits CURRENCY)"
        said.append(f"deposit addresses: {where}; the type of an address cannot be read back")
    if rules.unmanaged:
        said.append(f"never managed: {', '.join(list(rules.unmanaged)[:5])} and others (the venue's docs say why)")
    return "; ".join(said)


def _profile(profile: SharedProfile, rules: VenueRules) -> dict[str, object]:
    return _without_none(
        {
            "account_mode": profile.account_mode,
            "position_mode": profile.position_mode,
            "settings": _settings(profile.settings, rules),
            "leverage": _leverage(profile.leverage),
        }
    )


def _account(one: Imported, profile: SharedProfile | None, rules: VenueRules) -> Iterator[str]:
    shared = profile.settings if profile is not None else {}
    own_settings = {where: value for where, value in one.settings.items() if shared.get(where) != value}
    lines = (
        exceptions(one.leverage, profile.leverage) if profile is not None else leverage_lines(one.leverage, one.unread)
    )
    fields = {
        "venue": one.venue,
        "profile": profile.name if profile is not None else None,
        "role": one.role,
        "name": one.name if one.name != one.key and one.role != "main" else None,
        "uid": one.uid or None,
        "label": one.label,
        one.parent[0] if one.parent else "parent": one.parent[1] if one.parent else None,
        "state": one.state,
        **one.own,
        "account_mode": one.account_mode if profile is None else None,
        "position_mode": one.position_mode if profile is None else None,
        "settings": _settings(own_settings, rules),
        "leverage": _leverage(lines),
    }
    yield f"  {one.key}:"
    yield from lines_of(_without_none(fields), 4)
    if one.keys:
        yield "    api_keys:"
        for key in one.keys:
            yield from _key(key)
    deposit = {
        "credit_to": one.credit_to,
        "addresses": [{"currency": row.currency, "chain": row.chain, "count": row.number} for row in one.addresses],
    }
    if one.addresses:
        yield from lines_of({"deposit": _without_none(deposit)}, 4)
    for note in one.notes:
        yield from comment(note, 4)


def _key(key: FoundKey) -> Iterator[str]:
    fields = {"permissions": _permissions(key.permissions), "ip_allowlist": list(key.ip_allowlist), "store": key.store}
    yield from lines_of({key.label: {name: one for name, one in fields.items() if one is not None}}, 6)
    if key.note:
        yield from comment(key.note, 8)


def _permissions(words: Sequence[str] | None) -> object:
    """A list of words, or a map of groups."""
    if words is None or not any(":" in word for word in words):
        return None if words is None else list(words)
    pairs = [word.partition(":") for word in words]
    return InOneLine({group: access for group, _, access in pairs})


def _settings(values: Mapping[tuple[str, str], Value], rules: VenueRules) -> dict[str, object]:
    found: dict[str, object] = {}
    for setting in rules.settings:
        mine = {key: _written(value) for (name, key), value in sorted(values.items()) if name == setting.name}
        if mine:
            found[setting.name] = setting.joined(mine)
    return found


def _written(value: Value) -> Written:
    if isinstance(value, Members):
        return dict(value.fields)
    assert isinstance(value, bool | str | Decimal)  # noqa: S101 (nothing else is a setting's)
    return value


def _leverage(lines: Sequence[LeverageLine]) -> list[dict[str, object]]:
    return [
        {
            name: one
            for name, one in (
                ("market", line.market),
                (line.by, line.name),
                ("margin", line.margin),
                ("side", line.side),
                ("value", line.value),
            )
            if one is not None
        }
        for line in lines
    ]


def _without_none(fields: Mapping[str, object]) -> dict[str, object]:
    return {name: one for name, one in fields.items() if one is not None and one != {} and one != []}


def root_text(venues: Sequence[VenueSpec], stores: Sequence[StoreSpec], *, head: str, include: str) -> str:
    """The root file of a new workspace: the connections and the stores of the one that the import ran in."""
    sections: dict[str, object] = {
        "version": 1,
        "include": [include],
        "venues": {one.key: _venue(one) for one in venues},
        "secret_stores": {one.key: _store(one) for one in stores},
    }
    return "\n".join([*comment(head), *lines_of(_without_none(sections))]) + "\n"


def _store(spec: StoreSpec) -> dict[str, object]:
    options = spec.options.items()
    return {"type": spec.type, **{name: InOneLine(one) if isinstance(one, Mapping) else one for name, one in options}}


def _venue(spec: VenueSpec) -> dict[str, object]:
    limits = {endpoint: {"count": one.count, "per_s": one.per_s} for endpoint, one in spec.limits.items()}
    fields = {
        "type": spec.type,
        "environment": None if spec.environment == "live" else spec.environment,
        "credentials": InOneLine(spec.credentials),
        "base_url": spec.base_url,
        "region": spec.region or None,
        "uid": spec.uid,
        "egress": list(spec.egress),
        "rate_share": spec.rate_share,
        "proxy": spec.proxy,
        "limits": limits,
    }
    return _without_none(fields)
