"""A failure as a document, on stdout, for whoever asked for JSON and would else read nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from acctcfg.cli.console import say_json

__all__ = ["say_failure", "wants_json"]


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether a command line asks for JSON, also one that could not be understood otherwise."""
    from acctcfg.render.formats import is_json  # help goes without

    pairs = zip(arguments, [*arguments[1:], ""], strict=True)
    said = (other if one == "--format" else one.partition("--format=")[2] for one, other in pairs)
    return any(map(is_json, said))


def say_failure(
    arguments: Sequence[str], code: str, message: str, hint: str = "", problems: Iterable[Any] = ()
) -> None:
    """`{"error": ...}` if the command was asked for JSON; nothing else."""
    if wants_json(arguments):
        from dataclasses import asdict  # help goes without

        rows = [asdict(one) for one in problems]
        say_json({"error": {"code": code, "message": message, "hint": hint, "problems": rows}})
