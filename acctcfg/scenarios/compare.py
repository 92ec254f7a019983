"""Compare what a scenario expects with the result of its run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from acctcfg.core.address import Address, AddressPattern
from acctcfg.core.canonical import canonical
from acctcfg.core.scenario_result import Miss
from acctcfg.sandbox.values import spelled
from acctcfg.scenarios.read import Scenario

__all__ = ["Came", "misses_of"]

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Came:
    """The result of a run, as in the JSON of its command."""

    exit: int
    error: str = ""
    summary: Json = field(default_factory=dict)
    steps: Sequence[Json] = ()
    warnings: Sequence[str] = ()
    findings: Sequence[str] = ()
    unreadable: Sequence[Json] = ()
    state: Json = field(default_factory=dict)


def misses_of(scenario: Scenario, came: Came) -> Iterator[Miss]:
    """Every expectation that was not met, in the order of the shape."""
    expect = scenario.said.get("expect", {})
    look = _Look(scenario)
    yield from _ending(look, expect, came)
    for name, wanted in expect.get("summary", {}).items():
        if name not in came.summary:
            known = ", ".join(came.summary) or "nothing"
            yield look.miss(f"{scenario.command} does not count it (it counts {known})", "summary", name)
        else:
            yield from look.same(wanted, came.summary[name], "summary", name)
    yield from _steps(look, expect, came)
    for part, codes in (("warnings", came.warnings), ("findings", came.findings)):
        for index, code in enumerate(expect.get(part, ())):
            if code not in codes:
                yield look.miss(", ".join(codes) or "none", part, index, expected=code)
    for index, code in enumerate(expect.get("no_warnings", ())):
        if code in came.warnings:
            yield look.miss(f"the warning {code} came", "no_warnings", index)
    for address, wanted in expect.get("state", {}).items():
        yield from look.same(wanted, came.state.get(address), "state", address)


def _ending(look: _Look, expect: Json, came: Came) -> Iterator[Miss]:
    unread = "; ".join(f"{one['address']}: {one['message']}" for one in came.unreadable[:3])
    why = came.error or unread
    if "exit" in expect and expect["exit"] != came.exit:
        yield look.miss(f"{came.exit}{f' ({why})' if why else ''}", "exit", expected=str(expect["exit"]))
    elif "exit" not in expect and "error" not in expect and came.exit in (1, 64):
        yield look.miss(f"exit status {came.exit}: {why or 'a step failed'}", "exit")
    if "error" in expect and expect["error"] not in came.error:
        yield look.miss(came.error or "no error", "error", expected=expect["error"])


def _steps(look: _Look, expect: Json, came: Came) -> Iterator[Miss]:
    there = {step["address"]: step for step in came.steps}
    wanted = expect.get("steps", {})
    for address, members in wanted.items():
        step = there.get(address)
        if step is None:
            yield look.miss(_few(there) or "no step at all", "steps", address, expected="a step")
            continue
        for name, value in members.items():
            yield from look.same(value, step.get(name), "steps", address, name)
    for index, text in enumerate(expect.get("no_steps", ())):
        pattern = AddressPattern(text)
        if found := [one for one in there if pattern.selects(Address.of(one))]:
            yield look.miss(f"there is {_few(found)}", "no_steps", index)
    if expect.get("only_steps") and (more := [one for one in there if one not in wanted]):
        yield look.miss(f"there are other steps: {_few(more)}", "only_steps")


class _Look:
    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario

    def miss(self, got: str, *path: str | int, expected: str = "") -> Miss:
        """An expectation that was not met."""
        return Miss(self._scenario.place_of("expect", *path), spelled(path), expected, got)

    def same(self, wanted: object, got: object, *path: str | int) -> Iterator[Miss]:
        """Nothing where the values are equal; of a map, its members are, whatever else there is."""
        if isinstance(wanted, dict) and isinstance(got, Mapping):
            for name, value in wanted.items():
                yield from self.same(value, got.get(name), *path, name)
        elif canonical(wanted) != canonical(got):
            yield self.miss(canonical(got), *path, expected=canonical(wanted))


def _few(addresses: Sequence[str] | Mapping[str, object]) -> str:
    names = list(addresses)
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
