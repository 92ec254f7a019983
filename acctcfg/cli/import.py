"""`acctcfg import`: write existing accounts as a manifest. Sends no write to the venue."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acctcfg.cli.next_step import in_folder, say_after_import
from acctcfg.cli.selection import option_target, read_addresses

if TYPE_CHECKING:
    from acctcfg.engine.import_accounts import Imports
    from acctcfg.engine.workspace import Workspace

__all__ = ["command"]

FILE = "accounts/{}.yaml"


@click.command("import", short_help="Write existing accounts as a manifest.")
@click.argument("accounts", metavar="[ACCOUNT]...", nargs=-1, callback=read_addresses)
@option_target
@click.option("--all", "everything", is_flag=True, help="Import all accounts of the connection.")
@click.option("--venue", default="", metavar="NAME", help="Import only from this connection of the manifest.")
@click.option(
    "--store",
    default="",
    metavar="NAME",
    help="Look for the secrets of their keys in this store.",
)
@click.option(
    "--deposits",
    "currencies",
    multiple=True,
    metavar="CURRENCY",
    help="Include deposit addresses of this currency. May be repeated.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Write a new workspace into this empty folder, instead of files for the current one.",
)
@click.pass_context
def command(
    ctx: click.Context,
    accounts: tuple[str, ...],
    targets: tuple[str, ...],
    everything: bool,
    venue: str,
    store: str,
    currencies: tuple[str, ...],
    out: Path | None,
) -> int:
    """Read accounts as they are, and write them as a manifest. A plan right after it shows no changes.

    ACCOUNT is an account's name at the venue, a pattern with * and ?, or @FILE with one per line; main is the user
    behind the credentials. What many accounts share becomes a profile, and leverage becomes patterns with exceptions.
    Comments say what is not managed, and why. What only an account's own key can read is managed if --store holds the
    secret of such a key.

    Sends no write to the venue, and overwrites no file. Exits 1 if an account or a connection could not be read.
    """
    from acctcfg.cli.console import say
    from acctcfg.cli.event_loop import run_engine
    from acctcfg.engine.import_accounts import Asked, import_accounts
    from acctcfg.engine.import_files import demand_empty, place_for
    from acctcfg.engine.workspace import Workspace

    accounts += targets
    if bool(accounts) == everything:
        raise click.UsageError("name accounts, or use --all", ctx)
    workspace = Workspace.load(ctx.obj["directory"], os.environ, patterns_may_be_empty=True)
    stem = venue or (next(iter(workspace.manifest.venues)) if len(workspace.manifest.venues) == 1 else "imported")
    if out is not None:
        out = workspace.directory / out
        demand_empty(out)
    name = FILE.format(stem) if out is not None else place_for(workspace, stem)
    asked = Asked(names=accounts, venue=venue, store=store, currencies=tuple(dict.fromkeys(currencies)))
    found = run_engine(
        ctx, lambda progress: import_accounts(workspace, asked, alone=out is not None, progress=progress)
    )
    if found.accounts:
        found = _write(workspace, found, name, asked.currencies, out)
    _tell_left_out(found)
    say(_summary(found, name if out is None else str(out)))
    if found.accounts:
        say(f"Next: {in_folder(ctx.obj['directory'] if out is None else out)} plan")
    left_out = [*found.unlisted, *found.odd]
    say_after_import(ctx, [one.name for one in found.failed], left_out, out if found.accounts else None)
    return 1 if found.failed or left_out else 0


def _tell_left_out(found: Imports) -> None:
    from acctcfg.cli.console import say

    for one in found.failed:
        say(f"{one.name}: not imported: {one.why}", err=True)
    for key, why in found.unlisted.items():
        say(f"venues.{key}: nothing was imported from it: {why}", err=True)
    for key, why in found.odd.items():
        say(f"venues.{key}: not everything was imported from it: {why}", err=True)
    if found.known:
        say(f"In the manifest already: {', '.join(found.known)}.", err=True)


def _write(workspace: Workspace, found: Imports, name: str, currencies: tuple[str, ...], out: Path | None) -> Imports:
    """Write what makes a manifest, and give it back."""
    from acctcfg import __version__
    from acctcfg.engine.import_files import carried, sound, write_files
    from acctcfg.manifest.layout import ROOT
    from acctcfg.render.manifest_text import accounts_text, root_text

    manifest = workspace.manifest
    rules = {key: workspace.types[spec.type] for key, spec in manifest.venues.items()}
    head = f"Imported by acctcfg {__version__} on {workspace.today}: the accounts as they were."
    venues, stores = carried(workspace, out if out is not None else workspace.directory)
    beside = {ROOT: root_text(venues, stores, head=f"{head} No guardrails are set yet.", include=FILE.format("*"))}

    def text(some: Imports) -> str:
        return accounts_text(some.accounts, some.profiles, rules, head=head, looked=currencies)

    found = sound(workspace, found, lambda some: {**beside, FILE.format("imported"): text(some)})
    if found.accounts:
        folder = out if out is not None else workspace.directory
        write_files(folder, {name: text(found)} if out is None else {name: text(found), **beside})
    return found


def _summary(found: Imports, where: str) -> str:
    if not found.accounts:
        return "Nothing was imported."
    notes = sum(len(one.notes) + sum(bool(key.note) for key in one.keys) for one in found.accounts)
    count, shared = len(found.accounts), len(found.profiles)
    profiles = f" with {shared} profile{'s' * (shared != 1)}" if shared else ""
    comments = (
        f" {notes} comment{'s' * (notes != 1)} in it say{'s' * (notes == 1)} what is not managed." if notes else ""
    )
    return f"Imported {count} account{'s' * (count != 1)}{profiles} into {where}.{comments}"
