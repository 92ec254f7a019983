"""ccxt's `okx` on a WebSocket at a given address: what it hears of one account. Knows nothing of acctcfg.

Stdin: {"base": URL, "key": [api key, secret, passphrase]}.
Stdout: a line of JSON for each thing that it hears, [name, value]: positions and orders until each is over, balances.
"""

import asyncio
import json
import sys

import ccxt.pro

asked = json.load(sys.stdin)
api_key, secret, passphrase = asked["key"]


async def tell(name, watch, told, last):
    """What is told of each thing that is heard, up to the last."""
    heard = []
    while last not in heard:
        heard = told(await watch())
        for value in heard:
            print(json.dumps([name, value]), flush=True)


async def listen():
    client = ccxt.pro.okx({"apiKey": api_key, "secret": secret, "password": passphrase, "enableRateLimit": False})
    client.urls["api"] = {"rest": asked["base"], "ws": asked["base"].replace("http", "ws") + "/ws/v5"}
    client.headers = {"x-simulated-trading": "1"}
    try:
        await client.load_markets()
        await asyncio.gather(
            tell("positions", client.watch_positions, lambda rows: [row["info"]["pos"] for row in rows], "0"),
            tell("orders", client.watch_orders, lambda rows: [row["status"] for row in rows], "canceled"),
            tell("balance", client.watch_balance, lambda found: [found["USDT"]["total"]], 50),
        )
    finally:
        await client.close()


asyncio.run(listen())
