"""A venue that repeats a secret in what it answers with success: no command prints it, and no file keeps it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
from desk import MASTER, Desk
from fault_parts import TRADING, keep, sub_account

OWN = "mmdesk01-trading-secret_key"  # of the sub-account's key


def repeated(value: object, field: str, text: str) -> object:
    """The document with this text in every field of that name."""
    if isinstance(value, dict):
        return {
            name: text if name == field and isinstance(one, str) else repeated(one, field, text)
            for name, one in value.items()
        }
    return [repeated(one, field, text) for one in value] if isinstance(value, list) else value


@contextmanager
def mirror(base_url: str, path: str, field: str, text: str) -> Iterator[str]:
    """A server that passes requests on, and puts the text into a field of the answers under a path."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            onward = HTTPConnection(urlsplit(base_url).netloc)
            headers = {name: said for name, said in self.headers.items() if name.lower() != "host"}
            onward.request(self.command, self.path, body=body, headers=headers)
            found = onward.getresponse()
            data = found.read()
            onward.close()
            if self.path.split("?")[0].endswith(path):
                data = json.dumps(repeated(json.loads(data), field, text)).encode()
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "field", "secret"),
    [
        ("subaccount-info", "label", MASTER["secret_key"]),
        ("subaccount-info", "uid", MASTER["passphrase"]),
        ("account/config", "ip", OWN),
        ("account/config", "posMode", OWN),
        ("subaccount-deposit-address", "addr", MASTER["passphrase"]),
        ("subaccount-deposit-address", "chain", MASTER["secret_key"]),
        ("subaccount-info", "label", OWN),  # in an answer to the broker's own key
        ("subaccount-deposit-address", "addr", OWN),
    ],
)
def test_a_repeated_secret_is_never_told(desk: Desk, path: str, field: str, secret: str) -> None:
    """Text, JSON, saved plan and journal have `***` in its place."""
    desk.sandbox.control_post("accounts/mmdesk01", sub_account("mmdesk01", acctLv="3", posMode="net_mode"))
    keep(desk, "mmdesk01")
    addresses = [{"currency": "USDT", "chain": "USDT-TRC20", "count": 1}]
    fields = {"api_keys": {"trading": TRADING}, "deposit": {"addresses": addresses}}
    assert desk.write({"mmdesk01": fields}).apply().code == 0
    fields |= {"label": "deskone1", "position_mode": "long_short"}
    text = f"by {secret}!"
    with mirror(desk.sandbox.base_url, path, field, text) as base_url:
        desk.write({"mmdesk01": fields}, venue={"base_url": base_url})
        for arguments in (
            ["plan", "--out", str(desk.folder / "plan.json")],
            ["plan", "--format", "json"],
            ["-v", "plan"],
            ["show"],
            ["show", "--format", "json"],
            ["output"],
            ["apply", str(desk.folder / "plan.json"), "--auto-approve"],
            ["apply", "--auto-approve"],
            ["history"],
            ["history", "export", "--format", "csv"],
            ["history", "export", "--format", "html"],
        ):
            said = desk.run(*arguments)
            assert secret not in said.out + said.err, arguments
            assert "internal error" not in said.err
    for file in desk.folder.rglob("*"):
        assert not file.is_file() or secret.encode() not in file.read_bytes(), file
