"""Who runs acctcfg, on which commit, and whether a folder is part of a checkout."""

from __future__ import annotations

import getpass
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Commit", "actor", "commit_of", "inside_checkout", "lost_with_the_job"]

# Untracked files count: an uncommitted manifest changes what a run does. Our own folder does not.
TREE = (":/", ":(top,exclude,glob)**/.acctcfg/**")
# A checkout's own configuration must not make git start a program of its choice.
GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false")


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that is checked out, in full, and whether nothing was changed since. None: not known."""

    id: str | None
    clean: bool | None


def actor(environ: Mapping[str, str]) -> str:
    """Who is responsible for a run: ACCTCFG_ACTOR, else the CI's user and job, else user@host."""
    return _one_line(environ.get("ACCTCFG_ACTOR", "")) or _one_line(_ci_actor(environ)) or _user_at_host()


def commit_of(folder: Path) -> Commit:
    """The commit that `folder` is checked out at; nothing known without git or a checkout."""
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    if not commit:
        return Commit(None, None)
    changes = _git(folder, "status", "--porcelain", "--untracked-files=normal", "--", *TREE)
    return Commit(commit, None if changes is None else not changes)


def inside_checkout(path: Path) -> Path | None:
    """The top folder of the git checkout that `path` is in, or would be in; None outside of one."""
    resolved = path.resolve()
    return next((folder for folder in (resolved, *resolved.parents) if (folder / ".git").exists()), None)


def lost_with_the_job(path: Path, *, durable: bool, environ: Mapping[str, str]) -> bool:
    """Whether a CI job's end takes `path` along: CI is set, it is in the checkout, and nobody said otherwise."""
    in_ci = environ.get("CI", "").lower() not in ("", "0", "false")
    return in_ci and not durable and inside_checkout(path) is not None


def _ci_actor(environ: Mapping[str, str]) -> str:
    def say(user: str, *job: str) -> str:
        place = " ".join(text for text in (environ.get(name, "") for name in job) if text)
        return f"{environ.get(user) or 'ci'} in {place}" if place else environ.get(user, "") or "ci"

    if environ.get("GITHUB_ACTIONS"):
        job = say("GITHUB_ACTOR", "GITHUB_REPOSITORY", "GITHUB_WORKFLOW", "GITHUB_RUN_ID")
        return f"{job} (GitHub Actions)"
    if environ.get("GITLAB_CI"):
        return f"{say('GITLAB_USER_LOGIN', 'CI_PROJECT_PATH', 'CI_JOB_NAME', 'CI_JOB_ID')} (GitLab CI)"
    if environ.get("CI", "").lower() not in ("", "0", "false"):
        return f"{say('USER', 'BUILD_TAG', 'BUILD_ID', 'BUILD_NUMBER')} (CI on {platform.node()})"
    return ""


def _user_at_host() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's bare user id has no name
        user = "unknown"
    return f"{user}@{platform.node() or 'unknown'}"


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:200]


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(
            [*GIT, "-C", str(folder), *arguments], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
