"""A helper for an `exec` store, as a team would write one: a file a secret. Its moods are what can go wrong with it."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path


def main(folder: Path, mood: str) -> int:
    question = json.load(sys.stdin)
    changed = folder / "mood"  # after it was named in a command
    mood = changed.read_text() if changed.exists() else mood
    with (folder / "asked").open("a") as asked:
        shown = {name: value for name, value in question.items() if name != "secret"}
        asked.write(json.dumps([shown, sys.argv[3:], sorted(os.environ), str(Path.cwd())]) + "\n")
    file = folder / question.get("path", "alone").replace("/", "%")
    if mood.endswith(" at keys"):  # and not at a trial of the store
        kept = question["do"] == "put" and not re.search("-[0-9a-f]{12}$", question["path"])
        mood = mood.removesuffix(" at keys") if kept else "well"
    if mood.endswith(" to read keys"):
        trial = question["do"] != "get" or re.search("-[0-9a-f]{12}$", question["path"])
        mood = "well" if trial else mood.removesuffix(" to read keys")
    if mood == "echoes and crashes":
        sys.stderr.write(json.dumps(question) + repr(question) + (file.read_text() if file.exists() else ""))
        raise SystemExit(3)
    if mood == "dies":
        sys.stderr.write(file.read_text() if file.exists() else json.dumps(question))
        sys.stderr.flush()
        os.kill(os.getpid(), 9)
    if mood == "hangs":
        time.sleep(3600)
    if mood in ("prose", "endless"):
        print(
            "here you are: " + (file.read_text() if file.exists() else "") + "x" * (2 << 20 if mood == "endless" else 0)
        )
        return 0
    print(json.dumps(answer(question, file, mood)))
    return 0


def answer(question: dict, file: Path, mood: str) -> dict:
    if mood == "refuses":
        return {"ok": False, "error": "sealed\x1b[2J " + json.dumps(question)}
    if mood == "newer":
        return {"ok": True, "acctcfg": 2}
    if question["do"] == "get":
        return {"ok": True, "secret": json.loads(file.read_text()) if file.exists() else None}
    if question["do"] == "delete":
        if mood != "keeps what it deletes":
            file.unlink(missing_ok=True)
        return {"ok": True}
    if file.exists():
        return {"ok": False, "error": "exists"}
    if mood != "forgets":
        file.write_text(json.dumps(question["secret"]))
    return {"ok": True}


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
