"""Waves: which accounts of a plan go first. Pure, so that a plan, its JSON and an apply tell the same.

Accounts are ordered by the SHA-256 of their names in the manifest, so that the order is nobody's choice and the same
in every run. What is left after an interrupted apply starts again with the first wave: of fewer accounts a share is
never more, so no later run begins with a larger wave than the first did.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from acctcfg.core.address import Address
from acctcfg.core.desired import Wave, number_of

__all__ = ["StagedWave", "in_waves", "staged"]


class StagedWave(NamedTuple):
    """The accounts of one wave, and how long to wait after it."""

    accounts: tuple[str, ...]
    then_wait_s: int


def staged(
    order: Iterable[tuple[Address, Iterable[Address]]], rollout: Sequence[Wave], held: Collection[str]
) -> tuple[StagedWave, ...]:
    """The waves of steps, each with what it comes after; () without a rollout. What is `held` back is in none."""
    needs: dict[str, set[str]] = {}
    for address, after in order if rollout else ():
        if address.account not in held:
            others = {one.account for one in after} - {address.account}
            needs.setdefault(address.account, set()).update(others)
    return in_waves(_ordered(needs), rollout)


def in_waves(accounts: Sequence[str], rollout: Sequence[Wave]) -> tuple[StagedWave, ...]:
    """Accounts, in order, cut where the cumulative numbers and shares say; a wave without any is left out."""
    found: list[StagedWave] = []
    begun = 0
    for wave in rollout:
        end = min(number_of(wave.accounts, len(accounts)), len(accounts))
        if end > begun:
            found.append(StagedWave(tuple(accounts[begun:end]), wave.then_wait_s))
            begun = end
    if found:  # nothing follows the last one
        found[-1] = found[-1]._replace(then_wait_s=0)
    return tuple(found)


def _ordered(needs: Mapping[str, Collection[str]]) -> list[str]:
    """By hash, but never before an account that it depends on: that one goes right before it."""
    done: dict[str, None] = {}

    def add(account: str, above: frozenset[str]) -> None:
        for other in sorted(needs[account], key=_place):
            if other in needs and other not in above:
                add(other, above | {other})
        done.setdefault(account)

    for account in sorted(needs, key=_place):
        add(account, frozenset({account}))
    return list(done)


def _place(account: str) -> bytes:
    return hashlib.sha256(account.encode()).digest()
