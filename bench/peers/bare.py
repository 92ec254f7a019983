"""One account's requests with nothing but the standard library: what a plan of it costs at least.

Stdin: as okx_loop.py takes it. One connection, each request after the answer to the one before.
"""

import base64
import hashlib
import hmac
import json
import sys
from datetime import datetime, timezone
from http.client import HTTPConnection

asked = json.load(sys.stdin)
wire = HTTPConnection(asked["base"].removeprefix("http://"))


def read(key, path):
    """The rows of a signed read."""
    at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")  # noqa: UP017 (any Python)
    signed = base64.b64encode(hmac.digest(key[1].encode(), f"{at}GET{path}".encode(), hashlib.sha256)).decode()
    names = ("KEY", "SIGN", "TIMESTAMP", "PASSPHRASE")
    headers = {f"OK-ACCESS-{name}": one for name, one in zip(names, (key[0], signed, at, key[2]), strict=True)}
    wire.request("GET", path, headers={**headers, "x-simulated-trading": "1"})
    answer = json.load(wire.getresponse())
    if answer["code"] != "0":
        raise SystemExit(str(answer))
    return answer["data"]


contracts = ",".join(f"{one}-SWAP" for one in asked["families"])
read(asked["master"], "/api/v5/account/config")
read(asked["master"], "/api/v5/broker/dma/subaccount-info?page=1&limit=100")
for key in asked["accounts"].values():
    read(key, "/api/v5/account/config")
    read(key, "/api/v5/account/instruments?instType=SWAP")
    read(key, f"/api/v5/account/leverage-info?mgnMode=cross&instId={contracts}")
