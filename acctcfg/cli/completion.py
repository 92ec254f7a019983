"""`acctcfg completion`: the script that lets a shell complete commands, options and paths."""

from __future__ import annotations

import click

__all__ = ["command"]


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the completion script of SHELL.

    \b
    bash: acctcfg completion bash > ~/.local/share/bash-completion/completions/acctcfg
    zsh:  acctcfg completion zsh > ~/.zfunc/_acctcfg   (a folder of fpath)
    fish: acctcfg completion fish > ~/.config/fish/completions/acctcfg.fish
    """
    from click.shell_completion import get_completion_class

    from acctcfg.cli import group
    from acctcfg.cli.console import say_page
    from acctcfg.errors import UsageError

    kind = get_completion_class(shell)
    if kind is None:
        raise UsageError(f"there is no completion for {shell}")
    say_page(kind(group, {}, "acctcfg", "_ACCTCFG_COMPLETE").source())
