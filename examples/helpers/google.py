#!/usr/bin/env python3
"""A helper for a store of type `exec`: Google Cloud's Secret Manager.

secret_stores:
  vault:
    type: exec
    command: [/usr/bin/python3, /etc/acctcfg/google.py, my-project, acctcfg]   # the project, and a prefix of its names
    pass_env: [GOOGLE_ACCESS_TOKEN]   # `gcloud auth print-access-token`; on a machine of theirs it is not needed

The account needs roles/secretmanager.admin on secrets with that prefix.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import urllib.error
import urllib.request

TIMEOUT_S = 10
SERVICE = os.environ.get("SECRET_MANAGER_URL", "https://secretmanager.googleapis.com")
METADATA = os.environ.get("GCE_METADATA_HOST", "metadata.google.internal")


def token() -> str:
    """From the environment, else that of the machine's own account."""
    if given := os.environ.get("GOOGLE_ACCESS_TOKEN"):
        return given
    url = f"http://{METADATA}/computeMetadata/v1/instance/service-accounts/default/token"
    request = urllib.request.Request(url, headers={"Metadata-Flavor": "Google"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        return json.load(answer)["access_token"]


def call(method: str, path: str, body: object = None) -> tuple[int, dict]:
    """Status and JSON of one request."""
    request = urllib.request.Request(
        f"{SERVICE}/v1/{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {token()}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}")


def refused(status: int, answer: dict) -> dict:
    """The service's own word. Its sentences name the secret, and hold no part of it."""
    word = (answer.get("error") or {}).get("status", "no reason")
    return {"ok": False, "error": f"Secret Manager answered {status}: {word}"}


def identifier(prefix: str, path: str) -> str:
    """A secret's id has letters, digits, - and _ only; no two paths share one."""
    return f"{prefix}_{path.replace('_', '__').replace('/', '_s').replace('.', '_d')}"


def get(parent: str, name: str) -> dict:
    status, answer = call("GET", f"{parent}/secrets/{name}/versions/latest:access")
    if status == 404:
        return {"ok": True, "secret": None} if _is(answer, "NOT_FOUND") else refused(status, answer)
    if status != 200:
        return refused(status, answer)
    return {"ok": True, "secret": json.loads(base64.b64decode(answer["payload"]["data"]))}


def put(parent: str, name: str, secret: object) -> dict:
    """A secret is made, then its only version. One that has none was left by a helper that was killed in between."""
    status, answer = call("POST", f"{parent}/secrets?secretId={name}", {"replication": {"automatic": {}}})
    if status == 409:
        there = get(parent, name)
        if not there["ok"] or there["secret"] is not None:
            return {"ok": False, "error": "exists"} if there["ok"] else there
    elif status != 200:
        return refused(status, answer)
    data = base64.b64encode(json.dumps(secret).encode()).decode()
    status, answer = call("POST", f"{parent}/secrets/{name}:addVersion", {"payload": {"data": data}})
    return {"ok": True} if status == 200 else refused(status, answer)


def delete(parent: str, name: str) -> dict:
    status, answer = call("DELETE", f"{parent}/secrets/{name}")
    gone = status == 200 or (status == 404 and _is(answer, "NOT_FOUND"))
    return {"ok": True} if gone else refused(status, answer)


def _is(answer: dict, word: str) -> bool:
    return (answer.get("error") or {}).get("status") == word


def main() -> None:
    project, prefix = sys.argv[1:3]
    question = json.load(sys.stdin)
    parent, name = f"projects/{project}", identifier(prefix, question["path"])
    try:
        if question["do"] == "get":
            answer = get(parent, name)
        elif question["do"] == "put":
            answer = put(parent, name, question["secret"])
        else:
            answer = delete(parent, name)
    except (OSError, ValueError, KeyError) as error:
        answer = {"ok": False, "error": f"Secret Manager could not be asked ({type(error).__name__})"}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
