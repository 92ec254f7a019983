"""OKX's codes that its documents added since, and those beside what acctcfg sends. Source: OKX v5, "Error code"."""

from __future__ import annotations

from collections.abc import Mapping

from acctcfg.venues.okx.codes import CLEAR, REPAY, TRADING, WEB, Kind, Meaning, rows

__all__ = ["NEWER"]


def _delta(words: Mapping[str, str], hint: str) -> dict[str, Meaning]:
    return rows(Kind.PRECONDITION, words, hint=hint, causes=("the strategy type delta_neutral",))


NEWER: dict[str, Meaning] = {
    # what stands in the way of a setting
    **rows(Kind.PRECONDITION, {"59311": "the account has a VIP loan outstanding"}, hint=REPAY, causes=("a VIP loan",)),
    **rows(
        Kind.PRECONDITION,
        {"51209-51214": "only orders that reduce the delta are taken"},
        hint="reduce the delta, or add funds, then plan again",
        causes=("the account's delta is large for its equity", "the strategy type delta_neutral"),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59673": "auto earn cannot be switched off within 24 hours"},
        hint="wait until the 24 hours are over, then plan again",
        causes=("it was turned on less than 24 hours ago: the venue's text may name the time",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59674": "auto earn is on: nothing can be borrowed to transfer or withdraw"},
        hint="turn `auto_earn` of the currency off first",
        causes=("auto earn is on for the currency",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59676": "the fee tier is too low for auto earn"},
        hint="leave the currency out of `auto_earn`, or ask OKX what fee tier it wants",
        causes=("OKX wants a fee tier for some currencies (`acctcfg show --fees` tells the present one)",),
    ),
    **rows(
        Kind.PRECONDITION,
        {
            "59692": "the demo balance would fall below zero",
            "59693": "the funds are held by orders or positions",
        },
        hint=TRADING,
        causes=("demo trading",),
    ),
    # delta neutral
    **_delta(
        {"59520": "delta_neutral is not for account modes spot and futures"},
        "set `account_mode: multi_currency`, or portfolio",
    ),
    **_delta({"59521": "a flexible loan stands in the way of delta_neutral"}, REPAY),
    **_delta(
        {"59522": "under delta_neutral nothing can be borrowed to transfer or withdraw"},
        "acctcfg moves no funds; another program's request was refused",
    ),
    **_delta(
        {
            "59523": "isolated positions or orders stand in the way of delta_neutral",
            "59524": "options stand in the way of delta_neutral",
            "59525": "bots or copy trading stand in the way of delta_neutral",
        },
        CLEAR,
    ),
    **_delta(
        {"59526": "the account's delta is too large for delta_neutral"},
        "reduce the delta, or add funds, then plan again",
    ),
    **_delta(
        {"59527": "the setting of collateral stands in the way of delta_neutral"},
        "want `collateral: {all: true}` as well: every currency must count as margin",
    ),
    **_delta({"59528": "what is borrowed is above the limit of delta_neutral"}, REPAY),
    **_delta(
        {"59529": "the risk unit stands in the way of delta_neutral"},
        "take the account out of its delta-neutral risk unit on OKX's web page, or leave `strategy` as it is",
    ),
    # what a person must do
    **rows(
        Kind.HUMAN,
        {
            "51773": "the feature is not offered in this region",
            "54109": "pairs quoted in USDC are not switched on for this user and its sub-accounts",
            "58011 58012 58131 58132": "the venue wants the identity verified",
            "58013-58015": "deposits, withdrawals or transfers are not offered to this user",
            "59263 59282": "copy trading is not open to this user",
        },
        hint=WEB,
    ),
    **rows(Kind.CREDENTIALS, {"58016": "only the main account of a trading team may do this"}),
    # what passes by itself
    **rows(
        Kind.LATER,
        {
            "54094": "the instrument is in its cool-off period",
            "58110": "transfers are stopped for some minutes by the venue's risk control",
            "58111": "transfers are stopped while funding fees are charged",
            "59691": "the demo balance was raised three times today",
        },
    ),
    # values
    **rows(
        Kind.VALUE,
        {
            "50039": "`before` is not taken where pages go by time",
            "50045": "the position builder's input is wrong",
            "50076 50077": "the range of dates is too long",
            "50122": "the amount is below the least one",
            "54029": "the item is not in the given set",
            "58125 58126": "these assets can be transferred elsewhere only",
        },
    ),
    # other parts of the venue
    **rows(
        Kind.FINAL,
        {
            "50047": "the contract is settled already",
            "50063": "the coupon is used or has expired",
            "51760 51761": "a flexible loan and the delta-neutral strategy exclude each other",
            "54030 54031 54035": "a limit of the platform for orders",
            "54073": "the settle currency may lose its peg",
            "58113": "this currency cannot be transferred",
            "59110 59118-59124 59129 59130 59140-59142 59689": "a conversion of small balances or debts was refused",
            "59303-59310 59312-59317 59319 59320": "a VIP loan's request was refused",
            "59667": "a virtual account has no collateral setting",
        },
        hint=TRADING,
    ),
}
"""By code; each is part of the table in `refusals`."""
