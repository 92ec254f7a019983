"""What a team has before acctcfg: python-okx, and a loop over the accounts that reads their modes and leverage.

Stdin: {"base": URL, "master": KEY, "accounts": {NAME: KEY}, "families": [...]}, KEY = [api key, secret, passphrase].
"""

import json
import sys
import warnings

from okx.Account import AccountAPI
from okx.SubAccount import SubAccountAPI

warnings.simplefilter("ignore")

asked = json.load(sys.stdin)
base, contracts = asked["base"], ",".join(f"{one}-SWAP" for one in asked["families"])


def data(answer):
    """The rows of an answer that is one."""
    if answer["code"] != "0":
        raise SystemExit(str(answer))
    return answer["data"]


master = AccountAPI(*asked["master"], False, "1", domain=base)
data(master.get_account_config())
listed = SubAccountAPI(*asked["master"], False, "1", domain=base)
page = listed._request_with_params("GET", "/api/v5/broker/dma/subaccount-info", {"page": "1", "limit": "100"})
data(page)
for key in asked["accounts"].values():
    account = AccountAPI(*key, False, "1", domain=base)
    data(account.get_account_config())
    data(account.get_instruments(instType="SWAP"))
    data(account.get_leverage(mgnMode="cross", instId=contracts))
