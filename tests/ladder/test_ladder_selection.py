"""`--target` and `--exclude`, spelled one way in every command."""

from __future__ import annotations

import pytest
from ladder_parts import KEY, NO_CHANGES, settle

MODES = {"api_keys": KEY, "account_mode": "multi_currency", "position_mode": "net"}
LEVERAGE = [{"market": "swap", "family": "*-USDT", "margin": "cross", "value": 5}]


@pytest.fixture
def three(desk):
    """Three accounts, each with two modes to change; the third with leverage besides."""
    for name in ("mmdesk01", "mmdesk02", "mmdesk03"):
        settle(desk, name, acctLv="2", posMode="long_short_mode")
    return desk.write({"mmdesk01": MODES, "mmdesk02": MODES, "mmdesk03": {**MODES, "leverage": LEVERAGE}})


def test_what_is_left_out_is_not_read_and_not_planned(three):
    """Accounts, fields with all their keys, and patterns; the text and the JSON say that something was left out."""
    said = three.plan("--exclude", "mmdesk01", "--exclude", "mmdesk03.leverage")
    assert said.code == 0, said.err
    assert "2 accounts read" in said.out
    assert "leverage[" not in said.out
    assert said.last == "Everything except mmdesk01, mmdesk03.leverage was looked at."
    whole = three.plan("--format", "json", "--exclude", "mmdesk0[12]", "--exclude", "mmdesk0?.position_mode")
    assert whole.code == 64  # brackets are literal: nothing is called so
    steps = three.steps("--exclude", "*.leverage[*]", "--exclude", "mmdesk0?.position_mode")
    assert set(steps) == {f"mmdesk0{number}.account_mode" for number in (1, 2, 3)}


@pytest.mark.parametrize("left_out", ["*[*]", "*]", "mmdesk*[*]"])
def test_all_that_has_a_key_can_be_left_out(three, left_out):
    """Modes have none: they are planned, found by drift, and set; leverage and keys are not looked at."""
    settings = {name: {**MODES, "settings": {"greeks": "BS"}} for name in ("mmdesk01", "mmdesk02")}
    three.write({**settings, "mmdesk03": {**MODES, "leverage": LEVERAGE}})
    modes = {f"mmdesk0{number}.{mode}_mode" for number in (1, 2, 3) for mode in ("account", "position")}
    words = {"mmdesk01.settings.greeks", "mmdesk02.settings.greeks"}
    assert set(three.steps("--exclude", left_out)) == modes | words
    drift = three.run("drift", "--format", "json", "--exclude", left_out)
    assert (drift.code, {one["address"] for one in drift.json["changes"]}) == (2, modes | words)
    said = three.apply("--exclude", left_out)
    assert (said.code, said.last) == (0, "Applied: 0 created, 8 changed, 0 deleted, 0 blocked, 0 failed."), said.err
    live = three.account("mmdesk03")
    assert (live["acctLv"], live["posMode"], live["leverage"]) == ("3", "net_mode", {})


def test_apply_takes_the_same_words(three):
    """Only what is selected is written, and a narrowed apply never says that accounts match."""
    said = three.apply("--target", "mmdesk01", "--target", "mmdesk02", "--exclude", "mmdesk02")
    assert (said.code, said.last) == (0, "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."), said.err
    assert three.account("mmdesk01")["posMode"] == "net_mode"
    assert three.account("mmdesk02")["posMode"] == three.account("mmdesk03")["posMode"] == "long_short_mode"
    again = three.apply("--target", "mmdesk01")
    assert again.code == 0
    assert NO_CHANGES not in again.out
    (run,) = [row for row in three.run("history", "--format", "json").json if row["flags"].get("excludes")]
    assert run["flags"]["targets"] == ["mmdesk01", "mmdesk02"]
    assert run["flags"]["excludes"] == ["mmdesk02"]


def test_addresses_come_from_a_file(three):
    """@FILE has one a line, with blanks and comments; one without any is refused, for it would mean everything."""
    (three.folder / "some.txt").write_text(
        "# the first two\n\n  mmdesk01.position_mode  \nmmdesk02\n", encoding="utf-8"
    )
    assert set(three.steps("--target", "@some.txt", "--exclude", "mmdesk02.account_mode")) == {
        "mmdesk01.position_mode",
        "mmdesk02.position_mode",
    }
    assert [row["account"] for row in three.run("show", "--target", "@some.txt", "--format", "json").json] == [
        "mmdesk01",
        "mmdesk02",
    ]
    (three.folder / "none.txt").write_text("# nobody\n", encoding="utf-8")
    for what in ("none.txt", "gone.txt"):
        said = three.apply("--target", f"@{what}")
        assert said.code == 64
        assert what in said.err
        assert not three.writes()


def test_a_saved_plan_keeps_what_it_left_out(three):
    """It is applied without the words, refused with them, and its end does not speak for what was left out."""
    assert three.plan("--exclude", "mmdesk0[!x]", "--out", "p.json").code == 64
    assert three.plan("--exclude", "mmdesk03", "--out", "p.json").code == 0
    assert three.apply("p.json", "--exclude", "mmdesk03").code == 64
    said = three.apply("p.json")
    assert (said.code, said.last) == (0, "Applied: 0 created, 4 changed, 0 deleted, 0 blocked, 0 failed."), said.err
    again = three.plan("--exclude", "mmdesk03", "--out", "p.json", "--detailed-exitcode")
    assert again.code == 0
    assert NO_CHANGES not in again.out
    assert NO_CHANGES not in three.apply("p.json").out


def test_show_leaves_out_too(three):
    """An account, or one field of each."""
    views = three.run("show", "--exclude", "mmdesk01", "--exclude", "mmdesk03.leverage", "--format", "json").json
    assert [view["account"] for view in views] == ["mmdesk02", "mmdesk03"]
    assert not [address for view in views for address in view["values"] if "leverage" in address]


def test_what_others_need_is_not_made_behind_the_users_back(desk):
    """A new account whose signing key is left out: its key is blocked with the reason, and nothing is written."""
    desk.write({"mmdesk01": MODES})
    said = desk.apply("--exclude", "mmdesk01.api_keys[trading]")
    assert said.code == 3
    assert "left out by --exclude" in said.out
    assert not desk.writes()


FAMILY = {"child001": {"parent": "up", "label": "C1"}, "up": {"name": "parent01", "api_keys": KEY}}


def test_a_child_waits_for_a_parent_that_nobody_targeted(desk):
    """Its creation is blocked and names the parent; --with-dependencies makes the parent, too, and no more of it."""
    desk.write(FAMILY)
    for narrowed in (("--target", "child001"), ("--exclude", "up")):
        (check,) = desk.steps(*narrowed)["child001"]["prechecks"]
        assert (check["name"], check["detail"].startswith("up has to change first")) == ("target_dependency", True)
        assert (desk.apply(*narrowed).code, desk.writes()) == (3, [])
    said = desk.apply("--target", "child001", "--with-dependencies")
    assert (said.code, said.last) == (0, "Applied: 2 created, 0 changed, 0 deleted, 0 blocked, 0 failed."), said.err
    assert [row["body"]["subAcct"] for row in desk.writes()] == ["parent01", "child001"]
    assert set(desk.steps()) == {"up.api_keys[trading]"}


def test_a_parent_is_not_deleted_before_a_child_that_nobody_targeted(desk):
    """The child is to be deleted, too, but not by this plan: it stands in the way."""
    desk.write(FAMILY).converge()
    gone = {
        key: {**{k: v for k, v in one.items() if k in ("parent", "name")}, "state": "absent"}
        for key, one in FAMILY.items()
    }
    desk.write(gone, guardrails={"max_deletes": 2})
    checks = {one["name"]: one for one in desk.steps("--target", "up")["up"]["prechecks"]}
    assert (checks["no_second_level"]["status"], checks["no_second_level"]["detail"]) == ("fail", "child001")
    desk.converge()


def test_settings_are_all_settings_left_out_or_targeted(desk):
    """`ACCOUNT.settings` is each setting with all its keys, in every command; only the rest is written."""
    settle(desk, "mmdesk01", acctLv="3", posMode="long_short_mode")
    wanted = {"greeks": "BS", "collateral": {"disabled": ["BTC"]}}
    desk.write({"mmdesk01": {"api_keys": KEY, "position_mode": "net", "settings": wanted}})
    assert set(desk.steps("--exclude", "mmdesk01.settings")) == {"mmdesk01.position_mode"}
    targeted = desk.steps("--target", "mmdesk01.settings")
    assert set(targeted) == {"mmdesk01.settings.collateral[BTC]", "mmdesk01.settings.greeks"}
    assert "settings.greeks" in desk.run("show", "mmdesk01.settings").out
    assert "settings" not in desk.run("show", "--exclude", "mmdesk01.settings").out
    said = desk.apply("--exclude", "mmdesk0?.settings")
    assert (said.code, said.last) == (0, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."), said.err
    assert [row["path"] for row in desk.writes()] == ["/api/v5/account/set-position-mode"]


@pytest.mark.parametrize("command", ["plan", "apply --auto-approve", "show"])
def test_what_has_no_address_leaves_nothing_out(three, command):
    """A word that can reach nothing is wrong usage, and what it is near to is a word that can."""
    for word, near in (("settings[greeks]", ""), ("adopt", ""), ("setings", "mmdesk01.settings")):
        said = three.run(*command.split(), "--exclude", f"mmdesk01.{word}")
        assert (said.code, f"--exclude mmdesk01.{word} selects nothing" in said.err) == (64, True), said.err
        assert not near or f"(did you mean {near}?)" in said.err
    assert not three.writes()


@pytest.mark.parametrize("target", ["mmdesk01.leverage*", "mmdesk01.leverage"])
def test_what_is_spelled_right_is_near_to_nothing(three, target):
    """Where a field has nothing to select, no other address is proposed that has nothing either."""
    said = three.run("plan", "--target", target)
    assert (said.code, f"--target {target} selects nothing" in said.err) == (64, True), said.err
    assert "did you mean" not in said.err
