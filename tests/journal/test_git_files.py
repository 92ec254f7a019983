"""What is known of a checkout from git's files alone is what git says; whatever lies there, nothing runs or hangs."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acctcfg.journal.actor import Commit, commit_of, tracked_in
from acctcfg.journal.git_clean import _glob

ENVIRON = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_CONFIG_SYSTEM": "/dev/null",
    "GIT_AUTHOR_NAME": "x",
    "GIT_AUTHOR_EMAIL": "x@localhost",
    "GIT_COMMITTER_NAME": "x",
    "GIT_COMMITTER_EMAIL": "x@localhost",
}


def git(folder: Path, *arguments: str) -> str:
    command = ["git", "-c", "protocol.file.allow=always", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True, env=ENVIRON).stdout.strip()


def said(folder: Path) -> Commit:
    """The same by git."""
    status = git(folder, "status", "--porcelain", "--untracked-files=normal")
    return Commit(git(folder, "rev-parse", "HEAD"), not status)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    top = tmp_path / "top"
    (top / "desk" / "accounts").mkdir(parents=True)
    (top / "desk" / "acctcfg.yaml").write_text("version: 1\n")
    (top / "desk" / "accounts" / "a.yaml").write_text("a: 1\n")
    (top / "desk.txt").write_text("sorts between\n")
    git(tmp_path, "init", "-q", "top")
    git(top, "add", ".")
    git(top, "commit", "-qm", "first")
    return top


def repacked(top: Path) -> Path:
    git(top, "gc", "-q", "--aggressive", "--prune=now")
    git(top, "pack-refs", "--all")
    return top


def cloned(top: Path) -> Path:
    git(top.parent, "clone", "-q", "top", "clone")
    return top.parent / "clone"


def in_a_worktree(top: Path) -> Path:
    git(top, "worktree", "add", "-q", "-b", "side", "../side")
    return top.parent / "side"


def in_a_submodule(top: Path) -> Path:
    git(top.parent, "init", "-q", "outer")
    git(top.parent / "outer", "submodule", "add", "-q", str(top), "inner")
    return top.parent / "outer" / "inner"


def detached(top: Path) -> Path:
    git(top, "checkout", "-q", "--detach")
    return top


def version_4(top: Path) -> Path:
    git(top, "update-index", "--index-version", "4")
    return top


def with_a_tag_of_the_name(top: Path) -> Path:
    git(top, "checkout", "-qb", "ops/2026.11")
    return top


SHAPES = [repacked, cloned, in_a_worktree, in_a_submodule, detached, version_4, with_a_tag_of_the_name]


@pytest.mark.sample(3)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_checkout(repository: Path, shape: Callable[[Path], Path]) -> None:
    """The commit is found and its tree called clean; an edit, a new and a missing file are seen."""
    top = shape(repository)
    desk = top / "desk"
    assert commit_of(desk) == said(top) == Commit(git(top, "rev-parse", "HEAD"), True)
    (desk / "acctcfg.yaml").write_text("version: 2\n")
    assert commit_of(desk).clean is False
    git(top, "checkout", "-q", ".")
    assert commit_of(desk).clean is True
    (desk / "new.yaml").write_text("")
    assert commit_of(desk).clean is False
    git(top, "add", ".")
    assert commit_of(desk).clean is False, "what is staged is not in the commit"
    git(top, "reset", "-q", "--hard")
    (desk / "accounts" / "a.yaml").unlink()
    assert commit_of(desk).clean is False


def test_a_file_that_was_only_touched_is_no_change(repository: Path) -> None:
    """Another time and the same content: that is not a change."""
    os.utime(repository / "desk" / "acctcfg.yaml", (1, 1))
    assert commit_of(repository).clean is True


def test_ours_does_not_count(repository: Path) -> None:
    """The journal's folder is no change of the commit, wherever it lies."""
    (repository / "desk" / ".acctcfg").mkdir()
    (repository / "desk" / ".acctcfg" / "journal.sqlite").write_text("")
    assert commit_of(repository).clean is True


def test_a_filter_makes_it_unknown(repository: Path) -> None:
    """Where git may keep a file in another form, a difference in bytes proves nothing; it is not called clean."""
    (repository / ".gitattributes").write_text("* filter=f\n")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "second")
    assert commit_of(repository).clean is True
    (repository / "desk.txt").write_text("smudged\n")
    assert commit_of(repository).clean is None


LINES = ["*.tmp", "/build", "out/", "!keep.tmp", "a/**/z", "**/deep", "doc/*.txt", "[xy]?", "#no", "", "*a*a*b"]
PATHS = [
    "a.tmp",
    "keep.tmp",
    "build/x",
    "src/build/x",
    "out/f",
    "src/out/f",
    "a/b/c/z",
    "a/z",
    "p/q/deep/f",
    "x1",
    "z1",
]


@pytest.mark.slow
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(lines=st.lists(st.sampled_from(LINES), max_size=5), paths=st.sets(st.sampled_from(PATHS), max_size=4))
def test_ignored_files_as_git_says(lines: list[str], paths: set[str]) -> None:
    """Whatever .gitignore and whatever files: called changed exactly where git calls it changed."""
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        git(top, "init", "-q")
        (top / ".gitignore").write_text("\n".join(lines) + "\n")
        git(top, "add", ".")
        git(top, "commit", "-qm", "first")
        for path in paths:
            (top / path).parent.mkdir(parents=True, exist_ok=True)
            (top / path).write_text("")
        assert commit_of(top) == said(top)


def test_a_pattern_takes_no_time() -> None:
    """A pattern of many stars is decided in bounded time."""
    assert not _glob(b"*a" * 60 + b"!", b"a" * 250)


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(at=st.integers(0, 2000), byte=st.integers(0, 255), cut=st.booleans())
def test_a_damaged_index_is_never_an_error(repository: Path, at: int, byte: int, cut: bool) -> None:
    """One byte changed, or the rest cut off: an answer or "not known", never an error."""
    index = repository / ".git" / "index"
    before = index.read_bytes()
    place = at % len(before)
    index.write_bytes(before[:place] if cut else before[:place] + bytes([byte]) + before[place + 1 :])
    try:
        assert commit_of(repository).clean in (True, False, None)
    finally:
        index.write_bytes(before)


NAMES = ("HEAD", "index", "packed-refs", "config", "commondir", "gitdir", "*.idx", "*.pack", ".git")


@pytest.mark.slow
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(name=st.sampled_from(NAMES), at=st.integers(0, 1 << 20), planted=st.binary(max_size=40), cut=st.booleans())
def test_whatever_is_planted_is_never_an_error(planted_at: Path, name: str, at: int, planted: bytes, cut: bool) -> None:
    """Any bytes in any file of git, packs and a worktree's pointer too: an answer or "not known", and no program."""
    for file in [planted_at / ".git"] if name == ".git" else (planted_at.parent / "top" / ".git").rglob(name):
        whole = file.read_bytes()
        at %= len(whole) + 1
        file.chmod(0o600)
        file.write_bytes(whole[:at] + planted + (b"" if cut else whole[at + len(planted) :]))
        try:
            found = commit_of(planted_at)
            assert found.id is None or re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", found.id)
            assert tracked_in(planted_at / "desk" / "other.yaml") is None
        finally:
            file.write_bytes(whole)
    assert not (planted_at / "sprung").exists()


@pytest.fixture
def planted_at(repository: Path) -> Path:
    """A worktree of a packed repository whose configuration and hooks name a program wherever git would run one."""
    side = in_a_worktree(repacked(repository))
    program = repository.parent / "program"
    program.write_text(f"#!/bin/sh\ntouch {side / 'sprung'}\n")
    program.chmod(0o700)
    for name in ("core.fsmonitor", "core.pager", "core.sshCommand", "core.askPass", "filter.f.clean", "diff.external"):
        git(repository, "config", name, str(program))
    for name in ("post-index-change", "reference-transaction", "fsmonitor-watchman"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_bytes(program.read_bytes())
        hook.chmod(0o700)
    (side / ".gitattributes").write_text("* filter=f\n")
    return side


def never(folder: Path, name: str) -> Path:
    """A pipe that nobody ever writes to."""
    place = folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    os.mkfifo(place)
    return place


@pytest.mark.parametrize("name", [".git/HEAD", ".git/refs/heads/main", ".git/index", ".git/packed-refs", ".gitignore"])
def test_a_pipe_in_its_place_hangs_nothing(tmp_path: Path, name: str) -> None:
    """Files that never end, or never begin, are not read."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    never(tmp_path, name)
    assert commit_of(tmp_path).clean is None


@pytest.mark.parametrize(
    "text",
    [
        "gitdir: /etc",
        "gitdir: ../../../../etc",
        "gitdir: ",
        "gitdir: \0",
        "ref: refs/heads/../../../../etc/hostname",
        "ref: /etc/hostname",
        "ref: refs/heads/link",
        "f" * 40 + "0",
    ],
)
def test_a_crafted_git_leads_nowhere(tmp_path: Path, text: str) -> None:
    """A link, a name or a folder that leads outside is not followed, and nothing of what lies there is told."""
    outside = tmp_path / "outside"
    outside.write_text("a" * 40)
    inside = tmp_path / "inside"
    inside.mkdir()
    if text.startswith("gitdir"):
        (inside / ".git").write_text(text)
    else:
        (inside / ".git" / "refs" / "heads").mkdir(parents=True)
        (inside / ".git" / "refs" / "heads" / "link").symlink_to(outside)
        (inside / ".git" / "HEAD").write_text(text)
    assert commit_of(inside) == Commit(None, None)


def test_an_index_that_names_files_outside(repository: Path) -> None:
    """A path that leads out of the work tree makes the index unknown; nothing outside is opened."""
    index = repository / ".git" / "index"
    index.write_bytes(index.read_bytes().replace(b"desk.txt", b"../k.txt"))
    assert commit_of(repository).clean is None


def test_plain_files_that_look_like_a_git_folder_are_none(repository: Path) -> None:
    """A branch can bring `HEAD`, `objects/`, `refs/` and `config` beside the manifest: they are files."""
    desk = repository / "desk"
    (desk / "HEAD").write_text("1" * 40 + "\n")
    (desk / "objects").mkdir()
    (desk / "refs").mkdir()
    (desk / "config").write_text('[core]\n\tworktree = .\n[filter "f"]\n\tclean = "touch sprung"\n')
    assert commit_of(desk) == Commit(git(repository, "rev-parse", "HEAD"), False)
    assert not (desk / "sprung").exists()


def test_which_files_git_tracks(repository: Path) -> None:
    """A file is tracked by its own name in the index of the nearest checkout, in a worktree too."""
    assert tracked_in(repository / "desk" / "acctcfg.yaml") == repository
    assert tracked_in(repository / "desk" / "other.yaml") is None
    assert tracked_in(in_a_worktree(repository) / "desk" / "acctcfg.yaml") == repository.parent / "side"
    assert tracked_in(repository.parent / "acctcfg.yaml") is None
