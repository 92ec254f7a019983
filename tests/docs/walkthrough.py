"""Plays a page of docs/: its commands in their order, with the exit status and the words that it shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType

from desk import Desk, Said

__all__ = ["DOCS", "Walkthrough"]

DOCS = Path(__file__).parents[2] / "docs"
ASKS = ("apply", "cap", "rotate", "lock break")
"""Commands that ask first, of somebody at a terminal."""


class Walkthrough:
    """`play(n)` runs the next n commands of the page, `rest` the others. What is under a command is printed by it.

    `instead`: what stands here in the place of a path or a name of the page.
    """

    def __init__(self, desk: Desk, name: str, instead: Mapping[str, str] = MappingProxyType({})) -> None:
        text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        for old, new in instead.items():
            assert old in text
            text = text.replace(old, new)
        blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
        self.desk = desk
        self.commands = [one for block in blocks for one in re.split(r"^\$ acctcfg ", block, flags=re.MULTILINE)[1:]]
        self.yaml = re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)

    def play(self, count: int = 1) -> Said:
        """What the last of them printed."""
        for command in self.commands[:count]:
            said = self._run(command)
        del self.commands[:count]
        return said

    def rest(self) -> Said:
        """All commands that were not played yet."""
        return self.play(len(self.commands))

    def skip(self, count: int = 1) -> None:
        """Leave out the next ones: they are run somewhere else."""
        del self.commands[:count]

    def _run(self, command: str) -> Said:
        line, *shown = command.splitlines()
        words = list(takewhile(lambda word: word != "|", shlex.split(line, comments=True)))
        if line.startswith(ASKS) and "--auto-approve" not in words:
            words.append("--auto-approve")
        said = self.desk.run(*words)
        told = f"$ acctcfg {line}\n{said.out}{said.err}"
        status = re.search(r"# exit status (\d+)", line)
        assert said.code == (int(status[1]) if status else 0), told
        rest = f"{said.out}{said.err}".replace(f"acctcfg -C {self.desk.folder} ", "acctcfg ")  # where the reader stands
        for part in shown:
            assert part in rest, f"{part!r} is not in\n{told}"
            rest = rest.partition(part)[2]
        return said
