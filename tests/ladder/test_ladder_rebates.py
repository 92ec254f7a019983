"""`broker`: whether a broker is paid for its users' keys, and the files of its rebates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from desk import MASTER, Desk

REBATES = {"11111111-aaaa": "0", "22222222-bbbb": "3"}


def test_rebates_of_users_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each with its number in words and exit 1 where one is not paid; a broker of two kinds must say which."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "fd": ["api", "oauth"], "keys": [MASTER], "rebates": REBATES}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as desk:
        desk.write({}, venue={"type": "okx"})
        said = desk.run("broker", "rebate", *REBATES, "--broker-type", "api")
        assert said.code == 1, said.err
        assert said.out.splitlines() == [
            "11111111-aaaa  rebate is paid (type 0)",
            "22222222-bbbb  the user's fee level is too high (type 3)",
        ]
        assert desk.run("broker", "rebate", "11111111-aaaa", "--broker-type", "oauth").code == 0
        unsaid = desk.run("broker", "rebate", "11111111-aaaa")
        assert unsaid.code == 1
        assert "50044" in unsaid.err
        assert "hint: say which broker is meant: --broker-type api, or oauth" in unsaid.err
        assert desk.run("broker", "rebate", "unknown-key-1", "--broker-type", "api").code == 1
        assert desk.writes() == []


@pytest.mark.parametrize("unknown", [0, 1, 2])
def test_a_key_that_is_not_known_hides_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unknown: int) -> None:
    """Each key has its line, in the order given; of the unknown one that is said, and the exit status is 1."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "fd": ["api"], "keys": [MASTER], "rebates": REBATES}
    told = ["11111111-aaaa  rebate is paid (type 0)", "22222222-bbbb  the user's fee level is too high (type 3)"]
    told.insert(unknown, "unknown-key-1  not told: 59506, the API key is not known")
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as desk:
        desk.write({}, venue={"type": "okx"})
        said = desk.run("broker", "rebate", *(one.partition(" ")[0] for one in told))
        assert (said.code, said.out.splitlines()) == (1, told), said.err


def test_a_refusal_that_nobody_knows_is_told_in_the_venues_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a code that is not listed, the line of its key says what the venue said, and no escape code gets through."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "fd": ["api"], "keys": [MASTER], "rebates": REBATES}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as desk:
        desk.write({}, venue={"type": "okx"})
        desk.fault(match={"path": "*/if-rebate"}, kind="code", code="88888", msg="ask your \x1b[31mmanager")
        said = desk.run("broker", "rebate", *REBATES)
        first, second = said.out.splitlines()
        assert (said.code, second) == (1, "22222222-bbbb  the user's fee level is too high (type 3)")
        assert first.startswith("11111111-aaaa  not told: 88888, a code that acctcfg has no words for; the venue says ")
        assert ("manager" in first, "\x1b" in first) == (True, False)


def test_what_was_answered_is_told_though_the_venue_falls_silent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ends the questions ends them alone: the lines of the keys before stay, and the error says what it was."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "fd": ["api"], "keys": [MASTER], "rebates": REBATES}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}}) as desk:
        desk.write({}, venue={"type": "okx"})
        desk.fault(match={"path": "*/if-rebate"}, after=1, times=0, kind="code", code="59611")
        said = desk.run("broker", "rebate", *REBATES)
        assert (said.code, said.out) == (1, "11111111-aaaa  rebate is paid (type 0)\n")
        assert "59611" in said.err


DAYS = ("--from", "2026-01-01", "--to", "2026-01-31")
ASKS = "/broker/fd/rebate-per-orders"
READS_ONLY = {**MASTER, "perm": "read_only"}


@pytest.fixture
def fd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """An FD broker whose key only reads; its files are ready after half a second, an hour takes 36."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "fd": ["api"], "keys": [READS_ONLY]}
    world = {"tenants": {"desk": tenant}, "flags": {"broker_file_s": 50}}
    with Desk.at(tmp_path, monkeypatch, world, speed=100) as desk:
        yield desk.write({}, venue={"type": "okx"})


def test_a_file_is_asked_for_once_and_waited_for(fd: Desk) -> None:
    """The link, which opens the file to whoever has it, is printed on request alone, and kept nowhere."""
    said = fd.run("-v", "broker", "rebate-files", *DAYS)
    assert said.code == 0, said.err
    assert said.out == "2026-01-01 to 2026-01-31  ready; --link prints the link, which works for 2 h\n"
    linked = fd.run("-v", "broker", "rebate-files", *DAYS, "--link")
    assert linked.code == 0
    assert linked.out.startswith("http://files.sandbox.invalid/20260101-20260131.csv?Signature=")
    signature = linked.out.strip().rpartition("=")[2]
    files = b"".join(path.read_bytes() for path in fd.folder.rglob("*") if path.is_file())
    assert "Signature" not in said.out + said.err + linked.err
    assert b"Signature" not in files
    assert signature.encode() not in files
    assert len(fd.writes(ASKS)) == 1


@pytest.mark.parametrize("fate", ["timeout_before", "reset_after"])
def test_a_question_without_an_answer_is_not_asked_again(fd: Desk, fate: str) -> None:
    """Whether it arrived, the list tells; it is never sent a second time by the same run."""
    fd.fault(match={"path": f"*{ASKS}", "method": "POST"}, kind=fate, seconds=1)
    said = fd.run("broker", "rebate-files", *DAYS, "--wait", "2s")
    arrived = fate == "reset_after"
    assert said.code == (0 if arrived else 1), said.out + said.err
    assert arrived or "may or may not have been executed" in said.err
    heard = fd.sandbox.control_get("requests")
    assert heard["by_path"].get(f"POST /api/v5{ASKS}", 1) == 1


def test_a_second_file_within_the_hour(fd: Desk) -> None:
    """It is not waited for: the message says when it may be asked for, and a refused one is not repeated."""
    assert fd.run("broker", "rebate-files", *DAYS).code == 0
    said = fd.run("broker", "rebate-files", "--from", "20260201", "--to", "20260202")
    assert said.code == 1
    assert "ask again at" in said.err
    assert len(fd.writes(ASKS)) == 1


def test_a_limit_that_somebody_else_used_up(fd: Desk) -> None:
    """One refusal, one request, and how long to wait at most."""
    fd.fault(match={"path": f"*{ASKS}", "method": "POST"}, kind="rate_limited", times=0)
    said = fd.run("broker", "rebate-files", *DAYS)
    assert said.code == 1
    assert "ask again in 60 minutes at the latest" in said.err
    assert fd.too_many == 1


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-02-30", "2026-03-01", "does not match the formats"),
        ("2026-02-02", "2026-02-01", "is after"),
        ("2026-01-01", "2026-07-01", "at most 180"),
        ("2026-01-01", "2026-06-30", "are 181 days; a file is of at most 180"),
    ],
)
def test_days_that_no_file_is_of(fd: Desk, first: str, last: str, words: str) -> None:
    """They are refused before anything is sent."""
    before = fd.sandbox.control_get("requests")
    said = fd.run("broker", "rebate-files", "--from", first, "--to", last)
    assert said.code == 64
    assert words in said.err
    assert fd.sandbox.control_get("requests") == before


def test_the_files_of_a_dma_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same by other paths; a user who is no broker hears so."""
    world = {"tenants": {"desk": {"env_prefix": "OKX_DESK", "keys": [MASTER]}}, "flags": {"broker_file_s": 0}}
    with Desk.at(tmp_path, monkeypatch, world, speed=100) as desk:
        said = desk.write({}).run("broker", "rebate-files", *DAYS)
        assert (said.code, said.out.rpartition("works for ")[2]) == (0, "9 h\n")
        assert len(desk.writes("/broker/dma/trades")) == 1
        none = desk.write({}, venue={"type": "okx"}).run("broker", "rebate-files", *DAYS)
        assert none.code == 1
        assert "59608" in none.err
