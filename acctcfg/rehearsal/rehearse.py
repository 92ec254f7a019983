"""`plan --rehearse`: the plan is made as ever, then carried out on a sandbox that starts as the live accounts are.

The venue gets reads alone. Whatever the sandbox does not have as it is live is found by planning there again, and told.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Unpack

from acctcfg.core.address import Address, Focus
from acctcfg.core.json_types import JsonValue
from acctcfg.core.outcome import Outcome
from acctcfg.core.plan import Plan, Step, by_account
from acctcfg.core.rehearsal import Rehearsal
from acctcfg.core.secret import AccessToken
from acctcfg.core.state import UNSET, After, Unreadable, to_json
from acctcfg.core.value_text import told
from acctcfg.engine.apply import apply
from acctcfg.engine.plan import Look, Planned, draw_up, planning
from acctcfg.engine.progress import SILENT, safe
from acctcfg.engine.reading import venues_of
from acctcfg.engine.recording import RecordingWorkspace
from acctcfg.engine.session import Session
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError, UsageError
from acctcfg.rehearsal import gate_crossex, okx
from acctcfg.rehearsal.reads import Known, Row, Seeded, listed, reads_of
from acctcfg.rehearsal.twin import TwinWorkspace, twin_of
from acctcfg.sandbox.app import App
from acctcfg.sandbox.values import Json, SeedError, spelled
from acctcfg.venues.contract import Survey

__all__ = ["live_values", "pruned", "rehearse"]

_SEEDS: Final = {"okx": okx.seed_of, "okx_dma_broker": okx.seed_of, "gate_crossex": gate_crossex.seed_of}
_SECTION: Final = {"okx": "okx", "okx_dma_broker": "okx", "gate_crossex": "gate_crossex"}
_FASTEST: Final = 50.0
_REQUEST_S: Final = 0.004  # what a request costs on one machine, both sides of it
_MOST_LEFT_OUT: Final = 200  # rows that a sandbox did not take
_KEPT: Final = ("PATH", "HOME", "LANG", "TMPDIR", "TEMP", "SYSTEMROOT")
_START_S: Final = 60.0
CHILD: Final = "acctcfg.rehearsal.child"


async def rehearse(workspace: Workspace, **look: Unpack[Look]) -> Plan:
    """The plan, with what becomes of it on the sandbox. Sends reads alone, and writes nothing in the workspace."""
    progress = safe(look.get("progress", SILENT))
    look["refresh"] = True  # the sandbox is seeded with what was read
    recording = RecordingWorkspace.over(workspace)
    async with planning(recording, **look) as planned:
        if not planned.surveys:
            return planned.plan
        secrets: dict[str, tuple[str, str]] = {}
        seed, left_out = _seed(recording, planned, secrets)
        speed, path_s = _speed(planned), _path_s(planned)
        progress.phase("rehearsing on a sandbox", 0)
        with TemporaryDirectory(prefix="acctcfg-rehearse-") as folder:
            async with _sandbox(seed, speed, path_s) as base_url:
                twin = twin_of(recording, planned, Path(folder), base_url, secrets)
                twin.speed = speed
                found = await _on(twin, planned, speed)
    not_copied = tuple(dict.fromkeys([*left_out, *found.not_copied]))
    return replace(planned.plan, rehearsal=replace(found, not_copied=not_copied))


async def _on(twin: TwinWorkspace, planned: Planned, speed: float) -> Rehearsal:
    """Plan there and compare, apply, and look at what there is then."""
    plan = planned.plan
    left_out = sorted(_unread(planned) & twin.manifest.accounts.keys())
    focus = Focus(plan.scope.targets, excludes=[*plan.scope.excludes, *left_out])
    before = await _look(twin, focus)
    begun = time.monotonic()
    outcome = await apply(
        twin,
        approve=lambda _: True,
        targets=plan.scope.targets,
        excludes=focus.excludes,
        replace=plan.replace,
        allow_sensitive=plan.allow_sensitive,
        allow_warnings=True,
        skip_blocked=True,
        unsigned="",  # what is tried on a sandbox nobody has to sign
    )
    seconds = (time.monotonic() - begun) * speed + sum(wave.then_wait_s for wave in plan.waves)
    after = await _look(twin, focus)
    unread = [(one.address, f"it could not be read: {one.message}") for one in plan.unreadable]
    return _result(outcome, after.surveys, seconds, [*unread, *_differences(planned, before, outcome)])


def _unread(planned: Planned) -> set[str]:
    """Accounts of which something could not be read: an apply leaves them out."""
    return {one.address.partition(".")[0] for one in planned.plan.unreadable}


def _result(
    outcome: Outcome, surveys: Mapping[str, Survey], seconds: float, differ: Sequence[tuple[str, str]]
) -> Rehearsal:
    bad = [one for one in outcome.results if one.status in ("failed", "unknown")]
    return Rehearsal(
        counts=outcome.counts,
        end_state={str(address): value for address, value in live_values(surveys)},
        blocked=tuple(str(one.step.address) for one in outcome.results if one.status == "blocked"),
        failed=tuple((str(one.step.address), one.message) for one in bad),
        not_copied=tuple(differ),
        seconds=round(seconds, 1),
    )


async def _look(twin: TwinWorkspace, focus: Focus) -> Planned:
    async with Session(twin, venues_of(twin, focus)) as session:
        return await draw_up(session, focus, look_only=True)


def live_values(surveys: Mapping[str, Survey]) -> Iterator[tuple[Address, JsonValue]]:
    """What each managed address holds, as JSON; those of which that is not known are left out."""
    for _, survey in sorted(surveys.items()):
        for address, live in survey.live.items():
            if not isinstance(live, After | Unreadable) and live is not UNSET:
                yield address, to_json(live)


def _differences(planned: Planned, there: Planned, outcome: Outcome) -> Iterator[tuple[str, str]]:
    """What is live, or stands in the way, in another way than on the sandbox."""
    live, twin = dict(live_values(planned.surveys)), dict(live_values(there.surveys))
    gone = _unread(planned)
    for address, value in live.items():
        if address.account not in gone and (address not in twin or twin[address] != value):
            yield str(address), f"live it is {told(value)}, on the sandbox {told(twin.get(address))}"
    for one in there.plan.unreadable:
        yield one.address, f"on the sandbox it could not be read: {one.message}"
    here = {one.address: _way(one) for one in planned.plan.steps if one.address.account not in gone}
    steps = {one.address: _way(one) for one in outcome.plan.steps}
    for address in [*here, *(one for one in steps if one not in here)]:
        now, then = here.get(address, "no step"), steps.get(address, "no step")
        if now != then:
            yield str(address), f"as planned, {now}; on the sandbox, {then}"


def _way(step: Step) -> str:
    return f"{', '.join(step.in_its_way)} in its way" if step.in_its_way else "nothing in its way"


# -- the sandbox -------------------------------------------------------------------------------------------------------


def _seed(
    recording: RecordingWorkspace, planned: Planned, secrets: dict[str, tuple[str, str]]
) -> tuple[Row, list[tuple[str, str]]]:
    """All that was read as a seed, and what is not in it."""
    session = planned.session
    assert session is not None  # noqa: S101 (it was planned with one)
    tenants: dict[str, Row] = {}
    seed: Row = {}
    not_copied: list[tuple[str, str]] = []
    names: dict[str, str] = {}
    seen: set[str] = set()
    for key, link in session.links.items():
        if key in session.failed:
            continue  # its accounts could not be read, and are left out
        spec = link.connection.spec
        if spec.type not in _SEEDS:
            raise UsageError(f"venue type {spec.type} (venues.{key}) has no sandbox", hint="it cannot be rehearsed")
        own = recording.doors(key).load_own(spec.credentials)
        if isinstance(own, AccessToken):
            raise UsageError(f"venues.{key} signs with an access token", hint="it cannot be rehearsed")
        reads = reads_of(recording.records[key].answers.values())
        known = Known(uid=link.connection.user, key=own.api_key, egress=spec.egress, reads=reads)
        seeded = _SEEDS[spec.type](known, secrets)
        if spec.type == "okx":
            seeded.tenant["broker"] = False
        names.setdefault(known.uid, key)
        if seeded.client_ip and seed.get("client_ip") not in (None, seeded.client_ip):
            not_copied.append((f"venues.{key}", "it is called from another address than the connections before it"))
        _merge(seed, tenants, _SECTION[spec.type], seeded)
        not_copied += [(address or f"venues.{key}", why) for address, why in seeded.not_copied]
        seen |= seeded.seen
    seed["tenants"] = {names[uid]: one for uid, one in tenants.items()}
    return seed, [*not_copied, *pruned(seed), *_unseen(planned, seen)]


def _unseen(planned: Planned, seen: set[str]) -> Iterator[tuple[str, str]]:
    """Accounts that exist and that only a key of this plan can read."""
    for account, steps in by_account(planned.plan.steps).items():
        survey = planned.surveys[account]
        later = any(one.status in ("deferred", "venue") for step in steps for one in step.prechecks)
        if survey.exists and survey.uid not in seen and (later or not all(one.change.before_known for one in steps)):
            yield (
                account,
                "nothing could be read as this account yet, so what is open in it and its modes are not known",
            )


def _merge(seed: Row, tenants: dict[str, Row], venue: str, seeded: Seeded) -> None:
    """Two connections of one user are one tenant; contracts and currencies are the venue's."""
    uid = str(seeded.tenant["uid"])
    if (known := tenants.get(uid)) is None:
        tenants[uid] = seeded.tenant
    else:
        keys = listed(known["keys"]) + listed(seeded.tenant["keys"])
        subs = {**_map(seeded.tenant.get("sub_accounts")), **_map(known.get("sub_accounts"))}
        tenants[uid] = {**seeded.tenant, **known, "keys": [dict(one) for one in _once(keys)], "sub_accounts": subs}
    section = _map(seed.get(venue))
    for name, lists in seeded.venue.items():
        whole = {
            verb: [*listed(_map(section.get(name)).get(verb)), *listed(some)] for verb, some in _map(lists).items()
        }
        section[name] = {**_map(section.get(name)), **whole}
    seed[venue] = section
    if seeded.client_ip:
        seed.setdefault("client_ip", seeded.client_ip)


def _once(keys: Sequence[Json]) -> Iterator[Row]:
    seen: set[Json] = set()
    for one in map(_map, keys):
        id_ = str(one.get("api_key") or one.get("key"))
        if id_ not in seen:
            seen.add(id_)
            yield one


def _map(value: Json) -> Row:
    return dict(value) if isinstance(value, Mapping) else {}


def pruned(seed: Row) -> Iterator[tuple[str, str]]:
    """Take out of the seed what the sandbox refuses, one by one, with its reason."""
    for _ in range(_MOST_LEFT_OUT):
        try:
            App(seed)
        except SeedError as exc:
            if not _cut(seed, exc.place):
                raise AcctcfgError(f"the sandbox does not take the live accounts: {exc}") from exc
            yield spelled(exc.place), exc.message
        else:
            return
    raise AcctcfgError(f"the sandbox does not take more than {_MOST_LEFT_OUT} parts of the live accounts")


def _cut(seed: Json, place: Sequence[str | int]) -> bool:
    """Take out the row of the innermost list on the way to a place, else the field itself."""
    walked: list[tuple[Row | list[Json], str | int]] = []
    inner: Json = seed
    for part in place:
        if not isinstance(inner, dict | list) or part not in (inner if isinstance(inner, dict) else range(len(inner))):
            break
        walked.append((inner, part))
        inner = inner[part]  # type: ignore[index]
    listed_ = [one for one in walked if isinstance(one[0], list)]
    for holder, part in (listed_ or walked[3:])[-1:]:
        del holder[part]  # type: ignore[arg-type]
        return True
    return False


def _speed(planned: Planned) -> float:
    """So fast that the machine still keeps up with the venue's limits."""
    session = planned.session
    assert session is not None  # noqa: S101 (it was planned with one)
    requests = sum(one.requests for one in planned.plan.reports) + 4 * planned.plan.estimate.writes
    faster = max(link.speed for link in session.links.values())  # a sandbox in the place of the venue
    seconds = planned.plan.estimate.seconds * faster
    return min(_FASTEST, max(faster, seconds / (requests * _REQUEST_S or 1.0)))


def _path_s(planned: Planned) -> float:
    """How long the way to the slowest venue is; 0 where that is no time."""
    links = planned.session.links.values() if planned.session is not None else ()
    paths = [link.client.pacer.path_s for link in links]
    found = max((one for one in paths if one < 10), default=0.0)
    return found if found > 0.005 else 0.0


@asynccontextmanager
async def _sandbox(seed: Row, speed: float, path_s: float) -> AsyncIterator[str]:
    """A sandbox in a process of its own, with nothing of our environment but where programs are; its address."""
    environ = {name: os.environ[name] for name in _KEPT if name in os.environ}
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=environ,
    )
    assert child.stdin is not None and child.stdout is not None  # noqa: S101, PT018 (they are pipes)
    try:
        child.stdin.write(json.dumps({"seed": seed, "speed": speed, "round_trip_s": path_s}).encode() + b"\n")
        await child.stdin.drain()
        async with asyncio.timeout(_START_S):
            line = await child.stdout.readline()
        if not line:
            raise AcctcfgError("the sandbox of the rehearsal did not start")
        yield line.decode().strip()
    finally:
        child.stdin.close()
        try:
            async with asyncio.timeout(5):
                await child.wait()
        except TimeoutError:
            child.kill()
            await child.wait()
