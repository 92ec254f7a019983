"""Deposit addresses: created up to a count, never twice, and credited where the manifest says."""

from __future__ import annotations

from typing import Any

from desk import Desk
from ladder_parts import KEY, NO_CHANGES, failing, settle


def _write(desk: Desk, **deposit: Any) -> None:
    desk.write({"payee001": {"api_keys": KEY, "deposit": deposit}})


def _chains(desk: Desk) -> list[str]:
    return sorted(address["chain"] for address in desk.account("payee001")["addresses"])


def _paths(desk: Desk) -> list[str]:
    return [row["path"].rpartition("/")[2] for row in desk.writes()]


def test_count_is_a_minimum(desk: Desk) -> None:
    """Two of one chain where one exists is one more; fewer than there are is no change; none is ever deleted."""
    settle(desk, "payee001", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}])
    assert set(desk.steps()) == {"payee001.deposit.addresses[USDT/USDT-TRC20/2]"}
    desk.converge()
    assert _chains(desk) == ["USDT-TRC20", "USDT-TRC20"]
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20"}])
    assert desk.plan().last == NO_CHANGES


def test_the_default_chain_is_the_venues_main_one(desk: Desk) -> None:
    """A currency without a chain means the one that the venue calls main, and the address of the step names it."""
    settle(desk, "payee001")
    _write(desk, addresses=[{"currency": "USDT"}])
    (step,) = desk.steps().values()
    chain = step["after"]["chain"]
    assert step["address"] == f"payee001.deposit.addresses[USDT/{chain}/1]"
    desk.converge()
    (made,) = desk.account("payee001")["addresses"]
    assert (made["ccy"], made["chain"]) == ("USDT", chain)
    assert desk.writes()[0]["body"]["chain"] == chain


def test_several_chains_of_one_currency(desk: Desk) -> None:
    """Each chain is counted by itself."""
    settle(desk, "payee001", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    both = [{"currency": "USDT", "chain": chain} for chain in ("USDT-TRC20", "USDT-ERC20")]
    _write(desk, addresses=both)
    desk.converge()
    assert _chains(desk) == ["USDT-ERC20", "USDT-TRC20"]


def test_segwit_is_asked_for_at_creation(desk: Desk) -> None:
    """The address type goes out with the creation; it cannot be read back, so what exists counts whatever its type."""
    settle(desk, "payee001")
    _write(desk, addresses=[{"currency": "BTC", "type": "segwit"}])
    desk.converge()
    assert desk.account("payee001")["addresses"][0]["type"] == "2"
    _write(desk, addresses=[{"currency": "BTC", "type": "regular"}])
    assert desk.plan().last == NO_CHANGES


def test_new_addresses_carry_where_they_credit(desk: Desk) -> None:
    """With no address there yet, credit_to is no write of its own: the creations carry it."""
    settle(desk, "payee001")
    _write(desk, credit_to="trading", addresses=[{"currency": "USDT"}, {"currency": "BTC"}])
    assert {step["after"]["credit_to"] for step in desk.steps().values()} == {"trading"}
    desk.converge()
    assert _paths(desk) == ["subaccount-deposit-address"] * 2
    assert desk.account("payee001")["to"] == "18"


def test_credit_to_is_one_write_where_addresses_exist(desk: Desk) -> None:
    """Where addresses exist, a change of credit_to is one write for the whole account, and the way back is another."""
    rows = [
        {"ccy": ccy, "chain": chain, "addr": ccy} for ccy, chain in (("BTC", "BTC-Bitcoin"), ("USDT", "USDT-TRC20"))
    ]
    settle(desk, "payee001", to="6", addresses=rows)
    addresses = [{"currency": "USDT", "chain": "USDT-TRC20"}, {"currency": "BTC", "chain": "BTC-Bitcoin"}]
    for number, (word, code) in enumerate((("trading", "18"), ("funding", "6")), start=1):
        _write(desk, credit_to=word, addresses=addresses)
        (step,) = desk.steps().values()
        assert (step["address"], step["after"]) == ("payee001.deposit.credit_to", word)
        desk.converge()
        assert desk.account("payee001")["to"] == code
        assert len(desk.writes()) == number


def test_credit_to_of_an_address_with_a_tag(desk: Desk) -> None:
    """Where the only addresses carry a tag, credit_to can be changed all the same."""
    settle(desk, "payee001")
    _write(desk, credit_to="funding", addresses=[{"currency": "XRP"}])
    desk.converge()
    assert desk.account("payee001")["addresses"][0]["tag"]
    _write(desk, credit_to="trading", addresses=[{"currency": "XRP"}])
    desk.converge()
    assert desk.account("payee001")["to"] == "18"


def test_a_new_address_does_not_move_where_the_others_credit(desk: Desk) -> None:
    """Where the manifest does not say credit_to, a creation carries the present value: it does not move."""
    settle(desk, "payee001", to="18", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}])
    desk.converge()
    assert desk.account("payee001")["to"] == "18"


def test_a_new_currency_does_not_move_where_the_others_credit(desk: Desk) -> None:
    """The same where the addresses that exist are of another currency of the manifest."""
    settle(desk, "payee001", to="18", addresses=[{"ccy": "USDT", "chain": "USDT-TRC20", "addr": "Tone"}])
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20"}, {"currency": "BTC"}])
    desk.converge()
    assert desk.account("payee001")["to"] == "18"


def test_the_twenty_first_address_is_blocked_by_the_venue(desk: Desk) -> None:
    """Twenty of a currency is the limit over all its chains: the venue's refusal (58300) counts as blocked."""
    rows = [{"ccy": "USDT", "chain": "USDT-ERC20", "addr": f"0x{number}"} for number in range(20)]
    settle(desk, "payee001", addresses=rows)
    _write(desk, addresses=[{"currency": "USDT", "chain": "USDT-TRC20"}])
    said = desk.apply()
    assert (said.code, said.last) == (3, "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed.")


def test_addresses_need_no_key(desk: Desk) -> None:
    """Deposit addresses are the broker's: an account without any key gets them, new or old."""
    settle(desk, "payee001", labels=())
    accounts = {name: {"deposit": {"addresses": [{"currency": "BTC"}]}} for name in ("payee001", "payee002")}
    desk.write(accounts)
    assert not any(failing(step) for step in desk.steps().values())
    desk.converge()
    assert [desk.account(name)["keys"] for name in accounts] == [[], []]
