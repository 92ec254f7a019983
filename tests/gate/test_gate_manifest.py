"""What a manifest may not say of Gate CrossEx: each mistake is one message with its line, its reason and a way out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from gate_desk import ADA, MARGIN_ADA, SPEED, GateDesk, gate_seed

from acctcfg.sandbox.serve import Running

SUB = {"role": "sub_account"}
KEY = {"permissions": {"futures": "write"}}


def entry(**fields: Any) -> dict[str, Any]:
    """An account with one entry of leverage."""
    return {"cx": {"leverage": [{"value": 5, **fields}]}}


def key(**fields: Any) -> dict[str, Any]:
    """A sub-account with one key."""
    return {"sub_1": {**SUB, "api_keys": {"trading": fields}}}


WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    # what, accounts, address, reason and way out
    ("swap", entry(market="swap", symbol=ADA), "cx.leverage[0].market", "has no swap"),
    ("margin mode", entry(symbol=ADA, margin="cross"), "cx.leverage[0].margin", "leave `margin` out"),
    ("side", entry(symbol=ADA, side="long"), "cx.leverage[0].side", "leave `side` out"),
    ("family", entry(family="ADA-USDT"), "cx.leverage[0]", "no leverage by `family`"),
    ("instrument", entry(instrument="ADA-USDT-SWAP"), "cx.leverage[0]", "no leverage by `instrument`"),
    ("fraction", entry(symbol=ADA, value=2.125), "cx.leverage[0].value", "a whole number of at least 1"),
    ("half", entry(symbol=ADA, value=2.5), "cx.leverage[0].value", "a whole number of at least 1"),
    ("below one", entry(symbol=ADA, value=0.5), "cx.leverage[0].value", "a whole number of at least 1"),
    ("zero", entry(symbol=ADA, value=0), "cx.leverage[0].value", "above 0"),
    ("negative", entry(symbol=ADA, value=-3), "cx.leverage[0].value", "above 0"),
    ("text", entry(symbol=ADA, value="5x"), "cx.leverage[0].value", "must be a number"),
    ("a word", entry(symbol=ADA, value="most"), "cx.leverage[0].value", "must be a number, not text"),
    ("FUTURES", entry(symbol="OKX_FUTURES_ADA_USDT"), "cx.leverage[0].symbol", "did you mean OKX_FUTURE_ADA_USDT?"),
    ("no symbol", entry(symbol="ADA-USDT-SWAP"), "cx.leverage[0].symbol", "such as OKX_FUTURE_ADA_USDT"),
    ("lower case", entry(symbol=ADA.lower()), "cx.leverage[0].symbol", "not a symbol of Gate CrossEx"),
    ("spot", entry(symbol="OKX_SPOT_ADA_USDT"), "cx.leverage[0].symbol", "spot, which has no leverage"),
    ("other market", entry(market="futures", symbol=MARGIN_ADA), "cx.leverage[0].market", "is margin, not futures"),
    ("other way", entry(market="margin", symbol=ADA), "cx.leverage[0].market", "is futures, not margin"),
    (
        "one symbol twice",
        {"cx": {"leverage": [{"symbol": ADA, "value": 5}, {"symbol": ADA, "value": 6}]}},
        "cx.leverage[1]",
        "for the same symbol",
    ),
    (
        "margin in isolated",
        {"cx": {"account_mode": "isolated_exchange", "leverage": [{"market": "margin", "symbol": "*", "value": 3}]}},
        "cx.leverage[0].market",
        "isolated_exchange has no margin trading",
    ),
    (
        "margin by name in isolated",
        {"cx": {"account_mode": "isolated_exchange", "leverage": [{"symbol": MARGIN_ADA, "value": 3}]}},
        "cx.leverage[0].symbol",
        "isolated_exchange has no margin trading",
    ),
    (
        "map in cross",
        {"cx": {"account_mode": "cross_exchange", "position_mode": {"okx": "net"}}},
        "cx.position_mode",
        "a single word: net or long_short",
    ),
    (
        "word in isolated",
        {"cx": {"account_mode": "isolated_exchange", "position_mode": "net"}},
        "cx.position_mode",
        "a map: {binance: net, okx: net, gate: net}",
    ),
    ("unknown exchange", {"cx": {"position_mode": {"okex": "net"}}}, "cx.position_mode.okex", 'did you mean "okx"?'),
    ("venue's words", {"cx": {"position_mode": "DUAL"}}, "cx.position_mode", "long_short, net"),
    (
        "OKX's mode",
        {"cx": {"account_mode": "portfolio"}},
        "cx.account_mode",
        'unknown value "portfolio" for venue type gate_crossex',
    ),
    ("settings", {"cx": {"settings": {"greeks": "PA"}}}, "cx.settings.greeks", "has no setting `greeks`"),
    ("margin_mode", {"cx": {"settings": {"margin_mode": []}}}, "cx.settings.margin_mode", "must be a map"),
    ("deposit", {"cx": {"deposit": {"credit_to": "funding"}}}, "cx.deposit", "has no `deposit`"),
    ("parent", {"sub_1": {**SUB, "parent": "sub_2"}, "sub_2": SUB}, "sub_1.parent", "has no `parent`"),
    ("client_ip", {"sub_1": {**SUB, "client_ip": "203.0.113.7"}}, "sub_1.client_ip", "has no `client_ip`"),
    ("access", {"sub_1": {**SUB, "access": {"key": "a"}}}, "sub_1.access", "has no `access`"),
    ("protect", {"sub_1": {**SUB, "protect": True}}, "sub_1.protect", "has no `protect`"),
    ("keys of main", {"cx": {"api_keys": {"trading": KEY}}}, "cx.api_keys", "`role: main` has no `api_keys`"),
    ("label of main", {"cx": {"label": "Desk"}}, "cx.label", "`role: main` has no `label`"),
    ("state of main", {"cx": {"state": "locked"}}, "cx.state", "`role: main` has no `state`"),
    ("mode of sub", {"sub_1": {**SUB, "account_mode": "cross_exchange"}}, "sub_1.account_mode", "`role: sub_account`"),
    ("leverage of sub", {"sub_1": {**SUB, **entry(symbol=ADA)["cx"]}}, "sub_1.leverage", "`role: sub_account`"),
    ("absent", {"sub_1": {**SUB, "state": "absent"}}, "sub_1.state", "no call that deletes a sub-account"),
    ("two mains", {"cx": {}, "cy": {}}, "cy", "`role: main` at the venue cx is already used by cx"),
    ("name", {"sub-1": SUB}, "sub-1", "letters, digits and _"),
    ("other name", {"sub_1": {**SUB, "name": "a.b"}}, "sub_1.name", "letters, digits and _"),
    ("two of one name", {"sub_1": SUB, "sub_2": {**SUB, "name": "sub_1"}}, "sub_2", "is already used by sub_1"),
    ("remark", {"sub_1": {**SUB, "label": "a\nb"}}, "sub_1.label", "one line"),
    ("a list of permissions", key(permissions=["read", "trade"]), "sub_1.api_keys[trading].permissions", "a map such"),
    ("empty permissions", key(permissions={}), "sub_1.api_keys[trading].permissions", "at least one group"),
    (
        "unknown group",
        key(permissions={"future": "write"}),
        "sub_1.api_keys[trading].permissions.future",
        'did you mean "futures"?',
    ),
    (
        "crossx",
        key(permissions={"crossx": "write"}),
        "sub_1.api_keys[trading].permissions.crossx",
        "does not document",
    ),
    (
        "withdraw",
        key(permissions={"withdraw": "write"}),
        "sub_1.api_keys[trading].permissions.withdraw",
        "no withdrawals",
    ),
    (
        "unknown access",
        key(permissions={"wallet": "rw"}),
        "sub_1.api_keys[trading].permissions.wallet",
        "read, write",
    ),
    ("IPv6", key(**KEY, ip_allowlist=["2001:db8::1"]), "sub_1.api_keys[trading].ip_allowlist", "not an IPv4 address"),
    ("range", key(**KEY, ip_allowlist=["10.0.0.0/8"]), "sub_1.api_keys[trading].ip_allowlist[0]", "is a network"),
    (
        "no address",
        key(**KEY, ip_allowlist=["203.0.113.256"]),
        "sub_1.api_keys[trading].ip_allowlist[0]",
        "not an IP address",
    ),
    (
        "21 addresses",
        key(**KEY, ip_allowlist=[f"203.0.113.{last}" for last in range(21)]),
        "sub_1.api_keys[trading].ip_allowlist",
        "at most 20",
    ),
    ("key name", {"sub_1": {**SUB, "api_keys": {"a b": KEY}}}, "sub_1.api_keys[a b]", "letters, digits"),
    (
        "21 keys",
        {"sub_1": {**SUB, "api_keys": {f"k{number}": KEY for number in range(21)}}},
        "sub_1.api_keys",
        "at most 20",
    ),
]


@pytest.mark.parametrize(("accounts", "address", "words"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_mistake_has_its_line_and_reason(gate: GateDesk, accounts: dict[str, Any], address: str, words: str) -> None:
    """One message `FILE:LINE:COL: ADDRESS: what is wrong (what would be right)`, exit 1, and no request at all."""
    err = gate.write(accounts).refused()
    lines = [line for line in err.splitlines() if line.startswith("error: ")]
    assert any(line.startswith("error: acctcfg.yaml:") and f": {address}: " in line for line in lines), err
    assert words in err
    assert not any("internal" in line for line in lines)
    assert gate.sandbox.control_get("requests")["by_path"] == {}


def test_all_mistakes_at_once(gate: GateDesk) -> None:
    """Every wrong entry is named in one go, with a line of its own."""
    bad = [
        {"symbol": ADA, "side": "long", "margin": "cross", "value": 2.5},
        {"market": "swap", "symbol": "*", "value": 3},
    ]
    err = gate.write({"cx": {"leverage": bad}}).refused()
    for path in ("[0].side", "[0].margin", "[0].value", "[1].market"):
        assert f"cx.leverage{path}: " in err


def test_a_mistake_in_a_profile_names_both_places(gate: GateDesk) -> None:
    """A field that the type does not have, brought by a profile, names the profile's line and the venue's."""
    gate.write({"cx": {"profile": "base"}}, profiles={"base": {"deposit": {"credit_to": "trading"}}})
    err = gate.refused()
    assert err.count("acctcfg.yaml:") == 2
    assert "has no `deposit`" in err


def test_an_unknown_symbol_is_a_finding_of_its_account(gate: GateDesk) -> None:
    """Only the venue's list shows it: unreadable at its address, with its line and a near name of the same coin; exit
    1, and the other accounts go on."""
    leverage = [{"symbol": "OKX_FUTURE_ADA_USDC", "value": 3}, {"symbol": "OKX_FUTURE_ADX_USDT", "value": 3}]
    gate.write({"cx": {"leverage": leverage}, "sub001": {"role": "sub_account"}})
    assert gate.run("validate").code == 0
    said = gate.plan()
    assert said.code == 1
    assert f"unknown symbol OKX_FUTURE_ADA_USDC (did you mean {ADA}?)" in said.out
    assert (
        "unknown symbol OKX_FUTURE_ADX_USDT (the venue's list does not have it, and no earlier run saw it)" in said.out
    )
    assert "acctcfg.yaml:" in said.out
    plan = gate.plan("--format", "json").json
    assert [one["address"] for one in plan["unreadable"]] == [
        f"cx.leverage[futures/{one['symbol']}]" for one in leverage
    ]
    assert gate.apply().code == 1
    assert gate.writes() == []
    assert gate.apply("--skip-blocked").code == 1
    assert [row["path"] for row in gate.writes()] == ["/api/v4/sub_accounts"]


def test_a_symbol_that_an_earlier_run_saw_was_delisted(make_gate: Callable[..., GateDesk]) -> None:
    """Gone since a run of apply: a warning and no step, and whatever else the account wants goes on."""
    gone = {"symbol": "OKX_FUTURE_REN_USDT", "exchange_type": "OKX", "business_type": "FUTURE"}
    gate = make_gate(top={"gate_crossex": {"symbols": {"add": [gone]}}})
    leverage = [{"symbol": "OKX_FUTURE_REN_USDT", "value": 3}, {"symbol": ADA, "value": 4}]
    gate.write({"cx": {"leverage": leverage}})
    assert gate.apply().code == 0
    with Running(gate_seed(), speed=SPEED) as gate.sandbox:
        gate.write({"cx": {"leverage": leverage}})
        plan = gate.plan("--format", "json").json
        assert [step["address"] for step in plan["steps"]] == [f"cx.leverage[futures/{ADA}]"]
        (warning,) = plan["warnings"]
        assert warning["code"] == "instrument_not_live"
        assert "OKX_FUTURE_REN_USDT was delisted since the run of 20" in warning["message"]
        assert gate.apply().code == 0
        assert "was delisted since" in gate.plan().out


def test_a_pattern_without_a_match_is_a_warning(gate: GateDesk) -> None:
    """It sets nothing, and the plan says so."""
    plan = gate.write({"cx": {"leverage": [{"symbol": "OKX_FUTURE_NONE*", "value": 3}]}}).plan("--format", "json").json
    assert [(one["address"], one["code"]) for one in plan["warnings"]] == [("cx.leverage[0]", "matches_nothing")]
    assert plan["steps"] == []


def test_no_environment_but_live_and_sandbox(gate: GateDesk) -> None:
    """The venue documents no test environment: `demo` is refused."""
    venues = gate.connections()
    gate.write({"cx": {}}, venues={"cx": {**venues["cx"], "environment": "demo"}})
    assert "venues.cx.environment" in gate.refused()
    gate.write({"cx": {}}, venues={"cx": {**venues["cx"], "region": "eea"}})
    assert "venues.cx.region" in gate.refused()


def test_an_exchange_that_only_the_venue_knows(gate: GateDesk) -> None:
    """`validate` takes a name that nobody knows yet; the venue's list of symbols judges it, and where it shows the
    exchange its mode is read and set. A near miss of a known one is a slip."""
    modes = {"account_mode": "isolated_exchange", "position_mode": {"okx": "net", "aster": "long_short"}}
    gate.set(account_mode="ISOLATED_EXCHANGE")
    gate.write({"cx": modes})
    assert gate.run("validate").code == 0
    document = gate.plan("--format", "json").json
    assert [(one["address"], one["code"]) for one in document["unreadable"]] == [
        ("cx.position_mode[aster]", "unknown_exchange")
    ]
    gate.set(account_mode="CROSS_EXCHANGE")
    behind = gate.plan("--format", "json").json
    assert [one["address"] for one in behind["unreadable"]] == ["cx.position_mode[aster]"]
    assert gate.apply().code == 1
    assert gate.puts() == []  # the account mode neither: nothing is left half changed
    gate.write({"cx": {**modes, "position_mode": {"okex": "net"}}})
    assert gate.refused().count("error:") == 1
    gate.write({"cx": {**modes, "position_mode": {}}})
    assert "is an empty map" in gate.refused()
    gate.write({"cx": {**modes, "position_mode": {"crossex": "net", "us": "net"}}})
    assert gate.refused().count("error:") == 2  # words of the venue's, neither of them an exchange
