"""Where the venue's documents are silent or disagree, the main job is done under either reading."""

from __future__ import annotations

import pytest
from desk import Desk, seed
from ladder_parts import KEY

from acctcfg.sandbox.okx.flags import Flags

# flags under which the main job can be done whatever their value, each with its other value
OTHER = {
    "isolated_futures_scope": "family",
    "isolated_in_advanced_modes": "none",
    "minimum_leverage": "0.01",
    "equal_values": "accepted",
    "leverage_block_code": "59112",
    "leverage_after_switch": "kept",
    "position_mode_in_spot": "accepted",
    "portfolio_position_mode": "restored",
    "leverage_both_ids": "instId",
    "rate_limit_status": 200,
    "posside_error": "item",
    "preset_enveloped": False,
    "create_subaccount_answer": "short",
    "balance_zero_rows": True,
    "subaccount_parent": "mainAcct",
    "subaccount_info_rate": 10,
    "dma_withdraw": "accepted",
    "trans_out_text": True,
    "repeated_address": "same",
    "perm_spelling": "read",
    "address_tag": "memo",
    "default_leverage": "8",
    "key_delay_s": 1,
}
DESK = {
    "label": "MMdesk01",
    "account_mode": "multi_currency",
    "position_mode": "long_short",
    "api_keys": KEY,
    "settings": {"greeks": "BS"},
    "leverage": [
        {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 10},
        {"market": "margin", "currency": "USDT", "margin": "cross", "value": 3},
        {"market": "futures", "family": "BTC-USDT", "margin": "cross", "value": 7},
    ],
    "deposit": {"credit_to": "trading", "addresses": [{"currency": "XRP"}]},
}


@pytest.mark.parametrize("half", [None, 0, 1, "all"])
def test_the_main_job_under_either_reading(tmp_path, monkeypatch, half) -> None:
    """From nothing to "No changes" under the defaults, under every other reading at once, and under either half."""
    names = sorted(OTHER)
    chosen = {None: [], 0: names[::2], 1: names[1::2], "all": names}[half]
    world = seed()
    world["flags"] = {name: OTHER[name] for name in chosen}
    with Desk.at(tmp_path, monkeypatch, world) as desk:
        said = desk.write({"mmdesk01": DESK}).converge()
        assert ", 0 blocked, 0 failed." in said.last
        live = desk.account("mmdesk01")
        assert (live["acctLv"], live["posMode"], live["leverage"]["SWAP/cross/BTC-USDT-SWAP"]) == (
            "3",
            "long_short_mode",
            "10",
        )


def test_each_other_reading_differs():
    """What the test above turns is no default."""
    assert all(getattr(Flags(), name) != value for name, value in OTHER.items())
