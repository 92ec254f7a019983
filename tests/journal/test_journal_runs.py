"""What a later run learns from the journal of an earlier one."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from journal_parts import Clock, mean
from patience import PATIENCE_S

from acctcfg.core.remembered import Ours
from acctcfg.errors import JournalError
from acctcfg.journal import Access, Intent, Journal, KnownAccount
from acctcfg.journal.chain import Draft, Row, canonical
from acctcfg.secrets import Credentials, Secret

plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
SECRET = Secret("QXZQXZQXZ")
odd = st.sampled_from([SECRET, Credentials("k", SECRET, None), b"x", float("nan"), {1}, Path("x"), object(), {1: 2}])
with_something_odd = st.recursive(
    odd,
    lambda inner: (
        st.builds(lambda before, bad: [*before, bad], st.lists(plain, max_size=2), inner)
        | st.builds(lambda rest, bad: {**rest, "z": bad}, st.dictionaries(st.text(), plain, max_size=2), inner)
    ),
    max_leaves=4,
)


KEY = ("1001", "mmdesk01", "trading")


def half_made(journal: Journal, user: str = KEY[0], account: str = KEY[1], label: str = KEY[2]) -> bool:
    """Whether a key of ours was begun there and its end is not known."""
    return journal.knowledge(user).creating(account, label) is not None


def known(journal: Journal) -> dict[str, KnownAccount]:
    """The accounts of the user 1001, by name."""
    return {one.name: one for one in journal.knowledge("1001").all()}


def test_looking_makes_nothing(path: Path) -> None:
    """Reading a journal that is not there gives an empty one, and makes neither file nor folder."""
    for create in (False, True):
        with Journal.open(path, create=create) as journal:
            assert journal.runs() == ()
            assert journal.knowledge("1001").all() == ()
            assert journal.unresolved("1001") == ()
            assert journal.last_access("1001", "mmdesk01") is None
            assert not half_made(journal)
            assert journal.verify() == ()
            with pytest.raises(JournalError, match="no run begins with 2026"):
                journal.run("2026")
    assert not path.parent.exists()


def test_modes(journal: Journal, run: str, path: Path) -> None:
    """File, log and index are 0600, and the folder 0700."""
    assert {file.stat().st_mode & 0o777 for file in path.parent.iterdir()} == {0o600}
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_run_is_told_as_it_was(journal: Journal, clock: Clock) -> None:
    """Who, what, when, on which commit, with which flags, how it ended: all of it is read back."""
    facts = {"commit": "0123abc", "clean": False, "digest": "sha256:77", "flags": {"auto_approve": True}}
    run = journal.begin_run(command="apply", actor="alice@host1", **facts)  # type: ignore[arg-type]
    clock.move(2.5)
    journal.end_run(run, "done", {"created": 2})
    (told,) = journal.runs()
    assert (told.id[:15], told.command, told.actor) == ("20260301-120000", "apply", "alice@host1")
    assert (told.at, told.ended_at) == ("2026-03-01T12:00:00.000Z", "2026-03-01T12:00:02.500Z")
    assert facts == {name: getattr(told, name) for name in facts}
    assert (told.status, told.summary) == ("done", {"created": 2})


def test_runs_newest_first(journal: Journal, clock: Clock) -> None:
    """The list is cut at the oldest; ids sort as the runs began; a prefix that fits one run finds it."""
    ids = []
    for _ in range(4):
        ids.append(journal.begin_run(command="apply", actor="a"))
        clock.move(1)
    assert sorted(ids) == ids
    assert [each.id for each in journal.runs(3)] == ids[:0:-1]
    assert journal.run(ids[2][:15]).run.id == ids[2]
    with pytest.raises(JournalError, match="4 runs begin with 20260301"):
        journal.run("20260301")
    with pytest.raises(JournalError, match="no run begins with x"):
        journal.run("x")


@pytest.mark.parametrize("outcome", ["done", "refused", "failed"])
def test_known_outcomes_leave_nothing_open(journal: Journal, run: str, outcome: str) -> None:
    """A write that is known to have happened or not is not looked for again."""
    entry = mean(journal, run)
    assert journal.unresolved("1001") == (entry,)
    journal.settle(entry, outcome)  # type: ignore[arg-type]
    assert journal.unresolved("1001") == ()


def test_unknown_outcomes_stay_open_until_resolved(journal: Journal, run: str) -> None:
    """Unsettled and unknown writes come back in their order, of this venue user only, until a reading resolves them."""
    first = mean(journal, run, "a.position_mode", sent_at=12.5, body={"after": "net"})
    second = mean(journal, run, "b.position_mode")
    mean(journal, run, "c.position_mode", venue_user="2002")
    journal.settle(second, "unknown", {"why": "timed out"})
    assert journal.unresolved("1001") == (first, second)
    assert (first.sent_at, first.body) == (12.5, {"after": "net"})
    later = journal.begin_run(command="apply", actor="b")
    journal.resolve(later, second, "happened")
    assert journal.unresolved("1001") == (first,)
    journal.resolve(later, first, "did_not_happen")
    assert journal.unresolved("1001") == ()
    told = journal.run(run)
    assert [(each.outcome, each.finding) for each in told.entries[:2]] == [
        (None, "did_not_happen"),
        ("unknown", "happened"),
    ]


def test_words_that_do_not_exist(journal: Journal, run: str) -> None:
    """A misspelt outcome would keep a write open for ever, so it is refused."""
    entry = mean(journal, run)
    with pytest.raises(ValueError, match="ok"):
        journal.settle(entry, "ok")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="maybe"):
        journal.resolve(run, entry, "maybe")  # type: ignore[arg-type]


def test_requests_and_notes_belong_to_their_step(journal: Journal, run: str) -> None:
    """Each request stands with the step that it was sent for, in order; the others with the run."""
    entry = mean(journal, run)
    journal.request(run, None, {"method": "GET", "status": 200})
    journal.request(run, entry, {"method": "POST", "status": 429})
    journal.request(run, entry, {"method": "POST", "status": 200})
    journal.settle(entry, "done", {"shown_after_ms": 40})
    journal.note(run, "gate", {"positions": 0}, venue_user="1001", account="mmdesk01")
    told = journal.run(run)
    assert [sent["status"] for sent in told.entries[0].requests] == [429, 200]
    assert told.entries[0].outcome_body == {"shown_after_ms": 40}
    assert told.requests == ({"method": "GET", "status": 200},)
    assert [(note.kind, note.account, note.body) for note in told.notes] == [("gate", "mmdesk01", {"positions": 0})]


def test_requests_are_written_with_what_comes_next(journal: Journal, run: str, path: Path) -> None:
    """Another process sees a request once the step is settled, or the journal closed."""
    entry = mean(journal, run)
    journal.request(run, entry, {"status": 200})
    with Journal.open(path) as other:
        assert other.run(run).entries[0].requests == ()
        journal.settle(entry, "done")
        assert len(other.run(run).entries[0].requests) == 1
        journal.request(run, entry, {"status": 201})
        journal.close()
        assert len(other.run(run).entries[0].requests) == 2


def test_accounts_are_known_until_forgotten(journal: Journal, run: str, clock: Clock) -> None:
    """An account is ours from its creation or take-over on, under its present key; deleting it ends that."""
    journal.remember_accounts(run, "1001", [Ours(name="mmdesk01", uid="7", key="mmdesk01")])
    journal.remember_accounts(run, "2002", [Ours(name="other", uid="8", key="other")])
    clock.move(60)
    rows = journal.head()[0]
    journal.remember_accounts(run, "1001", [Ours(name="mmdesk01", uid="7", key="mmdesk01")])
    assert journal.head()[0] == rows, "what is known is not written again"
    journal.remember_accounts(run, "1001", [Ours(name="mmdesk01", uid="7", key="desk_one")])
    expected = KnownAccount(name="mmdesk01", uid="7", key="desk_one", since="2026-03-01T12:00:00.000Z")
    assert journal.knowledge("1001").all() == (expected,)
    journal.forget_account(run, "1001", "mmdesk01")
    assert journal.knowledge("1001").all() == ()
    journal.remember_accounts(run, "1001", [Ours(name="mmdesk01", uid="9", key="mmdesk01")])
    assert known(journal)["mmdesk01"].since == "2026-03-01T12:01:00.000Z"


def test_an_account_is_ours_from_the_intent_to_create_it(journal: Journal, run: str) -> None:
    """A run that dies remembers nothing: what it created, or may have, is known; what it surely did not, is not."""
    made = {name: mean(journal, run, name, account=name, action="create") for name in ("one", "two", "three", "four")}
    mean(journal, run, "five.api_keys[trading]", account="five", action="create")
    mean(journal, run, "six", account="six", action="delete")
    assert set(known(journal)) == set(made)
    journal.settle(made["one"], "done")
    journal.settle(made["two"], "unknown")
    journal.settle(made["three"], "refused")
    journal.resolve(run, made["four"], "did_not_happen")
    assert set(known(journal)) == {"one", "two"}
    assert journal.knowledge("2002").all() == ()
    journal.settle(mean(journal, run, "one", account="one", action="delete"), "done")
    assert set(known(journal)) == {"two"}


def test_a_refused_creation_takes_nothing_away(journal: Journal, run: str) -> None:
    """An account that was taken over stays known, whatever becomes of an attempt to create it anew."""
    journal.remember_accounts(run, "1001", [Ours(name="mmdesk01", uid="7", key="mmdesk01")])
    journal.settle(mean(journal, run, "mmdesk01", action="create"), "refused")
    assert set(known(journal)) == {"mmdesk01"}


def test_the_last_access_counts(journal: Journal, run: str) -> None:
    """The key that signed last is told, per account; telling the same again writes nothing."""
    for label in ("old", "new", "new"):
        access = ("vault", f"desk/mmdesk01/{label}", label)
        journal.remember_accounts(run, "1001", [Ours(name="mmdesk01", uid="7", key="mmdesk01", access=access)])
    other = Ours(name="mmdesk02", uid="8", key="mmdesk02", access=("vault", "desk/mmdesk02/x", "x"))
    journal.remember_accounts(run, "1001", [other])
    expected = Access(store="vault", path="desk/mmdesk01/new", label="new", since="2026-03-01T12:00:00.000Z", uid="7")
    assert journal.last_access("1001", "mmdesk01") == expected
    assert journal.head()[0] == 1 + 2 + 3, "the run; both accounts; their keys, and the one that changed"


def test_accounts_are_put_on_record_in_one_flush(journal: Journal, run: str) -> None:
    """However many there are: what is known so already is not written again, and nothing stands between the rows."""
    names = [f"mmdesk{number:04}" for number in range(1200)]

    def ours(some: Sequence[str]) -> list[Ours]:
        return [Ours(name=one, uid=one[-4:], key=one, access=("vault", f"desk/{one}/bot", "bot")) for one in some]

    flushes: list[int] = []
    append = journal.storage.append

    def counted(drafts: Sequence[Draft], at: str) -> list[Row]:
        flushes.append(len(drafts))
        return append(drafts, at)

    journal.storage.append = counted  # type: ignore[method-assign]
    journal.remember_accounts(run, "1001", ours(names[:3]))
    journal.remember_accounts(run, "1001", ours(names))
    journal.remember_accounts(run, "1001", ours(names))
    journal.remember_accounts(run, "1001", ours(names[5:8]))
    assert flushes == [6, 2 * 1197]
    assert len(known(journal)) == 1200


def creates(journal: Journal, run: str, label: str = "trading") -> Intent:
    return mean(journal, run, f"mmdesk01.api_keys[{label}]", action="create", creates_key=label)


def test_a_key_is_half_made_until_it_is_stored(journal: Journal, run: str) -> None:
    """From the intent on, a key of that label and account is one that acctcfg was creating; stored, it is not."""
    assert not half_made(journal)
    entry = creates(journal, run)
    assert half_made(journal)
    assert not half_made(journal, "1001", "mmdesk01", "other")
    assert not half_made(journal, "1001", "mmdesk02", "trading")
    assert not half_made(journal, "2002", "mmdesk01", "trading")
    journal.settle(entry, "unknown")
    assert half_made(journal)
    journal.resolve(run, entry, "happened")
    assert half_made(journal), "it exists, and its secret is lost: that does not make it somebody else's"
    journal.remember_key(run, *KEY, store="vault", path="desk/mmdesk01/trading")
    assert not half_made(journal)


@pytest.mark.parametrize(
    "ending",
    [
        lambda journal, _run, entry: journal.settle(entry, "done"),
        lambda journal, _run, entry: journal.settle(entry, "refused"),
        lambda journal, _run, entry: journal.settle(entry, "failed"),
        lambda journal, run, entry: journal.resolve(run, entry, "did_not_happen"),
        lambda journal, run, _entry: journal.forget_key(run, *KEY),
        lambda journal, run, _entry: journal.remember_key(run, *KEY, store="v", path="p"),
    ],
)
def test_a_key_that_somebody_else_makes_later_is_not_ours(
    journal: Journal, run: str, ending: Callable[..., None]
) -> None:
    """Once a creation is known to be over, a key of the same label is no longer taken for our half-made one."""
    entry = creates(journal, run)
    ending(journal, run, entry)
    assert not half_made(journal)
    creates(journal, run)
    assert half_made(journal), "until it is begun again"


def test_only_the_last_creation_counts(journal: Journal, run: str) -> None:
    """A late word about an earlier attempt does not end the later one; another label's does not either."""
    first = creates(journal, run)
    creates(journal, run)
    other = creates(journal, run, "other")
    journal.resolve(run, first, "did_not_happen")
    journal.settle(other, "done")
    assert half_made(journal)


@given(with_something_odd)
def test_only_plain_data_is_written(body: object) -> None:
    """A secret, or anything else that is not plain JSON data, is refused wherever it hides, and not quoted."""
    with pytest.raises(TypeError) as caught:
        canonical(body)
    assert "QXZ" not in str(caught.value)


def test_a_secret_in_a_body_writes_nothing(journal: Journal, run: str) -> None:
    """Whatever method is given a secret raises before anything is written, and the journal goes on working."""
    entry = mean(journal, run)
    before = journal.head()
    body = {"deep": [{"er": SECRET}]}
    attempts = [
        lambda: mean(journal, run, body=body),
        lambda: journal.settle(entry, "done", body),
        lambda: journal.note(run, "x", body),
        lambda: journal.request(run, entry, body),
        lambda: journal.resolve(run, entry, "happened", body),
        lambda: journal.end_run(run, "done", body),
        lambda: journal.begin_run(command="apply", actor="a", flags=body),
    ]
    for attempt in attempts:
        with pytest.raises(TypeError, match="Secret"):
            attempt()
    assert journal.head() == before
    journal.settle(entry, "done")


@given(plain)
def test_plain_data_has_one_form(body: object) -> None:
    """The written form does not depend on the order of keys."""

    def turned(value: object) -> object:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return [turned(inner) for inner in value] if isinstance(value, list) else value

    assert canonical(body) == canonical(turned(body))


def test_threads_share_a_journal(journal: Journal, run: str) -> None:
    """Intents of several threads at once all land, each with a number of its own, in one unbroken chain."""
    seen: list[int] = []

    def work(name: str) -> None:
        for number in range(20):
            entry = mean(journal, run, f"{name}.leverage[{number}]")
            journal.request(run, entry, {"n": number})
            journal.settle(entry, "done")
            seen.append(entry.seq)

    threads = [threading.Thread(target=work, args=(f"t{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 80
    assert journal.verify() == ()
    assert all(len(entry.requests) == 1 for entry in journal.run(run).entries)


APPENDS = """
import sys
from pathlib import Path
from acctcfg.journal import Journal
facts = {"venue_user": "1", "account": "a", "action": "change", "call": "POST /"}
with Journal.open(Path(sys.argv[1]), create=True) as journal:
    run = journal.begin_run(command="apply", actor=sys.argv[2])
    for number in range(30):
        (entry,) = journal.intend(journal.intending(run, address=str(number), **facts))
        journal.settle(entry, "done")
    journal.end_run(run, "done")
"""


def test_processes_share_a_journal(path: Path) -> None:
    """Three processes that make the journal and append at once leave one unbroken chain with all of it."""
    command = [sys.executable, "-W", "error", "-c", APPENDS, str(path)]
    children = [subprocess.Popen([*command, str(number)]) for number in range(3)]
    assert [child.wait(PATIENCE_S) for child in children] == [0, 0, 0]
    with Journal.open(path) as journal:
        assert journal.verify() == ()
        assert sorted(each.actor for each in journal.runs()) == ["0", "1", "2"]
        assert journal.head()[0] == 3 * 62


DIES = """
import os, sys, signal
from pathlib import Path
from acctcfg.journal import Journal
journal = Journal.open(Path(sys.argv[1]), create=True)
run = journal.begin_run(command="apply", actor="a")
facts = {"venue_user": "1001", "account": "a", "address": "a.x", "action": "change", "call": "POST /"}
journal.intend(journal.intending(run, **facts, body={"n": 1}))
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_an_intent_outlives_its_process(path: Path) -> None:
    """What intend returned for is there after a kill -9, for readers that make nothing and for the next run."""
    assert subprocess.run([sys.executable, "-c", DIES, str(path)], check=False).returncode == -9
    for create in (False, True):
        with Journal.open(path, create=create) as journal:
            (intent,) = journal.unresolved("1001")
            assert (intent.address, intent.body) == ("a.x", {"n": 1})
            assert journal.runs()[0].status == ""
            assert journal.verify() == ()
