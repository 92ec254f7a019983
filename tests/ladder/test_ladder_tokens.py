"""OAuth bearer tokens: a user's own settings, nothing of sub-accounts, and a token that no output ever shows."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk

from acctcfg.core.trust import trust_word

TOKEN = "not-a-real-token-0123456789"
SETTINGS = {"role": "main", "position_mode": "net", "settings": {"greeks": "BS"}}


def world(**token: Any) -> dict[str, Any]:
    """A plain user with one token, of a server's app unless `token` says more."""
    made = {"token": TOKEN, "scope": "trade", "env": "demo", **token}
    tenant = {"env_prefix": "OKX_DESK", "broker": False, "acctLv": "2", "keys": [MASTER], "tokens": [made]}
    return {"tenants": {"desk": tenant}}


def served(**token: Any) -> pytest.MarkDecorator:
    """The token that a test is about."""
    return pytest.mark.parametrize("desk", [pytest.param(world(**token), id="")], indirect=True)


def jwt(end: float) -> str:
    """A JSON Web Token that says when it is over; signed by nobody."""
    head, claims = (
        base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")
        for part in ({"alg": "none"}, {"exp": int(end)})
    )
    return f"{head}.{claims}.c2lnbmF0dXJl"


@pytest.fixture
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """A workspace on a sandbox that knows the token."""
    monkeypatch.setenv("DESK_TOKEN", TOKEN)
    with Desk.at(tmp_path, monkeypatch, getattr(request, "param", world())) as made:
        yield made


def wants(desk: Desk, accounts: dict[str, Any], **token: Any) -> Desk:
    """The manifest of a connection with that token."""
    credentials = {"token": {"env": "DESK_TOKEN", **token}}
    return desk.write(accounts, venue={"type": "okx", "credentials": credentials})


def test_own_settings_with_a_token(desk: Desk) -> None:
    """They land and then there are no changes; no request is signed, and nothing printed or written has the token."""
    wants(desk, {"me": SETTINGS})
    said = [desk.run("plan"), desk.run("-v", "apply", "--auto-approve"), desk.run("plan"), desk.run("history")]
    assert [one.code for one in said] == [0, 0, 0, 0], said
    assert "No changes" in said[2].out
    printed = "".join(one.out + one.err for one in said)
    files = b"".join(path.read_bytes() for path in desk.folder.rglob("*") if path.is_file())
    assert TOKEN not in printed
    assert TOKEN.encode() not in files


@pytest.mark.parametrize(
    ("desk", "level", "said"),
    [
        pytest.param(world(), "ok", "read (plan, drift, show, import); trade (apply, cap)", id="trade"),
        pytest.param(world(scope="read_only"), "warning", "missing trade, needed by: apply, cap", id="reads"),
    ],
    indirect=["desk"],
)
def test_doctor_speaks_of_the_token_and_of_no_key(desk: Desk, level: str, said: str) -> None:
    """What its scope is good for; nothing of an address, of a key's page, or of rotating."""
    document = wants(desk, {"me": SETTINGS}).run("doctor", "--format", "json").json
    found = [one for one in document["checks"] if one["subject"] == "venues.desk"]
    assert "address" not in {one["check"] for one in found}
    fix = "" if level == "ok" else "Hand in another token that has trade."
    told = [(one["status"], one["message"], one["fix"]) for one in found if one["check"] == "permissions"]
    assert told[0] == (level, said, fix)
    printed = desk.run("doctor").out
    assert "rotate" not in printed
    assert " key" not in printed


@served(termid="device-0001")
def test_a_token_of_a_device(desk: Desk) -> None:
    """It works with `termid`; without, the venue's refusal says what to write."""
    assert wants(desk, {"me": SETTINGS}, termid="device-0001").run("plan").code == 0
    said = wants(desk, {"me": SETTINGS}).run("plan")
    assert said.code == 1
    assert "53006" in said.err
    assert "termid" in said.err


@pytest.mark.parametrize(
    ("desk", "code", "words"),
    [
        pytest.param(world(revoked=True), "53003", "hand in a new access token", id="revoked"),
        pytest.param(world(expires_in=0.02), "53002", "hand in a new access token", id="over"),
        pytest.param(world(token="another-token-0123456789"), "53000", "hand in a new access token", id="unknown"),
        pytest.param(world(ip="192.0.2.1"), "53014", "call from an address", id="address"),
        pytest.param(world(env="live"), "50101", "the variable DESK_TOKEN", id="environment"),
    ],
    indirect=["desk"],
)
def test_a_token_that_is_refused(desk: Desk, code: str, words: str) -> None:
    """Before anything is read of an account, with the venue's code and the way out."""
    time.sleep(0.03)
    said = wants(desk, {"me": SETTINGS}).run("plan")
    assert said.code == 1
    assert code in said.err
    assert words in said.err
    assert TOKEN not in said.err


@served(scope="read_only")
def test_a_token_that_only_reads(desk: Desk) -> None:
    """It plans; the venue refuses the change, and the message says which scope a change needs."""
    wants(desk, {"me": SETTINGS})
    assert desk.run("plan").code == 0
    said = desk.run("apply", "--auto-approve")
    assert said.code == 1
    assert "scope `trade`" in said.out + said.err
    assert desk.account("@master")["greeksType"] == "PA"


def test_sub_accounts_are_refused_offline(desk: Desk) -> None:
    """`validate` says why a token does nothing for them, and that a whole connection has one."""
    said = wants(desk, {"me": SETTINGS, "trader01": {"position_mode": "net"}}).run("validate")
    assert said.code == 1
    assert "OKX leaves all sub-account calls out of what an OAuth token may do" in said.err
    own = {"position_mode": "net", "access": {"credentials": {"token": {"env": "DESK_TOKEN"}}}}
    desk.write({"trader01": own}, venue={"type": "okx"})
    said = desk.run("validate")
    assert said.code == 1
    assert "a token serves a whole connection" in said.err


@pytest.mark.parametrize(
    ("credentials", "words"),
    [
        ({"token": {"exec": ["helper"]}}, "credentials.token.exec: nobody trusts this command"),
        ({"token": {"env": "DESK_TOKEN", "exec": ["helper"]}}, "cannot be used together"),
        ({"token": {}}, "one of env, exec is missing"),
        ({"token": {"env": "DESK_TOKEN"}, "env": "OKX_DESK"}, "cannot be used together"),
    ],
)
def test_how_a_token_is_not_named(desk: Desk, credentials: dict[str, Any], words: str) -> None:
    """One clear message each."""
    said = desk.write({"me": SETTINGS}, venue={"type": "okx", "credentials": credentials}).run("validate")
    assert said.code == 1
    assert words in said.err


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ({"ok": True, "secret": {"token": TOKEN}}, 0, ""),
        ({"ok": True, "secret": {"api_key": TOKEN}}, 1, "has no token"),
        ({"ok": True, "secret": {"token": f"Bearer {TOKEN}"}}, 1, "holds a blank"),
        ({"ok": False, "error": f"{TOKEN} is over"}, 1, "refused to get"),
    ],
)
def test_a_token_that_a_program_answers(desk: Desk, answer: dict[str, Any], code: int, words: str) -> None:
    """A trusted program is asked for it; whatever it says instead, the token stands in no output."""
    file = desk.folder / "answer.json"
    file.write_text(json.dumps({"acctcfg": 1, **answer}), encoding="utf-8")
    command = ["/bin/cat", str(file)]
    desk.monkeypatch.setenv("ACCTCFG_TRUST", trust_word(command))
    desk.write({"me": SETTINGS}, venue={"type": "okx", "credentials": {"token": {"exec": command}}})
    said = desk.run("-v", "plan")
    assert (said.code, words in said.err) == (code, True), said.err
    assert TOKEN not in said.out + said.err


@served(env="live")
def test_a_token_of_a_program_that_the_venue_does_not_know_here(desk: Desk) -> None:
    """The refusal says what to correct, as for a variable's."""
    command = ["/bin/echo", json.dumps({"acctcfg": 1, "ok": True, "secret": {"token": TOKEN}})]
    desk.monkeypatch.setenv("ACCTCFG_TRUST", trust_word(command))
    desk.write({"me": SETTINGS}, venue={"type": "okx", "credentials": {"token": {"exec": command}}})
    said = desk.run("plan")
    assert said.code == 1
    assert "50101" in said.err
    assert "correct `region` or `environment`, or what the program answers" in said.err


@pytest.mark.parametrize(("text", "words"), [("", "lacks DESK_TOKEN"), (f"Bearer {TOKEN}", "without `Bearer`")])
def test_a_variable_without_a_token(desk: Desk, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    """It is named, and its value is not."""
    monkeypatch.setenv("DESK_TOKEN", text)
    said = wants(desk, {"me": SETTINGS}).run("plan")
    assert said.code == 1
    assert words in said.err
    assert TOKEN not in said.err


SOON = jwt(time.time() - 1)
LATE = jwt(time.time() + 3600)


@pytest.mark.parametrize(
    ("desk", "text", "warned"),
    [pytest.param(world(token=one), one, soon, id=str(soon)) for one, soon in ((SOON, True), (LATE, False))],
    indirect=["desk"],
)
def test_a_plan_that_outlives_its_token(desk: Desk, monkeypatch: pytest.MonkeyPatch, text: str, warned: bool) -> None:
    """It says so where the token tells its end; one that lasts, by its own word, is not spoken of."""
    monkeypatch.setenv("DESK_TOKEN", text)
    planned = wants(desk, {"me": SETTINGS}).run("plan", "--format", "json").json
    assert any(one["code"] == "token_ends" for one in planned["warnings"]) is warned


def test_a_snapshot_with_a_token_asks_nothing_of_sub_accounts(desk: Desk) -> None:
    """Nor does it look for what a new one would need: the file has the user's own account, and nothing is told."""
    said = wants(desk, {"me": SETTINGS}).run("snapshot", "--out", "live.json")
    assert (said.code, said.err) == (0, "")
    asked: Any = desk.sandbox.control_get("requests")
    assert not [path for path in asked["by_path"] if "subaccount" in path]
    assert desk.run("plan", "--live", "live.json").code == 0


def test_a_wait_with_a_token_opens_no_socket(desk: Desk) -> None:
    """How a token logs in there is not documented: looks are taken by time, -v says so, and the token goes nowhere."""
    desk.open("@master", "positions", instId="BTC-USDT-SWAP")
    said = wants(desk, {"me": {**SETTINGS, "position_mode": "long_short"}}).run(
        "-v", "apply", "--auto-approve", "--wait-flat", "1s"
    )
    assert said.code == 3
    assert "me: the venue does not document how a token logs in to its WebSocket" in said.err
    asked: Any = desk.sandbox.control_get("requests")
    assert not [path for path in asked["by_path"] if "/ws/" in path]
    assert TOKEN not in said.out + said.err


@pytest.mark.parametrize("path", ["*/set-greeks", "*/set-position-mode"])
def test_a_token_that_ends_in_the_middle_of_a_run(desk: Desk, path: str) -> None:
    """What was not executed by then is not started, not failed; one line says why, and the exit status is 1."""
    desk.fault(match={"path": path, "method": "POST"}, kind="code", code="53002", times=0)
    wants(desk, {"me": {**SETTINGS, "position_mode": "long_short"}})
    said = desk.run("apply", "--auto-approve")
    assert said.code == 1
    assert "0 failed" in said.last
    assert "not started" in said.last
    assert (said.out + said.err).count("note: nothing more was written: ") == 1
    assert TOKEN not in said.out + said.err
