"""A new API key: its secret exists once, in the answer that creates it. On disk, or the key is deleted again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from secrets import token_hex

from acctcfg.core.diff import Change
from acctcfg.core.json_types import JsonObject
from acctcfg.core.secret import Credentials
from acctcfg.core.state import KeyValue
from acctcfg.errors import AcctcfgError, Garbled, JournalError, OutcomeUnknown, Refused, StoreError, VenueError
from acctcfg.venues.account import AccountNotes
from acctcfg.venues.contract import Writer
from acctcfg.venues.half_made import sent_with
from acctcfg.wire.endpoint import Call
from acctcfg.wire.exchange import Reply

__all__ = ["in_its_place", "make_key", "prove_place"]


async def _nothing_to_clear(_: Refused) -> bool:
    return False


def prove_place(account: AccountNotes, change: Change, label: str) -> tuple[str, str]:
    """Store and path of a new secret; fails now with what would make storing it fail."""
    store, path = str(_value(change).store), account.secret_path(label)
    account.secrets.prove_writable(store, path)
    return store, path


@contextmanager
def in_its_place(change: Change) -> Iterator[None]:
    """Where a new key takes the place of one that was deleted for it: what keeps it from being made says that too."""
    try:
        yield
    except AcctcfgError as error:
        if change.action == "replace":
            error.message = f"the former key is deleted already; {error.message}"
        raise


async def make_key(
    account: AccountNotes,
    change: Change,
    writer: Writer,
    *,
    create: Call,
    delete: Callable[[str], Call],
    read: Callable[[Reply], Credentials | None],
    cleared: Callable[[Refused], Awaitable[bool]] = _nothing_to_clear,
    label: str = "",
    facts: JsonObject | None = None,
) -> None:
    """Create it and store its secret.

    `label`: under which it is made and its secret kept, unless by that of its address. `facts`: for the record.

    `read` takes the credentials out of the answer. `cleared`: whether what stood in the way of a refused create is
    gone, so that it is sent once more.
    """
    label = label or change.address.key
    store, path = prove_place(account, change, label)
    try:
        reply = await _send(account, change, create, writer, label, facts or {})
    except Refused as error:
        if not await cleared(error):
            raise
        reply = await _send(account, change, create, writer, label, facts or {})
    made = _answered(account, change, label, reply, read)
    account.traces.made[label] = made.api_key
    await writer.answered({"label": label, "api_key": made.api_key})
    account.moved.pop(label, None)
    try:
        lies = _stored(account, store, path, made, writer)
    except (AcctcfgError, OSError) as error:
        reason = error.message if isinstance(error, AcctcfgError) else error.strerror or type(error).__name__
        failed = f"{change.address}: its secret could not be stored ({reason})"
        await _undo(account, change, delete(made.api_key), made.api_key, failed, error, writer)
        account.traces.made.pop(label, None)
        raise StoreError(f"{failed}; the new key was deleted again", hint="mend the store, then apply again") from error
    if lies != path:
        account.traces.made.pop(label, None)
        raise _overtaken(change, f"{store}:{path}", f"{store}:{lies}")
    account.keep(label, store, path, made.api_key)


def _stored(account: AccountNotes, store: str, path: str, made: Credentials, writer: Writer) -> str:
    """Keep the secret, and say where.

    One that is there is of a key that is gone, or one that nobody here can open. It is moved aside: not before the new
    key exists, since until then another run, or the user, may have put it there; nor by a run that lost its lock while
    the create was on its way, for then it may be another run's, of a key that works.
    """
    if account.secrets.holds(store, path):
        if writer.alone():
            account.secrets.retire(store, path)
        else:
            path = f"{path}.late-{token_hex(4)}"
    account.secrets.put(store, path, made)
    return path


def _overtaken(change: Change, place: str, lies: str) -> JournalError:
    """The lock was lost while the create was on its way: what lies in the key's place may be another run's new secret.

    No StoreError: the journal goes on to say that the key was being created, so that what is left of it is replaced.
    """
    return JournalError(
        f"{change.address}: this process was held up, and its lock is no longer its own: the secret at {place} stays, "
        f"for another run may have stored it; that of the key that was made here is kept at {lies}",
        hint="plan again: it shows which key is there",
    )


async def _send(
    account: AccountNotes, change: Change, create: Call, writer: Writer, label: str, facts: JsonObject
) -> Reply:
    """The answer to a create; one that is not answered is remembered: the key that it made shows its time."""
    after = _value(change)
    creates = {**sent_with(label, after), **facts}
    try:
        return await account.send(create, change, writer, creates_key=label, creates=creates)
    except OutcomeUnknown as error:
        account.traces.begin(label, after, float(getattr(error, "sent_at", 0.0) or account.now()))
        raise


def _answered(
    account: AccountNotes, change: Change, label: str, reply: Reply, read: Callable[[Reply], Credentials | None]
) -> Credentials:
    """The credentials of an answer; a create whose answer has none is remembered like one that was not answered."""
    try:
        if (made := read(reply)) is None:
            raise Garbled("the venue created a key and did not answer its secret", code="no_secret")
    except Exception:
        account.traces.begin(label, _value(change), reply.sent_at)
        raise
    return made


async def _undo(
    account: AccountNotes, change: Change, undo: Call, api_key: str, failed: str, error: Exception, writer: Writer
) -> None:
    """Delete a key whose secret could not be stored, while its id is known; say what is left of it."""
    try:
        await account.send(undo, change, writer, deletes=api_key, undoes=True)
    except (VenueError, JournalError) as left:
        # No StoreError: the journal goes on to say that the key was being created, so that it may be replaced.
        message = f"{failed}, and the new key could not be deleted again: {left.message}"
        hint = "mend the store, then apply again: what is left of the key is replaced"
        raise VenueError(message, hint=hint, code=getattr(left, "code", "")) from error


def _value(change: Change) -> KeyValue:
    assert isinstance(change.after, KeyValue)  # noqa: S101 (the diff made it)
    return change.after
