"""`acctcfg cap`: the brake."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import click

from acctcfg.cli.asking import ask, demand_asker, option_auto_approve, option_lock_timeout, run_writes
from acctcfg.cli.formats import option_format, page, show
from acctcfg.cli.listening import option_events
from acctcfg.cli.next_step import say_after_cap
from acctcfg.cli.selection import option_target
from acctcfg.core.spelling import decimal_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from acctcfg.cli.listeners import Listeners
    from acctcfg.core.brake import Braked

__all__ = ["command"]

LEAST = Decimal("0.01")


class Leverage(click.ParamType[Decimal]):
    """A number of at least 0.01 with at most two decimals."""

    name = "leverage"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """A positive number as a Decimal, exactly as written."""
        found = decimal_of(str(value))
        if found is None or not LEAST <= found <= 1_000_000 or found != found.quantize(LEAST):
            self.fail(f"{value!r} is not a leverage (3 or 2.5 would be, from {LEAST} on)", param, ctx)
        return found


@click.command("cap", short_help="The brake: lower every leverage above N, and raise nothing.")
@click.argument("most", metavar="N", type=Leverage())
@option_target
@click.option("--all", "everything", is_flag=True, help="Look at every instrument that an account may trade.")
@option_auto_approve
@option_lock_timeout
@option_format("brake")
@option_events
@click.pass_context
def command(  # long by its options and what it says of them
    ctx: click.Context,
    most: Decimal,
    targets: tuple[str, ...],
    everything: bool,
    auto_approve: bool,
    lock_timeout: float,
    form: str,
) -> None:
    """Lower every leverage above N to N, in all accounts of the manifest, the largest open notional first.

    It raises nothing, closes no position and cancels no order. It looks at each leverage with a position, an order or
    an entry in the manifest, managed or not. What an order stands in the way of is listed with the call that cancels
    it, and stops no other. Guardrails do not hold it back.

    Exits 0 when nothing is above N any more, 1 when something failed or could not be read, 3 when something is still
    above N.
    """
    demand_asker(ctx, auto_approve=auto_approve, hint="--auto-approve lowers without asking")
    from acctcfg.cli.console import say
    from acctcfg.cli.event_loop import load_workspace, undisturbed
    from acctcfg.engine.cap import cap
    from acctcfg.render.brake import what_it_does

    workspace = load_workspace(ctx)
    say(what_it_does(most), err=form == "json")
    outcome = run_writes(
        ctx,
        lambda progress, interrupts: cap(
            workspace,
            most,
            approve=_approval(ctx, progress, ask_first=not auto_approve, to_stderr=form == "json"),
            targets=targets,
            everything=everything,
            lock_timeout_s=lock_timeout,
            said={"auto_approve": auto_approve},
            progress=progress,
            interrupts=interrupts,
        ),
    )
    with undisturbed():
        if form == "text":
            say("")
        show(ctx, form, "brake", outcome)
        say_after_cap(ctx, outcome)
    ctx.exit(outcome.exit_code)


def _approval(ctx: click.Context, progress: Listeners, *, ask_first: bool, to_stderr: bool) -> Callable[[Braked], bool]:
    """The question, for whoever is asked."""

    def approve(brake: Braked) -> bool:
        if not ask_first:
            return True
        from acctcfg.cli.console import say_page
        from acctcfg.render.brake import to_lower
        from acctcfg.render.formats import fitted

        progress.pause()
        say_page("\n" + fitted(to_lower(brake, page(ctx)), page(ctx)), err=to_stderr)
        count = brake.count("to_lower")
        return ask("Lower this leverage?" if count == 1 else f"Lower these {count} leverages?")

    return approve
