"""OKX's general error codes, those of credentials, of OAuth and of the WebSocket.

Source: OKX v5, "Error code", "Public", "API class", "WebSocket".
"""

from __future__ import annotations

from acctcfg.venues.okx.codes import KEY, MISTAKE, TRADING, Kind, rows

__all__ = ["GENERAL"]

_CLOCK = ("this host's clock is off", "the request waited for long on its way (a proxy, a stalled network)")
_WRONG_KEY = ("the stored secret is another key's", "the key was made anew under the same label")

GENERAL = {
    # -- the request ---------------------------------------------------------------------------------------------------
    **rows(
        Kind.FINAL,
        {
            "1": "every item of the request failed; each has a code of its own",
            "2": "some items of the request failed; each has a code of its own",
        },
        hint="explain the item's own code (sCode)",
        causes=("the reason stands in the items",),
    ),
    **rows(
        Kind.VALUE,
        {
            "50000": "the body is empty",
            "50002": "the body is not JSON",
            "50006": "the content type is wrong",
            "50015": "one of two parameters is needed",
            "50016": "two parameters contradict each other",
            "50024": "two parameters exclude each other",
            "50025": "a parameter has too many values",
        },
        hint=MISTAKE,
        causes=("the request is not as the venue wants it",),
    ),
    **rows(
        Kind.VALUE,
        {"50044": "the broker's type must be given"},
        hint="say which broker is meant: --broker-type api, or oauth",
        causes=("the user is a broker of both types",),
    ),
    **rows(Kind.VALUE, {"50014": "a parameter is empty", "50049": "the instrument has no tiers, or no margin"}),
    **rows(Kind.VALUE, {"50036 50037": "the time until which an order counts is wrong or over"}, hint=TRADING),
    **rows(Kind.FINAL, {"50005": "the endpoint is no longer served"}, hint=MISTAKE, causes=("it was withdrawn",)),
    **rows(Kind.FINAL, {"50038": "not available in demo trading"}, causes=("the connection's environment is demo",)),
    **rows(
        Kind.FINAL, {"50053": "only available in demo trading"}, causes=("the connection's environment is not demo",)
    ),
    **rows(Kind.FINAL, {"50055-50058": "the assets of demo trading were reset too often, or too much was wanted"}),
    **rows(Kind.FINAL, {"50067": "not possible across the venue's sites"}, causes=("the user is of another region",)),
    **rows(Kind.FINAL, {"50069": "the risk unit's margin would not suffice"}),
    # -- not now -------------------------------------------------------------------------------------------------------
    **rows(
        Kind.NOT_EXECUTED,
        {"50011": "too many requests", "50040": "the same operation came too often"},
        hint="something else uses the same user's limits; lower rate_share",
        causes=(
            "another program, or another acctcfg on another host, uses the limits of the same user",
            "rate_share is high for a path with much jitter",
            "the venue is overloaded: it says the same then",
        ),
    ),
    **rows(Kind.NOT_EXECUTED, {"50013": "the venue is busy"}, hint="try again"),
    **rows(
        Kind.UNKNOWN,
        {"50001": "the service is unavailable"},
        hint="see the venue's status page, then try again",
        causes=("maintenance, planned or not",),
    ),
    **rows(Kind.UNKNOWN, {"50004": "the endpoint timed out; whether it was executed is not known"}),
    **rows(Kind.UNKNOWN, {"50026": "the venue's system failed"}, hint="try again"),
    **rows(
        Kind.LATER,
        {
            "50017": "the position is frozen while others are reduced automatically",
            "50018": "the currency is frozen while positions are reduced automatically",
            "50019": "the account is frozen while positions are reduced automatically",
            "50020": "the position is frozen by a liquidation",
            "50021": "the currency is frozen by a liquidation",
            "50022": "the account is frozen by a liquidation",
            "50023": "frozen while funding fees are settled",
        },
        hint="wait some minutes, look at the account, then plan again",
        causes=("the venue's risk engine is at work on this account",),
    ),
    **rows(Kind.LATER, {"50046 50062": "the feature is switched off for the moment", "50064": "borrowing is off"}),
    **rows(
        Kind.LATER,
        {"50061": "the sub-account's limit of orders is reached"},
        hint=TRADING,
        causes=("new and amended orders share one limit per sub-account",),
    ),
    # -- state and preconditions ---------------------------------------------------------------------------------------
    **rows(Kind.STATE, {"50042": "the same request came twice"}, causes=("another program does the same at once",)),
    **rows(Kind.STATE, {"50050": "options are activated already"}, hint="nothing: it is as it should be"),
    **rows(Kind.STATE, {"50071": "the value exists already"}, hint=TRADING, causes=("an id of a client's own",)),
    **rows(
        Kind.PRECONDITION,
        {"50048": "the change of the risk unit would raise the account's risk"},
        hint="reduce positions, then plan again",
        causes=("positions that offset each other now would not do so any more",),
    ),
    **rows(
        Kind.PRECONDITION,
        {"50072": "isolated margin is no longer offered in this account mode"},
        hint="use `margin: cross`, or account mode futures",
        causes=("the account is in multi_currency or portfolio, where the venue withdraws isolated margin",),
    ),
    # -- the user ------------------------------------------------------------------------------------------------------
    **rows(
        Kind.HUMAN,
        {
            "50007": "the user is blocked",
            "50008": "the user is not known",
            "50009": "the account is frozen by a liquidation",
            "50010": "the user's id is empty",
            "50012": "the account's status does not allow it",
            "50027": "the account may not trade",
            "50028": "the venue takes no orders of this account",
            "50029": "the venue's risk control restricts the account",
            "50032": "the currency is blocked for this account",
            "50033": "the instrument is blocked for this account",
            "50051 50052 50059 50060": "the user's region, its regulator or an unfinished identity check forbids it",
            "50075": "this token is restricted in an Islamic sub-account",
        },
    ),
    # -- credentials ---------------------------------------------------------------------------------------------------
    **rows(
        Kind.CREDENTIALS,
        {"50030": "this user may not use the endpoint"},
        hint="ask the venue whether the account is enabled for it",
        causes=("the privilege is granted by the venue, by user (a broker's, a market maker's)",),
    ),
    **rows(
        Kind.CREDENTIALS,
        {"50035": "this endpoint wants a key that is bound to addresses"},
        hint="bind the calling key to your addresses",
        causes=("the key behind `credentials` has no allow-list",),
    ),
    **rows(
        Kind.CREDENTIALS,
        {"50041": "the user is not on the venue's list for this"},
        hint="ask the venue whether the account is enabled for it",
        causes=("the venue grants it by user",),
    ),
    **rows(Kind.CREDENTIALS, {"50100": "the API is frozen for this user"}, hint="ask the venue"),
    **rows(
        Kind.CREDENTIALS,
        {"50101": "the key belongs to the other environment"},
        hint="set `environment: live` or `demo` to what the key was made for",
        causes=("a demo key with `environment: live`, or a live key with `demo`",),
    ),
    **rows(
        Kind.CREDENTIALS,
        {
            "50102": "the request's time is off by more than 30 s",
            "50112": "the request's time is not in the form that the venue wants",
        },
        hint="set this host's clock",
        causes=_CLOCK,
    ),
    **rows(
        Kind.CREDENTIALS,
        {
            "50103": "the API key is missing",
            "50104": "the passphrase is missing",
            "50106": "the signature is missing",
            "50107": "the request's time is missing",
        },
        hint=KEY,
        causes=("the credentials are incomplete", "a proxy on the way takes headers away"),
    ),
    **rows(
        Kind.CREDENTIALS,
        {
            "50105": "the passphrase is wrong",
            "50111": "the API key is not valid",
            "50113": "the signature is wrong: the secret key does not belong to the API key",
        },
        hint=KEY,
        causes=_WRONG_KEY,
    ),
    **rows(
        Kind.CREDENTIALS,
        {"50108": "the exchange's id is not known", "50109": "the domain is not known"},
        hint="check base_url and region",
        causes=("the user is registered in another region",),
    ),
    **rows(
        Kind.CREDENTIALS,
        {"50110": "the calling address is not on the key's allow-list"},
        hint="add the address that you call from",
        causes=("the program runs elsewhere than it did", "the address of this host changed (the message names it)"),
    ),
    **rows(Kind.CREDENTIALS, {"50114": "the authorization is not valid"}, causes=("the token is not valid",)),
    **rows(Kind.CREDENTIALS, {"50115": "the path does not have this method"}, hint=MISTAKE),
    **rows(
        Kind.CREDENTIALS,
        {
            "50116": "a key that was made through the Fast API is the only one that can be",
            "50118": "the broker has not told the venue its addresses",
        },
        hint="settle it with the broker whose app made the key",
        causes=("the key comes from a broker's app",),
    ),
    **rows(Kind.CREDENTIALS, {"50117": "the credentials were refused; the venue says no more than that"}, hint=KEY),
    **rows(
        Kind.CREDENTIALS,
        {"50119": "the API key does not exist"},
        hint="it was deleted, or it is of another environment",
        causes=(
            "somebody deleted the key",
            "it could trade, had no allow-list and was not used for 14 days: the venue deletes such keys",
            "it was created only moments ago",
            "it is of the other environment, or of another region's site",
        ),
    ),
    **rows(
        Kind.CREDENTIALS,
        {"50120": "the key lacks the permission"},
        hint="give the key the permission `trade`",
        causes=("a key that can only read signs a change: `access` names it",),
    ),
    **rows(
        Kind.CREDENTIALS,
        {"50121": "the calling address is not served"},
        hint="call from another address",
        causes=("the venue does not serve the region of this address",),
    ),
    # -- OAuth ---------------------------------------------------------------------------------------------------------
    **rows(
        Kind.CREDENTIALS,
        {
            "53000": "the access token is not valid",
            "53002": "the access token is over",
            "53003": "the access token was revoked",
        },
        hint="hand in a new access token (`credentials: {token: ...}`): acctcfg asks for none and refreshes none",
        causes=(
            "an access token lasts an hour",
            "a refresh kills the token before it at once",
            "the user took the app's authorization back on OKX's page",
        ),
    ),
    **rows(
        Kind.CREDENTIALS,
        {"53006": "the access token is another device's"},
        hint="name the device that it was made for: `termid` beside `env`; a token of a server's app has none",
        causes=("`termid` is missing or wrong",),
    ),
    **rows(
        Kind.CREDENTIALS,
        {"53013": "the access token does not reach so far"},
        hint="a change needs a token of scope `trade`; for sub-accounts use an API key",
        causes=("the token's scope is read_only", "no token reaches calls of sub-accounts"),
    ),
    **rows(
        Kind.CREDENTIALS,
        {"53014": "the access token does not work from this address"},
        hint="call from an address that the app is registered with",
        causes=("the app that the token was made for is bound to addresses",),
    ),
    **rows(Kind.HUMAN, {"53004": "the account is frozen"}),
    **rows(
        Kind.CREDENTIALS,
        {
            "53001": "the authorization was cancelled",
            "53005": "the refresh token is wrong",
            "53009": "the authorization failed",
            "53010": "a parameter of the authorization is wrong",
            "53011": "a parameter of the authorization is empty",
            "53012": "the authorization code is over, or another site's",
            "53015": "a parameter of the authorization is too long",
            "53016": "the address to return to is not the registered one",
            "53017": "the Fast API is switched off",
        },
        hint="acctcfg takes access tokens and makes none; another program asked for one",
        causes=("an app that was connected to the account (OAuth)",),
    ),
    # -- WebSocket -----------------------------------------------------------------------------------------------------
    **rows(
        Kind.CREDENTIALS,
        {
            "60004": "the time of the login is not in the form that the venue wants",
            "60005": "the API key of the login is not valid",
            "60006": "the time of the login is off by more than 30 s",
            "60007": "the signature of the login is wrong",
            "60009": "the login failed",
            "60011": "not logged in",
            "60024": "the passphrase of the login is wrong",
            "60026": "a login with a key and a token at once",
            "60032": "the API key of the login is not known",
        },
        hint=KEY,
        causes=("a WebSocket connection with the wrong credentials, or of a host whose clock is off",),
    ),
    **rows(
        Kind.VALUE,
        {
            "60008 64001-64002": "the channel is served at another address",
            "60012": "the message is not valid",
            "60013": "the message's arguments are not valid",
            "60018": "the channel or a parameter is not known",
            "60019": "the operation is not known",
            "60027": "a parameter is empty",
            "60028": "the operation is served at another address",
            "60033": "a parameter is wrong",
            "64000": "the parameter `uly` is no longer taken",
            "64004": "the channels of the order book cannot be had like this",
        },
        hint=TRADING,
        causes=("a message on a WebSocket connection",),
    ),
    **rows(
        Kind.FINAL,
        {"60029-60030 64003": "the user's fee tier does not have the channel"},
        hint=TRADING,
        causes=("a message on a WebSocket connection",),
    ),
    **rows(
        Kind.LATER,
        {
            "60014": "too many messages",
            "60023": "too many logins",
            "63999": "the login failed inside the venue",
            "64007": "the venue failed",
            "64008": "the connection is about to be closed for an upgrade",
        },
        hint="connect again",
        causes=("a WebSocket connection",),
    ),
    **rows(
        Kind.STATE,
        {"60031": "logged in already"},
        hint="nothing: it is as it should be",
        causes=("a second login on one connection",),
    ),
}
"""Codes 5000x to 501xx, 530xx, 60xxx and 64xxx."""
