#!/usr/bin/env python3
"""A helper for a store of type `exec`: HashiCorp Vault or OpenBao, secrets engine KV version 2.

secret_stores:
  vault:
    type: exec
    command: [/usr/bin/python3, /etc/acctcfg/vault.py, secret, acctcfg]   # the mount, and a folder in it
    pass_env: [VAULT_ADDR, VAULT_TOKEN]

The token needs create, read and update on MOUNT/data/FOLDER/*, and delete on MOUNT/metadata/FOLDER/*.
"""

from __future__ import annotations

import json
import os
import sys
import urllib.error
import urllib.request

TIMEOUT_S = 20


def call(method: str, path: str, body: object = None) -> tuple[int, dict]:
    """Status and JSON of one request."""
    request = urllib.request.Request(
        f"{os.environ['VAULT_ADDR'].rstrip('/')}/v1/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"X-Vault-Token": os.environ["VAULT_TOKEN"], "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def refused(status: int, answer: dict) -> dict:
    """Vault's own words. They do not quote what was sent."""
    return {"ok": False, "error": f"Vault answered {status}: {'; '.join(answer.get('errors') or ['without a reason'])}"}


def get(place: str, mount: str) -> dict:
    """Missing is what Vault knows to be missing: a 404 for a mount that is not there gives a reason."""
    status, answer = call("GET", f"{mount}/data/{place}")
    if status == 404 and not answer.get("errors"):
        return {"ok": True, "secret": None}
    return {"ok": True, "secret": answer["data"]["data"]} if status == 200 else refused(status, answer)


def put(place: str, mount: str, secret: object) -> dict:
    """`cas: 0` is Vault's own way not to overwrite."""
    status, answer = call("POST", f"{mount}/data/{place}", {"options": {"cas": 0}, "data": secret})
    if status == 400 and "check-and-set" in " ".join(answer.get("errors") or ()):
        return {"ok": False, "error": "exists"}
    return {"ok": True} if status in (200, 204) else refused(status, answer)


def delete(place: str, mount: str) -> dict:
    """All versions: a name that still has one could not be put again."""
    status, answer = call("DELETE", f"{mount}/metadata/{place}")
    return {"ok": True} if status in (200, 204, 404) and not answer.get("errors") else refused(status, answer)


def main() -> None:
    mount, folder = sys.argv[1:3]
    question = json.load(sys.stdin)
    place = f"{folder}/{question['path']}"
    try:
        if question["do"] == "get":
            answer = get(place, mount)
        elif question["do"] == "put":
            answer = put(place, mount, question["secret"])
        else:
            answer = delete(place, mount)
    except (OSError, ValueError, KeyError) as error:
        answer = {"ok": False, "error": f"Vault could not be asked ({type(error).__name__})"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
