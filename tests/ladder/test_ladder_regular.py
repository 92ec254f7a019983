"""Type okx: a regular user and its sub-accounts, from nothing to configured, and what its API cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk
from rehearsing import compare

from acctcfg.core.desired import Place, VenueSpec
from acctcfg.venues.okx import OKX

BOUND = {**MASTER, "ip": "127.0.0.1"}
KEY = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
NO_CHANGES = "No changes. Live accounts match the manifest."


def world(subs: dict[str, Any] | None = None, key: dict[str, Any] = BOUND, **flags: Any) -> dict[str, Any]:
    """A plain user `desk` with a master key."""
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "keys": [key], "sub_accounts": subs or {}}
    return {"tenants": {"desk": tenant}, "flags": flags}


def served(seed: dict[str, Any]) -> pytest.MarkDecorator:
    """The world that a test begins in."""
    return pytest.mark.parametrize("desk", [pytest.param(seed, id="")], indirect=True)


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace on a sandbox that serves that world."""
    with Desk.at(tmp_path, monkeypatch, request.param) as made:
        yield made


def wants(desk: Desk, accounts: dict[str, Any], **sections: Any) -> Desk:
    """The manifest of a connection of type okx."""
    return desk.write(accounts, venue={"type": "okx"}, **sections)


def refused(desk: Desk, **fields: Any) -> str:
    """What `validate` says against one account."""
    said = wants(desk, {"trader01": fields}).run("validate")
    assert said.code == 1, said.out
    return said.err


@served(world())
@pytest.mark.slow
def test_twenty_accounts_from_nothing_in_one_apply(desk: Desk) -> None:
    """Created, each with a key of its own that sets its modes, settings and leverage; then there are no changes."""
    fields = {
        "api_keys": KEY,
        "account_mode": "multi_currency",
        "position_mode": "net",
        "transfer_out": True,
        "settings": {"greeks": "BS"},
        "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 3}],
    }
    names = [f"trader{number:02}" for number in range(1, 21)]
    wants(desk, dict.fromkeys(names, fields)).converge()
    secrets = {desk.secret(name, "trading")["api_key"] for name in names}
    assert len(secrets) == 20
    for name in names:
        account = desk.account(name)
        assert (account["acctLv"], account["posMode"], account["greeksType"]) == ("3", "net_mode", "BS")
        assert (account["canTransOut"], account["label"]) == (True, name)
    assert desk.too_many == 0


@served(world(key=MASTER))
def test_a_master_key_without_addresses_is_said_before_anything_is_written(desk: Desk) -> None:
    """50035: the creation and its key are blocked with the reason, and nothing is sent."""
    wants(desk, {"trader01": {"api_keys": KEY}})
    steps = desk.steps()
    checks = steps["trader01"]["prechecks"] + steps["trader01.api_keys[trading]"]["prechecks"]
    assert {(one["name"], one["status"]) for one in checks} >= {("master_key_bound", "fail")}
    said = desk.apply()
    assert (said.code, desk.writes()) == (3, [])
    assert "50035" in desk.plan().out


@served(world({"trader01": {}}, key=MASTER))
def test_what_its_own_key_does_wants_no_bound_master(desk: Desk) -> None:
    """`transfer_out` alone is set by an unbound master key."""
    wants(desk, {"trader01": {"transfer_out": True}}).converge()
    assert desk.account("trader01")["canTransOut"] is True


@pytest.mark.slow
@served(world())
def test_keys_are_changed_and_deleted(desk: Desk) -> None:
    """Permissions and addresses in place; a key that is to be absent goes."""
    both = {**KEY, "reading": {"permissions": ["read"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
    wants(desk, {"trader01": {"api_keys": both}}).converge()
    first = desk.secret("trader01", "reading")
    wider = {**both["reading"], "ip_allowlist": ["127.0.0.1", "203.0.113.9"], "permissions": ["read", "trade"]}
    wants(desk, {"trader01": {"api_keys": {**KEY, "reading": wider}}})
    assert desk.apply("--allow-sensitive").code == 0
    assert desk.plan().last == NO_CHANGES
    assert desk.secret("trader01", "reading") == first
    gone = {**KEY, "reading": {"state": "absent"}}
    wants(desk, {"trader01": {"api_keys": gone}}, guardrails={"max_deletes": 1}).converge()
    assert [key["label"] for key in desk.account("trader01")["keys"]] == ["trading"]


@served(world({"trader01": {"label": "Desk*one", "canTransOut": True}}))
def test_an_account_that_exists_is_taken_over(desk: Desk) -> None:
    """Its label is compared without the blank that the venue adds; a difference is a warning, never a step."""
    wants(desk, {"trader01": {"label": "Desk*one", "transfer_out": False}}).converge()
    assert desk.account("trader01")["canTransOut"] is False
    said = wants(desk, {"trader01": {"label": "Another*one"}}).plan("--format", "json").json
    assert said["steps"] == []
    assert "label_differs" in {one["code"] for one in said["warnings"]}


@pytest.mark.slow
@served(world({f"trader{number:03}": {} for number in range(1, 251)}))
def test_a_list_of_several_pages_is_read_to_its_end(desk: Desk) -> None:
    """Paged by time, three accounts to a millisecond, so that a page ends amid three: none is lost at its border."""
    for number, account in enumerate(desk.sandbox.app.venues["okx"].state.tenants["desk"].subs.values()):
        account.ts = 1_780_000_000_000 + number // 3
    names = [f"trader{number:03}" for number in range(1, 251)]
    wants(desk, {**{name: {"transfer_out": False} for name in names}, "trader999": {}})
    assert list(desk.steps()) == ["trader999"]
    desk.converge()


@served(world({"trader01": {"type": "5"}}))
def test_an_account_of_custody_is_named_by_its_kind(desk: Desk) -> None:
    """Nothing is made for it by the master: the key's step is blocked with the reason."""
    wants(desk, {"trader01": {"api_keys": KEY}})
    said = desk.plan("--format", "json").json
    assert "account_kind" in {one["code"] for one in said["warnings"]}
    [step] = said["steps"]
    assert {one["name"]: one["status"] for one in step["prechecks"]}["regular_account"] == "fail"
    assert (desk.apply().code, desk.writes()) == (3, [])


@served(world())
@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"state": "absent"}, "OKX has no call for it: delete the sub-account on OKX's web page"),
        ({"deposit": {"credit_to": "trading"}}, "OKX has no call for it: make deposit addresses on OKX's web page"),
        ({"parent": "trader02"}, "a regular sub-account can only be under its master"),
        ({"client_ip": "203.0.113.7"}, "it is a broker's report"),
        ({"label": "short"}, "must be 6 to 32 letters, digits and signs, without blanks"),
        ({"label": "two words"}, "must be 6 to 32 letters, digits and signs, without blanks"),
        ({"api_keys": {"a": {"permissions": ["withdraw"], "store": "vault"}}}, "withdraw"),
    ],
)
def test_what_the_api_cannot_do_is_refused_offline(desk: Desk, fields: dict[str, Any], words: str) -> None:
    """One message with the place, the reason, and what a person does instead."""
    said = refused(desk, **fields)
    assert words in said
    assert "acctcfg.yaml:" in said


@served(world())
def test_the_master_itself_is_configured(desk: Desk) -> None:
    """`role: main` beside its sub-accounts, by the same credentials."""
    wants(desk, {"house": {"role": "main", "settings": {"greeks": "BS"}}, "trader01": {"api_keys": KEY}}).converge()
    assert [row["path"].rpartition("/")[2] for row in desk.writes()].count("set-greeks") == 1


@pytest.mark.slow
@served(world())
def test_a_mode_waits_for_the_key_of_an_account_that_exists(desk: Desk) -> None:
    """The master cannot read it: it is known after the key, and set by the account itself."""
    wants(desk, {"trader01": {}}).converge()
    wants(desk, {"trader01": {"api_keys": KEY, "account_mode": "futures", "position_mode": "long_short"}})
    step = desk.steps()["trader01.account_mode"]
    assert (step["before"], step["before_known"], step["depends_on"]) == (None, False, ["trader01.api_keys[trading]"])
    assert step["calls"] == ["POST /api/v5/account/set-account-level"]
    desk.converge()


@served(world())
def test_a_demo_key_is_refused_at_a_live_connection(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall between the worlds, before any write."""
    monkeypatch.setenv("ACCTCFG_TRUST", desk.sandbox.base_url)
    desk.write({"trader01": {}}, venue={"type": "okx", "environment": "live"})
    said = desk.apply()
    assert (said.code, desk.writes()) == (1, [])
    assert "50101" in said.err


@pytest.mark.parametrize(
    "desk",
    [
        pytest.param(world(**flags), id=next(iter(flags)))
        for flags in (
            {"create_subaccount_answer": "short"},
            {"unknown_subaccount": "59510"},
            {"sub_label_required": False},
            {"sub_label_blank": True},
            {"key_delay_s": 2},
        )
    ],
    indirect=True,
)
def test_either_reading_of_the_documents_will_do(desk: Desk) -> None:
    """An answer without uid, an unknown name that is refused, a label with a blank, a key that takes effect later."""
    wants(desk, {"trader01": {"api_keys": KEY, "account_mode": "futures"}}).converge()
    assert desk.account("trader01")["acctLv"] == "2"


@served(world())
@pytest.mark.parametrize("path", ["create-subaccount", "subaccount/apikey"])
def test_a_lost_answer_makes_nothing_twice(desk: Desk, path: str) -> None:
    """The venue did it and its answer never came: it is found by reading, and the apply converges."""
    desk.fault(match={"path": f"*/users/{path}", "method": "POST"}, kind="reset_after", times=1)
    wants(desk, {"trader01": {"api_keys": KEY, "account_mode": "futures"}})
    desk.apply()
    desk.converge()
    account = desk.account("trader01")
    assert (account["acctLv"], [key["label"] for key in account["keys"]]) == ("2", ["trading"])


@served(world())
def test_a_run_is_undone(desk: Desk) -> None:
    """Whether it may transfer out, its modes and a setting come back; the account that a run made stays."""
    fields = {"api_keys": KEY, "transfer_out": True, "account_mode": "futures", "settings": {"greeks": "PA"}}
    first = wants(desk, {"trader01": fields}).apply("--format", "json").json["run"]
    before = desk.account("trader01")
    fields |= {"transfer_out": False, "settings": {"greeks": "BS"}}
    run = wants(desk, {"trader01": fields}).apply("--format", "json").json["run"]
    assert desk.run("revert", run, "--out", "back.json").code == 0
    assert desk.apply("back.json").last == "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."
    assert desk.account("trader01") == before
    said = desk.run("revert", first, "--with-deletes")
    assert (said.last, "OKX has no call for it" in said.out) == ("Nothing to undo.", True)


@pytest.mark.parametrize("region", ["global", "eea", "us", "tr"])
def test_each_region_has_its_host(region: str) -> None:
    """The same hosts as a broker's, by the region that the user registered in."""
    place = Place("acctcfg.yaml", 1, 1)
    spec = VenueSpec(
        key="desk",
        type="okx",
        environment="live",
        credentials={"env": "A"},
        base_url=None,
        region=region,
        uid=None,
        egress=(),
        rate_share=None,
        place=place,
    )
    assert OKX.base_url(spec) == f"https://{'openapi' if region == 'global' else region}.okx.com"


@served(world({"known001": {}, "other001": {"keys": []}}))
def test_drift_of_a_regular_user(desk: Desk) -> None:
    """By the lists that every user with sub-accounts has."""
    said = wants(desk, {"known001": {}}).run("drift", "--format", "json")
    assert said.code == 2, said.err
    assert [(one["code"], one["address"]) for one in said.json["findings"]] == [("unmanaged_account", "other001")]


@pytest.mark.slow
@served(world())
def test_a_rehearsal_ends_as_the_apply_does(desk: Desk) -> None:
    """The user itself, its sub-accounts new and known, one with a position: what stops one stops the other."""
    leverage = [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 3}]
    modes = {"account_mode": "futures", "position_mode": "net", "leverage": leverage}
    house = {"role": "main", "settings": {"greeks": "BS"}}
    subs = {name: {"api_keys": KEY, "transfer_out": True, **modes} for name in ("trader01", "trader02")}
    wants(desk, {"house": house, **subs})
    assert compare(desk) == set()
    desk.open("trader02", "positions", instId="BTC-USDT-SWAP", pos="3", mgnMode="cross")
    changed = {
        "position_mode": "long_short",
        "transfer_out": False,
        "leverage": [{**leverage[0], "value": 5}],
        "settings": {"greeks": "BS"},
    }
    reading = {"permissions": ["read"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}
    subs["trader01"] |= changed | {"api_keys": KEY | {"reading": reading}}
    subs["trader02"] |= changed
    house["settings"] = {"greeks": "PA"}
    wants(desk, {"house": house, **subs, "trader03": subs["trader01"]})
    assert compare(desk) == set()
    assert desk.steps().keys() == {
        f"trader02.{field}" for field in ("position_mode", "leverage[swap/BTC-USDT/cross]")
    } | {
        "trader02.transfer_out",
        "trader02.settings.greeks",
    }
