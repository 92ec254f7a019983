"""One account's requests in a script, each after the answer to the one before: what a plan of it costs at least.

With httpx, as one would write it; `bare.py standard` has nothing but the standard library. Stdin: as for okx_loop.py.
"""

import base64
import hashlib
import hmac
import json
import sys
from datetime import datetime, timezone


def httpx_wire(base):
    """GET by httpx: the answer's JSON."""
    import httpx

    client = httpx.Client(base_url=base)
    return lambda path, headers: client.get(path, headers=headers).json()


def standard_wire(base):
    """GET by the standard library, on one connection."""
    from http.client import HTTPConnection

    wire = HTTPConnection(base.removeprefix("http://"))

    def get(path, headers):
        wire.request("GET", path, headers=headers)
        return json.load(wire.getresponse())

    return get


asked = json.load(sys.stdin)
get = (standard_wire if "standard" in sys.argv else httpx_wire)(asked["base"])


def read(key, path):
    """The rows of a signed read."""
    at = datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")  # noqa: UP017 (any Python)
    signed = base64.b64encode(hmac.digest(key[1].encode(), f"{at}GET{path}".encode(), hashlib.sha256)).decode()
    names = ("KEY", "SIGN", "TIMESTAMP", "PASSPHRASE")
    headers = {f"OK-ACCESS-{name}": one for name, one in zip(names, (key[0], signed, at, key[2]), strict=True)}
    answer = get(path, {**headers, "x-simulated-trading": "1"})
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
