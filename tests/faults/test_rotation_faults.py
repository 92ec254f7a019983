"""Answers and stores that fail while a key is made or rotated: nothing twice, and a working secret in its place."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, Said
from fault_parts import TRADING

from acctcfg.errors import JournalError, StoreError
from acctcfg.journal import Journal
from acctcfg.secrets import AgeFileStore, new_file

CALLS = ("*/subaccount/apikey", "*/delete-apikey", "*/modify-apikey")


@pytest.mark.slow
@pytest.mark.parametrize("path", CALLS)
@pytest.mark.parametrize("kind", ["timeout_after", "reset_before"])
def test_a_lost_answer_ends_in_one_key_that_signs(desk: Desk, path: str, kind: str) -> None:
    """Whether the write happened or not: this run, or the next apply, ends the rotation."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails={"max_deletes": 0}).converge()
    (old,) = desk.account("mmdesk01")["keys"]
    desk.fault(match={"path": path, "method": "POST"}, kind=kind, times=1)
    said = desk.run("rotate", "mmdesk01", "trading", "--auto-approve", "--overlap", "0s")
    live = [key["api_key"] for key in desk.account("mmdesk01")["keys"]]
    assert desk.secret("mmdesk01", "trading")["api_key"] in live, said.out
    if said.code:
        assert desk.apply().code == 0
    (key,) = desk.account("mmdesk01")["keys"]
    assert key["label"] == "trading"
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"] != old["api_key"]
    assert desk.plan().last == "No changes. Live accounts match the manifest."


@contextmanager
def disk_full(desk: Desk) -> Iterator[None]:
    """From the moment at which the venue is asked for a key, no file grows: no secret's, and not the journal."""

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def no_row(*_: object, **__: object) -> None:
        raise JournalError("the journal cannot be written: no space left on device")

    intend = Journal.intend
    with desk.monkeypatch.context() as patched:

        def last(self: Journal, *drafts: Any) -> list[Any]:
            entries = intend(self, *drafts)
            if any(entry.creates_key for entry in entries):
                patched.setattr(os, "fsync", full)
                for name in ("intend", "settle", "answered", "request"):
                    patched.setattr(Journal, name, no_row)
            return entries

        patched.setattr(Journal, "intend", last)
        yield


@contextmanager
def read_only(desk: Desk) -> Iterator[None]:
    """The store's folder takes no file, as one that was mounted anew without the right to write."""

    @contextmanager
    def refused(*_: object) -> Iterator[Path]:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))
        yield Path()

    with desk.monkeypatch.context() as patched:
        patched.setattr(new_file, "_flushed", refused)
        yield


WEATHERS: dict[str, tuple[Callable[[Desk], AbstractContextManager[None]], str]] = {
    "a full disk": (disk_full, "its secret could not be stored"),
    "a read-only folder": (read_only, "cannot be written: Read-only file system"),
}


@pytest.mark.parametrize("weather", WEATHERS)
@pytest.mark.parametrize("deed", ["apply", "rotate"])
def test_a_store_that_fails_leaves_no_key_whose_secret_nobody_has(desk: Desk, weather: str, deed: str) -> None:
    """A disk that fills up stops the journal, too: the new key is deleted all the same. Later it is made or rotated."""
    strikes, words = WEATHERS[weather]
    desk.write({"mmdesk01": {"api_keys": {} if deed == "apply" else {"trading": TRADING}}}).converge()
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}})
    before = keys_of(desk)
    with strikes(desk):
        said = done(desk, deed)
    assert (said.code, keys_of(desk)) == (1, before), said.out + said.err
    assert said.out.count(words) + said.err.count(words) == 1, said.out + said.err
    assert done(desk, deed).code == 0
    (key,) = desk.account("mmdesk01")["keys"]
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"] not in before
    desk.converge()


def test_the_apply_after_a_store_that_failed_goes_on(desk: Desk) -> None:
    """The new key was deleted again, and the rotation is not forgotten: a mended store and an apply are what it takes,
    as its hint says."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails={"max_deletes": 0}).converge()
    before = keys_of(desk)

    def lost(*_: object) -> None:
        raise StoreError("the disk went away")

    with desk.monkeypatch.context() as patched:
        patched.setattr(AgeFileStore, "put", lost)
        said = done(desk, "rotate")
    assert (said.code, "the new key was deleted again" in said.out) == (1, True), said.out + said.err
    assert keys_of(desk) == before
    desk.converge()
    assert keys_of(desk) == [desk.secret("mmdesk01", "trading")["api_key"]] != before


def test_a_new_key_that_is_not_on_record_takes_no_place(desk: Desk) -> None:
    """The journal fails right when the new key is answered, and the store does not: the old secret stays in its place,
    and the next apply ends the rotation."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails={"max_deletes": 0}).converge()
    before = keys_of(desk)

    def no_row(*_: object, **__: object) -> None:
        raise JournalError("the journal cannot be written: no space left on device")

    with desk.monkeypatch.context() as patched:
        for name in ("answered", "settle", "resolve", "end_run", "remember_key", "remember_accounts"):
            patched.setattr(Journal, name, no_row)
        said = done(desk, "rotate")
    assert (said.code, "no space left on device" in said.out) == (1, True), said.out + said.err
    assert [desk.secret("mmdesk01", "trading")["api_key"]] == before
    assert len(keys_of(desk)) == 2
    desk.converge()
    (key,) = desk.account("mmdesk01")["keys"]
    assert (key["label"], key["api_key"]) == ("trading", desk.secret("mmdesk01", "trading")["api_key"])


def keys_of(desk: Desk) -> list[str]:
    """The ids of the account's keys at the venue."""
    return [key["api_key"] for key in desk.account("mmdesk01")["keys"]]


def done(desk: Desk, deed: str) -> Said:
    """Either of the two commands that make a key."""
    rotating = ("rotate", "mmdesk01", "trading", "--auto-approve", "--overlap", "0s")
    return desk.run(*rotating) if deed == "rotate" else desk.apply()


@pytest.mark.parametrize("data", [[], [{}], [{"apiKey": "an-id-of-nobody"}]])
def test_a_success_without_the_key_leaves_no_key_behind(desk: Desk, data: list[Any]) -> None:
    """The key that such an answer made is deleted before another one is made: one is left, and its secret signs."""
    desk.write({"mmdesk01": {"api_keys": {"trading": TRADING}}}, guardrails={"max_deletes": 0}).converge()
    (old,) = desk.account("mmdesk01")["keys"]
    body = json.dumps({"code": "0", "msg": "", "data": data})
    desk.fault(match={"path": CALLS[0], "method": "POST"}, kind="garbage", effect=True, body=body)
    said = desk.run("rotate", "mmdesk01", "trading", "--auto-approve", "--overlap", "0s")
    assert said.code == 0, said.out + said.err
    (key,) = desk.account("mmdesk01")["keys"]
    assert key["label"] == "trading"
    assert key["api_key"] == desk.secret("mmdesk01", "trading")["api_key"] != old["api_key"]
    assert desk.run("drift").last.startswith("No drift")
