"""`acctcfg rotate`: new secrets for API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from acctcfg.cli.apply import Talk
from acctcfg.cli.asking import Duration, demand_asker, option_auto_approve, option_lock_timeout, run_writes
from acctcfg.cli.completing import accounts, key_labels
from acctcfg.cli.consent import option_allow_sensitive
from acctcfg.cli.formats import option_format, option_full
from acctcfg.cli.listening import option_events
from acctcfg.cli.selection import option_target

if TYPE_CHECKING:
    from acctcfg.core.plan import Plan

__all__ = ["command"]


@click.command("rotate", short_help="Give API keys new secrets, with a working key at all times.")
@click.argument("account", metavar="ACCOUNT", required=False, shell_complete=accounts)
@click.argument("key", metavar="KEY", required=False, shell_complete=key_labels)
@option_target
@click.option(
    "--overlap",
    type=Duration(),
    metavar="TIME",
    help="How long the old key stays beside the new one (30m, 24h). Up to a minute is waited for; after a longer one, "
    "a later apply deletes the old key. Default: 10s.",
)
@option_auto_approve
@option_allow_sensitive
@click.option("--skip-blocked", is_flag=True, help="Leave out accounts with a blocked key instead of stopping.")
@option_lock_timeout
@option_format("outcome")
@option_events
@option_full
@click.pass_context
def command(  # long by its options and what it says of them
    ctx: click.Context,
    account: str | None,
    key: str | None,
    targets: tuple[str, ...],
    overlap: float | None,
    auto_approve: bool,
    allow_sensitive: tuple[str, ...],
    skip_blocked: bool,
    lock_timeout: float,
    form: str,
) -> None:
    """Give the API key KEY of ACCOUNT a new secret; both may be patterns (* and ?). Or name keys by --target.

    A new key is made under a temporary label, its secret is stored, and it is tried until it signs. Then its secret
    takes the old one's place in the store, in one move. Once the overlap is over, the old key is deleted at the venue,
    and the new one gets its label. The old secret is not needed.

    Killed anywhere, the next apply (or rotate) finishes it. A rotation that is in its overlap is ended by rotate.
    Exits 0 when every key is rotated, 1 when something failed, 3 when something is blocked.
    """
    named = [f"{account}.api_keys[{key}]"] if account is not None and key is not None else []
    if bool(named) == bool(targets) or (account is not None and not named):
        raise click.UsageError("give ACCOUNT and KEY, or --target ACCOUNT.api_keys[KEY]", ctx)
    demand_asker(ctx, auto_approve=auto_approve, hint="--auto-approve rotates without asking")
    from acctcfg.cli.event_loop import load_workspace, undisturbed
    from acctcfg.engine.apply import apply
    from acctcfg.engine.rotation import RotateKeys

    workspace = load_workspace(ctx)
    rotation = RotateKeys.named(workspace, [*named, *targets], overlap)
    talk = Talk(ctx, form=form, ask=not auto_approve, skip_blocked=skip_blocked, question=_question)
    outcome = run_writes(
        ctx,
        lambda progress, interrupts: apply(
            workspace,
            approve=talk.approval(progress),
            rotation=rotation,
            allow_sensitive=allow_sensitive,
            skip_blocked=skip_blocked,
            lock_timeout_s=lock_timeout,
            said={
                "auto_approve": auto_approve,
                "rotate": [account, key] if named else list(targets),
                "overlap_s": rotation.overlap_s,
            },
            progress=progress,
            interrupts=interrupts,
        ),
    )
    with undisturbed():
        talk.conclude(outcome)
    ctx.exit(outcome.exit_code)


def _question(plan: Plan) -> str:
    number = len(plan.steps)
    return "Rotate this key?" if number == 1 else f"Rotate these {number} keys?"
