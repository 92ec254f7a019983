"""The second readings that only some manifests meet: each is done, or told as what it is; and none is forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk, seed
from ladder_parts import KEY, LEVEL, NO_CHANGES, settle
from patience import until
from test_ladder_readings import OTHER
from test_ladder_wait_flat import SWAP, Waiting, close, held, sockets, wanted

from acctcfg.sandbox.okx.flags import Flags

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
PUSHES = {
    "empty_snapshot": True,
    "close_push": False,
    "snapshot_page_size": 1,
    "ws_ack": "args",
    "duplicate_order_frames": True,
}


def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, **flags: Any) -> Any:
    """A broker whose venue reads its own pages that way."""
    return Desk.at(tmp_path, monkeypatch, seed(flags=flags))


def wants(desk: Desk, mode: str, **fields: Any) -> Desk:
    """An account that is in that mode already."""
    return desk.write({"mmdesk01": {"account_mode": mode, "api_keys": KEY, **fields}})


@pytest.mark.parametrize("by_instrument", [False, True])
def test_spot_margin_by_currency_or_by_instrument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_instrument: bool
) -> None:
    """Kept by currency it is set; where the venue keeps it by instrument it says so, and nothing else is stopped."""
    entries = [{"market": "margin", "currency": "USDT", "margin": "cross", "value": 3}]
    with other(tmp_path, monkeypatch, spot_margin_by_instrument=by_instrument) as desk:
        settle(desk, "mmdesk01", acctLv=LEVEL["spot"], enableSpotBorrow=True)
        wants(desk, "spot", leverage=entries, settings={"greeks": "BS"})
        if not by_instrument:
            desk.converge()
            assert desk.account("mmdesk01")["leverage"] == {"MARGIN/cross/USDT": "3"}
            return
        said = desk.apply("--skip-blocked")
        assert said.code == 1
        assert "mmdesk01.leverage[margin/USDT/cross]" in said.out + said.err
        assert "51010" in said.out + said.err
        assert desk.writes("/set-leverage") == []


@pytest.mark.parametrize(("mode", "modes", "code"), [("portfolio", ["3", "4"], 0), ("portfolio", ["3"], 3)])
def test_automatic_borrowing_in_portfolio_margin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str, modes: list[str], code: int
) -> None:
    """Where the venue has it in multi-currency alone, its refusal (54001) is shown, after one write."""
    with other(tmp_path, monkeypatch, auto_loan_modes=modes) as desk:
        settle(desk, "mmdesk01", acctLv=LEVEL[mode])
        said = wants(desk, mode, settings={"auto_loan": True}).apply()
        assert said.code == code, said.out
        assert ("54001" in said.out) == bool(code)
        assert len(desk.writes()) == 1


@pytest.mark.parametrize(("least", "code"), [(10_000, 0), (20_000, 3)])
def test_what_an_account_must_hold_for_options(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, least: int, code: int
) -> None:
    """The venue judges: 15,000 USD are enough by the newer text; by the older one it is blocked by its word (51147)."""
    with other(tmp_path, monkeypatch, option_assets_usd=least) as desk:
        settle(desk, "mmdesk01", acctLv="2", trading={"USDT": "15000"})
        said = wants(desk, "futures", settings={"option_trading": True}).apply("--allow-sensitive")
        assert said.code == code, said.out
        assert ("51147" in said.out) == bool(code)
        assert desk.account("mmdesk01")["opAuth"] == ("0" if code else "1")


@pytest.mark.parametrize("digits", [0, 2])
def test_leverage_of_a_contract_with_decimals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, digits: int) -> None:
    """2.5 is set where the venue takes it; where it takes whole numbers it is refused once, and told."""
    entry = {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 2.5}
    with other(tmp_path, monkeypatch, contract_leverage_decimals=digits) as desk:
        settle(desk, "mmdesk01", acctLv="2")
        wants(desk, "futures", leverage=[entry])
        if digits:
            desk.converge()
            assert desk.account("mmdesk01")["leverage"] == {"SWAP/cross/BTC-USDT-SWAP": "2.5"}
        else:
            assert desk.apply().code == 1
            assert [row["code"] for row in desk.writes()] == ["51000"]


@pytest.mark.parametrize("flags", [{}, PUSHES, *({name: value} for name, value in PUSHES.items())], ids=str)
def test_waiting_until_flat_under_either_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: dict[str, Any]
) -> None:
    """However the socket pages, acknowledges and pushes: what is closed is seen, and not before."""
    with other(tmp_path, monkeypatch, **flags) as desk:
        held(desk)
        desk.open("customer01", "positions", **{**SWAP, "instId": "ETH-USDT-SWAP"})
        desk.open("customer01", "orders", instId="BTC-USDT-SWAP")
        wanted(desk, "customer01")
        with Waiting(desk) as waiting:
            until(lambda: len(sockets(desk)) == 2)
            close(desk)
            assert (desk.writes(), waiting.over) == ([], False)
            close(desk, what="orders")
            assert waiting.said().code == 0


@pytest.mark.parametrize("needed", [False, True])
def test_a_mode_that_nobody_activated_under_a_broker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, needed: bool
) -> None:
    """A broker's call may need it too: then its refusal (51070) is told with what a person does, after one write."""
    flags = {"dma_level_needs_activation": needed, "activated_modes": ["1"]}
    with other(tmp_path, monkeypatch, **flags) as desk:
        said = wants(desk, "futures").apply()
        assert said.code == (1 if needed else 0), said.out
        assert ("51070" in said.out) == needed
        assert desk.account("mmdesk01")["acctLv"] == ("1" if needed else "2")
        assert len(desk.writes("/set-subaccount-level")) == 1


@pytest.mark.parametrize("field", ["marker", "maker"])
def test_either_spelling_of_a_makers_rate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    """`show --fees` of a broker's sub-account has both rates."""
    with other(tmp_path, monkeypatch, fee_maker_field=field) as desk:
        settle(desk, "mmdesk01")
        desk.write({"mmdesk01": {"uid": desk.account("mmdesk01")["uid"]}})
        (view,) = desk.run("show", "--fees", "--format", "json").json
        assert view["fees"][0]["maker"] is not None


@pytest.mark.parametrize(("creation", "code"), [("api", 0), ("web", 1)])
def test_a_plain_user_whose_accounts_are_made_on_the_web_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, creation: str, code: int
) -> None:
    """59518 is told with the venue's meaning of it at creation, and the list's own limit is kept either way."""
    bound = {**MASTER, "ip": "127.0.0.1"}
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "keys": [bound], "sub_accounts": {}}
    flags = {"subaccount_creation": creation, "subaccount_list_rate": 20}
    with Desk.at(tmp_path, monkeypatch, {"tenants": {"desk": tenant}, "flags": flags}) as desk:
        said = desk.write({"trader01": {"label": "Trader-01"}}, venue={"type": "okx"}).apply()
        assert said.code == code, said.out + said.err
        assert ("59518" in said.out) == bool(code)
        assert len(desk.writes("/create-subaccount")) == 1


@pytest.mark.parametrize(
    ("flags", "disabled", "code", "way"),
    [
        ({"collateral_fixed": ["USDT"]}, ["DOGE"], "", ""),
        ({"collateral_fixed": ["USDT"]}, ["USDT"], "59661", "leave it out of `disabled`"),
        ({"collateral_pairs": {"BTC": "ETH"}}, ["BTC", "ETH"], "", ""),
        ({"collateral_pairs": {"BTC": "ETH"}}, ["BTC"], "59660", "the currency that goes with it in the same list"),
    ],
)
def test_currencies_that_stay_or_go_together_as_collateral(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flags: dict[str, Any], disabled: list[str], code: str, way: str
) -> None:
    """The venue's refusal blocks the step, after one write, with its own way out; what it takes converges."""
    with other(tmp_path, monkeypatch, **flags) as desk:
        settle(desk, "mmdesk01", acctLv="3")
        wants(desk, "multi_currency", settings={"collateral": {"disabled": disabled}})
        if not code:
            desk.converge()
            return
        said = desk.apply()
        assert (said.code, code in said.out, len(desk.writes())) == (3, True, 1), said.out
        assert way in said.out
        assert "cancel or close" not in said.out


@pytest.mark.parametrize("pending_s", [0, 86_400])
def test_auto_earn_that_is_pending_is_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pending_s: int) -> None:
    """Turned on it may be `pending` for long: that is on, and a plan after it is empty."""
    with other(tmp_path, monkeypatch, auto_earn_pending_s=pending_s) as desk:
        settle(desk, "mmdesk01", acctLv="2", trading={"USDT": "15000"})
        wants(desk, "futures", settings={"auto_earn": {"USDT": True}})
        assert desk.apply("--allow-sensitive").code == 0
        assert desk.plan().last == NO_CHANGES


OF_THE_WORLD = {"max_subaccounts", "fresh_account_mode"}  # a size; and spot, by every document


def test_every_reading_is_tried() -> None:
    """Each switch of the sandbox is turned in the main job, or by a test of the ladder that names it."""
    texts = [file.read_text(encoding="utf-8") for file in HERE.glob("test_*.py")]
    untried = {name for name in Flags.__slots__ if name not in OTHER and not any(name in text for text in texts)}
    assert untried <= OF_THE_WORLD
