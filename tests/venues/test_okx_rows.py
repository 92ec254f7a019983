"""Rows of the venue: what one field says wrong, or in a new word, spoils that field and nothing else."""

from __future__ import annotations

from dataclasses import fields
from decimal import Decimal
from typing import Any

import pytest

from acctcfg.core.state import Unreadable
from acctcfg.venues.gate_crossex.main_user import KeyRow
from acctcfg.venues.gate_crossex.main_user import SubAccount as GateRow
from acctcfg.venues.okx.account_reads import Config
from acctcfg.venues.okx.instruments import positive
from acctcfg.venues.okx.listed import EVERYTHING, SubAccount
from acctcfg.venues.okx.vocabulary import ips_of
from acctcfg.wire.answer import Many, Parts

ROW = {
    "subAcct": "desk01",
    "uid": "700",
    "label": "Desk ",
    "acctLv": "3",
    "enable": True,
    "frozenFunc": [],
    "canTransOut": "true",
    "subAcctLv": "1",
    "firstLvSubAcct": "desk01",
    "ts": "1700000000000",
}
CONFIG = {
    "uid": "700",
    "mainUid": "1",
    "type": "1",
    "acctLv": "3",
    "posMode": "net_mode",
    "enableSpotBorrow": False,
    "label": "trading",
    "perm": "read_only,trade",
    "ip": "192.0.2.1",
    "greeksType": "PA",
    "ctIsoMode": "automatic",
}
ODD = ("a word of 2027", "", 7, None, ["?"], {"?": 1}, Many(["?"]), Parts({"?": 1}))  # the last two as they arrive


def unlike(one: object, other: object) -> set[str]:
    """The fields in which two rows differ, but for the answer itself that one may keep."""
    return {f.name for f in fields(one) if f.compare and getattr(one, f.name) != getattr(other, f.name)}  # type: ignore[arg-type]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize("name", sorted(ROW.keys() - {"subAcct"}))
def test_an_odd_word_in_a_sub_accounts_row(name: str, odd: Any) -> None:
    """The list is read, and at most one field of that row is not as before."""
    right, found = SubAccount.of(ROW), SubAccount.of({**ROW, name: odd})
    assert len(unlike(right, found)) <= 1
    assert not isinstance(right.account_mode, Unreadable)


@pytest.mark.parametrize("odd", ["a word of 2027", "", 7, None, Many(["?"]), Parts({"?": 1})], ids=repr)
@pytest.mark.parametrize("name", sorted(CONFIG.keys() - {"uid", "perm"}))
def test_an_odd_word_in_a_configuration(name: str, odd: Any) -> None:
    """The account is read, and at most one field of it is not as before."""
    assert len(unlike(Config.of(CONFIG), Config.of({**CONFIG, name: odd}))) <= 1


@pytest.mark.parametrize(
    ("row", "parent"),
    [
        # the rows of before 2025-05-28
        ({"mainAcct": ""}, ""),
        ({"mainAcct": "first1"}, "first1"),
        # those of today
        ({"subAcctLv": "1", "firstLvSubAcct": "desk01"}, ""),
        ({"subAcctLv": 1, "firstLvSubAcct": "desk01"}, ""),
        ({"firstLvSubAcct": "desk01"}, ""),
        ({"subAcctLv": "1"}, ""),
        ({"subAcctLv": "2", "firstLvSubAcct": "first1"}, "first1"),
        ({"firstLvSubAcct": "first1"}, "first1"),
        # both, and neither
        ({"mainAcct": "first1", "subAcctLv": "2", "firstLvSubAcct": "first1"}, "first1"),
        ({"mainAcct": "", "subAcctLv": "2", "firstLvSubAcct": "first1"}, "first1"),
        ({"subAcctLv": "2"}, None),
        ({}, None),
    ],
)
def test_the_parent_is_read_from_both_generations_of_rows(row: dict[str, Any], parent: str | None) -> None:
    """A second-level account is one in either form; where no field says, the parent is not known, not none."""
    assert SubAccount.of({"subAcct": "desk01", "uid": "7", **row}).parent == parent


@pytest.mark.parametrize(
    ("row", "frozen"),
    [
        ({}, ()),
        ({"enable": True, "frozenFunc": []}, ()),
        ({"enable": "true", "frozenFunc": ""}, ()),
        ({"enable": False, "frozenFunc": ["trading"]}, ("trading",)),
        ({"enable": True, "frozenFunc": ["deposit", "transfer"]}, ("deposit", "transfer")),
        ({"enable": False, "frozenFunc": "trading,deposit"}, ("deposit", "trading")),
        ({"enable": False, "frozenFunc": ["a_word_of_2027"]}, ("a_word_of_2027",)),
        ({"enable": False, "frozenFunc": []}, (EVERYTHING,)),
        ({"enable": "false"}, (EVERYTHING,)),
    ],
)
def test_what_is_frozen(row: dict[str, Any], frozen: tuple[str, ...]) -> None:
    """The functions by name, a new word too; an account that is frozen without a message has all of them frozen."""
    found = SubAccount.of({"subAcct": "desk01", "uid": "7", **row})
    assert found.frozen == frozen
    assert found.is_frozen("trading") == ("trading" in frozen or EVERYTHING in frozen)


def test_outer_blanks_of_a_label_are_none() -> None:
    """The venue adds one."""
    assert SubAccount.of(ROW).label == "Desk"


@pytest.mark.parametrize(
    ("spellings", "one"),
    [
        (("2001:db8::1", "2001:0DB8:0:0:0:0:0:1", " 2001:DB8::1 "), "2001:db8::1"),
        (("192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201"), "192.0.2.1"),
        (("not an address", " not an address"), "not an address"),
        (("192.0.2.001",), "192.0.2.001"),
    ],
)
def test_an_address_is_the_same_however_it_is_written(spellings: tuple[str, ...], one: str) -> None:
    """At both venues; what is no address stays as it is."""
    for text in spellings:
        assert ips_of(text) == (one,)
        row = {"key": "k", "name": "n", "perms": [], "ip_whitelist": [text], "state": 1}
        assert KeyRow.of(row).ip_allowlist == (one,)
    assert ips_of(",".join(spellings)) == (one,)


@pytest.mark.parametrize("blanks", ["Desk", " Desk", "Desk ", " Desk "])
def test_a_label_is_the_same_with_outer_blanks(blanks: str) -> None:
    """At both venues."""
    assert SubAccount.of({**ROW, "label": blanks}).label == "Desk"
    assert GateRow.of({"login_name": "desk01", "user_id": 7, "remark": blanks}).label == "Desk"


@pytest.mark.parametrize("lever", ["5", "5.0", "5.000", 5, 5.0, Decimal("5.0"), "5E0", "05"])
def test_a_leverage_is_the_same_however_it_is_written(lever: Any) -> None:
    """A number is a number, as text or not."""
    assert positive(lever) == 5
