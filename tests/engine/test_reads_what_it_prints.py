"""A command reads what it prints: no request for what nobody asked for, and the bar moves with every account."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from desk import Desk

from acctcfg.cli.output import command as output_command
from acctcfg.core.address import Address, Focus
from acctcfg.core.events import Event
from acctcfg.engine.plan import make_plan
from acctcfg.engine.show import PAYABLE, observe
from acctcfg.engine.workspace import Workspace

ALL: dict[str, Any] = {
    "api_keys": {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}},
    "account_mode": "multi_currency",
    "position_mode": "net",
    "leverage": [{"market": "swap", "family": "BTC-USDT", "margin": "cross", "value": 7}],
    "deposit": {"addresses": [{"currency": "USDT", "chain": "USDT-TRC20", "count": 2}]},
}
NAMES = ("mmdesk01", "mmdesk02", "hedge001")


@pytest.fixture
def three(desk: Desk) -> Desk:
    """Three accounts as the manifest wants them, and a sandbox that has counted nothing yet."""
    desk.write(dict.fromkeys(NAMES, ALL)).converge()
    return desk


def paths(desk: Desk) -> dict[str, int]:
    counted: dict[str, int] = desk.sandbox.control_get("requests")["by_path"]
    return counted


def read_by(desk: Desk, *arguments: str) -> set[str]:
    """The last words of the paths that a command asks."""
    before = paths(desk)
    said = desk.run(*arguments)
    assert said.code == 0, said.err
    return {path.rpartition("/")[2] for path, count in paths(desk).items() if count > before.get(path, 0)}


def test_output_reads_uids_and_addresses_alone(three: Desk) -> None:
    """Neither leverage nor keys nor modes: who the accounts are, and where they can be paid."""
    read = read_by(three, "output")
    assert "subaccount-deposit-address" in read
    assert not read & {"leverage-info", "instruments", "apikey", "positions", "orders-pending"}
    config = [path for path in paths(three) if path.endswith("account/config")]
    before = paths(three)[config[0]]
    three.run("output")
    assert paths(three)[config[0]] == before + 1  # whose credentials these are, and no account's own


def test_output_of_some_reads_some(three: Desk) -> None:
    """It takes names, patterns and `--target`, and prints these."""
    for arguments in (
        ("mm*",),
        ("mmdesk01", "mmdesk02"),
        ("--target", "mmdesk0?"),
        ("mmdesk01", "--target", "mmdesk02"),
    ):
        assert set(three.run("output", *arguments).json) == {"mmdesk01", "mmdesk02"}
    assert three.run("output", "nobody").code == 64
    assert "[ADDRESS]..." in output_command.get_usage(output_command.make_context("output", [], resilient_parsing=True))


@pytest.mark.sample(1)
@pytest.mark.parametrize(
    ("address", "unread"),
    [
        ("mmdesk01.deposit.addresses", {"leverage-info", "instruments", "apikey"}),
        ("mmdesk01.api_keys[trading]", {"leverage-info", "instruments", "subaccount-deposit-address"}),
        ("*.leverage[*", {"subaccount-deposit-address"}),
        ("hedge001.position_mode", {"leverage-info", "subaccount-deposit-address"}),
    ],
)
def test_show_reads_what_is_asked(three: Desk, address: str, unread: set[str]) -> None:
    """What an address names, and nothing beside it."""
    assert not read_by(three, "show", address) & unread


@pytest.mark.slow
def test_show_of_a_field_is_all_of_that_field(three: Desk) -> None:
    """`mmdesk01.leverage` means every leverage of the account."""
    said = three.run("show", "mmdesk01.leverage", "--format", "json")
    assert list(said.json[0]["values"]) == ["mmdesk01.leverage[swap/BTC-USDT/cross]"]


@pytest.mark.slow
def test_one_address_is_that_address_alone(three: Desk) -> None:
    """`output` and `show` of the second deposit address print no other, nor another field."""
    second = "mmdesk01.deposit.addresses[USDT/USDT-TRC20/2]"
    (row,) = three.run("output", second).json["mmdesk01"]["deposits"]
    assert row["number"] == 2
    (view,) = three.run("show", second, "--format", "json").json
    assert (list(view["values"]), [one["number"] for one in view["deposits"]]) == ([second], [2])
    assert len(three.run("output", "mmdesk01.deposit.addresses").json["mmdesk01"]["deposits"]) == 2
    assert three.run("output", "mmdesk01.deposit.addresses[BTC/*]").code == 64


@pytest.mark.slow
def test_each_of_several_names_must_select_something(three: Desk) -> None:
    """A slip of the pen in one of them is said, not passed over."""
    for command in ("output", "show"):
        said = three.run(command, "mmdesk01", "mmdesk09")
        assert (said.code, said.out) == (64, "")
        assert "mmdesk09 selects nothing" in said.err


@pytest.mark.slow
def test_show_of_nothing_prints_no_header(desk: Desk) -> None:
    """An account that manages no leverage has no empty page of it: the command line is told so."""
    desk.write({"mmdesk01": {**ALL, "leverage": []}, "mmdesk02": ALL}).converge()
    said = desk.run("show", "mmdesk01.leverage")
    assert (said.code, said.out) == (64, "")
    assert "mmdesk01.leverage selects nothing" in said.err
    assert desk.run("show", "*.leverage").out.startswith("mmdesk02 ")


class Heard:
    """A progress that keeps what it is told."""

    def __init__(self) -> None:
        self.phases: list[tuple[str, int | None]] = []
        self.pieces: list[str] = []

    def phase(self, text: str, total: int | None) -> None:
        self.phases.append((text, total))
        self.pieces.append("|")

    def advance(self, n: int = 1, text: str = "") -> None:
        self.pieces += [text] * n

    def log(self, text: str) -> None: ...

    def happened(self, event: Event) -> None: ...


@pytest.mark.slow
@pytest.mark.parametrize("what", ["plan", "output"])
def test_the_bar_moves_with_every_account(three: Desk, what: str) -> None:
    """One piece an account, by its name, as it is read."""
    workspace, heard = Workspace.load(Path(three.folder), os.environ), Heard()
    if what == "plan":
        asyncio.run(make_plan(workspace, progress=heard))
    else:
        asyncio.run(observe(workspace, only=PAYABLE, progress=heard))
    assert heard.phases[0] == ("reading accounts", 3)
    reading = heard.pieces[1:4]
    assert sorted(reading) == sorted(NAMES)


def test_a_focus_on_fields() -> None:
    """`only` narrows whatever the targets select."""
    focus = Focus(["mm*"], only=PAYABLE)
    assert focus.wants(Address("mmdesk01"))
    assert not focus.wants(Address("mmdesk01", "leverage", "swap/BTC-USDT/cross"))
    assert not focus.may_want("mmdesk01", "leverage", "api_keys")
    assert focus.may_want("mmdesk01", "deposit.addresses")
    assert not focus.touches("hedge001", "deposit.addresses")
    assert not Focus(only=PAYABLE).everything


@pytest.mark.slow
@pytest.mark.parametrize("command", ["show", "output"])
def test_whose_limit_it_was_is_said_beside_what_is_printed(desk: Desk, command: str) -> None:
    """Another program shares a limit: a note on stderr names it, and stdout is the same document as without."""
    desk.write({"mmdesk01": {}}).converge()
    quiet = desk.run(command, "--format", "json")
    desk.fault(match={"path": "*/subaccount-info"}, kind="rate_limited", times=1)
    said = desk.run(command, "--format", "json")
    assert (said.code, said.json) == (0, quiet.json)
    assert "note: desk: " in said.err
    assert "subaccount-info" in said.err
    assert "note: " not in quiet.err
