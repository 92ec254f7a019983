"""What `show` tells of an account that the manifest wants otherwise."""

from __future__ import annotations

import pytest
from desk import Desk

KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}


def test_show_reads_what_a_plan_leaves_for_after_a_mode_change(desk: Desk) -> None:
    """The present leverage and position mode are shown, though a change of account mode is pending before them."""
    fields = {
        "api_keys": KEY,
        "account_mode": "multi_currency",
        "position_mode": "net",
        "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}],
    }
    desk.write({"mmdesk01": fields}).converge()
    desk.write({"mmdesk01": {**fields, "account_mode": "futures", "position_mode": "long_short"}})
    said = desk.run("show", "--format", "json")
    assert said.code == 0, said.err
    assert '"mmdesk01.leverage[swap/BTC-USDT/cross]": 7' in said.out
    assert '"mmdesk01.position_mode": "net"' in said.out


def test_an_account_that_does_not_exist_has_no_values(desk: Desk) -> None:
    """What a new account would begin with is not live state."""
    desk.write({"newone01": {"api_keys": KEY, "account_mode": "futures"}})
    (view,) = desk.run("show", "--format", "json").json
    assert (view["exists"], view["uid"], view["values"]) == (False, None, {})
    assert desk.run("show").out == "newone01 · desk · does not exist\n"


def test_an_account_that_could_not_be_read_is_not_absent(desk: Desk) -> None:
    """Where the list of sub-accounts does not come, `show` and `output` do not say that there are none."""
    desk.write({"mmdesk01": {"account_mode": "spot"}})
    desk.fault(match={"path": "*/subaccount-info"}, kind="html", times=0)
    said = desk.run("show")
    assert (said.code, said.out.splitlines()[0]) == (1, "mmdesk01 · desk · uid not known")
    (view,) = desk.run("show", "--format", "json").json
    assert (view["exists"], view["uid"]) == (None, None)


def test_a_target_shows_its_own_values_alone(desk: Desk) -> None:
    """Deposit addresses stand beside what was asked for only where they were asked for."""
    deposit = {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]}
    desk.write({"mmdesk01": {"api_keys": KEY, "account_mode": "futures", "deposit": deposit}}).converge()
    assert "USDT" not in desk.run("show", "*.account_mode").out
    assert "pay USDT on USDT-TRC20 to" in desk.run("show", "mmdesk01").out


@pytest.mark.slow
def test_output_for_a_shell_keeps_accounts_apart(desk: Desk) -> None:
    """Two accounts whose variables would be one are refused: a deposit address must never be taken for another's."""
    desk.write({"desk-one": {"name": "deskone1"}, "desk_one": {"name": "deskone2"}}).converge()
    said = desk.run("output", "--format", "env")
    assert (said.code, said.out) == (64, "")
    assert "desk-one and desk_one would both be DESK_ONE_UID" in said.err
    assert len(desk.run("output", "--format", "csv").out.splitlines()) == 3


@pytest.mark.slow
def test_a_target_of_nothing_is_a_slip_whatever_else_could_not_be_read(desk: Desk) -> None:
    """What one account did not show excuses no target that has nothing to do with it."""
    desk.write({"mmdesk01": {"api_keys": KEY, "position_mode": "net"}, "mmdesk02": {}}).converge()
    desk.fault(match={"path": "*/account/config", "account": "mmdesk01"}, kind="html", times=0)
    for target, code in {"mmdesk01.position_mode": 1, "mmdesk01.leverage[*": 1, "mmdesk02": 0, "mmdesk03": 64}.items():
        said = desk.plan("--target", "mmdesk01", "--target", target)
        assert said.code == max(code, 1), (target, said.out + said.err)
        assert ("selects nothing" in said.err) is (code == 64)


def test_show_of_nothing_is_a_slip(desk: Desk) -> None:
    """A name that no account has is wrong usage, not an empty answer."""
    desk.write({"mmdesk01": {}})
    assert desk.run("show", "mmdesk02").code == 64
