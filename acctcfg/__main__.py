"""`python -m acctcfg`, and the console script."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the folder that one is in: a `click.py` that somebody committed there would be run

import gc
import io
import os

from acctcfg.cli import run
from acctcfg.engine.collector import OWN_PROCESS, less_often
from acctcfg.render.stream import whole

__all__ = ["main"]


def main() -> None:
    """Run the command line and leave with its exit status."""
    less_often(OWN_PROCESS)
    _open_standard_streams()
    os.environ.pop("SSLKEYLOGFILE", None)  # whoever reads that file reads every credential that was sent
    status = run()
    gc.freeze()  # else all that is left is looked through for cycles: a sixth of a short command's time
    sys.exit(status)


def _open_standard_streams() -> None:
    """Where a caller closed stdin, stdout or stderr, let it lead nowhere.

    Else the next file that is opened gets its number, and what is meant for a terminal ends up in the journal.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # click prints help by itself, whatever the locale has
    if sys.stdout is not None:
        sys.stdout = whole(sys.stdout)
    if sys.stderr is not None:
        sys.stderr = whole(sys.stderr)
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:  # the lowest that is free
        os.set_inheritable(number, True)
    os.close(number)
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


if __name__ == "__main__":
    main()
