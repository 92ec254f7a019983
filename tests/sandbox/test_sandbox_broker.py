"""Sub-accounts, their keys and their deposit addresses, as a DMA broker sees them."""

from __future__ import annotations

import pytest

DMA = "/broker/dma"
KEYS = f"{DMA}/subaccount/apikey"
GOOD = "Abcdef1!"


def info(bench, **query):
    words = "&".join(f"{name}={value}" for name, value in query.items())
    return bench.broker.get(f"{DMA}/subaccount-info?{words}")[0]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"subAcct": "mmdesk02"}, "0"),
        ({"subAcct": "mmdesk02", "label": "7"}, "0"),
        ({"subAcct": "mmdesk02", "label": "x" * 50, "clientIP": "203.0.113.7"}, "0"),
        ({"subAcct": "mmdesk02", "mainAcct": ""}, "0"),
        ({"subAcct": "mmdesk02", "mainAcct": "mmdesk01"}, "0"),
        ({}, "50014"),
        ({"subAcct": "short"}, "51000"),
        ({"subAcct": "x" * 21}, "51000"),
        ({"subAcct": "1234567"}, "51000"),
        ({"subAcct": "mm-desk-1"}, "51000"),
        ({"subAcct": "mm desk 1"}, "51000"),
        ({"subAcct": ["mmdesk02"]}, "51000"),
        ({"subAcct": "mmdesk02", "label": "x" * 51}, "51000"),
        ({"subAcct": "mmdesk02", "label": "two words"}, "51000"),
        ({"subAcct": "mmdesk01"}, "59601"),
        ({"subAcct": "mmdesk02", "mainAcct": "nobody1"}, "59622"),
    ],
)
def test_create_subaccount(bench, body, code):
    """Names have 6 to 20 letters and digits and are unique; a parent must exist."""
    bench.sub("mmdesk01")
    assert code == bench.broker.code("POST", f"{DMA}/create-subaccount", **body)
    assert len(info(bench)["details"]) == (2 if code == "0" else 1)


def test_names_are_case_sensitive(bench):
    """A name in other letters is another sub-account."""
    bench.sub("mmdesk01")
    bench.broker.post(f"{DMA}/create-subaccount", subAcct="MMDESK01")
    assert {row["subAcct"] for row in info(bench)["details"]} == {"mmdesk01", "MMDESK01"}


def test_second_level(bench):
    """A child has no children, and a parent is deleted after its children."""
    bench.broker.post(f"{DMA}/create-subaccount", subAcct="parent01")
    bench.broker.post(f"{DMA}/create-subaccount", subAcct="child001", mainAcct="parent01")
    assert bench.broker.code("POST", f"{DMA}/create-subaccount", subAcct="child002", mainAcct="child001") == "59622"
    (row,) = info(bench, subAcct="child001")["details"]
    assert (row["firstLvSubAcct"], row["subAcctLv"], "mainAcct" in row) == ("parent01", "2", False)
    (row,) = info(bench, subAcct="parent01")["details"]
    assert (row["firstLvSubAcct"], row["subAcctLv"]) == ("parent01", "1")
    assert bench.broker.code("POST", f"{DMA}/delete-subaccount", subAcct="parent01") == "59623"
    bench.broker.post(f"{DMA}/delete-subaccount", subAcct="child001")
    bench.broker.post(f"{DMA}/delete-subaccount", subAcct="parent01")
    assert info(bench)["details"] == []


def test_too_many_sub_accounts(bench):
    """Beyond the broker's number: 59603."""
    bench.act("POST", "flags", max_subaccounts=1)
    bench.broker.post(f"{DMA}/create-subaccount", subAcct="mmdesk01")
    assert bench.broker.code("POST", f"{DMA}/create-subaccount", subAcct="mmdesk02") == "59603"


def test_pages_of_sub_accounts(bench):
    """Pages count from 1, newest first, and together hold every sub-account once."""
    names = [f"mmdesk{number:03}" for number in range(250)]
    for name in names:
        bench.act("POST", f"accounts/{name}")
    pages = [info(bench, page=number) for number in (1, 2, 3)]
    assert [(page["page"], page["totalPage"], len(page["details"])) for page in pages] == [
        ("1", "3", 100),
        ("2", "3", 100),
        ("3", "3", 50),
    ]
    assert [row["subAcct"] for page in pages for row in page["details"]] == names[::-1]
    assert info(bench, page=4)["details"] == []
    assert info(bench, limit=7)["totalPage"] == "36"
    assert bench.broker.code("GET", f"{DMA}/subaccount-info?limit=101") == "51000"
    assert bench.broker.code("GET", f"{DMA}/subaccount-info?page=0") == "51000"


def test_one_sub_account_by_name_or_uid(bench):
    """The list narrows to one, and an unknown one is 59510."""
    bench.sub("mmdesk01", label="MMdesk01", enable=False, frozenFunc=["trading"])
    (row,) = info(bench, subAcct="mmdesk01")["details"]
    assert (row["label"], row["enable"], row["frozenFunc"], row["acctLv"]) == ("MMdesk01", False, ["trading"], "2")
    assert info(bench, uid=row["uid"])["details"] == [row]
    assert bench.broker.code("GET", f"{DMA}/subaccount-info?subAcct=nobody1") == "59510"
    assert bench.broker.code("GET", f"{DMA}/subaccount-info?uid=1") == "59510"
    assert bench.broker.get("/broker/nd/subaccount-info")[0]["details"] == [row]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "0"),
        ({"trading": {"USDT": "0.1"}}, "59606"),
        ({"funding": {"BTC": "1"}}, "59606"),
        ({"debts": {"BTC": "1"}}, "59606"),
        ({"orders": [{"instId": "BTC-USDT"}]}, "59606"),
    ],
)
def test_delete_wants_an_empty_account(bench, fields, code):
    """Funds keep a sub-account alive; a deleted one is gone with its keys."""
    desk = bench.sub(**fields)
    assert code == bench.broker.code("POST", f"{DMA}/delete-subaccount", subAcct="mmdesk01")
    assert desk.code("GET", "/account/config") == ("50119" if code == "0" else "0")
    if code == "0":
        assert bench.broker.code("POST", f"{DMA}/delete-subaccount", subAcct="mmdesk01") == "59510"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "level", "code"),
    [
        ({"acctLv": "1"}, "3", "0"),
        ({"acctLv": "1", "activated_modes": ["1"]}, "4", "0"),
        ({"acctLv": "2", "posMode": "long_short_mode"}, "4", "0"),
        ({"acctLv": "3"}, "3", "0"),
        ({"acctLv": "1"}, "5", "51000"),
        ({"acctLv": "1"}, "", "50014"),
        ({"acctLv": "2", "positions": [{"instId": "BTC-USDT-SWAP"}]}, "3", "59002"),
        ({"acctLv": "2", "orders": [{"instId": "BTC-USDT"}]}, "2", "59002"),
        ({"acctLv": "2", "algos": [{"instId": "BTC-USDT"}]}, "3", "59002"),
        ({"acctLv": "2", "bots": [{"instId": "BTC-USDT"}]}, "3", "59002"),
    ],
)
def test_level_set_by_the_master(bench, fields, level, code):
    """The master needs no activation by hand, but the account must be flat."""
    bench.sub(**fields)
    assert code == bench.broker.code("POST", f"{DMA}/set-subaccount-level", subAcct="mmdesk01", acctLv=level)
    if code == "0":
        assert info(bench, subAcct="mmdesk01")["details"][0]["acctLv"] == level
        assert bench.state()["posMode"] == "net_mode"


def test_level_of_nobody(bench):
    """An unknown sub-account is 59510."""
    assert bench.broker.code("POST", f"{DMA}/set-subaccount-level", subAcct="nobody1", acctLv="2") == "59510"


def test_the_other_calls_of_a_broker(bench):
    """A login address is noted, demo assets arrive in demo only, fees and histories answer."""
    bench.sub()
    bench.broker.post(f"{DMA}/report-subaccount-ip", subAcct="mmdesk01", clientIP="203.0.113.9")
    assert bench.state()["login_ips"] == ["203.0.113.9"]
    bench.broker.post(f"{DMA}/set-subaccount-assets", subAcct="mmdesk01", ccy="USDT")
    assert bench.state()["trading"] == {"USDT": "10000"}
    assert len(bench.broker.get(f"{DMA}/subaccount-trade-fee")[0]["details"][0]["feeRates"]) == 9
    assert bench.broker.get("/asset/broker/dma/subaccount-deposit-history?subAcct=mmdesk01") == []
    bench.act("POST", "accounts/@master/keys/master", env="live")
    bench.broker.headers = {}
    assert bench.broker.code("POST", f"{DMA}/set-subaccount-assets", subAcct="mmdesk01", ccy="USDT") == "50053"


# --- API keys


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "0"),
        ({"perm": "trade"}, "0"),
        ({"perm": "read_only,trade,withdraw"}, "51000"),
        ({"perm": "everything"}, "51000"),
        ({"label": ""}, "50014"),
        ({"label": "with space"}, "51000"),
        ({"label": "with-dash"}, "51000"),
        ({"label": "x" * 51}, "51000"),
        ({"label": "bench"}, "59502"),
        ({"passphrase": ""}, "50014"),
        ({"passphrase": "Abcde1!"}, "59505"),
        ({"passphrase": "Aa1!" * 8}, "0"),
        ({"passphrase": "Aa1!" * 8 + "x"}, "59505"),
        ({"passphrase": "abcdefg1!"}, "59505"),
        ({"passphrase": "ABCDEFG1!"}, "59505"),
        ({"passphrase": "Abcdefgh!"}, "59505"),
        ({"passphrase": "Abcdefgh1"}, "59505"),
        ({"ip": "203.0.113.7, 203.0.113.8"}, "0"),
        ({"ip": "2001:db8::1"}, "0"),
        ({"ip": "nowhere"}, "51000"),
        ({"ip": ",".join(f"203.0.113.{n}" for n in range(20))}, "0"),
        ({"ip": ",".join(f"203.0.113.{n}" for n in range(21))}, "59503"),
        ({"subAcct": "nobody1"}, "59510"),
    ],
)
def test_create_key(bench, body, code):
    """Labels, passphrases, permissions and addresses follow the venue's rules."""
    bench.sub()
    given = {"subAcct": "mmdesk01", "label": "trading", "passphrase": GOOD, **body}
    assert code == bench.broker.code("POST", KEYS, **given)
    assert len(bench.broker.get(f"{KEYS}?subAcct=mmdesk01")) == (2 if code == "0" else 1)


def test_the_secret_is_answered_once(bench):
    """Only the answer to the create carries the secret; the new key signs, with reading always included."""
    bench.act("POST", "accounts/mmdesk01")
    (made,) = bench.broker.post(KEYS, subAcct="mmdesk01", label="trading", passphrase=GOOD, perm="trade")
    assert (made["perm"], made["ip"], made["passphrase"]) == ("read_only,trade", "", GOOD)
    (listed,) = bench.broker.get(f"{KEYS}?subAcct=mmdesk01")
    assert set(listed) == {"label", "apiKey", "perm", "ip", "ts"}
    assert made["secretKey"] not in str(bench.state()) + str(bench.act("GET", "writes"))
    assert GOOD not in str(bench.state()) + str(bench.act("GET", "writes"))
    bench.broker.api_key, bench.broker.secret_key, bench.broker.passphrase = made["apiKey"], made["secretKey"], GOOD
    assert bench.broker.code("GET", "/account/config") == "0"


def test_fifty_keys(bench):
    """The fifty-first key is 59501."""
    bench.act("POST", "accounts/mmdesk01")
    for number in range(50):
        bench.broker.post(KEYS, subAcct="mmdesk01", label=f"key{number}", passphrase=GOOD)
    assert bench.broker.code("POST", KEYS, subAcct="mmdesk01", label="more", passphrase=GOOD) == "59501"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"label": "renamed"}, ("renamed", "read_only,trade", "127.0.0.1")),
        ({"perm": "read_only"}, ("bench", "read_only", "127.0.0.1")),
        ({"perm": "read,trade"}, ("bench", "read_only,trade", "127.0.0.1")),
        ({"ip": ""}, ("bench", "read_only,trade", "")),
        ({"ip": "203.0.113.7"}, ("bench", "read_only,trade", "203.0.113.7")),
        ({"label": "bench"}, ("bench", "read_only,trade", "127.0.0.1")),
        ({"perm": ""}, "51000"),
        ({"label": "other"}, "59502"),
        ({"ip": ",".join(f"203.0.113.{n}" for n in range(21))}, "59503"),
        ({"apiKey": "unknown"}, "59506"),
        ({"subAcct": "nobody1"}, "59510"),
    ],
)
def test_modify_key(bench, body, expected):
    """A field that is present replaces the whole value; one that is absent stays."""
    desk = bench.sub()
    bench.act("POST", "accounts/mmdesk01/keys/bench", ip="127.0.0.1")
    bench.act("POST", "accounts/mmdesk01/keys", label="other", api_key="other-key", secret_key="w", passphrase="w")
    answer = bench.broker.call(
        "POST", f"{DMA}/subaccount/modify-apikey", {"subAcct": "mmdesk01", "apiKey": desk.api_key, **body}
    )
    if isinstance(expected, str):
        assert answer["code"] == expected
        return
    (row,) = bench.broker.get(f"{KEYS}?subAcct=mmdesk01&apiKey={desk.api_key}")
    assert (row["label"], row["perm"], row["ip"]) == expected
    assert answer["data"] == [{"subAcct": "mmdesk01", **row}]


def test_delete_key(bench):
    """A deleted key stops signing, and deleting it again is 59506."""
    desk = bench.sub()
    delete = {"subAcct": "mmdesk01", "apiKey": desk.api_key}
    bench.broker.post(f"{DMA}/subaccount/delete-apikey", **delete)
    assert desk.code("GET", "/account/config") == "50119"
    assert bench.broker.code("POST", f"{DMA}/subaccount/delete-apikey", **delete) == "59506"
    assert bench.broker.code("GET", f"{KEYS}?subAcct=mmdesk01&apiKey=unknown") == "59506"


def test_keys_that_take_a_while(bench):
    """With the propagation flag a new key is unknown at first, and a deleted one signs a little longer."""
    bench.act("POST", "accounts/mmdesk01")
    bench.act("POST", "flags", key_delay_s=20)
    (made,) = bench.broker.post(KEYS, subAcct="mmdesk01", label="trading", passphrase=GOOD)
    from dataclasses import replace

    desk = replace(bench.broker, api_key=made["apiKey"], secret_key=made["secretKey"], passphrase=GOOD)
    assert [desk.code("GET", "/account/config") for _ in range(2)] == ["50119", "0"]
    bench.broker.post(f"{DMA}/subaccount/delete-apikey", subAcct="mmdesk01", apiKey=made["apiKey"])
    assert [desk.code("GET", "/account/config") for _ in range(2)] == ["0", "50119"]


# --- deposit addresses

ADDRESS = "/asset/broker/dma/subaccount-deposit-address"
MODIFY = "/asset/broker/dma/modify-subaccount-deposit-address"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"ccy": "USDT"}, "USDT-ERC20"),
        ({"ccy": "USDT", "chain": "USDT-TRC20"}, "USDT-TRC20"),
        ({"ccy": "BTC"}, "BTC-Bitcoin"),
        ({"ccy": "BTC", "addrType": "2"}, "BTC-Bitcoin"),
        ({"ccy": "XRP"}, "XRP-Ripple"),
        ({"ccy": "ETH", "addrType": "2"}, "51000"),
        ({"ccy": "USDT", "to": "7"}, "51000"),
        ({"ccy": "USDT", "chain": "USDT-Moon"}, "58010"),
        ({"ccy": "USDT", "chain": "USDT-Omni"}, "58303"),
        ({"ccy": "BTC", "chain": "BTC-Lightning"}, "58303"),
        ({"ccy": "NOPE"}, "51012"),
        ({}, "50014"),
        ({"ccy": "USDT", "subAcct": "nobody1"}, "59510"),
    ],
)
def test_create_address(bench, body, expected):
    """The main chain unless another is named; a tag where the currency needs one."""
    bench.sub()
    answer = bench.broker.call("POST", ADDRESS, {"subAcct": "mmdesk01", **body})
    if answer["code"] != "0":
        assert answer["code"] == expected
        return
    (row,) = answer["data"]
    assert (row["chain"], "tag" in row) == (expected, body["ccy"] == "XRP")
    (listed,) = bench.broker.get(f"{ADDRESS}?subAcct=mmdesk01&ccy={body['ccy']}")
    assert (listed["addr"], listed["chain"], listed["to"]) == (row["addr"], expected, "6")


def test_twenty_addresses(bench):
    """Each call makes another address, up to twenty of a currency."""
    bench.sub()
    made = [bench.broker.post(ADDRESS, subAcct="mmdesk01", ccy="USDT")[0]["addr"] for _ in range(20)]
    assert len(set(made)) == 20
    assert bench.broker.code("POST", ADDRESS, subAcct="mmdesk01", ccy="USDT", chain="USDT-TRC20") == "58300"
    assert bench.broker.code("POST", ADDRESS, subAcct="mmdesk01", ccy="BTC") == "0"


def test_what_deposits_credit_is_one_value(bench):
    """Changing it through one address, or creating an address with it, changes it for all of them."""
    desk = bench.sub()
    (usdt,) = bench.broker.post(ADDRESS, subAcct="mmdesk01", ccy="USDT")
    bench.broker.post(ADDRESS, subAcct="mmdesk01", ccy="BTC", to="18")

    def credited():
        rows = [row for ccy in ("USDT", "BTC") for row in desk.get(f"/asset/deposit-address?ccy={ccy}")]
        return {row["to"] for row in rows}

    assert credited() == {"18"}
    bench.broker.post(MODIFY, subAcct="mmdesk01", ccy="USDT", addr=usdt["addr"], to="6")
    assert credited() == {"6"}


def test_modify_address_refusals(bench):
    """An unknown address is 58301, one that is told apart by its tag needs the tag."""
    bench.sub()
    (xrp,) = bench.broker.post(ADDRESS, subAcct="mmdesk01", ccy="XRP")
    body = {"subAcct": "mmdesk01", "ccy": "XRP", "to": "18"}
    assert bench.broker.code("POST", MODIFY, **body, addr="nowhere") == "58301"
    assert bench.broker.code("POST", MODIFY, **body, addr=xrp["addr"]) == "58302"
    assert bench.broker.code("POST", MODIFY, **body, addr=f"{xrp['addr']}:0") == "58301"
    (row,) = bench.broker.post(MODIFY, **body, addr=f"{xrp['addr']}:{xrp['tag']}")
    assert (row["to"], row["memo"]) == ("18", "")
    assert bench.broker.code("POST", MODIFY, subAcct="mmdesk01", ccy="XRP", addr=xrp["addr"]) == "50014"


def test_currencies_and_chains(bench):
    """Each currency has one main chain; XRP and TON want a tag."""
    rows = bench.sub().get("/asset/currencies")
    mains = [row["ccy"] for row in rows if row["mainNet"]]
    assert sorted(mains) == sorted({row["ccy"] for row in rows})
    assert {row["ccy"] for row in rows if row["needTag"]} == {"XRP", "TON"}
    assert {"USDT-ERC20", "USDT-TRC20", "BTC-Bitcoin", "BTC-Lightning"} <= {row["chain"] for row in rows}
