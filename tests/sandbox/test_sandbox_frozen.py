"""Frozen sub-accounts, currencies and instruments of one's own, tags in every documented place, lists that lag."""

from __future__ import annotations

import pytest

DMA = "/broker/dma"
ADDRESS = "/asset/broker/dma/subaccount-deposit-address"
SUB = {"subAcct": "mmdesk01"}
LEVER = {"instId": "BTC-USDT-SWAP", "lever": "3", "mgnMode": "cross"}


@pytest.mark.parametrize(
    ("fields", "own", "level", "address", "key"),
    [
        ({}, "0", "0", "0", "0"),
        ({"enable": False, "frozenFunc": ["trading"]}, "50027", "59519", "0", "0"),
        ({"enable": False, "frozenFunc": ["deposit"]}, "0", "0", "59519", "0"),
        ({"enable": True, "frozenFunc": ["deposit", "trading"]}, "50027", "59519", "59519", "0"),
        ({"enable": False}, "50027", "59508", "59508", "59508"),
        ({"enable": False, "frozenFunc": ["withdrawal", "a_new_word"]}, "0", "0", "0", "0"),
    ],
)
def test_what_is_frozen_is_refused(bench, fields, own, level, address, key):
    """Each function apart, at the account's own key and at the broker's; reads go on; the list says so."""
    desk = bench.sub(**fields)
    assert desk.code("POST", "/account/set-leverage", **LEVER) == own
    assert desk.code("POST", "/account/set-position-mode", posMode="net_mode") == own
    assert bench.broker.code("POST", f"{DMA}/set-subaccount-level", **SUB, acctLv="3") == level
    assert bench.broker.code("POST", ADDRESS, **SUB, ccy="USDT") == address
    made = bench.broker.code("POST", f"{DMA}/subaccount/apikey", **SUB, label="k", passphrase="Hidden-word-1")
    assert made == key
    assert desk.code("GET", "/account/config") == "0"
    (row,) = bench.broker.get(f"{DMA}/subaccount-info")[0]["details"]
    assert (row["enable"], row["frozenFunc"]) == (fields.get("enable", True), fields.get("frozenFunc", []))


TON = {"ccy": "ATOM", "usd": 8, "chains": [{"chain": "ATOM-Cosmos", "needTag": True, "tag": "memo"}]}


def test_currencies_of_ones_own(bench_from):
    """Added by seed or by control, with chains that want a tag or take no deposits; and taken away."""
    closed = {"ccy": "NEW", "chains": [{"chain": "NEW-A"}, {"chain": "NEW-B", "canDep": False}]}
    bench = bench_from({"currencies": {"add": [TON], "remove": ["DOGE"]}})
    bench.sub()
    bench.act("POST", "currencies", closed)
    rows = {row["chain"]: row for row in bench.broker.get("/asset/currencies")}
    assert (rows["ATOM-Cosmos"]["needTag"], rows["ATOM-Cosmos"]["mainNet"]) == (True, True)
    assert (rows["NEW-B"]["canDep"], rows["NEW-B"]["mainNet"]) == (False, False)
    assert not [chain for chain in rows if chain.startswith("DOGE")]
    assert bench.broker.code("POST", ADDRESS, **SUB, ccy="NEW", chain="NEW-B") == "58303"
    (made,) = bench.broker.post(ADDRESS, **SUB, ccy="ATOM")
    assert (made["memo"], "tag" in made) == (bench.state()["addresses"][0]["tag"], False)
    bench.act("DELETE", "currencies/NEW")
    assert bench.broker.code("GET", "/asset/currencies?ccy=NEW") == "51012"
    assert "ATOM" in {row["ccy"] for row in bench.act("GET", "currencies")}


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"tag": "7"}, {"tag": "7"}),
        ({"memo": "7"}, {"memo": "7"}),
        ({"pmtId": "7"}, {"pmtId": "7"}),
        ({"comment": "7"}, {"comment": "7"}),
        ({"addrEx": {"comment": "7"}}, {"addrEx": {"comment": "7"}}),
        ({"addrEx": {"memo": "7"}}, {"addrEx": {"memo": "7"}}),
        ({}, {}),
    ],
)
def test_a_tag_stands_where_the_seed_has_it(bench, given, shown):
    """In every place that the venue documents, for the broker's read and the account's own."""
    desk = bench.sub(addresses=[{"ccy": "XRP", "chain": "XRP-Ripple", "addr": "rExample", **given}])
    places = ("tag", "memo", "pmtId", "comment", "addrEx")
    for row in (
        bench.broker.get(f"{ADDRESS}?subAcct=mmdesk01&ccy=XRP")[0],
        desk.get("/asset/deposit-address?ccy=XRP")[0],
    ):
        assert {name: row[name] for name in places if name in row} == shown


@pytest.mark.parametrize(
    ("flag", "shown"), [("chain", "addrEx"), ("tag", "tag"), ("memo", "memo"), ("addrEx", "addrEx"), ("none", "")]
)
def test_where_tags_stand_by_flag(bench, flag, shown):
    """A flag moves the tags of all addresses; `none` is a venue that forgot it."""
    bench.sub()
    bench.act("POST", "flags", address_tag=flag)
    (made,) = bench.broker.post(ADDRESS, **SUB, ccy="TON")
    (row,) = bench.broker.get(f"{ADDRESS}?subAcct=mmdesk01&ccy=TON")
    for answer in (made, row):
        assert [name for name in ("tag", "memo", "pmtId", "comment", "addrEx") if name in answer] == [shown][
            : bool(shown)
        ]


@pytest.mark.parametrize(
    ("state", "code"),
    [
        ("live", "0"),
        ("post_only", "0"),
        ("rebase", "0"),
        ("settling", "0"),
        ("a_new_word", "0"),
        ("suspend", "51022"),
        ("preopen", "51021"),
        ("test", "51021"),
    ],
)
def test_states_of_instruments(bench, state, code):
    """Any state can be given, by seed or by control; only suspended, coming and test contracts take no leverage."""
    desk = bench.sub()
    bench.act("POST", "instruments", instType="SWAP", instId="NEW-USDT-SWAP", lever=20, state=state)
    assert desk.get("/account/instruments?instType=SWAP&instId=NEW-USDT-SWAP")[0]["state"] == state
    assert desk.code("POST", "/account/set-leverage", **{**LEVER, "instId": "NEW-USDT-SWAP"}) == code
    bench.act("DELETE", "instruments/NEW-USDT-SWAP")
    assert desk.code("GET", "/account/leverage-info?instId=NEW-USDT-SWAP&mgnMode=cross") == "51001"


# --- lists that lag or lose a row


def labels(bench):
    return [row["label"] for row in bench.broker.get(f"{DMA}/subaccount/apikey?subAcct=mmdesk01")]


def test_a_list_that_shows_a_create_late(bench):
    """What is made after the fault was laid shows after so many reads, or seconds; what was there always does."""
    bench.sub()
    path = {"match": {"path": "*/subaccount/apikey", "method": "GET"}, "kind": "late_list"}
    (laid,) = bench.act("POST", "faults", {**path, "reads": 2})
    key = {**SUB, "passphrase": "Hidden-word-1"}
    bench.broker.post(f"{DMA}/subaccount/apikey", **key, label="late")
    assert [labels(bench) for _ in range(3)] == [["bench"], ["bench"], ["late", "bench"]]
    bench.act("DELETE", f"faults/{laid['id']}")
    bench.act("POST", "faults", {**path, "seconds": 30})
    bench.broker.post(f"{DMA}/subaccount/apikey", **key, label="later")
    assert [len(labels(bench)) for _ in range(4)] == [2, 2, 2, 3]  # a call every 11 s


def test_late_addresses_and_accounts(bench):
    """The same for addresses that share one text and differ by tag, and for the list inside `details`."""
    bench.sub()
    bench.broker.post(ADDRESS, **SUB, ccy="XRP")
    bench.act("POST", "faults", {"match": {"method": "GET"}, "kind": "late_list", "reads": 1})
    bench.broker.post(ADDRESS, **SUB, ccy="XRP")
    bench.broker.post(f"{DMA}/create-subaccount", subAcct="mmdesk02")
    read = f"{ADDRESS}?subAcct=mmdesk01&ccy=XRP"
    assert [len(bench.broker.get(read)) for _ in range(2)] == [1, 2]
    names = [[row["subAcct"] for row in bench.broker.get(f"{DMA}/subaccount-info")[0]["details"]] for _ in range(2)]
    assert names == [["mmdesk01"], ["mmdesk02", "mmdesk01"]]


def test_a_list_that_loses_a_row(bench):
    """The newest, or the one that is named; so many times."""
    bench.sub()
    bench.act("POST", "accounts/mmdesk01/keys", label="second", api_key="second-key", secret_key="s", passphrase="p")
    path = {"match": {"path": "*/subaccount/apikey", "method": "GET"}, "kind": "lose_row"}
    bench.act("POST", "faults", path)
    assert [labels(bench) for _ in range(2)] == [["bench"], ["second", "bench"]]
    bench.act("POST", "faults", {**path, "row": "ben*", "times": 2})
    assert [labels(bench) for _ in range(3)] == [["second"], ["second"], ["second", "bench"]]
