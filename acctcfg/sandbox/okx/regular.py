"""A plain user's sub-accounts, seen and managed with the master's key.

Source: OKX v5, "Sub-account"; limits stand in the table of routes. A sub-account can not be deleted, renamed or given
another label; its modes and settings are its own key's business.
Refusals: 59500 not the master, 50035 a key without addresses, 59619 and 59512 for a broker's sub-accounts, 59510
unknown, 59508 suspended, 59519 frozen, 59601 name taken, 59603 too many, 59515 custody, 59518 on the web only.
"""

from __future__ import annotations

import re
from dataclasses import replace

from acctcfg.sandbox.okx import keys, reads
from acctcfg.sandbox.okx.flags import Flags
from acctcfg.sandbox.okx.keys import Rules
from acctcfg.sandbox.okx.params import Call, flag, names, need, page, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Account
from acctcfg.sandbox.values import Row

__all__ = ["asset_balances", "balance", "create_key", "create_subaccount", "delete_key", "entrusted", "list_keys"]
__all__ += ["list_subaccounts", "max_withdrawal", "modify_key", "set_transfer_out", "transfers"]

NAME = re.compile(r"(?!\d+$)[A-Za-z0-9]{6,20}")
LABEL = re.compile(r"[!-~]{6,32}")
KEYS = Rules(label=re.compile(r".{1,50}"))
CUSTODY = ("5", "12")  # kinds that need a contract with a custodian first
MOST_NAMES = 20


def _sub_account(call: Call, *, does: str = "") -> Account:
    """The sub-account that is named; a broker has endpoints of its own for its."""
    account = keys.sub_account(call, does=does)
    if call.tenant.broker:
        raise Refusal("59619")
    return account


def create_subaccount(call: Call) -> Answer:
    """A standard sub-account in Spot mode that may not transfer to its siblings."""
    tenant, flags = call.tenant, call.venue.flags
    name, kind, label = need(call, "subAcct"), need(call, "type"), _label(call)
    if not NAME.fullmatch(name):
        raise wrong("subAcct")
    if kind not in ("1", *CUSTODY):
        raise wrong("type")
    if tenant.broker:
        raise Refusal("59619")
    if flags.subaccount_creation == "web":
        raise Refusal("59518")
    if kind in CUSTODY:
        raise Refusal("59515")
    if name in tenant.subs:
        raise Refusal("59601")
    if len(tenant.subs) >= flags.max_subaccounts:
        raise Refusal("59603")
    account = call.venue.new_sub_account(tenant, name, call.now_ms)
    account.label, account.type = label, kind

    def effect() -> None:
        tenant.subs[name] = account

    row: Row = {"subAcct": name, "label": label}
    if flags.create_subaccount_answer == "full":
        row |= {"uid": account.uid, "ts": call.now}
    return Answer([row], effect)


def _label(call: Call) -> str:
    label = text(call, "label")
    if not label and not call.venue.flags.sub_label_required:
        return ""
    if not LABEL.fullmatch(need(call, "label")):
        raise wrong("label")
    return label


def list_subaccounts(call: Call) -> Answer:
    """Sub-accounts, newest first, in pages by the time of their creation."""
    wanted, enabled = text(call, "subAcct"), text(call, "enable")
    if enabled not in ("", "true", "false"):
        raise wrong("enable")
    if wanted and wanted not in call.tenant.subs and call.venue.flags.unknown_subaccount == "59510":
        raise Refusal("59510")
    found = [a for a in reversed(call.tenant.subs.values()) if wanted in ("", a.name)]
    rows = [_row(call, account) for account in found if enabled in ("", str(account.enable).lower())]
    return Answer(page(call, rows, "ts"))


def _row(call: Call, account: Account) -> Row:
    flags: Flags = call.venue.flags
    return {
        "type": account.type,
        "enable": account.enable,
        "subAcct": account.name,
        "uid": account.uid,
        "label": f"{account.label} " if flags.sub_label_blank else account.label,
        "mobile": "",
        "gAuth": False,
        "frozenFunc": list(account.frozen_func),
        "canTransOut": account.can_trans_out,
        "ts": str(account.ts),
        "subAcctLv": "2" if account.parent else "1",
        "firstLvSubAcct": account.parent or account.name,
        "ifDma": call.tenant.broker,
    }


def set_transfer_out(call: Call) -> Answer:
    """Whether sub-accounts may transfer to their siblings; to the master they always may."""
    wanted, may = names(call, "subAcct", MOST_NAMES), flag(call, "canTransOut", True)
    if not wanted:
        raise Refusal("50014", "Parameter subAcct can not be empty")
    if set(wanted) - set(call.tenant.subs):
        raise Refusal("59510")
    if call.tenant.broker:
        raise Refusal("59512")
    accounts = [call.tenant.subs[name] for name in wanted]

    def effect() -> None:
        for account in accounts:
            account.can_trans_out = may

    return Answer([{"subAcct": account.name, "canTransOut": may} for account in accounts], effect)


def entrusted(call: Call) -> Answer:
    """Sub-accounts that a trading team manages; none is here."""
    if text(call, "subAcct"):
        keys.sub_account(call)
    return Answer([])


def transfers(call: Call) -> Answer:
    """Transfers between sub-accounts; nothing is transferred here."""
    if text(call, "subAcct"):
        keys.sub_account(call)
    return Answer([])


def create_key(call: Call) -> Answer:
    """A new key; the only answer that carries a secret."""
    return keys.create(call, _sub_account(call, does="keys"), KEYS)


def list_keys(call: Call) -> Answer:
    """All keys of a sub-account, or one."""
    return keys.listed(call, _sub_account(call))


def modify_key(call: Call) -> Answer:
    """Replace label, permissions or addresses."""
    return keys.modify(call, _sub_account(call), KEYS)


def delete_key(call: Call) -> Answer:
    """Delete a key; it stops signing."""
    return keys.delete(call, _sub_account(call))


def balance(call: Call) -> Answer:
    """A sub-account's trading account."""
    return reads.balance(replace(call, account=_sub_account(call)))


def asset_balances(call: Call) -> Answer:
    """A sub-account's funding account."""
    return reads.asset_balances(replace(call, account=_sub_account(call)))


def max_withdrawal(call: Call) -> Answer:
    """What a sub-account could transfer."""
    return reads.max_withdrawal(replace(call, account=_sub_account(call)))
