"""What the venue answered with success is told as done, whatever becomes of the record; the rest is not started."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from acting import apply_and, by_address
from desk import Desk
from test_last_look import KEY

from acctcfg.errors import JournalError
from acctcfg.journal import Journal, Lock

FULL = JournalError("the journal cannot be written: the disk is full", hint="make room, then apply again")
ACCOUNTS = {f"payin00{number}": {"api_keys": {"trading": KEY}} for number in range(1, 4)}


def full_after(patch: pytest.MonkeyPatch, method: str, count: int) -> None:
    """The disk has room for so many rows of one method of the journal, and then for nothing at all."""
    left = [count]
    for name in ("intend", "settle", "request", "answered", "resolve", "end_run", "remember_key", "remember_accounts"):
        honest = getattr(Journal, name, None)
        if honest is None:
            continue

        def spoilt(self: Any, *given: Any, _honest: Any = honest, _name: str = name, **more: Any) -> Any:
            if _name == method:
                left[0] -= len(given) if method == "intend" else 1
            if left[0] < 0:
                raise FULL
            return _honest(self, *given, **more)

        patch.setattr(Journal, name, spoilt)


@pytest.mark.slow
@pytest.mark.parametrize("method", ["intend", "settle", "request", "answered"])
@pytest.mark.parametrize("count", [0, 1, 2, 4])
def test_a_full_disk_hides_nothing_that_was_done(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, method: str, count: int
) -> None:
    """Whenever the disk fills up: no step that the venue carried out is failed, none that was not sent is; exit 1."""
    desk.write(ACCOUNTS)
    with monkeypatch.context() as patch:
        full_after(patch, method, count)
        outcome = apply_and(desk)
    results = by_address(outcome)
    assert outcome.exit_code == 1
    assert {one.status for one in results.values()} <= {"done", "not_started"}
    live = desk.sandbox.control_get("state")["tenants"]["desk"]["sub_accounts"]
    assert {name for name in ACCOUNTS if results[name].status == "done"} == set(live)
    for name in live:
        made = results[f"{name}.api_keys[trading]"].status == "done"
        assert made == bool(live[name]["keys"])
        assert made == (desk.folder / "secrets" / "desk" / name / "trading.age").exists()
    assert any("disk is full" in note for note in outcome.notes)


def test_a_server_that_is_silent_about_the_lock_holds_up_no_answers(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the lock is still ours is asked in a thread: a server may take seconds to say so."""
    fresh, asked_in = Lock.fresh, []

    def noted(self: Lock) -> bool:
        asked_in.append(threading.current_thread())
        return fresh(self)

    monkeypatch.setattr(Lock, "fresh", noted)
    assert {one.status for one in apply_and(desk.write({"payin001": {}})).results} == {"done"}
    assert asked_in
    assert threading.main_thread() not in asked_in
