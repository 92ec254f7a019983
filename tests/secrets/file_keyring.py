"""A keyring's backend for tests: one JSON file. Its mood, which comes in a variable, is what can go wrong with it."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class FileKeyring(KeyringBackend):
    priority = 20

    @property
    def _file(self) -> Path:
        return Path(os.environ["XDG_DATA_HOME"]) / "ring.json"

    def _all(self) -> dict[str, str]:
        print("a backend that talks")
        if os.environ.get("XDG_CURRENT_DESKTOP") == "locked":
            raise KeyringLocked("QXZ is locked")
        return json.loads(self._file.read_text()) if self._file.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._all().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        if os.environ.get("XDG_CURRENT_DESKTOP") == "raises":
            raise ValueError(f"cannot keep {password}")
        (self._file.parent / "seen").write_text(json.dumps(sorted(os.environ)))
        self._file.write_text(json.dumps({**self._all(), f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        rest = self._all()
        del rest[f"{service} {username}"]
        self._file.write_text(json.dumps(rest))
