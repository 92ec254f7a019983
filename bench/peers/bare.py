"""One account's requests in a script, each after the answer to the one before: what a plan of it costs at least.

`bare.py aiohttp`, `bare.py httpx` or `bare.py standard`, which has nothing but the standard library. Stdin: as for
okx_loop.py.
"""

import base64
import hashlib
import hmac
import json
import sys
from datetime import datetime, timezone


def by_aiohttp(base):
    """GET, which gives the answer's JSON, and what closes the connection."""
    import asyncio

    import aiohttp

    async def opened():
        return aiohttp.ClientSession(base)

    async def answer(path, headers):
        async with session.get(path, headers=headers) as got:
            return await got.json()

    run = asyncio.new_event_loop().run_until_complete
    session = run(opened())
    return lambda path, headers: run(answer(path, headers)), lambda: run(session.close())


def by_httpx(base):
    """The same."""
    import httpx

    client = httpx.Client(base_url=base)
    return lambda path, headers: client.get(path, headers=headers).json(), client.close


def by_standard(base):
    """The same."""
    from http.client import HTTPConnection

    wire = HTTPConnection(base.removeprefix("http://"))

    def get(path, headers):
        wire.request("GET", path, headers=headers)
        return json.load(wire.getresponse())

    return get, wire.close


asked = json.load(sys.stdin)
get, close = {"aiohttp": by_aiohttp, "httpx": by_httpx, "standard": by_standard}[sys.argv[1]](asked["base"])


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
close()
