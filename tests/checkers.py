"""Other people's programs that judge our files and output; a test whose program is not there is skipped in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["accepts", "checker", "checkers_folder"]


def checkers_folder() -> Path:
    """The environment that `make clients` installs tests/requirements-checkers.txt into."""
    return Path(os.environ.get("ACCTCFG_CHECKERS") or Path(__file__).parents[1] / ".venvs" / "checkers")


def checker(name: str) -> str:
    """Where this program is: beside our Python, among the checkers, or on PATH."""
    folders = [str(Path(sys.executable).parent), str(checkers_folder() / "bin"), os.environ.get("PATH", "")]
    found = shutil.which(name, path=os.pathsep.join(folders))
    if found is None:
        pytest.skip(f"{name} is not on this machine")
    return found


def accepts(name: str, *arguments: str, told: str | None = None, folder: Path | None = None) -> str:
    """What the program prints; it must find nothing. `told` is its standard input."""
    command = [checker(name), *arguments]
    said = subprocess.run(command, input=told, cwd=folder, capture_output=True, text=True, check=False)
    assert said.returncode == 0, f"{name}: {said.stdout}{said.stderr}"
    return said.stdout + said.stderr
