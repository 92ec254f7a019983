"""Windows on the command line: a plan says that it may not be applied now, an apply is blocked, the brake is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from desk import Desk
from ladder_parts import KEY, quiet, settle


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
