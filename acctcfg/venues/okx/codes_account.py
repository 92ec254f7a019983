"""OKX's error codes of account settings, API keys and sub-accounts. Source: OKX v5, "Error code", "Account class"."""

from __future__ import annotations

from acctcfg.venues.okx.codes import CLEAR, MISTAKE, TRADING, WEB, Kind, rows

__all__ = ["ACCOUNT", "STRATEGY", "SUB_ACCOUNT"]

_SINCE = "it was opened since the prechecks were read"
_BOTS = "bots and algo orders count, and are easily overlooked"
_COLLATERAL = "the account's settings of collateral"

ACCOUNT = {
    # -- something is open ---------------------------------------------------------------------------------------------
    **rows(
        Kind.PRECONDITION,
        {"59000": "positions, orders or bots are in the way"},
        hint=CLEAR,
        causes=(
            "an open position, a pending order, an algo order or a bot in this account",
            _SINCE,
            "the venue may say it even where the wanted value is set already",
        ),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59001": "borrowings are in the way"},
        hint="repay them, then plan again",
        causes=("a loan, or interest on one, in any currency",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59002": "the sub-account has positions, orders or bots", "59007": "positions, orders or bots are in the way"},
        hint=CLEAR,
        causes=("an open position, a pending order, an algo order or a bot in this account", _SINCE),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59005": "transfers of margin by hand want at least 10,000 USDT in the account"},
        hint="leave the transfer of isolated margin automatic",
        causes=("the account's assets are too small",),
    ),
    **rows(Kind.FINAL, {"59006": "the feature is going away"}, hint="leave it out of the manifest"),
    **rows(Kind.VALUE, {"59004": "the instruments of one request must be of one type"}, hint=MISTAKE),
    # -- leverage ------------------------------------------------------------------------------------------------------
    **rows(
        Kind.PRECONDITION,
        {
            "59100": "open positions are in the way of the leverage",
            "59101": "pending isolated orders are in the way",
            "59107": "pending cross orders are in the way",
            "59112": "pending orders are in the way",
            "59668": "isolated algo orders or bots are in the way",
            "59669": "cross algo orders or bots are in the way",
        },
        hint=CLEAR,
        causes=("orders on an instrument of the same scope (see the step's address)", _BOTS, _SINCE),
    ),
    **rows(Kind.PRECONDITION, {"59670": "too many open orders on the pair"}, hint=CLEAR, causes=(_BOTS,)),
    **rows(
        Kind.VALUE,
        {"59102": "the leverage is above the venue's maximum"},
        hint="ask for a lower leverage",
        causes=(
            "the maximum of the instrument, or of the tier that a position is in",
            "the venue lowered it since the plan",
        ),
    ),
    **rows(
        Kind.VALUE,
        {"59105": "the leverage is below the venue's minimum"},
        hint="ask for a higher leverage",
        causes=("most instruments begin at 0.01 or 1",),
    ),
    **rows(
        Kind.PRECONDITION,
        {
            "59103": "the margin would not suffice at that leverage",
            "59108": "the margin would not suffice at that leverage",
            "59109": "the equity would not suffice at that leverage",
        },
        hint="add funds or reduce the position, then plan again",
        causes=("a lower leverage binds more margin for what is open",),
    ),
    **rows(
        Kind.PRECONDITION,
        {
            "59104": "what the position borrows is too much for that leverage",
            "59106": "the position is above its tier at that leverage",
            "59247": "the position is above the maximum at that leverage",
        },
        hint="reduce the position or choose a lower leverage, then plan again",
        causes=("a large position: the higher the leverage, the smaller it may be",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59111": "under portfolio margin this leverage cannot be asked for"},
        hint="leave the entry out of `leverage`",
        causes=("the account is in portfolio, or was switched to it since the plan",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59128": "a lead trader's leverage is capped"},
        hint="ask for a lower leverage",
        causes=("the account leads copy traders",),
    ),
    **rows(Kind.HUMAN, {"59113 59114": "margin trading is not offered where the user lives"}),
    **rows(Kind.VALUE, {"59117": "too many currencies", "59125": "the currency cannot do this"}),
    # -- account mode --------------------------------------------------------------------------------------------------
    **rows(
        Kind.PRECONDITION,
        {
            "59132": "orders or bots stand in the way of the account mode",
            "59134": "positions stand in the way of the account mode",
        },
        hint=CLEAR,
        causes=("not every order, bot or position can be carried over into the wanted mode", _SINCE),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59133": "too few assets for the account mode"},
        hint="add funds, then plan again",
        causes=("multi_currency and portfolio want a minimum of assets",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59135": "copy trading stands in the way of the account mode"},
        hint=WEB,
        causes=("the account copies traders, or is copied",),
    ),
    **rows(
        Kind.PRECONDITION,
        {
            "59136": "the positions need a leverage preset for the account mode",
            "59137": "the leverage preset for the account mode is too high",
        },
        hint="give the cross positions in contracts a `leverage` that their size takes, or close them; then plan again",
        causes=("under portfolio margin positions have no leverage of their own; any other mode needs one",),
    ),
    **rows(
        Kind.PRECONDITION,
        {
            "59138": "a position is above its tier in the account mode",
            "59139": "the margin would not suffice in the account mode",
        },
        hint="reduce positions or add funds, then plan again",
        causes=("each account mode has tiers and margin rules of its own",),
    ),
    **rows(
        Kind.PRECONDITION,
        {
            "59641": "a fixed loan stands in the way of the account mode",
            "59642": "a lead or copy trader cannot use this account mode",
            "59643": "copying on the spot market stands in the way of the account mode",
        },
        hint=WEB,
        causes=("a loan with a term, or copy trading",),
    ),
    # -- balances, positions, loans ------------------------------------------------------------------------------------
    **rows(
        Kind.PRECONDITION,
        {"59200": "the balance does not suffice", "59201": "the balance is negative"},
        hint="add funds, then plan again",
        causes=("the trading account holds too little",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59202": "not available under portfolio margin"},
        hint=TRADING,
        causes=("portfolio margin",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59256": "position mode net is not possible while several traders are copied"},
        hint=WEB,
        causes=("the account copies more than one lead trader",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59258 59283 59286 59288": "leading copy traders and this account mode exclude each other"},
        hint=WEB,
        causes=("the account leads copy traders",),
    ),
    **rows(Kind.PRECONDITION, {"59300-59302": "the position's margin cannot be adjusted so"}, hint=TRADING),
    **rows(Kind.FINAL, {"59401": "the holding limit is reached", "59402": "none of the instruments is live"}),
    **rows(Kind.PRECONDITION, {"59410-59417": "borrowing or repaying by hand is not possible so"}, hint=TRADING),
    # -- API keys ------------------------------------------------------------------------------------------------------
    **rows(
        Kind.CREDENTIALS,
        {"59500 59604": "only the main account's key may do this"},
        hint="are these the credentials of the main account?",
        causes=("`credentials` are a sub-account's",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59501": "the account has 50 API keys, which is the limit"},
        hint="delete keys that nobody uses, then plan again",
        causes=("keys that were made by hand count, too",),
    ),
    **rows(
        Kind.STATE,
        {"59502": "the account has a key of that label already"},
        causes=("somebody made one since the plan", "labels tell keys apart at the venue"),
    ),
    **rows(Kind.VALUE, {"59503": "a key takes at most 20 addresses"}, hint="shorten `ip_allowlist`"),
    **rows(Kind.FINAL, {"59504": "a sub-account can neither withdraw nor deposit"}),
    **rows(
        Kind.VALUE,
        {"59505": "the passphrase has not the form that the venue wants"},
        hint=MISTAKE,
        causes=("8 to 32 characters with a digit, an upper and a lower letter and a special character",),
    ),
    **rows(Kind.STATE, {"59506": "the API key is not known"}, causes=("somebody deleted it since the plan",)),
    **rows(
        Kind.VALUE,
        {"59507": "a transfer needs two different sub-accounts of one main account"},
        hint="acctcfg moves no funds; another program's request was refused",
    ),
    **rows(Kind.HUMAN, {"59508": "the sub-account is suspended"}),
    **rows(
        Kind.CREDENTIALS,
        {"59509": "the user may not reset market maker protection"},
        hint="ask the venue whether the account is enabled for it",
        causes=("the venue grants it by user",),
    ),
    **rows(Kind.STATE, {"59510": "the sub-account is not known"}, causes=("somebody deleted it since the plan",)),
    **rows(
        Kind.FINAL,
        {"59512": "sub-accounts of a broker can always transfer out"},
        causes=("the sub-account is a broker's",),
    ),
    **rows(Kind.HUMAN, {"59515-59517": "what a sub-account in custody needs is not settled"}),
    **rows(
        Kind.HUMAN,
        {
            "59518": "sub-accounts are created on the web page only; or the account is not eligible for delta_neutral",
            "59519": "the function is frozen; or delta_neutral needs a higher fee tier",
        },
        causes=("the code has two meanings: which one, the request says",),
    ),
    # -- sub-accounts --------------------------------------------------------------------------------------------------
    **rows(Kind.HUMAN, {"59550": "the identity check must reach level 2"}),
    **rows(
        Kind.STATE,
        {"59601": "the name of the sub-account is taken"},
        hint="choose another `name`, or plan again: an account that exists is taken over",
        causes=("somebody created it since the plan", "names are unique under the main account"),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59603": "the main account has as many sub-accounts as it may have"},
        hint="delete sub-accounts that nobody uses, or ask the venue for more",
        causes=("sub-accounts that acctcfg does not manage count, too",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59606": "the sub-account is not empty"},
        hint="move all funds out, then plan again",
        causes=("a rest of a currency, in the trading or the funding account", "a deposit that came in meanwhile"),
    ),
    **rows(
        Kind.CREDENTIALS,
        {
            "59608": "only a broker may do this",
            "59609": "the broker exists already",
            "59610": "the broker is not known",
            "59611": "the broker is not verified",
        },
        hint="are these the credentials of the broker's main account?",
        causes=("the user is no broker of this kind", "`type` names the wrong kind of venue user"),
    ),
    **rows(Kind.VALUE, {"59612": "a time has the wrong form", "59615 59616": "the time range is wrong"}, hint=MISTAKE),
    **rows(Kind.FINAL, {"59613": "there is no custody", "59614": "not for managed sub-accounts"}),
    **rows(
        Kind.UNKNOWN,
        {"59617": "the sub-account was created, its level was not set"},
        hint="plan again: the sub-account is there",
    ),
    **rows(Kind.LATER, {"59618": "the sub-account could not be created"}, hint="plan again later"),
    **rows(
        Kind.FINAL,
        {"59619": "brokers have endpoints of their own for this"},
        hint="use the `type` of a broker",
        causes=("the credentials are a broker's",),
    ),
    **rows(Kind.VALUE, {"59622": "the parent sub-account is not known"}, hint="check `parent`"),
    **rows(
        Kind.PRECONDITION,
        {"59623": "second-level sub-accounts must be deleted first"},
        hint="set them to `state: absent`, too",
        causes=("sub-accounts below it that the manifest does not name",),
    ),
    # -- other settings ------------------------------------------------------------------------------------------------
    **rows(
        Kind.PRECONDITION,
        {"59648-59652": "the spot offset of risk cannot be set so"},
        hint="want another amount in `spot_offset`, or leave the currency out",
        causes=("it is for portfolio margin, within what the account holds",),
    ),
    **rows(Kind.VALUE, {"59658": "the currency cannot be collateral"}, causes=(_COLLATERAL,)),
    **rows(
        Kind.PRECONDITION,
        {
            "59659": "another currency must be enabled as collateral too",
            "59660": "another currency must be disabled as collateral too",
        },
        hint="write the currency that goes with it in the same list of `collateral`",
        causes=(_COLLATERAL, "OKX couples some currencies: neither changes without the other"),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59661": "the currency cannot be disabled as collateral"},
        hint="leave it out of `disabled`",
        causes=(_COLLATERAL,),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59662": "orders or positions need the currency as collateral"},
        hint=CLEAR,
        causes=(_COLLATERAL, "what is open relies on this currency"),
    ),
    **rows(
        Kind.PRECONDITION,
        {"59664": "the currency is borrowed", "59665": "the remaining collateral would be too small"},
        hint="repay what is borrowed, or add funds, then plan again",
        causes=(_COLLATERAL, "what is borrowed relies on this currency"),
    ),
    **rows(Kind.VALUE, {"59666": "a currency is to be enabled and disabled at once"}, causes=(_COLLATERAL,)),
    **rows(Kind.VALUE, {"59671": "the currency has no automatic earning"}),
    **rows(
        Kind.STATE,
        {"59672": "automatic earning is off, so nothing of it can be changed"},
        hint="plan again later",
        causes=("automatic earning was switched lately", "the currency is borrowed"),
    ),
    **rows(Kind.STATE, {"59675": "automatic earning is on already"}, hint="nothing: it is as it should be"),
    **rows(
        Kind.PRECONDITION,
        {"59678": "open spot orders are in the way of the fee type"},
        hint="cancel them, then plan again",
        causes=("pending orders on the spot market", _SINCE),
    ),
    **rows(Kind.VALUE, {"59679": "the currency does not take this fee type"}),
    **rows(
        Kind.PRECONDITION,
        {"59683": "the settlement currency must be enabled as collateral first"},
        hint="enable it as collateral, then plan again",
        causes=(_COLLATERAL,),
    ),
    **rows(
        Kind.VALUE,
        {"59684": "the currency cannot be borrowed", "59686": "the currency cannot be settled in"},
        hint="choose a currency of the account's own list",
    ),
}
"""Codes 59xxx."""

SUB_ACCOUNT = rows(
    Kind.HUMAN,
    {
        "59518": "OKX lets this user create sub-accounts on its web page only",
        "59519": "OKX has frozen this function of the sub-account",
    },
)
"""What the codes with two meanings say of a sub-account and its keys."""
STRATEGY = rows(
    Kind.PRECONDITION,
    {
        "59518": "the account is not eligible for delta_neutral",
        "59519": "delta_neutral needs fee tier VIP 1 or higher",
    },
    hint="ask OKX for it, or leave `strategy` as it is",
)
"""What the same codes say of the strategy of an account."""
