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
    from acctcfg.sandbox.seed import builtin, with_gate
    from acctcfg.sandbox.seed_file import read_seed_file
    from acctcfg.sandbox.serve import Server, is_loopback
    from acctcfg.sandbox.values import SeedError

    if not is_loopback(host):
        raise click.UsageError(f"the sandbox serves loopback addresses only, not {host}")
    if seed:
        seed = Path((click.get_current_context().obj or {}).get("directory", ".")) / seed
    file = None
    try:
        file = read_seed_file(seed) if seed else None
        values = file.values if file else builtin(environment)
        if gate_crossex:
            values = with_gate(values)
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

    say(f"error: {message}\n\nhint: {hint}", err=True)
    click.get_current_context().exit(1)


async def _serve(app: App, server: Server) -> None:
    import asyncio
    import signal

    from acctcfg.cli.console import say

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    await server.start()
    try:
        say(_welcome(app, server.base_url))
        await stop.wait()
    finally:
        await server.stop()


def _welcome(app: App, base_url: str) -> str:
    """What a person needs to start: where it is, and how to sign."""
    import shlex

    lines = [f"OKX v5 sandbox on {base_url}"]
    if app.gate.tenants:
        lines.append(f"Gate CrossEx sandbox on {base_url}/api/v4 (wire format: {app.gate.flags.profile})")
    lines += [f"control API on {base_url}/_sandbox/state", ""]
    for tenant in app.venue.tenants.values():
        for key in list(tenant.master.keys.values())[:1]:
            lines.append(f"# venue user {tenant.name}: {key.env} key {key.label!r} ({key.perm_text})")
            for word, value in (
                ("API_KEY", key.api_key),
                ("SECRET_KEY", key.secret_key),
                ("PASSPHRASE", key.passphrase),
            ):
                lines.append(f"export {tenant.env_prefix}_{word}={shlex.quote(value)}")
    for user in app.gate.tenants.values():
        for mine in list(user.master.keys.values())[:1]:
            lines.append(f"# venue user {user.name}: Gate key {mine.name!r} ({', '.join(mine.perms)})")
            lines.append(f"export {user.env_prefix}_API_KEY={shlex.quote(mine.key)}")
            lines.append(f"export {user.env_prefix}_SECRET_KEY={shlex.quote(mine.secret)}")
    return "\n".join([*lines, "", "ready; stop with Ctrl-C"])
