"""One scenario from its seed to its verdict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from acctcfg.core.address import Address
from acctcfg.core.desired import Guardrails, Manifest
from acctcfg.core.drift import Drift
from acctcfg.core.outcome import Outcome
from acctcfg.core.plan import Plan, Warning_
from acctcfg.core.rules import VenueRules
from acctcfg.core.scenario_result import Miss, ScenarioResult
from acctcfg.engine.apply import apply
from acctcfg.engine.drift import find_drift
from acctcfg.engine.plan import make_plan
from acctcfg.engine.show import observe
from acctcfg.engine.workspace import Workspace
from acctcfg.errors import AcctcfgError, ManifestError
from acctcfg.sandbox.app import App
from acctcfg.sandbox.seed_file import SeedFile, read_seed_file
from acctcfg.sandbox.serve import Running
from acctcfg.sandbox.values import Json, SeedError, did_you_mean, spelled
from acctcfg.scenarios.compare import Came, misses_of
from acctcfg.scenarios.events import calls_of, happen
from acctcfg.scenarios.ground import SPEED, Ground
from acctcfg.scenarios.read import Scenario

__all__ = ["Stage", "play"]


class Stage:
    """A scenario with the sandbox that it is played on, not started yet: its seed is sound."""

    def __init__(self, scenario: Scenario, manifest: Manifest, types: Mapping[str, VenueRules]) -> None:
        """Raises ManifestError for a seed that makes no sense."""
        self.scenario, self.manifest = scenario, manifest
        file = _seed_file(scenario)
        said: Mapping[str, Json] = scenario.said.get("seed", {}) if file is None else file.values  # type: ignore[assignment]
        self.ground = Ground(manifest, types, said)
        try:
            _demand_connections(said, manifest)
            self.app = App(self.ground.seed(), speed=SPEED)
        except SeedError as exc:
            words = exc.message if file is None else file.located(exc)
            raise ManifestError([scenario.problem(words, "seed", *(() if file else exc.place))]) from exc


def _demand_connections(seed: Mapping[str, Json], manifest: Manifest) -> None:
    """SeedError for a tenant that no connection leads to."""
    tenants = seed.get("tenants")
    for name in tenants if isinstance(tenants, Mapping) else ():
        if name not in manifest.venues:
            known = did_you_mean(name, manifest.venues)
            raise SeedError(f"the manifest has no such connection{known}", ("tenants", str(name)))


def _seed_file(scenario: Scenario) -> SeedFile | None:
    named = scenario.said.get("seed")
    if not isinstance(named, str):
        return None
    try:
        return read_seed_file(scenario.folder / named)
    except SeedError as exc:
        raise ManifestError([scenario.problem(str(exc), "seed")]) from exc


def play(stage: Stage) -> ScenarioResult:
    """Start the sandbox, send the events, run the command, and compare. Nothing is left behind."""
    scenario, began = stage.scenario, time.monotonic()
    with TemporaryDirectory(prefix="acctcfg-test-") as folder, Running(app=stage.app) as sandbox:
        misses = asyncio.run(_play(stage, sandbox, Path(folder)))
    return ScenarioResult(scenario.name, scenario.place, misses, time.monotonic() - began)


async def _play(stage: Stage, sandbox: Running, folder: Path) -> tuple[Miss, ...]:
    scenario = stage.scenario
    workspace = stage.ground.workspace(folder, sandbox.base_url)
    if scenario.said.get("as_applied") and (why := await _applied_first(workspace)):
        return (Miss(scenario.place_of("as_applied"), "as_applied", "", why),)
    for index, event in enumerate(scenario.said.get("events", ())):
        for call in calls_of(event, stage.manifest):
            try:
                happen(sandbox, call)
            except ValueError as exc:
                place = scenario.place_of("events", index, *call.part)
                return (Miss(place, spelled(("events", index, *call.part)), "", str(exc)),)
    try:
        came = await _run(workspace, scenario)
    except AcctcfgError as exc:
        came = Came(exc.exit_code, error=exc.message)
    if scenario.said["expect"].get("state"):
        sandbox.control_delete("faults/all")
        sandbox.control_post("maintenance", {"on": False})
        try:
            came = replace(came, state=await _state(workspace, scenario.said["expect"]["state"]))
        except AcctcfgError as exc:
            return (*misses_of(scenario, came), Miss(scenario.place_of("expect", "state"), "state", "", exc.message))
    return tuple(misses_of(scenario, came))


async def _applied_first(workspace: Workspace) -> str:
    """Apply the manifest; returns why that failed, or ""."""
    calm = replace(workspace.manifest, guardrails=Guardrails(deny_permissions=()))
    first = replace(workspace, manifest=calm)
    try:
        outcome = await apply(first, approve=lambda _: True, allow_sensitive=True, allow_warnings=True)
    except AcctcfgError as exc:
        return exc.message
    wrong = next((one for one in outcome.results if one.status not in ("done", "already")), None)
    unread = next(iter(outcome.plan.unreadable), None)
    if wrong is not None:
        blocks = ", ".join(check.detail or check.name for check in wrong.step.prechecks if check.blocks)
        return f"the manifest could not be applied: {wrong.step.address}: {wrong.message or blocks or wrong.status}"
    return "" if unread is None else f"the manifest could not be applied: {unread.address}: {unread.message}"


async def _run(workspace: Workspace, scenario: Scenario) -> Came:
    said = dict(scenario.options)
    look: dict[str, Any] = {"targets": said.pop("target", ()), "excludes": said.pop("exclude", ())}
    if scenario.command == "drift":
        return _of_drift(await find_drift(workspace, **look))
    look |= {"replace": said.pop("replace", ()), "allow_sensitive": said.pop("allow_sensitive", ())}
    if scenario.command == "apply":
        return _of_outcome(await apply(workspace, approve=lambda _: True, unsigned="", **look, **said))
    return _of_plan(await make_plan(workspace, **look), detailed=bool(said.get("detailed_exitcode")))


def _of_plan(plan: Plan, *, detailed: bool) -> Came:
    status = 1 if plan.unreadable else 2 if detailed and plan.steps else 0
    return Came(
        status,
        summary={**plan.summary, "unreadable": len(plan.unreadable)},
        steps=[_step(one.to_json()) for one in plan.steps],
        warnings=_codes(plan.warnings),
        unreadable=_unread(plan),
    )


def _of_outcome(outcome: Outcome) -> Came:
    ended = {str(one.step.address): one.status for one in outcome.results}
    steps = [_step(one.to_json()) for one in outcome.plan.steps]
    failed = [f"{one.step.address}: {one.message}" for one in outcome.results if one.status in ("failed", "unknown")]
    return Came(
        outcome.exit_code,
        error="; ".join(failed[:3]),
        summary={**outcome.counts, "unreadable": len(outcome.plan.unreadable)},
        steps=[{**step, "status": ended.get(str(step["address"]))} for step in steps],
        warnings=_codes(outcome.plan.warnings),
        unreadable=_unread(outcome.plan),
    )


def _of_drift(drift: Drift) -> Came:
    whole: Any = drift.to_json()
    return Came(
        1 if drift.plan.unreadable else 2 if drift.exists else 0,
        summary=whole["summary"],
        steps=[_step(one.to_json()) for one in drift.plan.steps],
        warnings=_codes(drift.plan.warnings),
        findings=list(dict.fromkeys(one.code for one in drift.findings)),
        unreadable=_unread(drift.plan),
    )


def _step(whole: Mapping[str, Any]) -> dict[str, Any]:
    return {**whole, "prechecks": {one["name"]: one["status"] for one in whole["prechecks"]}}


def _codes(warnings: tuple[Warning_, ...]) -> list[str]:
    return list(dict.fromkeys(one.code for one in warnings))


def _unread(plan: Plan) -> list[dict[str, str]]:
    return [{"address": one.address, "message": one.message} for one in plan.unreadable]


async def _state(workspace: Workspace, wanted: Mapping[str, object]) -> dict[str, object]:
    """Of each account that is asked about: whether it is there, and what its addresses hold."""
    found: dict[str, object] = {}
    for view in await observe(workspace, targets=sorted({Address.of(address).account for address in wanted})):
        found |= {view.account: view.exists or None, **view.values}
    return found
