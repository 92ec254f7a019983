"""Malformed inputs, one file each, through the command that a user would give; what it says is written beside each.

`NAME.yaml` (or the folder `NAME`) is the input, `NAME.expected` the exit status and the whole of what is printed.
`ACCTCFG_CORPUS=write pytest tests/corpus` writes what is said now: read every line of that difference.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from corpus_kinds import KINDS, Kind
from desk import Said

from acctcfg.cli import run

HERE = Path(__file__).parent
CANARY = "CANARY"
"""What stands in an input where a secret stands by mistake."""


def cases() -> Iterator[object]:
    """Every input, by its kind and name."""
    for kind in sorted(KINDS):
        for file in sorted((HERE / kind).iterdir()):
            if file.suffix != ".expected":
                yield pytest.param(KINDS[kind], file, id=f"{kind}/{file.stem}")


def said_of(kind: Kind, file: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Said:
    """What the command of this kind prints about an input."""
    for name in [name for name in os.environ if name.startswith(("ACCTCFG_", "OKX_", "GATE_")) or name == "CI"]:
        monkeypatch.delenv(name)
    for name, value in {"HOME": f"{folder}/.home", "XDG_STATE_HOME": f"{folder}/.state"}.items():
        monkeypatch.setenv(name, value)
    for name, value in kind.lay_out(file, folder).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("acctcfg.cli.sandbox._serve", None)  # a seed that is no mistake would be served for ever
    out, err = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(kind.standard_input(file))))
    code = run(["-C", str(folder), *kind.command])
    monkeypatch.undo()
    return Said(code, out.getvalue().replace(str(folder), "."), err.getvalue().replace(str(folder), "."))


@pytest.mark.parametrize(("kind", "file"), [*cases()])
def test_a_malformed_input_gets_its_message(
    kind: Kind, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message word for word, the exit status, no traceback, and nothing of a secret that stands there."""
    if kind.program and shutil.which(kind.program) is None:
        pytest.skip(f"{kind.program} is not installed")
    said = said_of(kind, file, tmp_path, monkeypatch)
    whole = f"exit {said.code}\n{said.out}{said.err}"
    expected = file.with_suffix(".expected")
    if os.environ.get("ACCTCFG_CORPUS") == "write":
        expected.write_text(whole, encoding="utf-8")
    assert whole == expected.read_text(encoding="utf-8")
    assert said.code in (1, 3, 64)
    assert "Traceback" not in whole
    assert "internal error" not in whole
    assert CANARY not in whole


def test_there_are_hundreds() -> None:
    """At least 300 inputs, of every kind of file that a user hands in."""
    assert len(list(cases())) >= 300
    folders = {one.name for one in HERE.iterdir() if one.is_dir()}
    assert folders - {"__pycache__", "base_signed"} == set(KINDS)


def test_each_input_has_one_expectation() -> None:
    """No .expected is left over, and no two inputs share one."""
    for kind in KINDS:
        names = [one.name for one in (HERE / kind).iterdir()]
        stems = [Path(name).stem for name in names if not name.endswith(".expected")]
        assert sorted(stems) == sorted(Path(name).stem for name in names if name.endswith(".expected"))
