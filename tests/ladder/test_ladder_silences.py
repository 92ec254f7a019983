"""Where the venue's pages are silent or contradict themselves, acctcfg is right under either reading."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from desk import Desk, seed

KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
BASE: dict[str, Any] = {"account_mode": "futures", "position_mode": "net", "api_keys": KEY}


def world(**flags: Any) -> dict[str, Any]:
    """An empty broker whose venue reads its own pages that way."""
    return seed(flags=flags)


def entry(**fields: Any) -> dict[str, Any]:
    """A leverage entry of isolated futures."""
    return {"market": "futures", "margin": "isolated", **fields}


def test_isolated_futures_kept_by_family_converge_where_one_value_is_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kept by contract or by family: one value for a family is right after one apply."""
    with Desk.at(tmp_path, monkeypatch, world(isolated_futures_scope="family")) as desk:
        desk.write({"mmdesk01": {**BASE, "leverage": [entry(family="BTC-USDT", value=7)]}})
        desk.converge()


@pytest.mark.slow
def test_a_scope_that_is_wider_than_assumed_is_reported_not_fought_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two contracts of a family, two values, and a venue that keeps one: always a failure that names both."""
    wanted = [entry(instrument="BTC-USDT-271231", value=7), entry(instrument="BTC-USDT-280331", value=9)]
    with Desk.at(tmp_path, monkeypatch, world(isolated_futures_scope="family")) as desk:
        desk.write({"mmdesk01": {**BASE, "leverage": wanted}})
        for run in range(3):
            before = len(desk.writes("/set-leverage"))
            said = desk.apply()
            assert said.code == 1
            assert "the venue keeps one value for" in said.out
            assert all(f"futures/BTC-USDT-{one}/isolated" in said.out for one in ("271231", "280331"))
            assert len(desk.writes("/set-leverage")) - before == (1 if run else 2)


def test_isolated_margin_that_was_withdrawn_stops_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under 50072 isolated leverage cannot even be read: that step fails with the code, cross leverage is set."""
    wanted = [
        {"market": "swap", "family": "BTC-USDT", "margin": "isolated", "value": 7},
        {"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 8},
    ]
    with Desk.at(tmp_path, monkeypatch, world(isolated_in_advanced_modes=False)) as desk:
        desk.write({"mmdesk01": {**BASE, "account_mode": "multi_currency", "leverage": wanted}})
        said = desk.apply()
        assert said.code == 1
        assert "50072" in said.out
        assert said.last == "Applied: 2 created, 2 changed, 0 deleted, 0 blocked, 1 failed."
        assert desk.account("mmdesk01")["leverage"] == {"SWAP/cross/BTC-USDT-SWAP": "8"}
        document = desk.plan("--format", "json").json
        assert [one["code"] for one in document["unreadable"]] == ["50072"]
        assert document["steps"] == []


def test_a_new_key_that_takes_a_while_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """50119 right after a create is a key on its way, not a lost one: no second key."""
    with Desk.at(tmp_path, monkeypatch, world(key_delay_s=5)) as desk:
        desk.write({"mmdesk01": BASE})
        desk.converge()
        assert len(desk.writes("/subaccount/apikey")) == 1


def test_either_shape_of_the_rate_limit_is_waited_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """50011 with HTTP 200 and with HTTP 429 both mean "not executed": the write is sent again, once."""
    with Desk.at(tmp_path, monkeypatch, world(rate_limit_status=200)) as desk:
        desk.write({"mmdesk01": BASE})
        for kind in ("rate_limited", "rate_limited_200"):
            desk.fault(match={"path": "*/create-subaccount"}, kind=kind)
        assert desk.apply().code == 0
        assert [row["code"] for row in desk.writes("/create-subaccount")] == ["50011", "50011", "0"]


def test_leverage_that_a_region_does_not_serve_is_unreadable(desk: Desk) -> None:
    """A 404 is neither a default nor a missing setting: exit 1, no write, and the rest is planned."""
    desk.write({"mmdesk01": BASE})
    assert desk.apply().code == 0
    before = len(desk.writes())
    desk.fault(match={"path": "*/leverage-info"}, kind="status", status=404, times=0)
    desk.write({"mmdesk01": {**BASE, "position_mode": ..., "leverage": [entry(family="BTC-USDT", value=7)]}})
    said = desk.plan("--format", "json")
    assert said.code == 1
    assert {one["address"].partition("[")[0] for one in said.json["unreadable"]} == {"mmdesk01.leverage"}
    assert desk.apply().code == 1
    assert len(desk.writes()) == before


def test_a_fresh_account_may_start_in_another_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a new account starts in is read, not assumed."""
    with Desk.at(tmp_path, monkeypatch, world(fresh_position_mode="long_short_mode")) as desk:
        desk.write({"mmdesk01": BASE})
        desk.converge()
        assert desk.account("mmdesk01")["posMode"] == "net_mode"


@pytest.mark.slow
def test_portfolio_margin_leaves_net_behind(desk: Desk) -> None:
    """From long/short to portfolio and back: the position mode that the manifest wants is set again."""
    hedged = {**BASE, "position_mode": "long_short"}
    desk.write({"mmdesk01": hedged})
    desk.converge()
    desk.write({"mmdesk01": {**BASE, "account_mode": "portfolio", "position_mode": "net"}})
    desk.converge()
    desk.write({"mmdesk01": hedged})
    desk.converge()
    assert desk.account("mmdesk01")["posMode"] == "long_short_mode"


@pytest.mark.parametrize("code", ["59506", "59510"])
def test_what_is_gone_already_needs_no_delete(desk: Desk, code: str) -> None:
    """Somebody else deletes the key, or the account, right before: the venue's "unknown" means that it is done."""
    old = {**KEY, "old": {"permissions": ["read"], "store": "vault"}}
    desk.write({"mmdesk01": {"api_keys": old}})
    assert desk.apply().code == 0
    gone = {"state": "absent"} if code == "59510" else {}
    keys = old if gone else {**KEY, "old": {"state": "absent"}}
    desk.write({"mmdesk01": {"api_keys": keys, **gone}}, guardrails={"max_deletes": 1})
    path = "accounts/mmdesk01" if gone else "accounts/mmdesk01/keys/old"
    ending = "delete-subaccount" if gone else "delete-apikey"
    desk.fault(match={"path": f"*/{ending}"}, kind="hook", do=[{"method": "DELETE", "path": path}])
    said = desk.apply()
    assert said.code == 0, said.out + said.err
    assert said.last == "Applied: 0 created, 0 changed, 1 deleted, 0 blocked, 0 failed."


@pytest.mark.parametrize("said", ["404", "50005", "50115", "59608"])
def test_a_call_that_the_venue_no_longer_documents_is_a_no_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    """A bare 404 (or the venue's code for it) on a broker's call: not executed, sent once, and whom to ask."""
    with Desk.at(tmp_path, monkeypatch, world(dma_endpoints="public" if said == "404" else "full")) as desk:
        desk.write({"mmdesk01": BASE})
        if said != "404":
            desk.fault(match={"path": "*/create-subaccount"}, kind="code", code=said, times=0)
        told = desk.apply("--format", "json")
        first = told.json["results"][0]
        assert (told.code, first["status"], first["code"]) == (1, "failed", said)
        assert "OKX no longer documents this call publicly" in first["message"]
        assert "ask your broker manager" not in first["message"]
        assert [note for note in told.json["notes"] if "nothing was executed; ask your broker manager" in note]
        assert len(desk.writes("/create-subaccount")) == 1


def test_a_web_page_in_place_of_such_a_call_is_told_as_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 404 with a page may be OKX's no or a proxy's: a write is settled by reading, and the words name whom to ask."""
    with Desk.at(tmp_path, monkeypatch, world()) as desk:
        for path in ("*/create-subaccount", "*/subaccount-deposit-address"):
            desk.fault(match={"path": path}, kind="html", status=404, times=0)
        desk.write({"mmdesk02": {}})
        told = desk.apply("--format", "json").json["results"][0]
        assert told["status"] == "unknown"
        assert "ask your broker manager whether it is open to you (HTTP 404, an HTML page" in told["message"]
        desk.sandbox.control_post("accounts/mmdesk01", {})
        desk.write({"mmdesk01": {"deposit": {"addresses": [{"currency": "USDT"}]}}})
        said = desk.plan()
        assert said.code == 1
        assert "OKX no longer documents this call publicly: ask your broker manager" in said.out


@pytest.mark.slow
def test_a_delete_that_the_venue_no_longer_documents_deletes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A 404 to a delete never counts as "gone already", for a key and for an account."""
    deletes = {"max_deletes": 5}
    with Desk.at(tmp_path, monkeypatch, world()) as desk:
        bot = {"permissions": ["read"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
        desk.write({"mmdesk01": {**BASE, "api_keys": {**KEY, "bot": bot}}, "mmdesk02": {}})
        desk.converge()
        for ending in ("delete-apikey", "delete-subaccount"):
            desk.fault(match={"path": f"*/{ending}"}, kind="status", status=404, times=0)
        keys = {**KEY, "bot": {"state": "absent"}}
        desk.write({"mmdesk01": {**BASE, "api_keys": keys}, "mmdesk02": {"state": "absent"}}, guardrails=deletes)
        told = desk.apply("--format", "json")
        statuses = {row["address"]: (row["status"], row["code"]) for row in told.json["results"]}
        assert statuses == {"mmdesk01.api_keys[bot]": ("failed", "404"), "mmdesk02": ("failed", "404")}
        assert (told.code, len(desk.writes("/delete-apikey")), len(desk.writes("/delete-subaccount"))) == (1, 1, 1)


def test_whom_to_ask_is_said_once_for_twenty_accounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run over many accounts has one line of advice for a call that is not open to this broker, not one each."""
    with Desk.at(tmp_path, monkeypatch, world(dma_endpoints="public")) as desk:
        desk.write({f"mmdesk{number:02}": {} for number in range(20)})
        said = desk.apply()
        assert (said.code, said.out.count("FAILED")) == (1, 20)
        assert (said.out + said.err).count("ask your broker manager") == 1
        assert (said.out + said.err).count("OKX no longer documents this call publicly") == 1


def test_leverage_that_a_regional_host_does_not_serve_is_unreadable_with_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No leverage is written there; all else of a new account is made, and a plan says what to do."""
    wanted = [{"market": "swap", "family": f"{coin}-USDT", "margin": "cross", "value": 7} for coin in ("BTC", "ETH")]
    with Desk.at(tmp_path, monkeypatch, world(leverage_info_404=True)) as desk:
        desk.write({"mmdesk01": {**BASE, "leverage": wanted}})
        said = desk.apply()
        assert (said.code, said.last) == (1, "Applied: 2 created, 1 changed, 0 deleted, 0 blocked, 2 failed.")
        assert said.out.count("is not served here") == 1  # one reason, told once
        plan = desk.plan()
        assert plan.code == 1
        assert "the venue's host of this region does not serve it, so leverage cannot be managed here" in plan.out
        assert not desk.writes("/set-leverage")
        desk.sandbox.control_post("flags", leverage_info_404=False)
        desk.fault(match={"path": "*/leverage-info"}, kind="html", status=404, times=0)
        said = desk.plan()  # the same with a web page
        assert said.code == 1
        assert "the venue's host of this region does not serve it" in said.out
