"""The files for GitHub, GitLab and pre-commit, held to what these services and programs read themselves."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkers import actionlint_accepts

ROOT = Path(__file__).parents[1]
GITHUB = ".github/workflows/ci.yml"


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("check-jsonschema", "--builtin-schema", "vendor.github-workflows", GITHUB),
        ("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", ".gitlab-ci.yml"),
        ("pre-commit", "validate-config", ".pre-commit-config.yaml"),
        ("zizmor", "--offline", "--no-progress", GITHUB),
    ],
    ids=lambda command: f"{command[0]} {command[-1]}",
)
def test_a_checker_finds_nothing_in_the_workflow_files(command: tuple[str, ...]) -> None:
    """Each service's own schema, and what linters of its files know besides."""
    program = shutil.which(command[0], path=str(Path(sys.executable).parent)) or shutil.which(command[0])
    if program is None:
        pytest.skip(f"{command[0]} is not on this machine")
    found = subprocess.run((program, *command[1:]), cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.slow
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """Expressions, shell lines and what each action takes."""
    actionlint_accepts(ROOT / GITHUB, tmp_path)
