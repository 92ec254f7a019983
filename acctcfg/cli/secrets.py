"""`acctcfg secrets`: what the stores hold, whether it still signs, and a way in for secrets from elsewhere."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from acctcfg.cli.completing import accounts, key_labels
from acctcfg.cli.formats import option_format, show
from acctcfg.cli.next_step import say_after_secrets
from acctcfg.cli.selection import argument_addresses, option_target
from acctcfg.secrets.new_identity import IDENTITY, new_identity, write_private

if TYPE_CHECKING:
    from acctcfg.core.secret import Secret
    from acctcfg.engine.stored_keys import KeyReport

__all__ = ["command"]

LARGEST = 16 << 20
"""Characters of standard input: tens of thousands of secrets."""


@click.group("secrets", short_help="List, check, import, export and re-encrypt the API secrets in the stores.")
def command() -> None:
    """What the secret stores hold, whether it still signs, and a way in for secrets from elsewhere.

    No secret is ever printed.
    """


@command.command("list")
@option_format("secrets")
@click.pass_context
def list_(ctx: click.Context, form: str) -> None:
    """List what the stores hold. Sends no request and opens no secret.

    wanted: the manifest names its key; unnamed: it does not; dead: moved aside for the secret of a newer key. The key
    of a dead secret is gone, or goes when the overlap of its rotation ends.
    """
    from acctcfg.engine.stored_keys import list_secrets
    from acctcfg.engine.workspace import Workspace

    found = list_secrets(Workspace.load(ctx.obj["directory"], os.environ))
    show(ctx, form, "secrets", found)


@command.command("check")
@argument_addresses
@option_target
@option_format("keys")
@click.pass_context
def check(ctx: click.Context, addresses: tuple[str, ...], targets: tuple[str, ...], form: str) -> int:
    """Sign one request with every stored key that the manifest names: all of them, or those of each ADDRESS.

    ADDRESS is an account, ACCOUNT.api_keys[LABEL], or a pattern with * and ?.

    Exits 1 if any does not sign, or signs for another account or key. One that is bound to other addresses than ours
    (elsewhere), that the venue lists and that takes effect later (not_yet), or whose account the manifest wants locked
    (locked), is as it should be.
    """
    from acctcfg.cli.event_loop import run_engine
    from acctcfg.engine.stored_keys import check_secrets
    from acctcfg.engine.workspace import Workspace

    workspace = Workspace.load(ctx.obj["directory"], os.environ)
    reports = run_engine(ctx, lambda progress: check_secrets(workspace, (*addresses, *targets), progress=progress))
    return _told(ctx, form, reports)


@command.command("import")
@click.argument("account", required=False, shell_complete=accounts)
@click.argument("label", required=False, shell_complete=key_labels)
@option_format("keys")
@click.pass_context
def import_(ctx: click.Context, account: str | None, label: str | None, form: str) -> int:
    """Take a secret from standard input, prove it against the venue, and store it.

    With ACCOUNT and LABEL: one JSON object with api_key, secret_key and, where the venue has one, passphrase. Without:
    JSON Lines, each with account and label besides; a line that is wrong holds up none of the others. A secret that
    signs for another account or key is not stored. Exits 1 if any was not.
    """
    from acctcfg.cli.event_loop import run_engine
    from acctcfg.engine.brought_keys import import_secrets
    from acctcfg.engine.workspace import Workspace
    from acctcfg.secrets import read_brought

    if (account is None) != (label is None):
        raise click.UsageError("give ACCOUNT and LABEL, or neither (JSON Lines on standard input)")
    workspace = Workspace.load(ctx.obj["directory"], os.environ)
    keys = read_brought(_standard_input(), account, label, bare=workspace.without_passphrases())
    reports = run_engine(ctx, lambda progress: import_secrets(workspace, keys, progress=progress))
    status = _told(ctx, form, reports)
    say_after_secrets(ctx, reports)
    return status


@command.command("export")
@argument_addresses
@option_target
@click.option("--to", "store", metavar="STORE", help="Copy them to this store of the manifest.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write them to this new age file.")
@click.option(
    "--recipient", "recipients", multiple=True, metavar="KEY", help="Who can open that file. May be repeated."
)
@option_format("keys")
@click.pass_context
def export(
    ctx: click.Context,
    addresses: tuple[str, ...],
    targets: tuple[str, ...],
    store: str | None,
    out: Path | None,
    recipients: Sequence[str],
    form: str,
) -> int:
    """Copy stored secrets to another store, or into one encrypted file: of all wanted keys, or those of each ADDRESS.

    The file is JSON Lines in an age file: `age -d FILE | acctcfg secrets import` takes it in elsewhere. No secret is
    removed, overwritten or printed. Sends no request. Exits 1 if any secret is missing or could not be read or kept.
    """
    from acctcfg.engine.moved_secrets import export_to, export_to_store
    from acctcfg.engine.workspace import Workspace
    from acctcfg.secrets.bundle import bundled, check_recipients
    from acctcfg.secrets.private_file import located

    if (store is None) == (out is None) or (out is None and recipients) or (out is not None and not recipients):
        raise click.UsageError("give --to STORE, or --out FILE with --recipient KEY")
    check_recipients(recipients)
    workspace = Workspace.load(ctx.obj["directory"], os.environ)
    if store is not None:
        return _told(ctx, form, export_to_store(workspace, (*addresses, *targets), store))
    assert out is not None  # noqa: S101 (one of the two is given)
    file = located(str(out), workspace.directory)
    reports = export_to(workspace, (*addresses, *targets), lambda rows: bundled(file, rows, recipients, os.environ))
    return _told(ctx, form, reports)


@command.command("reencrypt")
@click.argument("stores", metavar="[STORE]...", nargs=-1)
@option_format("resealed")
@click.pass_context
def reencrypt(ctx: click.Context, stores: Sequence[str], form: str) -> int:
    """Write the secrets of age files anew for the recipients that the manifest names now: of all stores, or each STORE.

    Each file is replaced at once, and nothing is decrypted on disk. After an interruption, run it again. Whoever could
    read a secret before may have kept it: rotate its key. Exits 1 if any file could not be opened; it stays as it was.
    """
    from acctcfg.engine.moved_secrets import reencrypt as written_anew
    from acctcfg.engine.workspace import Workspace

    reports = written_anew(Workspace.load(ctx.obj["directory"], os.environ), stores)
    show(ctx, form, "resealed", reports)
    return 0 if all(one.good for one in reports) else 1


@command.command("identity")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help=f"Where to write it (default: {IDENTITY} of the workspace).",
)
@click.pass_context
def identity(ctx: click.Context, out: Path | None) -> None:
    """Make an age identity, which opens a store's secrets, and print the recipient that belongs to it.

    The file is for its owner only (mode 0600), and none that exists is overwritten. Whoever loses it can open no secret
    any more: keep a copy in a safe place.
    """
    from acctcfg.cli.console import say, say_page
    from acctcfg.cli.git_ignore import leaves_out
    from acctcfg.errors import ConfigError, UsageError
    from acctcfg.plain_file import leads_out, read_plain

    folder: Path = ctx.obj["directory"]
    file = folder / (out or IDENTITY)
    text, recipient = new_identity()
    if leads_out(file, folder):
        raise ConfigError(f"{file}: a link leads out of the workspace; nothing was written", hint="remove the link")
    try:
        write_private(file, text)
    except FileExistsError:
        raise UsageError(
            f"{file} exists; nothing was written", hint="an identity is never overwritten: --out names another file"
        ) from None
    except OSError as exc:
        raise ConfigError(f"cannot write {exc.filename or file}: {exc.strerror}") from exc
    say(recipient)
    try:
        known = read_plain(folder / ".gitignore", 1 << 20)[0].decode("utf-8", "replace")
    except OSError:  # there is none, or nothing that git's rules are in
        known = ""
    ignored = out is not None or leaves_out(known, IDENTITY)
    say_page(_identity_words(out or Path(IDENTITY), recipient, ignored=ignored), err=True)


def _identity_words(file: Path, recipient: str, *, ignored: bool) -> str:
    warning = "" if ignored else "\nPut `.acctcfg/` into .gitignore: whoever has that file can open the secrets."
    return (
        f"Wrote {file}. Keep a copy in a safe place, and never commit it.{warning}\n"
        f"In the manifest, under the store:\n"
        f"    recipients: [{recipient}]\n"
        f"    identity: {{file: {file}}}"
    )


def _standard_input() -> Secret:
    from acctcfg.cli.console import read_input
    from acctcfg.core.secret import Secret
    from acctcfg.errors import ConfigError

    text = read_input(LARGEST)
    if text is None:
        raise ConfigError("standard input is not UTF-8 text", hint="pipe the secret in as JSON")
    if len(text) > LARGEST:
        raise ConfigError(f"standard input is longer than {LARGEST >> 20} MiB", hint="bring the secrets in parts")
    return Secret(text)


def _told(ctx: click.Context, form: str, reports: Sequence[KeyReport]) -> int:
    show(ctx, form, "keys", reports)
    return 0 if all(one.good for one in reports) else 1
