"""A store behind another program that knows `get`, `put` and `delete`: what acctcfg makes of these three."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping

from acctcfg.core.secret import Credentials
from acctcfg.errors import StoreError
from acctcfg.secrets.helper import Helper, blotted
from acctcfg.secrets.passphrase import generate
from acctcfg.secrets.store import dead_path, is_dead, split_path
from acctcfg.secrets.stored_form import pack, parts_of, unpack

__all__ = ["VERSION", "ToldStore", "ask", "asked_for"]

VERSION = 1
"""Of the protocol. docs/secrets.md has it."""
EXISTS = "exists"


class ToldStore:
    """Each secret is asked for, put and deleted by a helper's answer; the helper keeps it, and answers once it has.

    None of the three questions asks what there is, so `list` cannot tell.
    """

    writable = True

    def __init__(self, name: str, helper: Helper, words: str) -> None:
        self.name = name
        self._helper = helper
        self._words = words
        self._proven = False

    def __repr__(self) -> str:
        return f"ToldStore({self.name!r})"

    def get(self, path: str) -> Credentials | None:
        """What it answers; None where it says that there is nothing."""
        split_path(path)
        return asked_for(self._helper, path)

    def holds(self, path: str) -> bool:
        """Whether it answers a secret: there is no other way to find out."""
        return self.get(path) is not None

    def put(self, path: str, credentials: Credentials) -> None:
        """Kept, once it says so and answers it; it refuses where there is one already."""
        if is_dead(path):
            raise StoreError(f"{path}: only a key that no longer exists gets such a path", hint="choose another label")
        self._put(path, credentials)
        self._demand(path, credentials)

    def why_read_only(self) -> str:
        """Nothing that could be known without trying."""
        return ""

    def why_not_readable_here(self) -> str:
        """Nothing that could be known without writing: `prove_writable` reads back what it puts."""
        return ""

    def prove_writable(self, path: str) -> None:
        """Put a throw-away secret at a name that no key has, get it back, delete it; once a process."""
        if self._proven:
            return
        trial = f"{path}-{secrets.token_hex(6)}"
        made = Credentials("p" * 36, generate(32), generate(32))
        self._put(trial, made)
        try:
            self._demand(trial, made)
        finally:
            self._delete(trial)
        if self.holds(trial):
            raise StoreError(f"the store {self.name} still holds {trial}, which it said is deleted", hint="mend it")
        self._proven = True

    def retire(self, path: str) -> str:
        """Kept once more as LABEL.dead-N, then deleted; killed in between, both are there, and nothing is lost."""
        old = self.get(path)
        if old is None:
            raise StoreError(f"the store {self.name} holds nothing at {path}", hint="it was there a moment ago")
        for number in range(1, 1000):
            aside = dead_path(path, number)
            there = self.get(aside)
            if there is None:
                self._put(aside, old)
                there = self.get(aside)
            if there is not None and there.same_as(old):
                self._delete(path)
                return aside
        raise StoreError(f"{path}: hundreds of dead secrets beside it", hint="remove the oldest")

    def supersede(self, path: str, by: str) -> None:
        """Put in its place once that one is kept aside: helpers know no move, so in between there is none for a moment.

        Killed in between, the secret is still at `by`, and the next call goes on.
        """
        new, old = self.get(by), self.get(path)
        if new is None:
            raise StoreError(f"the store {self.name} holds nothing at {by}", hint="it was there a moment ago")
        if old is None or not old.same_as(new):
            if old is not None:
                self.retire(path)
            self._put(path, new)
        self._delete(by)

    def list(self) -> None:
        """It cannot tell."""

    def dead(self) -> tuple[str, ...]:
        """Nothing that it could tell."""
        return ()

    def describe(self) -> str:
        return self._words

    def _put(self, path: str, credentials: Credentials) -> None:
        split_path(path)
        secret = json.loads(pack(credentials))
        ask(self._helper, {"do": "put", "path": path, "secret": secret}, credentials)

    def _demand(self, path: str, put: Credentials) -> None:
        """A helper may say that it keeps what it does not, or something else than it was told."""
        found = self.get(path)
        if found is None or not found.same_as(put):
            raise StoreError(f"the store {self.name} does not return what was just put there", hint="fix the store")

    def _delete(self, path: str) -> None:
        ask(self._helper, {"do": "delete", "path": path})


def ask(helper: Helper, question: Mapping[str, object], told: Credentials | None = None) -> Mapping[str, object]:
    """An answer that is `ok`; its refusal, in its own words without what it was told, is a StoreError."""
    hidden = parts_of(told) if told is not None else []
    answer = helper.ask({"acctcfg": VERSION, **question}, hidden)
    path = str(question.get("path", ""))
    # why nothing is told at all is one cause, of however many secrets; whose secret it was, the caller says
    place = f"{helper.who}: {path}" if path and question["do"] != "get" else helper.who
    if answer.get("acctcfg", VERSION) != VERSION:
        raise StoreError(f"{helper.who}: its {helper.noun} speaks another version of the protocol than {VERSION}")
    if answer.get("ok") is True:
        return answer
    if answer.get("ok") is not False:
        raise StoreError(f"{place}: the answer of its {helper.noun} has no `ok` (true or false would be right)")
    said = answer.get("error")
    if said == EXISTS:
        raise StoreError(
            f"{place}: there is a secret already, and none is ever overwritten",
            hint="move it aside if its key no longer exists at the venue",
        )
    words = blotted(said[:500], hidden, known=path) if isinstance(said, str) else "it does not say why"
    raise StoreError(f"{place}: its {helper.noun} refused to {question['do']}: {words}")


def asked_for(helper: Helper, path: str = "") -> Credentials | None:
    """The credentials that a `get` answers; None for `"secret": null`."""
    answer = ask(helper, {"do": "get", "path": path} if path else {"do": "get"})
    if "secret" not in answer:
        raise StoreError(f"{helper.who}: the answer of its {helper.noun} has no `secret` (null, where there is none)")
    if answer["secret"] is None:
        return None
    found = unpack(json.dumps(answer["secret"]).encode())
    if isinstance(found, str):
        raise StoreError(
            f"{helper.who}: {path or 'its secret'}: what its {helper.noun} answered cannot be used: {found}"
        )
    return found
