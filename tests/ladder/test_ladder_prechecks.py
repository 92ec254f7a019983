"""What is open stops exactly the writes that the venue would refuse, before they are sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from desk import Desk
from ladder_parts import KEY, failing, own_secret, quiet, settle, signed

SWAP = "BTC-USDT-SWAP"
OPENED: dict[str, tuple[str, dict[str, Any]]] = {
    "position": ("positions", {"instId": SWAP, "size": "3"}),
    "isolated_position": ("positions", {"instId": "ETH-USDT-SWAP", "mgnMode": "isolated"}),
    "order": ("orders", {"instId": SWAP}),
    "spot_order": ("orders", {"instId": "ETH-USDT"}),
    "margin_order": ("orders", {"instId": "BTC-USDT", "tdMode": "cross"}),
    "isolated_order": ("orders", {"instId": SWAP, "tdMode": "isolated"}),
    "futures_order": ("orders", {"instId": "BTC-USD-271231"}),
    **{
        f"algo_{kind}": ("algos", {"instId": SWAP, "ordType": kind})
        for kind in ("conditional", "oco", "chase", "trigger", "move_order_stop", "iceberg", "twap", "smart_iceberg")
    },
    "isolated_algo": ("algos", {"instId": SWAP, "tdMode": "isolated"}),
    "bot": ("bots", {"instId": SWAP}),
    **{
        f"bot_{kind}": (
            "bots",
            {"instId": SWAP if "contract" in kind or kind == "signal" else "BTC-USDT", "kind": kind},
        )
        for kind in ("grid", "recurring", "signal", "contract_dca", "spot_dca")
    },
    "spread": ("spreads", {"instId": "BTC-USDT_BTC-USDT-SWAP"}),
}
NAMED = {"positions": "no_open_positions", "orders": "no_pending_orders", "algos": "no_algo_orders"}
NAMED |= {"bots": "no_bots", "spreads": "no_pending_orders"}
LEVERAGE = [
    {"market": "swap", "instrument": SWAP, "margin": "cross", "value": 7},
    {"market": "swap", "instrument": SWAP, "margin": "isolated", "value": 7},
    {"market": "futures", "family": "BTC-USD", "margin": "cross", "value": 7},
    {"market": "futures", "instrument": "BTC-USD-271231", "margin": "isolated", "value": 7},
    {"market": "margin", "currency": "BTC", "margin": "cross", "value": 7},
    {"market": "swap", "instrument": "ETH-USDT-SWAP", "margin": "cross", "value": 7},
]
LEVERAGE_CALLS = {
    "swap/BTC-USDT/cross": {"instId": SWAP, "mgnMode": "cross"},
    "swap/BTC-USDT/isolated": {"instId": SWAP, "mgnMode": "isolated"},
    "futures/BTC-USD/cross": {"instId": "BTC-USD-280331", "mgnMode": "cross"},
    "futures/BTC-USD-271231/isolated": {"instId": "BTC-USD-271231", "mgnMode": "isolated"},
    "margin/BTC/cross": {"ccy": "BTC", "mgnMode": "cross"},
    "swap/ETH-USDT/cross": {"instId": "ETH-USDT-SWAP", "mgnMode": "cross"},
}


def _name(opened: str) -> str:
    return "acct" + opened.replace("_", "").replace("isolated", "iso")[:16]


def _all_of_them(desk: Desk, fields: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """One account for each thing that can be open, and one where nothing is; and the same manifest for all."""
    for opened, (what, row) in OPENED.items():
        settle(desk, _name(opened), acctLv="3")
        desk.open(_name(opened), what, **row)
    settle(desk, _name("flat"), acctLv="3")
    desk.write({_name(one): {"api_keys": KEY, **fields} for one in (*OPENED, "flat")})
    return desk.steps()


@pytest.mark.parametrize("field", ["position_mode", "account_mode"])
def test_anything_open_blocks_a_mode_and_is_named(desk: Desk, field: str) -> None:
    """Positions, orders, algo orders of every type, bots of every kind and spread orders block both mode changes, each
    named by its instrument; what is flat is not blocked; and the venue would refuse exactly the blocked ones."""
    wanted = "long_short" if field == "position_mode" else "futures"
    steps = _all_of_them(desk, {field: wanted})
    for opened, (what, row) in OPENED.items():
        step = steps[f"{_name(opened)}.{field}"]
        assert step["blocked"], opened
        named = "recurring" if opened == "bot_recurring" else row["instId"]  # its row names no instrument
        assert named in failing(step)[NAMED[what]], opened
        assert set(failing(step)) <= {NAMED[what], "account_mode_switch"}, opened
    assert not steps[f"{_name('flat')}.{field}"]["blocked"]
    assert quiet(desk).last.startswith("Applied: 0 created, 0 changed")

    left = desk.apply("--skip-blocked")
    assert left.code == 3
    assert [row["account"] for row in desk.writes()] == [_name("flat") if field == "position_mode" else "@master"]
    for opened in OPENED:
        name = _name(opened)
        answer = (
            signed(desk, "POST", "/api/v5/account/set-position-mode", {"posMode": "long_short_mode"}, own_secret(name))
            if field == "position_mode"
            else signed(desk, "POST", "/api/v5/broker/dma/set-subaccount-level", {"subAcct": name, "acctLv": "2"})
        )
        assert answer["code"] in ("59000", "59002"), opened


@pytest.mark.slow
def test_leverage_is_blocked_under_its_scope_and_margin_mode_only(desk: Desk) -> None:
    """Of six scopes exactly those are blocked that the venue refuses for an order, algo order or bot; a position and
    a spread order block none; each blocker is named."""
    steps = _all_of_them(desk, {"leverage": LEVERAGE})
    assert quiet(desk).code == 3
    for opened, (what, row) in {**OPENED, "flat": ("", {})}.items():
        name = _name(opened)
        mine = {address: step for address, step in steps.items() if step["address"].startswith(f"{name}.leverage")}
        assert len(mine) == len(LEVERAGE_CALLS), (opened, sorted(mine))
        for scope, body in LEVERAGE_CALLS.items():
            step = mine[f"{name}.leverage[{scope}]"]
            answer = signed(desk, "POST", "/api/v5/account/set-leverage", {**body, "lever": "7"}, own_secret(name))
            assert step["blocked"] == (answer["code"] != "0"), (opened, scope, answer, step["prechecks"])
            if step["blocked"]:
                assert row["instId"] in failing(step)[NAMED[what]], (opened, scope)


def test_a_position_under_a_scope_is_a_warning_and_no_block(desk: Desk) -> None:
    """Leverage under an open position is changed, and the plan says which position stands there."""
    settle(desk, "trader01", acctLv="3")
    desk.open("trader01", "positions", instId=SWAP, size="-2")
    desk.write({"trader01": {"api_keys": KEY, "leverage": LEVERAGE[:2]}})
    warned = [one for one in desk.plan("--format", "json").json["warnings"] if one["code"] == "open_position_on_scope"]
    assert [one["address"] for one in warned] == ["trader01.leverage[swap/BTC-USDT/cross]"]
    assert f"{SWAP} -2" in warned[0]["message"]
    desk.converge()


def test_skip_blocked_does_the_other_accounts(desk: Desk) -> None:
    """With --skip-blocked an account with one blocked step is left out whole, its other steps not started; all others
    are done, and the exit status is 3."""
    for name in ("blocked1", "freeone1", "freeone2"):
        settle(desk, name, acctLv="3")
    desk.open("blocked1", "orders", instId=SWAP)
    fields = {"api_keys": KEY, "position_mode": "long_short", "deposit": {"addresses": [{"currency": "USDT"}]}}
    desk.write(dict.fromkeys(("blocked1", "freeone1", "freeone2"), fields))
    quiet(desk)
    said = desk.apply("--skip-blocked")
    assert (said.code, said.last) == (
        3,
        "Applied: 2 created, 2 changed, 0 deleted, 1 blocked, 0 failed, 1 not started.",
    )
    assert desk.account("blocked1")["addresses"] == []
    assert {desk.account(name)["posMode"] for name in ("freeone1", "freeone2")} == {"long_short_mode"}


@pytest.mark.parametrize("strikes_on", ["*/account/positions", "*/set-position-mode"])
def test_a_position_opened_after_the_plan_stops_the_write(desk: Desk, strikes_on: str) -> None:
    """A position opened between the plan's prechecks and the write stops that write, at the gate or by the venue's own
    refusal: blocked, exit 3, and what depends on it is not started; the next account is done."""
    for name in ("surprise1", "calm01"):
        settle(desk, name, acctLv="3")
    fields = {"api_keys": KEY, "position_mode": "long_short", "leverage": LEVERAGE[:1]}
    desk.write({"surprise1": fields, "calm01": fields})
    opens = [{"path": "accounts/surprise1/positions", "body": {"instId": SWAP}}]
    # The plan of the apply reads the positions once; the gate reads them again right before the write.
    after = 1 if strikes_on.endswith("positions") else 0
    desk.fault(match={"path": strikes_on, "account": "surprise1"}, after=after, kind="hook", do=opens)
    said = desk.apply()
    assert said.code == 3, said.out + said.err
    assert said.last == "Applied: 0 created, 2 changed, 0 deleted, 1 blocked, 0 failed, 1 not started."
    assert desk.account("surprise1")["posMode"] == "net_mode"
    assert desk.account("calm01")["leverage"] == {"SWAP/cross/BTC-USDT-SWAP": "7"}
    reached = [row for row in desk.writes("set-position-mode") if row["account"] == "surprise1"]
    assert len(reached) == (0 if after else 1)  # the gate closed, or the venue answered 59000


@pytest.mark.parametrize(
    ("path", "code", "fields"),
    [
        ("*/set-position-mode", "59000", {"position_mode": "long_short"}),
        ("*/set-subaccount-level", "59002", {"account_mode": "futures"}),
        ("*/set-leverage", "59669", {"leverage": LEVERAGE[:1]}),
        ("*/set-leverage", "59108", {"leverage": LEVERAGE[:1]}),
    ],
)
def test_a_precondition_that_only_the_venue_sees_is_blocked(
    desk: Desk, path: str, code: str, fields: dict[str, Any]
) -> None:
    """A refusal of class P after our own gate passed counts as blocked (3), not as failed; no second try is made."""
    settle(desk, "trader01", acctLv="3")
    desk.write({"trader01": {"api_keys": KEY, **fields}})
    desk.fault(match={"path": path, "method": "POST"}, kind="code", code=code)
    said = desk.apply()
    assert (said.code, said.last) == (3, "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed.")
    assert len(desk.writes()) == 1
    desk.converge()


def test_another_refusal_is_a_failure(desk: Desk) -> None:
    """A refusal that is no precondition fails (1), and stops only what depends on it."""
    settle(desk, "trader01", acctLv="3")
    fields = {"position_mode": "long_short", "leverage": LEVERAGE[:1], "deposit": {"addresses": [{"currency": "USDT"}]}}
    desk.write({"trader01": {"api_keys": KEY, **fields}})
    desk.fault(match={"path": "*/set-position-mode"}, kind="code", code="50030")
    said = desk.apply()
    assert said.code == 1
    assert said.last == "Applied: 1 created, 0 changed, 0 deleted, 0 blocked, 1 failed, 1 not started."


def test_what_cannot_be_read_blocks_too(desk: Desk) -> None:
    """A precheck list that the venue does not answer is `unknown`, which blocks like a failing one."""
    settle(desk, "trader01", acctLv="3")
    desk.write({"trader01": {"api_keys": KEY, "position_mode": "long_short"}})
    desk.fault(match={"path": "*/account/positions"}, times=0, kind="code", code="50030")
    step = desk.steps()["trader01.position_mode"]
    assert step["blocked"]
    assert {check["name"]: check["status"] for check in step["prechecks"]}["no_open_positions"] == "unknown"
    quiet(desk)


def test_a_value_above_the_maximum_is_blocked_with_the_limit(desk: Desk) -> None:
    """Leverage above the instrument's maximum is blocked by `leverage_limit`, which names the maximum."""
    settle(desk, "trader01", acctLv="3")
    desk.write({"trader01": {"api_keys": KEY, "leverage": [{**LEVERAGE[0], "value": 500}]}})
    row = signed(desk, "GET", f"/api/v5/public/instruments?instType=SWAP&instId={SWAP}")["data"][0]
    step = desk.steps()["trader01.leverage[swap/BTC-USDT/cross]"]
    assert row["lever"] in failing(step)["leverage_limit"]
    quiet(desk)


def test_the_switch_is_asked_of_the_venue_itself(desk: Desk) -> None:
    """What the venue's own precheck names (borrowings here) blocks an account mode, by the item's own code."""
    settle(desk, "trader01", acctLv="3")
    desk.sandbox.control_post("accounts/trader01/balances", debts={"USDT": "5"})
    desk.write({"trader01": {"api_keys": KEY, "account_mode": "spot"}})
    step = desk.steps()["trader01.account_mode"]
    assert failing(step) == {"no_borrowings": "repay it"}
    quiet(desk)


# -- a value that is right already ---------------------------------------------------------------------------------


def test_equal_values_are_never_written(desk: Desk) -> None:
    """Modes and leverage that are right already send nothing and block nothing, whatever is open under them, even where
    the venue answers an error to the equal value."""
    settle(
        desk,
        "trader01",
        acctLv="3",
        posMode="long_short_mode",
        leverage={"SWAP/cross/BTC-USDT-SWAP": "7", "FUTURES/cross/BTC-USD": "7", "MARGIN/cross/BTC": "7.0"},
    )
    for what, row in (OPENED[one] for one in ("position", "order", "futures_order", "margin_order", "algo_oco", "bot")):
        desk.open("trader01", what, **row)
    entries = [LEVERAGE[0], LEVERAGE[2], LEVERAGE[4]]
    fields = {"account_mode": "multi_currency", "position_mode": "long_short", "leverage": entries}
    desk.write({"trader01": {"api_keys": KEY, **fields}})
    own = own_secret("trader01")
    for path, body in {
        "set-position-mode": {"posMode": "long_short_mode"},
        "set-leverage": {"instId": SWAP, "mgnMode": "cross", "lever": "7"},
    }.items():
        assert signed(desk, "POST", f"/api/v5/account/{path}", body, own)["code"].startswith("59")  # it would refuse
    assert desk.plan().last == "No changes. Live accounts match the manifest."
    desk.sandbox.control_post("forget")
    assert desk.apply().code == 0
    assert desk.writes() == []


def test_a_value_that_became_right_before_the_write_is_not_written(desk: Desk) -> None:
    """A value set by somebody else between plan and write is already done: nothing is sent, nothing counted."""
    settle(desk, "trader01", acctLv="3")
    desk.write({"trader01": {"api_keys": KEY, "position_mode": "long_short"}})
    turns = [{"path": "accounts/trader01/set", "body": {"posMode": "long_short_mode"}}]
    desk.fault(match={"path": "*/account/config", "account": "trader01"}, after=1, kind="hook", do=turns)
    said = desk.apply()
    assert (said.code, said.last) == (0, "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 0 failed.")
    assert desk.writes() == []


ROWS_OF = {
    "account/positions": {"posId": "1", "instType": "SWAP", "instId": SWAP, "pos": "1", "mgnMode": "cross"},
    "trade/orders-pending": {"ordId": "1", "instType": "SWAP", "instId": SWAP, "tdMode": "cross", "sz": "1"},
    "trade/orders-algo-pending": {"algoId": "1", "instType": "SWAP", "instId": SWAP, "tdMode": "cross", "sz": "1"},
    "tradingBot/grid/orders-algo-pending": {"algoId": "1", "instType": "SWAP", "instId": SWAP},
    "tradingBot/recurring/orders-algo-pending": {"algoId": "1", "instType": "SWAP", "instId": SWAP},
    "tradingBot/signal/orders-algo-pending": {"algoId": "1", "instType": "SWAP", "instIds": [SWAP]},
    "tradingBot/dca/ongoing-list": {"algoId": "1", "instType": "SWAP", "instId": SWAP},
}
TELLING = ("instType", "instId", "instIds", "tdMode", "mgnMode")


@pytest.mark.parametrize("odd", ["", "left out", "A_WORD_OF_2027"])
@pytest.mark.parametrize(("path", "field"), [(path, f) for path, row in ROWS_OF.items() for f in TELLING if f in row])
@pytest.mark.sample(4)
def test_a_row_that_does_not_say_what_it_is_of_blocks(desk: Desk, path: str, field: str, odd: str) -> None:
    """A position, an order, an algo order or a bot whose instrument, type or margin mode is missing, or a new word,
    might stand under any scope: the precheck is unknown, which blocks."""
    settle(desk, "trader01", acctLv="3")
    row = {**ROWS_OF[path], field: [] if field == "instIds" else odd}
    if odd == "left out":
        del row[field]
    if odd == "A_WORD_OF_2027" and field in ("instId", "instIds"):
        row[field] = ROWS_OF[path][field]  # an unknown instrument is an instrument: here it stands in the way
    body = json.dumps({"code": "0", "msg": "", "data": [row]})
    desk.fault(match={"path": f"*/{path}"}, times=0, kind="garbage", body=body)
    desk.write({"trader01": {"api_keys": KEY, "leverage": [LEVERAGE[0]]}})
    (step,) = desk.steps().values()
    blocks = {check["name"]: check["status"] for check in step["prechecks"] if check["status"] in ("fail", "unknown")}
    if path == "account/positions" and odd == "A_WORD_OF_2027" and field == "instId":
        assert not blocks  # a position on it may stay
        return
    assert blocks
    assert set(blocks.values()) <= ({"unknown", "fail"} if row == ROWS_OF[path] else {"unknown"})
    quiet(desk)


def test_the_way_out_of_a_maximum_is_one(desk: Desk) -> None:
    """A pattern above one coin's maximum blocks that scope and names it; the entry that the detail gives, added as it
    is written, lets everything through."""
    settle(desk, "trader01", acctLv="3")
    wide = {"market": "swap", "family": "*-USDT", "margin": "cross", "value": 60}
    desk.write({"trader01": {"api_keys": KEY, "leverage": [wide]}})
    blocked = {address: failing(step) for address, step in desk.steps().items() if step["blocked"]}
    assert blocked
    assert len(blocked) < len(desk.steps())
    added = []
    for address, found in blocked.items():
        detail = found["leverage_limit"]
        assert "60 is above the venue's maximum of" in detail
        entry = yaml.safe_load(detail[detail.index("{") :])
        assert f"{entry['family']}-SWAP" in detail
        assert entry["family"] in address
        added.append(entry)
    desk.write({"trader01": {"api_keys": KEY, "leverage": [wide, *added]}}).converge()


def test_two_pairs_that_share_a_currency_are_told_what_helps(desk: Desk) -> None:
    """In multi_currency two exact pairs cannot be made more precise: the advice is a currency, and taking it helps."""
    settle(desk, "trader01", acctLv="3")
    pairs = [
        {"market": "margin", "instrument": one, "margin": "cross", "value": value}
        for one, value in (("BTC-USDT", 3), ("ETH-USDT", 4))
    ]
    desk.write({"trader01": {"api_keys": KEY, "leverage": pairs}})
    said = desk.plan("--format", "json").json
    (unread,) = said["unreadable"]
    assert unread["address"] == "trader01.leverage[margin/USDT/cross]"
    assert "write `currency: USDT` in place of the pairs" in unread["message"]
    assert unread["message"].count("acctcfg.yaml:") == 2
    assert (desk.apply().code, desk.writes()) == (1, [])
    instead = [
        {"market": "margin", "currency": one, "margin": "cross", "value": value}
        for one, value in (("BTC", 3), ("ETH", 4), ("USDT", 4))
    ]
    desk.write({"trader01": {"api_keys": KEY, "leverage": instead}}).converge()


@pytest.mark.parametrize(
    ("odd", "unread"),
    [
        ({"acctLv": "9"}, {"trader01.account_mode"}),
        ({"posMode": "a_word"}, {"trader01.position_mode"}),
        ({"type": "77", "greeksType": "??", "kycLv": None}, set()),
    ],
)
def test_an_unknown_mode_spoils_its_own_field(desk: Desk, odd: dict[str, Any], unread: set[str]) -> None:
    """A mode that no document knows is unreadable at its address; what does not rest on it is read."""
    settle(desk, "trader01", acctLv="3", posMode="net_mode")
    modes = {"account_mode": "multi_currency", "position_mode": "net"}
    desk.write({"trader01": {"api_keys": KEY, **modes, "leverage": LEVERAGE[:1]}})
    secret = own_secret("trader01")
    config = signed(desk, "GET", "/api/v5/account/config", secret=secret)["data"][0]
    body = json.dumps({"code": "0", "msg": "", "data": [{**config, **odd}]})
    desk.fault(match={"path": "*/account/config", "account": "trader01"}, times=0, kind="garbage", body=body)
    plan = desk.plan("--format", "json").json
    addresses = {one["address"] for one in plan["unreadable"]}
    assert unread <= addresses
    assert "trader01" not in addresses
    assert "trader01.api_keys[trading]" not in addresses
    if "acctLv" not in odd:
        assert [step["address"] for step in plan["steps"]] == ["trader01.leverage[swap/BTC-USDT/cross]"]


def test_outer_blanks_of_a_label_differ_in_nothing(desk: Desk) -> None:
    """The venue adds a blank, or the manifest has one: equal is equal."""
    settle(desk, "trader01", label="Desk1 ")
    desk.write({"trader01": {"label": "Desk1", "api_keys": KEY}})
    assert "label_differs" not in {one["code"] for one in desk.plan("--format", "json").json["warnings"]}
