"""`show --fees`: what trading costs, by the account's own key or by its broker, with the sign in words."""

from __future__ import annotations

from desk import Desk
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
