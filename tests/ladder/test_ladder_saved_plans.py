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


@pytest.mark.slow
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
        lambda text: text.replace('"steps": [', '"steps": [], "steps": [', 1),
        lambda _: "[]",
        lambda _: "",
        lambda _: "{}",
    ],
    ids=["cut", "value", "call", "blocked", "steps", "version", "twice", "list", "empty", "bare"],
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_step_that_has_become_necessary_is_stale(desk: Desk) -> None:
    """Behind a mode that somebody turned, the claim no longer holds."""
    settle(desk, "trader01", acctLv="3", posMode="long_short_mode")
    settle(desk, "trader02")
    _manifest(desk)
    file = _save(desk)
    desk.sandbox.control_post("accounts/trader01/set", posMode="net_mode")
    _refused(desk, file)


@pytest.mark.slow
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


@pytest.mark.slow
def test_a_precheck_that_fails_now_is_blocked(desk: Desk) -> None:
    """A position opened since the plan is not stale but blocked: 3, nothing written."""
    file = _ready(desk)
    desk.open("trader01", "orders", instId="BTC-USDT-SWAP")
    assert "BTC-USDT-SWAP" in _refused(desk, file, 3).out


@pytest.mark.slow
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


@pytest.mark.slow
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
    assert (said.code, said.last) == (0, "Applied: 1 created, 0 changed, 1 deleted, 0 blocked, 0 failed.")
    assert desk.plan().last == NO_CHANGES


# -- what was looked at ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["trader01.api_keys[trading]", "trader02", "*.position_mode"])
def test_a_narrowed_plan_never_says_match(desk: Desk, target: str) -> None:
    """With other changes due, it says what was looked at, in text, JSON and file; applied, it stays narrowed."""
    for name in ("trader01", "trader02"):
        settle(desk, name, acctLv="3", posMode="long_short_mode")
    _manifest(desk)
    said = desk.plan("--target", target, "--out", "part.json", "--detailed-exitcode")
    assert (said.code, said.last) == (0, f"Only {target} was looked at.")
    assert said.out.splitlines()[-2] == "Plan: 0 to create, 0 to change, 0 to delete, 0 blocked."
    assert json.loads((desk.folder / "part.json").read_text())["targets"] == [target]
    assert desk.plan("--target", target, "--format", "json").json["targets"] == [target]
    applied = desk.apply("part.json")
    assert (applied.code, applied.last, desk.writes()) == (0, f"Only {target} was looked at.", [])
    assert "match" not in said.out + applied.out
    assert desk.plan().last == "Plan: 0 to create, 2 to change, 0 to delete, 0 blocked."
    assert desk.plan("--format", "json").json["targets"] == []


def test_a_saved_narrowed_plan_is_stale_where_its_part_moved(desk: Desk) -> None:
    """Without a step, it claims that its targets are right; with one, only that one is carried out."""
    for name in ("trader01", "trader02"):
        settle(desk, name, acctLv="3", posMode="long_short_mode")
    _manifest(desk)
    assert desk.plan("--target", "trader01.position_mode", "--out", "part.json").code == 0
    desk.sandbox.control_post("accounts/trader01/set", posMode="net_mode")
    assert "position_mode" in _refused(desk, "part.json").err
    assert desk.plan("--target", "trader01.position_mode", "--out", "part.json").code == 0
    said = desk.apply("part.json")
    assert (said.code, said.last) == (0, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed.")
    assert [row["path"].rpartition("/")[2] for row in desk.writes()] == ["set-position-mode"]
    assert "match" not in desk.apply("part.json").out


def test_a_saved_plan_without_steps_looks_at_everything_again(desk: Desk) -> None:
    """Nothing moved: the sentence, and requests to prove it. Something is to do by now: stale, nothing written."""
    _ready(desk, "long_short_mode")
    assert desk.apply().code == 0
    file = _save(desk)
    desk.sandbox.control_post("forget")
    said = desk.apply(file)
    assert (said.code, said.last) == (0, NO_CHANGES)
    assert desk.sandbox.control_get("requests")["total"] > 4
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": "5"})
    assert "leverage[swap/BTC-USDT/cross]" in _refused(desk, file).err


def test_a_saved_plan_that_is_done_says_match_only_after_a_look_at_everything(desk: Desk) -> None:
    """Its own steps are right by now; something else is not, so it does not say that live accounts match."""
    file = _ready(desk, "long_short_mode")
    assert desk.apply(file).code == 0
    assert desk.apply(file).last == NO_CHANGES
    other = {**desk.document["accounts"]["trader02"], "account_mode": "futures"}
    desk.text(json.dumps({**desk.document, "accounts": {**desk.document["accounts"], "trader02": other}}))
    said = desk.apply(file)
    assert (said.code, said.last) == (0, "Applied: 0 created, 0 changed, 0 deleted, 0 blocked, 0 failed.")
    assert "match" not in said.out
    assert "a plan of everything ends with: Plan: 0 to create, 1 to change, 0 to delete, 0 blocked." in said.out


# -- what was reviewed -----------------------------------------------------------------------------------------------


def test_a_position_opened_since_the_review_makes_it_stale(desk: Desk) -> None:
    """A warning about one of its steps that the reviewed plan did not have, by file or digest: unless it is allowed."""
    file = _ready(desk, "long_short_mode")
    digest = json.loads((desk.folder / "plan.json").read_text())["digest"]
    desk.open("trader01", "positions", instId="BTC-USDT-SWAP", size="3")
    said = _refused(desk, file)
    assert "open_position_on_scope" in said.err
    assert "--allow-warnings" in said.err
    by_digest = desk.apply("--expect", digest)
    assert (by_digest.code, desk.writes()) == (1, [])
    assert desk.plan("--out", file).code == 0  # reviewed again, with the warning
    desk.open("trader01", "positions", instId="ETH-USDT-SWAP", size="3")  # nothing of this plan
    assert desk.apply("--expect", digest, "--allow-warnings").code == 0
    assert desk.account("trader01")["leverage"]["SWAP/cross/BTC-USDT-SWAP"] == "7"
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": None})
    assert desk.apply(file).code == 0


def test_what_an_apply_was_let_do_is_on_record(desk: Desk) -> None:
    """Whoever goes on in spite of a new warning, waits for positions or adds steps is seen doing so by an auditor."""
    file = _ready(desk, "long_short_mode")
    desk.open("trader01", "positions", instId="BTC-USDT-SWAP", size="3")
    assert desk.apply(file, "--allow-warnings", "--wait-flat", "90s").code == 0
    assert desk.account("trader01")["leverage"]["SWAP/cross/BTC-USDT-SWAP"] == "7"
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": None})
    assert desk.apply("--target", "trader01.leverage", "--with-dependencies", "--refresh").code == 0
    second, first = desk.run("history", "--format", "json").json[:2]
    assert (first["flags"]["allow_warnings"], first["flags"]["wait_flat_s"]) == (True, 90)
    assert (second["flags"]["with_dependencies"], second["flags"]["refresh"]) == (True, True)
    assert "allow_warnings" not in second["flags"]
    assert "allow_warnings=True" in desk.run("history", first["id"]).out


def test_what_is_allowed_when_it_is_planned_is_what_is_applied(desk: Desk) -> None:
    """`plan --replace` and `--allow-sensitive`, patterns too: the saved plan brings them along, its digest names them.
    A key is replaced once, however often the file is applied."""
    for name in ("trader01", "trader02"):
        settle(desk, name)
    widened = {"trading": {**KEY["trading"], "ip_allowlist": ["127.0.0.1", "203.0.113.9"]}}
    desk.write({"trader01": {"api_keys": KEY}, "trader02": {"api_keys": widened}}, guardrails={"max_deletes": 1})
    leave = ("--replace", "trader01.api_keys[*]", "--allow-sensitive", "trader02.*")
    said = desk.plan(*leave, "--out", "plan.json")
    assert said.last == "Plan: 1 to create, 1 to change, 1 to delete, 0 blocked."
    document = json.loads((desk.folder / "plan.json").read_text())
    assert document["summary"]["replace"] == 1
    assert (document["replace"], document["allow_sensitive"]) == (
        ["trader01.api_keys[trading]"],
        ["trader02.api_keys[trading]"],
    )
    assert document["digest"] in said.out
    assert desk.apply("--expect", document["digest"]).code == 1  # what it allows is part of it
    before = desk.secret("trader01", "trading")
    said = desk.apply("plan.json")
    assert (said.code, said.last) == (0, "Applied: 1 created, 1 changed, 1 deleted, 0 blocked, 0 failed.")
    made = desk.secret("trader01", "trading")
    assert made != before
    again = desk.apply("plan.json")
    assert (again.code, again.last, desk.secret("trader01", "trading")) == (0, NO_CHANGES, made)


def test_sensitive_steps_are_allowed_one_by_one(desk: Desk) -> None:
    """An address or a pattern allows its own steps and no others; without one, all; a file in its place is refused."""
    for name in ("trader01", "trader02"):
        settle(desk, name)
    widened = {"trading": {**KEY["trading"], "ip_allowlist": ["127.0.0.1", "203.0.113.9"]}}
    desk.write({name: {"api_keys": widened} for name in ("trader01", "trader02")})
    one = ("--allow-sensitive", "trader01.api_keys[trading]")
    said = desk.apply(*one)
    assert (said.code, desk.writes()) == (3, [])
    said = desk.apply(*one, "--skip-blocked")
    assert said.last == "Applied: 0 created, 1 changed, 0 deleted, 1 blocked, 0 failed."
    file = _save(desk)
    for wrong, words in ((file, "is a file"), ("plan.json", "is a file"), ("trader03.*", "no such address")):
        said = desk.apply("--allow-sensitive", wrong)
        assert (said.code, words in said.err) == (64, True), said.err
    assert len(desk.writes()) == 1
    assert desk.apply(file, "--allow-sensitive").code == 0
    assert desk.plan().last == NO_CHANGES


def test_every_step_says_where_it_is_written(desk: Desk) -> None:
    """File, line and column of what decides it: of leverage the entry that won; account, field and key apart."""
    _ready(desk, "long_short_mode")
    steps = desk.plan("--format", "json").json["steps"]
    assert {(one["account"], one["field"]) for one in steps} == {("trader01", "leverage")}
    assert [one["address"] for one in steps] == [f"trader01.leverage[{one['key']}]" for one in steps]
    places = {(one["place"]["file"], one["place"]["line"], one["place"]["column"]) for one in steps}
    assert len(places) == len(ENTRIES)
    assert all(file == "acctcfg.yaml" and line and column for file, line, column in places)


def test_a_plan_that_went_stale_says_so_in_words(desk: Desk) -> None:
    """What a key was, and is now, is told as people say it: no form of the program's own."""
    desk.sandbox.control_post("accounts/mmdesk01", {})
    key = {"label": "bot", "perm": "read_only", "ip": "203.0.113.7", "env": "demo"}
    secret = {"api_key": "example-bot-key", "secret_key": "example-secret", "passphrase": "Example-passphrase-9"}
    desk.sandbox.control_post("accounts/mmdesk01/keys", key | secret)
    wanted = {"permissions": ["read", "trade"], "ip_allowlist": ["203.0.113.7"]}
    desk.write({"mmdesk01": {"api_keys": {"bot": wanted}}}).plan("--out", "plan.json")
    desk.sandbox.control_post("accounts/mmdesk01/keys/bot", {"ip": "203.0.113.8"})
    said = desk.apply("plan.json")
    assert said.code == 1
    assert "is permissions read, ip_allowlist 203.0.113.8" in said.err
    assert not set("{}'") & set(said.err)


def test_all_that_moved_is_said_at_once(desk: Desk) -> None:
    """The first reason, then every value that differs from the reviewed plan; with --expect, too."""
    file = _ready(desk, "long_short_mode")
    desk.sandbox.control_post("accounts/trader01/set", leverage={"SWAP/cross/BTC-USDT-SWAP": "9"})
    desk.open("trader01", "positions", instId="BTC-USDT-SWAP", size="3")
    digest = json.loads((desk.folder / "plan.json").read_text())["digest"]
    for arguments in ([file], [file, "--expect", digest]):
        said = desk.apply(*arguments)
        assert said.code == 1
        assert "all that differs from the reviewed plan:" in said.err
        assert "trader01.leverage[swap/BTC-USDT/cross]: before was 5, is 9" in said.err
        assert "trader01.leverage[swap/BTC-USDT/cross]: open_position_on_scope is only in the present plan" in said.err


@pytest.fixture
def beside_another(desk: Desk) -> str:
    """A saved plan of a workspace whose other connection has nothing to do."""
    desk.sandbox.control_post("accounts/idler01")
    _ready(desk, "long_short_mode")
    venues = {**desk.document["venues"], "spare": desk.document["venues"]["desk"]}
    accounts = {**desk.document["accounts"], "idler01": {"venue": "spare"}}
    desk.text(json.dumps({**desk.document, "venues": venues, "accounts": accounts}))
    return _save(desk)


def test_a_file_and_its_digest_are_one_plan(desk: Desk, beside_another: str) -> None:
    """PLANFILE with --expect goes on with that very file, whatever else the workspace has, and with no other."""
    digest = json.loads((desk.folder / "plan.json").read_text())["digest"]
    other = "sha256:" + "0" * 64
    said = desk.apply(beside_another, "--expect", other)
    assert (said.code, desk.writes()) == (1, [])
    assert f"the saved plan's digest is {digest}, not {other} as expected" in said.err
    said = desk.apply(beside_another, "--expect", digest)
    assert (said.code, said.last) == (0, "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed.")


def test_a_connection_without_steps_is_no_difference(desk: Desk, beside_another: str) -> None:
    """What differs from the reviewed plan is what moved: what has no step in it is not looked at again."""
    for scope in ("SWAP/cross/BTC-USDT-SWAP", "FUTURES/cross/BTC-USD"):
        desk.sandbox.control_post("accounts/trader01/set", leverage={scope: "9"})
    said = _refused(desk, beside_another)
    assert "trader01.leverage[futures/BTC-USD/cross]: before was 5, is 9" in said.err
    assert "spare" not in said.err


def test_a_plan_is_of_the_account_that_was_reviewed(desk: Desk) -> None:
    """An account that was deleted and made anew under its name is another one, which no journal has to know for it."""
    file = _ready(desk)
    document = json.loads((desk.folder / "plan.json").read_text())
    assert document["uids"] == {"trader01": desk.account("trader01")["uid"]}
    desk.sandbox.control_delete("accounts/trader01")
    settle(desk, "trader01", acctLv="3", posMode="net_mode")
    anew = desk.account("trader01")["uid"]
    said = _refused(desk, file)
    was = document["uids"]["trader01"]
    assert f"trader01: the plan was made for uid {was}, the account of that name is {anew} now" in said.err
    assert desk.apply("--expect", document["digest"]).code == 1
    assert desk.account("trader01")["posMode"] == "net_mode"
