"""A plain user and its sub-accounts: what the master's key may do, and what it needs for it."""

from __future__ import annotations

import pytest

U = "/users/subaccount"
KEY = {"label": "m", "api_key": "sandbox-api-key", "secret_key": "sandbox-secret-key", "env": "demo"}
NEW_KEY = {"subAcct": "trader01", "label": "desk 1.0", "passphrase": "Abcdef1!", "perm": "trade", "ip": "203.0.113.7"}


@pytest.fixture
def user(bench_from):
    """A plain user whose key is bound to the address that its calls come from."""
    key = {**KEY, "passphrase": "Sandbox-passphrase-1", "ip": "127.0.0.1", "perm": "trade"}
    return bench_from({"tenants": {"user": {"broker": False, "keys": [key]}}})


def create(user, name="trader01", **fields):
    return user.broker.post(f"{U}/create-subaccount", **{"subAcct": name, "type": "1", "label": f"{name}*", **fields})


def test_from_nothing_to_a_key_that_works(user):
    """Create, list, make a key, and sign with it; each shows where the documents say."""
    (made,) = create(user)
    assert (made["subAcct"], made["label"]) == ("trader01", "trader01*")
    (row,) = user.broker.get(f"{U}/list")
    assert (row["uid"], row["type"], row["enable"], row["canTransOut"]) == (made["uid"], "1", True, False)
    assert (row["subAcctLv"], row["firstLvSubAcct"], row["ifDma"], row["ts"]) == ("1", "trader01", False, made["ts"])
    (key,) = user.broker.post(f"{U}/apikey", **NEW_KEY)
    assert (key["perm"], key["ip"], key["passphrase"]) == ("read_only,trade", "203.0.113.7", "Abcdef1!")
    (shown,) = user.broker.get(f"{U}/apikey?subAcct=trader01")
    assert shown == {name: key[name] for name in ("label", "apiKey", "perm", "ip", "ts")}
    user.act("POST", "client_ip", ip="203.0.113.7")
    desk = user.sub("helper01", tenant="user")
    desk.api_key, desk.secret_key, desk.passphrase = key["apiKey"], key["secretKey"], "Abcdef1!"
    (config,) = desk.get("/account/config")
    assert (config["uid"], config["mainUid"] != config["uid"], config["acctLv"]) == (made["uid"], True, "1")


def test_keys_are_changed_and_deleted(user):
    """A field that is there replaces the whole value; a repeated delete says that the key is gone."""
    create(user)
    (key,) = user.broker.post(f"{U}/apikey", **NEW_KEY)
    named = {"subAcct": "trader01", "apiKey": key["apiKey"]}
    (changed,) = user.broker.post(f"{U}/modify-apikey", **named, perm="read_only", ip="")
    assert (changed["label"], changed["perm"], changed["ip"]) == ("desk 1.0", "read_only", "")
    assert user.broker.code("POST", f"{U}/apikey", **NEW_KEY) == "59502"
    assert user.broker.post(f"{U}/delete-apikey", **named) == [{"subAcct": "trader01"}]
    assert user.broker.code("POST", f"{U}/delete-apikey", **named) == "59506"
    assert user.broker.code("POST", f"{U}/apikey", **{**NEW_KEY, "perm": "withdraw"}) == "51000"
    user.act("POST", "flags", perm_spelling="read")
    (key,) = user.broker.post(f"{U}/apikey", **NEW_KEY)
    (changed,) = user.broker.post(f"{U}/modify-apikey", subAcct="trader01", apiKey=key["apiKey"], perm="trade")
    assert changed["perm"] == "read,trade"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"subAcct": "short"}, "51000"),
        ({"subAcct": "123456"}, "51000"),
        ({"type": ""}, "50014"),
        ({"type": "2"}, "51000"),
        ({"type": "5"}, "59515"),
        ({"label": ""}, "50014"),
        ({"label": "short"}, "51000"),
        ({"label": "with a blank"}, "51000"),
        ({"subAcct": "taken001"}, "59601"),
    ],
)
def test_sub_accounts_that_are_not_made(user, body, code):
    """Each refusal leaves the list as it was."""
    create(user, "taken001")
    full = {"subAcct": "trader01", "type": "1", "label": "trader01", **body}
    assert user.broker.code("POST", f"{U}/create-subaccount", **full) == code
    assert [row["subAcct"] for row in user.broker.get(f"{U}/list")] == ["taken001"]


WRITES = ("create-subaccount", "apikey", "modify-apikey", "delete-apikey")


@pytest.mark.parametrize("path", WRITES)
def test_a_key_without_addresses_manages_nothing(user, path):
    """50035 with HTTP 403, before anything is looked at; reading and transfer-out need none."""
    create(user)
    user.act("POST", "accounts/@master/keys/m", ip="")
    reply = user.broker.raw("POST", f"{U}/{path}", {})
    assert (reply.status, b'"50035"' in reply.body) == (403, True)
    assert len(user.broker.get(f"{U}/list")) == 1
    assert user.broker.code("POST", f"{U}/set-transfer-out", subAcct="trader01", canTransOut=True) == "0"


def test_a_sub_accounts_key_manages_nothing(user):
    """59500, whatever it asks for."""
    desk = user.sub("trader01", tenant="user")
    assert desk.code("GET", f"{U}/list") == "59500"
    assert desk.code("POST", f"{U}/set-transfer-out", subAcct="trader01") == "59500"
    assert user.broker.code("GET", "/broker/dma/subaccount-info") == "59608"


def test_a_brokers_sub_accounts_have_calls_of_their_own(bench):
    """A broker lists them, and is sent to its own endpoints for the rest."""
    bench.sub()
    bench.act("POST", "accounts/@master/keys/master", ip="127.0.0.1")
    assert bench.broker.get(f"{U}/list")[0]["ifDma"] is True
    assert bench.broker.code("POST", f"{U}/apikey", **{**NEW_KEY, "subAcct": "mmdesk01"}) == "59619"
    assert bench.broker.code("POST", f"{U}/set-transfer-out", subAcct="mmdesk01", canTransOut=False) == "59512"
    body = {"subAcct": "mmdesk09", "type": "1", "label": "mmdesk09"}
    assert bench.broker.code("POST", f"{U}/create-subaccount", **body) == "59619"


def test_the_list_is_paged_by_time(user):
    """Newest first, `after` older, a page at a time; by name and by enable."""
    for number in range(5):
        create(user, f"trader0{number}")
    first = user.broker.get(f"{U}/list?limit=2")
    assert [row["subAcct"] for row in first] == ["trader04", "trader03"]
    rest = user.broker.get(f"{U}/list?after={first[-1]['ts']}")
    assert [row["subAcct"] for row in rest] == ["trader02", "trader01", "trader00"]
    user.act("POST", "accounts/trader02/set", enable=False)
    assert [row["subAcct"] for row in user.broker.get(f"{U}/list?enable=false")] == ["trader02"]
    assert user.broker.get(f"{U}/list?subAcct=nobody01") == []
    user.act("POST", "flags", unknown_subaccount="59510")
    assert user.broker.code("GET", f"{U}/list?subAcct=nobody01") == "59510"


def test_transfer_out(user):
    """Several at once, one value; without a value it is true."""
    for name in ("trader01", "trader02"):
        create(user, name)
    rows = user.broker.post(f"{U}/set-transfer-out", subAcct="trader01,trader02")
    assert rows == [{"subAcct": name, "canTransOut": True} for name in ("trader01", "trader02")]
    user.broker.post(f"{U}/set-transfer-out", subAcct="trader01", canTransOut=False)
    assert [row["canTransOut"] for row in user.broker.get(f"{U}/list")] == [True, False]
    assert user.broker.code("POST", f"{U}/set-transfer-out", subAcct="nobody01") == "59510"


def test_balances_of_a_sub_account(user):
    """The master sees what a sub-account holds, in both wallets, and no other account."""
    user.sub("trader01", tenant="user", trading={"USDT": "7"}, funding={"BTC": "1"})
    (row,) = user.broker.get("/account/subaccount/balances?subAcct=trader01")
    assert [(detail["ccy"], detail["cashBal"]) for detail in row["details"]] == [("USDT", "7")]
    assert user.broker.get("/asset/subaccount/balances?subAcct=trader01")[0]["ccy"] == "BTC"
    assert user.broker.get("/account/subaccount/max-withdrawal?subAcct=trader01&ccy=USDT")[0]["maxWd"] == "7"
    assert user.broker.code("GET", "/account/subaccount/balances?subAcct=nobody01") == "59510"
    assert user.broker.get("/asset/subaccount/bills") == []
    assert user.broker.get("/users/entrust-subaccount-list") == []


@pytest.mark.parametrize(("rate", "code"), [(2, "50011"), (20, "0")])
def test_how_often_the_list_may_be_read(user, rate, code):
    """Two in two seconds by default, as one year's documents say; twenty by the other's."""
    user.act("POST", "flags", subaccount_list_rate=rate)
    user.broker.pause = 0.1
    assert [user.broker.code("GET", f"{U}/list") for _ in range(3)][-1] == code


def test_the_other_readings(user):
    """A label that may be left out, a list that shows a blank after it, and users who create on the web only."""
    user.act("POST", "flags", sub_label_required=False, sub_label_blank=True, create_subaccount_answer="short")
    (made,) = create(user, label="")
    assert set(made) == {"subAcct", "label"}
    create(user, "trader02", label="trader02")
    assert [row["label"] for row in user.broker.get(f"{U}/list")] == ["trader02 ", " "]
    user.act("POST", "flags", subaccount_creation="web")
    body = {"subAcct": "trader03", "type": "1", "label": "trader03"}
    assert user.broker.code("POST", f"{U}/create-subaccount", **body) == "59518"
