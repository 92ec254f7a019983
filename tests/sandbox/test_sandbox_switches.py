"""Where the venue's texts disagree: both readings, by switch, and the default that is the newer or the stricter one."""

from __future__ import annotations

import json

import pytest

DMA = "/broker/dma"
SUB = {"subAcct": "mmdesk01"}
KEY = {**SUB, "label": "k", "passphrase": "Hidden-word-1"}
HEDGED = {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "isolated"}


def test_who_stands_above_a_sub_account(bench):
    """`firstLvSubAcct` with `subAcctLv` since 2025, `mainAcct` before, in both lists."""
    bench.sub("parent01")
    bench.sub("child001", firstLvSubAcct="parent01")
    shown = {}
    for value in ("firstLvSubAcct", "mainAcct"):
        bench.act("POST", "flags", subaccount_parent=value)
        for path in ("subaccount-info", "subaccount-trade-fee"):
            rows = bench.broker.get(f"{DMA}/{path}")[0]["details"]
            found = {row["subAcct"]: [row.get(n) for n in ("mainAcct", "firstLvSubAcct", "subAcctLv")] for row in rows}
            assert shown.setdefault(value, found) == found
    assert shown == {
        "firstLvSubAcct": {"parent01": [None, "parent01", "1"], "child001": [None, "parent01", "2"]},
        "mainAcct": {"parent01": ["", None, None], "child001": ["parent01", None, None]},
    }


def test_withdraw_on_keys_of_sub_accounts(bench):
    """Refused since May 2025, also as a change; taken by switch. A key that has it keeps it."""
    bench.sub()
    bench.act("POST", "accounts/mmdesk01/keys/bench", perm="read_only,withdraw")
    key = bench.state()["keys"][0]["api_key"]
    change = {**SUB, "apiKey": key}
    assert bench.broker.code("POST", f"{DMA}/subaccount/apikey", **KEY, perm="withdraw") == "51000"
    assert bench.broker.code("POST", f"{DMA}/subaccount/modify-apikey", **change, perm="trade,withdraw") == "51000"
    (row,) = bench.broker.post(f"{DMA}/subaccount/modify-apikey", **change, ip="203.0.113.7")
    assert row["perm"] == "read_only,withdraw"
    bench.act("POST", "flags", dma_withdraw="accepted")
    assert bench.broker.post(f"{DMA}/subaccount/apikey", **KEY, perm="withdraw")[0]["perm"] == "read_only,withdraw"


@pytest.mark.parametrize(("rate", "second"), [(1, "50011"), (10, "0")])
def test_how_often_the_list_may_be_read(bench, rate, second):
    """Once a second by the older text, ten times by the newer."""
    bench.act("POST", "flags", subaccount_info_rate=rate)
    bench.broker.pause = 0.05
    codes = [bench.broker.code("GET", f"{DMA}/subaccount-info") for _ in range(11)]
    assert (codes[0], codes[1], codes[10]) == ("0", second, "50011")


GONE = """
create-subaccount delete-subaccount set-subaccount-level report-subaccount-ip set-subaccount-assets
subaccount/modify-apikey subaccount/delete-apikey
"""
GONE_DEPOSITS = "subaccount-deposit-address modify-subaccount-deposit-address"


def test_endpoints_that_the_public_pages_no_longer_have(bench):
    """By switch twelve calls answer a bare 404, under both spellings of the path; the others go on."""
    bench.sub()
    bench.act("POST", "flags", dma_endpoints="public")
    calls = [("POST", f"{DMA}/{name}") for name in GONE.split()]
    calls += [("POST", f"/asset{DMA}/{name}") for name in GONE_DEPOSITS.split()]
    calls += [("GET", f"/asset{DMA}/{name}") for name in ("subaccount-deposit-address?subAcct=mmdesk01&ccy=BTC",)]
    calls += [("GET", f"/asset{DMA}/subaccount-{name}-history") for name in ("deposit", "withdrawal")]
    assert len(calls) == 12
    for method, path in calls:
        for spelled in (path, path.replace("/dma/", "/nd/")):
            reply = bench.broker.raw(method, spelled, {} if method == "POST" else None)
            assert (reply.status, reply.body) == (404, b""), spelled
    assert bench.broker.code("GET", f"{DMA}/subaccount-info") == "0"
    assert bench.broker.code("POST", f"{DMA}/subaccount/apikey", **KEY) == "0"
    assert bench.broker.code("GET", f"{DMA}/subaccount/apikey?subAcct=mmdesk01") == "0"


def test_two_shapes_of_a_missing_side(bench):
    """Top-level 51000 with HTTP 400, or code 1 with the 51000 in its item."""
    desk = bench.sub(posMode="long_short_mode")
    reply = desk.raw("POST", "/account/set-leverage", HEDGED)
    assert (reply.status, json.loads(reply.body)["code"]) == (400, "51000")
    bench.act("POST", "flags", posside_error="item")
    reply = desk.raw("POST", "/account/set-leverage", HEDGED)
    answer = json.loads(reply.body)
    assert (reply.status, answer["code"], answer["data"][0]["sCode"]) == (200, "1", "51000")
    assert bench.state()["leverage"] == {}


def test_what_a_create_answers(bench):
    """All of it, or without uid and ts."""
    (full,) = bench.broker.post(f"{DMA}/create-subaccount", subAcct="mmdesk01")
    bench.act("POST", "flags", create_subaccount_answer="short")
    (short,) = bench.broker.post(f"{DMA}/create-subaccount", subAcct="mmdesk02")
    assert set(full) - set(short) == {"uid", "ts"}


def test_leverage_info_that_is_not_there(bench):
    """A bare 404, as was seen on one regional host."""
    desk = bench.sub()
    bench.act("POST", "flags", leverage_info_404=True)
    assert desk.raw("GET", "/account/leverage-info?instId=BTC-USDT-SWAP&mgnMode=cross").status == 404


def test_balance_rows_at_zero(bench):
    """Left out, or shown to who asks by name for what was held once."""
    desk = bench.sub(trading={"USDT": "5"})
    bench.act("POST", "accounts/mmdesk01/balances", trading={"USDT": 0})

    def rows(query):
        return [row["ccy"] for row in desk.get(f"/account/balance{query}")[0]["details"]]

    assert (rows(""), rows("?ccy=USDT,BTC")) == ([], [])
    bench.act("POST", "flags", balance_zero_rows=True)
    assert (rows(""), rows("?ccy=USDT,BTC")) == ([], ["USDT"])
    for kind in ("increase", "reduce"):
        desk.post("/account/demo-adjust-balance", type=kind, adjustments=[{"ccy": "BTC", "amt": "1"}])
    assert (rows(""), rows("?ccy=USDT,BTC")) == ([], ["BTC", "USDT"])


@pytest.mark.parametrize(("modes", "codes"), [(["3", "4"], ("0", "0")), (["3"], ("0", "54001"))])
def test_auto_loan_modes(bench, modes, codes):
    """Multi-currency and portfolio, or multi-currency alone."""
    bench.act("POST", "flags", auto_loan_modes=modes)
    for index, level in enumerate(("3", "4")):
        desk = bench.sub(f"mmdesk0{level}", acctLv=level)
        assert desk.code("POST", "/account/set-auto-loan", autoLoan=True) == codes[index]


@pytest.mark.parametrize(("limit", "code"), [(10_000, "0"), (20_000, "51147")])
def test_assets_that_options_want(bench, limit, code):
    """Above 10,000 USD by the newer text, above 20,000 by older ones."""
    bench.act("POST", "flags", option_assets_usd=limit)
    assert bench.sub(trading={"USDT": "15000"}).code("POST", "/account/activate-option") == code


def test_nothing_leads_back_from_auto_transfers(bench):
    """The isolated mode of February 2025 is a one-way door; an equal value passes."""
    desk = bench.sub()
    path, both = "/account/set-isolated-mode", {"type": "MARGIN"}
    assert desk.code("POST", path, **both, isoMode="auto_transfers_ccy") == "0"
    assert desk.code("POST", path, **both, isoMode="automatic") == "51000"
    assert desk.code("POST", path, **both, isoMode="auto_transfers_ccy") == "0"
    assert desk.code("POST", path, type="CONTRACTS", isoMode="automatic") == "0"
    query = "/account/adjust-leverage-info?instType=MARGIN&mgnMode=isolated&lever=3&instId=BTC-USDT"
    assert desk.code("GET", query) == "50014"
    assert desk.code("GET", f"{query}&ccy=USDT") == "0"


@pytest.mark.parametrize(
    ("level", "target", "fields", "kinds"),
    [
        ("2", "3", {"debts": {"USDT": "5"}}, []),
        ("3", "4", {"debts": {"USDT": "5"}}, []),
        ("3", "2", {"debts": {"USDT": "5"}}, ["repay_borrowings"]),
        ("1", "2", {"debts": {"USDT": "5"}}, ["repay_borrowings"]),
        ("2", "3", {"positions": [{"instId": "BTC-USDT", "mgnMode": "isolated"}]}, ["isolated_margin"]),
    ],
)
def test_what_blocks_a_switch(bench, level, target, fields, kinds):
    """Borrowings only where the way demands their repayment; isolated margin never comes along since 2025."""
    desk = bench.sub(acctLv=level, **fields)
    (row,) = desk.get(f"/account/set-account-switch-precheck?acctLv={target}")
    assert [item["type"] for item in row["unmatchedInfoCheck"]] == kinds


def test_a_preset_that_is_not_needed_is_not_looked_at(bench):
    """Whatever it says, it is taken and forgotten: a position that comes later finds none."""
    desk = bench.sub(acctLv="4")
    assert desk.code("POST", "/account/account-level-switch-preset", acctLv="3", lever="a lot") == "0"
    bench.act("POST", "accounts/mmdesk01/positions", instId="BTC-USDT-SWAP")
    (row,) = desk.get("/account/set-account-switch-precheck?acctLv=3")
    assert (row["sCode"], row["posList"][0]["lever"]) == ("3", "100")


@pytest.mark.parametrize(
    ("fields", "code", "kind"),
    [
        ({"acctLv": "2"}, "59520", "futures_mode"),
        ({"positions": [{"instId": "BTC-USDT-SWAP", "mgnMode": "isolated"}]}, "59523", "isolated_contract"),
        ({"orders": [{"instId": "BTC-USDT-SWAP", "tdMode": "isolated"}]}, "59523", "isolated_pending_orders"),
        ({"bots": [{"instId": "BTC-USDT-SWAP"}]}, "59525", "trading_bot"),
        ({"collateral_off": ["BTC"]}, "59527", "collateral_all"),
        ({"debts": {"USDT": "1"}}, "59528", "repay_borrowings"),
    ],
)
def test_what_delta_neutral_wants(bench, fields, code, kind):
    """The precheck names what stands in the way, the switch refuses with its code."""
    desk = bench.sub(**{"acctLv": "3", **fields})
    (row,) = desk.get("/account/precheck-set-delta-neutral?stgyType=1")
    assert kind in [item["type"] for item in row["unmatchedInfoCheck"]]
    assert desk.code("POST", "/account/set-trading-config", type="stgyType", stgyType="1") == code
