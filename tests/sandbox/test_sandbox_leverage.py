"""Leverage: the scopes that exist, the writes that are refused, and that a write moves one scope only."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from examples import some

SET = "/account/set-leverage"
INFO = "/account/leverage-info"


def lever(desk, inst_id, mode, side="net"):
    rows = desk.get(f"{INFO}?instId={inst_id}&mgnMode={mode}")
    return next(row["lever"] for row in rows if row["posSide"] == side)


@pytest.mark.parametrize(
    ("account", "body", "code"),
    [
        # parameters
        ({}, {"instId": "BTC-USDT-SWAP", "mgnMode": "cross"}, "50014"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "3"}, "50014"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "both"}, "51000"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "much", "mgnMode": "cross"}, "51000"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "\u0663", "mgnMode": "cross"}, "51000"),  # another script's 3
        ({}, {"lever": "3", "mgnMode": "cross"}, "50015"),
        ({}, {"lever": "3", "mgnMode": "isolated"}, "50014"),
        ({}, {"instId": "NOPE-USDT-SWAP", "lever": "3", "mgnMode": "cross"}, "51001"),
        ({}, {"instId": "USDC-USDT", "lever": "3", "mgnMode": "cross"}, "54000"),
        ({"acctLv": "3"}, {"instId": "BTC-USDT", "ccy": "BTC", "lever": "3", "mgnMode": "cross"}, "51000"),
        ({"acctLv": "3"}, {"ccy": "BTC", "lever": "3", "mgnMode": "isolated"}, "51000"),
        ({"acctLv": "3"}, {"ccy": "BTC", "lever": "3", "mgnMode": "cross", "posSide": "long"}, "51000"),
        ({"acctLv": "3"}, {"ccy": "NOPE", "lever": "3", "mgnMode": "cross"}, "51012"),
        ({}, {"instId": "ETH-USD-271231", "lever": "3", "mgnMode": "cross"}, "51022"),
        ({}, {"instId": "LTC-USDT-280331", "lever": "3", "mgnMode": "cross"}, "51021"),
        # sides
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "isolated", "posSide": "long"}, "51000"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "cross", "posSide": "short"}, "51000"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "isolated", "posSide": "net"}, "0"),
        ({"posMode": "long_short_mode"}, {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "isolated"}, "51000"),
        ({"posMode": "long_short_mode"}, {"instId": "BTC-USD-271231", "lever": "3", "mgnMode": "isolated"}, "51000"),
        ({"posMode": "long_short_mode"}, {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "cross"}, "0"),
        ({"posMode": "long_short_mode"}, {"instId": "BTC-USDT", "lever": "3", "mgnMode": "isolated"}, "0"),
        # scopes that the account mode does not have
        ({"acctLv": "1"}, {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "cross"}, "51010"),
        ({"acctLv": "1"}, {"instId": "BTC-USDT", "lever": "3", "mgnMode": "isolated"}, "51010"),
        ({"acctLv": "1"}, {"ccy": "BTC", "lever": "3", "mgnMode": "cross"}, "51010"),
        ({"acctLv": "1", "enableSpotBorrow": True}, {"ccy": "BTC", "lever": "3", "mgnMode": "cross"}, "0"),
        ({"acctLv": "1", "enableSpotBorrow": True}, {"instId": "BTC-USDT", "lever": "3", "mgnMode": "cross"}, "51010"),
        ({"acctLv": "2"}, {"ccy": "BTC", "lever": "3", "mgnMode": "cross"}, "51010"),
        ({"acctLv": "2"}, {"instId": "BTC-USDT", "lever": "3", "mgnMode": "cross"}, "0"),
        ({"acctLv": "3"}, {"instId": "BTC-USDT", "lever": "3", "mgnMode": "cross"}, "51010"),
        ({"acctLv": "3"}, {"instId": "BTC-USDT", "lever": "3", "mgnMode": "isolated"}, "50072"),
        ({"acctLv": "3"}, {"ccy": "BTC", "lever": "3", "mgnMode": "cross"}, "0"),
        ({"acctLv": "4"}, {"ccy": "BTC", "lever": "3", "mgnMode": "cross"}, "0"),
        ({"acctLv": "4"}, {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "cross"}, "51039"),
        ({"acctLv": "4"}, {"instId": "BTC-USD-271231", "lever": "3", "mgnMode": "cross"}, "51039"),
        ({"acctLv": "4"}, {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "isolated"}, "0"),
        # bounds
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "100", "mgnMode": "cross"}, "0"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "101", "mgnMode": "cross"}, "59102"),
        ({}, {"instId": "TSLA-USDT-SWAP", "lever": "6", "mgnMode": "cross"}, "59102"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "0.5", "mgnMode": "cross"}, "59105"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": "2.5", "mgnMode": "cross"}, "51000"),
        ({}, {"instId": "BTC-USDT", "lever": "2.55", "mgnMode": "cross"}, "0"),
        ({}, {"instId": "BTC-USDT", "lever": "2.555", "mgnMode": "cross"}, "51000"),
        ({"acctLv": "3"}, {"ccy": "BTC", "lever": "11", "mgnMode": "cross"}, "59102"),
        ({}, {"instId": "BTC-USDT-SWAP", "lever": 7, "mgnMode": "cross"}, "0"),
    ],
)
def test_what_is_refused(bench, account, body, code):
    """Each wrong write has its code, and nothing but an accepted one changes a scope."""
    desk = bench.sub(**account)
    assert code == desk.call("POST", SET, body)["code"]
    assert bool(bench.state()["leverage"]) == (code == "0")


@pytest.mark.parametrize("code", ["51000", "59105"])
def test_parameter_errors_are_http_400(bench, code):
    """Parameter errors and a leverage below the minimum come with HTTP 400."""
    lever = {"51000": "x", "59105": "0.1"}[code]
    body = {"instId": "BTC-USDT-SWAP", "lever": lever, "mgnMode": "cross"}
    reply = bench.sub().raw("POST", SET, body)
    assert (reply.status, json.loads(reply.body)["code"], json.loads(reply.body)["data"]) == (400, code, [])


@pytest.mark.parametrize(
    ("account", "body", "row"),
    [
        ({}, {"instId": "BTC-USDT-SWAP", "mgnMode": "cross"}, ("BTC-USDT-SWAP", "")),
        ({}, {"instId": "BTC-USDT-SWAP", "mgnMode": "isolated"}, ("BTC-USDT-SWAP", "net")),
        ({}, {"instId": "BTC-USDT", "mgnMode": "isolated"}, ("BTC-USDT", "")),
        ({"acctLv": "3"}, {"ccy": "BTC", "mgnMode": "cross"}, ("", "")),
        (
            {"posMode": "long_short_mode"},
            {"instId": "BTC-USDT-SWAP", "mgnMode": "isolated", "posSide": "short"},
            ("BTC-USDT-SWAP", "short"),
        ),
    ],
)
def test_what_is_answered(bench, account, body, row):
    """The answer names instrument and side as the venue does: both empty for a currency."""
    (answer,) = bench.sub(**account).post(SET, lever="5.0", **body)
    assert answer == {"lever": "5", "mgnMode": body["mgnMode"], "instId": row[0], "posSide": row[1]}


@pytest.mark.parametrize(
    ("what", "row", "mode", "code"),
    [
        ("orders", {"instId": "BTC-USDT-SWAP", "tdMode": "cross"}, "cross", "59107"),
        ("orders", {"instId": "BTC-USDT-SWAP", "tdMode": "isolated"}, "isolated", "59101"),
        ("orders", {"instId": "BTC-USDT-SWAP", "tdMode": "isolated"}, "cross", "0"),
        ("orders", {"instId": "BTC-USDT-271231", "tdMode": "cross"}, "cross", "0"),
        ("orders", {"instId": "BTC-USDT"}, "cross", "0"),
        ("algos", {"instId": "BTC-USDT-SWAP", "tdMode": "cross"}, "cross", "59669"),
        ("algos", {"instId": "BTC-USDT-SWAP", "tdMode": "isolated"}, "isolated", "59668"),
        ("algos", {"instId": "BTC-USDT-SWAP", "tdMode": "isolated"}, "cross", "0"),
        ("bots", {"instId": "BTC-USDT-SWAP"}, "cross", "59669"),
        ("bots", {"instId": "BTC-USDT-SWAP"}, "isolated", "59668"),
        ("bots", {"instId": "ETH-USDT-SWAP"}, "isolated", "0"),
        ("positions", {"instId": "BTC-USDT-SWAP"}, "cross", "0"),
    ],
)
def test_what_blocks(bench, what, row, mode, code):
    """Orders, algo orders and bots in the scope block it, also for an equal value; positions do not."""
    desk = bench.sub()
    bench.act("POST", f"accounts/mmdesk01/{what}", row)
    assert code == desk.code("POST", SET, instId="BTC-USDT-SWAP", lever="5", mgnMode=mode)
    bench.act("DELETE", f"accounts/mmdesk01/{what}/all")
    assert desk.code("POST", SET, instId="BTC-USDT-SWAP", lever="5", mgnMode=mode) == "0"


@pytest.mark.parametrize(
    ("account", "order", "body"),
    [
        ({}, {"instId": "BTC-USD-280331"}, {"instId": "BTC-USD-271231", "mgnMode": "cross"}),
        ({"acctLv": "3"}, {"instId": "LTC-BTC", "tdMode": "cross"}, {"ccy": "BTC", "mgnMode": "cross"}),
        ({"acctLv": "3"}, {"instId": "BTC-USDT", "tdMode": "cross"}, {"ccy": "BTC", "mgnMode": "cross"}),
    ],
)
def test_scopes_wider_than_an_instrument_are_blocked_from_anywhere_inside(bench, account, order, body):
    """An order on another contract of the family, or another pair with the currency, blocks too."""
    desk = bench.sub(**account)
    bench.act("POST", "accounts/mmdesk01/orders", order)
    assert desk.code("POST", SET, lever="4", **body) == "59107"


def test_a_big_position_lowers_the_maximum(bench):
    """Above a tier's size the next tier's maximum holds."""
    desk = bench.sub()
    bench.act("POST", "accounts/mmdesk01/positions", instId="BTC-USDT-SWAP", size="5000")
    assert desk.code("POST", SET, instId="BTC-USDT-SWAP", lever="51", mgnMode="cross") == "59102"
    assert desk.code("POST", SET, instId="BTC-USDT-SWAP", lever="50", mgnMode="cross") == "0"


@pytest.mark.parametrize(
    ("account", "query", "code"),
    [
        ({}, "instId=BTC-USDT-SWAP", "50014"),
        ({}, "mgnMode=cross", "50015"),
        ({}, "mgnMode=cross&instId=NOPE-USDT-SWAP", "51001"),
        ({}, "mgnMode=cross&instId=BTC-USDT-SWAP,BTC-USD-271231", "59004"),
        ({}, "mgnMode=cross&instId=" + ",".join(["BTC-USDT-SWAP"] * 21), "50025"),
        ({"acctLv": "4"}, "mgnMode=cross&instId=BTC-USDT-SWAP", "59111"),
        ({"acctLv": "2"}, "mgnMode=cross&ccy=BTC", "51010"),
        ({"acctLv": "3"}, "mgnMode=isolated&ccy=BTC", "51000"),
        ({"acctLv": "3"}, "mgnMode=cross&ccy=BTC,USDT", "0"),
        ({"acctLv": "1"}, "mgnMode=cross&instId=BTC-USDT-SWAP", "51010"),
    ],
)
def test_refused_reads(bench, account, query, code):
    """Reads are refused as the venue refuses them."""
    assert code == bench.sub(**account).code("GET", f"{INFO}?{query}")


def test_rows_in_long_short_mode(bench):
    """Contracts have a row per side, always equal in cross; margin has one row, a currency has an empty instId."""
    desk = bench.sub(posMode="long_short_mode", acctLv="3")
    desk.post(SET, instId="BTC-USDT-SWAP", lever="8", mgnMode="cross")
    desk.post(SET, instId="BTC-USDT-SWAP", lever="9", mgnMode="isolated", posSide="short")
    rows = desk.get(f"{INFO}?instId=BTC-USDT-SWAP&mgnMode=cross")
    assert [(row["posSide"], row["lever"]) for row in rows] == [("long", "8"), ("short", "8")]
    rows = desk.get(f"{INFO}?instId=BTC-USDT-SWAP&mgnMode=isolated")
    assert [(row["posSide"], row["lever"]) for row in rows] == [("long", "5"), ("short", "9")]
    assert desk.code("GET", f"{INFO}?instId=BTC-USDT&mgnMode=isolated") == "50072"
    (row,) = desk.get(f"{INFO}?ccy=BTC&mgnMode=cross")
    assert row == {"instId": "", "ccy": "BTC", "mgnMode": "cross", "posSide": "net", "lever": "5"}


def test_the_trade_guides_example(bench):
    """Eight instruments at 3x in multi-currency mode are six scopes: four currencies, a family, a perpetual."""
    desk = bench.sub(acctLv="3")
    for ccy in ("BTC", "LTC", "USDT", "USDC"):
        desk.post(SET, ccy=ccy, lever="3", mgnMode="cross")
    desk.post(SET, instId="BTC-USD-271231", lever="3", mgnMode="cross")
    desk.post(SET, instId="BTC-USD-SWAP", lever="3", mgnMode="cross")
    assert len(bench.state()["leverage"]) == 6
    assert [lever(desk, name, "cross") for name in ("BTC-USD-271231", "BTC-USD-280331", "BTC-USD-SWAP")] == ["3"] * 3


@pytest.mark.parametrize(
    ("flags", "account", "body", "code"),
    [
        ({}, {"acctLv": "3"}, {"mgnMode": "isolated"}, "0"),
        ({}, {"acctLv": "3"}, {"instId": "BTC-USDT", "mgnMode": "isolated"}, "50072"),
        ({"isolated_in_advanced_modes": "all"}, {"acctLv": "3"}, {"instId": "BTC-USDT", "mgnMode": "isolated"}, "0"),
        ({"isolated_in_advanced_modes": True}, {"acctLv": "3"}, {"instId": "BTC-USDT", "mgnMode": "isolated"}, "0"),
        ({"isolated_in_advanced_modes": "none"}, {"acctLv": "3"}, {"mgnMode": "isolated"}, "50072"),
        ({"isolated_in_advanced_modes": False}, {"acctLv": "3"}, {"mgnMode": "isolated"}, "50072"),
        ({}, {"acctLv": "3"}, {"ccy": "BTC", "mgnMode": "cross"}, "51000"),
        ({"leverage_both_ids": "instId"}, {"acctLv": "2"}, {"ccy": "BTC", "mgnMode": "cross"}, "0"),
        ({"isolated_in_advanced_modes": False}, {"acctLv": "2"}, {"mgnMode": "isolated"}, "0"),
        (
            {"spot_margin_by_instrument": True},
            {"acctLv": "1", "enableSpotBorrow": True},
            {"instId": "BTC-USDT", "mgnMode": "cross"},
            "0",
        ),
        ({"contract_leverage_decimals": 2}, {}, {"mgnMode": "cross", "lever": "2.25"}, "0"),
    ],
)
def test_other_readings_by_flag(bench, flags, account, body, code):
    """Where the documentation is silent a flag takes the other reading."""
    bench.act("POST", "flags", flags)
    assert code == bench.sub(**account).code("POST", SET, **{"instId": "BTC-USDT-SWAP", "lever": "3", **body})


def test_isolated_futures_by_family_by_flag(bench):
    """Isolated FUTURES are kept per contract, or per family by flag."""
    desk = bench.sub()
    desk.post(SET, instId="BTC-USD-271231", lever="7", mgnMode="isolated")
    assert lever(desk, "BTC-USD-280331", "isolated") == "5"
    bench.act("POST", "flags", isolated_futures_scope="family")
    desk.post(SET, instId="BTC-USD-271231", lever="7", mgnMode="isolated")
    assert lever(desk, "BTC-USD-280331", "isolated") == "7"


def test_adjust_leverage_info(bench):
    """The dry run shows the bounds and whether orders are pending."""
    desk = bench.sub()
    query = "/account/adjust-leverage-info?instType=SWAP&mgnMode=cross&lever=3&instId=BTC-USDT-SWAP"
    assert [(r["maxLever"], r["minLever"], r["existOrd"]) for r in desk.get(query)] == [("100", "1", False)]
    bench.act("POST", "accounts/mmdesk01/orders", instId="BTC-USDT-SWAP")
    assert desk.get(query)[0]["existOrd"] is True
    assert desk.code("GET", "/account/adjust-leverage-info?instType=SWAP&mgnMode=cross&lever=3") == "50015"
    assert desk.code("GET", query.replace("lever=3", "lever=300")) == "59102"
    assert desk.code("GET", query.replace("lever=3", "lever=0.5")) == "59105"


# --- one write, one scope

INSTRUMENTS = (
    ("MARGIN", "BTC-USDT", "BTC-USDT"),
    ("MARGIN", "LTC-BTC", "LTC-BTC"),
    ("FUTURES", "BTC-USD-271231", "BTC-USD"),
    ("FUTURES", "BTC-USD-280331", "BTC-USD"),
    ("FUTURES", "BTC-USDT-271231", "BTC-USDT"),
    ("SWAP", "BTC-USD-SWAP", "BTC-USD"),
    ("SWAP", "BTC-USD_UM-SWAP", "BTC-USD_UM"),
    ("SWAP", "BTC-USDT-SWAP", "BTC-USDT"),
)


def reads(desk, level):
    """Every leverage that can be read: (instrument or currency, mode, side) -> value."""
    found = {}
    for kind in ("MARGIN", "FUTURES", "SWAP"):
        for mode in ("cross", "isolated"):
            if (level == "4" and mode == "cross" and kind != "MARGIN") or (level != "2" and kind == "MARGIN"):
                continue
            ids = ",".join(name for type_, name, _ in INSTRUMENTS if type_ == kind)
            for row in desk.get(f"{INFO}?instId={ids}&mgnMode={mode}"):
                found[row["instId"], mode, row["posSide"]] = row["lever"]
    if level != "2":
        for row in desk.get(f"{INFO}?ccy=BTC,LTC,USDT,ETH&mgnMode=cross"):
            found[row["ccy"], "cross", "net"] = row["lever"]
    return found


@settings(max_examples=some(60), deadline=None)
@given(
    level=st.sampled_from(["2", "3", "4"]),
    pos_mode=st.sampled_from(["net_mode", "long_short_mode"]),
    target=st.sampled_from([*INSTRUMENTS, ("CCY", "BTC", ""), ("CCY", "LTC", "")]),
    mode=st.sampled_from(["cross", "isolated"]),
    side=st.sampled_from(["long", "short"]),
    value=st.integers(2, 5).filter(lambda value: value != 5),
)
def test_a_write_changes_exactly_its_scope(bench_from, level, pos_mode, target, mode, side, value):
    """After a write, the reads of its scope show the value and all other reads are as they were."""
    bench = bench_from()
    pos_mode = "net_mode" if level == "4" else pos_mode
    desk = bench.sub(acctLv=level, posMode=pos_mode)
    kind, name, family = target
    hedged = pos_mode == "long_short_mode" and kind in ("FUTURES", "SWAP")
    body = {"lever": str(value), "mgnMode": mode, "ccy" if kind == "CCY" else "instId": name}
    if hedged and mode == "isolated":
        body["posSide"] = side
    before = reads(desk, level)
    accepted = desk.call("POST", SET, body)["code"] == "0"
    after = reads(desk, level)
    changed = {key for key in after if after[key] != before[key]}
    expected = set()
    if accepted:
        same = {name}
        if kind == "FUTURES" and mode == "cross":
            same = {other for type_, other, their in INSTRUMENTS if (type_, their) == (kind, family)}
        sides = ({side} if mode == "isolated" else {"long", "short"}) if hedged else {"net"}
        expected = {(other, mode, each) for other in same for each in sides}
    assert changed == expected
    assert {after[key] for key in changed} <= {str(value)}
