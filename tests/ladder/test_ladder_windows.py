"""Windows on the command line: a plan says that it may not be applied now, an apply is blocked, the brake is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from desk import Desk
from ladder_parts import KEY, NO_CHANGES, quiet, settle

import acctcfg.venues.key_rotation as rotation


def test_outside_of_its_windows_an_apply_is_blocked(desk: Desk) -> None:
    """Exit 3, nothing written, and when the next one opens; a plan is a plan; inside, a plan saved outside applies."""
    settle(desk, "trader01", acctLv="3", leverage={"SWAP/cross/BTC-USDT": "10"})
    fields = {"trader01": {"api_keys": KEY, "account_mode": "multi_currency", "position_mode": "long_short"}}
    today = datetime.now(UTC).date()
    desk.write(fields, guardrails={"windows": [{"deny": f"{today - timedelta(days=1)}/{today + timedelta(days=1)}"}]})
    planned = desk.plan("--format", "json", "--out", "saved.json").json
    assert ("guardrails.windows", "window_closed") in {(one["address"], one["code"]) for one in planned["warnings"]}
    assert planned["summary"]["blocked"] == 0
    for arguments in ((), ("--skip-blocked",), ("saved.json",)):
        assert (
            f"the next window opens: {today + timedelta(days=2):%a %Y-%m-%d} 00:00 UTC" in quiet(desk, *arguments).out
        )
    assert desk.run("cap", "5", "--auto-approve").code == 0
    desk.write(fields, guardrails={"windows": [{"allow": "Mon-Sun"}]})
    assert desk.apply("--after-cap").code == 0
    assert desk.account("trader01")["posMode"] == "long_short_mode"


def test_a_window_that_closes_at_the_question(desk: Desk) -> None:
    """Whoever thinks too long finds it closed, and nothing is written."""
    settle(desk, "trader01")
    desk.write(
        {"trader01": {"api_keys": KEY, "account_mode": "futures"}}, guardrails={"windows": [{"allow": "Mon-Sun"}]}
    )
    looks = iter(["", "", "closed now"])
    desk.monkeypatch.setattr("acctcfg.engine.windows.why_closed", lambda *_: next(looks, "closed now"))
    desk.monkeypatch.setattr("acctcfg.engine.plan.why_closed", lambda *_: next(looks))
    assert "closed now" in quiet(desk).out


def test_no_step_is_begun_once_the_window_has_closed(desk: Desk) -> None:
    """Where a run takes longer than its estimate, what is begun is finished, the rest is blocked, and a later apply in
    an open window does it."""
    settle(desk, "trader01")
    fields = {"api_keys": KEY, "account_mode": "futures", "position_mode": "long_short"}
    desk.write({"trader01": fields}, guardrails={"windows": [{"allow": "Mon-Sun"}]})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("acctcfg.engine.carry_out.why_closed", lambda *_: "closed now" if desk.writes() else "")
        said = desk.apply()
    assert (said.code, len(desk.writes())) == (3, 1), said.out + said.err
    assert said.last == "Applied: 0 created, 1 changed, 0 deleted, 1 blocked, 0 failed."
    assert "closed now; nothing of it was sent" in said.out
    assert desk.apply().last == "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."


@pytest.mark.slow
def test_the_wait_of_a_rotation_is_to_fit_into_the_window(desk: Desk) -> None:
    """An overlap that the run waits for counts as its time, in `rotate` and where an apply finishes it."""
    desk.write({"trader01": {"api_keys": KEY}}, guardrails={"windows": [{"allow": "Mon-Sun"}]}).converge()
    before, rotate = len(desk.writes()), ("rotate", "trader01", "trading", "--auto-approve", "--overlap")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("acctcfg.engine.windows.why_closed", lambda *at: f"too long: {at[2]:.0f} s" * (at[2] >= 45))
        said = desk.run(*rotate, "45s")
        assert (said.code, len(desk.writes())) == (3, before), said.out + said.err
        assert "too long: 45 s" in said.out
        assert desk.run(*rotate, "1h").code == 0
    now = rotation.AccountNotes.now
    desk.monkeypatch.setattr(rotation.AccountNotes, "now", lambda self: now(self) + 3600 - 30)
    planned = desk.plan("--format", "json").json
    assert [one["action"] for one in planned["steps"]] == ["change"]
    assert 20 < planned["estimate"]["seconds"] < 40


@pytest.mark.slow
def test_a_rotation_whose_overlap_ends_behind_the_window_is_finished_later(desk: Desk) -> None:
    """The former key stays beside the new one, whose secret is in its place; the next apply in a window ends it."""
    desk.write({"trader01": {"api_keys": KEY}}, guardrails={"windows": [{"allow": "Mon-Sun"}]}).converge()
    before, old = len(desk.writes()), desk.secret("trader01", "trading")["api_key"]
    with pytest.MonkeyPatch.context() as patch:
        closed = {False: "", True: "closed now"}
        patch.setattr("acctcfg.engine.carry_out.why_closed", lambda *_: closed[len(desk.writes()) > before])
        said = desk.run("rotate", "trader01", "trading", "--auto-approve", "--overlap", "1s")
    assert (said.code, len(desk.writes())) == (3, before + 1), said.out + said.err
    assert "closed now; its former key stays beside the new one" in said.out
    new = desk.secret("trader01", "trading")["api_key"]
    assert {key["api_key"] for key in desk.account("trader01")["keys"]} == {old, new}
    assert desk.apply().code == 0
    assert [(key["label"], key["api_key"]) for key in desk.account("trader01")["keys"]] == [("trading", new)]
    assert desk.plan().last == NO_CHANGES
