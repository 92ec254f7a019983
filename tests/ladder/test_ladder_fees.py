"""`show --fees`: what trading costs, by the account's own key or by its broker, with the sign in words."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import MASTER, Desk
from ladder_parts import settle


def test_fees_of_a_user_and_of_a_brokers_sub_account(desk: Desk) -> None:
    """A negative rate is paid: text says so, JSON keeps the number; without --fees nothing is asked."""
    settle(desk, "mmdesk01")
    desk.write({"me": {"role": "main", "position_mode": "net"}, "mmdesk01": {"uid": desk.account("mmdesk01")["uid"]}})
    said = desk.run("show", "--fees")
    assert said.code == 0, said.err
    assert "fees of spot, group 1" in said.out
    assert "maker pays 0.08 % · taker pays 0.1 %  (Lv1)" in said.out
    assert "fees of fee type 9" in said.out
    views = {view["account"]: view for view in desk.run("show", "--fees", "--format", "json").json}
    assert views["me"]["fees"][0] == {"of": "spot, group 1", "level": "Lv1", "maker": "-0.0008", "taker": "-0.001"}
    assert len(views["me"]["fees"]) == 6
    assert len(views["mmdesk01"]["fees"]) == 9
    assert "fees" not in desk.run("show", "--format", "json").json[0]


def test_fees_that_no_key_can_read_are_said_to_be_unreadable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain user's sub-account tells its fees to its own key alone; without one there is a reason, no crash."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "keys": [MASTER], "sub_accounts": {"trader01": {}}}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as desk:
        said = desk.write({"trader01": {"transfer_out": False}}, venue={"type": "okx"}).run("show", "--fees")
        assert said.code == 1
        assert "fee rates: " in said.out
        assert "[no_access]" in said.out
