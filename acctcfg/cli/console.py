"""The one way out, and in: all that a command prints, and reads from standard input, passes here.

Results go to stdout, talk to stderr. What is printed cannot steer a terminal, is never more than the stream's encoding
can show, and an error of printing stops nothing: it is told at the end, by `conclude`.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from acctcfg.render.harmless import harmless, in_json, json_text
from acctcfg.render.stream import Escape, Outlet

__all__ = [
    "at_the_end",
    "can_ask",
    "conclude",
    "deeds_decide",
    "documented",
    "give_stdout",
    "is_terminal",
    "let_colors_pass",
    "open_door",
    "outlet",
    "read_answer",
    "read_input",
    "say",
    "say_json",
    "say_page",
    "say_talk",
    "speak_in_lines",
    "speaks_in_lines",
    "tell_the_end",
]


FAILED: Final = 1
OUTRANKED: Final = (0, 2, 3)
"""The exit statuses that a failure goes before: whoever acts on one of them would read a result that is not there."""


class _Door:
    """Both streams of one command, and whether what it printed is what it was for."""

    def __init__(self) -> None:
        self.open()

    def open(self) -> None:
        self.out, self.err = Outlet(sys.stdout), Outlet(sys.stderr)
        self.deeds = self.given = self.colored = self.documented = self.lines = False
        self.at_the_end: list[Callable[[int], object]] = []


_door = _Door()


def open_door() -> None:
    """Begin anew, with the streams that the process has now."""
    _door.open()


def outlet(*, err: bool = False) -> Outlet:
    """The stream itself, for what draws on a terminal. It never raises; what is drawn must be harmless already."""
    if (_door.err.stream if err else _door.out.stream) is not (sys.stderr if err else sys.stdout):
        open_door()
    return _door.err if err or _door.given else _door.out


def give_stdout() -> Outlet:
    """From now on results go to stderr; stdout is whoever's asked for it."""
    stream = outlet()
    _door.given = True
    return stream


def is_terminal(*, err: bool = False) -> bool:
    """Whether a person looks at it."""
    return outlet(err=err).isatty()


def let_colors_pass(colored: bool) -> None:
    """Whether `paint`'s colours are printed where no terminal is, too."""
    _door.colored = colored


def say(text: str, *, err: bool = False, end: str = "\n") -> None:
    """One line: a result, or talk. Whoever's words are in it, none of them begins a line of its own."""
    _print(text, err=err, end=end)


def say_page(text: str, *, err: bool = False, escape: Escape | None = None) -> None:
    """Several lines of ours; what others said has passed `harmless` before it was put among them.

    `escape`: how a document that is read as UTF-8 writes a character in ASCII.
    """
    _print(text, err=err, lines=True, escape=escape)


def _print(text: str, *, err: bool, lines: bool = False, end: str = "\n", escape: Escape | None = None) -> None:
    """`paint`'s colours pass on a terminal, and where they were asked for."""
    stream = outlet(err=err)
    stream.write(harmless(text, lines=lines, styles=_door.colored or stream.isatty()) + end, escape)
    stream.flush()


def say_talk(text: str) -> None:
    """Talk in sentences, on stderr, in lines of ours: no word of it is broken by a terminal."""
    if is_terminal(err=True):
        import shutil

        from acctcfg.render.columns import wrapped

        width = shutil.get_terminal_size().columns
        text = "\n".join(part for line in text.split("\n") for part in wrapped(line, width))
    say_page(text, err=True)


def say_json(value: object) -> None:
    """A document. Text is taken for JSON that a renderer has made by `json_text`."""
    _door.documented = True
    stream = outlet()
    stream.write((value if isinstance(value, str) else json_text(value)) + "\n", escape=in_json)
    stream.flush()


def documented() -> bool:
    """Whether this command has printed a document: a program that reads one takes no second."""
    return _door.documented


def speak_in_lines() -> None:
    """From here on each document of this command is one line: whoever reads it reads JSON Lines."""
    _door.lines = True


def speaks_in_lines() -> bool:
    """Whether a document is to be one line."""
    return _door.lines


def can_ask() -> bool:
    """Whether somebody sits at standard input who could answer a question."""
    return sys.stdin is not None and sys.stdin.isatty()


def read_answer() -> str:
    """One typed line; what the locale cannot decode is no answer. KeyboardInterrupt where the terminal was closed."""
    try:
        _until_typed()
        return sys.stdin.readline()
    except UnicodeDecodeError:
        return "\n"
    except OSError:
        raise KeyboardInterrupt from None


def _until_typed() -> None:
    """Wait in short pieces: a signal that comes right before a read would be heard after it, which is never."""
    import select

    with suppress(ValueError, io.UnsupportedOperation):  # a stream without a file, in an embedding program
        while not select.select([sys.stdin.fileno()], [], [], 0.2)[0]:
            pass


def read_input(most: int) -> str | None:
    """Standard input, UTF-8 whatever the locale is; None where it is not UTF-8. Longer than `most` where it goes on."""
    stream: Any = getattr(sys.stdin, "buffer", sys.stdin)
    text = None
    with suppress(UnicodeDecodeError):  # not chained: this error carries the bytes it stumbled over
        whole = stream.read(4 * most + 4)
        text = whole.decode("utf-8") if isinstance(whole, bytes) else whole
    return text


def deeds_decide() -> None:
    """What this command has done decides its exit status, whoever reads of it."""
    _door.deeds = True


def at_the_end(call: Callable[[int], object]) -> None:
    """Have this called with the exit status once all is said."""
    _door.at_the_end.append(call)


def tell_the_end(status: int) -> None:
    """Call whoever asked for it; what goes wrong there is no part of the command."""
    for call in _door.at_the_end:
        with suppress(Exception, KeyboardInterrupt):
            call(status)


def conclude(status: int) -> tuple[int, str]:
    """The exit status, and what is to be said of a result that could not be printed ("" where nobody reads it)."""
    stream = outlet()
    stream.flush()
    if stream.lost is None:
        return status, ""
    if isinstance(stream.lost, BrokenPipeError):
        return status if _door.deeds else status or FAILED, ""
    said = f"cannot write the result: {stream.lost.strerror or type(stream.lost).__name__}"
    return FAILED if status in OUTRANKED and not _door.deeds else status, said
