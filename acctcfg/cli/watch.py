"""`acctcfg watch`: report drift on an interval; with --apply, carry out what the manifest says."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, NamedTuple

import click

from acctcfg.cli.asking import Duration, option_lock_timeout
from acctcfg.cli.drift import option_skip
from acctcfg.cli.formats import option_format, show
from acctcfg.cli.listening import option_events
from acctcfg.cli.queueing import apply_with, drift_with, option_queue
from acctcfg.cli.selection import option_exclude, option_target

if TYPE_CHECKING:
    from acctcfg.cli.listeners import Listeners
    from acctcfg.core.outcome import Outcome
    from acctcfg.core.watched import Watched
    from acctcfg.engine.progress import Progress
    from acctcfg.engine.stopping import Interrupts
    from acctcfg.engine.watch import Act, Watch
    from acctcfg.engine.workspace import Workspace

__all__ = ["command"]

INTERRUPTED = 130
OFF = "off"


class Place(NamedTuple):
    """Where to listen."""

    host: str
    port: int


class Listen(click.ParamType[Place | None]):
    """An address such as `127.0.0.1:9464` or `[::1]:9464`, or `off`."""

    name = "address"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Place | None:
        """Host and port; None where nothing is to be served."""
        host, _, port = str(value).rpartition(":")
        if value is None or value == OFF:
            return None
        if not host or not port.isdecimal() or int(port) > 65535:
            self.fail(f"{value!r} is not HOST:PORT (such as 127.0.0.1:9464) or {OFF}", param, ctx)
        return Place(host.removeprefix("[").removesuffix("]"), int(port))


class Percent(click.ParamType[float]):
    """A percentage, such as `10%`."""

    name = "percent"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """`10%` as 0.1."""
        number = str(value).removesuffix("%")
        if not number.isdecimal() or int(number) > 90:
            self.fail(f"{str(value)!r} is not a percentage from 0% to 90%", param, ctx)
        return int(number) / 100


@click.command("watch", short_help="Report drift on an interval, with health and metrics over HTTP.")
@click.option(
    "--interval", type=Duration(), default="5m", show_default=True, metavar="TIME", help="Time between two looks."
)
@click.option(
    "--jitter",
    type=Percent(),
    default="10%",
    show_default=True,
    metavar="PART",
    help="How much shorter or longer an interval may be, so that several processes do not look at the same moment.",
)
@click.option(
    "--listen",
    type=Listen(),
    default="127.0.0.1:9464",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to serve /healthz and /metrics; off serves nothing.",
)
@click.option("--times", type=click.IntRange(min=1), metavar="N", help="Stop after N looks. Default: keep going.")
@click.option("--apply", "acts", is_flag=True, help="Apply what differs without asking, like `apply --auto-approve`.")
@click.option("--skip-blocked", is_flag=True, help="With --apply: leave out accounts with a blocked step.")
@option_lock_timeout
@option_target
@option_exclude
@option_skip
@option_queue
@option_format("look")
@option_events
@click.pass_context
def command(  # long by its options: one line each, here and where they go
    ctx: click.Context,
    interval: float,
    jitter: float,
    listen: Place | None,
    times: int | None,
    acts: bool,
    skip_blocked: bool,
    lock_timeout: float,
    targets: tuple[str, ...],
    excludes: tuple[str, ...],
    skip: tuple[str, ...],
    queue: bool,
    form: str,
) -> None:
    """Look for drift on an interval, and print one line for each look. Sends no write without --apply.

    The manifest is read again for each look. A failure is reported once, and while looks keep failing the pauses get
    longer, up to an hour. A value that differs again after three runs in a row set it is named: something else keeps
    changing it back.

    Ctrl-C and SIGTERM stop it, after a write in progress has finished, with exit status 130. After --times it exits as
    the last look ended: 0, 1 when it failed, 2 when there is drift, 3 when something is blocked.
    """
    from acctcfg.cli.console import speak_in_lines

    speak_in_lines()
    if interval < 1:
        raise click.UsageError("--interval is shorter than a second", ctx)
    if not acts and (skip_blocked or lock_timeout):
        raise click.UsageError("--skip-blocked and --lock-timeout need --apply", ctx)
    from acctcfg.cli.event_loop import load_workspace
    from acctcfg.engine.consent import nobody_signed
    from acctcfg.engine.watch import Watch

    if acts:
        nobody_signed(load_workspace(ctx))
    watch = Watch(
        load=lambda: load_workspace(ctx),
        interval_s=interval,
        jitter=jitter,
        times=times,
        targets=targets,
        excludes=excludes,
        skip=skip,
        find=lambda workspace, **look: drift_with(workspace, "watch", queue=queue)(workspace, **look),
        act=_applying(targets, excludes, skip_blocked, lock_timeout, queue=queue) if acts else None,
    )
    ctx.exit(_exit_code(ctx, watch, listen, form))


def _exit_code(ctx: click.Context, watch: Watch, listen: Place | None, form: str) -> int:
    """Watch until it is over: the status of the last look, or that of a signal."""
    from acctcfg.cli.event_loop import run_engine
    from acctcfg.engine.stopping import Interrupts

    interrupts = Interrupts()
    try:
        watched = run_engine(
            ctx,
            lambda progress: _watching(watch, listen, _Teller(ctx, form, progress), interrupts),
            interrupts=interrupts,
        )
    except KeyboardInterrupt:
        _say_end(watch)
        return INTERRUPTED
    if interrupts.asked:
        _say_end(watch)
    return INTERRUPTED if interrupts.asked else watched.exit_code


def _applying(
    targets: tuple[str, ...], excludes: tuple[str, ...], skip_blocked: bool, lock_timeout_s: float, *, queue: bool
) -> Act:
    """What `apply --auto-approve` does, of the same part of the manifest; but a brake it leaves on."""
    apply = apply_with(queue=queue)

    async def act(workspace: Workspace, progress: Progress, interrupts: Interrupts) -> Outcome:
        return await apply(
            workspace,
            approve=lambda plan: True,  # noqa: ARG005
            targets=targets,
            excludes=excludes,
            skip_blocked=skip_blocked,
            lock_timeout_s=lock_timeout_s,
            said={"auto_approve": True, "watch": True, "targets": list(targets), "excludes": list(excludes)},
            watching=True,
            progress=progress,
            interrupts=interrupts,
        )

    return act


async def _watching(watch: Watch, listen: Place | None, teller: _Teller, interrupts: Interrupts) -> Watched:
    """Look, with health and metrics served meanwhile."""
    from acctcfg.cli.console import say
    from acctcfg.engine.serving import Page, serving
    from acctcfg.render.metrics import watch_metrics

    def health() -> Page:
        return Page("ok\n") if watch.alive else Page("no sign of life for too long\n", 503)

    def metrics() -> Page:
        return Page(watch_metrics(watch.tally, watch.latest, watch.drift))

    async with AsyncExitStack() as stack:
        if listen is not None:
            pages = {"/healthz": health, "/metrics": metrics}
            url = await stack.enter_async_context(serving(pages, *listen))
            say(f"serving {url}/healthz and {url}/metrics", err=True)
        return await watch.run(teller.tell, teller.progress, interrupts)


class _Teller:
    """Prints a line a look, and trouble once, until it is another or over."""

    def __init__(self, ctx: click.Context, form: str, progress: Listeners) -> None:
        self.ctx, self.form, self.progress = ctx, form, progress
        self._trouble = ""

    def tell(self, watched: Watched) -> bool:
        """Whether anybody listens still."""
        from acctcfg.cli.console import deeds_decide, outlet, say_page
        from acctcfg.render.watch import trouble_text

        self.progress.pause()
        if watched.outcome is not None:
            deeds_decide()
        show(self.ctx, self.form, "look", watched)
        self.ctx.obj["others"].looked(watched)
        trouble = trouble_text(watched)
        if trouble != self._trouble:
            say_page(trouble or "looks succeed again", err=True)
        self._trouble = trouble
        return outlet().lost is None


def _say_end(watch: Watch) -> None:
    from acctcfg.cli.console import say

    looks = watch.tally.looks.total()
    say(f"interrupted after {looks} look{'s' * (looks != 1)}", err=True)
