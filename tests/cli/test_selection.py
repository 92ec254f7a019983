"""What a command looks at is spelled one way everywhere: addresses or patterns, by --target, or a file of them."""

from __future__ import annotations

import pytest
from desk import Desk

KEYS = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
LINES = [
    ("show",),
    ("output", "--format", "csv"),
    ("secrets", "check"),
    ("drift",),
    ("plan",),
    ("cap", "3", "--auto-approve"),
    ("history", "--format", "json"),
]


@pytest.fixture
def two(desk: Desk) -> Desk:
    """Two accounts, each made in a run of its own."""
    accounts = {name: {"position_mode": "net", "api_keys": KEYS} for name in ("mmdesk01", "mmdesk02")}
    for name in accounts:
        desk.write({name: accounts[name]})
        assert desk.apply().code == 0
    (desk.folder / "few.txt").write_text("# one of them\nmmdesk01\n")
    (desk.folder / "none.txt").write_text("# nothing\n")
    return desk.write(accounts)


def test_every_command_takes_the_same(two: Desk) -> None:
    """A pattern and a file select the same accounts; a file without an address is a mistake, not everything."""
    for line in LINES:
        one, other = two.run(*line, "--target", "*desk01"), two.run(*line, "--target", "@few.txt")
        assert (one.code, other.code) == (0, 0), (line, one.err, other.err)
        assert "mmdesk02" not in one.out + other.out, line
        assert two.run(*line, "--target", "@none.txt").code == 64, line


def test_an_address_twice_is_once(two: Desk) -> None:
    """Said twice, also by a file, it is the same plan: `--expect` takes the digest of either."""
    once = two.plan("--format", "json", "--target", "mmdesk01").json
    twice = two.plan("--format", "json", "--target", "mmdesk01", "--target", "@few.txt").json
    assert (twice["targets"], twice["digest"]) == (["mmdesk01"], once["digest"])


@pytest.mark.parametrize("line", [("show",), ("output", "--format", "csv"), ("secrets", "check")])
def test_without_the_options_name_too(two: Desk, line: tuple[str, ...]) -> None:
    """An argument is what --target takes."""
    for argument in ("mmdesk01", "*01", "@few.txt"):
        said = two.run(*line, argument)
        assert (said.code, "mmdesk01" in said.out, "mmdesk02" in said.out) == (0, True, False), said.err
    assert "ADDRESS: cannot read" in two.run(*line, "@nowhere.txt").err


def test_history_of_accounts(two: Desk) -> None:
    """Runs by an account, a pattern or a field: --account is --target's other name."""
    every = len(two.run("history", "--format", "json").json)
    for words in (["--account", "mmdesk01"], ["--target", "mmdesk01.api_keys*"], ["--target", "@few.txt"]):
        assert len(two.run("history", "--format", "json", *words).json) == 1, words
    assert len(two.run("history", "--format", "json", "--account", "mm*").json) == every == 2


@pytest.mark.slow
def test_keys_to_rotate_by_address(two: Desk) -> None:
    """ACCOUNT and KEY, or their address; one that names no key is refused before anything is read."""
    said = two.run("rotate", "--auto-approve", "--target", "*01.api_keys[trading]")
    assert (said.code, said.last) == (0, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed.")
    assert two.run("rotate", "--auto-approve", "mmdesk01").code == 64
    assert two.run("rotate", "--auto-approve", "mmdesk01", "trading", "--target", "mmdesk02").code == 64
    refused = two.run("rotate", "--auto-approve", "--target", "mmdesk01", "--target", "mmdesk09")
    assert "error: mmdesk09: the manifest has no such API key" in refused.err


def test_import_by_a_file(two: Desk) -> None:
    """Names at the venue, from a file as well."""
    said = two.run("import", "@few.txt", "--out", str(two.folder / "there"))
    assert "Imported 1 account" in said.out, said.err
