"""How OKX writes the values of settings: words, flags, numbers, lists of currencies. Used by the rows of `settings.py`.

A source's answer: the configuration is one row; balances and protections are rows by currency or family; collateral is
a flag by currency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal

from acctcfg.core.json_types import JsonObject
from acctcfg.core.quoting import quoted
from acctcfg.core.setting import ALL
from acctcfg.core.state import UNSET, Live, Members, Unreadable, Value
from acctcfg.core.vocabulary import Words
from acctcfg.errors import Garbled
from acctcfg.venues.okx.endpoints import SET_AUTO_EARN, SET_COLLATERAL, SET_ISOLATED_MODE, SET_MMP_CONFIG
from acctcfg.venues.okx.row_fields import boolean, known_or_not, number
from acctcfg.wire.endpoint import Call, Endpoint

__all__ = [
    "by_name",
    "collateral",
    "collateral_listed",
    "collateral_read",
    "earn",
    "earn_read",
    "earning",
    "flag",
    "isolated",
    "isolated_moves",
    "keyed",
    "no_collateral",
    "offset_read",
    "offsetting",
    "one_or_zero",
    "protection",
    "protection_read",
    "sends_flag",
    "sends_number",
    "sends_text",
    "sends_word",
    "text",
    "word",
]

_Row = JsonObject
_EARN: Words[str] = Words("automatic earning", {"on": "active", "starting": "pending", "off": "off"})
_MMP = {"window_ms": "timeInterval", "freeze_ms": "frozenInterval", "quantity_limit": "qtyLimit"}


# -- of the configuration ----------------------------------------------------------------------------------------------


def word(name: str, words: Words[str]) -> Callable[[_Row, str], Live]:
    """Reads one of the venue's words, and gives ours."""
    return lambda row, _: known_or_not(words, row.get(name))


def flag(name: str) -> Callable[[_Row, str], Live]:
    """Reads true or false."""

    def read(row: _Row, _: str) -> Live:
        found = boolean(row.get(name))
        return _no_field(row, name, "true or false") if found is None else found

    return read


def one_or_zero(name: str) -> Callable[[_Row, str], Live]:
    """A flag that is written as "1" or "0"."""

    def read(row: _Row, _: str) -> Live:
        found = {"1": True, "0": False}.get(str(row.get(name)))
        return _no_field(row, name, "0 or 1") if found is None else found

    return read


def text(name: str) -> Callable[[_Row, str], Live]:
    """Reads a text, such as a currency; one that is missing or empty cannot be read."""
    return lambda row, _: str(row[name]) if row.get(name) else _no_field(row, name, "a currency")


def by_name(parts: Mapping[str, Callable[[_Row, str], Live]]) -> Callable[[_Row, str], Live]:
    """A record: each field by a reader of its own."""
    return lambda row, key: parts[key](row, key)


def _no_field(row: _Row, name: str, what: str) -> Unreadable:
    said = f"the account's configuration says {quoted(row.get(name))} under {name}, where {what} belongs"
    return Unreadable("no_field", said)


def sends_word(endpoint: Endpoint, name: str, words: Words[str], **also: str) -> Callable[[str, Value], Call]:
    """Sends the venue's word for the value."""
    return lambda _, value: Call(endpoint, {**also, name: words.venue(str(value))})


def sends_flag(endpoint: Endpoint, name: str) -> Callable[[str, Value], Call]:
    """As JSON has it: an endpoint that is sent no value takes one of its own."""
    return lambda _, value: Call(endpoint, {name: value is True})


def sends_text(endpoint: Endpoint, name: str) -> Callable[[str, Value], Call]:
    """Sends the text as it is."""
    return lambda _, value: Call(endpoint, {name: str(value)})


def sends_number(endpoint: Endpoint, name: str, key_name: str) -> Callable[[str, Value], Call]:
    """Sends a number as text, with the key it is for."""
    return lambda key, value: Call(endpoint, {key_name: key, name: _plain(value)})


def isolated(words: Words[str]) -> Callable[[str, Value], Call]:
    """How margin gets into isolated positions, of margin or of contracts."""
    kinds = {"margin": "MARGIN", "contracts": "CONTRACTS"}
    return lambda key, value: Call(SET_ISOLATED_MODE, {"type": kinds[key], "isoMode": words.venue(str(value))})


def isolated_moves(kind: str, leverage: str) -> bool:
    """Whether a leverage ("swap/BTC-USDT/isolated") is an isolated one of that kind: no page says that it stays."""
    market, _, margin, *_ = leverage.split("/")
    return margin == "isolated" and (market == "margin") is (kind == "margin")


# -- by currency -------------------------------------------------------------------------------------------------------


def _balance(rows: Mapping[str, _Row], currency: str) -> _Row | Unreadable:
    if (row := rows.get(currency)) is not None:
        return row
    said = f"the venue shows no balance of {currency}, and with it not how this is set: hold some of it"
    return Unreadable("no_balance", said)


def earn_read(rows: Mapping[str, _Row], currency: str) -> Live:
    """Whether a currency's idle balance earns; what has only just been turned on is on."""
    row = _balance(rows, currency)
    if isinstance(row, Unreadable):
        return row
    if row.get("autoLendStatus") == "unsupported":
        return False  # the precheck says that it cannot be had
    found = known_or_not(_EARN, row.get("autoLendStatus"))
    return found if isinstance(found, Unreadable) else found != "off"


def earn(currency: str, value: Value) -> Call:
    """Turn it on, or off; the kind that lends and stakes, the only one that can be read back."""
    action = "turn_on" if value is True else "turn_off"
    return Call(SET_AUTO_EARN, {"ccy": currency, "action": action, "earnType": "0"})


def offset_read(rows: Mapping[str, _Row], currency: str) -> Live:
    """The amount that the user set: not the one in use, nor the most there can be. "" is none."""
    row = _balance(rows, currency)
    if isinstance(row, Unreadable):
        return row
    found = row.get("clSpotInUseAmt")
    if found is None:
        return Unreadable("no_field", f"the balance of {currency} does not say its spot offset")
    return UNSET if found == "" else number(found)


def collateral_read(on: Mapping[str, bool | None], key: str) -> Live:
    """Whether it counts as margin; of `all`, whether every one does: an empty list shows nothing of that."""
    if key == ALL and False in on.values():
        return False
    asked = (key,) if key != ALL else tuple(on)
    if not asked or asked[0] not in on:
        what = "any currency" if key == ALL else key
        return Unreadable("no_collateral", f"the venue does not list {what} among those that can be collateral")
    if unsaid := [one for one in asked if on[one] is None]:
        return Unreadable("no_field", f"the venue does not say whether {unsaid[0]} is collateral")
    return on[asked[0]] is True


def collateral(key: str, value: Value) -> Call:
    """One call: every currency, or one of them."""
    if key != ALL:
        return collateral_listed([key], value)
    return Call(SET_COLLATERAL, {"type": "all", "collateralEnabled": value is True})


def collateral_listed(keys: Sequence[str], value: Value) -> Call:
    """Several currencies in one call: some go only with another one."""
    return Call(SET_COLLATERAL, {"type": "custom", "collateralEnabled": value is True, "ccyList": list(keys)})


def earning(rows: Mapping[str, _Row]) -> list[str]:
    """The currencies that earn by themselves."""
    return [currency for currency in rows if earn_read(rows, currency) is True]


def offsetting(rows: Mapping[str, _Row]) -> list[str]:
    """The currencies with an amount that the user set."""
    return [currency for currency, row in rows.items() if row.get("clSpotInUseAmt") not in (None, "")]


def no_collateral(on: Mapping[str, bool | None]) -> list[str]:
    """The currencies that do not count as margin, or may not."""
    return [currency for currency, counts in on.items() if not counts]


# -- by family ---------------------------------------------------------------------------------------------------------


def protection_read(rows: Mapping[str, _Row], family: str) -> Live:
    """A family's protection; one without a row was never set."""
    row = rows.get(family)
    if row is None:
        return UNSET
    if missing := [theirs for theirs in _MMP.values() if row.get(theirs) in (None, "")]:
        raise Garbled(f"a protection without {', '.join(missing)}", code="no_field")
    return Members.of({ours: number(row[theirs]) for ours, theirs in _MMP.items()})


def protection(family: str, value: Value) -> Call:
    """One call with all four fields: the venue takes no part of them."""
    if not isinstance(value, Members):
        raise ValueError(f"no protection: {type(value).__name__}")
    fields = dict(value.fields)
    return Call(SET_MMP_CONFIG, {"instFamily": family, **{_MMP[ours]: _plain(one) for ours, one in fields.items()}})


def keyed(rows: Iterable[_Row], name: str) -> dict[str, _Row]:
    """Rows of a list by their key, such as the currency."""
    return {str(row[name]): row for row in rows}


def _plain(value: Value | bool | str | Decimal) -> str:
    if not isinstance(value, Decimal):
        raise ValueError(f"no number: {type(value).__name__}")
    return f"{value:f}"
