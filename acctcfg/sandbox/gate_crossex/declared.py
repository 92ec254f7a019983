"""What a seed and the control API may say of Gate: the shape of every field, in the venue's own words.

See docs/sandbox.md for every key.
"""

from __future__ import annotations

from typing import Final

from acctcfg.sandbox import shapes
from acctcfg.sandbox.gate_crossex.accounts import ACCOUNT_MODES, POSITION_MODES
from acctcfg.sandbox.gate_crossex.replies import LABELS
from acctcfg.sandbox.gate_crossex.state import MARGIN_MODES, Flags
from acctcfg.sandbox.shapes import COUNT, DECIMAL, FLAG, TEXT, TEXTS, Schema, listed, or_null, record, table, words

__all__ = ["ACCOUNT", "HELD", "KEY", "KEY_EDIT", "MONEY", "PLAIN", "SECTION", "SYMBOL", "TENANT"]

PROFILES = ("seed", "current")
# set as they stand, in the kind that they have
PLAIN: Final[dict[str, Schema]] = {
    **dict.fromkeys(("uid", "remark", "email"), TEXT),
    "state": words("1", "2"),
    "type": words("1", "3"),
    **dict.fromkeys(("opened", "deactivated"), FLAG),
    "absent": TEXTS,
    "status": TEXT,
    "account_mode": words(*ACCOUNT_MODES),
}


def _row(*decimals: str, **fields: Schema) -> Schema:
    """A row needs only `symbol`; any further field is shown as it stands."""
    properties = {"symbol": TEXT, **dict.fromkeys(("qty", "size", *decimals), DECIMAL), **fields}
    return record(properties, title="a row", needs=("symbol",), more=True)


VALUES = ("value", "position_value", "initial_margin", "maintenance_margin")
HELD: Final[dict[str, Schema]] = {
    "positions": _row("position_qty", *VALUES),
    "margin_positions": _row("asset_qty", "liability", *VALUES),
    "security_positions": _row("position_qty"),
    "orders": _row(),
}
BY_EXCHANGE: Schema = {**table(table(DECIMAL)), "description": "write {CROSSEX: {USDT: ...}}, by exchange"}
COINS: Schema = {**table(DECIMAL), "description": "write {CROSSEX: {USDT: ...}}, by exchange"}
MONEY: Final = dict.fromkeys(("balances", "liabilities"), table(COINS))
MARGINS: Final = dict.fromkeys(("initial_margin", "maintenance_margin"), table(DECIMAL))
PERMS = listed(
    {"if": {"type": "string"}, "else": record({"name": TEXT, "read_only": FLAG}, title="a permission", needs=("name",))}
)
RIGHTS: Final[dict[str, Schema]] = {"name": TEXT, "perms": PERMS, "ip_whitelist": TEXTS, "state": shapes.whole(0, 9)}
HEADER = shapes.text("[!-~]{1,128}", "must be up to 128 printable ASCII characters without blanks")
KEY: Final = record(
    {**RIGHTS, "key": HEADER, "secret": TEXT, "mode": shapes.whole(1, 2)},
    title="a key",
    needs=("name", "key", "secret"),
)
KEY_EDIT: Final = record(RIGHTS)
MODES: Schema = {
    "if": {"type": "string"},
    "then": words(*POSITION_MODES),
    "else": table(words(*POSITION_MODES)),
}
ACCOUNT: Final[dict[str, Schema]] = {  # as they are set: what is held looks at the position mode and the leverage
    **PLAIN,
    "position_mode": MODES,
    "leverage": table(or_null(TEXT)),
    "margin_mode": table({"enum": [*MARGIN_MODES, None]}),
    **{name: listed(row) for name, row in HELD.items()},
    **MONEY,
    **MARGINS,
    "keys": listed(KEY),
}
TENANT: Final[dict[str, Schema]] = {"profile": words("", *PROFILES)}
SYMBOL: Final = record(
    {
        "symbol": TEXT,
        "leverage_max": DECIMAL,
        "state": shapes.text("[a-z][a-z_]*", "live, suspend, or another word of small letters"),
        "delist_time": COUNT,
        "default_leverage": TEXT,
    },
    title="a symbol",
    needs=("symbol",),
    more=True,
)
_FLAGS = shapes.flags(Flags, Flags.WORDS, Flags.OLD)
_STATUSES = record(dict.fromkeys(LABELS, shapes.whole(400, 599)))
SECTION: Final[dict[str, Schema]] = {
    "flags": or_null(shapes.changed(_FLAGS, label_status=_STATUSES)),
    "symbols": shapes.rows(SYMBOL),
}
