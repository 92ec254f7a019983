"""The kinds of input in the corpus: where each goes in a workspace, and the command that reads it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """`place` is the input's name in the workspace; "" where it is a whole folder, "-" for standard input."""

    place: str
    command: tuple[str, ...]

    def lay_out(self, file: Path, folder: Path) -> dict[str, str]:
        """Write the workspace around the input. Returns the variables of the environment."""
        if file.is_dir():
            shutil.copytree(file, folder, dirs_exist_ok=True, symlinks=True)
        elif self.place != "-":
            (folder / self.place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(file, folder / self.place)
        return {}

    def standard_input(self, file: Path) -> bytes:
        """What the command reads there."""
        return file.read_bytes() if self.place == "-" else b""


KINDS = {
    "manifest": Kind(place="acctcfg.yaml", command=("validate",)),
    "workspace": Kind(place="", command=("validate",)),
}
