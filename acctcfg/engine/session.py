"""The connections of one command: opened together, paced each by its own venue's rules, closed together."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Self

from acctcfg.core.base_url import is_loopback, one_spelling
from acctcfg.core.desired import VenueSpec
from acctcfg.core.events import Connected, Traffic
from acctcfg.core.json_types import JsonObject
from acctcfg.core.plan import Precheck, VenueReport, Warning_
from acctcfg.core.secret import AccessToken
from acctcfg.engine.collector import as_before, less_often
from acctcfg.engine.pace_file import PaceFile
from acctcfg.engine.progress import SILENT, Progress
from acctcfg.engine.unforeseen import blame
from acctcfg.engine.workspace import JournalMemory, Workspace
from acctcfg.errors import AcctcfgError, AuthRefused, ConfigError, VenueError
from acctcfg.venues.contract import Connection, Cost, Given, HandsOver, Reopens, Survey, Venue
from acctcfg.venues.installed import venue
from acctcfg.wire.client import Client
from acctcfg.wire.clock import Clock
from acctcfg.wire.descriptors import connections_at_once, raise_limit
from acctcfg.wire.endpoint import Rate
from acctcfg.wire.limits import Limits
from acctcfg.wire.pace import Pacer
from acctcfg.wire.proxy import Proxy, proxy_of
from acctcfg.wire.socket import Sockets
from acctcfg.wire.transport import AiohttpTransport

__all__ = ["Link", "Session", "Way"]

SHARE = 0.8  # of each limit: the rest is left to the people and programs that use the same user
TIMEOUT_S = 10.0  # of one request; no speed divides it: a machine is not faster because a sandbox's windows are


@dataclass(slots=True, kw_only=True)
class Link:
    """One connection with what the engine needs to know about it."""

    venue: Venue
    connection: Connection
    pace_file: PaceFile
    speed: float
    share: float
    tells: bool = True  # of the limits that it shares with other connections
    api_key: str = ""  # the id of the connection's own key; "" where it has a token, which may be another one's soon
    ends_at: float | None = None  # unix seconds: when its access token is over, as far as that is known
    opened_at: float = 0.0
    accounts: int = 0
    seconds: float = 0.0

    @property
    def client(self) -> Client:
        return self.connection.client

    def warnings(self) -> list[Warning_]:
        """Limits that the venue refused us at, and granted ones above what the venue's documents say."""
        key, found = self.connection.spec.key, []
        for endpoint, rate in self.client.pacer.limits.items():
            known = self.venue.rate_of(endpoint)
            if known is not None and rate.count / rate.per_s > known.count / known.per_s:
                message = (
                    f"{endpoint}: `limits` grants {rate.count} per {rate.per_s:g} s, "
                    f"the venue documents {known.count} per {known.per_s:g} s"
                )
                found.append(Warning_(key, "limit_raised", message))
        found += [Warning_(key, "not_served", advice) for advice in self.client.advice]
        return found + [Warning_(key, "rate_limited", note) for note in self._refused()]

    def notes(self) -> list[str]:
        """What a run says once, after its results."""
        return [f"{self.connection.spec.key}: {one}" for one in (*self.client.advice, *self._refused())]

    def _refused(self) -> list[str]:
        """The limits that the venue refused requests at; of several connections the first tells of what they share."""
        return self.client.pacer.notes if self.tells else []

    def traffic(self) -> Traffic:
        """Its requests so far, and what they wait for now."""
        line = self.client.pacer.longest_line()
        return Traffic(self.client.requests, line.waiting, line.endpoint, line.left_s)

    def worded(self, checks: Iterable[Precheck]) -> tuple[Precheck, ...]:
        """With the words of those prechecks that are the venue package's own, and whether waiting may do."""
        rules = self.venue.rules
        return tuple(
            replace(one, words=rules.prechecks.get(one.name, one.words), clearing=one.name in rules.clearing)
            for one in checks
        )

    def granted(self, cost: Cost) -> Cost:
        """A cost with the limit that the venue granted, where it granted another."""
        rate = self.client.pacer.limits.get(cost.endpoint.text)
        return cost if rate is None else replace(cost, endpoint=replace(cost.endpoint, rate=rate))

    def listed(self, surveys: Iterable[Survey]) -> dict[str, JsonObject]:
        """What a slow list said of these accounts, so that another process of this run need not read it."""
        connection = self.connection
        if not isinstance(connection, HandsOver):
            return {}
        return {one.spec.key: facts for one in surveys if (facts := connection.listed(one)) is not None}

    async def read_list(self) -> Mapping[str, JsonObject]:
        """What a slow list says of its accounts; nothing where it could not be read, as a survey will tell."""
        connection = self.connection
        try:
            return await connection.read_list() if isinstance(connection, HandsOver) else {}
        except VenueError:
            return {}

    def report(self) -> VenueReport:
        """Requests and seconds that reading took, for the header of a plan."""
        spec, base_url = self.connection.spec, self.client.base_url
        return VenueReport(
            venue=spec.key,
            type=spec.type,
            environment=spec.environment,
            accounts=self.accounts,
            requests=self.client.requests,
            seconds=round(self.seconds, 1),
            uid=self.connection.user,
            base_url="" if self.venue.rules.owns(base_url) else base_url,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How a venue is reached, before anything is said of who asks."""

    venue: Venue
    client: Client
    pace_file: PaceFile
    speed: float
    share: float
    proxy: Proxy | None

    async def close(self) -> None:
        """End its connections, and leave word of what was used of its limits."""
        self.pace_file.keep(self.client.pacer, self.venue.rate_of)
        await self.client.__aexit__(None, None, None)


@dataclass(slots=True)
class Session:
    """`async with Session(...) as session`: connections with proven credentials in `links`, the others in `failed`.

    With `patience_s`, what takes longer to open than that is `late`, once another connection is open: `came` ends it.
    """

    workspace: Workspace
    venues: Iterable[str]
    links: dict[str, Link] = field(default_factory=dict)
    failed: dict[str, VenueError] = field(default_factory=dict)
    memory: Callable[[str, str], JournalMemory] | None = None  # by base URL and venue user
    recalls: bool = False  # whether what the journal has as lasting need not be read
    listed: Mapping[str, JsonObject] = field(default_factory=dict)  # see `Given.listed`
    progress: Progress = SILENT
    limits: Limits | None = None  # what other processes of the same run use of the limits
    patience_s: float | None = None  # None: every connection is waited for
    late: dict[str, asyncio.Task[None]] = field(default_factory=dict)  # links that are still being opened
    pacers: dict[tuple[object, ...], Pacer] = field(default_factory=dict)  # by what their limits are counted by
    _meanwhile: ExitStack = field(default_factory=ExitStack)  # what lasts as long as it is open

    async def __aenter__(self) -> Self:
        raise_limit()
        less_often()
        self._meanwhile.callback(as_before)
        self._meanwhile.enter_context(self.workspace.kept.open())
        try:
            self.memory = self.workspace.memories()
            for key in sorted(set(self.venues)):
                spec = self.workspace.manifest.venues[key]
                self.links[key] = link = self.link(spec, self.way(spec))
                self.progress.happened(Connected(key, link.traffic))
            await self._open()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def clock(self) -> Clock:
        """The workspace's."""
        return self.workspace.clock

    def now(self) -> datetime:
        """What time it is, by its clock."""
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def known(self, link: Link) -> JournalMemory:
        """What the journal knows of the venue user behind a connection."""
        assert self.memory is not None  # noqa: S101 (the session is open)
        return self.memory(link.client.base_url, link.connection.user)

    async def read_lists(self) -> dict[str, JsonObject]:
        """What the slow lists of all connections say of their accounts."""
        links = [link for key, link in self.links.items() if key not in self.failed]
        lists = await asyncio.gather(*(link.read_list() for link in links))
        return dict(chain.from_iterable(one.items() for one in lists))

    async def close(self) -> None:
        """End every connection, and leave word of what was used of its limits."""
        try:
            for task in self.late.values():
                task.cancel()
            await asyncio.gather(*self.late.values(), return_exceptions=True)
            for link in self.links.values():
                link.pace_file.keep(link.client.pacer, link.venue.rate_of)
                await link.client.__aexit__(None, None, None)
        finally:
            self._meanwhile.close()

    async def _open(self) -> None:
        begun = time.monotonic()
        self.late = {key: asyncio.ensure_future(self._prove(link)) for key, link in self.links.items()}
        timeout, until = self.patience_s, asyncio.ALL_COMPLETED
        while self.late and len(self.links) == len(self.failed) + len(self.late):  # none is open
            await asyncio.wait(self.late.values(), timeout=timeout, return_when=until)
            for key in [key for key, task in self.late.items() if task.done()]:
                self.came(key)
            timeout, until = None, asyncio.FIRST_COMPLETED
        for link in self.links.values():
            link.opened_at = begun
        if self.failed and len(self.failed) == len(self.links):
            raise next(iter(self.failed.values()))  # with another venue that answers, the plan says which does not

    def came(self, key: str) -> None:
        """A connection is open, or failed. Raises what is no fault of its venue's."""
        result = self.late.pop(key).exception()
        if isinstance(result, VenueError):
            self.failed[key] = result
        elif isinstance(result, AcctcfgError) or not isinstance(result, Exception | None):
            raise result
        elif result is not None:
            self.failed[key] = VenueError(blame(result, self.links[key].connection.spec), code="bug")

    async def _prove(self, link: Link) -> None:
        """Open a connection, and see that its credentials are the user's that the manifest, or the journal, means."""
        connection, base_url = link.connection, link.client.base_url
        reopens = connection if link.api_key and isinstance(connection, Reopens) else None
        proven, place = self.workspace.proven, (connection.spec.key, link.api_key)
        if reopens is not None and proven is not None and place in proven:
            reopens.reopen(proven[place])
        else:
            await self._asked_whose(link)
        self.demand_same_user(link)
        if reopens is not None and proven is not None:
            proven[place] = reopens.opened()
        if self.limits is not None:
            link.client.pacer.shared = self.limits.of(base_url, connection.user)

    async def refused(self) -> AuthRefused | None:
        """Why the venue now refuses a connection's own key that an earlier session of this run proved; None if not."""
        for key, link in self.links.items():
            proven = self.workspace.proven
            if proven is not None and key not in self.failed and link.api_key in link.client.refused_keys:
                proven.pop((key, link.api_key), None)
                try:
                    await link.connection.open()
                except AuthRefused as error:
                    return error
                except VenueError:
                    continue  # what is down refuses nothing
        return None

    async def _asked_whose(self, link: Link) -> None:
        connection, base_url = link.connection, link.client.base_url
        if self.limits is not None:
            expected = connection.spec.uid or self.workspace.user_behind(connection.spec, base_url)
            link.client.pacer.shared = self.limits.of(base_url, expected, opening=True)
        try:
            await connection.open()
        except VenueError as exc:
            exc.hint = exc.hint or "nothing was written; is the venue up, and is base_url right?"
            raise

    def demand_same_user(self, link: Link) -> None:
        """ConfigError where an open connection is another user's than the manifest, or the journal, says."""
        spec, user = link.connection.spec, link.connection.user
        link.client.pacer.names[user] = spec.key
        if spec.uid not in (None, user):
            raise ConfigError(
                f"venues.{spec.key}: the credentials belong to the uid {user}, not {spec.uid}",
                hint="these credentials belong to another user, or `uid` is wrong",
            )
        before = self.workspace.user_behind(spec, link.client.base_url)
        if spec.uid is None and before not in ("", user):
            raise ConfigError(
                f"venues.{spec.key}: the credentials belong to the uid {user}; the journal knows this connection "
                f"as the uid {before}",
                hint=f'somebody else\'s credentials? If they are meant, write `uid: "{user}"` in venues.{spec.key}',
            )

    def way(self, spec: VenueSpec) -> Way:
        """The client of a connection. Nothing is sent, and no credentials are looked for."""
        type_, environ = venue(spec.type), self.workspace.environ
        base_url = type_.base_url(spec)
        local = is_loopback(base_url)
        speed = self.workspace.speed if local else 1.0
        share = float(spec.rate_share) if spec.rate_share is not None else (1.0 if local else SHARE)
        pacer, pace_file = self._pacer(spec, type_, base_url, share, speed), PaceFile(environ, base_url)
        proxy = None if local else proxy_of(base_url, spec.proxy, f"venues.{spec.key}.proxy", environ)
        most = connections_at_once(len(set(self.venues)))
        client = self.workspace.client_of(spec)(
            base_url,
            type_.dialect(spec),
            self.clock,
            pacer,
            timeout_s=TIMEOUT_S,
            transport=AiohttpTransport(
                timeout_s=TIMEOUT_S,
                handshakes=pacer,
                most=most,
                proxy=proxy,
            ),
            sockets=Sockets(timeout_s=TIMEOUT_S, proxy=proxy),
            most=most,
        )
        return Way(venue=type_, client=client, pace_file=pace_file, speed=speed, share=share, proxy=proxy)

    def _pacer(self, spec: VenueSpec, type_: Venue, base_url: str, share: float, speed: float) -> Pacer:
        """One for all connections that a venue counts together: by the address that they call from, or by their user.

        Where processes share the limits of a run, each user's are shared by themselves.
        """
        limits = granted(spec, type_)
        counted = (spec.key,) if self.limits is not None else (type_.rules.type, *sorted(limits.items()))
        known = (one_spelling(base_url), share, speed, *counted)
        if known not in self.pacers:
            pacer = self.pacers[known] = Pacer(self.clock, share, speed)
            pacer.limits = limits
            PaceFile(self.workspace.environ, base_url).restore(pacer, type_.rate_of)
        return self.pacers[known]

    def link(self, spec: VenueSpec, way: Way) -> Link:
        """A connection that nothing was sent on yet, with its credentials."""
        workspace = self.workspace
        if self.memory is None:
            self.memory = workspace.memories()
        doors = workspace.doors(spec.key)
        credentials = doors.load_own(spec.credentials)
        given = Given(
            spec=spec,
            client=way.client,
            credentials=credentials,
            secrets=doors,
            memory=partial(self.memory, way.client.base_url),
            accounts={key: one for key, one in workspace.manifest.accounts.items() if one.venue == spec.key},
            adopt=workspace.manifest.guardrails.adopt,
            recalls=self.recalls,
            listed=self.listed,
        )
        connection = way.venue.connect(given)
        token = credentials if isinstance(credentials, AccessToken) else None
        return Link(
            venue=way.venue,
            connection=connection,
            pace_file=way.pace_file,
            speed=way.speed,
            share=way.share,
            api_key=credentials.api_key if token is None else "",
            tells=all(one.client.pacer is not way.client.pacer for one in self.links.values()),
            ends_at=token.ends_at if token is not None else None,
        )


def granted(spec: VenueSpec, type_: Venue) -> dict[str, Rate]:
    """The limits of a manifest as the pacer takes them: counted as the documented ones are."""
    known = {endpoint: type_.rate_of(endpoint) for endpoint in spec.limits}
    return {
        endpoint: replace(rate, count=spec.limits[endpoint].count, per_s=float(spec.limits[endpoint].per_s))
        for endpoint, rate in known.items()
        if rate is not None
    }
