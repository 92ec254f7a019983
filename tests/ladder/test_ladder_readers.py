"""Who can read new secrets is reviewed: a store whose readers changed since the last apply is a sensitive line."""

from __future__ import annotations

from typing import Any

import pyrage
import pytest
from desk import Desk, Said
from ladder_parts import KEY, NO_CHANGES, TRADING, quiet

LINE = "secret_stores.vault"
MORE = {**KEY, "more": {**TRADING, "permissions": ["read"]}}


def _stranger() -> str:
    return str(pyrage.x25519.Identity.generate().to_public())


def _write(desk: Desk, keys: dict[str, Any], *others: str, account_mode: Any = ..., **store: Any) -> None:
    vault = {
        "type": "age_file",
        "path": "secrets/",
        "recipients": [*others, desk.recipient],
        "identity": {"env": "ACCTCFG_AGE_KEY"},
        **store,
    }
    desk.write({"mmdesk01": {"api_keys": keys, "account_mode": account_mode}}, secret_stores={"vault": vault})


def _lines(said: Said) -> list[str]:
    return [one["message"] for one in said.json["warnings"] if (one["address"], one["code"]) == (LINE, "sensitive")]


@pytest.fixture
def known(desk: Desk) -> Desk:
    """A desk whose readers an apply has put on record."""
    _write(desk, KEY)
    desk.converge()
    return desk


def test_another_reader_is_a_sensitive_line_that_names_the_whole_key(known: Desk) -> None:
    """Also where the plan has no step; the same readers in another order, or spelling, are none."""
    _write(known, KEY, other := _stranger())
    (line,) = _lines(known.plan("--format", "json"))
    assert f"can read them now: {other}" in line
    assert known.plan().last == NO_CHANGES
    _write(known, KEY, path="secrets")
    assert not _lines(known.plan("--format", "json"))


def test_no_new_secret_goes_to_new_readers_that_nobody_allowed(known: Desk) -> None:
    """Whatever was applied meanwhile, and whatever else was allowed; once allowed, it is known."""
    _write(known, KEY, other := _stranger())
    assert known.apply().last == NO_CHANGES  # which allows nothing
    _write(known, MORE, other)
    said = quiet(known)
    assert f"allow it with --allow-sensitive {LINE}" in said.out
    quiet(known, "--allow-sensitive", "mmdesk01.api_keys[more]")
    assert known.apply("--allow-sensitive", LINE).code == 0
    assert not _lines(known.plan("--format", "json"))


@pytest.mark.slow
def test_a_store_of_another_name_is_no_way_round(known: Desk) -> None:
    """Its readers are compared with those of every store that is known: strangers among them are a sensitive line."""
    vault = known.document["secret_stores"]["vault"]
    keys = {**KEY, "more": {**TRADING, "permissions": ["read"], "store": "other"}}
    accounts = {"mmdesk01": {"api_keys": keys}}
    known.write(accounts, secret_stores={"vault": vault, "other": {**vault, "recipients": [stranger := _stranger()]}})
    (line,) = [one["message"] for one in known.plan("--format", "json").json["warnings"] if one["code"] == "sensitive"]
    assert stranger in line
    said = quiet(known)
    assert "allow it with --allow-sensitive secret_stores.other" in said.out

    known.write(accounts, secret_stores={"vault": vault, "other": {**vault, "path": "elsewhere/"}})
    known.converge()


def test_other_steps_go_on(known: Desk) -> None:
    """A step that makes no secret for the store does not wait for its readers."""
    _write(known, KEY, _stranger(), account_mode="futures")
    assert known.apply().code == 0
    assert _lines(known.plan("--format", "json"))


@pytest.mark.parametrize("moved", [{"path": "elsewhere"}, {"recipients": ["age1"]}])
def test_a_reader_that_goes_and_another_place_are_lines_too(known: Desk, moved: dict[str, Any]) -> None:
    """The set of readers is compared, not only what it gains."""
    new = {"recipients": [_stranger()]} if "recipients" in moved else moved
    _write(known, MORE, **new)
    (line,) = _lines(known.plan("--format", "json", "--target", "mmdesk01.api_keys[more]"))
    assert ("path secrets -> elsewhere" if "path" in moved else f"cannot read new ones: {known.recipient}") in line


def test_a_leave_is_part_of_what_is_reviewed(known: Desk) -> None:
    """`plan --allow-sensitive` of that line: the saved plan brings it along, and its digest names it."""
    _write(known, MORE, _stranger())
    without = known.plan("--out", "without.json", "--format", "json").json
    given = known.plan("--out", "given.json", "--format", "json", "--allow-sensitive", LINE).json
    assert given["allow_sensitive"] == [LINE]
    assert given["digest"] != without["digest"]
    quiet(known, "without.json")
    assert known.apply("given.json").code == 0


def test_the_first_apply_asks_nothing(desk: Desk) -> None:
    """What nobody knew before is reviewed as it stands: the plan shows where new secrets go."""
    _write(desk, KEY, _stranger())
    assert not _lines(desk.plan("--format", "json"))
    assert desk.apply().code == 0


@pytest.mark.slow
def test_the_leave_takes_several_addresses_in_a_row(known: Desk) -> None:
    """`--allow-sensitive A B PLANFILE`: every address counts, and the file is the file."""
    other = {**TRADING, "ip_allowlist": ["127.0.0.1", "203.0.113.9"]}
    _write(known, {"trading": other, "more": MORE["more"]}, _stranger())
    both = ("--allow-sensitive", LINE, "mmdesk01.api_keys[trading]")
    assert known.plan("--out", "plan.json", *both).code == 0
    quiet(known, "--allow-sensitive", LINE)
    assert known.apply(*both, "plan.json").code == 0


@pytest.mark.slow
def test_the_record_names_an_allow_list_that_is_dropped(known: Desk) -> None:
    """From any address is a value, not the lack of one."""
    _write(known, {"trading": {**TRADING, "ip_allowlist": []}})
    assert known.apply("--allow-sensitive").code == 0
    run = known.run("history", "--format", "json").json[0]["id"]
    assert (
        "ip_allowlist 127.0.0.1, permissions read+trade, store vault -> ip_allowlist from any"
        in known.run("history", run).out
    )
