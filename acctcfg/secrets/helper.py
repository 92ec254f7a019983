"""Other people's programs: how one is started, asked one question in JSON, and ended.

It gets PATH, HOME, LANG and what it was promised by name, nothing else of our environment; no shell; the folder `/`.
Its question stands on its standard input, never among its arguments, which every user of the machine can read.
"""

from __future__ import annotations

import base64
import json
import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO
from urllib.parse import quote

from acctcfg.errors import StoreError

__all__ = ["ANSWERS_WITHIN_S", "Helper", "blotted", "trusted"]

ANSWERS_WITHIN_S = 30.0
LARGEST = 1 << 20
"""Bytes of an answer; a secret has some hundreds."""
EXPLAINS = 2000
"""Bytes of its standard error that are shown, from the end: programs say the reason last."""
ALWAYS = ("PATH", "HOME", "LANG")
HIDDEN = "***"
SHORTEST = 4  # below that, what is blotted out would be words of the sentence
LIKE_A_KEY = re.compile(r"(?=\S*[A-Za-z])(?=\S*[0-9!@%^*+=])\S{8,}|\S{20,}")
"""A word of letters with digits or with what passphrases have besides, or a long one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Helper:
    """A program that answers one JSON object to one JSON object. `who` it is in messages: "the store vault"."""

    who: str
    command: tuple[str, ...]
    environ: Mapping[str, str]
    pass_env: tuple[str, ...] = ()
    within_s: float = ANSWERS_WITHIN_S
    noun: str = "helper"
    hint: str = ""

    def ask(self, question: Mapping[str, object], hidden: Sequence[str] = ()) -> dict[str, object]:
        """Its answer. StoreError for every other end, without any of `hidden` and without what looks like a key."""
        ended = self._run(json.dumps(question).encode() + b"\n")
        if isinstance(ended, str):
            raise StoreError(f"{self.who}: {ended}", hint=self.hint)
        answer = _object(ended.out)
        complaint = self._complaint(ended, [*hidden, *_texts(answer)], known=str(question.get("path", "")))
        if ended.status != 0 and (answer is None or answer.get("ok") is not False):
            raise StoreError(
                f"{self.who}: its {self.noun} ended with {_status(ended.status)}{complaint}", hint=self.hint
            )
        if answer is None:
            wrong = "longer than 1 MiB" if len(ended.out) > LARGEST else "not one JSON object"
            raise StoreError(f"{self.who}: the answer of its {self.noun} is {wrong}{complaint}", hint=self.hint)
        return answer

    def _complaint(self, ended: _Ended, hidden: Sequence[str], *, known: str) -> str:
        text = ended.complaint[-EXPLAINS:].decode("utf-8", "replace").strip()
        return f": it said {json.dumps(blotted(text, hidden, known=known), ensure_ascii=False)}" if text else ""

    def _environment(self) -> dict[str, str]:
        return {name: self.environ[name] for name in (*ALWAYS, *self.pass_env) if name in self.environ}

    def _run(self, question: bytes) -> _Ended | str:
        program = _found(self.command[0], self.environ.get("PATH", ""))
        if program is None:
            return f"there is no program {self.command[0]} (an absolute path, or a name on PATH, would be right)"
        try:
            process = subprocess.Popen(
                [program, *self.command[1:]],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=self._environment(),
                cwd="/",
                start_new_session=True,  # so that whatever it starts is ended with it
            )
        except OSError as exc:
            return f"{self.command[0]} cannot be started: {exc.strerror}"
        ended = _conversation(process, question, self.within_s)
        return ended or f"its {self.noun} gave no answer within {self.within_s:g} s, and was ended"


def trusted(who: str, command: object, pass_env: object, environ: Mapping[str, str]) -> Helper:
    """The helper of a command that the manifest names and the user trusts."""
    line = tuple(map(str, command)) if isinstance(command, Sequence) else ()
    passed = tuple(map(str, pass_env)) if isinstance(pass_env, Sequence) else ()
    hint = f"see what {line[0]} needs: it gets {', '.join(ALWAYS)} and what `pass_env` names, nothing else"
    return Helper(who=who, command=line, environ=environ, pass_env=passed, hint=hint)


def blotted(text: str, hidden: Sequence[str], *, known: str = "") -> str:
    """The text with `***` for each of `hidden`, however it is written, and for each word that looks like a key.

    The second is for secrets that nobody has told us: a program that could not answer may still have named one.
    """
    for one in sorted({*hidden}, key=len, reverse=True):
        if len(one) >= SHORTEST:
            for written in _writings(one):
                text = text.replace(written, HIDDEN)
    return LIKE_A_KEY.sub(lambda word: word[0] if known and word[0].strip(".,:;()'\"") == known else HIDDEN, text)


def _writings(one: str) -> set[str]:
    raw = one.encode()
    coded = {base64.b64encode(raw).decode().rstrip("="), base64.urlsafe_b64encode(raw).decode().rstrip("=")}
    return {one, json.dumps(one)[1:-1], quote(one, safe=""), repr(one)[1:-1], raw.hex(), raw.hex().upper(), *coded}


@dataclass(frozen=True, slots=True)
class _Ended:
    """How a program ended. Its repr shows nothing of it."""

    status: int
    out: bytes
    complaint: bytes

    def __repr__(self) -> str:
        return f"_Ended({self.status})"


def _conversation(process: subprocess.Popen[bytes], question: bytes, within_s: float) -> _Ended | None:
    assert process.stdin and process.stdout  # noqa: S101, PT018 (all are pipes)
    assert process.stderr  # noqa: S101
    out, complaint = _Kept(process.stdout, first=True), _Kept(process.stderr, first=False)
    asks = threading.Thread(target=_tell, args=(process.stdin, question), daemon=True)
    asks.start()
    try:
        status = process.wait(within_s)
        for one in (out, complaint):  # something that it left running may hold them open
            one.thread.join(1.0)
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        for thread in (asks, out.thread, complaint.thread):
            thread.join(5.0)
    return _Ended(status, bytes(out.data), bytes(complaint.data))


class _Kept:
    """What a pipe says, read to its end so that nobody waits for us: the first, or the last, of it is kept."""

    def __init__(self, pipe: IO[bytes], *, first: bool) -> None:
        self.data = bytearray()
        self._pipe = pipe
        self._first = first
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        with self._pipe, suppress(OSError, ValueError):
            while piece := os.read(self._pipe.fileno(), 65536):
                if self._first:
                    self.data += piece[: LARGEST + 1 - len(self.data)]
                else:
                    self.data = (self.data + piece)[-EXPLAINS * 2 :]


def _tell(pipe: IO[bytes], question: bytes) -> None:
    with suppress(OSError, ValueError), pipe:  # it may answer without having read the question
        pipe.write(question)


def _found(program: str, path: str) -> str | None:
    """Where it lies: never relative to a folder that somebody else wrote."""
    if os.path.isabs(program):  # noqa: PTH117
        return program
    folders = [folder for folder in path.split(os.pathsep) if os.path.isabs(folder)]  # noqa: PTH117
    return shutil.which(program, path=os.pathsep.join(folders)) if "/" not in program and folders else None


def _status(status: int) -> str:
    return f"the signal {-status}" if status < 0 else f"exit status {status}"


def _object(out: bytes) -> dict[str, object] | None:
    """Returned, not raised: a JSON error carries the whole text that it was reading."""
    try:
        row = json.loads(out) if len(out) <= LARGEST else None
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _texts(value: object) -> list[str]:
    """Every text in an answer: one that is repeated on its standard error is not shown."""
    if isinstance(value, Mapping):
        return [text for inner in value.values() for text in _texts(inner)]
    return [value] if isinstance(value, str) else []
