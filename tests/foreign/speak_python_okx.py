"""python-okx against a server at a given address: calls in, answers out. Knows nothing of acctcfg.

Stdin: {"base": URL, "calls": [[name, key, module, class, method, keyword arguments], ...]} with
key = [api key, secret, passphrase, flag]. A method of "!" posts its arguments to the control API under `module`;
the name of an id in place of arguments asks for page after page.
Stdout: one JSON object, name -> the client's own answer.
"""

import json
import sys
import urllib.request
import warnings
from importlib import import_module

warnings.simplefilter("ignore")  # this client's own: a deprecated way to hand httpx a body

asked = json.load(sys.stdin)
base = asked["base"]
seen = {}
for name, key, module, kind, method, arguments in asked["calls"]:
    if method == "!":
        control = urllib.request.Request(  # noqa: S310 (loopback, as the test says)
            f"{base}/_sandbox/{module}", json.dumps(arguments).encode(), {"Content-Type": "application/json"}
        )
        seen[name] = json.load(urllib.request.urlopen(control))  # noqa: S310
        continue
    api_key, secret, passphrase, flag = key
    client = getattr(import_module(f"okx.{module}"), kind)(api_key, secret, passphrase, False, flag, domain=base)
    call = getattr(client, method)
    if isinstance(arguments, str):
        found = seen[name] = [call()]
        while len(found[-1]["data"]) == 100:
            found.append(call(after=found[-1]["data"][-1][arguments]))
    else:
        seen[name] = call(**arguments)
print(json.dumps(seen))
