"""One way out: nothing is printed past it, no encoding and no reader that left stops a command."""

from __future__ import annotations

import ast
import html
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from sources import tree_of

import acctcfg
from acctcfg.cli import console, formats
from acctcfg.cli.formats import show
from acctcfg.render import account_list, order_picture, stream, web
from acctcfg.render.formats import FORMATS
from acctcfg.render.harmless import json_text
from acctcfg.render.stream import Outlet, whole

PACKAGE = Path(acctcfg.__file__).parent
PRINTERS = {"echo", "secho", "echo_via_pager", "confirm", "prompt", "pause", "stdin", "stdout", "stderr", "print"}
WORDS = ("print(", "input(", "click", "sys")  # a file that has none of these prints nothing
WAYS = {"cli/console.py", "__main__.py"}  # who may touch the process's streams
CHILDREN = (PACKAGE / "secrets" / "children", PACKAGE / "rehearsal" / "child.py")
"""Programs of their own: their streams are pipes that acctcfg reads and writes."""
FILES = sorted(
    file
    for file in PACKAGE.rglob("*.py")
    if str(file.relative_to(PACKAGE)) not in WAYS and not any(map(file.is_relative_to, CHILDREN))
)


def printing(tree: ast.AST) -> list[str]:
    """Every call or name in a file that reaches a stream by itself."""
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print" | "input" as name)):
                found.append(f"{name} in line {node.lineno}")
            case ast.Attribute(
                value=ast.Name(id="click"), attr="echo" | "secho" | "echo_via_pager" | "confirm" | "prompt"
            ):
                found.append(f"click.{node.attr} in line {node.lineno}")
            case ast.Attribute(
                value=ast.Name(id="sys"), attr="stdin" | "stdout" | "stderr" | "__stdout__" | "__stderr__"
            ):
                found.append(f"sys.{node.attr} in line {node.lineno}")
            case ast.ImportFrom(module="sys" | "click", names=names):
                found += [
                    f"{name.name} in line {node.lineno}" for name in names if name.name in ("stdout", "stderr", "echo")
                ]
    return found


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_nothing_is_printed_past_the_console(file: Path) -> None:
    """No file but console.py touches stdin, stdout or stderr, by any of the usual ways."""
    text = file.read_text(encoding="utf-8")
    assert not any(word in text for word in WORDS) or printing(tree_of(file)) == []


ENCODINGS = ["ascii", "iso8859-2", "cp437", "utf-8", "ascii:strict", "latin-1"]


@pytest.mark.sample(2)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_shows_the_page(encoding: str) -> None:
    """What a stream cannot show is replaced, and nothing else is."""
    environ = {**os.environ, "PYTHONIOENCODING": encoding}
    show = "from acctcfg.cli.console import say, say_json"
    code = show + "; say('desk · é €'); say_json({'é': '€ · \\U0001f600'})"
    said = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, check=True)
    page, document = said.stdout.decode(encoding.partition(":")[0]).split("\n", 1)
    assert page.startswith("desk ")
    assert json.loads(document) == {"é": "€ · \U0001f600"}
    assert said.stderr == b""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "shift_jis", "utf-8"])
@pytest.mark.parametrize("form", [row.name for row in FORMATS if row.is_json or row.escape])
def test_a_document_is_utf_8_in_every_locale(form: str, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """jq, code scanning and browsers take JSON and a page for UTF-8: what they read is what was meant, whatever the
    locale of the job writes."""
    meant = "é · 日本 \U0001f600"
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding, "backslashreplace"))
    monkeypatch.setattr(
        formats, "render", lambda *_: f"<p>{meant}" if form == "html" else json_text(meant, indent=None)
    )
    console.open_door()
    show(click.Context(click.Command("plan"), obj={"color": False, "verbose": False}), form, "plan", None)
    document = written.getvalue().decode("utf-8").rstrip("\n")
    assert (html.unescape(document) if form == "html" else json.loads(document)) in (meant, f"<p>{meant}")
    monkeypatch.undo()
    console.open_door()


def test_styles_and_scripts_of_pages_are_ascii() -> None:
    """In them a character reference means nothing, so nothing in them may need one."""
    assert (account_list.STYLE + account_list.SCRIPT + order_picture.STYLE + web.document("", "")).isascii()


@pytest.mark.slow
@pytest.mark.parametrize("locale", ["C", "POSIX", "pl_PL.ISO-8859-2"])
def test_help_and_errors_in_every_locale(locale: str, tmp_path: Path) -> None:
    """Not even what the command line itself says ends as an internal error."""
    environ = {**os.environ, "LC_ALL": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""}
    for arguments, status in ((["--help"], 0), (["explain", "okx:59000"], 0), (["validate"], 1), (["plän"], 64)):
        said = subprocess.run(
            [sys.executable, "-m", "acctcfg", "-C", str(tmp_path), *arguments], env=environ, capture_output=True
        )
        assert said.returncode == status, said.stderr
        assert b"internal error" not in said.stderr


class Gone(io.StringIO):
    """A stream whose reader left."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_reader_that_left_is_noted_and_stops_nothing() -> None:
    """Writing goes on and says nothing; the first error is kept."""
    outlet = Outlet(Gone())
    outlet.write("one")
    outlet.write("two")
    outlet.flush()
    assert isinstance(outlet.lost, BrokenPipeError)


def test_deeds_decide_over_a_result_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A result that nobody reads is a failure, unless what was done is what counts."""
    monkeypatch.setattr(sys, "stdout", Gone())
    console.open_door()
    console.say("a result")
    assert console.conclude(0) == (1, "")
    console.deeds_decide()
    assert console.conclude(0) == (0, "")
    assert console.conclude(3) == (3, "")
    monkeypatch.undo()
    console.open_door()


@pytest.mark.parametrize("buffering", [-1, 0], ids=["buffered", "unbuffered"])
def test_a_slow_reader_of_a_pipe_that_does_not_block_gets_everything(
    buffering: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever shares a pipe may have set it so: what does not fit into it waits for the reader, and is not lost."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    got = bytearray(0)

    def until_read(_: object, handles: list[int], __: object) -> None:
        assert handles == [write]
        got.extend(os.read(read, 1 << 16))

    monkeypatch.setattr(stream.select, "select", until_read)
    with os.fdopen(write, "wb", buffering=buffering) as file, io.TextIOWrapper(file, "utf-8") as process_stream:
        outlet = Outlet(whole(process_stream))
        page = "a result · " * 50_000
        outlet.write(page)
        outlet.flush()
    with os.fdopen(read, "rb") as rest:
        got.extend(rest.read())
    assert outlet.lost is None
    assert got.decode() == page


def test_no_text_ends_the_line_it_is_said_in(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever's words are in a line, none of them begins another; only a page of ours has several."""
    console.open_door()
    console.say("? desk: moon\n::error file=x::forged", err=True)
    console.say_page("one\ntwo")
    said = capsys.readouterr()
    assert said.err == "? desk: moon\\n::error file=x::forged\n"
    assert said.out == "one\ntwo\n"
