"""`notify`: who is sent word of what a command did, and that it can neither be misled nor be in the way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from desk import MASTER, Desk, Said
from ladder_parts import KEY, own_secret, settle, stock
from watching import watch

from acctcfg.engine import notices

MODES = {"api_keys": KEY, "account_mode": "multi_currency", "position_mode": "net"}
PATH = "/services/T0/Canary-of-a-webhook"
ALL = ["applied", "blocked", "drift", "failed", "lapse"]


class Hook:
    """A webhook on loopback: what it was sent, and how it answers."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.status, self.headers = 200, dict[str, str]()
        self.stuck: threading.Event | None = None
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                hook.paths.append(self.path)
                hook.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                if hook.stuck is not None:
                    hook.stuck.wait(20)
                    return
                self.send_response(hook.status)
                for name, value in hook.headers.items():
                    self.send_header(name, value)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.origin = f"http://127.0.0.1:{self.server.server_port}"
        self.url = self.origin + PATH
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @property
    def happened(self) -> list[list[str]]:
        """The words of each body."""
        return [body["acctcfg"]["happened"] for body in self.bodies]


@pytest.fixture
def hook() -> Iterator[Hook]:
    """A webhook that takes everything."""
    made = Hook()
    yield made
    if made.stuck is not None:
        made.stuck.set()
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def told(desk: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An account whose position mode differs, and a webhook that is told everything."""
    monkeypatch.setenv("ACCTCFG_HOOK", hook.url)
    settle(desk, "mmdesk01", acctLv="3", posMode="long_short_mode")
    return desk.write({"mmdesk01": MODES}, notify={"webhook": {"env": "ACCTCFG_HOOK"}, "on": ALL})


def silent(said: Said) -> bool:
    """Whether nothing of the URL is told."""
    return not {word for word in ("Canary-of-a-webhook", "/services/") if word in said.out + said.err}


def test_each_command_sends_what_it_came_to(told: Desk, hook: Hook) -> None:
    """Drift, an apply that is blocked, one that is done, and nothing where nothing is to do; never of a plan."""
    assert told.plan().code == 0
    assert told.run("drift").code == 2
    told.open("mmdesk01", "orders", instId="BTC-USDT-SWAP")
    assert told.apply().code == 3
    told.sandbox.control_delete("accounts/mmdesk01/orders/all")
    done = told.apply()
    assert (done.code, told.apply().code, told.run("drift").code) == (0, 0, 0)
    assert hook.happened == [["drift"], ["blocked"], ["applied"]]
    assert set(hook.paths) == {PATH}
    first, last = hook.bodies[1], hook.bodies[2]
    folder = told.folder.name
    assert first["text"].startswith(f"acctcfg apply in {folder}: Applied: 0 created, 0 changed, 0 deleted, 1 blocked")
    assert "\nmmdesk01.position_mode: blocked: " in first["text"]
    assert [one["address"] for one in first["acctcfg"]["details"]] == ["mmdesk01.position_mode"]
    assert (last["text"], last["acctcfg"]["exit_code"]) == (f"acctcfg apply in {folder}: {done.last}", 0)
    assert last["acctcfg"]["run"] in [run["id"] for run in told.run("history", "--format", "json").json]


def test_only_what_is_asked_for_is_sent(told: Desk, hook: Hook) -> None:
    """`on` chooses; of a command to which several words apply, one message says which of them were asked for."""
    told.write({"mmdesk01": MODES}, notify={"webhook": {"env": "ACCTCFG_HOOK"}, "on": ["failed"]})
    assert told.apply().code == 0
    assert hook.bodies == []
    told.fault(match={"path": "/api/v5/*"}, kind="status", status=503, times=0)
    assert told.apply().code == 1
    assert hook.happened == [["failed"]]
    assert hook.bodies[0]["acctcfg"]["error"] == "http_503"


def test_a_manifest_alone_sends_nothing_anywhere(told: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL in the manifest needs the user's own word for that very URL, on loopback too; no message quotes it."""
    told.write({"mmdesk01": MODES}, notify={"webhook": hook.url, "on": ALL})
    refused = told.run("drift")
    assert (refused.code, hook.bodies) == (1, [])
    assert silent(refused)
    word = next(word for word in refused.err.split() if word.startswith("webhook:127.0.0.1+"))
    monkeypatch.setenv("ACCTCFG_TRUST", f"other {word}")
    assert told.run("drift").code == 2
    told.write({"mmdesk01": MODES}, notify={"webhook": f"{hook.url}x", "on": ALL})
    assert told.run("drift").code == 1
    assert hook.paths == [PATH]


@pytest.mark.sample(3)
@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/services/Canary-of-a-webhook",
        "https://me:Canary-of-a-webhook@hooks.example.com/",
        "ftp://127.0.0.1/services/Canary-of-a-webhook",
        "https:///services/Canary-of-a-webhook",
        "Canary-of-a-webhook",
    ],
)
def test_a_url_that_others_could_read_is_refused(told: Desk, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """https only, but on this machine; in the manifest an error, from the environment a note. Neither quotes it."""
    monkeypatch.setenv("ACCTCFG_HOOK", url)
    said = told.run("drift")
    assert (
        said.code,
        said.err.count("note: notify: no word was sent: the environment variable ACCTCFG_HOOK must"),
    ) == (2, 1)
    assert silent(said)
    told.write({"mmdesk01": MODES}, notify={"webhook": url, "on": ALL})
    said = told.run("validate")
    assert said.code == 1
    assert silent(said)


@pytest.mark.parametrize(
    ("status", "words"), [(404, "it answered 404"), (302, "it answered 302, a redirect, which is not followed")]
)
def test_a_webhook_that_fails_changes_nothing(told: Desk, hook: Hook, status: int, words: str) -> None:
    """One note on stderr; the exit status is the command's own, and nothing is sent to where a redirect leads."""
    hook.status, hook.headers = status, {"Location": f"{hook.origin}/elsewhere"}
    said = told.apply()
    assert (said.code, said.err) == (0, f"note: notify: no word was sent: {words}\n")
    assert hook.paths == [PATH]


def test_a_webhook_that_hangs_is_left(told: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time the command ends as it would have ended."""
    monkeypatch.setattr(notices, "TIMEOUT_S", 0.2)
    hook.stuck = threading.Event()
    said = told.apply()
    assert (said.code, said.err) == (0, "note: notify: no word was sent: no answer within 0.2 s\n")


def test_nobody_there_and_no_variable(told: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both are notes; a job without the secret can do everything else."""
    monkeypatch.setenv("ACCTCFG_HOOK", "http://127.0.0.1:1/services/Canary-of-a-webhook")
    said = told.run("drift")
    assert (said.code, said.err) == (2, "note: notify: no word was sent: it cannot be reached\n")
    monkeypatch.delenv("ACCTCFG_HOOK")
    said = told.run("drift")
    assert (said.code, said.err) == (
        2,
        "note: notify: no word was sent: the environment variable ACCTCFG_HOOK is not set\n",
    )


def test_nothing_secret_and_nothing_that_steers_is_sent(told: Desk, hook: Hook) -> None:
    """A venue that repeats a secret, mentions everybody and reverses text: the body is harmless and holds no secret."""
    secret = MASTER["secret_key"]
    hostile = f"\u202e<!channel> <https://evil.example|click> \x1b[2J {secret} {own_secret('mmdesk01')['secret_key']}"
    told.fault(match={"path": "/api/v5/account/set-position-mode"}, kind="code", code="59999", msg=hostile)
    assert told.apply("--events", "events.jsonl").code == 1
    (body,) = hook.bodies
    assert "&lt;!channel&gt; &lt;https:\u200b//evil.example|click&gt;" in body["text"]
    assert not set("\u202e\x1b<>") & set(body["text"])
    events = (told.folder / "events.jsonl").read_text(encoding="utf-8")
    whole = json.dumps(hook.bodies) + events
    assert "***" in whole
    parts = [MASTER, own_secret("mmdesk01")]
    known = [one[name] for one in parts for name in ("secret_key", "passphrase") if len(one[name]) >= 16]
    assert [one for one in (*known, PATH, told.identity) if one in whole] == []


def test_mentions_and_links_are_out_of_action(desk: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """In every form that a chat knows, here in the label of a key: a name can be read, and nothing else is changed."""
    monkeypatch.setenv("ACCTCFG_HOOK", hook.url)
    live = (
        "@channel @here ~town #ops [in](https://evil.example/a) HTTP://evil.example www.evil.example mailto:a@b.example"
    )
    own, other = own_secret("mmdesk01"), own_secret("mmdesk01", "stranger")
    keys = [{"label": "trading", **own, "perm": "read_only,trade", "ip": "127.0.0.1"}, {"label": live, **other}]
    desk.sandbox.control_post("accounts/mmdesk01", {"keys": keys, "acctLv": "3", "posMode": "net_mode"})
    stock(desk, "mmdesk01", own)
    desk.write({"mmdesk01": MODES}, notify={"webhook": {"env": "ACCTCFG_HOOK"}, "on": ["drift"]})
    assert desk.run("drift").code == 2
    (body,) = hook.bodies
    assert live in body["acctcfg"]["details"][0]["address"]
    line = body["text"].splitlines()[1]
    assert f"mmdesk01.api_keys[{live}]: a key that" in line.replace("\u200b", "")
    assert not [one for one in ("@c", "@h", "~t", "#o", "](", "://", "www.", "mailto:a", "@b") if one in line]
    assert "\u200b" not in line.partition("]: a key")[2]


def test_watch_tells_a_state_once(told: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    """A drift that lasts is told once, and again after it was gone."""

    def happens(number: int) -> None:
        mode = "net_mode" if number == 2 else "long_short_mode"
        told.sandbox.control_post("accounts/mmdesk01/set", posMode=mode)

    said, _ = watch(told, monkeypatch, 4, happens=happens)
    assert said.code == 2
    assert [(body["acctcfg"]["look"], body["acctcfg"]["happened"]) for body in hook.bodies] == [
        (1, ["drift"]),
        (4, ["drift"]),
    ]


def test_no_other_variable_is_taken_for_it_unless_trusted(
    told: Desk, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that is in the environment for something else is not where a manifest can have word sent."""
    monkeypatch.setenv("BUILD_SERVER", hook.url)
    told.write({"mmdesk01": MODES}, notify={"webhook": {"env": "BUILD_SERVER"}, "on": ["drift"]})
    said = told.run("drift")
    assert (said.code, "notify.webhook.env: nobody trusts this variable" in said.err, hook.bodies) == (1, True, [])
    monkeypatch.setenv("ACCTCFG_TRUST", "webhook:env:BUILD_SERVER")
    assert told.run("drift").code == 2
    assert hook.happened == [["drift"]]


def test_the_section_may_be_in_two_files(told: Desk, hook: Hook) -> None:
    """It is merged like every other one; a key that is written twice is an error with both places."""
    told.write({"mmdesk01": MODES}, notify={"on": ["drift"]}, include=["hook.yaml"])
    more = Path(told.folder, "hook.yaml")
    more.write_text("notify: {webhook: {env: ACCTCFG_HOOK}}\n", encoding="utf-8")
    assert told.run("drift").code == 2
    assert hook.happened == [["drift"]]
    more.write_text("notify: {webhook: {env: ACCTCFG_HOOK}, on: [failed]}\n", encoding="utf-8")
    assert "notify.on: is written in two files" in told.run("validate").err
