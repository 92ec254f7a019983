"""`acctcfg approve`: sign a saved plan, so that it may be applied where the guardrails ask for approvals."""

from __future__ import annotations

import os
from pathlib import Path

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
    """Show all of the saved plan PLANFILE that a signature covers, and sign its digest with ssh-keygen.

    The signature goes beside the plan, into PLANFILE.KEY.sig, where `acctcfg apply PLANFILE` finds it. No request is
    sent.
    """
    from acctcfg.cli.approvals import ENDING
    from acctcfg.cli.console import say
    from acctcfg.errors import ConfigError
    from acctcfg.journal.signature import PLAN, fingerprint, key_of, sign
    from acctcfg.plain_file import write_whole
    from acctcfg.render.approval import shown
    from acctcfg.render.data import load_saved
    from acctcfg.venues.installed import rules

    path = ctx.obj["directory"] / planfile
    known = rules().values()
    saved = load_saved(path, known)
    for line in shown(saved, {name: words for one in known for name, words in one.prechecks.items()}):
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
