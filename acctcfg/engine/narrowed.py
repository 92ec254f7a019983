"""What the user narrowed a plan to: an address that selects nothing is a slip of the pen, and is said."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from acctcfg.core.address import Address, AddressPattern, Focus
from acctcfg.core.desired import AccountSpec
from acctcfg.core.managed import DESCRIBES, managed_fields
from acctcfg.core.plan import Unread
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import UsageError
from acctcfg.venues.contract import Survey
from acctcfg.venues.installed import venue

__all__ = ["demand_reach", "demand_targets", "hidden", "near_address"]


def demand_targets(
    workspace: Workspace,
    focus: Focus,
    surveys: Sequence[Survey],
    lost: Sequence[Unread],
    replacing: frozenset[Address] = frozenset(),
    *,
    listed: Collection[tuple[str, str]] = (),
) -> None:
    """A target or a `--replace` that selects nothing is a slip of the pen, never a plan without changes.

    Of an account that could not be read in full, or where an entry set nothing, nobody knows what a target would have
    selected. `listed`: accounts with a field whose live list was read, so that there was a look at whatever is in it.
    """
    there = [address for survey in surveys for address in survey.desired]
    unread = {one.address.partition(".")[0] for one in lost}
    unread |= {survey.spec.key for survey in surveys if survey.unreadable or survey.sets_nothing}
    for pattern in focus.patterns:
        if any(pattern.selects(address) for address in there) or hidden(pattern, workspace, focus):
            continue
        if any(pattern.may_reach(account, field) for account, field in listed):
            continue
        if not any(_may_reach(pattern, workspace, account) for account in unread):
            near = near_address(pattern.text, workspace)
            raise UsageError(
                f"--target {pattern.text} selects nothing{near}", hint="addresses are as `acctcfg plan` shows them"
            )
    if replacing and not unread and not replacing.intersection(there):
        named = ", ".join(sorted(map(str, replacing)))
        raise UsageError(f"--replace {named}: it is not part of this plan", hint="plan again with it")


def demand_reach(workspace: Workspace, option: str, patterns: Sequence[str]) -> None:
    """A pattern that no account of the manifest could satisfy is a slip: to leave nothing out would do too much."""
    for pattern in map(AddressPattern, patterns):
        if not any(_may_reach(pattern, workspace, account) for account in workspace.manifest.accounts):
            hint = "addresses are as `acctcfg plan` shows them; an account name means all of it"
            raise UsageError(
                f"{option} {pattern.text} selects nothing{near_address(pattern.text, workspace)}", hint=hint
            )


def hidden(pattern: AddressPattern, workspace: Workspace, focus: Focus) -> bool:
    """Whether what a target selects may be just what the user leaves out."""
    return bool(focus.excludes) and any(_may_reach(pattern, workspace, one) for one in workspace.manifest.accounts)


def _may_reach(pattern: AddressPattern, workspace: Workspace, account: str) -> bool:
    """Whether the pattern could select anything of the account, by the fields that it has or its venue type knows."""
    spec = workspace.manifest.accounts.get(account)
    if spec is None:
        return pattern.may_reach(account, "")
    return any(pattern.may_reach(account, field) for field in ("", *_fields(spec, workspace)))


def _fields(spec: AccountSpec, workspace: Workspace) -> set[str]:
    """The fields of addresses that an account has, or that its venue type knows: not what only describes it."""
    rules = venue(workspace.manifest.venues[spec.venue].type).rules
    known = (rules.fields | rules.main_fields) - DESCRIBES - {"settings"}  # whose addresses are those of each setting
    return {*managed_fields(spec), *known, *(one.field for one in rules.settings)}


def near_address(text: str, workspace: Workspace) -> str:
    """` (did you mean mmdesk01.leverage?)`, of an account or a field that is nearly the one written; else ""."""
    account, dot, rest = text.partition(".")
    field, bracket, key = rest.partition("[")
    accounts = workspace.manifest.accounts
    if any(_may_reach(AddressPattern(text), workspace, one) for one in accounts):
        return ""  # it is spelled right, and there is nothing of it
    if account not in accounts:
        near = [one + dot + rest for one in _close(account, accounts)]
    else:
        near = [
            f"{account}.{one}{bracket}{key}"
            for one in _close(field, {*_fields(accounts[account], workspace), "settings"})
        ]
    there = [one for one in near if _may_reach(AddressPattern(one), workspace, one.partition(".")[0])]
    return f" (did you mean {there[0]}?)" if there and there[0] != text else ""


def _close(word: str, known: Iterable[str]) -> list[str]:
    from difflib import get_close_matches  # only where something is wrong

    return get_close_matches(word[:80], sorted(known), n=1, cutoff=0.75)
