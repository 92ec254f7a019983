"""What workers read for a plan or a look for drift: what the venue answered them, it is made from here.

Nothing of it is proof: where a worker does not answer, this process reads for itself, and so it does where the answers
of several fit the same question, as of a list that all of them read: its pages must be of one reading.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, dataclass, fields, replace
from typing import Final, Self, Unpack

from acctcfg.core.address import Focus
from acctcfg.core.drift import Drift
from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import Plan
from acctcfg.engine.drift import Narrowed, find_drift
from acctcfg.engine.plan import Look, ask, make_plan
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.reading import accounts_of
from acctcfg.engine.recording import RecordingWorkspace
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.journal.postgres_server import Bounds, Connection, Server
from acctcfg.wire.limits import Limits
from acctcfg.workers.jobs import NO_WORKER, READ, Jobs, opened, url_of
from acctcfg.workers.limits import SharedLimits
from acctcfg.workers.parts import cut
from acctcfg.workers.prepared import PreparedWorkspace
from acctcfg.workers.schema import SCHEMA

__all__ = ["QueuedWorkspace", "Reading", "drift_queued", "plan_queued", "read_part"]

POLL_S: Final = 0.2
IDLE_S: Final = 6.0
"""So long nobody may take a part before this process reads for itself."""

_PUT: Final = f"INSERT INTO {SCHEMA}.reads (plan, part, wanted) VALUES (%s, %s, %s)"  # noqa: S608 (constants only)
_WANTED: Final = f"SELECT wanted FROM {SCHEMA}.reads WHERE plan = %s AND part = %s"  # noqa: S608
_ANSWER: Final = f"UPDATE {SCHEMA}.reads SET answers = %s WHERE plan = %s AND part = %s"  # noqa: S608
_ANSWERED: Final = f"SELECT part FROM {SCHEMA}.reads WHERE plan = %s AND answers IS NOT NULL"  # noqa: S608
_TAKE: Final = f"SELECT answers FROM {SCHEMA}.reads WHERE plan = %s AND answers IS NOT NULL"  # noqa: S608
_FORGET: Final = f"DELETE FROM {SCHEMA}.reads WHERE plan = %s OR at < now() - interval '1 day'"  # noqa: S608


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What is asked of accounts."""

    accounts: Sequence[str]
    listed: Mapping[str, JsonObject]  # what slow lists said of them
    recalls: bool  # whether what the journal has as lasting need not be read
    look_only: bool  # whether nobody asks what stands in the way


@dataclass(slots=True, kw_only=True)
class QueuedWorkspace(PreparedWorkspace):
    """The workspace of a command whose accounts workers read, if there are so many."""

    jobs: Jobs
    progress: Progress
    least: int

    @classmethod
    def of(cls, workspace: Workspace, jobs: Jobs, progress: Progress, *, least: int = 0) -> Self:
        """The same workspace."""
        same = {one.name: getattr(workspace, one.name) for one in fields(Workspace) if one.name[0] != "_"}
        return cls(**same, jobs=jobs, progress=safe(progress), least=least)

    @asynccontextmanager
    async def reading(
        self,
        focus: Focus,
        lists: Callable[[], Awaitable[Mapping[str, JsonObject]]],
        *,
        recalls: bool,
        look_only: bool,
    ) -> AsyncIterator[None]:
        """Workers are asked before; what is left of their answers afterwards, nobody takes any more."""
        accounts = accounts_of(self, focus)
        if len(accounts) >= self.least:
            listed = await lists()
            await _read_elsewhere(self, Reading(accounts=accounts, listed=listed, recalls=recalls, look_only=look_only))
        try:
            yield
        finally:
            self.forget()


async def plan_queued(workspace: Workspace, **look: Unpack[Look]) -> Plan:
    """The plan of everything, as `make_plan` makes it. Sends no write."""
    async with _queued(workspace, look.get("progress", SILENT)) as (queued, limits):
        look["limits"] = limits
        return await make_plan(queued, **look)


async def drift_queued(workspace: Workspace, **look: Unpack[Narrowed]) -> Drift:
    """As `find_drift`. Keys and sub-accounts are listed here: the limit of the connection's key is the bound there."""
    async with _queued(workspace, look.get("progress", SILENT)) as (queued, limits):
        return await find_drift(queued, **look, limits=limits)


@asynccontextmanager
async def _queued(workspace: Workspace, progress: Progress) -> AsyncIterator[tuple[Workspace, Limits]]:
    async with SharedLimits(url_of(workspace), workspace.environ) as limits, opened(workspace) as jobs:
        yield QueuedWorkspace.of(workspace, jobs, progress), limits


async def _read_elsewhere(workspace: QueuedWorkspace, reading: Reading) -> None:
    """Let workers read these accounts, and take what they were answered."""
    plan, accounts, jobs, progress = secrets.token_hex(8), reading.accounts, workspace.jobs, workspace.progress
    server = Server(url_of(workspace), Bounds(), workspace.environ)
    parts = [accounts[some] for some in cut([1] * len(accounts), len(accounts))] if accounts else []
    progress.phase("workers read accounts", len(parts))
    open_jobs = {}
    try:
        for number, some in enumerate(parts):
            listed = {name: reading.listed[name] for name in some if name in reading.listed}
            wanted = json.dumps(asdict(replace(reading, accounts=some, listed=listed)))
            await asyncio.to_thread(_run, server, _PUT, plan, number, wanted)
            open_jobs[number] = await jobs.put(READ, plan, number)
        await _wait(server, jobs, plan, open_jobs, progress)
        workspace.prepare(str(text) for (text,) in await asyncio.to_thread(_run, server, _TAKE, plan))
    finally:
        await jobs.end(open_jobs.values())
        await asyncio.to_thread(_run, server, _FORGET, plan)
        server.close()


async def _wait(server: Server, jobs: Jobs, plan: str, open_jobs: dict[int, int], progress: Progress) -> None:
    """Until each part is answered, or nobody reads any more. What a worker left goes to another."""
    idle = 0.0
    while open_jobs:
        await asyncio.sleep(POLL_S)
        for (part,) in await asyncio.to_thread(_run, server, _ANSWERED, plan):
            if open_jobs.pop(int(str(part)), None) is not None:
                progress.advance(1, f"part {part}")
        states = await jobs.states()
        left = [job for job in open_jobs.values() if job in states]
        if not left:
            return  # a part that its worker could not read is read here
        for job in left:
            if states[job] == "stalled":
                await jobs.put_back(job)
        idle = 0.0 if any(states[job] == "doing" for job in left) else idle + POLL_S
        if idle >= IDLE_S:
            progress.alert(f"{NO_WORKER}; this process reads what they did not")
            return


def _run(server: Server, sql: str, *values: object) -> list[tuple[object, ...]]:
    def ask(connection: Connection) -> list[tuple[object, ...]]:
        cursor = connection.execute(sql.encode(), values)
        return list(cursor.fetchall()) if cursor.description is not None else []

    return server.run(ask)


# -- the worker's side -------------------------------------------------------------------------------------------------


async def read_part(workspace: Workspace, plan: str, part: int, limits: Limits) -> int:
    """Read the accounts of a part as a plan does, and hand over what the venue answered; how many there were."""
    with closing(Server(url_of(workspace), Bounds(), workspace.environ)) as server:
        return await _read(workspace, server, plan, part, limits)


async def _read(workspace: Workspace, server: Server, plan: str, part: int, limits: Limits) -> int:
    rows = await asyncio.to_thread(_run, server, _WANTED, plan, part)
    if not rows:
        return 0  # whoever asked has gone
    reading = Reading(**json.loads(str(rows[0][0])))
    record = RecordingWorkspace.over(workspace)
    venues = {workspace.manifest.accounts[name].venue for name in reading.accounts}
    opened = Session(record, venues, recalls=reading.recalls, listed=reading.listed, limits=limits)
    async with opened as session:
        await ask(session, Focus(reading.accounts), look_only=reading.look_only)
        if (refused := await session.refused()) is not None:
            raise refused
    found = {venue: [asdict(one) for one in kept.answers.values()] for venue, kept in record.records.items()}
    await asyncio.to_thread(_run, server, _ANSWER, json.dumps(found), plan, part)
    return len(reading.accounts)
