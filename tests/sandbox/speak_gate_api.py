"""gate-api, of either wire format, against the sandbox at argv[1]. Knows nothing of acctcfg.

argv[2] says which base its paths want: "seed" up to 7.2.26, "current" from 7.2.32; argv[3:5] are the key and secret
of a user who is flat, argv[5:7] those of one who has things open.
Prints one JSON object: what each call answered, or the label that it was refused with.
"""

import json
import re
import sys
import time

import gate_api
from gate_api.exceptions import GateApiException

base, profile = sys.argv[1:3]
FLAT, BUSY = sys.argv[3:5], sys.argv[5:7]
tail = "/api/v4/crossex" if profile == "seed" else "/api/v4"
wanted = ["OKX_FUTURE_ADA_USDT", "GATE_FUTURE_ADA_USDT"]


def client(host, key_and_secret=FLAT):
    key, secret = key_and_secret
    return gate_api.ApiClient(gate_api.Configuration(host=host, key=key, secret=secret))


def told(value):
    if isinstance(value, list):
        return [told(item) for item in value]
    return value.to_dict() if hasattr(value, "to_dict") else value


def attempt(call, *arguments, **named):
    try:
        return told(call(*arguments, **named))
    except GateApiException as exc:
        return {"label": exc.label, "status": exc.status}


def until(read, holds):
    """A 202 shows later."""
    for _ in range(100):
        value = attempt(read)
        if holds(value):
            return value
        time.sleep(0.02)
    return value


def send(call, **fields):
    """A write. Models and arguments are called otherwise in each version; the method's docstring has both names."""
    model, argument = re.search(r":param (\w+Object\w*|Crossex\w+) (\w+)", call.__doc__).groups()
    return attempt(call, **{argument: getattr(gate_api, model)(**fields)})


crossex = gate_api.CrossExApi(client(base + tail))
busy = gate_api.CrossExApi(client(base + tail, BUSY))
seen = {
    "account": attempt(crossex.get_crossex_account),
    "busy account": attempt(busy.get_crossex_account),
    "busy mode": send(busy.update_crossex_account, position_mode="DUAL"),
    "busy account mode": send(busy.update_crossex_account, account_mode="ISOLATED_EXCHANGE"),
    "mode": send(crossex.update_crossex_account, position_mode="DUAL"),
    "mode later": until(crossex.get_crossex_account, lambda row: row.get("position_mode") == "DUAL")["position_mode"],
    "mode again": send(crossex.update_crossex_account, position_mode="DUAL"),
    "leverage": send(crossex.update_crossex_positions_leverage, symbol="OKX_FUTURE_ADA_USDT", leverage="7"),
    "margin leverage": send(
        crossex.update_crossex_margin_positions_leverage, symbol="OKX_MARGIN_ADA_USDT", leverage="4"
    ),
    "too high": send(crossex.update_crossex_positions_leverage, symbol="OKX_FUTURE_ADA_USDT", leverage="70"),
    "leverage later": until(
        lambda: crossex.get_crossex_positions_leverage(symbols=",".join(wanted)), lambda rows: "7" in json.dumps(rows)
    ),
    "margin leverage later": until(
        lambda: crossex.get_crossex_margin_positions_leverage(symbols="OKX_MARGIN_ADA_USDT"),
        lambda rows: "4" in json.dumps(rows),
    ),
    "positions": attempt(busy.list_crossex_positions),
    "margin positions": attempt(busy.list_crossex_margin_positions),
    "orders": attempt(busy.list_crossex_open_orders),
    "symbols": attempt(crossex.list_crossex_rule_symbols, symbols=",".join(wanted)),
    "limits": attempt(crossex.list_crossex_rule_risk_limits, ",".join(wanted)),
    "coins": attempt(crossex.list_crossex_transfer_coins),
    "fee": attempt(crossex.get_crossex_fee),
    "interest": attempt(crossex.get_crossex_interest_rate),
    "discounts": attempt(crossex.list_crossex_coin_discount_rate),
    "rank": attempt(
        getattr(crossex, "get_crossex_adl_rank", None) or crossex.list_crossex_adl_rank, "OKX_FUTURE_ADA_USDT"
    ),
    "transfers": attempt(crossex.list_crossex_transfers),
    "book": attempt(crossex.list_crossex_account_book),
}
subs = gate_api.SubAccountApi(client(base + "/api/v4"))
made = attempt(subs.create_sub_accounts, gate_api.SubAccount(login_name="foreign_1", remark="r"))
uid = made["user_id"]
right = gate_api.SubAccountKeyPerms(name="futures", read_only=True)
new = gate_api.SubAccountKey(name="k", perms=[right], ip_whitelist=["203.0.113.7"])
key_made = attempt(subs.create_sub_account_keys, uid, new)
listed = attempt(subs.list_sub_account_keys, uid)
bare = gate_api.SubAccountKey(name="k", perms=[right])
seen |= {
    "sub": made["login_name"],
    "sub key": [key_made["name"], key_made["ip_whitelist"]],
    "sub key replaced": attempt(subs.update_sub_account_keys, uid, listed[0]["key"], bare),
    "sub key bare": attempt(subs.get_sub_account_key, uid, listed[0]["key"])["ip_whitelist"],
    "lock": attempt(subs.lock_sub_account, uid),
    "locked": attempt(subs.get_sub_account, uid)["state"],
    "key of a locked one": attempt(subs.delete_sub_account_keys, uid, listed[0]["key"]),
    "unlock": attempt(subs.unlock_sub_account, uid),
    "key gone": attempt(subs.delete_sub_account_keys, uid, listed[0]["key"]),
    "subs": [row["login_name"] for row in attempt(subs.list_sub_accounts)],
    "time": attempt(gate_api.SpotApi(client(base + "/api/v4")).get_system_time)["server_time"],
    "detail": attempt(gate_api.AccountApi(client(base + "/api/v4")).get_account_detail)["user_id"],
}
print(json.dumps(seen))
