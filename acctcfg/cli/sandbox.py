"""`acctcfg sandbox`: serve the venues' APIs on loopback, from a seed file, with faults on demand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from acctcfg.sandbox.app import App
    from acctcfg.sandbox.serve import Server

__all__ = ["command"]


@click.command("sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@click.option("--port", default=8700, show_default=True, type=click.IntRange(0, 65535), help="0 picks a free port.")
@click.option("--seed", type=click.Path(path_type=Path, dir_okay=False), help="YAML file with accounts to start from.")
@click.option(
    "--speed",
    default=1.0,
    show_default=True,
    type=click.FloatRange(0.001, 1000),
    help="Make rate windows and injected delays this many times shorter.",
)
@click.option("--demo", "environment", flag_value="demo", default="demo", help="Built-in keys sign for demo (default).")
@click.option("--live", "environment", flag_value="live", help="Built-in keys sign for live.")
@click.option("--gate-crossex", is_flag=True, help="Serve a built-in Gate CrossEx user as well.")
@click.option("--client-ip", metavar="IP", help="Pretend that requests come from this address (keys bound to IPs).")
def command(
    host: str,
    port: int,
    seed: Path | None,
    speed: float,
    environment: str,
    gate_crossex: bool,
    client_ip: str | None,
) -> None:
    """Serve a local sandbox of OKX v5 and Gate CrossEx, until interrupted.

    Behaves as the venue does: signatures, rate limits, error codes, leverage scopes, prechecks. A control API under
    /_sandbox/ opens positions and orders, moves balances and injects faults.
    """
    import asyncio

    from acctcfg.sandbox.app import App
    from acctcfg.sandbox.sandbox import default_seed, with_venue
    from acctcfg.sandbox.seed_file import read_seed_file
    from acctcfg.sandbox.serve import Server, is_loopback
    from acctcfg.sandbox.values import SeedError
    from acctcfg.sandbox.venues import VENUES

    if not is_loopback(host):
        raise click.UsageError(f"the sandbox serves loopback addresses only, not {host}")
    if seed:
        seed = Path((click.get_current_context().obj or {}).get("directory", ".")) / seed
    file = None
    try:
        file = read_seed_file(seed) if seed else None
        values = file.values if file else default_seed(VENUES, environment)
        if gate_crossex:
            values = with_venue(values, VENUES, "gate_crossex")
        app = App({**values, **({"client_ip": client_ip} if client_ip else {})}, speed=speed)
    except SeedError as exc:
        _fail(file.located(exc) if file else str(exc), "see docs/sandbox.md for every key of a seed file")
    server = Server(app, host=host, port=port)
    try:
        asyncio.run(_serve(app, server))
    except OSError as exc:
        _fail(f"cannot listen on {host}:{port}: {exc.strerror or exc}", "choose another --port; 0 picks a free one")
    except KeyboardInterrupt:
        pass


def _fail(message: str, hint: str) -> None:
    from acctcfg.cli.console import say

    for line in (f"error: {message}", "", f"hint: {hint}"):
        say(line, err=True)
    click.get_current_context().exit(1)


async def _serve(app: App, server: Server) -> None:
    import asyncio
    import signal

    from acctcfg.cli.console import say_page

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await server.start()
    try:
        say_page(_welcome(app, server.base_url))
        await stop.wait()
    finally:
        await server.stop()


def _welcome(app: App, base_url: str) -> str:
    """What a person needs to start: where it is, and how to sign."""
    first, *others = app.venues.values()
    shown = [venue.welcome(base_url) for venue in (first, *(one for one in others if list(one.tenants())))]
    where = [title for title, _ in shown]
    keys = [line for _, lines in shown for line in lines]
    control = f"control API on {base_url}/_sandbox/state"
    return "\n".join([*where, control, "", *keys, "", "ready; stop with Ctrl-C"])
