"""What of an account a venue's refusal is about, as `explain` prints it under the error itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap

from acctcfg.core.codes import precheck_words
from acctcfg.core.plan import Precheck
from acctcfg.render.harmless import harmless
from acctcfg.render.text import CHECKS

__all__ = ["blockers"]


def blockers(account: str, checks: Sequence[Precheck], width: int) -> str:
    """A line for each question, what fails with its names; then what follows from them."""
    words = [precheck_words(one.name, one.words) for one in checks]
    room = max(map(len, words))
    lines = [f"In {account} now"]
    for one, said in zip(checks, words, strict=True):
        lines += _lines(f"  {CHECKS[one.status]} {said:<{room}}  ", harmless(one.detail), width)
    return "\n".join([*lines, "", f"  {_sum(checks)}"])


def _lines(head: str, detail: str, width: int) -> Iterator[str]:
    first, *rest = wrap(detail, max(20, width - len(head)), break_long_words=False, break_on_hyphens=False) or [""]
    yield (head + first).rstrip()
    yield from (" " * len(head) + line for line in rest)


def _sum(checks: Sequence[Precheck]) -> str:
    if any(one.status == "fail" for one in checks):
        return "What is marked x stands in the way."
    if any(one.blocks for one in checks):
        return "Not everything could be read, so the cause is unknown."
    return "Nothing stands in the way now: plan again."
