"""The one resource behind all settings of a venue: each is a `Switch`, a row of the venue's page `settings.py`.

A venue subclasses `Settings` and says what its accounts are: how a source is read, who signs, and what has to change
first. A setting behind a change of mode is read after it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Generic, TypeVar

from acctcfg.core.address import Address, Focus
from acctcfg.core.desired import SettingEntry
from acctcfg.core.diff import Change
from acctcfg.core.setting import ALL
from acctcfg.core.state import (
    ABSENT,
    AccountValue,
    After,
    AtMost,
    KeyValue,
    Live,
    Made,
    Unreadable,
    Value,
    Wanted,
)
from acctcfg.errors import TokenOver, VenueError
from acctcfg.venues.contract import NEVER_ABSENT, Cost, Survey, Writer
from acctcfg.venues.joint import JointPart
from acctcfg.venues.resources import as_documented
from acctcfg.venues.switch import Switch
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = ["Settings"]

Notes = TypeVar("Notes")
"""What a venue notes of an account while it is surveyed: the type of `Survey.private`."""


class Settings(ABC, Generic[Notes]):
    """All switches of one account: `settings.NAME`, `settings.NAME[KEY]`."""

    field = "settings"
    gated = True
    absence = NEVER_ABSENT
    together = "settings"  # one read shows several

    def __init__(self, switches: Iterable[Switch]) -> None:
        self.switches = {one.setting.field: one for one in switches}

    # -- what a venue says of its accounts -----------------------------------------------------------------------------

    @abstractmethod
    def survey_of(self, account: Notes) -> Survey:
        """The survey that the account is of."""

    @abstractmethod
    def endpoint(self, source: str) -> Endpoint:
        """The endpoint that a source is read from."""

    @abstractmethod
    async def answer(self, account: Notes, source: str, keys: Sequence[str]) -> Any:
        """Read a source anew, as far as these keys of its settings need it."""

    def known(self, account: Notes, source: str) -> Any | None:  # noqa: ARG002
        """What this survey has read of a source already; None where nothing."""
        return None

    def mode(self, account: Notes) -> str | Unreadable | None:  # noqa: ARG002
        """The account mode as it is now; None at a venue without one."""
        return None

    def waits(self, account: Notes, focus: Focus, addresses: Sequence[Address]) -> After | None:  # noqa: ARG002
        """The step behind which these are read; None where they can be read now."""
        return None

    def readable(self, account: Notes) -> bool:  # noqa: ARG002
        """Whether the account's own values can be read now."""
        return True

    def said(self, account: Notes) -> bool:  # noqa: ARG002
        """Whether the survey has said already why nothing of the account's own can be read."""
        return False

    @abstractmethod
    def owner(self, account: Notes) -> tuple[str, str]:
        """Whose limits a write and its read-back use: as the pacer keys them, and as people know them."""

    @abstractmethod
    async def send(self, account: Notes, call: Call, change: Change, writer: Writer) -> None:
        """Send one write for the account."""

    async def send_joint(self, account: Notes, call: Call, parts: Sequence[JointPart]) -> None:
        """Send one write that makes several changes: asked only of a venue that has a row with `write_all`."""
        raise NotImplementedError

    # -- reading -------------------------------------------------------------------------------------------------------

    async def survey(self, account: Notes, focus: Focus, replace: frozenset[Address]) -> None:  # noqa: ARG002
        """Both sides of every setting that the manifest names and the account has."""
        survey = self.survey_of(account)
        entries = {Address(survey.spec.key, one.field, one.key): one for one in survey.spec.settings}
        entries = {address: one for address, one in entries.items() if focus.wants(address)}
        if not entries or self.said(account):
            return
        entries = {address: one for address, one in entries.items() if self._has(account, address, one)}
        after = self.waits(account, focus, list(entries)) if entries else None
        live: Mapping[Address, Live]
        if after is None:
            live = await self._found(account, list(entries), known=True)
        else:
            live = await self._behind(after, account, list(entries))
        for address, entry in entries.items():
            survey.want(address, entry.value, live[address])
            self._demand_way_back(survey, address)

    def _demand_way_back(self, survey: Survey, address: Address) -> None:
        """Nothing is tried that leads away from a value which the venue never takes back, nor is a step before it: no
        change of mode takes such a value back either."""
        live = survey.live[address]
        had = live.present if isinstance(live, After) else live
        if why := self.switches[address.field].setting.no_way_back(address.key, had, survey.desired[address]):
            survey.block(address, "way_back", why)

    def _has(self, account: Notes, address: Address, entry: SettingEntry) -> bool:
        """Whether the account has it in its present mode; where the manifest says the mode, `validate` has looked."""
        survey, setting, mode = self.survey_of(account), self.switches[entry.field].setting, self.mode(account)
        if survey.spec.account_mode is not None or mode is None or not setting.modes:
            return True
        if isinstance(mode, Unreadable):
            survey.cannot_read(address, mode.code, mode.message)
        elif why := setting.lacks(mode):
            survey.cannot_read(address, "account_mode", f"{entry.place}: {why}")
        else:
            return True
        return False

    async def _behind(self, after: After, account: Notes, addresses: Sequence[Address]) -> dict[Address, Live]:
        """What that step may reset: not known before it, and shown as it stands now where the account has it now."""
        mode = self.mode(account)
        had = [
            one for one in addresses if not isinstance(mode, str) or not self.switches[one.field].setting.lacks(mode)
        ]
        found = await self._found(account, had, known=True) if self.readable(account) else {}
        return {one: after.beside(found.get(one)) for one in addresses}

    async def current(self, account: Notes, addresses: Sequence[Address]) -> dict[Address, Live]:
        return await self._found(account, addresses, known=False)

    async def _found(self, account: Notes, addresses: Sequence[Address], *, known: bool) -> dict[Address, Live]:
        """Each source once; one that cannot be read spoils its own settings alone."""
        found: dict[Address, Live] = {}
        for source in dict.fromkeys(self.switches[one.field].source for one in addresses):
            mine = [one for one in addresses if self.switches[one.field].source == source]
            try:
                answer = self.known(account, source) if known else None
                if answer is None:
                    answer = await self.answer(account, source, list(dict.fromkeys(one.key for one in mine)))
            except VenueError as error:
                if isinstance(error, TokenOver) and not known:
                    raise  # it was everybody's
                found.update(dict.fromkeys(mine, Unreadable(error.code or "unreadable", error.told)))
                continue
            found.update({one: self._value(answer, one) for one in mine})
        return found

    def _value(self, answer: Any, address: Address) -> Live:
        switch = self.switches[address.field]
        try:
            with as_documented(f"`{switch.setting.name}`"):
                return switch.read(answer, address.key)
        except VenueError as error:
            return Unreadable(error.code or "unreadable", error.told)

    async def keyed(self, account: Notes) -> list[tuple[str, str]]:
        """Field and key of each setting by key that holds a value of its own, in a mode that has it."""
        mode, found = self.mode(account), []
        for field, one in self.switches.items():
            if one.keys is None or (isinstance(mode, str) and one.setting.lacks(mode)):
                continue
            answer = await self.answer(account, one.source, [])
            with as_documented(f"`{one.setting.name}`"):
                found += [(field, key) for key in one.keys(answer)]
        return found

    # -- writing -------------------------------------------------------------------------------------------------------

    def asks(self, change: Change) -> tuple[str, ...]:
        """The questions that guard a change, by their codes."""
        return self.switches[change.address.field].setting.prechecks

    def calls(self, account: Notes, change: Change) -> tuple[Call, ...]:
        """One call; of a switch that sets several keys at once, one for all that are to get the same value."""
        if self.joint(change):
            return (self._for_all(self._with(account, change), change),)
        return (self.switches[change.address.field].write(change.address.key, _settable(change.after)),)

    def joint(self, change: Change) -> bool:
        """Whether one call sets it for several keys."""
        return self.switches[change.address.field].write_all is not None and change.address.key != ALL

    def _for_all(self, addresses: Iterable[Address], change: Change) -> Call:
        """The call that sets the value of a change for all of these."""
        write_all = self.switches[change.address.field].write_all
        assert write_all is not None  # noqa: S101 (`joint` said so)
        return write_all([one.key for one in sorted(addresses)], _settable(change.after))

    def _with(self, account: Notes, change: Change) -> list[Address]:
        """What one call of a plan sets: this address, and those that are to get the same value and have it not."""
        survey, field, value = self.survey_of(account), change.address.field, change.after

        def differs(address: Address) -> bool:
            found = survey.live.get(address)
            return found != value and not isinstance(found, Unreadable)

        return sorted(
            address
            for address, wanted in survey.desired.items()
            if address == change.address
            or ((address.field, wanted) == (field, value) and address.key != ALL and differs(address))
        )

    def costs(self, account: Notes, changes: Sequence[Change]) -> list[Cost]:
        """A write each, or one for several, and of each source one read."""
        owner, label = self.owner(account)
        sources = dict.fromkeys(self.switches[change.address.field].source for change in changes)
        alone = [one for one in changes if not self.joint(one)]
        joint = {(one.address.field, one.after): one for one in changes if self.joint(one)}
        writes = [call.endpoint for change in (*alone, *joint.values()) for call in self.calls(account, change)]
        return [
            *(Cost(owner, label, endpoint, 1, write=True) for endpoint in writes),
            *(Cost(owner, label, self.endpoint(source), 1) for source in sources),
        ]

    async def write(self, account: Notes, change: Change, writer: Writer) -> None:
        """Set it, and nothing else."""
        if self.joint(change):
            await self.write_joint(account, [(change, writer)])
            return
        for call in self.calls(account, change):
            await self.send(account, call, change, writer)

    async def write_joint(self, account: Notes, parts: Sequence[JointPart]) -> None:
        """Set several keys by one call: those of these changes, which are on record, and no others."""
        first, _ = parts[0]
        await self.send_joint(account, self._for_all((change.address for change, _ in parts), first), parts)

    def moved_with(self, account: Notes, change: Change) -> tuple[Address, ...]:
        """What its row says; of no other it is known that it moves anything."""
        moves, key = self.switches[change.address.field].moves, change.address.key
        managed = self.survey_of(account).desired if moves else ()
        return tuple(one for one in managed if one.field in moves and moves[one.field](key, one.key))


def _settable(after: Wanted | None) -> Value:
    """The value of a change of a setting: none is ever deleted, and none is a key or an account."""
    if after is None or after is ABSENT or isinstance(after, AtMost | AccountValue | KeyValue | Made):
        raise ValueError(f"no value of a setting: {type(after).__name__}")
    return after
