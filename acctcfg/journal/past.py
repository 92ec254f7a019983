"""Looking back: what a journal says of runs, of open writes, of accounts, keys and stores."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager

from acctcfg.core.base_url import one_spelling
from acctcfg.core.json_types import JsonObject
from acctcfg.errors import JournalError
from acctcfg.journal import reading
from acctcfg.journal.chain import BEGINNING, Head, Row, flaws
from acctcfg.journal.facts import mapping
from acctcfg.journal.intact import demand_intact
from acctcfg.journal.knowledge import Knowledge
from acctcfg.journal.last_seen import LastSeen, demand_last, older
from acctcfg.journal.process import Process
from acctcfg.journal.reading import Readers
from acctcfg.journal.records import LOCK_BREAK, Access, Connected, Intent, Run, RunRecord, is_of
from acctcfg.journal.storage import NAMED, Storage, Which

__all__ = ["Past", "part_address"]


def part_address(number: int) -> str:
    """What a note about a part of a run is filed under."""
    return f"part {number}"


class Past:
    """A journal to read. Every method raises JournalError where rows are damaged, or cannot be read.

    `seen`: how far this machine saw it, so that an older copy is not taken for it.
    """

    def __init__(self, storage: Storage, *, seen: LastSeen | None = None) -> None:
        self.storage = storage
        self._seen = seen
        self._guard = threading.RLock()

    @property
    def place(self) -> str:
        """Where it is kept, as messages name it."""
        return self.storage.place

    # -- writes --------------------------------------------------------------------------------------------------------

    def unresolved(self, venue_user: str) -> tuple[Intent, ...]:
        """Writes whose outcome nobody knows: never settled, or settled "unknown", and not resolved since."""
        rows = self._rows(Which(kinds=("intent",), venue_user=venue_user, unresolved=True))
        with self._understood():
            return tuple(reading.intent(row) for row in rows)

    def knowledge(
        self, venue_user: str, known: Knowledge | None = None, *, kinds: tuple[str, ...] = reading.KNOWLEDGE
    ) -> Knowledge:
        """What all runs left on record about the accounts and keys of one venue user; `known` with what came since.

        `kinds`: only what these rows tell."""
        rows = self._rows(Which(kinds=kinds, venue_user=venue_user, first=known.last + 1 if known is not None else 0))
        with self._understood():
            return Knowledge.of(rows, known)

    def venue_users(self) -> tuple[str, ...]:
        """Every venue user that the journal knows something of."""
        return tuple(sorted({row.venue_user for row in self._rows(Which()) if row.venue_user}))

    # -- connections, stores, access ----------------------------------------------------------------------------------

    def user_behind(
        self, venue: str, environment: str, base_url: str, place_of: Callable[[str], str] = one_spelling
    ) -> str:
        """The venue user whose credentials this connection had when it was last used by an apply; "" before that.

        `place_of`: one name for all the base URLs that lead to one place; another spelling is no other connection.
        """
        here = (venue, environment, place_of(base_url))
        known = self.connections()
        found = [one.user for one in known if (one.venue, one.environment, place_of(one.base_url)) == here]
        return found[-1] if found else ""

    def connections(self) -> list[Connected]:
        """Every connection that an apply used, oldest first; again where it had another user by then."""
        rows = self._rows(Which(kinds=("connection",)))
        with self._understood():
            return [
                Connected(row.venue_user, *(str(row.facts()[name]) for name in ("venue", "environment", "base_url")))
                for row in rows
            ]

    def store_readers(self) -> dict[str, Readers]:
        """Type, path and recipients of every store, as an apply last knew them."""
        found: dict[str, Readers] = {}
        rows = self._rows(Which(kinds=("stores",)))
        with self._understood():
            for row in rows:
                found |= {name: reading.readers(facts) for name, facts in row.facts().items()}
        return found

    def last_access(self, venue_user: str, account: str) -> Access | None:
        """The stored key that signed last for this account."""
        rows = self._rows(Which(kinds=("access",), venue_user=venue_user, account=account, last=1))
        with self._understood():
            return reading.access(rows[0]) if rows else None

    # -- runs ----------------------------------------------------------------------------------------------------------

    def runs(self, limit: int | None = 50, *, since: str = "", about: Sequence[str] = ()) -> tuple[Run, ...]:
        """The last runs, newest first: of those since a time, and those about one of these addresses or patterns."""
        if limit and not since and not about:
            begins = self._rows(Which(kinds=("run",), last=limit))
        else:
            begins = [row for row in self._rows(Which(kinds=("run",))) if row.at >= since][::-1]
            runs = self._runs_about(about) if about else set()
            begins = [row for row in begins if not about or row.run in runs][:limit]
        first = begins[-1].seq if begins else 0
        ends = {row.run: row for row in self._rows(Which(kinds=("run_end",), first=first))}
        with self._understood():
            return tuple(reading.run(row, ends.get(row.run)) for row in begins)

    def last_write(self) -> Run | None:
        """The last run that may write to a venue; whoever breaks a lock does not."""
        return next((one for one in self.runs() if one.command != LOCK_BREAK), None)

    def _runs_about(self, about: Sequence[str]) -> set[str]:
        rows = self._rows(Which(kinds=("intent", "step")))
        return {row.run for row in rows if is_of(row.address, about)}

    def with_former_names(self, about: Sequence[str]) -> tuple[str, ...]:
        """These addresses or patterns, each of one account also under the names that it had in earlier manifests.

        An account is the same one where its rows name the same uid.
        """
        if not about:
            return ()
        names: dict[str, set[str]] = {}  # by uid
        rows = self._rows(Which(kinds=("intent", "step")))
        with self._understood():
            for row in rows:
                if uid := reading.uid_of(row):
                    names.setdefault(uid, set()).add(row.address.partition(".")[0])
        every = list(about)
        for text in about:
            account, dot, rest = text.partition(".")
            same = {other for some in names.values() if account in some for other in some}
            every += [f"{other}{dot}{rest}" for other in sorted(same - {account})]
        return tuple(dict.fromkeys(every))

    def sent(self, run: str, accounts: Collection[str] = ()) -> dict[str, bool]:
        """Address -> whether a write of the run there was answered, or found to have happened.

        `accounts`: at least those of these, by their names at the venue."""
        names = tuple(accounts) if len(accounts) <= NAMED else ()
        rows = self._rows(Which(kinds=("intent", "done", "resolved"), run_begins=run, accounts=names))
        with self._understood():
            ended = {row.entry for row in rows if row.kind == "done" or row.facts().get("finding") == "happened"}
        found: dict[str, bool] = {}
        for row in rows:
            if row.kind == "intent":
                found[row.address] = found.get(row.address, False) or row.seq in ended
        return found

    def told(self, run: str, since: int) -> list[tuple[int, str, JsonObject]]:
        """Number, kind and facts of the ends of steps, and of notes, that were written after the row `since`.

        Of an intent the address alone.
        """
        rows = self._rows(Which(kinds=("intent", "step", "note"), run_begins=run, first=since + 1))
        with self._understood():
            return [
                (row.seq, row.kind, {"address": row.address} if row.kind == "intent" else row.facts()) for row in rows
            ]

    def part(self, run: str, kind: str, number: int) -> JsonObject | None:
        """The body of the run's first note of a kind that is about a part of it."""
        rows = self._rows(Which(kinds=("note",), run_begins=run, address=part_address(number)))
        with self._understood():
            for facts in (row.facts() for row in rows):
                if facts["kind"] == kind:
                    return mapping(facts["body"])
        return None

    def run(self, run: str) -> RunRecord:
        """Everything about one run; the beginning of an id will do if it fits one only. JournalError if none."""
        if not run:  # as an unset variable of a script has it: it would fit the one run of a new journal
            raise JournalError("no run is named", hint="acctcfg history lists the runs")
        some = self._rows(Which(kinds=("run",), run_begins=run))
        fitting = [row for row in some if row.run == run] or some
        if len(fitting) != 1:
            count = f"{len(fitting)} runs begin" if fitting else "no run begins"
            raise JournalError(f"{count} with {run}", hint="acctcfg history lists the runs")
        rows = self._rows(Which(run_with_answers=fitting[0].run))
        with self._understood():
            return reading.record(rows)

    def written_since(self, record: RunRecord) -> dict[tuple[str, str], str]:
        """An account's uid and an address -> the last run that wrote there, or meant to, since this one began to."""
        first = min((one.intent.seq for one in record.entries), default=0)
        rows = self._rows(Which(kinds=("intent", "step"), first=first)) if first else []
        with self._understood():
            later = [row for row in rows if row.run != record.run.id and reading.wrote(row)]
            return {(reading.uid_of(row), row.address): row.run for row in later}

    def doing(
        self, process: Process, run: str = "", accounts: Collection[str] | None = None
    ) -> tuple[Run | None, Intent | None]:
        """The run that this process is in, and its latest write whose outcome is not on record; None where there is
        none.

        `run`: that of another process, of which this one carries out a part; `accounts`: those of the part.
        """
        begins = self._rows(Which(kinds=("run",), last=50))
        with self._understood():
            theirs = (
                row for row in begins if (row.run == run if run else row.facts().get("process") == process.facts())
            )
            own = next(theirs, None)
        if own is None or self._rows(Which(kinds=("run_end",), run_with_answers=own.run)):
            return None, None
        intents = self._rows(Which(kinds=("intent",), run_with_answers=own.run, unresolved=True))
        with self._understood():
            latest = next((row for row in reversed(intents) if accounts is None or row.account in accounts), None)
            return reading.run(own, None), reading.intent(latest) if latest is not None else None

    # -- is it as it was written? --------------------------------------------------------------------------------------

    def verify(self) -> tuple[str, ...]:
        """What is wrong with the journal, a sentence each, by the rows' numbers; empty if nothing is."""
        remembered = self._seen.read() if self._seen else {}
        with self._guard, self.storage.view() as view:
            if view is None:
                return ()
            others = older(remembered, view).values()
            return (*self.storage.damage(), *flaws(view.rows(0), view.last_given), *others)

    def demand_intact(self, since: Head = BEGINNING) -> Head:
        """The head, if no row was altered, removed or moved, and this is the journal that was used here last.

        JournalError else. Before anything is decided by it.

        `since` is the head of an earlier look, up to which it is believed.
        """
        remembered = self._seen.read() if self._seen else {}
        with self._guard, self.storage.view() as view:
            if view is None:
                return BEGINNING
            head = demand_intact(view, self.place, self.storage.remedy, since)
            if self._seen is not None and head not in (since, BEGINNING):
                demand_last(remembered, view, self.place)
                self._seen.keep(head)
            return head

    def demand_whole(self) -> None:
        """JournalError where what is there is not one journal: an old copy beside a newer log."""
        if self.storage.may_be_mixed():
            self.demand_intact()

    def head(self) -> Head:
        """Number and hash of the last row: kept elsewhere, it proves that nothing before it changed."""
        rows = self._rows(Which(last=1))
        return (rows[0].seq, rows[0].hash) if rows else BEGINNING

    # ------------------------------------------------------------------------------------------------------------------

    def _rows(self, which: Which) -> list[Row]:
        with self._guard:
            return self.storage.rows(which)

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """Rows that somebody altered may be no JSON, or lack what they must have."""
        try:
            yield
        except (ValueError, KeyError, TypeError) as exc:
            raise JournalError(
                f"{self.place}: the journal holds rows that acctcfg did not write",
                hint="acctcfg history --verify names them; put a backup in its place",
            ) from exc
