"""A worker: takes parts of runs from the queue, and carries each out as an apply of those accounts alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import closing
from dataclasses import fields
from typing import Final

from acctcfg.core.outcome import Outcome
from acctcfg.engine.apply import apply
from acctcfg.engine.part import PART, PART_ENDED, Part, lock_of_part
from acctcfg.engine.progress import SILENT, Progress
from acctcfg.engine.session import Session
from acctcfg.engine.stopping import Interrupts
from acctcfg.engine.workspace import Locks, Workspace
from acctcfg.errors import AcctcfgError, AuthRefused, ConfigError, JournalError, LockHeld, StoreError
from acctcfg.journal import Lock, Warrant
from acctcfg.workers.jobs import APPLY, READ, GivenBack, Jobs, opened, url_of
from acctcfg.workers.limits import SharedLimits
from acctcfg.workers.parts import Handed
from acctcfg.workers.reads import read_part

__all__ = ["Worker"]

OF_ITS_OWN: Final = (AuthRefused, ConfigError, StoreError)
"""What keeps a part from being carried out here, and maybe not elsewhere. A worker that went on would take part after
part and fail each, faster than the others carry them out: it ends."""
WAIT_S: Final = 75.0
"""How long to wait for the lock of a part whose worker gives no sign of life: longer than it lasts."""


class _OfOneRun(Workspace):
    """The workspace as one of the processes of a run sees it: who holds the locks is no other run."""

    @classmethod
    def over(cls, workspace: Workspace) -> _OfOneRun:
        """The same workspace."""
        return cls(**{one.name: getattr(workspace, one.name) for one in fields(Workspace) if one.name[0] != "_"})

    def running(self, base_url: str, user: str) -> str:  # noqa: ARG002
        """Nobody else: what a process of this run began and did not end, it left behind."""
        return ""


class Worker:
    """One process that carries out parts, one after the other. `say` is told of each in a line, `rest` that none is in
    hand any more."""

    def __init__(
        self,
        workspace: Workspace,
        say: Callable[[str], None],
        progress: Progress = SILENT,
        rest: Callable[[], None] = lambda: None,
    ) -> None:
        self.workspace = _OfOneRun.over(workspace)
        self.say, self.progress, self.rest = say, progress, rest
        self._limits: SharedLimits | None = None
        self._now: Interrupts | None = None  # what a signal does to the part in hand
        self._leaving = False
        self._run = ""  # whose part it had last
        self._serving: asyncio.Future[None] | None = None
        self._unfit: AcctcfgError | None = None  # why it takes no more parts

    async def run(self, interrupts: Interrupts) -> None:
        """Until a signal comes: the first lets the part in hand end its step, the second breaks it off."""
        limits = SharedLimits(url_of(self.workspace), self.workspace.environ)
        work = {APPLY: self._part, READ: self._read}
        async with limits as self._limits, opened(self.workspace, work) as jobs:
            with self.workspace.kept.open():
                await self._prove()
                await self._serve(jobs, interrupts)

    async def _prove(self) -> None:
        """These credentials, and these stores, from here, before any part is taken that another could carry out."""
        for name, store in self.workspace.stores().items():
            if why := store.why_not_readable_here():
                hint = "give this worker what opens the store for `acctcfg apply`"
                raise ConfigError(f"it could not sign as the accounts whose keys are in {name}: {why}", hint=hint)
        venues = self.workspace.manifest.venues
        async with Session(self.workspace, venues, progress=self.progress, limits=self._limits) as session:
            for error in session.failed.values():
                raise error
            for link in session.links.values():
                session.known(link)  # all that the journal says of earlier runs, before a part waits for it

    async def _serve(self, jobs: Jobs, interrupts: Interrupts) -> None:
        self._serving = serving = asyncio.ensure_future(jobs.serve())

        def leave() -> None:
            self._leaving = True
            serving.cancel()
            self._stop()

        interrupts.run(leave, self._stop)
        self.say(f"ready: {len(self.workspace.manifest.accounts)} accounts, queue {jobs.queue}")
        try:
            await serving
        except asyncio.CancelledError:
            if not self._leaving and self._unfit is None:
                raise
        finally:
            interrupts.over()
        if self._unfit is not None:
            raise self._unfit
        if not self._leaving:
            raise JournalError("the connection to the queue was lost", hint="is the server up? start the worker again")

    def _stop(self) -> None:
        if self._now is not None:
            self._now.heard()

    # -- one job -------------------------------------------------------------------------------------------------------

    def _of_run(self, run: str) -> None:
        """Each run proves the connections anew, in its first part here."""
        if self._run != run:
            self._run, self.workspace.proven = run, {}

    async def _read(self, run: str, part: int) -> None:
        """Accounts of a plan that another process makes. Where it fails, that one reads for itself."""
        self._of_run(run)
        await self._in_hand(lambda _: self._read_accounts(run, part))

    async def _part(self, run: str, part: int) -> None:
        """A part of a run. Told to stop by the queue, it ends its steps as after Ctrl-C; by a signal, others go on."""
        self._of_run(run)
        await self._in_hand(lambda interrupts: self._carry_out(run, part, interrupts))

    async def _in_hand(self, work: Callable[[Interrupts], Coroutine[object, None, None]]) -> None:
        """Do it until its end, whoever wants it to end sooner: a signal, or the run that it is for."""
        self._now = inner = Interrupts()
        doing = inner.task = asyncio.create_task(work(inner))
        while not doing.done():
            try:
                await asyncio.wait([doing])
            except asyncio.CancelledError:
                inner.heard()
        self._now = None
        self.rest()
        if doing.cancelled():  # before anything was written
            if self._leaving:
                raise GivenBack
            return
        error = doing.exception()
        if isinstance(error, OF_ITS_OWN) and self._serving is not None:
            self._unfit = error
            self._serving.cancel()
        elif isinstance(error, AcctcfgError):
            self.say(error.told)
        elif error is not None and not isinstance(error, GivenBack):
            self.say(f"internal error: {type(error).__name__}; this is a bug in acctcfg")
        doing.result()

    async def _read_accounts(self, plan: str, part: int) -> None:
        assert self._limits is not None  # noqa: S101 (the worker runs)
        try:
            count = await read_part(self.workspace, plan, part, self._limits)
        except OF_ITS_OWN:
            raise
        except AcctcfgError as error:
            self.say(f"plan {plan}, part {part}: {error.told}")
        else:
            self.say(f"plan {plan}, part {part}: {count} accounts read")

    async def _carry_out(self, run: str, number: int, interrupts: Interrupts) -> None:
        with self.workspace.journal() as journal:
            self.workspace.demand_intact(journal)
            found = journal.part(run, PART, number)
        if found is None:
            return
        part = Handed.of(found)
        storage = self.workspace.storage()
        with closing(storage):
            warrant = Warrant(storage, part.user, base_url=part.base_url, number=part.lock)
            if not warrant.fresh():
                self.say(f"run {run}, part {number}: that run has ended")
                return
            name, who = lock_of_part(part.user, number), self.workspace.actor
            own = Lock(self.workspace.storage(), name, base_url=part.base_url, owner=who, run=run, timeout_s=WAIT_S)
            try:
                async with own:
                    await self._under(run, part, Locks([warrant], own), interrupts)
            except LockHeld:
                raise GivenBack from None

    async def _under(self, run: str, part: Handed, locks: Locks, interrupts: Interrupts) -> None:
        with self.workspace.journal() as journal:
            if journal.part(run, PART_ENDED, part.number) is not None:
                return
            begun = {address.partition(".")[0] for address in journal.sent(run, part.accounts)}
        ours = Part(
            run=run,
            number=part.number,
            accounts=part.accounts,
            locks=locks,
            stays=lambda: not self._leaving,
            listed=part.still_listed(self.workspace.clock.now(), begun),
        )
        try:
            outcome = await self._applied(part, ours, interrupts)
        except OF_ITS_OWN:
            raise
        except AcctcfgError as error:
            self._failed(ours, error)
            return
        lost = locks.part is None or not locks.part.fresh()
        if lost or (outcome.interrupted and self._leaving):
            self.say(f"run {run}, part {part.number}: left to others. {outcome.summary}")
            raise GivenBack
        self.say(f"run {run}, part {part.number}: {outcome.summary}")

    async def _applied(self, part: Handed, ours: Part, interrupts: Interrupts) -> Outcome:
        """As an apply of its own. Where that cannot be, connections that an earlier part proved are proven anew:
        credentials that are refused by now fail this worker, not the part."""
        proven = bool(self.workspace.proven)
        try:
            return await self._apply(part, ours, interrupts)
        except OF_ITS_OWN:
            raise
        except AcctcfgError:
            if proven:
                self.workspace.proven = {}
                await self._prove_again()
            raise

    async def _prove_again(self) -> None:
        try:
            await self._prove()
        except OF_ITS_OWN:
            raise
        except AcctcfgError:
            return  # what failed the part says enough

    async def _apply(self, part: Handed, ours: Part, interrupts: Interrupts) -> Outcome:
        return await apply(
            self.workspace,
            approve=lambda _: True,  # the user said yes to the whole
            saved=part.plan,
            allow_warnings=part.allow_warnings,
            skip_blocked=True,
            unsigned="",  # as that process saw to
            part=ours,
            limits=self._limits,
            progress=self.progress,
            interrupts=interrupts,
        )

    def _failed(self, part: Part, error: AcctcfgError) -> None:
        """What keeps the part from being carried out is its end, where nobody else has it meanwhile."""
        self.say(f"run {part.run}, part {part.number}: {error.told}")
        if part.locks.part is None or not part.locks.part.fresh():
            raise GivenBack
        with self.workspace.journal(create=True) as journal:
            journal.note_part(part.run, PART_ENDED, {"number": part.number, "error": error.told})
