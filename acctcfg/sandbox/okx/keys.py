"""API keys of sub-accounts: the rules that a broker and a plain user share, and the broker's calls.

Source: OKX v5 broker documentation, "Create an APIKey for a sub-account" and its query, reset and delete calls;
40/s, 1/s, 10/s, 10/s per user. The secret is in the create answer and nowhere else.
Refusals: 59510 sub-account, 59506 key, 59501 fifty keys, 59502 label taken, 59503 over 20 addresses, 59505 passphrase.
"""

from __future__ import annotations

import ipaddress
import re
import secrets
import uuid
from dataclasses import dataclass

from acctcfg.sandbox.okx.params import Call, need, text, wrong
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import PERMISSIONS, Account, ApiKey
from acctcfg.sandbox.values import Row

__all__ = ["Rules", "create", "create_key", "delete", "delete_key", "list_keys", "listed", "modify", "modify_key"]
__all__ += ["parse_ips", "parse_permissions", "sub_account"]

MOST_KEYS = 50
MOST_IPS = 20
PASSPHRASE = re.compile(r"(?=.*\d)(?=.*[A-Z])(?=.*[a-z])(?=.*[^A-Za-z0-9\s])[!-~]{8,32}")


def sub_account(call: Call, name: str = "subAcct", *, does: str = "") -> Account:
    """The sub-account that a parameter names, or 59510.

    `does` is the function that a write needs: 59508 where the account is suspended, 59519 where the function is frozen.
    """
    account = call.tenant.subs.get(need(call, name))
    if account is None:
        raise Refusal("59510")
    if does and account.is_suspended:
        raise Refusal("59508")
    if does and account.freezes(does):
        raise Refusal("59519")
    return account


def parse_permissions(words: str) -> frozenset[str]:
    """`trade` -> read_only and trade: reading is always included."""
    found = {"read_only" if word.strip() == "read" else word.strip() for word in words.split(",")}
    if not found <= set(PERMISSIONS):
        raise wrong("perm")
    return frozenset(found | {"read_only"})


@dataclass(frozen=True, slots=True)
class Rules:
    """What a key of a sub-account may be; `withdraw` went in May 2025, and is taken by a flag only."""

    label: re.Pattern[str]
    withdraw: bool = False

    def permissions(self, call: Call, words: str) -> frozenset[str]:
        """What a list of words permits."""
        found = parse_permissions(words)
        if "withdraw" in found and not (self.withdraw and call.venue.flags.dma_withdraw == "accepted"):
            raise wrong("perm")
        return found


def parse_ips(words: str) -> tuple[str, ...]:
    """Up to 20 addresses; none for an empty string."""
    found = tuple(dict.fromkeys(word.strip() for word in words.split(",") if word.strip()))
    if len(found) > MOST_IPS:
        raise Refusal("59503")
    for word in found:
        try:
            ipaddress.ip_address(word)
        except ValueError as exc:
            raise wrong("ip") from exc
    return found


def _label(call: Call, account: Account, rules: Rules, mine: ApiKey | None = None) -> str:
    label = need(call, "label")
    if not rules.label.fullmatch(label):
        raise wrong("label")
    if any(key.label == label for key in account.keys.values() if key is not mine):
        raise Refusal("59502")
    return label


def create(call: Call, account: Account, rules: Rules) -> Answer:
    """A new key; the only answer that carries a secret."""
    label = _label(call, account, rules)
    passphrase = need(call, "passphrase")
    if not PASSPHRASE.fullmatch(passphrase):
        raise Refusal("59505")
    perm, ips = rules.permissions(call, text(call, "perm", "read_only")), parse_ips(text(call, "ip"))
    if len(account.keys) >= MOST_KEYS:
        raise Refusal("59501")
    delay_ms = round(call.venue.flags.key_delay_s * 1000 / call.venue.speed)
    key = ApiKey(
        label=label,
        api_key=str(uuid.uuid4()),
        secret_key=secrets.token_hex(16).upper(),
        passphrase=passphrase,
        perm=perm,
        ip=ips,
        env="demo" if call.demo else "live",
        ts=call.now_ms,
        valid_from=call.now_ms + delay_ms if delay_ms else 0,
    )
    row = {**_row(key), "subAcct": account.name, "secretKey": key.secret_key, "passphrase": passphrase}
    tenant, venue = call.tenant, call.venue
    return Answer([row], lambda: venue.add_key(tenant, account, key))


def _row(key: ApiKey) -> Row:
    return {"label": key.label, "apiKey": key.api_key, "perm": key.perm_text, "ip": key.ip_text, "ts": str(key.ts)}


def _key(call: Call, account: Account) -> ApiKey:
    key = account.keys.get(need(call, "apiKey"))
    if key is None:
        raise Refusal("59506")
    return key


def listed(call: Call, account: Account) -> Answer:
    """All keys of a sub-account, newest first, or one; without secrets and without passphrases."""
    if text(call, "apiKey"):
        return Answer([_row(_key(call, account))])
    return Answer([_row(key) for key in reversed(account.keys.values())])


def modify(call: Call, account: Account, rules: Rules) -> Answer:
    """Replace label, permissions or addresses: a field that is present replaces the whole value."""
    key = _key(call, account)
    label, perm, ips = key.label, key.perm, key.ip
    if call.params.get("label") is not None:
        label = _label(call, account, rules, key)
    if call.params.get("perm") is not None:
        words = text(call, "perm")
        if not words:
            raise wrong("perm")
        perm = rules.permissions(call, words)
    if call.params.get("ip") is not None:
        ips = parse_ips(text(call, "ip"))
    venue, now_ms = call.venue, call.now_ms

    def effect() -> None:
        key.label, key.perm, key.ip, key.ts = label, perm, ips, now_ms

    row = _row(ApiKey(label, key.api_key, "", "", perm, ips, key.env, now_ms))
    if venue.flags.perm_spelling == "read":  # as a sample of this answer has it
        row["perm"] = str(row["perm"]).replace("read_only", "read")
    return Answer([{"subAcct": account.name, **row}], effect)


def delete(call: Call, account: Account) -> Answer:
    """Delete a key; it stops signing."""
    key = _key(call, account)
    venue, now_ms = call.venue, call.now_ms
    return Answer([{"subAcct": account.name}], lambda: venue.drop_key(account, key, now_ms))


# --- a broker's


BROKER = Rules(label=re.compile(r"[A-Za-z0-9]{1,50}"), withdraw=True)


def create_key(call: Call) -> Answer:
    """A new key of a broker's sub-account."""
    return create(call, sub_account(call, does="keys"), BROKER)


def list_keys(call: Call) -> Answer:
    """The keys of a broker's sub-account, or one."""
    return listed(call, sub_account(call))


def modify_key(call: Call) -> Answer:
    """Change a key of a broker's sub-account."""
    return modify(call, sub_account(call), BROKER)


def delete_key(call: Call) -> Answer:
    """Delete a key of a broker's sub-account."""
    return delete(call, sub_account(call))
