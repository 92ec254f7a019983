"""A key's new secret: a second key is made and proven, takes the first one's place, and the first one is deleted.

    make the new key under a temporary label    its secret is stored beside the old one's
    sign with it                                 until the venue shows whose it is
    put its secret in the old one's place        in one move; from now on acctcfg signs with it
    leave the old key for the overlap            programs that hold it take up the new secret
    delete the old key
    give the new one the label                   so the manifest's label is its own again

It is over once a read shows the new key, and no old one, under the label: a call that was accepted proves nothing.
At every moment the secret that lies in the key's place is one that signs. The journal has each write; killed anywhere,
`rotate` goes on from what the venue and the store show. Whoever called the first key by another label, or made another
one of its label meanwhile, is never overruled: nothing but the very key that was there is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol, runtime_checkable

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.outcome import NOT_YET
from acctcfg.core.remembered import Rotation
from acctcfg.core.secret import Credentials
from acctcfg.core.state import ABSENT, KeyValue
from acctcfg.errors import Refused, VenueError
from acctcfg.venues.account import AccountNotes
from acctcfg.venues.contract import Writer

__all__ = ["FINISH", "Keys", "Rotates", "begins", "lasts", "rotate", "tell", "temporary_labels", "waited_here"]

LEFT = "its former key stays beside the new one, and the first apply in an open window deletes it"
FINISH = "finish its rotation: the new key takes the place of the old one, which is deleted"

GRACE_S = 10.0
"""How long the old key stays at least after the new secret is in place, unless a shorter overlap was asked for."""
WAITED_HERE_S = 60.0
"""An overlap up to this is waited for by the run itself; after a longer one, a later apply deletes the old key."""
PROOF_S = 30.0
"""How long a new key is tried until it signs; some venues let one take effect later."""
LONGEST = 36
"""Characters of a label that its temporary one begins with; the time of its creation follows."""


@runtime_checkable
class Rotates(Protocol):
    """A connection that can rotate keys; what is to be rotated is said before the survey."""

    rotate: Collection[Address]
    overlap_s: float


class Keys(Protocol):
    """The keys of one account, by a venue's own calls."""

    async def listed(self) -> Mapping[str, str]:
        """The account's keys now: label by id."""

    def old(self, label: str) -> str:
        """The id of the key that has the label, as it was read last."""

    async def ours(self, label: str, api_key: str) -> bool:
        """Whether that listed key is what is left of a creation of ours whose secret was never stored."""

    async def make(self, change: Change, writer: Writer, label: str, facts: JsonObject) -> None:
        """Create a key under that label and store its secret there."""

    async def signs(self, credentials: Credentials, label: str) -> bool:
        """Whether it signs as the account; False while it has not taken effect. Raises where it is another's."""

    def take_up(self, label: str, old: str) -> None:
        """Sign with the secret that lies at the label from now on, where the old key was signed with."""

    async def delete(self, change: Change, writer: Writer, api_key: str) -> None:
        """Delete a key."""

    async def rename(self, change: Change, writer: Writer, api_key: str) -> None:
        """Give a key the label of the change's address."""


def temporary_labels(account: AccountNotes) -> frozenset[str]:
    """The labels of new keys that stand beside old ones: no strangers."""
    named = {key.label for key in account.spec.api_keys if key.state == "present"}
    return frozenset(one.temporary for one in account.rotations.values() if one.label in named)


def begins(account: AccountNotes) -> str:
    """What a rotation will do, in words."""
    asked = account.overlap_s
    unit, seconds = next((one for one in (("h", 3600), ("m", 60)) if asked >= one[1] and asked % one[1] == 0), ("s", 1))
    later = f" {asked / seconds:g}{unit} later" if asked else ""
    return f"rotate: a new key is made, and the present one deleted{later}"


def lasts(account: AccountNotes, begun: Rotation) -> bool:
    """Whether the old key is to stay for longer than a run waits."""
    return begun.until - account.now() > WAITED_HERE_S


def tell(account: AccountNotes, address: Address) -> None:
    """What a rotation means for its address in a plan: nothing to rotate, or an overlap that lasts."""
    survey, found = account.survey, account.survey.live[address]
    begun = account.rotations.get(address.key)
    if address in account.rotate and found is ABSENT:
        survey.block(address, "rotates_what_is_there", "the venue has no such key: apply creates it")
    if begun is None or not isinstance(found, KeyValue) or survey.desired[address] is ABSENT:
        return
    until = datetime.fromtimestamp(begun.until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    message = f"it has a new secret; the former key works until {until}, and the first apply after that deletes it"
    survey.warn(address, "rotating", message)
    if survey.desired[address] != found:
        survey.block(address, "rotation_over", f"{message}; `acctcfg rotate` without --overlap ends it now")


async def rotate(account: AccountNotes, change: Change, writer: Writer, keys: Keys) -> None:
    """Go on from wherever it stands to the end, or to an overlap that a later run ends."""
    label, after = change.address.key, change.after
    assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
    store, path = str(after.store), account.secret_path(label)
    begun = account.rotations.get(label)
    there = await keys.listed() if begun is not None else {}
    if begun is not None:
        begun = await _of_use(account, change, writer, keys, begun, there)
    old_left = begun is None or begun.old in there
    if begun is None:
        begun = await _begin(account, change, writer, keys)
        old_left = bool(begun.old)
    placed = await _place(account, keys, begun, store, path)
    keys.take_up(label, begun.old)
    account.rotate -= {change.address}
    if await _overlaps(account, begun, placed):
        return
    writer.go_on(LEFT)
    if old_left:
        await keys.delete(change, writer, begun.old)
    await keys.rename(change, writer, begun.new)


async def _of_use(
    account: AccountNotes, change: Change, writer: Writer, keys: Keys, begun: Rotation, there: Mapping[str, str]
) -> Rotation | None:
    """What was begun, if its new key is there and its secret stored; else what is left of it is deleted."""
    label = change.address.key
    strangers = [one for one, name in there.items() if name == label and one not in (begun.old, begun.new)]
    if strangers and begun.new in there:
        message = f"another key is called {label} by now, and its rotation was of the one before: delete one of them"
        raise Refused(message, code="stale")
    if begun.new in there and _stored(account, change, begun):
        if change.address in account.rotate:
            return replace(begun, until=min(begun.until, account.now() + account.overlap_s))
        return begun
    for api_key, name in there.items():
        if name == begun.temporary and (api_key == begun.new or await keys.ours(name, api_key)):
            await keys.delete(change, writer, api_key)
    return None


def _stored(account: AccountNotes, change: Change, begun: Rotation) -> bool:
    """Whether the new key's secret is where it was made, or in its place; StoreError where that cannot be told."""
    after = change.after
    assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
    store = str(after.store)
    paths = (account.secret_path(begun.temporary), account.secret_path(change.address.key))
    return any(_at(account, store, path, begun) is not None for path in paths)


def _at(account: AccountNotes, store: str, path: str, begun: Rotation) -> Credentials | None:
    """The new key's secret, if it lies there. The old one's is opened only where it is in question: it may be lost."""
    found = account.secrets.get(store, path)
    return found if found is not None and found.api_key == begun.new else None


async def _begin(account: AccountNotes, change: Change, writer: Writer, keys: Keys) -> Rotation:
    """Make the new key beside the old one."""
    label, now, asked = change.address.key, account.now(), account.overlap_s
    when = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d%H%M%S")
    begun = Rotation(
        label=label,
        temporary=label[:LONGEST] + when,
        old=keys.old(label),
        until=now + asked,
        overlap_s=asked,
    )
    account.rotations[label] = begun
    facts: JsonObject = {"rotates": label, "old": begun.old, "until": begun.until, "overlap_s": asked}
    await keys.make(change, writer, begun.temporary, facts)
    account.rotations[label] = begun = replace(begun, new=account.traces.made.pop(begun.temporary))
    await writer.kept()
    return begun


async def _place(account: AccountNotes, keys: Keys, begun: Rotation, store: str, path: str) -> bool:
    """Prove the new key and put its secret in the old one's place; False where it lies there already."""
    new = _at(account, store, account.secret_path(begun.temporary), begun)
    if new is not None:
        await _prove(account, keys, begun, new)
        account.secrets.supersede(store, path, account.secret_path(begun.temporary))
    elif _at(account, store, path, begun) is None:
        raise VenueError(f"the secret of its new key is gone from {store}:{path}: apply again", code="stale")
    account.moved.pop(begun.label, None)
    account.survey.stored.pop(begun.temporary, None)
    account.keep(begun.label, store, path, begun.new)
    account.traces.made[begun.label] = begun.new
    return new is not None


async def _prove(account: AccountNotes, keys: Keys, begun: Rotation, made: Credentials) -> None:
    clock, pause = account.client.clock, 0.1
    speed = account.client.pacer.speed
    deadline = clock.monotonic() + PROOF_S / speed
    while not await keys.signs(made, begun.temporary):
        if clock.monotonic() > deadline:
            message = f"its new key ({begun.temporary}) does not sign yet; the old one stays until it does"
            raise VenueError(message, hint="apply again: it goes on from there", code=NOT_YET)
        await clock.sleep(pause / speed)
        pause = min(2 * pause, 1.0)


async def _overlaps(account: AccountNotes, begun: Rotation, placed: bool) -> bool:
    """Wait for the end of a short overlap; True where the old key stays for a later run to delete."""
    account.rotations[begun.label] = begun
    if lasts(account, begun):
        return True
    await account.client.clock.sleep(_left_s(account, begun, placed))
    return False


def _left_s(account: AccountNotes, begun: Rotation, placed: bool) -> float:
    """For how long the old key is still to stay. `placed`: the new secret was put in its place just now."""
    left = begun.until - account.now()
    if placed or left > -(GRACE_S + PROOF_S):
        left = max(left, min(GRACE_S, begun.overlap_s))
    return max(left, 0.0)


def waited_here(account: AccountNotes, address: Address) -> float:
    """How many seconds a run itself waits for the end of an overlap, if it rotates that key or finishes it now."""
    begun, asked = account.rotations.get(address.key), account.overlap_s
    if begun is None:
        return asked if asked <= WAITED_HERE_S else 0.0
    if address in account.rotate:
        begun = replace(begun, until=min(begun.until, account.now() + asked))
    return 0.0 if lasts(account, begun) else _left_s(account, begun, placed=False)
