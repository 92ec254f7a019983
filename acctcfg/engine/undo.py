"""The way back from a run: which values it found, what cannot be brought back, and what the manifest says of it.

A revert is a plan like any other, for another manifest: that of the workspace, in which the accounts that the run
touched want the values that it found, and nothing else. The journal gives these each time anew, so a saved plan holds
for the same run only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from acctcfg.core.address import Address, AddressPattern, Focus
from acctcfg.core.desired import AccountSpec, Manifest
from acctcfg.core.json_types import JsonValue
from acctcfg.core.plan import Warning_
from acctcfg.core.rules import VenueRules
from acctcfg.core.scope import Reverts
from acctcfg.core.state import ABSENT, UNSET, After, Live, Lost, Rotating, Unreadable, to_json
from acctcfg.core.value_text import told
from acctcfg.deposit import ADDRESSES
from acctcfg.engine.deeds import Deed, deeds
from acctcfg.engine.renamed import as_named_now
from acctcfg.engine.undo_spec import bare, brought_back, without
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import UsageError
from acctcfg.venues.contract import Survey

if TYPE_CHECKING:
    from acctcfg.journal.records import RunRecord

__all__ = ["AGAIN", "Undo"]

AGAIN, STAYS = "set_again", "not_undone"
_NO_SCOPE = ("no_scope", "account_mode")
"""Why a scope or a setting cannot be read that the account does not have in its present mode."""
DELETES = "--with-deletes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """What a revert wants. `workspace` is the one in which the accounts want what the run found."""

    reverts: Reverts
    workspace: Workspace
    manifest: Manifest  # as the files have it
    back: Mapping[Address, Deed]  # what is to be undone
    stays: tuple[Warning_, ...]  # what is not, and why
    since: Mapping[tuple[str, str], str]  # the account's uid and an address -> the last later run that wrote there
    targets: tuple[str, ...] = ()
    reviewed: frozenset[str] | None = None  # the steps of its saved plan: where they differ by now, that is stale
    again: tuple[Warning_, ...] = ()  # what that plan said of the manifest's lines

    @classmethod
    def of(cls, workspace: Workspace, run: str, *, with_deletes: bool = False, targets: Sequence[str] = ()) -> Self:
        """By the run's id, or the beginning of it. JournalError where the journal was altered, or has no such run."""
        with workspace.journal() as journal:
            workspace.demand_intact(journal)
            record = journal.run(run)
            since = journal.written_since(record)
            done = as_named_now(deeds(record), record, journal, workspace.manifest.accounts)
        patterns = [AddressPattern(text) for text in targets]
        done = [one for one in done if not patterns or any(p.selects(at) for p in patterns for at in one.addresses)]
        if patterns and not done:
            raise UsageError(
                f"--target {', '.join(targets)} selects nothing that the run {record.run.id} changed",
                hint="acctcfg history RUN lists its addresses",
            )
        specs, back, stays = _sorted_out(workspace, done, with_deletes=with_deletes)
        manifest = replace(workspace.manifest, accounts={**workspace.manifest.accounts, **specs})
        return cls(
            reverts=_reverts(record, with_deletes=with_deletes),
            workspace=replace(workspace, manifest=manifest),
            manifest=workspace.manifest,
            back=back,
            stays=tuple(stays),
            since=since,
            targets=tuple(targets),
        )

    @classmethod
    def saved(cls, workspace: Workspace, document: Mapping[str, Any]) -> Self | None:
        """That of a saved plan; None for one of the manifest."""
        of_run = document.get("reverts")
        if of_run is None:
            return None
        found = cls.of(
            workspace, of_run["run"], with_deletes=of_run["with_deletes"], targets=tuple(document["targets"])
        )
        again = (one for one in document["warnings"] if one["code"] == AGAIN)
        told_then = tuple(Warning_(one["address"], AGAIN, one["message"]) for one in again)
        steps = frozenset(str(step["address"]) for step in document["steps"])
        return replace(found, reviewed=steps, again=told_then)

    @property
    def focus(self) -> Focus:
        """What is looked at."""
        return Focus.exactly(map(str, self.back), targets=self.targets)

    def focus_again(self, document: Mapping[str, Any]) -> Focus:
        """What is looked at for a saved plan: its steps, and what could not be read then."""
        if not document["steps"]:
            return self.focus
        steps = [str(step["address"]) for step in document["steps"]]
        unread = {str(one["address"]).partition(".")[0] for one in document["unreadable"]}
        again = [str(address) for address in self.back if address.account in unread]
        return Focus.exactly([*steps, *again], targets=self.targets)

    # -- what was read -------------------------------------------------------------------------------------------------

    def settle(self, surveys: Sequence[Survey]) -> list[Warning_]:
        """Leave out what is not as the run left it, and say so, with all else that stays."""
        found = list(self.stays)
        for survey in surveys:
            found += self._settle(survey) if self.reviewed is None else self._settle_again(survey, self.reviewed)
        return found

    def _settle(self, survey: Survey) -> Iterator[Warning_]:
        mine = [address for address in self.back if address.account == survey.spec.key]
        if not survey.exists and survey.desired and survey.spec.state != "absent":
            survey.desired.clear()
            survey.live.clear()
            survey.unreadable = [one for one in survey.unreadable if one.address == survey.spec.key]
            yield from (Warning_(str(one), STAYS, "the account is not there any more") for one in mine)
            return
        _without_scope(survey, mine)
        for address in mine:
            if address not in survey.desired:
                why = _nothing(survey, address)
            elif why := self._moved(self.back[address], survey):
                _leave(survey, address)
            if why:
                yield Warning_(str(address), STAYS, why)

    def _settle_again(self, survey: Survey, steps: frozenset[str]) -> Iterator[Warning_]:
        """Of a saved plan, what it left out since the account does not have it in the mode that the plan leads to: an
        entry without a scope is found whatever is looked at. Where it is one of the steps, it could not be read."""
        left_out = [one for one in self.back if one.account == survey.spec.key and str(one) not in steps]
        for address in _without_scope(survey, left_out):
            yield Warning_(str(address), STAYS, survey.without[address])

    def _moved(self, deed: Deed, survey: Survey) -> str:
        """Why a value is nothing that this run left; "" where it is, or already as the run found it."""
        live, wanted = survey.live[deed.address], survey.desired[deed.address]
        later = max(self.since.get((deed.uid, str(at)), "") for at in deed.addresses)
        if isinstance(live, Unreadable) or live == wanted:
            return ""
        if isinstance(live, After):
            return f"run {later} has written it since, and it cannot be read before another step" if later else ""
        if isinstance(live, Lost | Rotating):
            return f"{told(live)}: settle that first" if isinstance(live, Lost) else "its rotation is not over"
        if wanted is ABSENT or _same(live, deed.after):
            return ""
        who = f"run {later} wrote it since" if later else "something else than a run of this journal changed it since"
        return f"{who}: it is {told(to_json(live))} now, and this run left {told(deed.after)}"


def _without_scope(survey: Survey, back: Sequence[Address]) -> list[Address]:
    """Which of these the account does not have in the mode that it will have. They are no longer unreadable."""
    found: list[Address] = []
    for unread in [one for one in survey.unreadable if one.code in _NO_SCOPE]:
        if about := _about(unread.address, back):
            survey.unreadable.remove(unread)
            survey.without |= dict.fromkeys(about, f"the account does not have it then: {unread.message}")
            found += about
    return found


def _about(unread: str, back: Sequence[Address]) -> list[Address]:
    """The values that a finding is about: it names one, a part of its entry ("x.leverage[...].side"), or a field with
    all its keys ("x.position_mode")."""
    fields = {one: str(Address(one.account, one.field)) for one in back if one.field}
    return [one for one, field in fields.items() if unread == field or f"{unread}.".startswith(f"{one}.")]


def _nothing(survey: Survey, address: Address) -> str:
    """Why there is no value to compare; "" where what could not be read says so already."""
    field = str(Address(address.account, address.field))
    unread = {one.address for one in survey.unreadable}
    if unread & {address.account, field, field.rpartition(".")[0], str(address)}:
        return ""
    return survey.without.get(address, "the account has no such value now")


def _leave(survey: Survey, address: Address) -> None:
    """Want what is there."""
    live = survey.live[address]
    if live is UNSET or isinstance(live, After | Unreadable | Lost | Rotating):
        del survey.desired[address], survey.live[address]
    else:
        survey.desired[address] = live


def _same(live: Live, after: JsonValue) -> bool:
    """Whether it is what the run left; of a key its lists, wherever its secret is kept."""
    now = to_json(live)
    if isinstance(now, Mapping) and isinstance(after, Mapping) and "permissions" in now:
        return all(now[name] == after.get(name) for name in ("permissions", "ip_allowlist"))
    return bool(now == after)


def _reverts(record: RunRecord, *, with_deletes: bool) -> Reverts:
    run = record.run
    return Reverts(run=run.id, at=run.at, actor=run.actor, command=run.command, with_deletes=with_deletes)


# -- from the journal's record ---------------------------------------------------------------------------------------


def _sorted_out(
    workspace: Workspace, done: Sequence[Deed], *, with_deletes: bool
) -> tuple[dict[str, AccountSpec], dict[Address, Deed], list[Warning_]]:
    """The accounts as the run found them, what of it is to be undone, and why the rest is not."""
    specs: dict[str, AccountSpec] = {}
    back: dict[Address, Deed] = {}
    stays: list[Warning_] = []
    made = {one.address.account for one in done if one.creates_account}
    for deed in done:
        account = deed.address.account
        written = workspace.manifest.accounts.get(account)
        if account in made and not deed.creates_account:
            continue  # it goes, or stays, with its account
        if written is None:
            why = "the manifest has no such account any more"
        elif why := _other(written, deed):
            pass
        else:
            spec = specs.get(account) or bare(written, deed.uid)
            rules = workspace.types[workspace.manifest.venues[written.venue].type]
            changed, why = _undone(spec, written, deed, rules, with_deletes=with_deletes)
            if changed is not None:
                specs[account], back[deed.address] = changed, deed
        if why:
            stays.append(Warning_(str(deed.address), STAYS, why))
    return specs, back, [*stays, *_moved_along(back, done)]


def _moved_along(back: Mapping[Address, Deed], done: Sequence[Deed]) -> Iterator[Warning_]:
    """What a switch of the account mode may have moved besides, where the run has no step that tells what it was."""
    told_of = {one.address for one in done}  # a mode for each part of an account is another value than one for all
    for address in back:
        moved = Address(address.account, "position_mode")
        if address.field == "account_mode" and moved not in told_of:
            why = "the account mode was switched, which may have moved it, and what it was is not on record"
            yield Warning_(str(moved), STAYS, why)


def _other(written: AccountSpec, deed: Deed) -> str:
    """Why the manifest's account is not the one that the run was about."""
    if written.state == "absent":
        return "the manifest deletes the account"
    if written.uid is not None and deed.uid and written.uid != deed.uid:
        return f"the run was about the uid {deed.uid}, the manifest's account is {written.uid}"
    return ""


def _undone(
    spec: AccountSpec, written: AccountSpec, deed: Deed, rules: VenueRules, *, with_deletes: bool
) -> tuple[AccountSpec | None, str]:
    """The account with what leads back from one deed, if anything does; and what of it stays, if anything."""
    if deed.action == "create":
        return _uncreated(spec, deed, rules, with_deletes=with_deletes)
    if deed.action == "delete":
        what = "its secret is" if deed.address.field else "its uid and its keys are"
        return None, f"the run deleted it, and {what} gone: apply makes a new one where the manifest wants one"
    why = "the run gave it a new secret; the former one does not come back" if deed.new_secret else ""
    if deed.new_secret and deed.before == deed.after:
        return None, why
    if not deed.before_known or deed.before is None:
        return None, "; ".join(filter(None, (why, _unknown(deed))))
    setting = rules.setting(deed.address.field)
    door = setting.one_way(deed.address.key, deed.after) if setting is not None else None
    if door is not None and door.for_good:
        return None, f"it cannot be undone: {door.why}"
    found = brought_back(spec, written, deed.address, deed.before, rules)
    if found is None:
        return None, f"it was {told(deed.before)}, and no entry of a manifest leads back to that"
    return found, why


def _unknown(deed: Deed) -> str:
    if deed.before_known:
        return "it had never been set, and nothing leads back to that"
    return "what it was before is not on record: it could be read only after another step of the run"


def _uncreated(
    spec: AccountSpec, deed: Deed, rules: VenueRules, *, with_deletes: bool
) -> tuple[AccountSpec | None, str]:
    """Nothing is deleted that nobody asked for; what the run made stands by itself."""
    if deed.address.field == ADDRESSES:
        return None, "the run created it, and the venue deletes no deposit address"
    if deed.address.field not in ("", "api_keys"):
        return None, "the run created it, and this version knows no way to delete it"
    if not deed.address.field and (why := rules.unsupported_states.get("absent")):
        return None, f"the run created it: {why}"
    if not with_deletes:
        what = "it, with all that is in it," if not deed.address.field else "it"
        return None, f"the run created it; {DELETES} deletes {what} as far as guardrails.max_deletes allows"
    return without(spec, deed.address), ""
