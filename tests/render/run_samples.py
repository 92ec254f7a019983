"""Runs as the journal has them."""

from __future__ import annotations

from acctcfg.core.json_types import JsonObject
from acctcfg.journal import EntryRecord, Run, RunRecord
from acctcfg.journal.records import Intent

__all__ = ["run_of", "step_done"]


def step_done(address: str, action: str = "change", status: str = "done", **more: str) -> JsonObject:
    """A step with its end."""
    checks: list[JsonObject] = [{"name": "no_open_positions", "status": "pass"}]
    return {"address": address, "venue": "desk", "action": action, "before": 3, "after": 5, "status": status, **more,
            "prechecks": checks}  # fmt: skip


def run_of(*steps: JsonObject, actor: str = "alice", ended: bool = True) -> RunRecord:
    """A run that wrote each of these steps that is done or failed, in this order."""
    sent = [step for step in steps if step["status"] in ("done", "failed")]
    entries = [
        EntryRecord(
            intent=Intent(
                seq=number,
                run="r1",
                at="2026-11-30T10:00:00.000Z",
                venue_user="7000",
                account=str(step["address"]).partition(".")[0],
                address=str(step["address"]),
                action=str(step["action"]),
                call="POST /api/v5/account/set-leverage",
            ),
            outcome="done" if step["status"] == "done" else "failed",
            outcome_body=None,
            finding=None,
            requests=({"method": "POST", "path": "/api/v5/account/set-leverage", "status": 200, "code": "ok"},),
        )
        for number, step in enumerate(sent)
    ]
    run = Run(
        id="r1",
        at="2026-11-30T10:00:00.000Z",
        ended_at="2026-11-30T10:00:09.000Z" if ended else "",
        command="apply",
        actor=actor,
        commit=None,
        clean=None,
        digest="sha256:00",
        flags={},
        status="failed" if ended else "",
        summary={"created": 0, "changed": 1, "blocked": 1, "failed": 1, "replaced": 0, "exit": 1},
    )
    return RunRecord(run=run, entries=tuple(entries), notes=(), requests=(), steps=steps if ended else ())
