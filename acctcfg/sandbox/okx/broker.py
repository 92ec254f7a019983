"""A DMA broker's sub-accounts, seen and managed with the master's key.

Source: OKX v5 broker documentation, "DMA broker". Refusals: 59601 name taken, 59622 and 59623 second level, 59603 too
many, 59606 not empty, 59510 unknown, 59002 positions, orders or bots in the way of an account mode, 59508 and
59519 suspended or frozen, 50053 demo only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from acctcfg.sandbox.okx.keys import sub_account
from acctcfg.sandbox.okx.mode import switch
from acctcfg.sandbox.okx.params import Call, choice, need, number, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Account
from acctcfg.sandbox.values import Row, plain

__all__ = ["create_subaccount", "delete_subaccount", "report_ip", "set_assets", "set_level"]
__all__ += ["subaccount_info", "trade_fee"]

NAME = re.compile(r"(?!\d+$)[A-Za-z0-9]{6,20}")
LABEL = re.compile(r"[A-Za-z0-9]{0,50}")


def create_subaccount(call: Call) -> Answer:
    """A first-level sub-account, or a second-level one under `mainAcct`; it starts in Spot mode."""
    name, label, parent = need(call, "subAcct"), text(call, "label"), text(call, "mainAcct")
    if not NAME.fullmatch(name):
        raise wrong("subAcct")
    if not LABEL.fullmatch(label):
        raise wrong("label")
    tenant = call.tenant
    if name in tenant.subs:
        raise Refusal("59601")
    if parent and (parent not in tenant.subs or tenant.subs[parent].parent):
        raise Refusal("59622")
    if len(tenant.subs) >= call.venue.flags.max_subaccounts:
        raise Refusal("59603")
    account = call.venue.new_sub_account(tenant, name, call.now_ms)
    account.label, account.parent = label, parent

    def effect() -> None:
        tenant.subs[name] = account

    row = {"subAcct": name, "label": label, "acctLv": account.acct_lv}
    if call.venue.flags.create_subaccount_answer == "full":
        row |= {"uid": account.uid, "ts": call.now}
    return Answer([row], effect)


def delete_subaccount(call: Call) -> Answer:
    """Delete an empty sub-account and its keys."""
    account, tenant, venue, now_ms = sub_account(call), call.tenant, call.venue, call.now_ms
    if any(other.parent == account.name for other in tenant.subs.values()):
        raise Refusal("59623")
    funds = [*account.trading.values(), *account.funding.values(), *account.debts.values()]
    if any(funds) or account.is_busy():
        raise Refusal("59606")

    def effect() -> None:
        venue.drop_account(tenant, account, now_ms)

    return Answer([{"subAcct": account.name}], effect)


def subaccount_info(call: Call) -> Answer:
    """Sub-accounts in pages of up to 100, newest first; pages count from 1."""
    return _paged(call, _info)


def trade_fee(call: Call) -> Answer:
    """Fee rates of sub-accounts; the venue spells the maker's field `marker`."""
    return _paged(call, _fees)


def _paged(call: Call, row: Callable[[Call, Account], Row]) -> Answer:
    limit, page = number(call, "limit", 100, 1, 100), number(call, "page", 1, 1, 10**9)
    found = _asked(call)
    pages = max(1, -(-len(found) // limit))
    details = [row(call, account) for account in found[(page - 1) * limit : page * limit]]
    return Answer([{"details": details, "page": str(page), "totalPage": str(pages)}])


def _asked(call: Call) -> list[Account]:
    name, uid = text(call, "subAcct"), text(call, "uid")
    subs = call.tenant.subs
    if name:
        if name not in subs:
            raise Refusal("59510")
        return [subs[name]] if uid in ("", subs[name].uid) else []
    found = [account for account in reversed(subs.values()) if uid in ("", account.uid)]
    if uid and not found:
        raise Refusal("59510")
    return found


def _parent(call: Call, account: Account) -> Row:
    """What a second-level account hangs under, in one of two formats."""
    if call.venue.flags.subaccount_parent == "mainAcct":
        return {"mainAcct": account.parent}
    return {"firstLvSubAcct": account.parent or account.name, "subAcctLv": "2" if account.parent else "1"}


def _info(call: Call, account: Account) -> Row:
    may = account.can_trans_out
    return {
        "subAcct": account.name,
        "uid": account.uid,
        "label": account.label,
        "acctLv": account.acct_lv,
        "enable": account.enable,
        "frozenFunc": list(account.frozen_func),
        "canTransOut": str(may).lower() if call.venue.flags.trans_out_text else may,
        **_parent(call, account),
        "ts": str(account.ts),
    }


def _fees(call: Call, account: Account) -> Row:
    maker = call.venue.flags.fee_maker_field
    rates = [{"type": str(kind), maker: "-0.0008", "taker": "-0.001"} for kind in range(1, 10)]
    row = {"subAcct": account.name, "uid": account.uid, **_parent(call, account)}
    return {**row, "feeRates": rates, "ts": str(account.ts)}


def set_level(call: Call) -> Answer:
    """Set a sub-account's account mode for it; needs no activation by hand."""
    account = sub_account(call, does="trading")
    level = choice(call, "acctLv", ("1", "2", "3", "4"))
    venue = call.venue
    if venue.flags.dma_level_needs_activation and level not in (account.acct_lv, *account.activated_modes):
        raise Refusal("51070")
    if account.is_busy():
        raise Refusal("59002")
    return Answer([{"acctLv": level}], lambda: switch(venue, account, level))


def report_ip(call: Call) -> Answer:
    """Note the address that a customer logs in from."""
    account, ip = sub_account(call), need(call, "clientIP")
    return Answer([{"subAcct": account.name, "ts": call.now}], lambda: account.login_ips.append(ip))


def set_assets(call: Call) -> Answer:
    """Demo only: put 10,000 of a currency into the sub-account's trading account."""
    if not call.demo:
        raise Refusal("50053")
    account, ccy = sub_account(call), need(call, "ccy")
    if ccy not in call.venue.currencies:
        raise Refusal("51012")
    amount = Decimal(10_000)
    row: Row = {"subAcct": account.name, "ccy": ccy, "amt": plain(amount)}
    return Answer([row], lambda: account.hold({ccy: amount}))
