"""A secret has a home before it exists: what this process could not sign with is found before the first write."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from acctcfg.core.plan import Step
from acctcfg.errors import ConfigError
from acctcfg.venues.contract import Survey

__all__ = ["refuse_unproven", "refuse_unsigned"]


def refuse_unsigned(surveys: Mapping[str, Survey], todo: Iterable[Step]) -> None:
    """Raise where a step needs a secret that this process cannot open: one of a new key, or of the key that writes."""
    reasons: dict[str, list[str]] = {}
    for step in todo:
        why = surveys[step.address.account].unsigned.get(step.address)
        if why is not None:
            reasons.setdefault(why, []).append(str(step.address))
    if not reasons:
        return
    why, addresses = max(reasons.items(), key=lambda one: len(one[1]))
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    raise ConfigError(
        f"{why}: this process could not sign with the secret that {addresses[0]}{more} needs; nothing was written",
        hint="bring the store's identity here, or apply where it is (`acctcfg secrets identity` makes a new one)",
    )


def refuse_unproven(unreadable: Mapping[str, str]) -> None:
    """Raise where a rotation could not sign with the new key, which it does before the old one goes: why, by store."""
    for why in filter(None, unreadable.values()):
        raise ConfigError(
            f"{why}: this process could not prove the new key; nothing was written",
            hint="bring the store's identity here, or rotate where it is",
        )
