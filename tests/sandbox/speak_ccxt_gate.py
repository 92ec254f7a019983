"""ccxt's `gate` signer against the sandbox at argv[1] with the key argv[2] and secret argv[3]; its paths are Gate's.

Prints one JSON object: what each call answered, or the exception's name. Knows nothing of acctcfg.
"""

import json
import sys
import time

import ccxt

base, key, secret = sys.argv[1:4]
exchange = ccxt.gate({"apiKey": key, "secret": secret, "enableRateLimit": False})
for side in ("public", "private"):
    exchange.urls["api"][side] = dict.fromkeys(exchange.urls["api"][side], base + "/api/v4")
exchange.urls["api"]["private"]["crossex"] = base + "/api/v4"


def ask(method, path, api="crossex", **params):
    try:
        return exchange.request(path, ["private", api], method, params)
    except ccxt.BaseError as exc:
        return type(exc).__name__


seen = {
    "mode": ask("GET", "accounts")["account_mode"],
    "switch": ask("PUT", "accounts", account_mode="ISOLATED_EXCHANGE"),
}
time.sleep(0.3)
seen |= {
    "isolated": ask("GET", "accounts"),
    "of one": ask("GET", "accounts", exchange_type="OKX")["exchange_type"],
    "set": ask("POST", "positions/leverage", symbol="OKX_FUTURE_ADA_USDT", leverage="6"),
}
time.sleep(0.3)
first = ask("POST", "sub_accounts", "subAccounts", login_name="foreign_1")
seen |= {
    "two": ask("GET", "positions/leverage", symbols="OKX_FUTURE_ADA_USDT,GATE_FUTURE_ADA_USDT"),
    "sub": ask("POST", "sub_accounts", "subAccounts", login_name="foreign_2")["login_name"],
    "empty body": ask("POST", "positions/leverage"),
    "lock": ask("POST", f"sub_accounts/{first['user_id']}/lock", "subAccounts"),
}
print(json.dumps(seen))
