"""OKX's error codes of instruments, orders, borrowing, deposits and transfers that settings can meet.

Source: OKX v5, "Error code", "Trade class", "Funding class".
"""

from __future__ import annotations

from acctcfg.venues.okx.codes import CLEAR, MISTAKE, TRADING, Kind, rows

__all__ = ["TRADING_AND_FUNDING"]

_INSTRUMENT = ("the instrument is not listed any more, or its id is misspelt", "it is of the other environment")
_MODE = ("the account is in another account mode than the setting needs",)
_TRANSFER = "acctcfg moves no funds; another program's request was refused"

TRADING_AND_FUNDING = {
    # -- parameters ----------------------------------------------------------------------------------------------------
    **rows(
        Kind.VALUE,
        {"51000": "a parameter is wrong"},
        causes=(
            "the venue's text names the parameter",
            "posSide: the account's position mode is another one than was read",
        ),
    ),
    **rows(
        Kind.VALUE,
        {"51001": "the instrument does not exist", "51012": "the currency does not exist"},
        hint="check its spelling, then plan again",
        causes=_INSTRUMENT,
    ),
    **rows(
        Kind.VALUE,
        {
            "51002": "the instrument is not of this index",
            "51014": "the index does not exist",
            "51015": "the instrument is not of this type",
            "51026": "the instrument's type does not fit the underlying",
        },
        hint=MISTAKE,
        causes=_INSTRUMENT,
    ),
    **rows(Kind.VALUE, {"51044": "this type of order takes no take-profit or stop-loss"}, hint=TRADING),
    **rows(Kind.VALUE, {"51370": "the bot's leverage is out of its range"}, hint=TRADING),
    **rows(Kind.VALUE, {"54009": "the value is out of its range"}),
    # -- the account's mode --------------------------------------------------------------------------------------------
    **rows(
        Kind.PRECONDITION,
        {"51010": "not possible in the present account mode"},
        hint="set `account_mode` to one that has it, or leave the setting out",
        causes=(*_MODE, "position mode in spot: spot has none", "borrowing is switched off in spot"),
    ),
    **rows(
        Kind.PRECONDITION,
        {"51036 51042": "market maker protection is for options under portfolio margin alone"},
        hint="set `account_mode: portfolio`",
        causes=_MODE,
    ),
    **rows(
        Kind.PRECONDITION,
        {"51037 51038": "the account may only place orders that reduce its risk, at once or not at all"},
        hint="add funds or reduce positions, then plan again",
        causes=("the account's margin does not suffice",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"51039": "under portfolio margin the cross leverage of contracts is fixed"},
        hint="leave the entry out of `leverage`",
        causes=("the account is in portfolio, or was switched to it since the plan",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"51040": "the margin of long options in isolated margin is fixed"},
        hint="leave it as it is",
        causes=("a long option in isolated margin",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"51041": "portfolio margin takes position mode net only"},
        hint="set `position_mode: net`",
        causes=("`position_mode: long_short` in an account that is in portfolio",),
    ),
    **rows(
        Kind.PRECONDITION,
        {
            "51055 51057 51295": "the bot does not run in this account mode",
            "51128 51133 51139": "this order is not taken in the present account mode",
        },
        hint=TRADING,
        causes=_MODE,
    ),
    **rows(
        Kind.HUMAN,
        {"51070": "this account mode was never activated"},
        hint="answer the venue's questions for it on its web page or app once",
        causes=("each account mode wants a questionnaire before it can be chosen over the API for the first time",),
    ),
    **rows(Kind.FINAL, {"54072": "the contract can only be looked at", "54075": "not in this account mode"}),
    # -- what is in the way --------------------------------------------------------------------------------------------
    **rows(
        Kind.PRECONDITION,
        {
            "51162": "open orders are in the way",
            "51163": "open positions are in the way",
            "51167": "block orders are in the way",
            "51168": "reduce-only orders are in the way",
        },
        hint=CLEAR,
        causes=("they were opened since the prechecks were read", "a bot or a copied trader holds them"),
    ),
    **rows(
        Kind.PRECONDITION,
        {"51164": "a lead trader cannot go to portfolio margin"},
        hint="stop leading on the venue's web page, then plan again",
        causes=("the account leads copy traders",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"51147": "options need more than 10,000 USD in the account first (20,000 in older documents)"},
        hint="add funds, then plan again",
        causes=("the account's assets are too small",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"51158 51310 51313": "margin cannot be transferred by hand here"},
        hint="set the transfer of isolated margin to automatic",
        causes=("the venue withdraws it", "a bot runs on the instrument"),
    ),
    **rows(
        Kind.PRECONDITION,
        {"51186": "the present leverage is above the venue's maximum"},
        hint="lower the leverage of this scope, then plan again",
        causes=("the venue lowered the maximum since it was set",),
    ),
    **rows(Kind.VALUE, {"51004": "the order's size is above what the tier allows at this leverage"}, hint=TRADING),
    # -- instruments ---------------------------------------------------------------------------------------------------
    **rows(
        Kind.LATER,
        {
            "51021": "the contract is not listed yet",
            "51022": "the contract is suspended",
            "51027": "the contract has expired",
            "51028": "the contract is being delivered",
            "51029": "the contract is being settled",
            "51030": "funding fees are being settled",
        },
        hint="plan again in some minutes",
        causes=("a delivery, a settlement or the venue's calendar",),
    ),
    **rows(Kind.STATE, {"51023": "the position does not exist", "51056 51059": "not possible in its present state"}),
    **rows(Kind.UNKNOWN, {"51054": "the request timed out", "51149": "the order timed out"}),
    # -- people and regulators -----------------------------------------------------------------------------------------
    **rows(
        Kind.HUMAN,
        {
            "51024": "the account is blocked",
            "51155": "the product is restricted where the user lives",
            "51732": "the identity check must reach a higher level",
            "51733": "the venue's risk control holds this back",
            "51734": "the user's country is not served",
            "51737": "the identity check must be finished",
            "51738": "the funding account is frozen",
            "54092": "a notice must be accepted for this account",
        },
    ),
    **rows(Kind.FINAL, {"51735": "not for sub-accounts"}),
    **rows(Kind.LATER, {"51739": "not available for the moment"}),
    # -- margin and collateral -----------------------------------------------------------------------------------------
    **rows(
        Kind.PRECONDITION,
        {"54000": "margin trading is not supported for this account"},
        hint="want an account mode that has margin trading, or leave the entry out",
        causes=_MODE,
    ),
    **rows(
        Kind.PRECONDITION,
        {"54001": "automatic borrowing is for account mode multi_currency"},
        hint="set `account_mode: multi_currency`",
        causes=_MODE,
    ),
    **rows(
        Kind.PRECONDITION,
        {"54005": "contracts before their listing take isolated margin only"},
        hint="use `margin: isolated`",
        causes=("the contract trades before its listing",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"54024-54028": "the currency must be enabled as collateral first"},
        hint="enable it as collateral, then plan again",
        causes=("the account uses chosen currencies as collateral, and this one is not among them",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"54074": "positions, orders or bots in USD contracts are in the way of the settlement currency"},
        hint=CLEAR,
        causes=("USD-margined contracts are held or ordered",),
    ),
    # -- transfers and deposits ----------------------------------------------------------------------------------------
    **rows(Kind.NOT_EXECUTED, {"58102": "too many requests to the funding account"}, hint="lower rate_share"),
    **rows(
        Kind.UNKNOWN,
        {"58112": "the transfer failed, or its end is not known", "58124": "the transfer is under way"},
        hint=_TRANSFER,
    ),
    **rows(
        Kind.HUMAN,
        {"58004": "the account is blocked", "58101 58103-58105": "transfers are blocked for this account"},
    ),
    **rows(
        Kind.LATER,
        {
            "58006": "the currency's service is down",
            "58007": "the service for assets is down",
            "58120": "transfers are down",
        },
    ),
    **rows(
        Kind.LATER,
        {"58303": "the chain takes no deposits at present", "58310": "no address can be created at present"},
        hint="plan again later",
        causes=("maintenance of the chain or of the currency",),
    ),
    **rows(
        Kind.VALUE,
        {"58010": "the chain is not supported for this currency", "58302": "the address needs a tag"},
        hint="check `currency` and `chain`",
        causes=("a chain's id has the form USDT-TRC20",),
    ),
    **rows(
        Kind.VALUE,
        {
            "58114": "the amount must be above zero",
            "58123": "a transfer leads from an account to itself",
            "58127-58129": "this kind of transfer is not for this key",
        },
        hint=_TRANSFER,
        causes=("a transfer",),
    ),
    **rows(Kind.STATE, {"58115": "the sub-account is not known", "58301": "the deposit address is not known"}),
    **rows(
        Kind.PRECONDITION,
        {
            "58116": "the amount is too large",
            "58117": "assets are negative",
            "58119": "the sub-account may not send funds out",
            "58121 58122": "the transfer would raise the account's risk",
        },
        hint=_TRANSFER,
        causes=("a transfer",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"58300": "the limit of 20 deposit addresses per currency is reached"},
        hint="lower `count`: addresses cannot be deleted",
        causes=("addresses that were made by hand count, too",),
    ),
    **rows(
        Kind.HUMAN, {"58305": "addresses are made on the web page", "58306-58309": "deposits want an identity check"}
    ),
    **rows(Kind.FINAL, {"58209": "a sub-account can neither withdraw nor deposit"}, hint=_TRANSFER),
    **rows(Kind.FINAL, {"58350": "the balance does not suffice", "58355": "not permitted"}, hint=_TRANSFER),
}
"""Codes 51xxx, 54xxx and 58xxx."""
