"""What to run next: the last line on stderr after anything half done, and one question with the numbers before it."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import click
import pytest
from desk import Desk

from acctcfg.cli.apply import applicable, question
from acctcfg.cli.next_step import say_after_apply, say_after_cap, say_after_import, say_after_secrets
from acctcfg.core.address import Address
from acctcfg.core.brake import Braked
from acctcfg.core.diff import Change
from acctcfg.core.outcome import NOT_YET, Outcome, StepResult
from acctcfg.core.plan import Plan, Precheck, Step, Unread
from acctcfg.engine.stored_keys import KeyReport

BLOCK = (Precheck("no_open_positions", "fail", "1"),)


def step(account: str, action: str = "change", *checks: Precheck) -> Step:
    """One change of an account mode."""
    return Step(Change(Address(account, "account_mode"), action, "spot", "futures"), "desk", prechecks=checks)


def outcome(*statuses: str, unreadable: tuple[Unread, ...] = (), **more: object) -> Outcome:
    """An apply whose steps ended so; `not_yet` is one that the venue accepted."""
    words = [one.partition(":") for one in statuses]
    results = [StepResult(step(f"a{n}"), status, code=code) for n, (status, _, code) in enumerate(words)]
    plan = Plan(steps=tuple(one.step for one in results), unreadable=unreadable)
    return Outcome(plan=plan, results=tuple(results), **more)  # type: ignore[arg-type]


SAME = "`acctcfg -C desk apply --target 'a*'`"
UNREAD = (Unread("a1", "50119", "no"),)
ENDS = [
    (outcome("done"), ""),
    (outcome("done", "already"), ""),
    (outcome("not_started", declined=True), ""),
    (outcome("done", "not_started", interrupted=True, run="r1"), f"next: {SAME} goes on from here"),
    (
        outcome("done", "failed", "not_started", run="r1"),
        "next: `acctcfg -C desk history r1` shows what the venue answered, `acctcfg -C desk plan` shows what is left, "
        f"and {SAME} goes on with it",
    ),
    (outcome("unknown"), f"next: `acctcfg -C desk plan` shows what is left, and {SAME} goes on with it"),
    (outcome(unreadable=UNREAD), f"next: `acctcfg -C desk doctor` looks for the reason; then {SAME}"),
    (
        outcome("done", "blocked"),
        f"next: clear what stands in the way; `acctcfg -C desk plan` shows whether it is gone, and {SAME} goes on",
    ),
    (outcome(f"failed:{NOT_YET}"), "next: `acctcfg -C desk plan` shows whether everything is in effect"),
]


@pytest.fixture
def ctx() -> click.Context:
    """Of a command line that was typed."""
    obj = {"directory": Path("desk"), "arguments": ["-C", "desk", "apply", "--target", "a*"]}
    return click.Context(click.Command("apply"), obj=obj)


@pytest.mark.parametrize(("ended", "said"), ENDS)
def test_every_end_of_an_apply(
    ended: Outcome, said: str, ctx: click.Context, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line where something is left to do, none where nothing is; the command is the one that was typed."""
    say_after_apply(ctx, ended)
    assert capsys.readouterr().err == (f"{said}\n" if said else "")


BRAKES = [({}, False), ({"declined": True}, False), ({"interrupted": True}, True), ({"unreadable": UNREAD}, True)]


@pytest.mark.parametrize(("ended", "said"), BRAKES)
def test_every_end_of_a_brake(
    ended: dict[str, object], said: bool, ctx: click.Context, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same of `cap`."""
    say_after_cap(ctx, Braked(most=Decimal(3), **ended))  # type: ignore[arg-type]
    assert capsys.readouterr().err.startswith("next: ") == said


def test_an_import_that_left_accounts_out(ctx: click.Context, capsys: pytest.CaptureFixture[str]) -> None:
    """The same line passes over what it has; a new workspace takes the rest in itself."""
    say_after_import(ctx, [], [], None)
    say_after_import(ctx, ["b1"], [], None)
    say_after_import(ctx, ["b1", "b 2"], [], Path("new"))
    say_after_import(ctx, ["b1"], ["down"], Path("new"))
    assert capsys.readouterr().err.splitlines() == [
        f"next: `acctcfg -C desk doctor` looks for the reason; then {SAME} takes in the rest",
        "next: `acctcfg -C desk doctor` looks for the reason; then `acctcfg -C new import b1 'b 2'` takes in the rest",
        "next: `acctcfg -C desk doctor` looks for the reason; then `acctcfg -C new import b1` and "
        "`acctcfg -C new import --all --venue down` take in the rest",
    ]


def test_secrets_of_which_some_were_not_stored(ctx: click.Context, capsys: pytest.CaptureFixture[str]) -> None:
    """The same input may be given again."""
    say_after_secrets(ctx, [KeyReport("a1", "k", "vault", "stored"), KeyReport("a2", "k", "vault", "already")])
    assert capsys.readouterr().err == ""
    say_after_secrets(ctx, [KeyReport("a1", "k", "vault", "stored"), KeyReport("a2", "k", "vault", "refused")])
    assert capsys.readouterr().err.startswith(f"next: correct what is refused; {SAME} takes the same input again")


def test_the_question_has_the_numbers() -> None:
    """How many changes of which kind in how many accounts, of those that a yes sets going."""
    held = (step("d", "change", *BLOCK), step("d", "delete"))
    plan = Plan(steps=(step("a"), step("b", "create"), step("c", "replace"), *held))
    assert question(applicable(plan, skip_blocked=True)) == (
        "Apply these 3 changes? 2 to create, 1 to change, 1 to delete, in 3 accounts."
    )
    assert question(Plan(steps=(step("a"),))) == "Apply this change? 1 to change, in 1 account."


def test_a_blocked_apply_ends_with_it(desk: Desk) -> None:
    """By the real command line; a clean one says nothing."""
    keys = {"trading": {"permissions": ["read", "trade"], "ip_allowlist": ["127.0.0.1"], "store": "vault"}}
    desk.write({"mmdesk01": {"account_mode": "multi_currency", "api_keys": keys}})
    said = desk.apply()
    assert (said.code, said.err) == (0, ""), said.out
    desk.open("mmdesk01", "positions", instId="BTC-USDT-SWAP", pos="1")
    desk.write({"mmdesk01": {"account_mode": "futures", "api_keys": keys}})
    said = desk.apply()
    assert said.code == 3
    assert said.err.splitlines()[-1].startswith("next: clear what stands in the way; ")
    assert "apply writes nothing while 1 step is blocked" in said.out
