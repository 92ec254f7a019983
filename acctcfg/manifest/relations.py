"""What accounts say of each other: names that are taken, mains that are two, who stands under whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from acctcfg.core.desired import AccountSpec, StoreSpec
from acctcfg.core.own_field import Above
from acctcfg.errors import Problem
from acctcfg.manifest.problems import near, shown

__all__ = ["between", "shared_secrets"]


def between(accounts: Mapping[str, AccountSpec], known: frozenset[str]) -> Iterator[Problem]:
    """The problems between accounts; `known` are the keys of all, also of those too broken to be here."""
    names: dict[tuple[str, str], AccountSpec] = {}
    uids: dict[tuple[str, str], AccountSpec] = {}
    for key, spec in accounts.items():
        slot = (spec.venue, "" if spec.role == "main" else spec.name)
        first = names.setdefault(slot, spec)
        if first is not spec:
            what = f"the name {shown(spec.name)}" if slot[1] else "`role: main`"
            at = spec.at("name" if slot[1] else "role")
            yield Problem(
                *at, key, f"{what} at the venue {spec.venue} is already used by {first.key} (at {first.place})"
            )
        if spec.uid is not None and (owner := uids.setdefault((spec.venue, spec.uid), spec)) is not spec:
            taken = f"the uid {shown(spec.uid)} at the venue {spec.venue} is already that of {owner.key}"
            yield Problem(*spec.at("uid"), f"{key}.uid", f"{taken} (at {owner.place})")
        if spec.above is not None and (wrong := _above_problem(spec, spec.above, accounts, known)):
            yield Problem(*spec.at(spec.above.field), f"{key}.{spec.above.field}", wrong)


def shared_secrets(accounts: Mapping[str, AccountSpec], stores: Mapping[str, StoreSpec]) -> Iterator[Problem]:
    """Keys whose secrets would be one file, or one variable: names that differ only in what their store cannot tell."""
    taken: dict[tuple[str, str], tuple[str, str]] = {}
    for spec in accounts.values():
        for key in spec.api_keys:
            store = stores.get(key.store or "")
            if store is None or key.state != "present" or spec.state == "absent":
                continue
            path, address = f"{spec.venue}/{spec.key}/{key.label}", f"{spec.key}.api_keys[{key.label}]"
            first = taken.setdefault((store.key, store.kind.as_kept(path)), (path, address))
            if first[0] != path:
                alike = store.kind.alike
                wrong = (
                    f"its secret's path {shown(path)} and {shown(first[0])} of {first[1]} differ only {alike}, "
                    f"so the store {store.key} may keep both in one place (choose names that differ more)"
                )
                yield Problem(*key.place, address, wrong)


def _above_problem(
    spec: AccountSpec, above: Above, accounts: Mapping[str, AccountSpec], known: frozenset[str]
) -> str | None:
    field, name = above
    upper = accounts.get(name)
    if upper is None:
        return None if name in known else f"the account {shown(name)} is not defined{near(name, known)}"
    if upper is spec:
        return f"an account cannot be its own {field}"
    if upper.role == "main":
        return f"{name} is the main account (leave `{field}` out for a first-level sub-account)"
    if upper.venue != spec.venue:
        return f"{name} is at the venue {upper.venue}, not at {spec.venue} (both at {upper.place})"
    if upper.above is not None:
        around = _circle(spec, accounts)
        if around:
            return f"circular {field}s: {' -> '.join(around)}"
        return f"{name} already has a {field} ({upper.above.account}), and there is no third level"
    if upper.state == "absent" and spec.state != "absent":
        return f"{name} is to be deleted, but this account is not"
    return None


def _circle(spec: AccountSpec, accounts: Mapping[str, AccountSpec]) -> list[str]:
    walk = {spec.key: None}  # a set that keeps its order: a chain of a thousand is walked from each of its accounts
    at = accounts.get(spec.above.account if spec.above else "")
    while at is not None and at.key not in walk:
        walk[at.key] = None
        at = accounts.get(at.above.account if at.above else "")
    return [*walk, spec.key] if at is spec else []
