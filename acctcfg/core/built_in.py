"""The rules that come with acctcfg: each with an id, switched on by `guardrails.rule_sets`.

A breach blocks the step that would bring it about. One that is there already, or that is of the manifest and of no
step, is a warning: nothing that acctcfg would write is wrong, and stopping everything else would help nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from acctcfg.core.address import Address
from acctcfg.core.desired import Guardrails, Manifest
from acctcfg.core.plan import Step
from acctcfg.core.rules import AmountsTo, VenueRules
from acctcfg.core.state import KeyValue

__all__ = [
    "OLD_DAYS",
    "RULES",
    "SETS",
    "Breach",
    "BuiltIn",
    "Powers",
    "active",
    "can",
    "of_manifest",
    "of_step",
    "one_recipient",
    "powers",
    "powers_of",
]

SETS: Final[Mapping[str, str]] = {
    "basic": "what is wrong on every desk",
    "strict": "basic, and what a desk with other people's money keeps to",
}
OLD_DAYS: Final = 90
"""Days after which a key is old, where it has no `rotate_after` of its own."""

Powers: TypeAlias = Mapping[str, AmountsTo]
"""What permissions amount to, by connection."""

_TRADING = ("leverage", "position_mode")  # what only an account that trades needs


class Breach(NamedTuple):
    """What is there already, or in the manifest itself, against a rule."""

    rule: str
    subject: str  # an account, or else what it is of: "secret_stores.vault", "venues.desk", "accounts"
    address: str
    message: str


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A rule: what it says, why, and how to satisfy it."""

    id: str
    set: str  # the smallest set that it is in
    says: str
    why: str
    instead: str
    key: Callable[[KeyValue, AmountsTo], str] = lambda *_: ""  # what is wrong with an API key; "" if nothing is
    manifest: Callable[[Manifest, Powers], Iterator[Breach]] = lambda *_: iter(())


def powers_of(manifest: Manifest, types: Mapping[str, VenueRules]) -> Powers:
    """What permissions amount to at the connections of a manifest."""
    return {key: types[venue.type].amounts_to for key, venue in manifest.venues.items()}


def powers(permissions: Iterable[str], amounts_to: AmountsTo) -> list[str]:
    """The permissions that move money or open positions."""
    return [word for word in permissions if amounts_to(word) in ("trade", "withdraw")]


def can(key: KeyValue, word: str, amounts_to: AmountsTo) -> bool:
    """Whether a key has a permission, or one that amounts to it."""
    return any(word in (one, amounts_to(one)) for one in key.permissions)


def _does_both(key: KeyValue, amounts_to: AmountsTo) -> str:
    both = can(key, "trade", amounts_to) and can(key, "withdraw", amounts_to)
    return "it can trade and withdraw" if both else ""


def _from_anywhere(key: KeyValue, amounts_to: AmountsTo) -> str:
    strong = powers(key.permissions, amounts_to)
    return f"it has {' and '.join(strong)} and no ip_allowlist" if strong and not key.ip_allowlist else ""


def one_recipient(manifest: Manifest, _: Powers) -> Iterator[Breach]:
    """Stores that one identity alone can read."""
    for name, store in manifest.secret_stores.items():
        if len(store.recipients) == 1:
            where = f"secret_stores.{name}"
            yield Breach("one_recipient", where, where, "one identity alone can read it: lost, all its secrets are")


def _master_trades(manifest: Manifest, _: Powers) -> Iterator[Breach]:
    above = {spec.venue for spec in manifest.accounts.values() if spec.role != "main"}
    for spec in manifest.accounts.values():
        if spec.role == "main" and spec.venue in above and (spec.leverage or spec.position_mode or spec.position_modes):
            message = f"it is set up to trade, and its key makes and deletes the sub-accounts of venues.{spec.venue}"
            yield Breach("master_trades", spec.key, spec.key, message)


def _one_allowlist(manifest: Manifest, amounts_to: Powers) -> Iterator[Breach]:
    lists: dict[tuple[str, ...], set[str]] = {}
    for spec in manifest.accounts.values():
        for key in spec.api_keys:
            strong = powers(key.permissions or (), amounts_to[spec.venue])
            if key.state == "present" and key.ip_allowlist and strong:
                lists.setdefault(key.ip_allowlist, set()).add(spec.key)
    accounts = set().union(*lists.values())
    if len(lists) == 1 and len(accounts) > 1:
        addresses = ", ".join(next(iter(lists)))
        message = (
            f"every key with an allow-list that can trade or withdraw, of {len(accounts)} accounts, "
            f"works from the same {addresses}"
        )
        yield Breach("one_allowlist", "accounts", "accounts", message)


RULES: Final[tuple[BuiltIn, ...]] = (
    BuiltIn(
        "trade_and_withdraw",
        "basic",
        "no API key can both trade and withdraw",
        "whoever takes such a key from a trading host takes the money with it",
        "make two keys: one that trades, and one that withdraws and is kept elsewhere",
        key=_does_both,
    ),
    BuiltIn(
        "key_without_address",
        "basic",
        "an API key that can trade or withdraw is bound to addresses",
        "a key that works from anywhere needs only to be read once; venues delete idle ones",
        "give it an `ip_allowlist`",
        key=_from_anywhere,
    ),
    BuiltIn(
        "one_recipient",
        "basic",
        "a secret store can be read with more than one identity",
        "with the only identity lost, every secret in the store is lost",
        "add a second recipient that is kept elsewhere, then re-encrypt the store",
        manifest=one_recipient,
    ),
    BuiltIn(
        "key_age",
        "strict",
        f"no API key is older than {OLD_DAYS} days, or than its `rotate_after`",
        "an old key has been in more logs, backups and heads than anybody remembers",
        "rotate it",
    ),
    BuiltIn(
        "one_allowlist",
        "strict",
        "not every powerful key of several accounts has the same allow-list",
        "one host then holds all accounts: whoever takes it takes everything",
        "give accounts hosts of their own, and their keys lists of their own",
        manifest=_one_allowlist,
    ),
    BuiltIn(
        "master_trades",
        "strict",
        "an account that has sub-accounts in the manifest does not trade itself",
        "its key makes and deletes keys and sub-accounts; a trading host is no place for it",
        "trade in a sub-account",
        manifest=_master_trades,
    ),
)


def active(guardrails: Guardrails) -> tuple[BuiltIn, ...]:
    """The rules of the sets that are on."""
    on = {"basic", "strict"} if "strict" in guardrails.rule_sets else set(guardrails.rule_sets)
    return tuple(rule for rule in RULES if rule.set in on)


def of_step(step: Step, guardrails: Guardrails, amounts_to: AmountsTo) -> Iterator[tuple[str, str]]:
    """Id and sentence of every rule that a step would break."""
    after = step.change.after
    if not isinstance(after, KeyValue) or step.change.finishes:
        return
    for rule in active(guardrails):
        if wrong := rule.key(after, amounts_to):
            yield rule.id, wrong


def of_manifest(manifest: Manifest, keys: Mapping[Address, KeyValue], amounts_to: Powers) -> Iterator[Breach]:
    """What no step brings about. `keys`: those that stay as they are."""
    for rule in active(manifest.guardrails):
        yield from rule.manifest(manifest, amounts_to)
        for address, key in keys.items():
            if wrong := rule.key(key, amounts_to[manifest.accounts[address.account].venue]):
                yield Breach(rule.id, address.account, str(address), wrong)
