"""A key that is to go while its rotation is not over: it takes its new one along, in one step."""

from __future__ import annotations

from typing import Any

import pytest
from desk import Desk
from ladder_parts import NO_CHANGES, TRADING

KEY = "mmdesk01.api_keys[trading]"
ROTATE = ("rotate", "mmdesk01", "trading", "--auto-approve", "--overlap")
DELETED = "Applied: 0 created, 0 changed, 1 deleted, 0 blocked, 0 failed."


def live(desk: Desk) -> dict[str, str]:
    """The keys of the account at the venue: id by label."""
    return {key["label"]: key["api_key"] for key in desk.account("mmdesk01")["keys"]}


def manifest(desk: Desk, **fields: Any) -> Desk:
    """An account with two keys; one delete is allowed."""
    keys = {"trading": {**TRADING, **fields}, "other": TRADING}
    account = {"api_keys": keys, "access": {"key": "other"}}
    return desk.write({"mmdesk01": account}, guardrails={"max_deletes": 1})


def rotating(desk: Desk, at: str = "overlap") -> Desk:
    """Both keys of a rotation are there, or only the new one, without the label yet."""
    manifest(desk).converge()
    if at == "rename":
        desk.fault(match={"path": "*/modify-apikey"}, kind="ok_but_nothing")
        assert desk.run(*ROTATE, "0s").code == 1
        assert "trading" not in live(desk)
    else:
        assert desk.run(*ROTATE, "24h").code == 0
    return desk


@pytest.mark.parametrize("at", ["overlap", "rename"])
@pytest.mark.parametrize("end", [{"state": "absent"}, {"until": "2026-01-31"}], ids=["absent", "until"])
def test_a_key_that_is_to_go_takes_its_new_one_along(desk: Desk, end: dict[str, str], at: str) -> None:
    """One step of that address deletes both keys and no other; the new one is no stranger; a later key is a new one."""
    other = live(rotating(desk, at))["other"]
    seen = set(live(desk).values())
    manifest(desk, **end)
    plan = desk.plan("--format", "json").json
    (step,) = plan["steps"]
    assert (step["address"], step["action"], step["after"]) == (KEY, "delete", None)
    assert step["before"]["permissions"] == ["read", "trade"]
    assert len(step["calls"]) == (2 if at == "overlap" else 1)
    assert "unknown_key" not in [one["code"] for one in plan["warnings"]]
    said = desk.apply()
    assert (said.code, said.last) == (0, DELETED), said.out + said.err
    assert live(desk) == {"other": other}
    assert desk.plan().last == NO_CHANGES
    manifest(desk).converge()
    assert live(desk)["trading"] == desk.secret("mmdesk01", "trading")["api_key"] not in seen


@pytest.mark.slow
def test_a_revert_of_a_key_takes_its_new_one_along(desk: Desk) -> None:
    """The creation is undone as the user asked, with both keys of the rotation that came after it."""
    manifest(desk).converge()
    made = next(one["id"] for one in reversed(desk.run("history", "--format", "json").json))
    assert desk.run(*ROTATE, "24h").code == 0
    back = ("--with-deletes", "--target", KEY, "--out", str(desk.folder / "back.json"))
    assert desk.run("revert", made, *back).code == 0
    said = desk.apply(str(desk.folder / "back.json"))
    assert said.code == 0, said.out + said.err
    assert list(live(desk)) == ["other"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [1, 2])
def test_a_delete_that_never_happened_is_made_up_for(desk: Desk, number: int) -> None:
    """Of either key: that is told as failed, the rotation is not forgotten, and the next apply deletes what is left."""
    other = live(rotating(desk))["other"]
    manifest(desk, state="absent")
    desk.fault(match={"path": "*/delete-apikey"}, kind="ok_but_nothing", after=number - 1, times=1)
    assert desk.apply().code == 1
    assert len(live(desk)) == 2
    said = desk.apply()
    assert (said.code, said.last) == (0, DELETED), said.out + said.err
    assert live(desk) == {"other": other}


def test_an_exclusive_manifest_names_the_new_key_with_the_one_that_goes(desk: Desk) -> None:
    """There is one step for both, and none under the temporary label."""
    rotating(desk)
    keys = {"trading": {"state": "absent"}, "other": TRADING}
    fields = {"api_keys": keys, "access": {"key": "other"}, "api_keys_exclusive": True}
    desk.write({"mmdesk01": fields}, guardrails={"max_deletes": 1})
    assert list(desk.steps()) == [KEY]
    assert desk.apply().last == DELETED
    assert list(live(desk)) == ["other"]
