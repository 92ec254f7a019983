"""The shipped schema in an editor, without a network: yaml-language-server underlines a slip, at its line.

Skipped where the language server is not installed: `npm ci --prefix .venvs/editor` after copying this folder's
package.json and package-lock.json there.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SERVER = Path(os.environ.get("ACCTCFG_EDITOR", ROOT / ".venvs" / "editor"), "node_modules/.bin/yaml-language-server")
NOWHERE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")

pytestmark = pytest.mark.skipif(
    not SERVER.exists() or shutil.which("node") is None, reason="yaml-language-server is not installed"
)


class Editor:
    """A client of the language server, as far as opening files needs one."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.number = 0

    def send(self, method: str, params: Any, *, answered: bool = False) -> None:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method, "params": params}
        if answered:
            self.number += 1
            message["id"] = self.number
        self.write(message)

    def write(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        assert self.process.stdin is not None
        self.process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        length = 0
        while (line := self.process.stdout.readline()).strip():
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        assert length, "the language server ended"
        message: dict[str, Any] = json.loads(self.process.stdout.read(length))
        return message

    def diagnostics(self, file: Path) -> list[dict[str, Any]]:
        """What the editor would underline in a file."""
        document = {"uri": file.as_uri(), "languageId": "yaml", "version": 1, "text": file.read_text()}
        self.send("textDocument/didOpen", {"textDocument": document})
        while True:
            message = self.read()
            if message.get("method") == "workspace/configuration":
                self.write({"jsonrpc": "2.0", "id": message["id"], "result": [{} for _ in message["params"]["items"]]})
            elif "id" in message and "method" in message:
                self.write({"jsonrpc": "2.0", "id": message["id"], "result": None})
            elif message.get("params", {}).get("uri") == document["uri"]:  # textDocument/publishDiagnostics
                found: list[dict[str, Any]] = message["params"]["diagnostics"]
                return found


@pytest.fixture
def editor(tmp_path: Path) -> Iterator[Editor]:
    """A language server without a way to the internet: what it would fetch goes to a closed port."""
    environ = {**os.environ, **NOWHERE}
    with subprocess.Popen(
        [str(SERVER), "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environ
    ) as process:
        alarm = threading.Timer(60, process.kill)  # a server that says nothing fails the test
        alarm.start()
        client = Editor(process)
        client.send("initialize", {"processId": None, "rootUri": tmp_path.as_uri(), "capabilities": {}}, answered=True)
        while client.read().get("id") != 1:
            pass
        settings = {"yaml": {"validate": True, "schemaStore": {"enable": False}}, "http": {"proxyStrictSSL": False}}
        client.send("initialized", {})
        client.send("workspace/didChangeConfiguration", {"settings": settings})
        yield client
        alarm.cancel()
        process.kill()


SOUND = """\
# yaml-language-server: $schema=manifest.schema.json
version: 1
venues:
  desk: {type: okx_dma_broker, environment: demo, credentials: {env: OKX_DESK}}
guardrails:
  max_deletes: "0"
  rules: [{name: r, schema: {properties: {after: {maximum: 5}}}}]
accounts:
  mmdesk01:
    venue: desk
    account_mode: multi_currency
    label: MMdesk01
"""


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("right", "wrong", "line"),
    [
        ("account_mode: multi", "acount_mode: multi", 10),
        ("multi_currency", "multi_curency", 10),
        ('max_deletes: "0"', "max_deletes: many", 5),
        ("type: okx_dma_broker", "type: okx_dma_brokr", 3),
        ("schema: {", "schma: {", 6),
    ],
)
def test_a_slip_is_underlined(editor: Editor, tmp_path: Path, right: str, wrong: str, line: int) -> None:
    """A sound file has nothing underlined, and a slip its own line, with nothing to fetch from."""
    shutil.copy(ROOT / "schemas" / "manifest.schema.json", tmp_path)
    sound, slip = tmp_path / "acctcfg.yaml", tmp_path / "slip.yaml"
    sound.write_text(SOUND)
    slip.write_text(SOUND.replace(right, wrong))
    assert editor.diagnostics(sound) == []
    assert line in {one["range"]["start"]["line"] for one in editor.diagnostics(slip)}
