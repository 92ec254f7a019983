"""A saved plan is a claim: applied if it still fits, and refused with the right exit status if it does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from desk import Desk, Said
from ladder_parts import KEY, NO_CHANGES, settle

ENTRIES = [
    {"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "cross", "value": 7},
    {"market": "futures", "family": "BTC-USD", "margin": "cross", "value": 7},
]


def _manifest(desk: Desk, **more: Any) -> None:
    fields = {"api_keys": KEY, "position_mode": "long_short", "leverage": ENTRIES}
    desk.write({"trader01": {**fields, **more}, "trader02": {"api_keys": KEY}})


def _save(desk: Desk) -> str:
    file = desk.folder / "plan.json"
    said = desk.plan("--out", str(file))
    assert said.code == 0, said.err
    return str(file)


def _ready(desk: Desk, position_mode: str = "net_mode") -> str:
    """Two accounts that exist, a plan for one of them, saved. In long_short_mode all its values are known."""
    for name in ("trader01", "trader02"):
        settle(desk, name, acctLv="3", posMode=position_mode)
    _manifest(desk)
    return _save(desk)


def _refused(desk: Desk, file: str, code: int = 1) -> Said:
    before = len(desk.writes())
    said = desk.apply(file)
    assert said.code == code, said.out + said.err
    assert len(desk.writes()) == before
    return said


def test_a_saved_plan_is_carried_out(desk: Desk) -> None:
    """What was planned is applied, and nothing is left."""
    file = _ready(desk)
    said = desk.apply(file)
    assert (said.code, said.last) == (0, "Applied: 0 created, 3 changed, 0 deleted, 0 blocked, 0 failed.")
    assert desk.plan().last == NO_CHANGES


def test_a_plan_file_is_found_from_the_folder_that_the_command_works_in(desk: Desk) -> None:
    """Under -C, which works in another directory, --out and PLANFILE are of that directory."""
    desk.write({"newone01": {}})
    assert desk.plan("--out", "saved.json").code == 0
    assert (desk.folder / "saved.json").exists()
    assert desk.apply("saved.json").last == "Applied: 1 created, 0 changed, 0 deleted, 0 blocked, 0 failed."


def test_a_saved_plan_makes_new_accounts(desk: Desk) -> None:
    """A plan with values that are known only later is carried out all the same, secrets and all."""
    desk.write(
        {
            "newone01": {
                "api_keys": KEY,
                "account_mode": "multi_currency",
                "position_mode": "long_short",
                "leverage": ENTRIES,
                "deposit": {"credit_to": "trading", "addresses": [{"currency": "USDT"}]},
            }
        }
    )
    file = _save(desk)
    assert desk.apply(file).code == 0
    assert desk.plan().last == NO_CHANGES
    assert desk.secret("newone01", "trading")["secret_key"] not in (desk.folder / "plan.json").read_text()
    again = desk.apply(file)  # its creations are done: nothing twice
    assert (again.code, len(desk.writes("create-subaccount"))) == (0, 1)


def test_a_saved_plan_that_is_done_already_is_done(desk: Desk) -> None:
    """Applied twice, the second time sends nothing and ends 0; half done by somebody, only the rest is sent."""
    file = _ready(desk)
    desk.sandbox.control_post("accounts/trader01/set", posMode="long_short_mode")
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": "7"})
    said = desk.apply(file)
    assert said.code == 0, said.out + said.err
    assert [row["path"].rpartition("/")[2] for row in desk.writes()] == ["set-leverage"]
    assert desk.account("trader01")["leverage"]["FUTURES/cross/BTC-USD"] == "7"
    said = desk.apply(file)
    assert (said.code, len(desk.writes())) == (0, 1)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[: len(text) // 2],
        lambda text: text.replace('"long_short"', '"net"'),
        lambda text: text.replace("set-position-mode", "set-account-level"),
        lambda text: text.replace('"blocked": false', '"blocked": true', 1),
        lambda text: json.dumps({**json.loads(text), "steps": json.loads(text)["steps"][:1]}),
        lambda text: json.dumps({**json.loads(text), "format_version": "2"}),
        lambda _: "[]",
        lambda _: "",
        lambda _: "{}",
    ],
    ids=["cut", "value", "call", "blocked", "steps", "version", "list", "empty", "bare"],
)
def test_a_plan_file_that_was_cut_or_edited_is_refused(desk: Desk, spoil: Callable[[str], str]) -> None:
    """Any edit or cut is noticed: exit 1, one message, nothing written."""
    file = _ready(desk)
    path = desk.folder / "plan.json"
    path.write_text(spoil(path.read_text(encoding="utf-8")), encoding="utf-8")
    said = _refused(desk, file)
    assert said.err.startswith("error: ")
    assert "internal error" not in said.err
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("path", "account", "unread"),
    [
        ("*/account/config", "trader02", "trader02"),
        ("*/leverage-info", "trader02", "trader02.leverage"),
        ("*-deposit-address", "@master", "trader02.deposit"),
    ],
)
def test_what_a_saved_plan_could_not_read_is_read_again(desk: Desk, path: str, account: str, unread: str) -> None:
    """Still unreadable, nothing is written, exit 1; readable and in need of a step, the plan is stale; readable and
    right, it is carried out."""
    for name in ("trader01", "trader02"):
        settle(desk, name, acctLv="3", posMode="long_short_mode", to="18")
    deposit = {"credit_to": "trading", "addresses": [{"currency": "USDT"}]}
    second = {"api_keys": KEY, "leverage": ENTRIES[:1], "deposit": deposit}
    desk.write({"trader01": {"api_keys": KEY, "leverage": ENTRIES}, "trader02": second})
    desk.fault(match={"path": path, "account": account}, kind="status", times=0)
    file = desk.folder / "plan.json"
    assert desk.plan("--out", str(file)).code == 1
    assert [one["address"].startswith(unread) for one in json.loads(file.read_text())["unreadable"]] == [True]
    said = _refused(desk, str(file))
    assert unread in said.out
    assert "No changes" not in said.out
    desk.sandbox.control_delete("faults/all")
    assert f"{unread.partition('.')[0]}." in _refused(desk, str(file)).err
    assert desk.apply().code == 0
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": "5"})
    said = desk.apply(str(file))
    assert (said.code, said.last) == (0, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed.")


def test_a_missing_plan_file_is_one_message(desk: Desk) -> None:
    """A file that is not there is no traceback."""
    _ready(desk)
    said = _refused(desk, str(desk.folder / "other.json"), 64)
    assert "other.json" in said.err


def test_a_third_value_is_stale(desk: Desk) -> None:
    """A live value that is neither what the plan saw nor what it wants stops the whole plan: 1, nothing written."""
    file = _ready(desk, "long_short_mode")
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": "9"})
    assert "leverage[swap/BTC-USDT/cross]" in _refused(desk, file).err


def test_a_step_that_has_become_necessary_is_stale(desk: Desk) -> None:
    """Behind a mode that somebody turned, the claim no longer holds."""
    settle(desk, "trader01", acctLv="3", posMode="long_short_mode")
    settle(desk, "trader02")
    _manifest(desk)
    file = _save(desk)
    desk.sandbox.control_post("accounts/trader01/set", posMode="net_mode")
    _refused(desk, file)


def test_a_value_that_was_not_known_may_be_any(desk: Desk) -> None:
    """Where the plan knew no `before`, any value is accepted when it is applied."""
    settle(desk, "trader02")
    settle(desk, "trader01", acctLv="2", posMode="long_short_mode")
    _manifest(desk, account_mode="multi_currency")
    file = _save(desk)
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": "9"})
    said = desk.apply(file)
    assert said.code == 0, said.out + said.err
    assert desk.plan().last == NO_CHANGES


def test_a_precheck_that_fails_now_is_blocked(desk: Desk) -> None:
    """A position opened since the plan is not stale but blocked: 3, nothing written."""
    file = _ready(desk)
    desk.open("trader01", "orders", instId="BTC-USDT-SWAP")
    assert "BTC-USDT-SWAP" in _refused(desk, file, 3).out


def test_a_blocker_that_went_away_lets_the_plan_go_on(desk: Desk) -> None:
    """A saved plan whose step was blocked is carried out once it no longer is: its steps are the same."""
    for name in ("trader01", "trader02"):
        settle(desk, name, acctLv="3")
    desk.open("trader01", "orders", instId="BTC-USDT-SWAP")
    _manifest(desk)
    file = _save(desk)
    _refused(desk, file, 3)
    desk.sandbox.control_delete("accounts/trader01/orders/all")
    assert desk.apply(file).code == 0


def test_a_manifest_that_changed_for_these_accounts_is_stale(desk: Desk) -> None:
    """A change of the plan's own accounts, of the venues or of the guardrails makes it stale."""
    file = _ready(desk)
    original = dict(desk.document)
    for changed in (
        {
            "accounts": {
                **original["accounts"],
                "trader01": {**original["accounts"]["trader01"], "position_mode": "net"},
            }
        },
        {"guardrails": {"max_leverage": 50}},
        {"venues": {"desk": {**original["venues"]["desk"], "rate_share": 0.5}}},
    ):
        desk.text(json.dumps({**original, **changed}))
        assert "manifest" in _refused(desk, file).err, changed
    other = {**original["accounts"]["trader02"], "account_mode": "futures"}
    desk.text(json.dumps({**original, "accounts": {**original["accounts"], "trader02": other}}))
    assert desk.apply(file).code == 0
    assert desk.account("trader02")["acctLv"] == "3"  # not of this plan


def test_expect_takes_the_reviewed_digest_in_place_of_the_file(desk: Desk) -> None:
    """--expect goes on with the digest of the plan that was reviewed, and with no other."""
    _ready(desk, "long_short_mode")
    digest = desk.plan("--format", "json").json["digest"]
    assert digest.startswith("sha256:")
    said = desk.apply("--expect", "sha256:" + "0" * 64)
    assert (said.code, desk.writes()) == (1, [])
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": "9"})
    said = desk.apply("--expect", digest)
    assert (said.code, desk.writes()) == (1, [])
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": None})
    assert desk.apply("--expect", digest).code == 0


def test_the_digest_is_the_plans_own(desk: Desk) -> None:
    """Two plans of one state have one digest, whatever the order of the manifest's keys and the amounts of a blocker; a
    change of the manifest or of a live value that matters changes it."""
    _ready(desk, "long_short_mode")
    desk.open("trader01", "orders", instId="BTC-USDT-SWAP", size="3")

    def digests() -> tuple[str, str]:
        document = desk.plan("--format", "json").json
        return document["digest"], document["live_digest"]

    first = digests()
    assert digests() == first

    def turned(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: turned(value[key]) for key in reversed(value)}
        return value

    desk.text(json.dumps(turned(desk.document)))
    assert digests() == first
    desk.sandbox.control_delete("accounts/trader01/orders/all")
    desk.open("trader01", "orders", instId="BTC-USDT-SWAP", size="8")
    assert digests() == first
    desk.sandbox.control_delete("accounts/trader01/orders/all")
    free = digests()
    assert free[0] != first[0]
    assert free[1] != first[1]
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": "9"})
    assert digests()[1] != free[1]
    _manifest(desk, leverage=ENTRIES[:1])
    assert digests()[0] != free[0]


def test_a_plan_writes_nothing(desk: Desk) -> None:
    """validate sends nothing at all; plan, show and output send no write."""
    _ready(desk)
    desk.sandbox.control_post("forget")
    assert desk.run("validate").code == 0
    assert (
        desk.sandbox.control_get("requests").get("total", 0) == 0 or not desk.sandbox.control_get("requests")["by_path"]
    )
    for command in (["plan"], ["plan", "--detailed-exitcode"], ["show"], ["output"]):
        said = desk.run(*command)
        assert said.code == (2 if len(command) > 1 else 0), said.err
    assert desk.writes() == []


def test_a_reviewed_plan_may_be_allowed_a_replacement(desk: Desk) -> None:
    """`--replace` lifts a block of the reviewed plan, given by file or by digest; it adds no step to it."""
    settle(desk, "trader01", stored=False)
    settle(desk, "trader02")
    desk.write({name: {"api_keys": KEY} for name in ("trader01", "trader02")}, guardrails={"max_deletes": 1})
    digest = json.loads((desk.folder / _save(desk)).read_text())["digest"]
    lost, good = ("--replace", "trader01.api_keys[trading]"), ("--replace", "trader02.api_keys[trading]")
    for other in ((), good):
        said = desk.apply("--expect", digest, *other)
        assert (said.code, len(desk.writes())) == (1 if other else 3, 0), said.out + said.err
    said = desk.apply("--expect", digest, *lost)
    assert (said.code, said.last) == (0, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed.")
    assert desk.plan().last == NO_CHANGES
