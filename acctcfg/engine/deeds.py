"""What a run did, address by address, according to its record in the journal.

Whatever may have happened counts: whether it did, the live value says. Of a run that was killed there are its writes
alone; of one that ended its steps too, since one request can set several values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acctcfg.core.address import Address
from acctcfg.core.json_types import JsonObject, JsonValue

if TYPE_CHECKING:
    from acctcfg.journal.records import EntryRecord, RunRecord

__all__ = ["Deed", "deeds"]

_MADE = ("done", "unknown")  # of steps
_MISSED = ("refused", "failed")  # of writes


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One value that a run changed. Values are as the plan's JSON has them."""

    address: Address
    action: str
    uid: str  # of the account; "" where the record does not say it
    before: JsonValue
    before_known: bool  # not what was read behind a switch of the account mode: that was the new mode's
    after: JsonValue
    new_secret: bool = False  # a key that was replaced or rotated
    recorded: Address | None = None  # where the record has it, if the account has another key in the manifest by now

    @property
    def addresses(self) -> tuple[Address, ...]:
        """Where it stands now, and where the record has it."""
        return (self.address,) if self.recorded is None else (self.address, self.recorded)

    @property
    def creates_account(self) -> bool:
        """Whether it made the account itself."""
        return not self.address.field and self.action == "create"


def deeds(record: RunRecord) -> tuple[Deed, ...]:
    """In the order in which they were done."""
    entries: dict[str, list[EntryRecord]] = {}
    for entry in record.entries:
        if _may_have_happened(entry):
            entries.setdefault(entry.intent.address, []).append(entry)
    steps = {str(step["address"]): step for step in record.steps if step["status"] in _MADE}
    uids = {str(step["address"]): str(step.get("uid") or "") for step in record.steps}
    switched = {one.account for one in map(Address.of, (*entries, *steps)) if one.field == "account_mode"}
    found = {}
    for address in dict.fromkeys((*entries, *steps)):
        writes = entries.get(address, [])
        bodies = [body for one in writes if isinstance(body := one.intent.body, Mapping)]
        facts = next(_with_values(bodies), None) or steps.get(address) or {}
        uid = uids.get(address) or next((str(one["uid"]) for one in bodies if one.get("uid")), "")
        action = _action(writes) if writes else str(facts["action"])
        found[address] = Deed(
            address=Address.of(address),
            action=action,
            uid=uid,
            before=facts.get("before"),
            before_known=facts.get("before_known") is True
            and not (facts.get("known_after") and Address.of(address).account in switched),
            after=facts.get("after"),
            new_secret=action == "replace" or (action == "change" and any(map(_rotates, bodies))),
        )
    return tuple(found.values())


def _action(writes: Sequence[EntryRecord]) -> str:
    """That of the step; a replacement that ended with no new key, for whatever reason, is a delete."""
    action = writes[0].intent.action
    return "delete" if action == "replace" and not writes[-1].intent.creates_key else action


def _may_have_happened(entry: EntryRecord) -> bool:
    if entry.finding is not None:
        return entry.finding == "happened"
    return entry.outcome not in _MISSED


def _with_values(bodies: Iterable[JsonObject]) -> Iterator[JsonObject]:
    """Those that say from what to what; records of earlier versions do not."""
    return (one for one in bodies if "after" in one)


def _rotates(body: JsonObject) -> bool:
    """Whether the write made, deleted or renamed a key, which a change of its lists does not."""
    return any(body.get(name) for name in ("creates", "deletes", "renames"))
