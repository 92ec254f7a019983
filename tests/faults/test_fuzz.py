"""Fuzzers within bounded time: whatever a manifest or a venue's answer has become, one clear message and no crash."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desk import Desk, Said, seed
from fault_parts import TRADING, sub_account
from patience import PATIENCE_S

CORPUS = Path(__file__).parent.parent / "corpus"
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
PIECES = (
    b"\t", b"\n", b": ", b"- ", b"*", b"&a ", b"<<: *a", b"{", b"}", b"[", b"]", b"'", b'"', b"\\", b"#", b"|\n",
    b"\x00", b"\xff", b"\xe2\x80\xa8", b"\xef\xbb\xbf", b"!!int ", b"---\n", b"~", b"null", b"true", b".nan", b"-1",
    b"1e999", b"0o7", b"9" * 50, b"{{ x }}", b"version: 2\n", b"\xc2\xa0", b"accounts:\n", b"% ", b"@", b"`",
)  # fmt: skip
ENOUGH_S = 40.0


def clear(said: Said) -> None:
    """An error, told as one, without a crash; every problem of a manifest at its place."""
    assert said.code in (0, 1, 2, 3), said.err
    assert "Traceback" not in said.out + said.err
    assert "internal error" not in said.out + said.err, said.err
    assert "bug in acctcfg" not in said.out + said.err, said.err
    if said.code == 1:
        assert said.err.startswith("error: ") or said.out, said.err


def changed_bytes(rng: random.Random, data: bytes) -> bytes:
    """Some pieces put in, cut out, doubled or exchanged."""
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at, to = sorted((rng.randrange(len(data) + 1), rng.randrange(len(data) + 1)))
        match rng.randrange(5):
            case 0:
                data = data[:at] + rng.choice(PIECES) + data[at:]
            case 1:
                data = data[:at] + data[min(to, at + 20) :]
            case 2:
                data = data[:at] + data[at : at + 200] + data[at:]
            case 3:
                lines = data.split(b"\n")
                rng.shuffle(lines)
                data = b"\n".join(lines) if rng.randrange(4) == 0 else b"\n".join(lines[: len(lines) // 2])
            case _:
                words = re.findall(rb"[\w.-]+", data) or [b"x"]
                data = data.replace(rng.choice(words), rng.choice([*words, *PIECES]), rng.choice((1, -1)))
    return data[:20_000]


@pytest.mark.slow
@pytest.mark.parametrize("start", range(4))
def test_no_manifest_crashes(desk: Desk, start: int) -> None:
    """Mutated manifests: valid, or problems that each name file, line and column, soon; and nothing is sent."""
    rng = random.Random(start)
    found = [file for file in (*CORPUS.glob("manifest/*.yaml"), *EXAMPLES.rglob("*.yaml")) if file.stat().st_size]
    whole = [data for data in (file.read_bytes() for file in sorted(found)) if len(data) < 20_000]
    until = time.monotonic() + ENOUGH_S / 4
    for _ in range(1500):
        data = changed_bytes(rng, rng.choice(whole))
        (desk.folder / "acctcfg.yaml").write_bytes(data)
        began = time.monotonic()
        said = desk.run("validate")
        assert time.monotonic() - began < PATIENCE_S, data
        clear(said)
        for line in said.err.splitlines() if said.code == 1 else ():
            if line.startswith("error: "):
                assert re.match(r"error: [^:]+:[1-9][0-9]*:[1-9][0-9]*: ", line), (line, data)
        if time.monotonic() > until:
            break
    assert desk.sandbox.control_get("requests")["total"] == 0


# -- answers -----------------------------------------------------------------------------------------------------------

ODD: tuple[Any, ...] = (
    None, "", " ", "0", "-1", "NaN", "1e999", "x" * 3000, "\x1b[2J", "\ud800", 0, -1, 2**70, 1.5, True, [], {}, [[]],
    [None], {"a": 1}, "2026-11-29", "null", "true", "BTC-USDT-SWAP", "9" * 400,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values in a document."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(one for name, inner in below for one in places(inner, (*path, name)))]


def changed_answer(rng: random.Random, body: bytes) -> bytes:
    """The JSON of an answer with one value gone, doubled or another; or its bytes cut."""
    if rng.randrange(12) == 0:
        return changed_bytes(rng, body)
    document = json.loads(body)
    path = rng.choice(places(document))
    if not path:
        return json.dumps(rng.choice(ODD)).encode()
    inner = document
    for name in path[:-1]:
        inner = inner[name]
    match rng.randrange(4):
        case 0:
            del inner[path[-1]]
        case 1 if isinstance(inner, list):
            inner.append(inner[path[-1]])
        case _:
            inner[path[-1]] = rng.choice(ODD)
    return json.dumps(document).encode()


def strike(desk: Desk, rng: random.Random, rate: float) -> Callable[[], None]:
    """Mutate a share of the venue's answers from now on; the result ends that."""
    handle = desk.sandbox.app.handle

    def spoilt(request: Any) -> Any:
        reply = handle(request)
        if request.target.startswith("/_sandbox") or not reply.body.startswith((b"{", b"[")) or rng.random() > rate:
            return reply
        return replace(reply, body=changed_answer(rng, reply.body))

    desk.sandbox.app.handle = spoilt  # type: ignore[method-assign]
    return lambda: setattr(desk.sandbox.app, "handle", handle)


ASKED = (
    ("plan",),
    ("plan", "--format", "json"),
    ("show",),
    ("output", "--format", "json"),
    ("apply", "--auto-approve", "--skip-blocked"),
    ("secrets", "check"),
)
ACCOUNTS: dict[str, Any] = {
    "mmdesk01": {
        "account_mode": "multi_currency",
        "position_mode": "net",
        "api_keys": {"trading": TRADING},
        "leverage": [{"market": "swap", "margin": "cross", "family": "*-USDT", "value": 3}],
        "deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20"}]},
    },
    "mmdesk02": {"label": "Two", "account_mode": "futures"},
}


@pytest.mark.slow
@pytest.mark.parametrize("start", range(6))
def test_no_answer_crashes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: int) -> None:
    """Mutated answers of the venue to any command: an end in words, never a crash or a hang."""
    monkeypatch.setattr("acctcfg.engine.session.TIMEOUT_S", 1.0)
    rng = random.Random(start)
    until = time.monotonic() + ENOUGH_S / 4
    world = seed({"mmdesk01": sub_account("mmdesk01"), "mmdesk02": sub_account("mmdesk02")})
    with Desk.at(tmp_path, monkeypatch, world, speed=500) as desk:
        desk.write(ACCOUNTS).apply()
        while time.monotonic() < until:
            restore = strike(desk, rng, rng.choice((0.05, 0.2, 1.0)))
            try:
                clear(desk.run(*rng.choice(ASKED)))
            finally:
                restore()
            desk.sandbox.control_post("accounts/mmdesk01/set", acctLv=rng.choice("23"))
