"""ccxt's `okx` against a server at a given address: calls in, answers out. Knows nothing of acctcfg.

Stdin: {"base": URL, "calls": [[name, key, method, positional arguments], ...]} with key = [api key, secret,
passphrase]; the name of an id in place of arguments asks for page after page.
Stdout: one JSON object, name -> the answer, or {"raised": class, "said": text}.
"""

import json
import sys

import ccxt

asked = json.load(sys.stdin)
clients = {}


def client(key):
    api_key, secret, passphrase = key
    if api_key not in clients:
        made = ccxt.okx({"apiKey": api_key, "secret": secret, "password": passphrase, "enableRateLimit": False})
        made.urls["api"] = {"rest": asked["base"]}
        made.headers = {"x-simulated-trading": "1"}
        clients[api_key] = made
        if len(clients) > 1:  # the markets are the same for all: one client asks for them
            first = next(iter(clients.values()))
            if first.markets:
                made.set_markets(first.markets, first.currencies)
    return clients[api_key]


def pages(call, id_field):
    """Every page, each `after` the last id of the one before."""
    found = [call({})]
    while len(found[-1]["data"]) == 100:
        found.append(call({"after": found[-1]["data"][-1][id_field]}))
    return found


seen = {}
for name, key, method, arguments in asked["calls"]:
    try:
        call = getattr(client(key), method)
        seen[name] = pages(call, arguments) if isinstance(arguments, str) else call(*arguments)
    except ccxt.BaseError as error:
        seen[name] = {"raised": type(error).__name__, "said": str(error)}
print(json.dumps(seen, default=str))
