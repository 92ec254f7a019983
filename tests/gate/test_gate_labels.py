"""Every label of CrossEx's account and leverage groups: provoked at the venue, met by `apply`, and explained.

What the client would never send goes to the venue by hand, signed here by the rule of Gate API v4, "Authentication".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import unquote_plus
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from gate_desk import ADA, MARGIN_ADA, GateDesk
from patience import PATIENCE_S

from acctcfg.cli import run
from acctcfg.sandbox.serve import Running

# CrossEx v1.0, "Error codes", written out for this test.
ACCOUNT_LABELS = """
USER_NOT_EXIST USER_DEACTIVATED QUERY_INVALID_EXCHANGE_TYPE TRADE_CHANGE_PZ_MODE_SAME_ERROR
TRADE_PZ_MODE_HAVE_ORDER_ERROR TRADE_PZ_MODE_HAVE_POSITION_ERROR UPDATE_ACCOUNT_PARAMETERS_ALL_EMPTY_ERROR
UPDATE_ACCOUNT_PARAMETERS_ERROR UPDATE_ACCOUNT_EXCHANGE_TYPE_PARAMETERS_ERROR UPDATE_ACCOUNT_ACCOUNT_MODE_ERROR
UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR UPDATE_ACCOUNT_PZ_ISOLATED_MODE_NOT_EXCHANGE_TYPE_ERROR
UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR
UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR UPDATE_ACCOUNT_MODE_MAINTENANCE_MARGIN_NOT_ZERO_ERROR
UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR UPDATE_ACCOUNT_CROSSEX_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR
UPDATE_ACCOUNT_ISOLATED_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR
""".split()
LEVERAGE_LABELS = """
TRADE_SET_LEVERAGE_ERROR TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR TRADE_INVALID_SYM_BUSINESSTYPE_ERROR
TRADE_INVALID_MARGIN_SYM_BUSINESSTYPE_ERROR
""".split()
# Those that name orders, positions, margins or the account's status: something must be cleared first.
PRECONDITIONS = {
    "TRADE_PZ_MODE_HAVE_ORDER_ERROR",
    "TRADE_PZ_MODE_HAVE_POSITION_ERROR",
    "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR",
    "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR",
    "UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR",
    "UPDATE_ACCOUNT_MODE_MAINTENANCE_MARGIN_NOT_ZERO_ERROR",
    "UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR",
}

PUT, GET = ("PUT", "/crossex/accounts"), ("GET", "/crossex/accounts")
FUTURES, MARGINS = ("POST", "/crossex/positions/leverage"), ("POST", "/crossex/margin_positions/leverage")
ISOLATED = {"account_mode": "ISOLATED_EXCHANGE"}
FREE = {"initial_margin": "0", "maintenance_margin": "0"}
THEIRS = "words that only the venue has"

# -- by hand: the user's state, the request, the label ---------------------------------------------------------------

BY_HAND: list[tuple[dict[str, Any], tuple[str, str], dict[str, Any], str]] = [
    ({"opened": False}, GET, {}, "USER_NOT_EXIST"),
    ({"deactivated": True}, GET, {}, "USER_DEACTIVATED"),
    (ISOLATED, GET, {}, "QUERY_INVALID_EXCHANGE_TYPE"),
    (ISOLATED, GET, {"exchange_type": "KUCOIN"}, "QUERY_INVALID_EXCHANGE_TYPE"),
    ({}, PUT, {"position_mode": "SINGLE"}, "TRADE_CHANGE_PZ_MODE_SAME_ERROR"),
    ({}, PUT, {}, "UPDATE_ACCOUNT_PARAMETERS_ALL_EMPTY_ERROR"),
    ({}, PUT, {"position_mode": "DUAL", **ISOLATED}, "UPDATE_ACCOUNT_PARAMETERS_ERROR"),
    ({}, PUT, {"exchange_type": "OKX"}, "UPDATE_ACCOUNT_EXCHANGE_TYPE_PARAMETERS_ERROR"),
    ({}, PUT, {"account_mode": "isolated_exchange"}, "UPDATE_ACCOUNT_ACCOUNT_MODE_ERROR"),
    (ISOLATED, PUT, {"position_mode": "DUAL", "exchange_type": "KUCOIN"}, "UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR"),
    (ISOLATED, PUT, {"position_mode": "DUAL"}, "UPDATE_ACCOUNT_PZ_ISOLATED_MODE_NOT_EXCHANGE_TYPE_ERROR"),
    (
        {},
        PUT,
        {"position_mode": "DUAL", "exchange_type": "OKX"},
        "UPDATE_ACCOUNT_CROSSEX_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR",
    ),
    (
        ISOLATED,
        PUT,
        {"position_mode": "DUAL", "exchange_type": "CROSSEX"},
        "UPDATE_ACCOUNT_ISOLATED_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR",
    ),
    ({}, FUTURES, {"symbol": ADA, "leverage": "2.5"}, "TRADE_SET_LEVERAGE_ERROR"),
    ({}, FUTURES, {"symbol": ADA, "leverage": "0"}, "TRADE_SET_LEVERAGE_ERROR"),
    ({}, MARGINS, {"symbol": MARGIN_ADA, "leverage": "1000"}, "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR"),
    ({}, FUTURES, {"symbol": MARGIN_ADA, "leverage": "2"}, "TRADE_INVALID_SYM_BUSINESSTYPE_ERROR"),
    ({}, MARGINS, {"symbol": ADA, "leverage": "2"}, "TRADE_INVALID_MARGIN_SYM_BUSINESSTYPE_ERROR"),
]
USERS = {"plain": {}, "isolated": ISOLATED, "none": {"opened": False}, "gone": {"deactivated": True}}


@pytest.fixture(scope="module")
def venue() -> Iterator[Running]:
    """A sandbox with a user for each state."""
    tenants = {
        name: {
            "venue": "gate_crossex",
            "keys": [{"name": name, "key": f"{name}-key", "secret": f"{name}-secret", "perms": ["crossx"]}],
            **fields,
        }
        for name, fields in USERS.items()
    }
    with Running({"tenants": tenants}, speed=20) as sandbox:
        yield sandbox


def by_hand(venue: Running, user: str, request: tuple[str, str], fields: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Send a request signed here; HTTP status and JSON."""
    method, path = request[0], f"/api/v4{request[1]}"
    query = "&".join(f"{name}={value}" for name, value in fields.items()) if method == "GET" else ""
    body = b"" if method == "GET" else json.dumps(fields).encode()
    stamp = str(int(time.time()))
    parts = "\n".join((method, path, unquote_plus(query), hashlib.sha512(body).hexdigest(), stamp))
    headers = {
        "KEY": f"{user}-key",
        "Timestamp": stamp,
        "SIGN": hmac.new(f"{user}-secret".encode(), parts.encode(), hashlib.sha512).hexdigest(),
        "Content-Type": "application/json",
    }
    url = venue.base_url + path + (f"?{query}" if query else "")
    sent = Request(url, data=body or None, headers=headers, method=method)  # noqa: S310 (loopback)
    try:
        with build_opener(ProxyHandler({})).open(sent, timeout=PATIENCE_S) as answer:
            return answer.status, json.load(answer)
    except HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


@pytest.mark.parametrize(("state", "request_", "fields", "label"), BY_HAND, ids=[row[3] for row in BY_HAND])
def test_what_the_client_never_sends(venue: Running, state, request_, fields, label) -> None:
    """Over HTTP, with a signature made by hand: the venue answers the label of this mistake, and changes nothing."""
    user = next(name for name, known in USERS.items() if known == state)
    before = venue.control_get(f"accounts/{user}:@master")
    status, said = by_hand(venue, user, request_, fields)
    assert (status, said["label"]) == (400, label)
    assert said["message"]
    assert venue.control_get(f"accounts/{user}:@master") == before


# -- through apply: what happens between the last look and the write ---------------------------------------------------

POSITION, MODE = {"position_mode": "long_short"}, {"account_mode": "isolated_exchange"}
OF_OKX = {"position_mode": {"okx": "long_short"}}
SET, ORDERS, POSITIONS = "set", "orders", "positions"
LEVER = {"leverage": [{"symbol": ADA, "value": 7}]}

RACES: list[tuple[dict[str, Any], dict[str, Any], tuple[str, Any], str]] = [
    # the account at the venue, the manifest, what somebody does right before the write is handled, the label
    ({}, POSITION, (SET, {"opened": False}), "USER_NOT_EXIST"),
    ({}, POSITION, (SET, {"deactivated": True}), "USER_DEACTIVATED"),
    ({}, POSITION, (ORDERS, {"symbol": ADA}), "TRADE_PZ_MODE_HAVE_ORDER_ERROR"),
    (ISOLATED, OF_OKX, (POSITIONS, {"symbol": ADA}), "TRADE_PZ_MODE_HAVE_POSITION_ERROR"),
    (ISOLATED, OF_OKX, ("flags", {"exchanges": ["BINANCE", "GATE"]}), "UPDATE_ACCOUNT_EXCHANGE_TYPE_ERROR"),
    ({}, POSITION, (SET, ISOLATED), "UPDATE_ACCOUNT_PZ_ISOLATED_MODE_NOT_EXCHANGE_TYPE_ERROR"),
    ({}, MODE, (ORDERS, {"symbol": MARGIN_ADA}), "UPDATE_ACCOUNT_MODE_OPEN_ORDERS_EXIST_ERROR"),
    ({}, MODE, (POSITIONS, {"symbol": ADA, **FREE}), "UPDATE_ACCOUNT_MODE_POSITION_NOT_EMPTY_ERROR"),
    ({}, MODE, (SET, {"initial_margin": {"OKX": "1"}}), "UPDATE_ACCOUNT_MODE_INITIAL_MARGIN_NOT_ZERO_ERROR"),
    ({}, MODE, (SET, {"maintenance_margin": {"OKX": "1"}}), "UPDATE_ACCOUNT_MODE_MAINTENANCE_MARGIN_NOT_ZERO_ERROR"),
    ({"status": "FROZEN"}, MODE, (SET, {}), "UPDATE_ACCOUNT_MODE_ACCOUNT_STATUS_NOT_NORMAL_ERROR"),
    (
        ISOLATED,
        OF_OKX,
        (SET, {"account_mode": "CROSS_EXCHANGE"}),
        "UPDATE_ACCOUNT_CROSSEX_MODE_EXCHANGE_TYPE_NOT_CROSSEX_ERROR",
    ),
    ({}, LEVER, (POSITIONS, {"symbol": ADA, "max_leverage": "4"}), "TRADE_SET_LEVERAGE_EXCEED_LIMIT_ERROR"),
]


def right_before_the_write(gate: GateDesk, path: str, body: Any) -> None:
    """Somebody else acts after the client's last look."""
    where = "gate_crossex/flags" if path == "flags" else f"accounts/cx:@master/{path}"
    for method in ("PUT", "POST"):
        gate.fault(match={"path": "*/crossex/*", "method": method}, kind="hook", do=[{"path": where, "body": body}])


def ours(gate: GateDesk, label: str) -> str:
    """What `explain` says that a label means: the line under it."""
    said = gate.run("explain", f"gate:{label}")
    assert said.code == 0, said.err
    return said.out.splitlines()[1].strip()


def check_refused(gate: GateDesk, said: Any, label: str, theirs: str) -> None:
    """Blocked (3) or failed (1) by the label's kind, with the label, the venue's words and ours on screen."""
    shown = " ".join(said.out.split())
    blocked = label in PRECONDITIONS
    assert said.code == (3 if blocked else 1), (label, said.out, said.err)
    counts = "1 blocked, 0 failed" if blocked else "0 blocked, 1 failed"
    assert said.last == f"Applied: 0 created, 0 changed, 0 deleted, {counts}.", label
    assert f"{label}, {ours(gate, label)}; the venue says " in shown, shown
    assert theirs in shown, shown


@pytest.mark.parametrize(("live", "wanted", "act", "label"), RACES, ids=[row[3] for row in RACES])
def test_what_happens_in_practice(make_gate: Callable[..., GateDesk], live, wanted, act, label) -> None:
    """Somebody is quicker than the write: one write, refused with this label, and nothing else is sent."""
    gate = make_gate(**live)
    gate.write({"cx": wanted})
    right_before_the_write(gate, *act)
    said = gate.apply()
    check_refused(gate, said, label, "the venue says")
    (written,) = gate.writes()
    assert (written["status"], written["effect"]) == (400, False)


def test_somebody_sets_the_wanted_mode_first(gate: GateDesk) -> None:
    """TRADE_CHANGE_PZ_MODE_SAME_ERROR where a read shows that it is as wanted: done, and not failed."""
    gate.write({"cx": POSITION})
    right_before_the_write(gate, SET, {"position_mode": "DUAL"})
    said = gate.apply()
    assert (said.code, said.last) == (0, "Applied: 0 created, 1 changed, 0 deleted, 0 blocked, 0 failed.")
    (written,) = gate.writes()
    assert written["status"] == 400
    assert gate.plan().last == "No changes. Live accounts match the manifest."


def test_an_isolated_account_is_found_by_its_label(make_gate: Callable[..., GateDesk]) -> None:
    """QUERY_INVALID_EXCHANGE_TYPE of the plain read tells the mode: no failure, and no word of it."""
    gate = make_gate(**ISOLATED)
    said = gate.write({"cx": OF_OKX}).apply()
    assert said.code == 0, said.out + said.err
    assert gate.sandbox.control_get("requests")["by_code"]["QUERY_INVALID_EXCHANGE_TYPE"] >= 1
    assert "QUERY_INVALID_EXCHANGE_TYPE" not in said.out + said.err


# -- every label as the answer to a write ----------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize(
    ("labels", "match", "wanted"),
    [
        (ACCOUNT_LABELS, {"path": "*/crossex/accounts", "method": "PUT"}, POSITION),
        (LEVERAGE_LABELS, {"path": "*/crossex/positions/leverage", "method": "POST"}, LEVER),
    ],
    ids=["account", "leverage"],
)
def test_whatever_label_a_write_meets(gate: GateDesk, labels, match, wanted) -> None:
    """Preconditions are blocked (3), all others failed (1); the venue's words and ours are on screen; one write."""
    gate.write({"cx": wanted})
    for count, label in enumerate(labels, start=1):
        gate.fault(match=match, kind="label", label=label, msg=THEIRS)
        check_refused(gate, gate.apply(), label, THEIRS)
        assert len(gate.writes()) == count, label
    assert gate.apply().code == 0


def test_an_unknown_label_is_failed(gate: GateDesk) -> None:
    """A label of tomorrow is never retried, never taken for a state, and said to be unknown."""
    gate.write({"cx": POSITION})
    gate.fault(match={"path": "*/crossex/accounts", "method": "PUT"}, kind="label", label="NEW_LABEL", msg=THEIRS)
    said = gate.apply()
    assert said.code == 1
    assert f'NEW_LABEL, a label that acctcfg has no words for; the venue says "{THEIRS}"' in " ".join(said.out.split())
    assert len(gate.writes()) == 1
    unknown = gate.run("explain", "gate:NEW_LABEL")
    assert (unknown.code, unknown.out) == (1, "")


# -- the claim over all ----------------------------------------------------------------------------------------------


def test_every_label_is_provoked_and_explained(capsys: pytest.CaptureFixture[str]) -> None:
    """19 of the account and 4 of leverage: each comes from the venue's own rules above, and has words of its own."""
    assert (len(set(ACCOUNT_LABELS)), len(set(LEVERAGE_LABELS))) == (19, 4)
    provoked = {row[3] for row in (*BY_HAND, *RACES)}
    assert provoked == {*ACCOUNT_LABELS, *LEVERAGE_LABELS}
    words = set()
    for label in sorted(provoked):
        assert run(["explain", f"gate:{label}"]) == 0
        said = capsys.readouterr().out
        assert said.startswith(f"gate:{label}\n")
        assert ("\n  blocked: " in said) == (label in PRECONDITIONS), said
        assert ("\n  failed: " in said) == (label not in PRECONDITIONS), said
        words.add(said.partition("\n")[2])
    assert len(words) == len(provoked)
