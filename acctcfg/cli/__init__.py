"""The command line: one file per command, loaded when it is called. Errors become exit statuses here and only here."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import click

from acctcfg import __version__
from acctcfg.cli.console import conclude, open_door, outlet, say, say_page, say_talk, tell_the_end
from acctcfg.cli.everywhere import OPTIONS, Context, begun, with_options
from acctcfg.cli.failure import say_failure

__all__ = ["COMMANDS", "group", "run"]

OK, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 64, 130

# name -> one line of help. `acctcfg.cli.NAME` exports `command`; it is imported only when that command is called.
COMMANDS = {
    "init": "Write a commented starter workspace.",
    "validate": "Check the manifest; sends no request.",
    "fmt": "Format manifests; comments are kept.",
    "plan": "Show what apply would do, and what stands in its way.",
    "approve": "Sign a saved plan, for guardrails.approvals.",
    "snapshot": "Save live state without secrets, for plans without credentials.",
    "apply": "Plan, ask, carry out, and read every change back.",
    "worker": "Carry out parts of queued plans and applies, beside other workers.",
    "drift": "Show how live accounts differ from the manifest, and what it does not name.",
    "watch": "Report drift on an interval, with health and metrics over HTTP.",
    "cap": "The brake: lower every leverage above N, and raise nothing.",
    "rotate": "Give API keys new secrets, with a working key at all times.",
    "show": "Show accounts as they are now.",
    "output": "Print uids and deposit addresses for other programs.",
    "import": "Write existing accounts as a manifest.",
    "secrets": "List, check, import, export and re-encrypt the API secrets in the stores.",
    "broker": "Show a broker's rebates, and request files of them.",
    "history": "List past runs, or show one with the outcome of each request.",
    "revert": "Show the plan that leads back to the state before a run.",
    "lock": "List who holds the lock of a venue user, or break a lock.",
    "doctor": "Check credentials, stores, journal and environment, and suggest fixes.",
    "explain": "Explain a venue's error, or a field of the manifest.",
    "graph": "Draw the manifest: venues, accounts, keys, profiles, stores.",
    "test": "Run scenarios of the manifest on a sandbox.",
    "schema": "Print a JSON Schema.",
    "sandbox": "Serve the venues' APIs on loopback, to try things out.",
    "demo": "Run the main job end to end on the sandbox.",
    "completion": "Print the completion script of a shell.",
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line helps without importing them."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """The commands in the order in which a newcomer needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name. Only its module is imported, so that `acctcfg` starts fast."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"acctcfg.cli.{cmd_name}").command
        return with_options(command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that was asked for; for any other name, why not and what was probably meant."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise click.UsageError(f"unknown command {name!r}{_did_you_mean(name)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, from the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _did_you_mean(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    return f" (did you mean {near[0]}?)" if near else ""


@click.group(
    cls=LazyGroup,
    params=[*OPTIONS],
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    epilog="-C, -v, --color and --no-color work before and after the command's name.",
)
@click.version_option(__version__, prog_name="acctcfg", message="%(prog)s %(version)s")
def group() -> None:
    """Infrastructure-as-code for exchange accounts.

    YAML says how sub-accounts, API keys, modes, leverage and deposit addresses should be; acctcfg shows the
    difference and applies it.
    """


def run(args: Sequence[str] | None = None) -> int:
    """Run one command line (default: the process's own) and return its exit status. Never raises."""
    arguments = list(sys.argv[1:] if args is None else args)
    open_door()
    if args is None:
        _end_by_every_signal()
    try:
        status = _run(arguments)
    except SystemExit as exc:
        status = exc.code if isinstance(exc.code, int) else FAILED if exc.code else OK
    except OSError as exc:  # click's own printing: help, the version, a line end when it is interrupted
        outlet().forget(exc)
        status = INTERRUPTED if isinstance(exc.__context__, KeyboardInterrupt) else FAILED
    status, untold = conclude(status)
    if untold:
        _say(untold, "")
    tell_the_end(status)
    return status


def _end_by_every_signal() -> None:
    """A job that is cancelled and a terminal that is closed end a command as Ctrl-C does, from its first moment on."""
    import signal

    for name in ("SIGTERM", "SIGHUP"):
        which = getattr(signal, name, None)
        if which is not None and signal.getsignal(which) is signal.SIG_DFL:
            signal.signal(which, signal.default_int_handler)


def _run(arguments: list[str]) -> int:
    try:
        status = group.main(arguments, prog_name="acctcfg", standalone_mode=False, obj=begun(arguments))
    except click.exceptions.NoArgsIsHelpError as exc:
        say_page(exc.format_message(), err=True)
        return WRONG_USAGE
    except click.UsageError as exc:
        message, hint = _usage_message(exc), _usage_hint(exc)
        _say(message, hint)
        say_failure(arguments, "usage", message, hint)
        return WRONG_USAGE
    except (click.Abort, KeyboardInterrupt) as exc:
        words = "; ".join(filter(None, ("interrupted", str(exc.__cause__ or ""))))  # click makes its own of it
        say(words, err=True)
        say_failure(arguments, "interrupted", words)
        return INTERRUPTED
    except click.ClickException as exc:
        _say(exc.format_message(), "")
        say_failure(arguments, "failed", exc.format_message())
        return FAILED
    except BrokenPipeError:
        raise
    except Exception as exc:
        return _fail(exc, arguments)
    return status if isinstance(status, int) else OK


def _usage_message(exc: click.UsageError) -> str:
    message = " ".join(exc.format_message().split()).rstrip(".")
    return message[:1].lower() + message[1:] if not message[:2].isupper() else message


def _usage_hint(exc: click.UsageError) -> str:
    """Where to look."""
    return f"{exc.ctx.command_path} --help shows what is possible" if exc.ctx is not None else ""


def _fail(exc: Exception, arguments: Sequence[str]) -> int:
    """Say what went wrong: an error of ours in its own words, any other by its type alone, never by its values."""
    from acctcfg.errors import MORE_FILES, AcctcfgError, exhausted

    if isinstance(exc, AcctcfgError):
        _say(exc.message, exc.hint)
        say_failure(arguments, exc.word, exc.message, exc.hint, getattr(exc, "problems", ()))
        return exc.exit_code
    if _could_not_write(exc):
        raise exc
    if exhausted(exc):
        _say("too many files are open", MORE_FILES)
        say_failure(arguments, "failed", "too many files are open", MORE_FILES)
        return FAILED
    if place := _lacking_place(exc):
        _say(*place)
        say_failure(arguments, "failed", *place)
        return FAILED
    where = _frames(exc) if {"-v", "--verbose"} & set(arguments) else []
    hint = "this is a bug in acctcfg" + ("" if where else "; -v shows where")
    _say(f"internal error: {type(exc).__name__}", "\n".join([hint, *where]))
    say_failure(arguments, "internal", f"internal error: {type(exc).__name__}", hint)
    return FAILED


def _lacking_place(exc: Exception) -> tuple[str, str] | None:
    """What is wrong with the folders that every command may need, and what helps, where that is the reason."""
    import tempfile
    from pathlib import Path

    if not isinstance(exc, FileNotFoundError):
        return None
    try:
        Path.cwd()
    except OSError:
        return "the current folder was removed", "go to a folder that is there, or name the workspace with -C"
    try:
        tempfile.gettempdir()
    except OSError:
        return "there is no folder for temporary files", "let TMPDIR name one that this user can write in"
    return None


def _could_not_write(exc: Exception) -> bool:
    import errno

    full = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return isinstance(exc, OSError) and exc.filename is None and exc.errno in (*full, errno.EIO, errno.EBADF)


def _frames(exc: BaseException) -> list[str]:
    """The places in our own code that the error passed, outermost first: files, lines, names, and no values."""
    from traceback import walk_tb

    here = Path(__file__).parent.parent
    found = []
    for frame, line in walk_tb(exc.__traceback__):
        file = Path(frame.f_code.co_filename)
        if file.is_relative_to(here):
            found.append(f"  acctcfg/{file.relative_to(here)}:{line} in {frame.f_code.co_name}")
    return found


def _say(message: str, hint: str) -> None:
    """`error: ...` for each line of the message, a blank line, `hint: ...`, its further lines indented; on stderr."""
    lines = [f"error: {line}" for line in message.split("\n")]
    if hint:
        lines += ["", f"hint: {hint}".replace("\n", "\n  ")]
    say_talk("\n".join(lines))
