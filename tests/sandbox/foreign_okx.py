"""Run by test_sandbox_foreign.py with another interpreter: python-okx and ccxt against the sandbox at argv[1].

Prints one JSON object: what each call answered. Knows nothing of acctcfg.
"""

import json
import sys
import warnings

warnings.simplefilter("ignore")

import ccxt  # noqa: E402
import okx.Account  # noqa: E402
import okx.Trade  # noqa: E402

BASE = sys.argv[1]
DESK = ("desk-key", "desk-secret", "Desk-passphrase-1")
MASTER = ("master-key", "master-secret", "Master-passphrase-1")


def through_ccxt(key):
    exchange = ccxt.okx({"apiKey": key[0], "secret": key[1], "password": key[2], "enableRateLimit": False})
    exchange.urls["api"] = {"rest": BASE}
    exchange.headers = {"x-simulated-trading": "1"}
    return exchange


account = okx.Account.AccountAPI(*DESK, False, "1", domain=BASE)
trade = okx.Trade.TradeAPI(*DESK, False, "1", domain=BASE)
desk, master = through_ccxt(DESK), through_ccxt(MASTER)
swap = "BTC/USDT:USDT"
new = {"subAcct": "foreign1", "label": "x"}
key = {"subAcct": "foreign1", "label": "k", "passphrase": "Foreign-pass-1", "perm": "trade"}
seen = {
    "config": account.get_account_config()["data"][0]["acctLv"],
    "mode": account.set_position_mode("net_mode")["code"],
    "set by instrument": account.set_leverage(lever="4", mgnMode="cross", instId="SOL-USDT-SWAP")["code"],
    "set by currency": account.set_leverage(lever="2", mgnMode="cross", ccy="BTC")["code"],
    "read back": account.get_leverage(mgnMode="cross", instId="SOL-USDT-SWAP")["data"][0]["lever"],
    "greeks": account.set_greeks("BS")["code"],
    "orders": trade.get_order_list()["data"],
    "algos": trade.order_algos_list(ordType="conditional")["data"],
    "markets": swap in desk.load_markets(),
    "ccxt set": desk.set_leverage(6, swap, {"mgnMode": "cross"})["code"],
    "ccxt read": desk.fetch_leverage(swap, {"mgnMode": "cross"})["longLeverage"],
    "ccxt hedged": desk.fetch_position_mode()["hedged"],
    "ccxt create": master.private_post_broker_nd_create_subaccount(new)["code"],
    "ccxt key": master.private_post_broker_nd_subaccount_apikey(key)["data"][0]["perm"],
}
print(json.dumps(seen))
