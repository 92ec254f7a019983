"""Wait until flat: `apply --wait-flat` outlasts what is open, without the lock, and closes nothing itself."""

from __future__ import annotations

import asyncio
import http.server
import io
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk, Said
from ladder_parts import KEY, own_secret, settle
from patience import PATIENCE_S, until

import acctcfg
from acctcfg.wire.socket import Socket

SWAP = {"instId": "BTC-USDT-SWAP", "size": "3", "mgnMode": "cross"}
OPEN = [
    ("positions", SWAP, "no open positions: BTC-USDT-SWAP 3 (cross)"),
    ("orders", {"instId": "BTC-USDT-SWAP"}, "no pending orders: BTC-USDT-SWAP"),
    ("algos", {"instId": "BTC-USDT-SWAP"}, "no algo orders: BTC-USDT-SWAP"),
    ("bots", {"instId": "BTC-USDT-SWAP"}, "no trading bots: BTC-USDT-SWAP"),
]


def held(desk: Desk, name: str = "customer01", what: str = "positions", **fields: Any) -> None:
    """An account with something open."""
    settle(desk, name, acctLv="3")
    desk.open(name, what, **(fields or SWAP))


def wanted(desk: Desk, *names: str, **sections: Any) -> None:
    """These accounts are to be long_short, which takes a flat account."""
    desk.write({name: {"api_keys": KEY, "position_mode": "long_short"} for name in names}, **sections)


def close(desk: Desk, name: str = "customer01", what: str = "positions") -> None:
    """What a trader does."""
    desk.sandbox.control_delete(f"accounts/{name}/{what}/all")


def sockets(desk: Desk) -> set[str]:
    """The connections that are logged in and subscribed, by the venue's ids."""
    found: Any = desk.sandbox.control_get("sockets")
    return {row["connId"] for row in found if row["channels"]}


class Waiting:
    """`acctcfg apply --wait-flat 10m ...` beside the test."""

    def __init__(self, desk: Desk, *arguments: str) -> None:
        self._desk, self._said = desk, list[Said]()
        self._thread = threading.Thread(target=lambda: self._said.append(desk.apply("--wait-flat", "10m", *arguments)))

    def __enter__(self) -> Waiting:
        self._thread.start()
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:
            self._desk.sandbox.control_post("reset")  # a test that failed need not wait for the end
        self._thread.join(PATIENCE_S)

    @property
    def over(self) -> bool:
        """Whether it has come to its end."""
        return bool(self._said)

    @property
    def told(self) -> str:
        """What it has told so far: the command line of a test puts its own stderr in place of this process's."""
        return sys.stderr.getvalue() if isinstance(sys.stderr, io.StringIO) else ""

    def said(self) -> Said:
        """What it said at its end."""
        self._thread.join(PATIENCE_S)
        return self._said[0]


@pytest.mark.parametrize(("what", "fields", "named"), OPEN, ids=[what for what, _, _ in OPEN])
def test_goes_on_once_it_is_closed(desk: Desk, what: str, fields: dict[str, Any], named: str) -> None:
    """Whatever is open is waited for, and named; nothing is written before, and nothing but the plan's step after."""
    held(desk, what=what, **fields)
    wanted(desk, "customer01")
    assert "while 1 step is blocked; --wait-flat waits." in desk.plan().out
    with Waiting(desk) as waiting:
        until(lambda: len(sockets(desk)) == 2)
        assert (desk.writes(), waiting.over) == ([], False)
        close(desk, what=what)
        said = waiting.said()
    assert (said.code, said.last) == (0, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed."), said.err
    assert [row["path"] for row in desk.writes()] == ["/api/v5/account/set-position-mode"]
    assert desk.account("customer01")["posMode"] == "long_short_mode"
    told = said.err.splitlines()
    assert told[0] == "waiting for at most 600 s until this is gone (acctcfg closes and cancels nothing)"
    assert f"customer01.position_mode: {named}" in told[1]
    assert told[-1] == f"  gone: customer01.position_mode: {named.partition(':')[0]}"
    assert sockets(desk) == set()


def test_what_the_venue_names_only_while_it_is_there_is_waited_for(desk: Desk) -> None:
    """A precheck of a mode switch lists what forbids it, and nothing of what does not: gone is what is not listed."""
    settle(desk, "customer01", acctLv="3", debts={"BTC": "1"})
    desk.sandbox.control_post("accounts/@master/set", {"acctLv": "3"})
    desk.open("@master", "orders", instId="BTC-USDT-SWAP")
    modes = {"customer01": {"api_keys": KEY}, "me": {"role": "main"}}  # the broker switches one, the other itself
    desk.write({name: {**fields, "account_mode": "futures"} for name, fields in modes.items()})
    with Waiting(desk) as waiting:
        until(lambda: len(sockets(desk)) == 4)
        assert (desk.writes(), waiting.over) == ([], False)
        desk.sandbox.control_post("accounts/customer01/balances", {"debts": {"BTC": "0"}})
        close(desk, "@master", "orders")
        said = waiting.said()
    assert (said.code, said.last) == (0, "Applied: 0 created, 2 changed, 0 deleted, 0 blocked, 0 failed."), said.err
    assert [desk.account(name)["acctLv"] for name in ("customer01", "@master")] == ["2", "2"]
    assert "  gone: customer01.account_mode: nothing is borrowed\n" in said.err
    assert "  gone: me.account_mode: no pending orders\n" in said.err


def test_asks_little_while_it_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the venue's own pace: of what was empty the looks ask nothing, so no limit keeps plan and gate waiting."""
    with Desk.at(tmp_path, monkeypatch, speed=1) as desk:
        held(desk)
        wanted(desk, "customer01")
        with Waiting(desk) as waiting:
            until(lambda: len(sockets(desk)) == 2)
            close(desk)
            said = waiting.said()
        assert (said.code, len(desk.writes())) == (0, 1)
        asked: Any = desk.sandbox.control_get("requests")
        assert asked["by_path"]["GET /api/v5/trade/orders-algo-pending"] == 4 * 7  # plan, first look, plan, write
        assert asked["rate_limited"] == 0


@pytest.mark.parametrize(
    ("path", "body"),
    [("sockets/drop", {}), ("sockets/close", {"code": 4006}), ("sockets/warn", {})],
    ids=["cut", "closed", "announced"],
)
def test_survives_three_ends_of_its_connections(desk: Desk, path: str, body: dict[str, Any]) -> None:
    """Each end is followed by new connections on both paths, and the close is heard over those."""
    held(desk)
    wanted(desk, "customer01")
    with Waiting(desk) as waiting:
        for _ in range(3):
            until(lambda: len(sockets(desk)) == 2)
            before = sockets(desk)
            desk.sandbox.control_post(path, body)
            until(lambda: len(sockets(desk) - before) == 2)  # noqa: B023
        assert not waiting.over
        close(desk)
        assert waiting.said().code == 0


def test_after_a_notice_the_new_connection_comes_first(desk: Desk) -> None:
    """64008: a connection that is announced to end is let go of only when another one is subscribed."""
    desk.sandbox.control_post("flags", {"notice_lead_s": 5000})  # a hundred seconds at this speed
    held(desk)
    wanted(desk, "customer01")
    with Waiting(desk) as waiting:
        until(lambda: len(sockets(desk)) == 2)
        before, fewest = sockets(desk), [2]
        desk.sandbox.control_post("sockets/warn")

        def renewed() -> bool:
            now = sockets(desk)
            fewest.append(len(now))
            return len(now - before) == 2

        until(renewed)
        assert min(fewest) >= 2
        close(desk)
        assert waiting.said().code == 0


def test_gives_up_on_time(desk: Desk) -> None:
    """After that time, which no speed shortens: exit 3, the plan with what stands in the way, and nothing touched."""
    held(desk)
    wanted(desk, "customer01")
    begun = time.monotonic()
    said = desk.apply("--wait-flat", "1s")
    assert time.monotonic() - begun >= 1
    assert (said.code, said.last) == (3, "Applied: 0 created, 0 changed, 0 deleted, 1 blocked, 0 failed.")
    assert "x no open positions" in said.out
    assert "note: given up after 1 s of waiting; nothing was closed, cancelled or written" in said.out
    assert desk.writes() == []
    assert len(desk.account("customer01")["positions"]) == 1


def test_what_is_left_out_is_waited_for_first(desk: Desk) -> None:
    """With --skip-blocked too the accounts that waiting did not free are left out, and the others are applied."""
    held(desk)
    settle(desk, "customer02", acctLv="3")
    wanted(desk, "customer01", "customer02")
    said = desk.apply("--wait-flat", "1s", "--skip-blocked")
    assert (said.code, said.last) == (3, "Applied: 0 created, 1 changed, 0 deleted, 1 blocked, 0 failed.")
    assert [row["account"] for row in desk.writes()] == ["customer02"]


def test_all_must_be_flat_at_once(desk: Desk) -> None:
    """An account that was flat and is not any more is waited for again; nothing was written meanwhile."""
    held(desk)
    held(desk, "customer02")
    wanted(desk, "customer01", "customer02")
    with Waiting(desk) as waiting:
        until(lambda: len(sockets(desk)) == 4)
        close(desk)
        until(lambda: "gone: customer01." in waiting.told)
        desk.open("customer01", "positions", **SWAP)
        until(lambda: waiting.told.count("  customer01.") == 2)
        close(desk, "customer02")
        until(lambda: "gone: customer02." in waiting.told)
        assert (desk.writes(), waiting.over) == ([], False)
        close(desk)
        assert waiting.said().code == 0
    assert len(desk.writes()) == 2


def test_what_waiting_cannot_cure_is_not_waited_for(desk: Desk) -> None:
    """A guardrail's breach beside an open position: exit 3 without a wait, and said so."""
    held(desk)
    settle(desk, "customer02", acctLv="3")
    high = [{"market": "swap", "instrument": "BTC-USDT-SWAP", "margin": "isolated", "value": 9}]
    desk.write(
        {
            "customer01": {"api_keys": KEY, "position_mode": "long_short"},
            "customer02": {"api_keys": KEY, "leverage": high},
        },
        guardrails={"max_leverage": 5},
    )
    said = desk.apply("--wait-flat", "10m")
    assert (said.code, desk.writes()) == (3, [])
    assert said.err.startswith("not waited: what stands in the way does not go away by itself: customer02.leverage[")
    assert "guardrail: max_leverage" in said.err
    assert "--wait-flat waits" not in desk.plan().out


def test_the_lock_is_free_while_it_waits(desk: Desk, tmp_path: Path) -> None:
    """Another apply of the same venue user, with other accounts, goes through at once."""
    settle(desk, "customer02", acctLv="3")
    wanted(desk, "customer02")
    other = tmp_path / "other"
    other.mkdir()
    shutil.copy(tmp_path / "acctcfg.yaml", other)
    shutil.copytree(tmp_path / "secrets", other / "secrets")
    held(desk)
    wanted(desk, "customer01")
    with Waiting(desk) as waiting:
        until(lambda: len(sockets(desk)) == 2)
        outcome = asyncio.run(acctcfg.apply(acctcfg.load(other, os.environ), approve=lambda _: True))
        assert (outcome.exit_code, waiting.over) == (0, False)
        close(desk)
        assert waiting.said().code == 0
    assert [row["account"] for row in desk.writes()] == ["customer02", "customer01"]


def test_a_lock_that_is_held_when_it_is_flat_is_waited_for(desk: Desk) -> None:
    """Another run that began meanwhile does not end the wait: it is outlasted with the time that is left."""
    held(desk)
    wanted(desk, "customer01")

    user = str(desk.plan("--format", "json").json["venues"]["desk"]["uid"])

    async def hold() -> None:
        async with acctcfg.load(desk.folder, os.environ).lock(desk.sandbox.base_url, user, timeout_s=0):
            close(desk)
            await asyncio.to_thread(until, lambda: "waiting for the lock" in waiting.told)
            assert (desk.writes(), waiting.over) == ([], False)

    with Waiting(desk, "-v") as waiting:
        until(lambda: len(sockets(desk)) == 2)
        asyncio.run(hold())
        assert waiting.said().code == 0, waiting.said().err
    assert len(desk.writes()) == 1


@pytest.mark.slow
def test_ctrl_c_while_it_waits(desk: Desk) -> None:
    """130, at once, and nothing was written: not even the journal knows of a run."""
    held(desk)
    wanted(desk, "customer01")
    line = [sys.executable, "-m", "acctcfg", "-C", str(desk.folder), "apply", "--auto-approve", "--wait-flat", "10m"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        try:
            until(lambda: len(sockets(desk)) == 2)
            running.send_signal(signal.SIGINT)
            _, err = running.communicate(timeout=PATIENCE_S)  # of the ten minutes
        finally:
            running.kill()
    assert running.returncode == 130, err
    assert b"nothing was written" in err
    assert b"Traceback" not in err
    assert desk.writes() == []
    assert desk.run("history").out == "No runs yet.\n"


@pytest.mark.parametrize("when", ["while it was open", "while it was flat"])
def test_a_reviewed_plan_is_the_same_once_it_is_flat(desk: Desk, when: str) -> None:
    """The digest that reviewers saw names the plan, with what was open in the way or without."""
    held(desk)
    wanted(desk, "customer01")
    if when == "while it was flat":
        close(desk)
    digest = desk.plan("--format", "json").json["digest"]
    if when == "while it was flat":
        desk.open("customer01", "positions", **SWAP)
        assert desk.apply("--expect", digest).code == 1
    with Waiting(desk, "--expect", digest) as waiting:
        until(lambda: len(sockets(desk)) == 2)
        close(desk)
        assert waiting.said().code == 0, waiting.said().err


@pytest.mark.parametrize("code", ["60007", "60009", "60012"])
def test_a_refused_login_leaves_polling_and_no_trace(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, code: str
) -> None:
    """The venue takes no login, and repeats the whole frame in one refusal: looks are taken by time, and neither log
    nor output, at any level, has anything of the key."""
    caplog.set_level(logging.DEBUG)
    desk.sandbox.control_post("flags", {"ws_login_error": "60009" if code == "60009" else "closer"})
    send, secrets = Socket.send, [*own_secret("customer01").values()]

    async def spoiled(self: Socket, frame: Any) -> None:
        if isinstance(frame, dict) and frame["op"] == "login":
            (login,) = frame["args"]
            secrets.append(login["sign"])
            frame = {**frame, "argss": 1} if code == "60012" else {**frame, "args": [{**login, "sign": "AAAA"}]}
        await send(self, frame)

    monkeypatch.setattr(Socket, "send", spoiled)
    held(desk)
    wanted(desk, "customer01")
    with Waiting(desk, "--format", "json") as waiting:
        until(lambda: len(secrets) >= 3 + 2)
        time.sleep(0.3)
        assert (sockets(desk), waiting.over) == (set(), False)
        close(desk)
        said = waiting.said()
    assert said.code == 0
    assert len(secrets) == 3 + 2  # one login a path: a key that is refused is not tried again
    seen = said.out + said.err + caplog.text
    assert not [one for one in (*secrets, MASTER["secret_key"], "/users/self/verify") if one in seen]


def test_a_socket_that_points_elsewhere_leaves_polling(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """A login follows no redirect, not even to a socket that would take it; it is said, and looks are taken by time."""

    asked: list[str] = []

    class Elsewhere(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(307)
            self.send_header("Location", desk.sandbox.base_url.replace("http", "ws") + self.path)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"ws://127.0.0.1:{server.server_port}"
        monkeypatch.setattr("acctcfg.venues.okx.private_socket.socket_base", lambda *_, **__: base)
        held(desk)
        wanted(desk, "customer01")
        with Waiting(desk, "-v") as waiting:
            until(lambda: len(asked) == 2)
            time.sleep(0.2)
            assert (sockets(desk), waiting.over) == (set(), False)
            close(desk)
            said = waiting.said()
        server.shutdown()
    assert (said.code, sockets(desk)) == (0, set())
    assert len(asked) == 2
    assert f"customer01: {base} redirects to 127.0.0.1 (HTTP 307); redirects are not followed" in said.err
