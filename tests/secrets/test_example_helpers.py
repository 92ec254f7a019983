"""The helpers in examples/helpers, each against a fake of its service on loopback."""

from __future__ import annotations

import base64
import json
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from acctcfg.errors import StoreError
from acctcfg.secrets import Around, Credentials, Secret, Store, open_store

HELPERS = Path(__file__).parents[2] / "examples" / "helpers"
PATH = "desk/mm_desk.01/trading"
MADE = Credentials("test-key-id-1", Secret("QXZsecret/of+test=77"), Secret("QXZ-passphrase-88!"))

Reply = tuple[int, object]
Service = Callable[[str, str, str, dict], Reply]


def vault(kept: dict[str, dict]) -> Service:
    """KV version 2 at `secret/`; a mount that is not there has a reason, a secret that is not has none."""

    def reply(method: str, path: str, token: str, body: dict) -> Reply:
        if token != "good":
            return 403, {"errors": ["permission denied"]}
        if not path.startswith("/v1/secret/"):
            return 404, {"errors": ["no handler for route"]}
        kind, _, place = path.removeprefix("/v1/secret/").partition("/")
        if method == "DELETE" and kind == "metadata":
            kept.pop(place, None)
            return 204, None
        if method == "POST":
            if place in kept and body["options"]["cas"] == 0:
                return 400, {"errors": ["check-and-set parameter did not match the current version"]}
            kept[place] = body["data"]
            return 200, {"data": {"version": 1}}
        return (200, {"data": {"data": kept[place]}}) if place in kept else (404, {"errors": []})

    return reply


def google(kept: dict[str, str | None]) -> Service:
    """Secrets, each with no version or one."""

    def reply(method: str, path: str, token: str, body: dict) -> Reply:
        if token != "Bearer good":
            return 403, {"error": {"status": "PERMISSION_DENIED"}}
        start = "/v1/projects/test/secrets"
        assert path.startswith(start), path
        name, _, verb = path.removeprefix(start).lstrip("/").partition(":")
        name = name.removesuffix("/versions/latest")
        if "?secretId=" in path:
            name = path.partition("=")[2]
            assert name.replace("-", "").replace("_", "").isalnum()
            if name in kept:
                return 409, {"error": {"status": "ALREADY_EXISTS"}}
            kept[name] = None
            return 200, {}
        if kept.get(name) is None and (verb != "addVersion" or name not in kept):
            return 404, {"error": {"status": "NOT_FOUND"}}
        if method == "DELETE":
            del kept[name]
        if verb == "addVersion":
            kept[name] = body["payload"]["data"]
        return 200, {"payload": {"data": kept.get(name)}}

    return reply


@contextmanager
def served(service: Service) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
            token = self.headers.get("X-Vault-Token") or self.headers.get("Authorization") or ""
            status, said = service(self.command, self.path, token, body)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"" if said is None else json.dumps(said).encode())

        do_GET = do_POST = do_DELETE = answer

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def opened(helper: str, url: str, key: str = "good", place: str = "") -> Store:
    names = {"vault.py": ("VAULT_ADDR", "VAULT_TOKEN"), "google.py": ("SECRET_MANAGER_URL", "GOOGLE_ACCESS_TOKEN")}
    environ = dict(zip(names[helper], (url, key), strict=True)) | {"PATH": "/usr/bin"}
    where = {"vault.py": place or "secret", "google.py": "test"}[helper]
    command = (sys.executable, "-S", str(HELPERS / helper), where, "acctcfg")
    around = Around(environ=environ, base_dir=HELPERS)
    return open_store("vault", "exec", {"command": command, "pass_env": names[helper]}, around)


@pytest.mark.parametrize(("helper", "fake"), [("vault.py", vault), ("google.py", google)])
@pytest.mark.slow
def test_a_helper_keeps_what_it_is_told(helper: str, fake: Callable[[dict], Service]) -> None:
    """The canary leaves nothing; a secret goes in, comes back, is never overwritten, and is moved aside."""
    kept: dict = {}
    with served(fake(kept)) as url:
        store = opened(helper, url)
        store.prove_writable(f"{PATH}.probe")
        assert kept == {}
        store.put(PATH, MADE)
        with pytest.raises(StoreError, match="none is ever overwritten"):
            store.put(PATH, MADE)
        assert store.retire(PATH) == f"{PATH}.dead-1"
        assert store.get(PATH) is None
        found = store.get(f"{PATH}.dead-1")
        assert found is not None
        assert found.same_as(MADE)
        assert len(kept) == 1


@pytest.mark.parametrize(("helper", "fake"), [("vault.py", vault), ("google.py", google)])
def test_what_a_helper_cannot_read_is_not_missing(helper: str, fake: Callable[[dict], Service]) -> None:
    """A bad token and a service that is not there are errors in one sentence, without a secret."""
    with served(fake({})) as url:
        refused = opened(helper, url, "bad")
        for attempt in (lambda: refused.get(PATH), lambda: refused.put(PATH, MADE)):
            with pytest.raises(StoreError, match="403") as caught:
                attempt()
            assert "QXZ" not in caught.value.told
    with pytest.raises(StoreError, match="could not be asked"):
        opened(helper, url).get(PATH)


def test_a_mount_that_is_not_there_is_not_an_empty_one() -> None:
    """Vault answers 404 to both."""
    with served(vault({})) as url, pytest.raises(StoreError, match="no handler for route"):
        opened("vault.py", url, place="other").get(PATH)


def test_a_put_that_was_killed_half_way_is_finished() -> None:
    """A secret of Google's without a version is nobody's yet."""
    name = "acctcfg_desk_smm__desk_d01_strading"
    kept: dict = {name: None}
    with served(google(kept)) as url:
        opened("google.py", url).put(PATH, MADE)
    assert json.loads(base64.b64decode(kept[name]))["api_key"] == "test-key-id-1"
