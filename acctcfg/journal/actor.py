"""Who runs acctcfg, on which commit, and whether a folder is part of a checkout."""

from __future__ import annotations

import getpass
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from acctcfg.journal.git_files import Repository

__all__ = ["Commit", "actor", "commit_of", "inside_checkout", "lost_with_the_job", "tracked_in"]


UNUSABLE = (OSError, ValueError, RuntimeError)  # what a path raises that is none, or leads back to itself


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that is checked out, in full, and whether nothing was changed since. None: not known."""

    id: str | None
    clean: bool | None


def actor(environ: Mapping[str, str]) -> str:
    """Who is responsible for a run: ACCTCFG_ACTOR, else the CI's user and job, else user@host."""
    return _one_line(environ.get("ACCTCFG_ACTOR", "")) or _one_line(_ci_actor(environ)) or _user_at_host()


def commit_of(folder: Path) -> Commit:
    """The commit that `folder` is checked out at, by git's files alone; nothing known without a checkout."""
    try:
        repository = Repository.around(folder)
        commit = repository.head() if repository else None
        if repository is not None and commit is not None:
            from acctcfg.journal.git_clean import is_clean

            return Commit(commit, is_clean(repository, commit))
    except UNUSABLE:
        pass
    return Commit(None, None)


def tracked_in(path: Path) -> Path | None:
    """The top folder of the checkout whose git tracks this very file; None if none does."""
    try:
        repository = Repository.around(path.parent)
        if repository is None:
            return None
        from acctcfg.journal.git_clean import is_tracked

        return repository.top if is_tracked(repository, path) else None
    except UNUSABLE:
        return None


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
