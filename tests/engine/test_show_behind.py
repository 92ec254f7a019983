"""What `show` tells of an account that the manifest wants otherwise."""

from __future__ import annotations

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


def test_show_of_nothing_is_a_slip(desk: Desk) -> None:
    """A name that no account has is wrong usage, not an empty answer."""
    desk.write({"mmdesk01": {}})
    assert desk.run("show", "mmdesk02").code == 64
