"""A connection to OKX's WebSocket: login, subscriptions, pings, and how it ends.

Source: OKX v5, "WebSocket": login signs `timestamp + "GET" + "/users/self/verify"` with Unix seconds, valid for 30 s; a
connection that says and hears nothing for 30 s, or subscribes to nothing within 30 s, ends with 4004, one whose key
changes with 4007; 64008 comes a minute before a forced end. More than 64 KB of arguments in a request end it with 1009,
the strict reading, since no error for them is documented; more than 100 subscriptions of a key with 4003. The message
of 60012 repeats the whole request, as the venue's does.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Mapping
from typing import cast

from acctcfg.sandbox.okx.admission import KEY, sign
from acctcfg.sandbox.okx.channels import COUNTED, MOST_CONNECTIONS, Subscription, Unsubscribable, channel_of
from acctcfg.sandbox.okx.state import Account, Holder, State
from acctcfg.sandbox.stream import GOING_AWAY, Stream
from acctcfg.sandbox.values import Json, Row, takes_from
from acctcfg.sandbox.world import World

__all__ = ["PATHS", "OkxStream"]

PATHS = {f"/ws/v5/{name}": name for name in ("public", "private", "business")}
IDLE_S = 30.0
LEAST_IDLE_S = 3.0  # whatever the speed: a busy machine is not idle
LOGIN_S = 30.0
LEAST_LOGIN_S = 2.0  # whatever the speed: the time of a login is in whole seconds
MOST_REQUESTS = 480  # in an hour, of one connection
MOST_SUBSCRIPTIONS = 100  # of one key, on all its connections
MOST_BYTES = 64 * 1024  # of the arguments of one request
NOBODY = Account(uid="", name="", main_uid="")
IDENT = re.compile(r"[A-Za-z0-9]{1,32}")
FAILED = {
    "60004": "Invalid timestamp",
    "60005": "Invalid apiKey",
    "60006": "Timestamp request expired",
    "60007": "Invalid sign",
    "60009": "Login failed",
    "60024": "Wrong passphrase",
    "60032": "API key doesn't exist",
}


def _same(given: Json, expected: str) -> bool:
    return hmac.compare_digest(str(given).encode(errors="surrogatepass"), expected.encode())


class OkxStream(Stream):
    """One connection on one of the three paths."""

    def __init__(self, world: World, state: State, path: str, ip: str) -> None:
        super().__init__(path)
        self.world, self.state, self.kind, self.ip = world, state, PATHS[path], ip
        self.conn_id = secrets.token_hex(4)
        self.holder: Holder | None = None
        self.key_was: object = None  # what the key was at the login
        self.subscriptions: list[Subscription] = []
        self.asked: list[float] = []
        self.active = self.began = world.ticks()
        self.has_subscribed = False
        self.ends_at: float | None = None

    @property
    def account(self) -> Account:
        """Whose key logged in."""
        return self.holder.account if self.holder else NOBODY

    def show(self) -> Row:
        """Path, account and channels."""
        channels: list[Json] = [dict(sub.arg) for sub in self.subscriptions]
        return {"path": self.path, "account": self.account.address, "connId": self.conn_id, "channels": channels}

    # --- what comes in

    def received(self, text: str) -> None:
        """Answer a request of the client."""
        self.active = self.world.ticks()
        if text == "ping":
            self.send("pong")
            return
        try:
            frame = cast(Json, json.loads(text))
        except (ValueError, RecursionError):
            frame = None
        if not isinstance(frame, dict) or not {"op", "args"} <= set(frame) or set(frame) - {"id", "op", "args"}:
            self.refuse("60012", f"Illegal request: {text}")
            return
        ident, args = frame.get("id"), frame["args"]
        more: Row = {} if ident is None else {"id": ident}
        if ident is not None and not IDENT.fullmatch(str(ident)):
            self.refuse("60013", "Invalid args: id")
        elif frame["op"] not in ("login", "subscribe", "unsubscribe"):
            self.refuse("60019", "Invalid op: " + str(frame["op"]), more)
        elif not isinstance(args, list) or not args or not all(isinstance(arg, dict) for arg in args):
            self.refuse("60013", "Invalid args", more)
        elif sum(len(json.dumps(arg).encode()) for arg in args) > MOST_BYTES:
            self.close(1009, "Message too big")
        elif not self.may_ask():
            self.refuse("60014", "Requests too frequent", more)
        elif frame["op"] == "login":
            self.login(cast("Mapping[str, Json]", args[0]))
        else:
            for arg in args:
                self.take(str(frame["op"]), cast("Row", arg), more)
            self.turn()

    def may_ask(self) -> bool:
        """Count a request, and say whether it is within the hour's limit."""
        now = self.world.ticks()
        self.asked = [at for at in self.asked if at > now - 3600 / self.world.speed]
        self.asked.append(now)
        return len(self.asked) <= MOST_REQUESTS

    def refuse(self, code: str, msg: str, more: Row | None = None) -> None:
        """An error event."""
        self.send({**(more or {}), "event": "error", "code": code, "msg": msg, "connId": self.conn_id})

    def login(self, given: Mapping[str, Json]) -> None:
        """Check a signature; a failed login ends the connection."""
        if self.holder is not None:
            self.refuse("60031", "The WebSocket endpoint does not support multiple account batch login")
            return
        code = self.wrong_login(given)
        if code:
            code = code if self.state.flags.ws_login_error == "closer" else "60009"
            self.refuse(code, FAILED[code])
            self.close(4001, "Login failed")
            return
        self.holder = self.state.holders[str(given["apiKey"])]
        self.key_was = self.key_now()
        self.send({"event": "login", "code": "0", "msg": "", "connId": self.conn_id})

    def wrong_login(self, given: Mapping[str, Json]) -> str:
        """The code of a login that fails; empty for one that does not."""
        api_key, timestamp = str(given.get("apiKey", "")), str(given.get("timestamp", ""))
        now_ms = self.world.now_ms
        holder = self.state.holder(api_key, now_ms)
        if not re.fullmatch(r"[0-9]{9,11}(\.[0-9]{1,6})?", timestamp):
            return "60004"
        if abs(float(timestamp) * 1000 - now_ms) > max(LOGIN_S / self.world.speed, LEAST_LOGIN_S) * 1000:
            return "60006"
        if not KEY.fullmatch(api_key):
            return "60005"
        if holder is None:
            return "60032"
        if not takes_from(holder.key.ip, self.ip):
            return "60009"
        if not _same(given.get("passphrase"), holder.key.passphrase):
            return "60024"
        expected = sign(holder.key.secret_key, timestamp, "GET", "/users/self/verify", b"")
        return "" if _same(given.get("sign"), expected) else "60007"

    def key_now(self) -> object:
        """What ends the connection when it changes."""
        key = self.holder.key if self.holder else None
        known = key is not None and self.state.holder(key.api_key, self.world.now_ms) is not None
        return (key.label, key.perm, key.ip, key.env, key.passphrase) if key is not None and known else None

    def take(self, op: str, arg: Row, more: Row) -> None:
        """Subscribe to one argument, or no more."""
        ack: Row = {**more, "event": op, "arg": arg, "connId": self.conn_id}
        if self.state.flags.ws_ack == "args":
            ack = {**more, "event": op, "args": [arg], "connId": self.conn_id}
        try:
            channel = channel_of(arg, self.kind)
        except Unsubscribable as exc:
            self.refuse(exc.code, exc.msg, more)
            return
        if self.holder is None:
            self.refuse("60011", "Please log in", more)
            return
        present = [sub for sub in self.subscriptions if sub.arg == arg]
        if op == "unsubscribe":
            self.subscriptions = [sub for sub in self.subscriptions if sub not in present]
            self.send(ack)
            return
        self.send(ack)
        if not present:
            self.has_subscribed = True
            self.subscriptions.append(Subscription(self.state, self.holder.account, arg, channel))
            self.count(str(arg["channel"]))
            self.end_if_too_many()

    def count(self, name: str) -> None:
        """Say how many connections an account has on a channel; the one too many is ended."""
        if name not in COUNTED:
            return
        streams = [one for one in self.world.streams if isinstance(one, OkxStream) and one.account is self.account]
        found = sum(any(sub.name == name for sub in one.subscriptions) for one in streams)
        event = "channel-conn-count" if found <= MOST_CONNECTIONS else "channel-conn-count-error"
        self.send({"event": event, "channel": name, "connCount": str(found), "connId": self.conn_id})
        if found > MOST_CONNECTIONS:
            self.subscriptions = [sub for sub in self.subscriptions if sub.name != name]

    def end_if_too_many(self) -> None:
        """4003 for a key that has more subscriptions than it may."""
        mine = [one for one in self.world.streams if isinstance(one, OkxStream) and one.holder is self.holder]
        if sum(len(one.subscriptions) for one in mine) > MOST_SUBSCRIPTIONS:
            self.close(4003, "Too many subscriptions of one API key")

    # --- what goes out unasked

    def turn(self) -> None:
        """Pushes, and the reasons for an end."""
        if self.is_over:
            return
        now = self.world.ticks()
        if self.holder is not None and self.key_now() != self.key_was:
            self.close(4007, "API key has been updated or deleted")
            return
        for sub in self.subscriptions:
            for frame in sub.frames(self.world.now_ms):
                self.active = now
                self.send(frame)
        if self.ends_at is not None and now >= self.ends_at:
            self.close(GOING_AWAY, "Service upgrade")
        elif self.is_idle(now):
            self.close(4004, "No data received in 30s")

    def is_idle(self, now: float) -> bool:
        """Whether nothing was said for too long; pings are no reason to keep who never subscribes to anything."""
        since = self.active if self.has_subscribed else self.began
        return now - since >= max(IDLE_S / self.world.speed, LEAST_IDLE_S)

    def warn(self) -> None:
        """Announce a forced end, and end it when its time has come."""
        msg = "The connection will soon be closed for a service upgrade. Please reconnect."
        self.send({"event": "notice", "code": "64008", "msg": msg, "connId": self.conn_id})
        self.ends_at = self.world.ticks() + self.state.flags.notice_lead_s / self.world.speed
