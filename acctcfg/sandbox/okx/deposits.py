"""Deposit addresses of a broker's sub-accounts, and of the calling account itself.

Source: OKX v5 broker documentation, "Create deposit address for a sub-account" with its query and modify calls;
10/s, 6/s, 6/s per user. What a deposit credits (`to`) is one value for the whole sub-account, and a create sets it.
Refusals: 58300 twenty addresses per currency, 58010 chain, 58301 unknown address, 58302 tag, 58303 chain closed;
59519 frozen, 59508 suspended. A tag stands where its chain has it: tag, memo, pmtId, comment, or in the object addrEx.
"""

from __future__ import annotations

import hashlib

from acctcfg.sandbox.okx.keys import sub_account
from acctcfg.sandbox.okx.params import Call, choice, need, text
from acctcfg.sandbox.okx.replies import Answer, Refusal
from acctcfg.sandbox.okx.state import Account, Address
from acctcfg.sandbox.okx.universe import Chain, Currency
from acctcfg.sandbox.values import Row

__all__ = ["create_address", "list_addresses", "modify_address", "own_addresses"]

MOST_ADDRESSES = 20
SEGWIT = ("BTC", "LTC")


def _currency(call: Call) -> Currency:
    currency = call.venue.currencies.get(need(call, "ccy"))
    if currency is None:
        raise Refusal("51012")
    return currency


def _chain(call: Call, currency: Currency) -> Chain:
    wanted = text(call, "chain")
    for chain in currency.chains:
        if chain.id == wanted or (not wanted and chain.main):
            return chain
    raise Refusal("58010")


def create_address(call: Call) -> Answer:
    """One more address: a repeated call makes another one."""
    account, currency = sub_account(call, does="deposit"), _currency(call)
    chain = _chain(call, currency)
    kind = choice(call, "addrType", ("1", "2"), "1")
    to = choice(call, "to", ("6", "18"), "6")
    if kind == "2" and currency.code not in SEGWIT:
        raise Refusal("51000", "Parameter addrType  error")
    if chain.id == "BTC-Lightning" or not chain.can_deposit:
        raise Refusal("58303")  # Lightning invoices have an API of their own
    mine = [address for address in account.addresses if address.ccy == currency.code]
    there = [address for address in mine if (address.chain, address.type) == (chain.id, kind)]
    if there and call.venue.flags.repeated_address == "same":
        row: Row = {"chain": chain.id, "ccy": currency.code, "addr": there[0].addr, "ts": call.now}
        return Answer([row | _tag(there[0], call.venue.flags.address_tag)])
    if len(mine) >= MOST_ADDRESSES:
        raise Refusal("58300")
    number = int(call.venue.next_id())
    address = Address(
        ccy=currency.code,
        chain=chain.id,
        addr=_fake(currency.code, chain, kind, number),
        tag=str(number % 1_000_000_000) if chain.needs_tag else "",
        tag_place="addrEx.comment" if chain.tag_place == "addrEx" else chain.tag_place,
        type=kind,
        ts=call.now_ms,
    )

    def effect() -> None:
        account.addresses.append(address)
        account.deposit_to = to

    row = {"chain": chain.id, "ccy": currency.code, "addr": address.addr, "ts": call.now}
    return Answer([row | _tag(address, call.venue.flags.address_tag)], effect)


def _tag(address: Address, wanted: str) -> Row:
    """The tag in the field that carries it; `addrEx` is an object. Nothing where there is none."""
    place = address.tag_place if wanted == "chain" else wanted
    if not address.tag or place == "none":
        return {}
    outer, _, inner = place.partition(".")
    return {outer: {inner or "comment": address.tag}} if outer == "addrEx" else {outer: address.tag}


def _fake(ccy: str, chain: Chain, kind: str, number: int) -> str:
    """An address in the look of its chain, which nobody owns; a tagged currency shares one address."""
    digest = hashlib.sha256(f"{ccy}{0 if chain.needs_tag else number}".encode()).hexdigest()
    if kind == "2":
        return f"{'ltc' if ccy == 'LTC' else 'bc'}1q{digest[:38]}"
    if "ERC20" in chain.id or ccy == "ETH":
        return f"0x{digest[:40]}"
    return f"{ {'BTC': '1', 'LTC': 'L', 'XRP': 'r'}.get(ccy, 'T') }{digest[:33]}"


def modify_address(call: Call) -> Answer:
    """Say what deposits credit: for every address of the sub-account, whichever one is named."""
    account, currency = sub_account(call, does="deposit"), _currency(call)
    addr, to = need(call, "addr"), choice(call, "to", ("6", "18"))
    bare, _, tag = addr.partition(":")
    found = [a for a in account.addresses if a.ccy == currency.code and a.addr == bare]
    if text(call, "chain"):
        chain = _chain(call, currency)
        found = [address for address in found if address.chain == chain.id]
    if not found:
        raise Refusal("58301")
    tagged = [address for address in found if address.tag == tag]
    if not tagged:
        raise Refusal("58302" if not tag else "58301")
    address = tagged[0]

    def effect() -> None:
        account.deposit_to = to

    row = {"chain": address.chain, "ccy": address.ccy, "addr": addr, "to": to, "ts": call.now}
    blank = dict.fromkeys(("tag", "memo", "pmtId", "comment"), "")
    return Answer([{**row, **blank, **_tag(address, call.venue.flags.address_tag)}], effect)


def list_addresses(call: Call) -> Answer:
    """The addresses of a sub-account in one currency."""
    account, currency = sub_account(call), _currency(call)
    return Answer(_rows(call, account, currency))


def own_addresses(call: Call) -> Answer:
    """The addresses of the calling account in one currency."""
    rows = _rows(call, call.account, _currency(call))
    return Answer([{**row, "verifiedName": ""} for row in rows])


def _rows(call: Call, account: Account, currency: Currency) -> list[Row]:
    contracts = {chain.id: chain.contract for chain in currency.chains}
    mine = [address for address in account.addresses if address.ccy == currency.code]
    newest = {address.chain: address for address in mine}
    rows = []
    for address in reversed(mine):
        row: Row = {"addr": address.addr, "chain": address.chain, "ccy": address.ccy}
        row |= {"to": account.deposit_to}
        row |= _tag(address, call.venue.flags.address_tag)
        selected = newest[address.chain] is address
        rows.append({**row, "selected": selected, "ctAddr": contracts.get(address.chain, ""), **address.extra})
    return rows
