"""Drift: how live accounts differ from the manifest, and what it does not name. A plan with findings; its JSON is a
contract (format_version 1.x)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import Plan, Step

__all__ = ["FINDINGS", "FORMAT_VERSION", "NO_DRIFT", "OF_KEY_LISTS", "OF_USER_LISTS", "Drift", "Finding", "KeyTimes"]

FORMAT_VERSION: Final = "1.0"
"""A reader takes any minor version of its own major one, and ignores members that it does not know."""

NO_DRIFT: Final = "No drift. Live accounts match the manifest."
"""Printed only if everything was looked at and could be read."""

FINDINGS: Final[Mapping[str, str]] = {
    "unknown_key": "an API key that the manifest does not name",
    "unmanaged_account": "a sub-account that the manifest does not name and acctcfg never managed",
    "no_longer_managed": "an account that acctcfg managed is no longer in the manifest; it and its keys stay",
    "rotation_due": "an API key is older than its `rotate_after`",
    "key_lapses": "an API key that the venue will soon delete if nothing uses it, because it is bound to no address",
    "key_limit": "an account has nearly as many API keys as the venue allows",
    "key_not_usable": "the venue has frozen or locked an API key",
    "account_frozen": "the venue has frozen functions of an account",
    "account_locked": "an account is locked, and the manifest does not say whether it should be",
    "label_differs": "an account's label differs, and cannot be changed",
    "parent_differs": "an account is under a different account, and cannot be moved",
    "uid_mismatch": "an account's uid is not the one in the manifest",
    "uid_changed": "an account that acctcfg does not know has the name of one that it knows",
    "new_listing": "a value that is not set yet, for an instrument that was listed since the last apply",
    "until_over": "the `until` date of an entry has passed, and live accounts still have its value",
}
"""The closed list of findings, besides changed values. Some are also warnings of a plan, with the same code."""
OF_KEY_LISTS: Final = frozenset({"unknown_key", "rotation_due", "key_lapses", "key_limit"})
"""Those that the venue's lists of keys show, which `--skip keys` leaves unread."""
OF_USER_LISTS: Final = frozenset({"unmanaged_account", "no_longer_managed"})
"""Those that the list of a user's sub-accounts shows, which is not read for targets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that no step of a plan shows. `details`: facts for programs; which ones depends on the code."""

    code: str
    address: str
    venue: str  # the manifest's key of the connection; "" for what is of none
    message: str
    details: JsonObject = field(default_factory=dict, hash=False)

    @property
    def account(self) -> str:
        """The account that it is about, or ""."""
        return "" if self.address.startswith(("guardrails.", "venues.")) else self.address.partition(".")[0]

    def to_json(self) -> dict[str, object]:
        """The finding as the document shows it."""
        return {
            "code": self.code,
            "address": self.address,
            "account": self.account,
            "venue": self.venue,
            "message": self.message,
            "details": dict(self.details),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTimes:
    """When one API key is due for rotation or may lapse, in Unix seconds, or None."""

    address: str
    venue: str
    rotate_at: float | None = None
    lapses_at: float | None = None  # at the earliest: if nothing uses it


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What a look at live accounts found. `plan` has the changed values as steps, without prechecks."""

    plan: Plan
    findings: tuple[Finding, ...] = ()
    keys: tuple[KeyTimes, ...] = ()
    skipped: tuple[str, ...] = ()  # what was not looked for, as the user said it
    at: float = 0.0  # Unix seconds
    places: Mapping[str, str] = field(default_factory=dict)  # account of the manifest -> its connection
    last_run: float | None = None  # when the last run that writes began, by the journal

    @property
    def exists(self) -> bool:
        """Whether anything that could be read differs."""
        return bool(self.plan.steps or self.findings)

    @property
    def matches(self) -> bool:
        """Whether live accounts match: everything was looked at and read, and nothing differs."""
        return self.plan.matches and not self.findings and not self.skipped

    @property
    def whole(self) -> bool:
        """Whether everything was looked at and could be read, whatever was found."""
        scope = self.plan.scope
        return scope.whole and not (scope.narrowed or self.skipped or self.plan.unreadable)

    @property
    def not_looked_for(self) -> frozenset[str]:
        """The codes of findings that this look was told to leave out: that there is none says nothing."""
        keys = OF_KEY_LISTS if self.skipped else frozenset[str]()
        return keys | (OF_USER_LISTS if self.plan.scope.targets else frozenset[str]())

    @property
    def accounts(self) -> dict[str, str]:
        """The accounts that drifted, each with its connection."""
        changed = {step.address.account: step.venue for step in self.plan.steps}
        return {one.account: one.venue for one in self.findings if one.account} | changed

    @property
    def counted(self) -> str:
        """The counts, in words."""
        values, found, accounts = len(self.plan.steps), len(self.findings), len(self.accounts)
        return (
            f"{values} changed, {found} other finding{'s' * (found != 1)}, in {accounts} account{'s' * (accounts != 1)}"
        )

    @property
    def conclusion(self) -> tuple[str, ...]:
        """The last line, and after it what was not looked at."""
        if self.matches:
            return (NO_DRIFT,)
        unread, idle = len(self.plan.unreadable), len(self.plan.scope.sets_nothing)
        more = [f"{unread} could not be read"] * bool(unread) + [f"{idle} entries set nothing"] * bool(idle)
        first = f"Drift: {self.counted}" if self.exists else "No drift in what was read"
        skipped = "Keys that the manifest does not name were not looked for." if self.skipped else ""
        return ("; ".join([first, *more]) + ".", *filter(None, [self.plan.scope.said, skipped]))

    def to_json(self) -> dict[str, object]:
        """The document of `drift --format json`."""
        whole = self.plan.to_json()
        return {
            "format_version": FORMAT_VERSION,
            **{name: whole[name] for name in ("acctcfg_version", "created_at")},
            "drift": self.exists,
            "matches": self.matches,
            "summary": {
                "changes": len(self.plan.steps),
                "findings": len(self.findings),
                "accounts": len(self.accounts),
                "unreadable": len(self.plan.unreadable),
            },
            **{name: whole[name] for name in ("venues", "targets", "excludes")},
            "skipped": list(self.skipped),
            "changes": [_change(step) for step in self.plan.steps],
            "findings": [one.to_json() for one in self.findings],
            "warnings": [{"address": w.address, "code": w.code, "message": w.message} for w in self.plan.warnings],
            "unreadable": whole["unreadable"],
        }


def _change(step: Step) -> dict[str, object]:
    """A step without what only an apply needs."""
    whole = step.to_json()
    return {name: whole[name] for name in whole if name not in ("blocked", "prechecks", "depends_on", "calls")}
