"""The queue: jobs of procrastinate in the journal's database. A job names a run and a part of it, and nothing else."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from procrastinate import App, PsycopgConnector
from procrastinate.exceptions import ProcrastinateException
from procrastinate.retry import RetryStrategy
from psycopg.conninfo import make_conninfo

from acctcfg import __version__
from acctcfg.core.canonical import digest_of
from acctcfg.core.fingerprint import manifest_digest
from acctcfg.core.journal_url import JournalUrl
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import JournalError
from acctcfg.journal.postgres_server import HINTS, Bounds, Server
from acctcfg.workers.schema import SCHEMA, make

__all__ = [
    "APPLY",
    "NO_WORKER",
    "READ",
    "GivenBack",
    "Jobs",
    "Work",
    "name_of",
    "opened",
    "url_of",
]

FETCH_S: Final = 1.0
BEAT_S: Final = 5.0
STALLED_S: Final = 30.0
"""A worker that gave no sign of life for so long has lost its part."""
APPLY: Final = "apply"
READ: Final = "read"
NO_WORKER: Final = (
    "no worker takes the parts of this run: start `acctcfg worker` in a checkout of this very manifest, with the "
    "environment that this command has here"
)

Work = Callable[[str, int], Awaitable[None]]
"""What carries out a part of a run, or of a plan, by its number."""


class GivenBack(Exception):
    """A part that is to be carried out by another worker, or later."""


def url_of(workspace: Workspace) -> JournalUrl:
    """Where the journal of a workspace is that has a queue."""
    url = workspace.manifest.journal.url
    assert url is not None  # noqa: S101 (the command line refuses any other)
    return url


def name_of(workspace: Workspace) -> str:
    """The queue of everybody who has the same manifest, and the same acctcfg: nobody else takes its parts."""
    manifest = workspace.manifest
    return digest_of([__version__, manifest_digest(manifest, manifest.accounts, {})]).partition(":")[2][:32]


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of one queue."""

    app: App
    queue: str
    place: str

    async def put(self, task: str, run: str, part: int) -> int:
        """Let a part be carried out; gives the job's number."""
        with _in_words(self.place):
            return await self.app.configure_task(task, queue=self.queue).defer_async(run=run, part=part)

    async def states(self) -> dict[int, str]:
        """Job -> "todo", "doing" or, where its worker gives no sign of life, "stalled". One that ended is none."""
        manager = self.app.job_manager
        with _in_words(self.place):
            jobs = await manager.list_jobs_async(queue=self.queue)
            stalled = await manager.get_stalled_jobs(queue=self.queue, seconds_since_heartbeat=STALLED_S)
        found = {job.id: job.status for job in jobs if job.id is not None and job.status in ("todo", "doing")}
        return found | {job.id: "stalled" for job in stalled if job.id is not None}

    async def serve(self) -> None:
        """Carry out jobs, one after the other, for as long as it lasts."""
        with _in_words(self.place):
            await self.app.run_worker_async(
                queues=[self.queue],
                concurrency=1,
                delete_jobs="always",
                fetch_job_polling_interval=FETCH_S,
                abort_job_polling_interval=FETCH_S,
                update_heartbeat_interval=BEAT_S,
                stalled_worker_timeout=STALLED_S,
                install_signal_handlers=False,
            )

    async def put_back(self, job: int) -> None:
        """Let another worker have it."""
        with _in_words(self.place):
            await self.app.job_manager.retry_job_by_id_async(job, retry_at=datetime.now(UTC))

    async def end(self, jobs: Iterable[int]) -> None:
        """Let those that nobody has be forgotten, and tell those who have one to stop."""
        with _in_words(self.place):
            for job in jobs:
                await self.app.job_manager.cancel_job_by_id_async(job, abort=True, delete_job=True)


@asynccontextmanager
async def opened(workspace: Workspace, work: Mapping[str, Work] | None = None) -> AsyncIterator[Jobs]:
    """The queue of a workspace; `work`: what this process does, by task. JournalError for an unusable database."""
    url = url_of(workspace)
    for name in ("procrastinate", "psycopg.pool"):  # what matters of theirs is told in our words
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    server = Server(url, Bounds(), workspace.environ)
    with closing(server):
        server.run(make)
    login = make_conninfo(server.login(), options=f"-c search_path={SCHEMA}")
    app = App(connector=PsycopgConnector(conninfo=login, min_size=1, max_size=4))
    again = RetryStrategy(retry_exceptions={GivenBack}, wait=1)
    for task, doing in (work or {}).items():
        app.task(name=task, retry=again)(doing)
    asyncio.get_running_loop().set_exception_handler(_left_behind)
    with _in_words(url):
        await app.open_async()
    try:
        yield Jobs(app, name_of(workspace), str(url))
    finally:
        await app.close_async()


@contextmanager
def _in_words(place: object) -> Iterator[None]:
    """Turn what the queue's library says into a JournalError."""
    try:
        yield
    except ProcrastinateException as error:
        why = str(error.__cause__ or error).strip().partition("\n")[0]
        hint = HINTS.get(getattr(error.__cause__, "sqlstate", None) or "", "is the server up?")
        raise JournalError(f"{place}: the queue cannot be used: {why}", hint=hint) from error


def _left_behind(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """A task of the library's that nobody waits for: what became of it is told where it matters."""
    if not isinstance(context.get("exception"), ProcrastinateException):
        loop.default_exception_handler(context)
