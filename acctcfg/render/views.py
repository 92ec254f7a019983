"""Accounts as they are: for people (`show`) and for other programs (`output`)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from acctcfg.account_view import AccountView
from acctcfg.core.fee_rate import FeeRate
from acctcfg.deposit import DepositRow
from acctcfg.errors import UsageError
from acctcfg.render.columns import columns, filled
from acctcfg.render.harmless import cell, harmless, json_text
from acctcfg.render.paint import Paint, joined

__all__ = ["OUTPUT_COLUMNS", "output_csv", "output_env", "output_json", "render_views"]

_DEPOSIT = ("currency", "chain", "address", "tag", "credit_to", "number", "state")
OUTPUT_COLUMNS = ("account", "venue", "name", "uid", *_DEPOSIT)


def render_views(views: Sequence[AccountView], *, color: bool = False) -> str:
    """Each account with its uid, then one line a value, then where it can be paid."""
    paint = Paint(color)
    return joined((_account(view, paint) for view in views), color=color) or "No accounts."


def output_json(views: Iterable[AccountView]) -> str:
    """A map by account: `venue`, `name`, `uid` (null where it does not exist) and `deposits`.

    Each of these has its number, which never changes, and its state: open, closed, frozen or unknown.
    """
    return json_text(
        {
            view.account: {
                "venue": view.venue,
                "name": view.name,
                "uid": view.uid or None,
                "deposits": [{name: getattr(deposit, name) for name in _DEPOSIT} for deposit in view.deposits],
            }
            for view in views
        }
    )


def output_csv(views: Iterable[AccountView]) -> str:
    """One row a deposit address, and one with empty columns for an account that has none; a header row first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(OUTPUT_COLUMNS)
    for view in views:
        rows = [[str(getattr(deposit, name)) for name in _DEPOSIT] for deposit in view.deposits]
        for row in rows or [[""] * len(_DEPOSIT)]:
            writer.writerow(map(cell, (view.account, view.venue, view.name, view.uid, *row)))
    return text.getvalue().rstrip("\n")


def output_env(views: Iterable[AccountView]) -> str:
    """Lines for a shell: MMDESK01_UID=..., MMDESK01_DEPOSIT_USDT_USDT_TRC20_1=..., and its _TAG where one is needed.

    Of an address that is not open its _STATE stands before it.
    """
    import shlex

    lines: dict[str, tuple[str, str]] = {}  # variable -> the account that it is of, and its line
    for view in views:
        for name, value in _variables(view):
            first, _ = lines.setdefault(name, (view.account, f"{name}={shlex.quote(harmless(value))}"))
            if first != view.account:
                raise UsageError(
                    f"{first} and {view.account} would both be {name}, and a shell keeps only one",
                    hint="use --format json or csv",
                )
    return "\n".join(line for _, line in lines.values())


def _variables(view: AccountView) -> Iterator[tuple[str, str]]:
    prefix = _variable(view.account)
    if view.uid:
        yield f"{prefix}_UID", view.uid
    for deposit in view.deposits:
        name = f"{prefix}_DEPOSIT_{_variable(deposit.currency)}_{_variable(deposit.chain)}_{deposit.number}"
        if deposit.state != "open":
            yield f"{name}_STATE", deposit.state
        yield name, deposit.address
        if deposit.tag:
            yield f"{name}_TAG", deposit.tag


def _variable(text: str) -> str:
    name = re.sub(r"\W", "_", text, flags=re.ASCII).upper()
    return f"_{name}" if name[:1].isdigit() else name


def _account(view: AccountView, paint: Paint) -> Iterator[str]:
    state = f"uid {view.uid}" if view.uid else "does not exist" if view.exists is False else "uid not known"
    named = f' · named "{view.name}"' if view.name != view.account else ""
    yield harmless(f"{view.account} · {view.venue}{named} · {state}").replace(
        view.account, paint("bold", view.account), 1
    )
    rows = [(_within(address, view.account), _words(value)) for address, value in view.values.items()]
    rows += [_deposit(deposit) for deposit in view.deposits]
    rows += [_fee(rate) for rate in view.fees or ()]
    rows += [(_within(w.address, view.account), f"warning: {w.message}  [{w.code}]") for w in view.warnings]
    rows += [(_within(u.address, view.account), f"could not be read: {u.message}  [{u.code}]") for u in view.unreadable]
    width = min(max((columns(name) for name, _ in rows), default=0), 60)
    for name, words in rows:
        yield f"  {filled(name, width)}  {words}"


def _fee(rate: FeeRate) -> tuple[str, str]:
    """What the maker and the taker of a trade pay, or get."""
    tier = f"  ({rate.level})" if rate.level else ""
    return f"fees of {rate.of}", f"maker {_paid(rate.maker)} · taker {_paid(rate.taker)}{tier}"


def _paid(rate: Decimal | None) -> str:
    if rate is None:
        return "not told"
    percent = format(abs(rate * 100).normalize(), "f")
    return f"pays {percent} %" if rate < 0 else f"gets {percent} %" if rate else "pays nothing"


def _deposit(deposit: DepositRow) -> tuple[str, str]:
    """Where to pay, or, of an address that is not open, that nobody should."""
    address = deposit.address + _with(" with tag ", deposit.tag) + _with("  -> ", deposit.credit_to)
    if deposit.state == "open":
        return f"pay {deposit.currency} on {deposit.chain} to", address
    return f"{deposit.state}: {deposit.currency} on {deposit.chain}", f"do not pay to {address}"


def _with(words: str, text: str) -> str:
    return words + text if text else ""


def _within(address: str, account: str) -> str:
    return address.removeprefix(f"{account}.") or address


def _words(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case list():
            return ", ".join(map(_words, value)) or "none"
        case Mapping():
            return " · ".join(f"{name} {_words(inner)}" for name, inner in value.items() if inner not in (None, ""))
    return str(value)
