"""A plan whose accounts workers read: what the venue answered them is put on record here, and planned from.

Nothing of it is proof: where a worker does not answer, this process reads for itself, and so it does where the answers
of several fit the same question, as of a list that all of them read: its pages must be of one reading.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import asdict
from typing import Any, Final, TypeAlias, Unpack

from acctcfg.core.address import Focus
from acctcfg.core.plan import Plan
from acctcfg.engine.consent import Leave
from acctcfg.engine.plan import Look, draw_up, make_plan
from acctcfg.engine.progress import SILENT, Progress, safe
from acctcfg.engine.recording import RecordingWorkspace
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.journal.postgres_server import Bounds, Connection, Server
from acctcfg.wire.limits import Limits
from acctcfg.wire.recorded import Answer
from acctcfg.workers.jobs import NO_WORKER, READ, Jobs, opened, url_of
from acctcfg.workers.limits import SharedLimits
from acctcfg.workers.parts import cut
from acctcfg.workers.schema import SCHEMA

__all__ = ["plan_queued", "read_part"]

POLL_S: Final = 0.2
IDLE_S: Final = 6.0
"""So long nobody may take a part before this process reads for itself."""

_PUT: Final = f"INSERT INTO {SCHEMA}.reads (plan, part, accounts) VALUES (%s, %s, %s)"  # noqa: S608 (constants only)
_ACCOUNTS: Final = f"SELECT accounts FROM {SCHEMA}.reads WHERE plan = %s AND part = %s"  # noqa: S608
_ANSWER: Final = f"UPDATE {SCHEMA}.reads SET answers = %s WHERE plan = %s AND part = %s"  # noqa: S608
_ANSWERED: Final = f"SELECT part FROM {SCHEMA}.reads WHERE plan = %s AND answers IS NOT NULL"  # noqa: S608
_TAKE: Final = f"SELECT answers FROM {SCHEMA}.reads WHERE plan = %s AND answers IS NOT NULL"  # noqa: S608
_FORGET: Final = f"DELETE FROM {SCHEMA}.reads WHERE plan = %s OR at < now() - interval '1 day'"  # noqa: S608


async def plan_queued(workspace: Workspace, **look: Unpack[Look]) -> Plan:
    """The plan of everything, as `make_plan` makes it. Sends no write."""
    progress = safe(look.get("progress", SILENT))
    Leave.of(workspace, look.get("replace", ()), look.get("allow_sensitive", ()))  # before anybody reads
    record = RecordingWorkspace.over(workspace)
    async with SharedLimits(url_of(workspace), workspace.environ) as limits, opened(workspace) as jobs:
        for part in await _read_elsewhere(workspace, jobs, progress):
            for venue, rows in part.items():
                record.records[venue].answers |= {(one.key, one.asked): one for one in rows}
        look["limits"] = limits
        return await make_plan(record, **look)


_Answers: TypeAlias = Mapping[str, Sequence[Answer]]
"""By venue, what a part's worker was answered."""


async def _read_elsewhere(workspace: Workspace, jobs: Jobs, progress: Progress) -> list[_Answers]:
    plan, accounts = secrets.token_hex(8), list(workspace.manifest.accounts)
    server = Server(url_of(workspace), Bounds(), workspace.environ)
    parts = [accounts[some] for some in cut([1] * len(accounts), len(accounts))] if accounts else []
    progress.phase("workers read accounts", len(parts))
    open_jobs = {}
    try:
        for number, some in enumerate(parts):
            await asyncio.to_thread(_run, server, _PUT, plan, number, json.dumps(some))
            open_jobs[number] = await jobs.put(READ, plan, number)
        await _wait(server, jobs, plan, open_jobs, progress)
        rows = await asyncio.to_thread(_run, server, _TAKE, plan)
        return _without_shared([_understood(str(text)) for (text,) in rows])
    finally:
        await jobs.end(open_jobs.values())
        await asyncio.to_thread(_run, server, _FORGET, plan)
        server.close()


async def _wait(server: Server, jobs: Jobs, plan: str, open_jobs: dict[int, int], progress: Progress) -> None:
    """Until each part is answered, or nobody reads any more."""
    idle = 0.0
    while open_jobs:
        await asyncio.sleep(POLL_S)
        for (part,) in await asyncio.to_thread(_run, server, _ANSWERED, plan):
            if open_jobs.pop(int(str(part)), None) is not None:
                progress.advance(1, f"part {part}")
        states = await jobs.states()
        if not states.keys() & set(open_jobs.values()):
            return  # a part that its worker could not read is read here
        idle = 0.0 if any(states.get(job) == "doing" for job in open_jobs.values()) else idle + POLL_S
        if open_jobs and idle >= IDLE_S:
            progress.alert(f"{NO_WORKER}; this process reads what they did not")
            return


def _run(server: Server, sql: str, *values: object) -> list[tuple[object, ...]]:
    def ask(connection: Connection) -> list[tuple[object, ...]]:
        cursor = connection.execute(sql.encode(), values)
        return list(cursor.fetchall()) if cursor.description is not None else []

    return server.run(ask)


def _understood(text: str) -> _Answers:
    found: dict[str, list[dict[str, Any]]] = json.loads(text)
    return {venue: [Answer(**{**row, "holdings": None}) for row in rows] for venue, rows in found.items()}


def _without_shared(parts: Sequence[_Answers]) -> list[_Answers]:
    """What only one part has: of a question that several asked, all that was asked at the same path is left out."""
    asked = Counter((venue, one.key, one.asked) for part in parts for venue, rows in part.items() for one in rows)
    shared = {(venue, key, _path(text)) for (venue, key, text), count in asked.items() if count > 1}

    def own(venue: str, rows: Iterable[Answer]) -> list[Answer]:
        return [one for one in rows if (venue, one.key, _path(one.asked)) not in shared]

    return [{venue: own(venue, rows) for venue, rows in part.items()} for part in parts]


def _path(asked: str) -> str:
    return asked.partition("?")[0]


# -- the worker's side -------------------------------------------------------------------------------------------------


async def read_part(workspace: Workspace, plan: str, part: int, limits: Limits) -> int:
    """Read the accounts of a part as a plan does, and hand over what the venue answered; how many there were."""
    with closing(Server(url_of(workspace), Bounds(), workspace.environ)) as server:
        return await _read(workspace, server, plan, part, limits)


async def _read(workspace: Workspace, server: Server, plan: str, part: int, limits: Limits) -> int:
    rows = await asyncio.to_thread(_run, server, _ACCOUNTS, plan, part)
    if not rows:
        return 0  # whoever asked has gone
    accounts = json.loads(str(rows[0][0]))
    record = RecordingWorkspace.over(workspace)
    venues = {workspace.manifest.accounts[name].venue for name in accounts}
    async with Session(record, venues, limits=limits) as session:
        await draw_up(session, Focus(accounts))
    found = {venue: [asdict(one) for one in kept.answers.values()] for venue, kept in record.records.items()}
    await asyncio.to_thread(_run, server, _ANSWER, json.dumps(found), plan, part)
    return len(accounts)
