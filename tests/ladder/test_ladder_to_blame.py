"""`acctcfg explain okx:CODE ACCOUNT`: which position, order, bot or debt a refusal is about, as things are now."""

from __future__ import annotations

import pytest
from desk import Desk
from ladder_parts import KEY, own_secret, settle

from acctcfg.venues.okx.blockers import POSITIONS_OF, questions_of
from acctcfg.venues.okx.own_codes import PRECHECKS
from acctcfg.venues.okx.refusals import CODES, PRECONDITIONS
from acctcfg.venues.okx.switch_items import ITEMS

SWAP = "BTC-USDT-SWAP"
LENT = {"instType": "MARGIN", "mgnMode": "isolated"}  # a pair under isolated margin


@pytest.fixture
def asked(desk: Desk):
    """A desk with one account, of which the manifest manages the keys alone."""
    settle(desk, "mmdesk01")
    desk.write({"mmdesk01": {"api_keys": KEY}})

    def explain(code: str, account: str = "mmdesk01"):
        before = len(desk.writes())
        said = desk.run("explain", f"okx:{code}", account)
        assert len(desk.writes()) == before
        assert own_secret("mmdesk01")["secret_key"] not in said.out + said.err
        return said

    return explain


def test_what_is_open_is_named(desk, asked):
    """The error's own words stand first, then each list with what is in it."""
    desk.open("mmdesk01", "positions", instId=SWAP, size="3")
    desk.open("mmdesk01", "orders", instId="ETH-USDT")
    said = asked("59000")
    assert said.code == 0
    assert said.out.startswith("okx:59000\n  positions, orders or bots are in the way")
    assert (
        "In mmdesk01 now\n  x no open positions  BTC-USDT-SWAP 3 (cross)\n  x no pending orders  ETH-USDT " in said.out
    )
    assert "  v no algo orders\n  v no trading bots\n" in said.out
    assert said.last == "  What is marked x stands in the way."


def test_a_code_of_one_margin_mode_names_what_is_of_it(desk, asked):
    """An isolated order is not to blame for a refusal about cross ones."""
    desk.open("mmdesk01", "orders", instId=SWAP, tdMode="isolated")
    assert asked("59107").last == "  Nothing stands in the way now: plan again."
    assert f"x no pending orders  {SWAP}" in asked("59101").out


@pytest.mark.parametrize(
    ("item", "check", "blamed", "others"),
    [
        ("cross_margin", "no cross margin positions", {"instType": "MARGIN"}, ({"instId": SWAP}, LENT)),
        (
            "isolated_margin",
            "no isolated margin positions",
            LENT,
            ({"instType": "MARGIN"}, {"instId": SWAP}),
        ),
        (
            "isolated_contract",
            "no isolated contracts with margin moved by hand",
            {"instId": SWAP, "mgnMode": "isolated"},
            ({"instId": SWAP, "mgnMode": "cross"}, LENT),
        ),
        (
            "growth_fund",
            "no positions with trial funds",
            {"instId": SWAP, "bizRefType": "1", "bizRefId": "7"},
            ({"instId": "ETH-USDT-SWAP"},),
        ),
    ],
)
def test_an_item_of_the_switch_blames_no_other_position(desk, asked, item, check, blamed, others):
    """Asked about cross margin, nobody is told to close a contract: only what the venue's item is about is named."""
    desk.sandbox.control_post("accounts/mmdesk01/set", {"acctLv": "2"})
    for one in others:
        desk.open("mmdesk01", "positions", **{"instId": "BTC-USDT", "size": "2", **one})
    said = asked(item)
    assert (said.code, said.last) == (0, "  Nothing stands in the way now: plan again."), said.out
    desk.open("mmdesk01", "positions", **{"instId": "BTC-USDT", "size": "7", **blamed})
    margin = blamed.get("mgnMode", "cross")
    assert f"  x {check}  {blamed.get('instId', 'BTC-USDT')} 7 ({margin})\n" in asked(item).out


def test_an_item_that_is_about_sides_blames_what_is_held_per_side(desk, asked):
    """Margin positions have no side, and are not named."""
    desk.sandbox.control_post("accounts/mmdesk01/set", {"acctLv": "2", "posMode": "long_short_mode"})
    desk.open("mmdesk01", "positions", instId="BTC-USDT", instType="MARGIN")
    assert asked("contract_long_short").last == "  Nothing stands in the way now: plan again."
    desk.open("mmdesk01", "positions", instId=SWAP, posSide="short", size="3")
    assert f"  x no contracts held per side  {SWAP} 3 (cross, short)\n" in asked("contract_long_short").out


def test_an_item_that_is_about_debts_names_them(desk, asked):
    """As the code of the refusal does."""
    desk.sandbox.control_post("accounts/mmdesk01/balances", {"debts": {"USDT": "3"}})
    assert "  x nothing is borrowed  3 USDT\n" in asked("repay_borrowings").out


def test_every_item_about_positions_says_which():
    """Of a new one nobody is told to close all that is open."""
    about = {type_ for type_, item in ITEMS.items() if item.lists == ("positions",)}
    assert about == set(POSITIONS_OF)


def test_several_accounts_are_looked_at_in_turn(desk, asked):
    """By names or a pattern, each once; one that has no key says so, and keeps nothing of the others back."""
    desk.write({"mmdesk01": {"api_keys": KEY}, "mmdesk02": {"name": "nobodys01"}})
    desk.open("mmdesk01", "positions", instId=SWAP, size="3")
    said = desk.run("explain", "okx:59000", "mmdesk01", "mmdesk*")
    assert said.code == 1
    assert said.out.count("In mmdesk01 now\n  x no open positions  BTC-USDT-SWAP 3 (cross)\n") == 1
    assert said.err.startswith("mmdesk02: could not be read: ")


def test_what_cannot_be_read_is_no_all_clear(desk, asked):
    """A list that fails is `?`, exit 1; nobody is told to plan again."""
    desk.fault(match={"path": "*/account/positions"}, times=0, kind="status", status=503)
    said = asked("59134")
    assert said.code == 1
    assert "  ? no open positions" in said.out
    assert said.last == "  Not everything could be read, so the cause is unknown."


@pytest.mark.parametrize(
    ("code", "account", "message"),
    [
        ("59000", "mmdesk02", "the manifest has no account mmdesk02 (did you mean mmdesk01?)"),
        ("59133", "mmdesk01", "okx:59133 is not about anything that can be read from an account"),
        ("99999", "mmdesk01", "okx:99999 is not an error that acctcfg knows"),
    ],
)
def test_what_cannot_be_looked_for_sends_nothing(desk, asked, code, account, message):
    """Said at once, with nothing on stdout and no request."""
    said = asked(code, account)
    assert (said.code == 0, said.out) == (False, "")
    assert message in said.err
    assert desk.sandbox.control_get("requests")["total"] == 0


def test_every_question_is_a_precheck_of_a_precondition():
    """The table asks what prechecks ask, of refusals that count as blocked."""
    asked = {code: questions_of(code) for code in CODES if questions_of(code)}
    assert set(asked) <= PRECONDITIONS
    shared = {"no_open_positions", "no_pending_orders", "empty"}
    assert {name for some in asked.values() for name in some} <= {*PRECHECKS, *shared, "no_usd_margined"}
