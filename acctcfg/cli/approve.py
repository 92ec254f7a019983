"""`acctcfg approve`: sign a saved plan, so that it may be applied where the guardrails ask for approvals."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

__all__ = ["command"]


@click.command("approve", short_help="Sign a saved plan, for guardrails.approvals.")
@click.argument("planfile", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The SSH key to sign with: a private key, or the public one of a key that an agent or a security key holds. "
    "Default: ACCTCFG_SIGNING_KEY, else the first of ~/.ssh.",
)
@click.pass_context
def command(ctx: click.Context, planfile: Path, key: Path | None) -> None:
    """Show the saved plan PLANFILE, and sign its digest with ssh-keygen.

    The signature goes beside the plan, into PLANFILE.KEY.sig, where `acctcfg apply PLANFILE` finds it. No request is
    sent.
    """
    from acctcfg.cli.approvals import ENDING
    from acctcfg.cli.console import say
    from acctcfg.errors import ConfigError
    from acctcfg.journal.signature import PLAN, fingerprint, key_of, sign
    from acctcfg.plain_file import write_whole
    from acctcfg.render.data import load_saved
    from acctcfg.venues.installed import rules

    path = ctx.obj["directory"] / planfile
    saved = load_saved(path, rules().values())
    for line in _shown(saved):
        say(line)
    signature = sign(str(saved["digest"]), PLAN, (key or key_of(os.environ)).expanduser(), os.environ)
    by = fingerprint(signature)
    file = path.with_name(f"{path.name}.{_short(by)}{ENDING}")
    try:
        write_whole(file, signature)
    except OSError as exc:
        raise ConfigError(f"cannot write {file}: {exc.strerror}", hint="the plan was not signed") from exc
    say("")
    say(f"Signed with {by}: {file}")


def _short(fingerprint: str) -> str:
    return "".join(char for char in fingerprint.removeprefix("SHA256:") if char.isalnum())[:16]


def _shown(saved: Mapping[str, Any]) -> Iterator[str]:
    """What is signed, from the file alone: who made it, for whom, every step and every warning."""
    yield f"plan of {saved['created_at']} by {saved['author'] or 'unknown'}"
    for name, venue in saved["venues"].items():
        yield " · ".join(filter(None, (name, venue["type"], venue["environment"], venue["uid"], venue.get("base_url"))))
    if (of_run := saved.get("reverts")) is not None:
        what = ", and deletes what that created" if of_run["with_deletes"] else ""
        yield f"back to the state before run {of_run['run']} of {of_run['actor']}{what}"
    yield ""
    for step in saved["steps"]:
        before = step["before"] if step["before_known"] else "(known after another step)"
        blocked = "   BLOCKED" if step["blocked"] else ""
        yield f"  {step['action']} {step['address']}: {_value(before)} -> {_value(step['after'])}{blocked}"
    for warning in saved["warnings"]:
        yield f"  ! {warning['address']}: {warning['message']}  [{warning['code']}]"
    for unread in saved["unreadable"]:
        yield f"  ? {unread['address']}: {unread['message']}"
    count = saved["summary"]
    yield ""
    yield f"Digest: {saved['digest']}"
    yield (
        f"Plan: {count['create']} to create, {count['change']} to change, {count['delete']} to delete, "
        f"{count['blocked']} blocked."
    )


def _value(value: object) -> str:
    from acctcfg.render.harmless import json_text

    return value if isinstance(value, str) else " ".join(json_text(value).split())
