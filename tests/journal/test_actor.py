"""Who ran it, on which commit, and whether a CI job's end would take a folder along."""

from __future__ import annotations

import getpass
import platform
import subprocess
from pathlib import Path

import pytest

from acctcfg.journal.actor import Commit, actor, commit_of, inside_checkout, lost_with_the_job

GITHUB = {
    "CI": "true",
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "alice",
    "GITHUB_REPOSITORY": "desk/accounts",
    "GITHUB_WORKFLOW": "apply",
    "GITHUB_RUN_ID": "77",
}
GITLAB = {
    "CI": "true",
    "GITLAB_CI": "true",
    "GITLAB_USER_LOGIN": "bob",
    "CI_PROJECT_PATH": "desk/accounts",
    "CI_JOB_NAME": "apply",
    "CI_JOB_ID": "88",
}


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM"):
        monkeypatch.setenv(name, "/dev/null")
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "acctcfg.yaml").write_text("version: 1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "-q", "-m", "first")
    return tmp_path


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"ACCTCFG_ACTOR": "release bot"} | GITHUB, "release bot"),
        ({"ACCTCFG_ACTOR": "evil\x1b[2J\nname"}, "evil [2J name"),
        (GITHUB, "alice in desk/accounts apply 77 (GitHub Actions)"),
        (GITLAB, "bob in desk/accounts apply 88 (GitLab CI)"),
        ({"CI": "1", "USER": "ci", "BUILD_TAG": "job-9"}, f"ci in job-9 (CI on {platform.node()})"),
        ({"CI": "true"}, f"ci (CI on {platform.node()})"),
        ({"CI": "false"}, f"{getpass.getuser()}@{platform.node()}"),
        ({"ACCTCFG_ACTOR": " "}, f"{getpass.getuser()}@{platform.node()}"),
    ],
)
def test_actor(environ: dict[str, str], expected: str) -> None:
    """What the user says goes first, then the CI's user and job, then the login; always one printable line."""
    assert actor(environ) == expected


def test_a_user_without_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """A container's bare user id still gives an actor."""

    def nameless() -> str:
        raise KeyError

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert actor({}) == f"unknown@{platform.node()}"


def test_commit_and_cleanliness(checkout: Path) -> None:
    """Clean until something that counts changes: an edited or a new manifest does, the journal's folder does not."""
    desk = checkout / "desk"
    head = git(checkout, "rev-parse", "HEAD")
    (desk / ".acctcfg").mkdir()
    (desk / ".acctcfg" / "journal.sqlite").write_text("")
    assert commit_of(desk) == Commit(head, True)
    (checkout / "new.yaml").write_text("")
    assert commit_of(desk) == Commit(head, False)
    (checkout / "new.yaml").unlink()
    (desk / "acctcfg.yaml").write_text("version: 2\n")
    assert commit_of(desk) == Commit(head, False)


def test_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Outside a checkout, in an empty one, in no folder or without git, nothing is known and nothing fails."""
    assert commit_of(tmp_path) == Commit(None, None)
    assert commit_of(tmp_path / "absent") == Commit(None, None)
    git(tmp_path, "init", "-q")
    assert commit_of(tmp_path) == Commit(None, None)
    monkeypatch.setenv("PATH", "")
    assert commit_of(tmp_path) == Commit(None, None)


def test_a_checkout_starts_no_program(checkout: Path) -> None:
    """A checkout whose configuration names a program to watch files with does not get it started."""
    trap = checkout / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {checkout}/sprung\n")
    trap.chmod(0o755)
    git(checkout, "config", "core.fsmonitor", str(trap))
    assert commit_of(checkout).clean is False
    assert not (checkout / "sprung").exists()


def test_inside_checkout(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder that does not exist yet counts by where it would be; a worktree's .git file counts too."""
    assert inside_checkout(checkout / "desk" / "secrets" / "new") == checkout
    outside = tmp_path_factory.mktemp("outside")
    assert inside_checkout(outside / "secrets") is None
    (outside / ".git").write_text("gitdir: elsewhere")
    assert inside_checkout(outside / "secrets") == outside


def test_lost_with_the_job(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Lost only in CI, in the checkout, and undeclared; a link out of the checkout leads out of it."""
    inside, outside = checkout / "secrets", tmp_path_factory.mktemp("mounted")
    (checkout / "linked").symlink_to(outside)
    assert lost_with_the_job(inside, durable=False, environ={"CI": "true"})
    assert not lost_with_the_job(inside, durable=True, environ={"CI": "true"})
    assert not lost_with_the_job(inside, durable=False, environ={})
    assert not lost_with_the_job(inside, durable=False, environ={"CI": "false"})
    assert not lost_with_the_job(outside, durable=False, environ={"CI": "true"})
    assert not lost_with_the_job(checkout / "linked", durable=False, environ={"CI": "true"})
