"""What the user narrowed a plan to: an address that selects nothing is a slip of the pen, and is said."""

from __future__ import annotations

from collections.abc import Sequence

from acctcfg.core.address import Address, AddressPattern, Focus
from acctcfg.core.managed import managed_fields
from acctcfg.core.plan import Unread
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import UsageError
from acctcfg.venues.contract import Survey
from acctcfg.venues.installed import venue

__all__ = ["demand_reach", "demand_targets", "hidden"]


def demand_targets(
    workspace: Workspace,
    focus: Focus,
    surveys: Sequence[Survey],
    lost: Sequence[Unread],
    replacing: frozenset[Address],
) -> None:
    """A target or a `--replace` that selects nothing is a slip of the pen, never a plan without changes.

    Of an account that could not be read in full nobody knows what a target would have selected.
    """
    there = [address for survey in surveys for address in survey.desired]
    unread = {one.address.partition(".")[0] for one in lost}
    unread |= {survey.spec.key for survey in surveys if survey.unreadable}
    for pattern in focus.patterns:
        if any(pattern.matches(address) for address in there) or hidden(pattern, workspace, focus):
            continue
        if not any(_may_reach(pattern, workspace, account) for account in unread):
            raise UsageError(
                f"--target {pattern.text} selects nothing", hint="addresses are as `acctcfg plan` shows them"
            )
    if replacing and not unread and not replacing.intersection(there):
        named = ", ".join(sorted(map(str, replacing)))
        raise UsageError(f"--replace {named}: it is not part of this plan", hint="plan again with it")


def demand_reach(workspace: Workspace, option: str, patterns: Sequence[str]) -> None:
    """A pattern that no account of the manifest could satisfy is a slip: to leave nothing out would do too much."""
    for pattern in map(AddressPattern, patterns):
        if not any(_may_reach(pattern, workspace, account) for account in workspace.manifest.accounts):
            hint = "addresses are as `acctcfg plan` shows them; an account alone means all of it"
            raise UsageError(f"{option} {pattern.text} selects nothing", hint=hint)


def hidden(pattern: AddressPattern, workspace: Workspace, focus: Focus) -> bool:
    """Whether what a target selects may be just what the user leaves out."""
    return bool(focus.excludes) and any(_may_reach(pattern, workspace, one) for one in workspace.manifest.accounts)


def _may_reach(pattern: AddressPattern, workspace: Workspace, account: str) -> bool:
    """Whether the pattern could select anything of the account, by the fields that it has or its venue type knows."""
    spec = workspace.manifest.accounts.get(account)
    if spec is None:
        return pattern.may_reach(account, "")
    rules = venue(workspace.manifest.venues[spec.venue].type).rules
    known = {*managed_fields(spec), *rules.fields, *rules.main_fields, *(one.field for one in rules.settings)}
    return any(pattern.may_reach(account, field) for field in ("", *known))
