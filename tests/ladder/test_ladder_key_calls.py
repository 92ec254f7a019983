"""A broker's calls that OKX no longer documents: a plan that makes a key says that it may not be able to undo that."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import MASTER, Desk
from ladder_parts import KEY, TRADING

CODE = "key_calls_unseen"
BOTH = {"max_deletes": 1}


def told(desk: Desk) -> list[str]:
    """What the plan says of it, with the connection that it is about."""
    found = desk.plan("--format", "json").json["warnings"]
    assert {one["address"] for one in found if one["code"] == CODE} <= {"desk"}
    return [one["message"] for one in found if one["code"] == CODE]


def test_a_plan_that_makes_a_key_says_so_until_both_calls_were_seen(desk: Desk) -> None:
    """Once for all accounts, with the calls that nobody has seen yet; a plan that makes no key says nothing."""
    desk.write({"mmdesk01": {"api_keys": KEY}, "mmdesk02": {"api_keys": KEY}, "mmdesk03": {}})
    (message,) = told(desk)
    assert "modify-apikey" in message
    assert "delete-apikey" in message
    assert "broker manager" in message
    desk.converge()
    assert told(desk) == []
    wider = {**TRADING, "permissions": ["read"]}
    more = {"mmdesk01": {"api_keys": {**KEY, "bot": TRADING}}}
    desk.write({**more, "mmdesk02": {"api_keys": {"trading": TRADING, "bot": wider}}})
    desk.converge()
    desk.write({"mmdesk01": {"api_keys": {**KEY, "bot": wider}}}).converge()
    desk.write({"mmdesk01": {"api_keys": {**KEY, "bot": wider, "more": TRADING}}})
    (message,) = told(desk)
    assert "modify-apikey" not in message
    assert "delete-apikey" in message
    desk.write({"mmdesk01": {"api_keys": {**KEY, "bot": {"state": "absent"}}}}, guardrails=BOTH).converge()
    desk.write({"mmdesk01": {"api_keys": {**KEY, "more": TRADING}}})
    assert told(desk) == []


def test_a_call_that_was_refused_was_not_seen_working(desk: Desk) -> None:
    """A 404 to a change of a key is the very thing that the warning is about."""
    desk.write({"mmdesk01": {"api_keys": KEY}}).converge()
    desk.fault(match={"path": "*/modify-apikey"}, kind="status", status=404, times=0)
    narrower = {**TRADING, "ip_allowlist": ["127.0.0.1", "203.0.113.7"]}
    desk.write({"mmdesk01": {"api_keys": {"trading": narrower}}})
    assert desk.apply("--allow-sensitive").code == 1
    desk.write({"mmdesk01": {"api_keys": {**KEY, "more": TRADING}}})
    assert "modify-apikey" in told(desk)[0]


def test_a_regular_masters_calls_are_documented(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are other calls: nothing is said there."""
    bound = {**MASTER, "ip": "127.0.0.1"}
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "keys": [bound]}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as desk:
        desk.write({"trader01": {"label": "Trader-01", "api_keys": KEY}}, venue={"type": "okx"})
        assert desk.steps()["trader01.api_keys[trading]"]["action"] == "create"
        assert told(desk) == []
