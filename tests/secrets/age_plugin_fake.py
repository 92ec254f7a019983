"""An age plugin for tests: it "wraps" a file key by writing it down, and notes which environment it was started with.

Speaks as much of C2SP's age-plugin protocol as a round trip needs.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from pathlib import Path


def say(command: str, body: bytes = b"") -> None:
    text = base64.b64encode(body).decode().rstrip("=")
    print(f"-> {command}\n{text}", flush=True)


def heard() -> list[tuple[list[str], bytes]]:
    """Stanzas up to `done`; the last line of a body has less than 64 characters."""
    found = []
    while True:
        words = sys.stdin.readline().split()[1:]
        text = line = sys.stdin.readline().strip()
        while len(line) == 64:
            text += (line := sys.stdin.readline().strip())
        if words[0] == "done":
            return found
        found.append((words, base64.b64decode(text + "=" * (-len(text) % 4))))


def answered(command: str, body: bytes = b"") -> None:
    say(command, body)
    sys.stdin.readline()
    sys.stdin.readline()


Path(os.environ["HOME"], "plugin-saw").write_text(json.dumps(sorted(os.environ)))
stanzas = heard()
if os.environ["LANG"] == "broken":
    answered("error recipient 0", b"the key is not plugged in, QXZ-9f3a7c21")
else:
    answered("msg", b"touch your key")
    for words, body in stanzas:
        if words[0] == "wrap-file-key":
            answered("recipient-stanza 0 fake", body)
        elif words[0] == "recipient-stanza" and words[2] == "fake":
            answered(f"file-key {words[1]}", body)
say("done")
