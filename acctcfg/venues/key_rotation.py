"""A key's new secret: a second key is made and proven, takes the first one's place, and the first one is deleted.

    make the new key under a temporary label    its secret is stored beside the old one's
    sign with it                                 until the venue shows whose it is
    put its secret in the old one's place        in one move; from now on acctcfg signs with it
    leave the old key for the overlap            programs that hold it take up the new secret
    delete the old key
    give the new one the label                   so the manifest's label is its own again

It is over once a read shows the new key, and no old one, under the label: a call that was accepted proves nothing.
At every moment the secret that lies in the key's place is one that signs. The journal has each write; killed anywhere,
`rotate` goes on from what the venue and the store show. A key that is to go meanwhile takes its new one along. Whoever
called the first key by another label, or made another one of its label meanwhile, is never overruled: nothing but the
very key that was there is deleted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from typing import Protocol, runtime_checkable

from acctcfg.core.address import Address
from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.outcome import NOT_YET
from acctcfg.core.remembered import Rotation
from acctcfg.core.secret import Credentials
from acctcfg.core.state import ABSENT, KeyValue, Rotating
from acctcfg.errors import ConfigError, Refused, StoreError, VenueError
from acctcfg.venues.account import AccountNotes
from acctcfg.venues.contract import Writer
from acctcfg.venues.rotation_looks import looked_for

__all__ = [
    "Keys",
    "Rotates",
    "as_made",
    "begins",
    "elsewhere",
    "goes_on",
    "lasts",
    "outlasts",
    "rotate",
    "stands",
    "stays",
    "tell",
    "temporary_labels",
    "unstored",
    "waited_here",
]

BESIDE = "its former key stays beside the new one"
LEFT = f"{BESIDE}, and the first apply in an open window deletes it"

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
        """Give a key the label of the change's address, and the lists that are wanted, if it has others."""


def temporary_labels(account: AccountNotes) -> frozenset[str]:
    """The labels of new keys that stand beside old ones: no strangers."""
    named = {key.label for key in account.spec.api_keys}
    return frozenset(one.temporary for one in account.rotations.values() if one.label in named)


def begins(account: AccountNotes) -> str:
    """What a rotation will do, in words."""
    return f"rotate: a new key is made, and the present one deleted{_later(account.overlap_s)}"


def goes_on(account: AccountNotes, address: Address, begun: Rotation, *, adds: bool) -> str:
    """What is left of a rotation, in words. `adds`: its new key has yet to be made."""
    if adds:
        later = _later(_asked(account, address, begun))
        return f"finish its rotation: a new key is made, and the present one deleted{later}"
    then = "which is deleted"
    if stays(account, address, begun):
        then = f"which stays until {_until(begun)}"
    return f"finish its rotation: the new key takes the place of the old one, {then}"


def _later(asked: float) -> str:
    unit, seconds = next((one for one in (("h", 3600), ("m", 60)) if asked >= one[1] and asked % one[1] == 0), ("s", 1))
    return f" {asked / seconds:g}{unit} later" if asked else ""


def _until(begun: Rotation) -> str:
    return datetime.fromtimestamp(begun.until, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _asked(account: AccountNotes, address: Address, begun: Rotation | None) -> float:
    """The overlap: what this run was asked for, or the one that was killed."""
    return account.overlap_s if begun is None or address in account.rotate else begun.overlap_s


def lasts(account: AccountNotes, begun: Rotation) -> bool:
    """Whether the old key is to stay for longer than a run waits."""
    return begun.until - account.now() > WAITED_HERE_S


def outlasts(account: AccountNotes, address: Address) -> bool:
    """Whether the old key of a rotation is to stand beside the new one when the run that makes it is over."""
    return _asked(account, address, account.rotations.get(address.key)) > WAITED_HERE_S


def stays(account: AccountNotes, address: Address, begun: Rotation) -> bool:
    """Whether the old key is to stay beside the new one, and nobody asked for an end of that."""
    return lasts(account, begun) and address not in account.rotate | account.replace


def stands(change: Change) -> KeyValue:
    """What the new key of a rotation has until its end gives it the label."""
    before, after = change.before, change.after
    assert isinstance(before, Rotating) and isinstance(after, KeyValue)  # noqa: S101, PT018 (the diff made them)
    return after if before.adds else before.value


def as_made(change: Change) -> bool:
    """Whether the new key of a rotation has the wanted lists from the beginning."""
    had, after = stands(change), change.after
    return replace(had, store=None) == replace(after, store=None) if isinstance(after, KeyValue) else True


def elsewhere(account: AccountNotes, begun: Rotation, store: str | None) -> bool:
    """Whether the new key's secret was stored and is not here: another checkout has it, and its programs sign with it.

    What cannot be opened may be it.
    """
    try:
        return begun.kept and _lies(account, begun, str(store)) is None
    except StoreError:
        return False


def unstored(account: AccountNotes, begun: Rotation, store: str | None) -> bool:
    """Whether the new key's secret never reached a store: it is deleted, and another one is made."""
    try:
        return not begun.kept and _lies(account, begun, str(store)) is None
    except StoreError:
        return False


def tell(account: AccountNotes, address: Address) -> None:
    """What a rotation means for its address in a plan: nothing to rotate, or an overlap that lasts."""
    survey, found = account.survey, account.survey.live[address]
    begun, wanted = account.rotations.get(address.key), survey.desired[address]
    if address in account.rotate and found is ABSENT:
        survey.block(address, "rotates_what_is_there", "the venue has no such key: apply creates it")
    if begun is None or not isinstance(wanted, KeyValue):
        return
    if isinstance(found, Rotating) and not found.adds:
        if elsewhere(account, begun, wanted.store):
            if address not in account.replace:
                survey.block(address, "secret_lost", _not_here(account, address, wanted))
        elif address in account.replace and begun.kept:
            survey.block(address, "rotation_over", "it is being rotated: `acctcfg rotate` ends that")
    if not isinstance(found, KeyValue):
        return
    message = f"it has a new secret; the former key works until {_until(begun)}"
    if elsewhere(account, begun, wanted.store):
        message = f"{message}; {_not_here(account, address, wanted)}"
    else:
        message = f"{message}, and the first apply after that deletes it"
    survey.warn(address, "rotating", message)
    if wanted != found:
        survey.block(address, "rotation_over", f"{message}; `acctcfg rotate` without --overlap ends it now")


def _not_here(account: AccountNotes, address: Address, wanted: KeyValue) -> str:
    """That the former key is not deleted from a checkout whose programs would be left with its dead secret."""
    place = f"{wanted.store}:{account.secret_path(address.key)}"
    return (
        f"the new secret was stored elsewhere and is not at {place} here: pull it, or use `acctcfg secrets import "
        f"{address.account} {address.key}`; if it is lost, allow `--replace {address}`"
    )


async def rotate(account: AccountNotes, change: Change, writer: Writer, keys: Keys) -> None:
    """Go on from wherever it stands to the end, or to an overlap that a later run ends."""
    label, after = change.address.key, change.after
    assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
    begun = account.rotations.get(label)
    asked = _asked(account, change.address, begun)
    there = await looked_for(account.client, begun, keys.listed) if begun is not None else {}
    if begun is not None:
        begun = await _of_use(account, change, writer, keys, begun, there)
    old_left = begun is None or begun.old in there
    if begun is None:
        begun = await _begin(account, change, writer, keys, asked)
        old_left = bool(begun.old)
    placed = await _place(account, writer, keys, begun, str(after.store))
    keys.take_up(label, begun.old)
    account.rotate -= {change.address}
    account.replace -= {change.address}
    if await _overlaps(account, writer, begun, placed):
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
    after, asked = change.after, account.overlap_s
    assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
    if begun.new in there and _lies(account, begun, str(after.store)) is not None:
        if change.address in account.rotate:
            until = min(begun.until, account.now() + asked)
            return replace(begun, until=until, overlap_s=min(begun.overlap_s, asked))
        return begun
    if begun.new in there and begun.kept and change.address not in account.replace:
        raise Refused(_not_here(account, change.address, after), code="stale")
    for api_key, name in there.items():
        if name == begun.temporary and (api_key == begun.new or await keys.ours(name, api_key)):
            await keys.delete(change, writer, api_key)
    return None


@dataclass(frozen=True, slots=True)
class _Lies:
    """Where the new key's secret lies: in the key's place, or under its temporary label beside that."""

    store: str
    path: str
    own: str  # the key's place in that store
    secret: Credentials


def _lies(account: AccountNotes, begun: Rotation, store: str) -> _Lies | None:
    """The new key's secret: where the manifest has it, or where the journal recorded it, whatever was renamed since.

    The old one's is opened only where it is in question: it may be lost. StoreError for one that cannot be told.
    """
    places = list(_places(account, begun, store))
    beside = [(kept_in, _sibling(path, begun.temporary), path) for kept_in, path in places]
    for kept_in, path, own in (*beside, *((kept_in, path, path) for kept_in, path in places)):
        try:
            found = account.secrets.get(kept_in, path)
        except ConfigError:  # the manifest has no such store any more
            if kept_in == store:
                raise
            continue
        if found is not None and found.api_key == begun.new:
            return _Lies(kept_in, path, own, found)
    return None


def _places(account: AccountNotes, begun: Rotation, store: str) -> Iterator[tuple[str, str]]:
    """Where the key's own secret may lie: by the manifest, by the record of the rotation, by what was renamed."""
    yield store, account.secret_path(begun.label)
    if begun.path:
        yield begun.store, _sibling(begun.path, begun.label)
    for one in account.other_places(begun.label, store):
        yield one.store, one.path


def _sibling(path: str, label: str) -> str:
    return f"{path.rpartition('/')[0]}/{label}"


def _temporary(account: AccountNotes, label: str, now: float) -> str:
    """A label that no other rotation of the account has: long ones may begin alike, and be rotated in one second."""
    taken = {one.temporary for one in account.rotations.values()}
    moments = (datetime.fromtimestamp(now + later, UTC) for later in count())
    labels = (f"{label[:LONGEST]}{moment:%Y%m%d%H%M%S}" for moment in moments)
    return next(one for one in labels if one not in taken)


async def _begin(account: AccountNotes, change: Change, writer: Writer, keys: Keys, asked: float) -> Rotation:
    """Make the new key beside the old one."""
    label, now, after = change.address.key, account.now(), change.after
    assert isinstance(after, KeyValue)  # noqa: S101 (the diff made it)
    temporary = _temporary(account, label, now)
    begun = Rotation(
        label=label,
        temporary=temporary,
        old=keys.old(label),
        until=now + asked,
        overlap_s=asked,
        store=str(after.store),
        path=account.secret_path(temporary),
    )
    account.rotations[label] = begun
    facts: JsonObject = {
        "rotates": label,
        **{name: getattr(begun, name) for name in ("old", "until", "overlap_s", "store", "path")},
    }
    await keys.make(change, writer, begun.temporary, facts)
    account.rotations[label] = begun = replace(begun, new=account.traces.made.pop(begun.temporary), kept=True)
    await writer.kept()
    return begun


async def _place(account: AccountNotes, writer: Writer, keys: Keys, begun: Rotation, store: str) -> bool:
    """Prove the new key and put its secret in the old one's place; False where it lies there already."""
    wanted, found = (store, account.secret_path(begun.label)), _lies(account, begun, store)
    if found is None:
        raise VenueError(f"the secret of its new key is gone from {':'.join(wanted)}: apply again", code="stale")
    if found.path != found.own:
        await _prove(account, writer, keys, begun, found.secret)
        account.secrets.supersede(found.store, found.own, found.path)
    account.moved.pop(begun.label, None)
    if (found.store, found.own) != wanted:
        account.moved[begun.label] = found.store, found.own
    account.survey.stored.pop(begun.temporary, None)
    account.keep(begun.label, found.store, found.own, begun.new)
    account.traces.made[begun.label] = begun.new
    return found.path != found.own


async def _prove(account: AccountNotes, writer: Writer, keys: Keys, begun: Rotation, made: Credentials) -> None:
    clock, pause = account.client.clock, 0.1
    speed = account.client.pacer.speed
    deadline = clock.monotonic() + PROOF_S / speed
    message = f"its new key ({begun.temporary}) does not sign yet; the old one stays until it does"
    while not await keys.signs(made, begun.temporary):
        if clock.monotonic() > deadline:
            raise VenueError(message, hint="apply again: it goes on from there", code=NOT_YET)
        await writer.pause(pause / speed, message)
        pause = min(2 * pause, 1.0)


async def _overlaps(account: AccountNotes, writer: Writer, begun: Rotation, placed: bool) -> bool:
    """Wait for the end of a short overlap; True where the old key stays for a later run to delete."""
    account.rotations[begun.label] = begun
    if lasts(account, begun):
        return True
    await writer.pause(_left_s(account, begun, placed), f"{BESIDE}, and the next apply deletes it")
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
