"""The kit finds what it is there to find: each way to break the toy venue fails the claim that is about it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from importlib import import_module
from inspect import signature
from pathlib import Path
from typing import Any

import pytest
from toy_ground import ToyGround

from acctcfg.conformance import Conformance, Fault
from acctcfg.conformance.trial import Trial
from acctcfg.core.plan import Precheck
from acctcfg.errors import Refused, VenueError

Break = Callable[[pytest.MonkeyPatch], None]


def part(module: str, name: str) -> Any:
    """A class of the toy package, which can be imported only while it is on the path."""
    return getattr(import_module(f"toy_exchange.{module}"), name)


def ungated(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(part("position_mode", "PositionModeSetting"), "gated", False)


def blind(patch: pytest.MonkeyPatch) -> None:
    honest = part("connection", "ToyConnection")._flat

    async def flat(self: Any) -> Precheck:
        found = await honest(self)
        return Precheck(found.name, "pass") if found.status == "unknown" else found

    patch.setattr(part("connection", "ToyConnection"), "_flat", flat)
    setting = part("position_mode", "PositionModeSetting")
    reads = setting.current

    async def current(self: Any, account: Any, addresses: Any) -> Any:
        try:
            return await reads(self, account, addresses)
        except VenueError:
            return {address: account.survey.live[address] for address in addresses}

    patch.setattr(setting, "current", current)


def remembers_its_prechecks(patch: pytest.MonkeyPatch) -> None:
    honest, kept = part("connection", "ToyConnection").prechecks, {}

    async def prechecks(self: Any, survey: Any, changes: Any) -> Any:
        key = id(survey)
        if key not in kept:
            kept[key] = survey, await honest(self, survey, changes)  # kept alive, so that no other gets its id
        return kept[key][1]

    patch.setattr(part("connection", "ToyConnection"), "prechecks", prechecks)


def asks_under_a_name_of_its_own(patch: pytest.MonkeyPatch) -> None:
    honest = part("connection", "ToyConnection")._flat

    async def flat(self: Any) -> Precheck:
        found = await honest(self)
        return Precheck("nothing_is_open", found.status, found.detail)

    patch.setattr(part("connection", "ToyConnection"), "_flat", flat)


def fails_where_it_is_blocked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(part("connection", "ToyConnection"), "is_precondition", lambda *_: False)


def believes_the_venue(patch: pytest.MonkeyPatch) -> None:
    honest = part("position_mode", "PositionModeSetting")

    async def current(self: Any, account: Any, addresses: Any) -> Any:
        asked = account.survey.desired.get(addresses[0])
        return (
            dict.fromkeys(addresses, asked)
            if account.exchange.__dict__.get("written")
            else await original(self, account, addresses)
        )

    async def write(self: Any, account: Any, change: Any, writer: Any) -> None:
        account.exchange.written = True
        await sends(self, account, change, writer)

    original, sends = honest.current, honest.write
    patch.setattr(honest, "current", current)
    patch.setattr(honest, "write", write)


def takes_trouble_for_a_refusal(patch: pytest.MonkeyPatch) -> None:
    def decode(self: Any, endpoint: Any, status: int, headers: Any, body: bytes) -> Any:
        if status >= 500:
            raise Refused("no", code="TROUBLE", status=status)
        return original(self, endpoint, status, headers, body)

    original = part("dialect", "ToyDialect").decode
    patch.setattr(part("dialect", "ToyDialect"), "decode", decode)


def puts_a_default_for_garbage(patch: pytest.MonkeyPatch) -> None:
    defaults = {
        "/v1/account": {"user": "u1001", "hedge": False},
        "/v1/symbols": [{"symbol": "BTC-PERP", "max_leverage": "50", "trading": True}],
        "/v1/leverage": {"BTC-PERP": "10"},
    }

    def decode(self: Any, endpoint: Any, status: int, headers: Any, body: bytes) -> Any:
        if not body.endswith(b"}"):
            return defaults[endpoint.path]
        return original(self, endpoint, status, headers, body)

    original = part("dialect", "ToyDialect").decode
    patch.setattr(part("dialect", "ToyDialect"), "decode", decode)


def takes_an_odd_answer_for_none(patch: pytest.MonkeyPatch) -> None:
    async def open_positions(self: Any) -> list[str]:
        rows = await self._read(import_module("toy_exchange.endpoints").POSITIONS)
        return [row["symbol"] for row in rows if isinstance(row, dict)]

    patch.setattr(part("account", "Exchange"), "open_positions", open_positions)


def writes_twice(patch: pytest.MonkeyPatch) -> None:
    async def write(self: Any, account: Any, change: Any, writer: Any) -> None:
        await original(self, account, change, writer)
        await original(self, account, change, writer)

    original = part("leverage", "LeverageSetting").write
    patch.setattr(part("leverage", "LeverageSetting"), "write", write)


def writes_while_it_plans(patch: pytest.MonkeyPatch) -> None:
    async def open_(self: Any) -> None:
        await original(self)
        endpoints = import_module("toy_exchange.endpoints")
        call = import_module("acctcfg.wire.endpoint").Call(
            endpoints.SET_LEVERAGE, {"symbol": "ETH-PERP", "leverage": "5"}
        )
        await self.client.write(call, self._exchange.credentials, self.user)

    original = part("connection", "ToyConnection").open
    patch.setattr(part("connection", "ToyConnection"), "open", open_)


def reads_another_form_than_it_wants(patch: pytest.MonkeyPatch) -> None:
    async def current(self: Any, account: Any, addresses: Any) -> Any:
        return dict.fromkeys(addresses, "5x")

    patch.setattr(part("leverage", "LeverageSetting"), "current", current)


def forgets_a_field(patch: pytest.MonkeyPatch) -> None:
    async def survey(*_: Any) -> None:
        return None

    patch.setattr(part("position_mode", "PositionModeSetting"), "survey", survey)


def forgets_what_moves_along(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(part("leverage", "LeverageSetting"), "moved_with", lambda *_: ())


def forgets_costs(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(part("leverage", "LeverageSetting"), "costs", lambda *_: [])


def logs_the_secret(patch: pytest.MonkeyPatch) -> None:
    def sign(self: Any, signer: Any, *rest: Any) -> Any:
        if signer is not None:
            logging.getLogger("toy").debug("signing with %s", signer.secret_key.reveal())
        return original(self, signer, *rest)

    original = part("dialect", "ToyDialect").sign
    patch.setattr(part("dialect", "ToyDialect"), "sign", sign)


def orders_what_it_has_not(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(import_module("toy_exchange").TOY_EXCHANGE.__class__, "order", (("acount_mode", "leverage"),))


def explains_nothing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(import_module("toy_exchange").TOY_EXCHANGE.__class__, "explain", lambda *_: None)


def hides_no_secret(patch: pytest.MonkeyPatch) -> None:
    rules = import_module("toy_exchange").TOY_EXCHANGE.rules
    keyed = replace(rules, main_fields=rules.main_fields | {"api_keys"})
    patch.setattr(import_module("toy_exchange").TOY_EXCHANGE.__class__, "rules", keyed)


def lacks_a_rate(patch: pytest.MonkeyPatch) -> None:
    patch.delitem(import_module("toy_exchange.endpoints").RATES, "GET /v1/positions")


CASES: list[tuple[Break, str, dict[str, Any], str]] = [
    (
        ungated,
        "test_a_blocker_that_comes_after_the_plan_stops_the_write",
        {},
        "was written all the same: is the change `gated`",
    ),
    (remembers_its_prechecks, "test_a_blocker_that_comes_after_the_plan_stops_the_write", {}, "read anew each time"),
    (blind, "test_what_cannot_be_read_is_not_taken_for_clear", {}, "`unknown`, never `pass`"),
    (fails_where_it_is_blocked, "test_a_refusal_by_the_venue_itself_counts_as_blocked", {}, "`is_precondition`"),
    (believes_the_venue, "test_accepted_is_not_applied", {}, "never does it: that is a failure"),
    (
        takes_trouble_for_a_refusal,
        "test_a_write_that_meets_a_fault_happens_once",
        {"fault": Fault.SERVER_ERROR},
        "cannot be reached when one write meets server_error",
    ),
    (
        puts_a_default_for_garbage,
        "test_a_read_that_meets_a_fault_is_no_answer",
        {"fault": Fault.GARBAGE},
        "every read meets garbage: that is unreadable",
    ),
    (takes_an_odd_answer_for_none, "test_no_answer_of_another_shape_is_believed", {}, "neither empty nor an exception"),
    (asks_under_a_name_of_its_own, "test_every_rung_lands", {}, "not of the published form"),
    (writes_twice, "test_nothing_but_the_plan_is_written", {}, "must name every write"),
    (writes_while_it_plans, "test_planning_sends_no_write", {}, "only `Connection.write` may send writes"),
    (reads_another_form_than_it_wants, "test_every_rung_lands", {}, "does not land"),
    (forgets_a_field, "test_nothing_that_is_managed_is_passed_over", {}, "manages what `survey` forgets"),
    (forgets_what_moves_along, "test_what_moves_along_is_told", {}, "`moved_with` must name the other address"),
    (forgets_costs, "test_the_estimate_counts_the_writes", {}, r"must give a Cost\(write=True\)"),
    (logs_the_secret, "test_no_secret_is_ever_seen", {}, "a secret stands in the log"),
    (orders_what_it_has_not, "test_order_rows_name_what_exists", {}, "names 'acount_mode'"),
    (explains_nothing, "test_refusals_have_words", {}, "has no words for it"),
    (hides_no_secret, "test_secret_fields_are_declared", {}, "no endpoint names in `secrets`"),
    (lacks_a_rate, "test_every_endpoint_has_its_rate", {}, "is not the rate of that endpoint"),
]


@pytest.mark.usefixtures("toy_installed")
class TestTheKit:
    """One broken venue a case."""

    @pytest.mark.parametrize(("broken", "claim", "arguments", "words"), CASES, ids=[case[0].__name__ for case in CASES])
    def test_a_broken_venue_fails_the_claim_about_it(
        self,
        broken: Break,
        claim: str,
        arguments: dict[str, Any],
        words: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """The claim fails, and says what the venue package does wrong."""
        # a class of its own: climbs are kept by ground
        ground = type("BrokenGround", (ToyGround,), {"rungs": ToyGround.rungs[:2]})
        case = type("Broken", (Conformance,), {"ground": ground})()
        broken(monkeypatch)
        method = getattr(case, claim)
        with ExitStack() as stack:
            if "trial" in signature(method).parameters:
                arguments = {**arguments, "trial": stack.enter_context(Trial.on(ground(), tmp_path))}
            with pytest.raises(pytest.fail.Exception, match=words):
                method(**arguments)
