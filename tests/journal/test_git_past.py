"""Revisions, merge bases and files of the past, by git's files alone, are what git says; what is not there is told."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acctcfg.errors import AcctcfgError, ConfigError, UsageError
from acctcfg.journal.git_files import Repository
from acctcfg.journal.git_objects import MissingObject, Objects
from acctcfg.journal.git_past import folder_at
from acctcfg.journal.git_revision import History
from tests.journal.test_git_files import ENVIRON, git

PAGE = "".join(f"line {n} of a file that changes little\n" for n in range(400))


def reading(top: Path) -> tuple[Repository, Objects]:
    repository = Repository.around(top)
    assert repository is not None
    return repository, Objects(repository)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Six commits of a file that changes little, with a branch, two tags and a remote's branch."""
    top = tmp_path / "top"
    (top / "desk").mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "main", "top")
    for number in range(6):
        (top / "desk" / "acctcfg.yaml").write_text(PAGE + f"version: {number}\n")
        (top / "desk" / f"{number}.yaml").write_text(str(number))
        git(top, "add", ".")
        git(top, "commit", "-qm", f"{number}")
    git(top, "tag", "light", "HEAD~2")
    git(top, "tag", "-am", "a tag", "v1.0", "HEAD~3")
    git(top, "branch", "feature/x", "HEAD~4")
    git(top, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    git(top, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/main")
    return top


def loose(top: Path) -> Path:
    return top


def packed(top: Path) -> Path:
    git(top, "gc", "-q", "--aggressive", "--prune=now")
    return top


def packed_with_deltas_by_id(top: Path) -> Path:
    git(top, "-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq", "--depth=50", "--window=50")
    return top


def in_a_worktree(top: Path) -> Path:
    git(packed(top), "worktree", "add", "-q", "--detach", str(top.parent / "beside"))
    return top.parent / "beside"


SHAPES = [loose, packed, packed_with_deltas_by_id, in_a_worktree]
NAMES = [
    "HEAD",
    "@",
    "main",
    "heads/main",
    "refs/heads/main",
    "light",
    "v1.0",
    "v1.0^{}",
    "feature/x",
    "origin/main",
    "origin",
]
STEPS = ["", "~", "~1", "^", "^1~1", "~0", "^0"]


@pytest.mark.sample(1)
@pytest.mark.parametrize("shape", SHAPES)
def test_every_object_and_every_name_is_what_git_says(repository: Path, shape: Callable[[Path], Path]) -> None:
    """Loose and packed, deltas by place and by id: each object, each name, short ids, and each merge base."""
    top = shape(repository)
    where, objects = reading(top)
    with objects:
        for line in git(top, "cat-file", "--batch-all-objects", "--batch-check").splitlines():
            id_, said, size = line.split()
            kind, body = objects.read(id_)
            assert (kind, len(body)) == (said, int(size)), "its hash is checked by the reader itself"
        history = History(where, objects)
        names = [name + steps for name in NAMES for steps in (STEPS if name != "feature/x" else ["", "~1"])]
        known = git(top, "rev-parse", *(f"{name}^{{commit}}" for name in names)).split()
        assert [history.commit(name) for name in names] == known
        head = git(top, "rev-parse", "HEAD")
        assert history.commit(head) == history.commit(head[:9]) == head
        assert history.base(history.commit("feature/x"), head) == git(top, "merge-base", "feature/x", "HEAD")


def test_sha256_too(tmp_path: Path) -> None:
    """A repository with long ids, loose and packed."""
    done = subprocess.run(["git", "init", "-q", "--object-format=sha256", str(tmp_path)], env=ENVIRON, check=False)
    if done.returncode:
        pytest.skip("this git does not make them")
    (tmp_path / "acctcfg.yaml").write_text("version: 1\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    for _ in range(2):
        with folder_at(tmp_path, "HEAD") as past:
            past.bring("acctcfg.yaml")
            assert (past.path / "acctcfg.yaml").read_text() == "version: 1\n"
        git(tmp_path, "gc", "-q", "--prune=now")


@pytest.mark.slow
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(0, 3)), min_size=2, max_size=9), st.data())
def test_merge_bases_of_any_history(parents: list[tuple[int, int]], data: st.DataObject) -> None:
    """Of any two commits of any history with merges, the base is one of those that git names."""
    lines = ["reset refs/heads/n0\ncommit refs/heads/n0\nmark :1\ncommitter x <x@x> 1000 +0000\ndata 0\n"]
    for number, (back, other) in enumerate(parents, 1):
        first, second = max(number + 1 - back, 1), max(number - other, 1)
        merge = f"merge :{second}\n" if other and second != first else ""
        head = f"reset refs/heads/n{number}\ncommit refs/heads/n{number}\nmark :{number + 1}\n"
        lines.append(f"{head}committer x <x@x> {1000 + number} +0000\ndata 0\nfrom :{first}\n{merge}\n")
    with tempfile.TemporaryDirectory() as folder:
        top = Path(folder)
        git(top, "init", "-q")
        subprocess.run(
            ["git", "-C", folder, "fast-import", "--quiet"], input="".join(lines).encode(), env=ENVIRON, check=True
        )
        where, objects = reading(top)
        one, other = (f"n{data.draw(st.integers(0, len(parents)))}" for _ in range(2))
        with objects:
            history = History(where, objects)
            found = history.base(history.commit(one), history.commit(other))
        assert found in git(top, "merge-base", "--all", one, other).split()


@pytest.mark.sample(1)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_folder_of_the_past(repository: Path, shape: Callable[[Path], Path]) -> None:
    """Every name is there at once; what a file said is there once it is asked for."""
    with folder_at(shape(repository) / "desk", "feature/x") as past:
        assert sorted(one.name for one in past.path.iterdir()) == ["0.yaml", "1.yaml", "acctcfg.yaml"]
        past.bring("acctcfg.yaml")
        assert (past.path / "acctcfg.yaml").read_text() == PAGE + "version: 1\n"
        assert (past.path / "1.yaml").read_text() == ""
    assert not past.path.exists()


def test_where_a_branch_left(repository: Path) -> None:
    """REV... is the commit where HEAD left it, whatever came to it since."""
    git(repository, "checkout", "-q", "-b", "own", "light")
    (repository / "desk" / "new.yaml").write_text("")
    git(repository, "add", ".")
    git(repository, "commit", "-qm", "own")
    with folder_at(repository, "main...") as past:
        assert (past.commit, past.merge_base) == (git(repository, "rev-parse", "light"), True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("revision", "words"),
    [
        ("nosuch", "nosuch is no branch, tag or commit of this checkout"),
        ("origin/nosuch", "origin/nosuch is no branch, tag or commit of this checkout"),
        ("HEAD~9", "HEAD~9: "),
        ("HEAD^2", "HEAD^2: "),
        ("main..HEAD", "'main..HEAD' is no revision that is understood here"),
        ("main...feature/x", "'main...feature/x' is no revision that is understood here"),
        ("HEAD@{1}", "'HEAD@{1}' is no revision that is understood here"),
        ("../../../etc/passwd", "'../../../etc/passwd' is no revision that is understood here"),
        (":/first", "':/first' is no revision that is understood here"),
        ("0" * 40, "commit 000000000000 is not in this clone"),
        ("HEAD:desk", "'HEAD:desk' is no revision that is understood here"),
    ],
)
def test_what_is_no_revision_is_told(repository: Path, revision: str, words: str) -> None:
    """One message with what is understood, or what to fetch."""
    with pytest.raises(AcctcfgError) as told, folder_at(repository, revision):
        pass
    assert words in told.value.message
    assert told.value.hint


def test_a_tree_is_no_commit(repository: Path) -> None:
    """The id of something else is told as what it is."""
    tree = git(repository, "rev-parse", "HEAD^{tree}")
    with pytest.raises(UsageError, match="is a tree, not a commit"), folder_at(repository, tree):
        pass


def test_a_shallow_clone_says_how_to_fetch_more(repository: Path, tmp_path: Path) -> None:
    """Neither a commit behind the end of its history nor a merge base is guessed."""
    git(tmp_path, "clone", "-q", "--depth=2", "--no-tags", f"file://{repository}", "shallow")
    top = tmp_path / "shallow"
    git(top, "fetch", "-q", "--depth=1", "origin", "feature/x:refs/remotes/origin/feature/x")
    for revision in ("HEAD~2", "origin/feature/x...", git(repository, "rev-parse", "HEAD~3")):
        with pytest.raises(ConfigError) as told, folder_at(top, revision):
            pass
        assert "git fetch --unshallow" in told.value.hint
    with folder_at(top / "desk", "HEAD~1") as past:
        past.bring("4.yaml")
        assert (past.path / "4.yaml").read_text() == "4"


def test_a_partial_clone_says_which_file_is_not_there(repository: Path, tmp_path: Path) -> None:
    """Nothing is fetched; the message names the file."""
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(tmp_path, "clone", "-q", "--filter=blob:none", f"file://{repository}", "partial")
    with (
        folder_at(tmp_path / "partial" / "desk", "HEAD~2") as past,
        pytest.raises(ConfigError, match=r"acctcfg\.yaml said"),
    ):
        past.bring("acctcfg.yaml")


def test_a_submodule_is_another_repository(repository: Path, tmp_path: Path) -> None:
    """Its folder is named, and nothing in it is there."""
    git(tmp_path, "init", "-q", "outer")
    git(tmp_path / "outer", "submodule", "add", "-q", str(repository), "inner")
    git(tmp_path / "outer", "commit", "-qm", "outer")
    with folder_at(tmp_path / "outer", "HEAD") as past:
        assert past.elsewhere == ("inner",)
    with folder_at(tmp_path / "outer" / "inner" / "desk", "HEAD~1") as past:
        assert (past.path / "4.yaml").exists()


def test_outside_of_a_checkout(tmp_path: Path) -> None:
    """It is said."""
    with pytest.raises(UsageError, match="is in no git checkout"), folder_at(tmp_path, "HEAD"):
        pass


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damage_is_told_and_never_believed(damaged: tuple[Path, bytes, list[str]], data: st.DataObject) -> None:
    """Whatever bytes of a pack are others, an object is read as it was, or refused: never as something else."""
    top, sound, ids = damaged
    pack = next((top / ".git/objects/pack").glob("*.pack"))
    broken = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 5))):
        broken[data.draw(st.integers(0, len(sound) - 1))] = data.draw(st.integers(0, 255))
    pack.chmod(0o600)
    pack.write_bytes(bytes(broken[: data.draw(st.sampled_from([None, len(sound) // 2]))]))
    _, objects = reading(top)
    with objects:
        for id_ in ids:
            try:
                objects.read(id_)
            except MissingObject:
                raise
            except ValueError:
                pass


@pytest.fixture
def damaged(repository: Path) -> tuple[Path, bytes, list[str]]:
    packed(repository)
    pack = next((repository / ".git/objects/pack").glob("*.pack"))
    ids = [line[:40] for line in git(repository, "rev-list", "--objects", "--all").splitlines()]
    return repository, pack.read_bytes(), ids


def test_a_small_object_that_inflates_without_end_is_refused(repository: Path) -> None:
    """Sizes are bounded before anything is inflated."""
    (repository / "zeros").write_bytes(bytes(3 << 20))
    git(repository, "add", ".")
    id_ = git(repository, "hash-object", "zeros")
    where, _ = reading(repository)
    for _ in range(2):
        with Objects(where, largest=1 << 20) as objects, pytest.raises(ValueError, match="larger than 1 MiB"):
            objects.read(id_)
        git(repository, "commit", "-qm", "zeros", "--allow-empty")
        git(repository, "gc", "-q")
