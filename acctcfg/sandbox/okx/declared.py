"""What a seed and the control API may say of OKX: the shape of every field, in the venue's own words.

See docs/sandbox.md for every key.
"""

from __future__ import annotations

from typing import Final

from acctcfg.sandbox import shapes
from acctcfg.sandbox.okx.flags import Flags
from acctcfg.sandbox.okx.holdings import ALGO_TYPES, BOT_KINDS, ORDER_TYPES
from acctcfg.sandbox.okx.universe import TAG_PLACES
from acctcfg.sandbox.shapes import (
    COUNT,
    DECIMAL,
    FLAG,
    SECONDS,
    TEXT,
    TEXTS,
    Schema,
    listed,
    or_null,
    record,
    table,
    words,
)

__all__ = ["ACCOUNT", "HELD", "KEY", "KEY_EDIT", "MONEY", "PLAIN", "SECTION", "TENANT"]

LEVELS = words("1", "2", "3", "4")
MARGIN_MODES, SIDES = words("cross", "isolated"), words("net", "long", "short")
# what an account may have that is not modelled, in the words of the prechecks
MODE_BLOCKS = (
    *("growth_fund", "cross_option_buyer", "isolated_option", "stop_spot_custom", "stop_futures_custom"),
    *("lead_portfolio", "futures_smart_sync", "vip_fixed_loan", "compliance_restriction", "compliance_kyc2"),
)
STRATEGY_BLOCKS = ("loan", "delta_risk", "risk_unit_type", "not_eligible", "vip")
# field -> attribute of Account, and its shape: what is set as it stands
PLAIN: Final[dict[str, tuple[str, Schema]]] = {
    "uid": ("uid", TEXT),
    "label": ("label", TEXT),
    "type": ("type", TEXT),
    "enable": ("enable", FLAG),
    "frozenFunc": ("frozen_func", TEXTS),
    "canTransOut": ("can_trans_out", FLAG),
    "mainAcct": ("parent", TEXT),
    "firstLvSubAcct": ("parent", TEXT),
    "acctLv": ("acct_lv", LEVELS),
    "activated_modes": ("activated_modes", listed(LEVELS)),
    "posMode": ("pos_mode", words("net_mode", "long_short_mode")),
    "greeksType": ("greeks_type", words("PA", "BS")),
    "feeType": ("fee_type", words("0", "1")),
    "ctIsoMode": ("ct_iso_mode", TEXT),
    "mgnIsoMode": ("mgn_iso_mode", TEXT),
    "autoLoan": ("auto_loan", FLAG),
    "enableSpotBorrow": ("enable_spot_borrow", FLAG),
    "spotBorrowAutoRepay": ("spot_borrow_auto_repay", FLAG),
    "opAuth": ("op_auth", words("0", "1")),
    "stgyType": ("stgy_type", words("0", "1")),
    "settleCcy": ("settle_ccy", TEXT),
    "settleCcyList": ("settle_ccy_list", TEXTS),
    "mmp_allowed": ("mmp_allowed", FLAG),
    "margin_check_fails": ("margin_check_fails", FLAG),
    "to": ("deposit_to", words("6", "18")),
    "collateral_off": ("collateral_off", TEXTS),
    "mmp_frozen": ("mmp_frozen", TEXTS),
    "earn_unsupported": ("earn_unsupported", TEXTS),
    "level": ("level", TEXT),
    "preset": ("preset", TEXT),
    "mode_blocks": ("mode_blocks", listed(words(*MODE_BLOCKS))),
    "strategy_blocks": ("strategy_blocks", listed(words(*STRATEGY_BLOCKS))),
}


def _row(size: str, **fields: Schema) -> Schema:
    """A row needs only `instId`; any further field is shown as it stands."""
    properties = {"instId": TEXT, "instType": TEXT, "size": DECIMAL, size: DECIMAL, "posSide": SIDES, **fields}
    return record(properties, title="a row", needs=("instId",), more=True)


TRADE_MODES = words("cash", "cross", "isolated")
HELD: dict[str, Schema] = {
    "positions": _row("pos", mgnMode=MARGIN_MODES),
    "orders": _row("sz", tdMode=TRADE_MODES, ordType=words(*ORDER_TYPES), side=words("buy", "sell")),
    "algos": _row("sz", tdMode=TRADE_MODES, ordType=words(*ALGO_TYPES), side=words("buy", "sell")),
    "bots": _row("sz", tdMode=TRADE_MODES, kind=words(*BOT_KINDS)),
    "spreads": _row("sz"),
    "copies": _row("subPos"),
}
MOVEMENT = record(
    {"ccy": TEXT, "chain": TEXT, "amt": DECIMAL, "state": TEXT, "ts": COUNT}, title="a row", needs=("ccy",), more=True
)
HELD |= {"deposits": MOVEMENT, "withdrawals": MOVEMENT}
MONEY: Final = dict.fromkeys(("trading", "funding", "debts"), table(DECIMAL))
ENVIRONMENTS = words("live", "demo", "any")
PERMISSION = "(?:read_only|read|trade|withdraw)"
PERMISSIONS = shapes.text(rf" *{PERMISSION} *(?:, *{PERMISSION} *)*", "a comma list of read_only, trade, withdraw")
ADDRESSES: Schema = {"type": ["string", "array"], "items": TEXT}
KEY: Final = record(
    {
        "label": TEXT,
        "api_key": shapes.text(
            "[A-Za-z0-9_-]{8,64}", "must be 8 to 64 letters, digits, - or _: no other key is let in"
        ),
        "secret_key": TEXT,
        "passphrase": shapes.text(
            "[!-~](?:[ -~]*[!-~])?", "must be printable ASCII without outer blanks: a header carries it"
        ),
        "perm": PERMISSIONS,
        "ip": ADDRESSES,
        "env": ENVIRONMENTS,
    },
    title="a key",
    needs=("label", "api_key", "secret_key", "passphrase"),
)
TOKEN = record(
    {
        "token": shapes.text("[!-~]{8,4096}", "must be printable ASCII without blanks: a header carries it"),
        "scope": PERMISSIONS,
        "expires_in": SECONDS,
        "revoked": FLAG,
        "termid": TEXT,
        "ip": ADDRESSES,
        "env": ENVIRONMENTS,
    },
    title="a token",
    needs=("token",),
)
KEY_EDIT: Final = record({"label": TEXT, "perm": PERMISSIONS, "ip": ADDRESSES, "env": ENVIRONMENTS})
MMP = record(dict.fromkeys(("timeInterval", "frozenInterval", "qtyLimit"), DECIMAL), title="a protection")
TAGS: dict[str, Schema] = {**dict.fromkeys(TAG_PLACES, TEXT), "addrEx": table(TEXT)}
ADDRESS: Final = record(
    {**dict.fromkeys(("ccy", "chain", "addr", "type", "ctAddr"), TEXT), "selected": FLAG, **TAGS},
    title="an address",
    needs=("ccy", "chain", "addr"),
)
ACCOUNT: Final[dict[str, Schema]] = {  # in the order in which they are set: what is held takes its side from posMode
    **{name: shape for name, (_, shape) in PLAIN.items()},
    **{name: listed(row) for name, row in HELD.items()},
    **MONEY,
    "leverage": table(or_null(TEXT)),
    "spot_offset": table(or_null(DECIMAL)),
    "auto_earn": table(or_null(COUNT)),
    "mmp": table(or_null(MMP)),
    "keys": listed(KEY),
    "tokens": listed(TOKEN),
    "addresses": listed(ADDRESS),
}
TENANT: Final[dict[str, Schema]] = {
    "broker": FLAG,
    "fd": listed(words("api", "oauth")),
    "rebates": table(words("0", "1", "2", "3", "4")),
}
CHAIN = record(
    {
        "chain": TEXT,
        "mainNet": FLAG,
        "needTag": FLAG,
        "ctAddr": TEXT,
        "canDep": FLAG,
        "tag": words(*TAG_PLACES),
    },
    title="a chain",
    needs=("chain",),
)
CURRENCY: Final = record(
    {"ccy": TEXT, "name": TEXT, "usd": DECIMAL, "chains": {**listed(CHAIN), "minItems": 1}},
    title="a currency",
    needs=("ccy", "chains"),
)
# as the venue announces an instrument: with most fields empty, until shortly before it starts
NOT_FILLED_IN: Schema = {**DECIMAL, "pattern": rf"{DECIMAL['pattern']}|^$", "description": 'expected a number, or ""'}
INSTRUMENT: Final = record(
    {"instType": TEXT, "instId": TEXT, "lever": NOT_FILLED_IN, "expTime": TEXT},
    title="an instrument",
    needs=("instType", "instId"),
    more=True,
)
SECTION: Final[dict[str, Schema]] = {
    "flags": or_null(shapes.flags(Flags, Flags.WORDS, Flags.OLD)),
    "instruments": shapes.rows(INSTRUMENT),
    "currencies": shapes.rows(CURRENCY),
}
