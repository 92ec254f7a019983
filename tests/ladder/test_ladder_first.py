"""The main job, one rung at a time."""

from __future__ import annotations

from desk import Desk

KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}


def test_a_new_customer_goes_from_nothing_to_no_changes(desk: Desk) -> None:
    """One apply makes the account, its key, its modes and its leverage; a second one finds nothing to do."""
    desk.write(
        {
            "mmdesk01": {
                "label": "MMdesk01",
                "account_mode": "multi_currency",
                "position_mode": "long_short",
                "api_keys": KEY,
                "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 10}],
            }
        }
    )
    said = desk.converge()
    assert said.last == "Applied: 2 created, 3 changed, 0 deleted, 0 blocked, 0 failed."
    live = desk.account("mmdesk01")
    assert (live["acctLv"], live["posMode"]) == ("3", "long_short_mode")
    assert desk.secret("mmdesk01", "trading")["api_key"]


def test_environment_sandbox_takes_the_keys_that_the_sandbox_prints(desk: Desk) -> None:
    """`environment: sandbox` works with the sandbox's ready credentials, `live` refuses them before any write."""
    desk.write({"mmdesk01": {}}, venue={"environment": "sandbox"}).converge()
    desk.monkeypatch.setenv("ACCTCFG_TRUST", desk.sandbox.base_url)
    desk.write({"mmdesk02": {}}, venue={"environment": "live"})
    said = desk.apply()
    assert (said.code, "50101" in said.err) == (1, True)
    assert [row["body"]["subAcct"] for row in desk.writes("create-subaccount")] == ["mmdesk01"]
