"""ccxt's `okx` on a WebSocket at a given address: what it hears of one account. Knows nothing of acctcfg.

Stdin: {"base": URL, "key": [api key, secret, passphrase]}.
Stdout: one JSON object: positions and orders until each is over, and two balances.
"""

import asyncio
import json
import sys

import ccxt.pro

asked = json.load(sys.stdin)
api_key, secret, passphrase = asked["key"]


async def until(watch, is_over):
    """What is heard, up to the first that ends it."""
    heard = []
    while not heard or not is_over(heard[-1]):
        heard.append(await watch())
    return heard


async def listen():
    client = ccxt.pro.okx({"apiKey": api_key, "secret": secret, "password": passphrase, "enableRateLimit": False})
    client.urls["api"] = {"rest": asked["base"], "ws": asked["base"].replace("http", "ws") + "/ws/v5"}
    client.headers = {"x-simulated-trading": "1"}
    try:
        await client.load_markets()
        positions, orders, balance = await asyncio.gather(
            until(client.watch_positions, lambda rows: any(row["info"]["pos"] == "0" for row in rows)),
            until(client.watch_orders, lambda rows: any(row["status"] == "canceled" for row in rows)),
            until(client.watch_balance, lambda found: found["USDT"]["total"] == 50),
        )
    finally:
        await client.close()
    return {
        "positions": [row["info"]["pos"] for rows in positions for row in rows],
        "orders": [row["status"] for rows in orders for row in rows],
        "balance": [found["USDT"]["total"] for found in balance],
    }


print(json.dumps(asyncio.run(listen())))
