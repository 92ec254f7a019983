"""What the pure middle costs where nothing is to be done: diff, order and guardrails of 10,000 accounts x 9 resources.

    python -m bench.diff

CPU seconds of the best of several rounds, since other programs only ever add to it. Ten times the accounts must cost
ten times as much and no more: both take turns, without the collector's walks through what is only there to be compared.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from acctcfg.core.address import Address
from acctcfg.core.desired import Guardrails
from acctcfg.core.diff import diff
from acctcfg.core.guardrails import guard
from acctcfg.core.order import order
from acctcfg.core.plan import Step
from acctcfg.core.state import AccountValue, KeyValue, Live, Wanted
from acctcfg.core.vocabulary import PositionMode
from acctcfg.deposit import address_value
from acctcfg.venues.okx.sequence import BROKERS_ORDER as ORDER

Figure = tuple[str, float, str, bool]
Account = tuple[dict[Address, Wanted], dict[Address, Live]]

ACCOUNTS, LARGE = 10_000, 100_000
MOST_S, MOST_RATIO = 0.5, 1.2
ROUNDS = 7
LIMITS = Guardrails(max_leverage=Decimal(20), require_ip_allowlist=True)


def run() -> list[Figure]:
    """The figures, with their goals."""
    fleets = {count: [account(number) for number in range(count)] for count in (ACCOUNTS, LARGE)}
    gc.collect()
    gc.freeze()
    pairs = [(seconds_of(fleets[ACCOUNTS]), seconds_of(fleets[LARGE])) for _ in range(ROUNDS)]
    gc.unfreeze()
    small, large = map(min, zip(*pairs, strict=True))
    ratio = (large / LARGE) / (small / ACCOUNTS)
    return [
        (f"{ACCOUNTS:,} accounts x 9 resources, no change: CPU s", small, f"<= {MOST_S}", small <= MOST_S),
        (f"per account, {LARGE:,} against {ACCOUNTS:,}: ratio", ratio, f"<= {MOST_RATIO}", ratio <= MOST_RATIO),
    ]


def seconds_for(count: int) -> list[float]:
    """CPU seconds of each round over this many accounts."""
    accounts = [account(number) for number in range(count)]
    gc.collect()
    return [seconds_of(accounts) for _ in range(ROUNDS)]


def seconds_of(accounts: Sequence[Account]) -> float:
    """CPU seconds of one round."""
    begun = time.process_time()
    steps = middle(accounts)
    took = time.process_time() - begun
    assert not steps
    return took


def middle(accounts: Sequence[Account]) -> list[Step]:
    """What the engine does between reading and asking."""
    steps = []
    for desired, live in accounts:
        changes, _ = diff(desired, live)
        if changes:
            steps += [Step(one.change, "desk", (), one.depends_on, one.waits_for) for one in order(changes, ORDER)]
    return guard(steps, LIMITS, accounts=len(accounts), check=no_rules, amounts_to={"desk": str})


def no_rules(schema: Mapping[str, Any], instance: Any) -> Sequence[str]:
    """The manifest has no rules of its own."""
    raise AssertionError((schema, instance))


def account(number: int) -> Account:
    """Both sides of one account: equal values, no two of which are one object."""
    name = f"mmdesk{number:06d}"
    wanted, found = values(name), values(name)
    desired: dict[Address, Wanted] = dict(wanted)
    return desired, {address: found[address] for address in wanted}  # a survey files both sides under one address


def values(name: str) -> dict[Address, Any]:
    """Nine resources, as the manifest and as the venue give them."""
    leverage = ("swap/BTC-USDT/cross", "swap/ETH-USDT/cross", "margin/BTC/cross")
    return {
        Address(name): AccountValue(name, f"label {name}"),
        Address(name, "api_keys", "trading"): KeyValue(("read", "trade"), (f"203.0.113.{len(name)}",), "vault"),
        Address(name, "account_mode"): f"multi_{'currency' if name else ''}",
        Address(name, "position_mode"): PositionMode("net"),
        **{Address(name, "leverage", key): Decimal("5") for key in leverage},
        Address(name, "deposit.credit_to"): f"{'trading' if name else ''}",
        Address(name, "deposit.addresses", "USDT/USDT-TRC20/1"): address_value("USDT", "USDT-TRC20", None, "trading"),
    }


if __name__ == "__main__":
    for name, value, goal, ok in run():
        print(f"{'ok  ' if ok else 'MISS'} {name}: {value:.4g} (goal {goal})")
