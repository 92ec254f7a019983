"""What the journal knows of accounts, keys and addresses: by uid and id, whatever they are called, and in old files."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_parts import Clock, mean

from acctcfg.core.remembered import Creating, Ours
from acctcfg.errors import JournalError
from acctcfg.journal import Journal
from acctcfg.journal.chain import FIRST, Row, canonical, flaws, row_hash
from acctcfg.journal.knowledge import Knowledge

USER = "1001"


def create(journal: Journal, run: str, account: str, answer: dict[str, Any] | None = None, **sent: Any) -> None:
    entry = mean(journal, run, account, account=account, action="create", body={"creates": sent})
    if answer is not None:
        journal.answered(entry, answer)
        journal.settle(entry, "done")


def test_an_account_is_known_by_what_its_creation_answered(journal: Journal, run: str) -> None:
    """The uid of the answer counts from that moment on, though the run ends before it remembers anything."""
    create(journal, run, "mmdesk01", {"uid": "7"})
    known = journal.knowledge(USER)
    assert known.accounts["7"].name == "mmdesk01"
    assert known.named("mmdesk01") == known.accounts["7"]
    assert known.creating("mmdesk01", "") is None
    assert journal.knowledge("2002").all() == ()


def test_a_creation_without_an_answer_is_a_question(journal: Journal, run: str) -> None:
    """It makes no account known; it is told with what was sent, and the account has no uid."""
    create(journal, run, "mmdesk01", name="mmdesk01", label="MM")
    known = journal.knowledge(USER)
    assert known.accounts == {}
    begun = known.creating("mmdesk01", "")
    assert begun is not None
    assert begun.params == {"name": "mmdesk01", "label": "MM"}
    assert [(one.name, one.uid) for one in known.all()] == [("mmdesk01", "")]


@pytest.mark.parametrize(
    ("live", "fits"),
    [
        ({"created_s": 100.0, "label": "MM"}, True),
        ({"created_s": 5000.0, "label": "MM"}, True),
        ({"created_s": 90.0, "label": "MM"}, False),
        ({"created_s": 100.0, "label": "other"}, False),
        ({"created_s": None, "label": "MM"}, False),
        ({"created_s": 100.0, "label": "MM", "uid": "8"}, False),
        ({"created_s": 100.0, "label": "MM", "uid": "7", "not_sent": 1}, True),
    ],
)
def test_evidence(live: dict[str, Any], fits: bool) -> None:
    """Time of creation, uid and what was sent decide; a name, or a time that the venue does not say, proves nothing."""
    begun = Creating(name="x", label="", uid="7", sent_at=100.0, params={"label": "MM"})
    assert begun.fits(**live) is fits
    assert not Creating(name="x", label="", uid="7", sent_at=None).fits(created_s=100.0)


def test_renamed_in_the_manifest_an_account_stays_the_same(journal: Journal, run: str) -> None:
    """Another key in the manifest, or another path of its secret: account and key are found by their ids."""
    create(journal, run, "mmdesk01", {"uid": "7"})
    journal.remember_key(run, USER, "mmdesk01", "bot", store="vault", path="old/a/bot", api_key="K1", uid="7")
    journal.remember_accounts(run, USER, [Ours(name="mmdesk01", uid="7", key="renamed")])
    known = journal.knowledge(USER)
    stored = known.stored_key("K1")
    assert stored is not None
    assert (stored.store, stored.path, stored.label, stored.uid) == ("vault", "old/a/bot", "bot", "7")
    journal.remember_key(run, USER, "mmdesk01", "bot", store="vault", path="new/renamed/bot", api_key="K1", uid="7")
    known = journal.knowledge(USER)
    assert [one.path for one in known.stored_keys("7")] == ["new/renamed/bot"], "a secret lies in one place"
    assert known.stored_key("") is None


def test_read_on_from_where_it_was_it_is_the_same(journal: Journal, run: str) -> None:
    """What was known before, with the rows that came since, is what all rows add up to."""
    create(journal, run, "mmdesk01", {"uid": "7"})
    before = journal.knowledge(USER)
    create(journal, run, "mmdesk02", {"uid": "8"})
    journal.remember_key(run, USER, "mmdesk02", "bot", store="vault", path="b/bot", api_key="K2", uid="8")
    assert journal.knowledge(USER, before) == journal.knowledge(USER)


def test_what_was_created_counts_until_it_is_deleted(journal: Journal, run: str) -> None:
    """Addresses for ever, a key until its delete has happened, all of it until the account is gone."""
    create(journal, run, "mmdesk01", {"uid": "7"})
    for number in (1, 2):
        body = {"uid": "7", "creates": {"currency": "USDT"}}
        entry = mean(journal, run, f"m.deposit.addresses[USDT/USDT-TRC20/{number}]", action="create", body=body)
        journal.answered(entry, {"currency": "USDT", "chain": "USDT-TRC20", "address": f"T{number}"})
        journal.settle(entry, "done")
    key = mean(journal, run, "m.api_keys[bot]", action="create", creates_key="bot", body={"uid": "7"})
    journal.answered(key, {"label": "bot", "api_key": "K1"})
    journal.settle(key, "done")
    known = journal.knowledge(USER)
    assert [one["address"] for one in known.created("7", "deposit.addresses")] == ["T1", "T2"]
    assert known.created("7", "api_keys") == ({"label": "bot", "api_key": "K1"},)
    assert known.created("8", "api_keys") == ()
    gone = mean(journal, run, "m.api_keys[bot]", action="delete", body={"uid": "7", "deletes": "K1"})
    assert len(journal.knowledge(USER).created("7", "api_keys")) == 1, "an intent deletes nothing"
    journal.settle(gone, "done")
    assert journal.knowledge(USER).created("7", "api_keys") == ()
    journal.forget_account(run, USER, "mmdesk01")
    assert journal.knowledge(USER).created("7", "deposit.addresses") == ()


def test_what_nobody_can_take_away_is_known_until_its_account_is_gone(journal: Journal, run: str, clock: Clock) -> None:
    """By environment and the account's uid, never by its name, with the time of its record."""
    field = "deposit.addresses"
    place = {"uid": "7", "environment": "demo", "field": field}
    one, two = ({"currency": "USDT", "address": f"T{number}", "number": number} for number in (1, 2))
    journal.remember_accounts(run, USER, [Ours(name="mmdesk01", uid="7", key="mmdesk01")])
    for shown in (one, two):
        clock.move(86_400)
        journal.remember_lasting(run, USER, "mmdesk01", **place, shown=[shown])
        journal.note(run, "x")  # the next addition
    known = journal.knowledge(USER)
    first, second = known.lasting("7", "demo", field)
    assert (first.facts, second.facts) == (one, two)
    assert first.since < second.since
    assert known.created("7", "deposit.addresses") == (), "nothing of it was made by us"
    assert known.lasting("8", "demo", field) == known.lasting("7", "demo", "api_keys") == ()
    assert known.lasting("7", "live", field) == ()
    assert journal.knowledge("another").lasting("7", "demo", field) == ()
    journal.remember_accounts(run, USER, [Ours(name="mmdesk01", uid="8", key="mmdesk01")])
    assert journal.knowledge(USER).lasting("8", "demo", field) == ()
    journal.remember_accounts(run, USER, [Ours(name="mmdesk01", uid="7", key="mmdesk01")])
    journal.forget_account(run, USER, "mmdesk01")
    assert journal.knowledge(USER).lasting("7", "demo", field) == ()


def test_a_key_whose_secret_was_never_stored_tells_its_id(journal: Journal, run: str) -> None:
    """An answered and unfinished creation names the very key that is half made."""
    entry = mean(journal, run, "m.api_keys[bot]", action="create", creates_key="bot", body={"uid": "7"})
    journal.answered(entry, {"label": "bot", "api_key": "K1"})
    begun = journal.knowledge(USER).creating("mmdesk01", "bot")
    assert begun is not None
    assert (begun.uid, begun.answered["api_key"]) == ("7", "K1")


def test_one_name_has_one_account(journal: Journal, run: str) -> None:
    """Made anew under its name, the account has the new uid and nothing of the old one."""
    create(journal, run, "mmdesk01", {"uid": "7"})
    create(journal, run, "mmdesk01", {"uid": "8"})
    known = journal.knowledge(USER)
    assert set(known.accounts) == {"8"}
    assert known.named("mmdesk01") == known.accounts["8"]


def test_seen_once_a_day(journal: Journal, run: str, clock: Clock) -> None:
    """The last day counts; what was seen today already is not written again."""
    journal.remember_seen(run, USER, "instrument", ["A", "B"])
    before = journal.head()
    journal.remember_seen(run, USER, "instrument", ["B"])
    assert journal.head() == before
    clock.move(86_400)
    journal.remember_seen(run, USER, "instrument", ["B"])
    seen = journal.knowledge(USER).sightings
    assert seen == {("instrument", "A"): "2026-03-01", ("instrument", "B"): "2026-03-02"}


def test_the_user_behind_a_connection(journal: Journal, run: str) -> None:
    """By its key, environment and address: the last one that an apply had."""
    here = ("desk", "live", "https://one")
    assert journal.user_behind(*here) == ""
    journal.remember_user(run, *here, "7000")
    head = journal.head()
    journal.remember_user(run, *here, "7000")
    assert journal.head() == head
    assert journal.user_behind(*here) == "7000"
    assert journal.user_behind("desk", "demo", "https://one") == ""
    journal.remember_user(run, *here, "8000")
    assert journal.user_behind(*here) == "8000"


OLD = (
    (
        "intent",
        None,
        "mmdesk01",
        "mm",
        {"action": "create", "call": "P", "body": None, "sent_at": 1, "creates_key": ""},
    ),
    ("done", 1, "mmdesk01", "mm", None),
    ("account", None, "mmdesk01", "", {"uid": "7", "key": "mm"}),
    ("access", None, "mmdesk01", "", {"store": "v", "path": "d/mm/bot", "label": "bot"}),
    ("key_stored", None, "mmdesk01", "", {"label": "bot", "store": "v", "path": "d/mm/bot"}),
    ("key_stored", None, "mmdesk01", "", {"label": "old", "store": "v", "path": "d/mm/old"}),
    ("key_gone", None, "mmdesk01", "", {"label": "old"}),
)


def test_rows_of_earlier_versions() -> None:
    """They name the account only: its uid is the one that the journal had for that name."""
    rows, prev = [], FIRST
    for seq, (kind, entry, name, address, body) in enumerate(OLD, 1):
        row = Row(seq, "2026-01-01T00:00:00.000Z", "r", kind, entry, USER, name, address, canonical(body), prev, "")
        rows.append(row._replace(hash=row_hash(row)))
        prev = rows[-1].hash
    assert list(flaws(rows, len(rows))) == []
    known = Knowledge.of(rows)
    assert known.accounts["7"].key == "mm"
    assert known.access["7"].path == "d/mm/bot"
    assert [one.path for one in known.stored_keys("7")] == ["d/mm/bot"]


names, uids, labels = st.sampled_from("ab"), st.sampled_from("12"), st.sampled_from("kl")
events = st.lists(
    st.one_of(
        st.tuples(st.just("create"), names, uids | st.none(), labels),
        st.tuples(st.just("account"), names, uids, labels),
        st.tuples(st.just("gone"), names, uids, labels),
        st.tuples(st.just("key"), names, uids, labels),
        st.tuples(st.just("stored"), names, uids, labels),
        st.tuples(st.just("delete"), names, uids, labels),
    ),
    max_size=20,
)


@given(events)
def test_the_sum_never_contradicts_itself(what: list[tuple[str, str, str | None, str]]) -> None:
    """Whatever happened in whatever order: each name leads to one account, each id to one secret, and both agree."""
    known, seq = Knowledge(), 0

    def add(kind: str, name: str, body: Any, address: str = "", entry: int | None = None) -> int:
        nonlocal seq
        seq += 1
        known.add(Row(seq, f"{seq:04}", "r", kind, entry, USER, name, address, canonical(body), "", ""))
        return seq

    def intend(name: str, address: str, action: str, label: str = "", **body: Any) -> int:
        facts = {"action": action, "call": "P", "body": body, "sent_at": 1.0, "creates_key": label}
        return add("intent", name, facts, address)

    for kind, name, uid, label in what:
        if kind == "create":
            entry = intend(name, name, "create")
            if uid is not None:
                add("answered", name, {"uid": uid}, name, entry)
                add("done", name, None, name, entry)
        elif kind == "account":
            add("account", name, {"uid": uid, "key": name})
        elif kind == "gone":
            add("account_gone", name, None)
        elif kind == "key":
            entry = intend(name, f"{name}.api_keys[{label}]", "create", label, uid=uid)
            add("answered", name, {"label": label, "api_key": f"{uid}{label}"}, f"{name}.api_keys[{label}]", entry)
        elif kind == "stored":
            place = {"store": "v", "path": f"{name}/{label}", "api_key": f"{uid}{label}", "uid": uid}
            add("key_stored", name, {"label": label, **place})
        else:
            entry = intend(name, f"{name}.api_keys[{label}]", "delete", uid=uid, deletes=f"{uid}{label}")
            add("done", name, None, f"{name}.api_keys[{label}]", entry)
            assert known.stored_key(f"{uid}{label}") is None
            assert f"{uid}{label}" not in [one["api_key"] for one in known.created(str(uid), "api_keys")]
        for one in known.all():
            if one.uid:
                assert known.named(one.name) == one == known.accounts[one.uid]
        stored = [one.api_key for one in known.stored.values()]
        assert len(stored) == len(set(stored))
        assert all(known.stored_key(one.api_key) == one for one in known.stored.values())


# -- whether it may be believed --------------------------------------------------------------------------------------


def tampered(path: Path, statement: str) -> None:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(f"DROP TRIGGER IF EXISTS events_stay; DROP TRIGGER IF EXISTS events_last; {statement}")
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET body = json_set(body, '$.sent_at', 9e9) WHERE seq = 2",
        "DELETE FROM events WHERE seq = 2",
        "DELETE FROM events WHERE seq > 2",
        "UPDATE events SET seq = 99 WHERE seq = 3",
    ],
)
def test_nothing_is_decided_by_an_altered_journal(journal: Journal, run: str, path: Path, statement: str) -> None:
    """Each kind of tampering is an error in words where a decision needs the journal, after an earlier look too."""
    for name in "abc":
        mean(journal, run, f"{name}.x")
    head = journal.demand_intact()
    assert head == journal.head() == journal.demand_intact(head)
    mean(journal, run, "d.x")
    assert journal.demand_intact(head) == journal.head()
    tampered(path, statement)
    with pytest.raises(JournalError, match="not as it was written") as caught:
        journal.demand_intact()
    assert "backup" in caught.value.hint


def test_the_named_file_is_the_journal(path: Path, tmp_path: Path) -> None:
    """After a normal end, a copy of the one file holds every row; an open reader does not change that."""
    with Journal.open(path, create=True) as writer:
        run = writer.begin_run(command="apply", actor="a")
    with Journal.open(path) as reader, Journal.open(path, create=True) as writer:
        reader.runs()
        writer.end_run(run, "done")
        head = writer.head()
        writer.close()
        copy = tmp_path / "copy.sqlite"
        copy.write_bytes(path.read_bytes())
    assert path.with_name(f"{path.name}-wal").stat().st_size == 0
    with Journal.open(copy) as copied:
        assert (copied.head(), copied.verify()) == (head, ())


def test_an_old_file_beside_a_newer_log_is_refused(path: Path) -> None:
    """A backup that was put back beside the log of a run that was killed is one journal with it in no way."""
    with Journal.open(path, create=True) as writer:
        run = writer.begin_run(command="apply", actor="a")
    old = path.read_bytes()
    with Journal.open(path, create=True) as writer:
        for number in range(200):
            mean(writer, run, f"a.leverage[{number}]")
    log = path.with_name(path.name + "-wal")
    later = Journal.open(path, create=True)
    mean(later, run, "b.x")
    live, left = log.read_bytes(), path.read_bytes()
    later.close()
    assert left != old
    for file in path.parent.iterdir():
        if file.is_file():
            file.unlink()
    path.write_bytes(old)
    log.write_bytes(live)
    for ask in (Journal.demand_whole, Journal.demand_intact):
        with Journal.open(path) as journal, pytest.raises(JournalError):
            ask(journal)
    assert path.read_bytes() == old
    log.unlink()
    with Journal.open(path) as journal:
        journal.demand_whole()
        assert len(journal.runs()) == 1
