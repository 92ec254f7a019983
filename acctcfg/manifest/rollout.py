"""Waves as they are written: each does more than the one before, and the last does all."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from acctcfg.core.desired import Share, Wave
from acctcfg.core.duration import seconds_of
from acctcfg.manifest.nodes import Node
from acctcfg.manifest.problems import Report
from acctcfg.manifest.scalars import BAD

__all__ = ["build_rollout", "share_of"]

_ALL = Share(Decimal(100))


def share_of(written: int | str) -> int | Share:
    """A number, or a share that is written as "50%"."""
    return written if isinstance(written, int) else Share(Decimal(written.rstrip("%")))


def build_rollout(node: Node, taken: Sequence[Any], report: Report) -> tuple[Wave, ...]:
    """The waves, with a problem at each that does nothing."""
    waves: list[Wave] = []
    for child, values in zip(node.value, taken, strict=True):
        if values is BAD:
            return ()
        accounts = share_of(values["accounts"])
        if _size(accounts) == 0:
            report.value(child, "a wave of no accounts (1, or a share such as 10%)")
        same = [one.accounts for one in waves if type(one.accounts) is type(accounts)]
        if same and _size(same[-1]) >= _size(accounts):
            report.value(child, "waves are cumulative: each must be more than the one before (such as 1, 10%, 100%)")
        waves.append(Wave(accounts=accounts, then_wait_s=seconds_of(values.get("then_wait", "0s"))))
    if waves and waves[-1].accounts != _ALL:
        last = "the last wave must be 100% (`max_changed_accounts` limits how many accounts one apply changes)"
        report.value(node.value[-1], last)
    elif waves and waves[-1].then_wait_s:
        report.value(node.value[-1], "nothing follows the last wave, so there is nothing to wait for")
    return tuple(waves)


def _size(accounts: int | Share) -> Decimal:
    return accounts.percent if isinstance(accounts, Share) else Decimal(accounts)
